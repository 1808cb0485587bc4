//! How to subscribe to a channel: the commands, ready to copy.

use picket_domain::ReleaseName;
use url::Url;

/// One way to subscribe.
pub(super) struct Way {
    pub(super) heading: &'static str,
    pub(super) note: &'static str,
    pub(super) command: String,
}

/// All ways to subscribe to a channel. `keys` are those of its binary cache; `release` is its current
/// one, if it has one.
pub(super) fn ways(
    base_url: &Url,
    channel: &str,
    release: Option<&ReleaseName>,
    keys: &[String],
) -> Vec<Way> {
    let root = base_url.as_str().trim_end_matches('/');
    let (url, cache) = (format!("{root}/{channel}"), format!("{root}/cache"));
    let quoted: Vec<_> = keys.iter().map(|key| format!("\"{key}\"")).collect();
    let mut ways = vec![
        Way {
            heading: "1. Trust the binary cache",
            note: "In configuration.nix, whichever way below you choose. It is asked after \
                   cache.nixos.org, and has only what that does not.",
            command: format!(
                "nix.settings = {{\n  substituters = [ \"{cache}\" ];\n  \
                 trusted-public-keys = [ {} ];\n}};",
                quoted.join(" ")
            ),
        },
        Way {
            heading: "2a. With nix-channel",
            note: "nixos-rebuild updates the channel called “nixos”. Without the option, Nix looks \
                   for news once an hour at most. The options of the last line are needed once.",
            command: format!(
                "sudo nix-channel --add {url} nixos\n\
                 sudo nix-channel --update --option tarball-ttl 0\n\
                 sudo nixos-rebuild switch --option extra-substituters {cache} \\\n  \
                 --option extra-trusted-public-keys \"{}\"",
                keys.join(" ")
            ),
        },
        Way {
            heading: "2b. With a flake",
            note: "Nix 2.17 and later lock this to one release, with its revision. \
                   “nix flake update” moves it on.",
            command: format!("inputs.nixpkgs.url = \"{url}/nixexprs.tar.xz\";"),
        },
        Way {
            heading: "2c. With fetchTarball",
            note: "Anywhere in Nix code.",
            command: format!("import (builtins.fetchTarball \"{url}/nixexprs.tar.xz\") {{ }}"),
        },
        Way {
            heading: "2d. With system.autoUpgrade",
            note: "In configuration.nix, for a server that upgrades itself. Every hour is not too \
                   often: what has not changed is not fetched again.",
            command: format!(
                "system.autoUpgrade = {{\n  enable = true;\n  channel = \"{url}\";\n  \
                 dates = \"hourly\";\n}};"
            ),
        },
        Way {
            heading: "2e. With npins",
            note: "“npins update” moves it on; what it pins is one release.",
            command: format!("npins add tarball --name nixpkgs --mutable {url}/nixexprs.tar.xz"),
        },
    ];
    ways.extend(release.map(|release| of_one_release(root, channel, release)));
    ways.push(Way {
        heading: "Check it yourself",
        note: "As a stranger: every signature and every hash of the current release, and that it is the \
               newest: latest.json names it, and is signed anew twice a day.",
        command: keys
            .iter()
            .map(|key| format!("picket verify {url} --public-key {key}"))
            .collect::<Vec<_>>()
            .join("\n"),
    });
    ways
}

/// The address that stays as it is, for whoever cannot lock the one that moves.
fn of_one_release(root: &str, channel: &str, release: &ReleaseName) -> Way {
    Way {
        heading: "2f. One release, as it is now",
        note: "For flakes with a Nix before 2.17, which locks the address above instead of the release \
               behind it, so that the lock breaks with the next release; and for whoever wants to move \
               by hand. It gets no later fix until you put the next release's name here.",
        command: format!(
            "inputs.nixpkgs.url = \"{root}/releases/{channel}/{release}/nixexprs.tar.xz\";"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_commands_can_be_copied_as_they_are() {
        let base_url = Url::parse("https://sec.example/").unwrap();
        let keys = ["sec-1:AAAA=".to_owned()];
        let release = ReleaseName::parse("nixos-26.05.715880.12.abc1234").unwrap();
        assert_eq!(ways(&base_url, "nixos-26.05-sec", None, &keys).len(), 7);
        let ways = ways(&base_url, "nixos-26.05-sec", Some(&release), &keys);
        let texts: Vec<_> = ways
            .iter()
            .map(|way| format!("# {}\n{}", way.heading, way.command))
            .collect();
        insta::assert_snapshot!(texts.join("\n\n"), @r#"
        # 1. Trust the binary cache
        nix.settings = {
          substituters = [ "https://sec.example/cache" ];
          trusted-public-keys = [ "sec-1:AAAA=" ];
        };

        # 2a. With nix-channel
        sudo nix-channel --add https://sec.example/nixos-26.05-sec nixos
        sudo nix-channel --update --option tarball-ttl 0
        sudo nixos-rebuild switch --option extra-substituters https://sec.example/cache \
          --option extra-trusted-public-keys "sec-1:AAAA="

        # 2b. With a flake
        inputs.nixpkgs.url = "https://sec.example/nixos-26.05-sec/nixexprs.tar.xz";

        # 2c. With fetchTarball
        import (builtins.fetchTarball "https://sec.example/nixos-26.05-sec/nixexprs.tar.xz") { }

        # 2d. With system.autoUpgrade
        system.autoUpgrade = {
          enable = true;
          channel = "https://sec.example/nixos-26.05-sec";
          dates = "hourly";
        };

        # 2e. With npins
        npins add tarball --name nixpkgs --mutable https://sec.example/nixos-26.05-sec/nixexprs.tar.xz

        # 2f. One release, as it is now
        inputs.nixpkgs.url = "https://sec.example/releases/nixos-26.05-sec/nixos-26.05.715880.12.abc1234/nixexprs.tar.xz";

        # Check it yourself
        picket verify https://sec.example/nixos-26.05-sec --public-key sec-1:AAAA=
        "#);
    }
}
