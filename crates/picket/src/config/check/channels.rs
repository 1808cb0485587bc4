//! What the channels are to each other: none follows what it makes itself.

use std::collections::BTreeSet;

use picket_domain::BranchName;
use toml::Spanned;
use url::Url;

use super::address::repository;
use super::channel::{Around, channel};
use super::value::Checked;
use crate::config::error::Problem;
use crate::config::{Channel, Upstream, raw};

/// A channel with the place of its name in the file.
type Placed = (Spanned<String>, Channel);

pub(super) fn channels(
    raw: Spanned<Vec<raw::Channel>>,
    around: &Around<'_>,
) -> Checked<Vec<Channel>> {
    let span = raw.span();
    let mut seen = BTreeSet::new();
    let mut channels = Vec::new();
    for raw in raw.into_inner() {
        let name = raw.name.clone();
        let channel = channel(raw, around)?;
        if !seen.insert(channel.policy.channel.clone()) {
            let problem = format!("there is another channel {:?}", name.as_ref());
            let remedy = "give each channel its own name";
            return Err(Problem::new(name.span(), problem, remedy));
        }
        channels.push((name, channel));
    }
    if channels.is_empty() {
        let remedy = "add a [[channel]] section";
        return Err(Problem::new(span, "there is no channel", remedy));
    }
    none_pushes_to_what_is_followed(&channels, around.upstream)?;
    none_hides_the_server(&channels, around.base_url)?;
    none_follows_itself(&channels, around.base_url)?;
    Ok(channels.into_iter().map(|(_, channel)| channel).collect())
}

/// Each release would become the next base, and upstream's own branch would be overwritten.
/// A channel's branch has its name, and names are unique, so that no two push to one branch.
fn none_pushes_to_what_is_followed(channels: &[Placed], upstream: &Upstream) -> Checked<()> {
    let followed: BTreeSet<&BranchName> =
        channels.iter().map(|(_, it)| &it.follows.branch).collect();
    let upstream = repository(&upstream.git);
    for (name, channel) in channels {
        let pushes_there = channel.push_to.as_ref().map(repository) == Some(upstream.clone());
        if pushes_there && followed.contains(&channel.branch()) {
            return Err(Problem::new(
                name.span(),
                format!(
                    "the channel is pushed to the branch {:?} of upstream.git, which a channel follows",
                    name.as_ref()
                ),
                "give the channel another name, as nixos-26.05-sec, or another push_to",
            ));
        }
    }
    Ok(())
}

/// Requests are answered with the path of the server's address and without it.
fn none_hides_the_server(channels: &[Placed], base_url: &Url) -> Checked<()> {
    let mut parts = base_url.path_segments().into_iter().flatten();
    let first = parts.next().unwrap_or_default();
    match channels.iter().find(|(name, _)| name.as_ref() == first) {
        None => Ok(()),
        Some((name, _)) => Err(Problem::new(
            name.span(),
            format!("the channel {first:?} has the name that the path of web.base_url begins with"),
            "give the channel another name, or web.base_url another path",
        )),
    }
}

/// Along the addresses that channels follow on this very server.
fn none_follows_itself(channels: &[Placed], base_url: &Url) -> Checked<()> {
    for (name, channel) in channels {
        let mut at = followed_here(channel, channels, base_url);
        for _ in 0..channels.len() {
            let Some(next) = at else { break };
            if next.policy.channel == channel.policy.channel {
                return Err(Problem::new(
                    name.span(),
                    format!("the channel {:?} follows itself", name.as_ref()),
                    "let follows.url be the stable channel's own address",
                ));
            }
            at = followed_here(next, channels, base_url);
        }
    }
    Ok(())
}

/// The channel of this server that a channel follows, if it follows one.
fn followed_here<'a>(
    channel: &Channel,
    channels: &'a [Placed],
    base_url: &Url,
) -> Option<&'a Channel> {
    let url = channel.follows.url.as_ref()?;
    let is_here = url.host() == base_url.host()
        && url.port_or_known_default() == base_url.port_or_known_default();
    let path = url
        .path()
        .strip_prefix(base_url.path().trim_end_matches('/'));
    let name = path?.split('/').find(|part| !part.is_empty());
    let name = name.filter(|_| is_here)?;
    let mut all = channels.iter().map(|(_, channel)| channel);
    all.find(|it| it.policy.channel.as_str() == name)
}
