//! In which form a channel carries a pull request's fix: as it is, or as something that does its
//! work until the fix itself can be had.

use serde::{Deserialize, Serialize};

use crate::digest::Sha256;
use crate::id::{ContentId, MitigationName, PackageFolder, ResolvedSetId};

/// In which form a channel carries a head of a pull request.
///
/// The texts are Nix expressions that a member wrote; they are kept under their hashes.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "form", rename_all = "snake_case")]
pub enum Form {
    /// Its commits are picked.
    #[default]
    AsIs,
    /// The fixed library stands beside the old one, and a NixOS module replaces the old one in what
    /// NixOS runs: what needs the library is not built again.
    Graft {
        /// The folder of the library's package, which is taken with the fix applied. `None`: the
        /// text does not need it.
        folder: Option<PackageFolder>,
        /// What is replaced by what: a list of `{ old; new; }`.
        pairs: ContentId,
    },
    /// A NixOS module keeps the hole from being used.
    Mitigation {
        /// The option that switches it off: `security.channel.mitigations.<name>.enable`.
        name: MitigationName,
        /// What the module sets.
        settings: ContentId,
    },
}

impl Form {
    /// No text may be longer, in bytes.
    pub const TEXT_MAX: usize = 32 * 1024;

    /// Whether the commits are picked as they are.
    pub fn is_as_is(&self) -> bool {
        match self {
            Self::AsIs => true,
            Self::Graft { .. } | Self::Mitigation { .. } => false,
        }
    }

    /// The text that it depends on.
    pub fn content(&self) -> Option<&ContentId> {
        match self {
            Self::AsIs => None,
            Self::Graft { pairs, .. } => Some(pairs),
            Self::Mitigation { settings, .. } => Some(settings),
        }
    }

    /// Its name, as records spell it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::AsIs => "as_is",
            Self::Graft { .. } => "graft",
            Self::Mitigation { .. } => "mitigation",
        }
    }

    /// What it makes of a hole: fixed, grafted, mitigated.
    pub fn done(&self) -> &'static str {
        match self {
            Self::AsIs => "fixed",
            Self::Graft { .. } => "grafted",
            Self::Mitigation { .. } => "mitigated",
        }
    }

    /// Names what people made of a pick: of its conflicts, and the form. As it is, that is the name of
    /// the resolutions alone.
    pub fn with(&self, resolved: &ResolvedSetId) -> ResolvedSetId {
        if self.is_as_is() {
            return resolved.clone();
        }
        let json = serde_json::to_vec(&(resolved, self)).expect("a form has no maps");
        Sha256::of(&json).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resolved_set::ResolvedSet;

    fn mitigation(name: &str, text: &str) -> Form {
        Form::Mitigation {
            name: MitigationName::parse(name).unwrap(),
            settings: Sha256::of(text.as_bytes()).into(),
        }
    }

    #[test]
    fn forms_are_told_apart_and_the_plain_one_is_what_it_was_before() {
        let resolved = ResolvedSet::default().id();
        assert_eq!(Form::AsIs.with(&resolved), resolved);
        let one = mitigation("a", "{ }").with(&resolved);
        assert_ne!(one, resolved);
        assert_ne!(one, mitigation("b", "{ }").with(&resolved));
        assert_ne!(one, mitigation("a", "{ x = 1; }").with(&resolved));
    }

    #[test]
    fn names_are_no_code_and_folders_stay_in_pkgs() {
        for bad in ["", "A", "1a", "a b", "a.b", "a\"", "a-", "${x}"] {
            assert!(MitigationName::parse(bad).is_err(), "{bad:?}");
        }
        assert!(MitigationName::parse("cve-2026-31431").is_ok());
        for bad in [
            "pkgs",
            "pkgs/top-level",
            "pkgs/a",
            "nixos/x/y",
            "pkgs/../x/y",
            "pkgs/a//b",
            "pkgs/a/.git",
            "/pkgs/a/b",
            "pkgs/a/b c",
        ] {
            assert!(PackageFolder::parse(bad).is_err(), "{bad:?}");
        }
        assert!(PackageFolder::parse("pkgs/development/libraries/openssl").is_ok());
        assert!(PackageFolder::parse("pkgs/by-name/op/openssl").is_ok());
    }
}
