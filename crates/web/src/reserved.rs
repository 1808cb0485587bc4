//! Names that no channel can have, since channels stand at the top of this server's addresses.

use picket_publisher::{LatestFile, ReleaseFile};

use crate::routes::ROUTES;

/// Whether a channel cannot have this name: the server has a page or a folder of that name, or it is
/// that of a file in a channel's own folder.
pub fn is_reserved(name: &str) -> bool {
    const BY_CUSTOM: [&str; 1] = ["nar"];
    let first_parts = ROUTES
        .iter()
        .filter_map(|route| route.path.split('/').nth(1));
    let is_file = ReleaseFile::parse(name).is_some() || LatestFile::parse(name).is_some();
    is_file || first_parts.chain(BY_CUSTOM).any(|taken| taken == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_channel_cannot_hide_a_page() {
        for name in [
            "queue",
            "cache",
            "releases",
            "release-log",
            "login",
            "api",
            "metrics",
            "robots.txt",
            "vex",
            ".well-known",
            "nixexprs.tar.xz",
            "latest.json",
        ] {
            assert!(is_reserved(name), "{name}");
        }
        assert!(!is_reserved("nixos-26.05-sec"));
    }
}
