//! The installed Nix: where its programs are and how they are started.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;
use tokio::process::Command;

use crate::error::NixError;
use crate::process::{Finished, RunError, run};
use crate::text;
use crate::version::NixVersion;

/// How long a question to Nix about itself may take.
const QUESTION_TIME: Duration = Duration::from_secs(60);
/// How long its answer may be, in bytes.
const ANSWER_MAX: u64 = 4 << 20;

/// Where Nix is and how it is set.
#[derive(Clone, Default)]
pub struct NixConfig {
    /// The folder with Nix's programs; `None`: they are looked for in `PATH`.
    pub bin_dir: Option<PathBuf>,
    /// The environment of Nix's programs (`NIX_STORE_DIR`, `NIX_REMOTE`, ..). They get nothing
    /// else, but for `PATH` where it is not given here, and a home folder of their own.
    pub environment: BTreeMap<String, String>,
    /// Settings for every program, as on Nix's command line: `--option <name> <value>`.
    pub options: Vec<(String, String)>,
}

/// The names alone of what is set: its values may be access tokens.
impl fmt::Debug for NixConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let options: Vec<_> = self.options.iter().map(|(name, _)| name).collect();
        f.debug_struct("NixConfig")
            .field("bin_dir", &self.bin_dir)
            .field("environment", &self.environment.keys())
            .field("options", &options)
            .finish()
    }
}

/// The installed Nix.
#[derive(Debug, Clone)]
pub struct Nix {
    config: NixConfig,
}

/// What the installed Nix says of itself.
#[derive(Debug, Clone)]
pub struct Installed {
    /// Its version.
    pub version: NixVersion,
    /// Its store's folder: `/nix/store`.
    pub store_dir: String,
}

/// The settings that a client of Nix's daemon has to send although it does not want to change
/// them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// How many builds run at a time.
    pub max_jobs: u64,
    /// How many cores a build is told to use.
    pub cores: u64,
    /// Whether paths are fetched from caches.
    pub substitute: bool,
    /// What this machine is: `x86_64-linux`.
    pub system: String,
    /// What else it builds for.
    pub extra_platforms: Vec<String>,
    /// The features that it has: `kvm`, `big-parallel`.
    pub system_features: Vec<String>,
    /// The other machines, as Nix's setting `builders` has them.
    pub builders: String,
}

impl Nix {
    /// Takes Nix as it is configured; nothing is started yet.
    pub fn new(config: NixConfig) -> Self {
        Self { config }
    }

    /// The same Nix with this home folder, where none is configured.
    #[must_use]
    pub fn with_home(mut self, home: &Path) -> Self {
        let home = home.to_string_lossy().into_owned();
        self.config.environment.entry("HOME".into()).or_insert(home);
        self
    }

    /// Where one of its programs is; without a folder, it is looked for in `PATH`.
    pub fn program(&self, name: &str) -> PathBuf {
        match &self.config.bin_dir {
            Some(dir) => dir.join(name),
            None => PathBuf::from(name),
        }
    }

    /// The environment that its programs are configured to have.
    pub fn environment(&self) -> &BTreeMap<String, String> {
        &self.config.environment
    }

    /// Settings for every program.
    pub fn options(&self) -> &[(String, String)] {
        &self.config.options
    }

    /// Its version and its store's folder.
    ///
    /// # Errors
    /// As [`Self::version`] and [`Self::store_dir`].
    pub async fn installed(&self) -> Result<Installed, NixError> {
        let (version, store_dir) = tokio::try_join!(self.version(), self.store_dir())?;
        Ok(Installed { version, store_dir })
    }

    /// The version, as `nix --version` says it.
    ///
    /// # Errors
    /// [`NixError::Missing`] and [`NixError::Failed`].
    pub async fn version(&self) -> Result<NixVersion, NixError> {
        let output = self.ask("nix", ["--version"]).await?;
        NixVersion::of_output(&output).ok_or_else(|| NixError::Failed {
            program: "nix --version".into(),
            message: format!("it printed {:?}", text::head(&output, 200)),
        })
    }

    /// The store's folder: `/nix/store`.
    ///
    /// # Errors
    /// [`NixError::Missing`], [`NixError::Failed`] and [`NixError::Store`].
    pub async fn store_dir(&self) -> Result<String, NixError> {
        let question = ["--eval", "--json", "-E", "builtins.storeDir"];
        // Even this opens the store, and what else could fail is not in sight.
        let output = match self.ask("nix-instantiate", question).await {
            Err(NixError::Failed { message, .. }) => return Err(NixError::Store { message }),
            answer => answer?,
        };
        serde_json::from_str(&output).map_err(|error| NixError::Failed {
            program: "nix-instantiate".into(),
            message: error.to_string(),
        })
    }

    /// The settings that its daemon's clients have to send.
    ///
    /// # Errors
    /// [`NixError::Missing`] and [`NixError::Failed`].
    pub async fn settings(&self, version: &NixVersion) -> Result<Settings, NixError> {
        let show: &[&str] = if version.is_at_least_numbers(2, 20) {
            &["config", "show"]
        } else {
            &["show-config"]
        };
        let experimental = ["--extra-experimental-features", "nix-command", "--json"];
        let output = self.ask("nix", show.iter().chain(&experimental)).await?;
        parse_settings(&output).map_err(|error| NixError::Failed {
            program: format!("nix {}", show.join(" ")),
            message: error.to_string(),
        })
    }

    /// One of Nix's programs, with the environment and settings that all of them get.
    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.program(program));
        command.env_clear();
        if let Some(path) = std::env::var_os("PATH") {
            command.env("PATH", path);
        }
        command
            .env("HOME", "/homeless-shelter")
            .env("NIX_USER_CONF_FILES", "")
            .env("NIX_PATH", "")
            .envs(&self.config.environment);
        command
    }

    /// `command`'s settings, which must stand after a subcommand's name.
    pub fn add_options(&self, command: &mut Command) {
        for (name, value) in &self.config.options {
            command.args(["--option", name, value]);
        }
    }

    async fn ask(
        &self,
        program: &str,
        arguments: impl IntoIterator<Item = impl AsRef<OsStr>>,
    ) -> Result<String, NixError> {
        let mut command = self.command(program);
        command.args(arguments);
        self.add_options(&mut command);
        let done = run(command, QUESTION_TIME, ANSWER_MAX)
            .await
            .map_err(|error| self.failed(program, error))?;
        answer(program, &done)
    }

    /// The error of a program that did not come to its end.
    pub fn failed(&self, program: &str, error: RunError) -> NixError {
        let message = match error {
            RunError::Spawn(error) => {
                let dir = self.config.bin_dir.as_deref().unwrap_or(Path::new(""));
                let program = dir.join(program).display().to_string();
                return NixError::Missing { program, error };
            }
            RunError::Io(error) => error.to_string(),
            RunError::TimedOut => "it did not answer in time".to_owned(),
            RunError::TooMuchOutput => "it printed too much".to_owned(),
        };
        NixError::Failed {
            program: program.to_owned(),
            message,
        }
    }
}

fn answer(program: &str, done: &Finished) -> Result<String, NixError> {
    if done.status.success() {
        return Ok(String::from_utf8_lossy(&done.stdout).into_owned());
    }
    let said = text::clean(&done.stderr);
    Err(NixError::Failed {
        program: program.to_owned(),
        message: format!("{} ({})", text::tail(said.trim(), 2000), done.status),
    })
}

/// Reads `nix show-config --json`, of which every version says `{name: {value: ..}}`.
fn parse_settings(json: &str) -> Result<Settings, serde_json::Error> {
    #[derive(Deserialize)]
    struct Value<T> {
        value: T,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "kebab-case")]
    struct Shown {
        max_jobs: Value<u64>,
        cores: Value<u64>,
        substitute: Value<bool>,
        system: Value<String>,
        extra_platforms: Value<Vec<String>>,
        system_features: Value<Vec<String>>,
        builders: Value<String>,
    }
    let shown: Shown = serde_json::from_str(json)?;
    Ok(Settings {
        max_jobs: shown.max_jobs.value,
        cores: shown.cores.value,
        substitute: shown.substitute.value,
        system: shown.system.value,
        extra_platforms: shown.extra_platforms.value,
        system_features: shown.system_features.value,
        builders: shown.builders.value,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_read_from_what_nix_shows() {
        let json = r#"{"max-jobs": {"defaultValue": 1, "value": 4, "aliases": []},
            "cores": {"value": 2}, "substitute": {"value": true}, "sandbox": {"value": "relaxed"},
            "system": {"value": "x86_64-linux"}, "extra-platforms": {"value": ["i686-linux"]},
            "system-features": {"value": ["kvm"]}, "builders": {"value": "@/etc/nix/machines"}}"#;
        let expected = Settings {
            max_jobs: 4,
            cores: 2,
            substitute: true,
            system: "x86_64-linux".into(),
            extra_platforms: vec!["i686-linux".into()],
            system_features: vec!["kvm".into()],
            builders: "@/etc/nix/machines".into(),
        };
        assert_eq!(parse_settings(json).unwrap(), expected);
        assert!(parse_settings("{}").is_err());
    }

    #[tokio::test]
    async fn a_missing_nix_is_told_with_the_remedy() {
        let nix = Nix::new(NixConfig {
            bin_dir: Some("/nonexistent".into()),
            ..NixConfig::default()
        });
        let error = nix.version().await.unwrap_err().to_string();
        assert!(error.contains("/nonexistent/nix"), "{error}");
        assert!(error.contains("Install Nix"), "{error}");
    }
}
