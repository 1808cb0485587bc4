//! A machine that subscribes.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use picket_testkit::nix::{NewerNix, NixConf, NixStore};

use crate::stage::Stage;

/// A machine that takes what it needs from the official channel's binary cache and from ours, and
/// trusts both keys.
#[derive(Debug)]
pub struct Machine {
    /// Its Nix store: a twin of Picket's.
    pub store: NixStore,
}

impl Stage {
    /// A machine with an empty store and the host's Nix.
    ///
    /// # Errors
    /// Where it cannot have a store of its own.
    pub fn machine(&self, name: &str) -> Result<Machine> {
        let store = self.world.store.twin(&self.machine_dir(name))?;
        self.configured(store)
    }

    /// A machine with an empty store and a newer Nix.
    ///
    /// # Errors
    /// Where it cannot have a store of its own.
    pub fn machine_with(&self, nix: &NewerNix, name: &str) -> Result<Machine> {
        let store = self.world.store.twin_in(&self.machine_dir(name), nix)?;
        self.configured(store)
    }

    fn machine_dir(&self, name: &str) -> PathBuf {
        self.dir().join("machines").join(name)
    }

    fn configured(&self, store: NixStore) -> Result<Machine> {
        let (official, ours) = (self.world.official.cache_url(), self.cache_url()?);
        let key = self.world.public_key.to_string();
        store.configure(&NixConf::substituting(
            &[&official, ours.as_str()],
            &[self.world.official.public_key(), &key],
        ))?;
        Ok(Machine { store })
    }
}

impl Machine {
    /// Subscribes to a channel, under the name `nixos`, and fetches it.
    ///
    /// # Errors
    /// Where `nix-channel` fails.
    pub fn subscribe(&self, url: &str) -> Result<()> {
        self.run("nix-channel", &["--add", url, "nixos"])?;
        self.update()
    }

    /// Fetches the channel anew, whenever it was fetched last.
    ///
    /// # Errors
    /// Where `nix-channel` fails.
    pub fn update(&self) -> Result<()> {
        let arguments = ["--update", "--option", "tarball-ttl", "0"];
        self.run("nix-channel", &arguments)?;
        Ok(())
    }

    /// Runs a command that sees the machine's store; what it wrote to its standard output.
    ///
    /// # Errors
    /// Where it fails; with what it wrote to its standard error.
    pub fn run(&self, program: &str, arguments: &[&str]) -> Result<String> {
        self.store.run(program, arguments)
    }

    /// The same as a command, to look at how it ends.
    pub fn command(&self, program: &str, arguments: &[&str]) -> Command {
        let mut command = self.store.command(program);
        command.args(arguments);
        command
    }

    /// Evaluates a Nix expression to a text.
    ///
    /// # Errors
    /// Where it cannot be evaluated, or is no text.
    pub fn eval(&self, expression: &str) -> Result<String> {
        let arguments = ["--eval", "--strict", "--json", "--expr", expression];
        let json = self.run("nix-instantiate", &arguments)?;
        serde_json::from_str(&json).with_context(|| format!("{json} is no text"))
    }

    /// The release that the machine's channel says that it is.
    ///
    /// # Errors
    /// Where it is subscribed to none.
    pub fn release(&self) -> Result<String> {
        self.eval(r#""nixos-" + (import <nixos/lib>).version"#)
    }

    /// The first line of what an installed program says of its version.
    ///
    /// # Errors
    /// Where it is not installed, or cannot be run.
    pub fn version_of(&self, program: &str) -> Result<String> {
        let program = self.store.home().join(".nix-profile/bin").join(program);
        let said = self.run(&program.display().to_string(), &["--version"])?;
        Ok(said.lines().next().unwrap_or_default().to_owned())
    }

    /// The store path that an installed program is in.
    ///
    /// # Errors
    /// Where it is not installed.
    pub fn path_of(&self, program: &str) -> Result<String> {
        let link = self.store.home().join(".nix-profile/bin").join(program);
        let file = self.run("readlink", &["--canonicalize", &link.display().to_string()])?;
        let store_path = Path::new(&file).ancestors().nth(2);
        let store_path = store_path.with_context(|| format!("{file} is in no package"))?;
        Ok(store_path.display().to_string())
    }

    /// The names of the keys that signed a store path, as this machine got it.
    ///
    /// # Errors
    /// Where it is not in the store.
    pub fn signed_by(&self, store_path: &str) -> Result<Vec<String>> {
        let said = self.run("nix", &["path-info", "--sigs", store_path])?;
        let signatures = said.split_whitespace().filter_map(|it| it.split_once(':'));
        Ok(signatures.map(|(key, _)| key.to_owned()).collect())
    }
}
