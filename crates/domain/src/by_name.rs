//! Which attribute of nixpkgs a file belongs to, where its path says so.

/// The attribute whose folder in `pkgs/by-name` a file is in: `mastodon` of
/// `pkgs/by-name/ma/mastodon/package.nix`. Of all other files only an evaluation could tell.
pub fn attribute_of(path: &str) -> Option<&str> {
    let mut parts = path.strip_prefix("pkgs/by-name/")?.split('/');
    let (shard, name) = (parts.next()?, parts.next()?);
    let start: String = name.chars().take(2).collect();
    (shard == start.to_lowercase() && parts.next().is_some()).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_files_in_a_packages_own_folder_have_an_attribute() {
        for (path, attribute) in [
            ("pkgs/by-name/ma/mastodon/package.nix", Some("mastodon")),
            ("pkgs/by-name/ma/mastodon/patches/a.patch", Some("mastodon")),
            ("pkgs/by-name/sd/SDL2/package.nix", Some("SDL2")),
            ("pkgs/by-name/ma/mastodon", None),
            ("pkgs/by-name/xx/mastodon/package.nix", None),
            ("pkgs/by-name/README.md", None),
            ("pkgs/by-name//", None),
            ("pkgs/servers/mastodon/default.nix", None),
            ("x/pkgs/by-name/ma/mastodon/package.nix", None),
        ] {
            assert_eq!(attribute_of(path), attribute, "{path}");
        }
    }
}
