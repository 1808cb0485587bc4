//! What came of a demo, for people and for scripts.

use std::fmt;

use serde::Serialize;
use url::Url;

/// What came of a demo. As JSON, it is one object with these keys.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// The web pages.
    pub base_url: Url,
    /// The channel's name.
    pub channel: String,
    /// What clients subscribe to.
    pub channel_url: Url,
    /// The binary cache.
    pub cache_url: Url,
    /// The key that signs both.
    pub public_key: String,
    /// The current release.
    pub release: String,
    /// Its commit.
    pub rev: String,
    /// Seconds from the last approval that the first fix needed to the moment that clients could
    /// get it; null where this run approved nothing.
    pub seconds_approval_to_published: Option<f64>,
    /// What became of each pull request.
    pub picks: Vec<PickReport>,
}

/// What became of one pull request.
#[derive(Debug, Clone, Serialize, serde::Deserialize)]
pub struct PickReport {
    /// Its number.
    pub number: u64,
    /// Its title.
    pub title: String,
    /// Its state's name.
    pub state: String,
    /// Why it is in that state.
    pub reason: String,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "\nThe channel {} is at {}:\n",
            self.channel, self.release
        )?;
        for PickReport {
            number,
            title,
            state,
            reason,
        } in &self.picks
        {
            writeln!(
                f,
                "  #{number}  {title:<34} {:<18} {reason}",
                state.replace('_', " ")
            )?;
        }
        if let Some(seconds) = self.seconds_approval_to_published {
            writeln!(f, "\nFrom approval to published: {seconds:.1} s")?;
        }
        Ok(())
    }
}

impl Report {
    /// What a person can do next, with the world still running.
    pub fn invitation(&self, people: &[(String, String)]) -> String {
        let Self {
            base_url,
            channel,
            channel_url,
            cache_url,
            public_key,
            ..
        } = self;
        let people: String = people
            .iter()
            .map(|(name, passphrase)| format!("  {name:<8} {passphrase}\n"))
            .collect();
        format!(
            "\nThe web pages are at {base_url}, the review queue at {base_url}queue. Sign in as:\n\n\
             {people}\n\
             Subscribe a machine, by channel:\n\n  \
             nix-channel --add {channel_url} nixos\n  \
             nix-channel --update --option tarball-ttl 0\n\n\
             or as a flake's input:\n\n  \
             inputs.nixpkgs.url = \"{channel_url}/nixexprs.tar.xz\";\n\n\
             and let it fetch what was built here:\n\n  \
             extra-substituters = {cache_url}\n  \
             extra-trusted-public-keys = {public_key}\n\n\
             Check {channel} from outside:\n\n  \
             cargo run -p picket -- verify {channel_url} --public-key {public_key}\n\n\
             Press Ctrl-C to stop; the same folder goes on from here the next time.\n",
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_says_what_became_of_each_pick() {
        let report = Report {
            base_url: Url::parse("http://127.0.0.1:8080/").unwrap(),
            channel: "nixos-26.05-sec".into(),
            channel_url: Url::parse("http://127.0.0.1:8080/nixos-26.05-sec").unwrap(),
            cache_url: Url::parse("http://127.0.0.1:8080/cache").unwrap(),
            public_key: "demo-1:AAAA".into(),
            release: "nixos-26.05.12.2.0123456789ab".into(),
            rev: "0123456789abcdef".into(),
            seconds_approval_to_published: Some(2.34),
            picks: vec![
                PickReport {
                    number: 4242,
                    title: "mastodon: 4.3.7 -> 4.3.8".into(),
                    state: "released".into(),
                    reason: "in nixos-26.05.12.2.0123456789ab".into(),
                },
                PickReport {
                    number: 4243,
                    title: "redis: 7.2.7 -> 7.2.8".into(),
                    state: "conflict".into(),
                    reason: "does not apply: pkgs/by-name/re/redis/package.nix".into(),
                },
            ],
        };
        insta::assert_snapshot!(report, @"

        The channel nixos-26.05-sec is at nixos-26.05.12.2.0123456789ab:

          #4242  mastodon: 4.3.7 -> 4.3.8           released           in nixos-26.05.12.2.0123456789ab
          #4243  redis: 7.2.7 -> 7.2.8              conflict           does not apply: pkgs/by-name/re/redis/package.nix

        From approval to published: 2.3 s
        ");
        insta::assert_snapshot!(report.invitation(&[("ada".into(), "lovelace".into())]), @r#"

        The web pages are at http://127.0.0.1:8080/, the review queue at http://127.0.0.1:8080/queue. Sign in as:

          ada      lovelace

        Subscribe a machine, by channel:

          nix-channel --add http://127.0.0.1:8080/nixos-26.05-sec nixos
          nix-channel --update --option tarball-ttl 0

        or as a flake's input:

          inputs.nixpkgs.url = "http://127.0.0.1:8080/nixos-26.05-sec/nixexprs.tar.xz";

        and let it fetch what was built here:

          extra-substituters = http://127.0.0.1:8080/cache
          extra-trusted-public-keys = demo-1:AAAA

        Check nixos-26.05-sec from outside:

          cargo run -p picket -- verify http://127.0.0.1:8080/nixos-26.05-sec --public-key demo-1:AAAA

        Press Ctrl-C to stop; the same folder goes on from here the next time.
        "#);
    }
}
