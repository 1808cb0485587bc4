//! A channel's releases as an Atom feed, after RFC 4287.

use askama::Template;
use picket_domain::{PrNumber, Release, Timestamp, text};

use crate::delta::Delta;
use crate::error::PageError;
use crate::look::Look;
use crate::odd::told;
use crate::state::AppState;
use crate::stated::Document;
use crate::view::{AdvisoryLink, advisories, form_words};

/// Releases in a feed: the newest.
const RELEASES: usize = 50;
/// Fixes of a release that are named, of each kind.
const FIXES: usize = 25;
/// No title has more characters.
const MAX_TITLE: usize = 200;

#[derive(Template)]
#[template(path = "feed/atom.xml")]
struct Feed {
    id: String,
    title: String,
    page: String,
    updated: Timestamp,
    entries: Vec<Entry>,
}

/// A release.
struct Entry {
    /// Its page, which is also its id: no other release ever has it.
    page: String,
    title: String,
    published: Timestamp,
    links: Vec<String>,
    html: String,
}

#[derive(Template)]
#[template(path = "feed/release.html")]
struct Content<'r> {
    release: &'r Release,
    base_label: &'r str,
    parts: Vec<Part>,
    new_base: bool,
}

/// Fixes, with what happened to them.
struct Part {
    heading: &'static str,
    fixes: Vec<FixLine>,
    more: usize,
}

struct FixLine {
    pr: PrNumber,
    page: String,
    title: String,
    /// What the release does instead of fixing it; nothing where it is fixed.
    stand_in: &'static str,
    advisories: Vec<AdvisoryLink>,
}

/// The feed of a channel.
pub(super) fn feed(app: &AppState, look: &Look<'_>) -> Result<Document, PageError> {
    let published = look.published();
    let entries = published.iter().enumerate().take(RELEASES);
    let entries = entries.map(|(at, (release, published_at))| {
        let previous = published.get(at + 1).map(|(release, _)| *release);
        entry(app, look, (release, *published_at), previous)
    });
    let channel = look.channel.name();
    let feed = Feed {
        id: app.absolute(&format!("/{channel}/feed.atom")),
        title: format!("{}: releases", look.channel.title),
        page: app.absolute(&format!("/channels/{channel}")),
        updated: published
            .first()
            .map_or(Timestamp::from_unix(0), |(_, at)| *at),
        entries: entries.collect::<Result<_, _>>()?,
    };
    let xml = xml(&feed.render()?);
    Ok(Document::new(
        xml.into(),
        "application/atom+xml; charset=utf-8",
    ))
}

/// What is left of the characters that XML does not have, once those that do not show are told by
/// their numbers: <https://www.w3.org/TR/xml/#charsets>.
fn xml(text: &str) -> String {
    told(text).replace(['\u{fffe}', '\u{ffff}'], "\u{fffd}")
}

fn entry(
    app: &AppState,
    look: &Look<'_>,
    (release, published): (&Release, Timestamp),
    previous: Option<&Release>,
) -> Result<Entry, PageError> {
    let delta = Delta::of(release, previous);
    let title = title(look, release, &delta);
    let part = |heading, prs: &[PrNumber]| Part {
        heading,
        fixes: prs
            .iter()
            .take(FIXES)
            .map(|pr| line(app, look, release, *pr))
            .collect(),
        more: prs.len().saturating_sub(FIXES),
    };
    let (caught_up, out): (Vec<_>, Vec<_>) = delta
        .gone
        .iter()
        .partition(|pr| look.facts.superseded_after(**pr).is_some());
    let parts = [
        part("New in it", &delta.added),
        part(
            "In it as before, with another change or in another form",
            &delta.changed,
        ),
        part(
            "Not in it any more, since the stable channel has it",
            &caught_up,
        ),
        part("Not in it any more", &out),
    ];
    let parts: Vec<_> = parts
        .into_iter()
        .filter(|part| !part.fixes.is_empty())
        .collect();
    let links = parts.iter().flat_map(|part| &part.fixes);
    let links = links.map(|fix| fix.page.clone()).collect();
    let content = Content {
        release,
        base_label: &look.channel.base_label,
        parts,
        new_base: delta.new_base,
    };
    Ok(Entry {
        page: app.absolute(&format!("/releases/{}/{}", release.channel, release.name)),
        title,
        published,
        links,
        html: content.render()?,
    })
}

fn line(app: &AppState, look: &Look<'_>, release: &Release, pr: PrNumber) -> FixLine {
    let candidate = look.candidate(pr);
    let mut picks = release.picks.iter();
    let pick = picks.find(|pick| pick.pr == pr);
    FixLine {
        pr,
        page: app.absolute(&format!("/candidates/{pr}?channel={}", release.channel)),
        title: candidate.map(|it| it.title.clone()).unwrap_or_default(),
        stand_in: pick.map_or("", |pick| form_words(&pick.form).done),
        advisories: candidate
            .map(|it| advisories(&it.advisories()))
            .unwrap_or_default(),
    }
}

/// What a reader shows in a list: the release, and the fix if one came.
fn title(look: &Look<'_>, release: &Release, delta: &Delta) -> String {
    let what = match (delta.added.as_slice(), delta.gone.len()) {
        ([one], _) => {
            let title = look.candidate(*one).map(|it| it.title.as_str());
            format!("#{one} {}", title.unwrap_or_default())
        }
        ([], 0) if delta.new_base => "on a newer base".to_owned(),
        ([], 0) => format!("{} in it as before", fixes(release.picks.len())),
        ([], gone) => format!("{} fewer", fixes(gone)),
        (added, _) => format!("{} more", fixes(added.len())),
    };
    text::line(&format!("{}: {what}", release.name), MAX_TITLE)
}

/// `1 fix`, `2 fixes`
fn fixes(n: usize) -> String {
    format!("{n} fix{}", if n == 1 { "" } else { "es" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_character_is_left_that_xml_does_not_have() {
        let text = "a\u{0}\u{8}\u{b}\u{1f}\u{7f}\u{fffe}\u{ffff}\u{202e}\t\r\n✓";
        assert_eq!(
            xml(text),
            "a[U+0000][U+0008][U+000B][U+001F][U+007F]\u{fffd}\u{fffd}[U+202E]\t\r\n✓"
        );
    }
}
