//! A store's `nix.conf`.

use std::fs;
use std::path::Path;

use anyhow::Result;

/// What a store is configured to do. The default builds as the caller, without the sandbox, and
/// asks no binary cache.
#[derive(Debug, Clone, Default)]
pub struct NixConf {
    /// Whether builds run in the sandbox. It needs root, or user namespaces.
    pub sandbox: bool,
    /// The binary caches to substitute from, by URL.
    pub substituters: Vec<String>,
    /// The keys whose signatures are trusted: `name:base64`.
    pub trusted_public_keys: Vec<String>,
    /// Further settings, by name.
    pub other: Vec<(String, String)>,
}

impl NixConf {
    /// Substitutes from these caches, trusting these keys.
    pub fn substituting(substituters: &[&str], trusted_public_keys: &[&str]) -> Self {
        let owned = |list: &[&str]| list.iter().map(|&item| item.to_owned()).collect();
        Self {
            substituters: owned(substituters),
            trusted_public_keys: owned(trusted_public_keys),
            ..Self::default()
        }
    }

    /// Adds a setting.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.other.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Writes `nix.conf` into a folder that Nix sees under a second name.
    pub(super) fn write(&self, dir: &Path, logical_dir: &Path) -> Result<()> {
        // Nix looks the registry up on the network where it has no file of its own.
        fs::write(
            dir.join("registry.json"),
            r#"{ "version": 2, "flakes": [] }"#,
        )?;
        let partial = dir.join("nix.conf.partial");
        fs::write(&partial, self.text(logical_dir))?;
        fs::rename(partial, dir.join("nix.conf"))?;
        Ok(())
    }

    fn text(&self, logical_dir: &Path) -> String {
        let registry = logical_dir.join("registry.json").display().to_string();
        let settings: [(&str, &str); 8] = [
            ("build-users-group", ""),
            ("sandbox", if self.sandbox { "true" } else { "false" }),
            ("substituters", &self.substituters.join(" ")),
            ("trusted-public-keys", &self.trusted_public_keys.join(" ")),
            ("max-jobs", "auto"),
            // Durability is of no use in a store that is thrown away, and slow.
            ("fsync-metadata", "false"),
            ("experimental-features", "nix-command flakes"),
            ("flake-registry", &registry),
        ];
        let other = self.other.iter().map(|(name, value)| (&**name, &**value));
        settings
            .into_iter()
            .chain(other)
            .map(|(name, value)| format!("{name} = {value}\n"))
            .collect()
    }
}
