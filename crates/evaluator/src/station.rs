//! Where workers are started: in the sandbox, with our settings, and with what they may read.

use std::io;
use std::path::{Path, PathBuf};

use picket_nix::{Installed, Nix, NixVersion};

use crate::sandbox::{Places, Sandbox};
use crate::settings;
use crate::worker::{Bounds, Ended, Start, Worker};

/// What workers are started with.
#[derive(Debug, Clone)]
pub struct Station {
    nix: Nix,
    version: NixVersion,
    sandbox: Sandbox,
    places: Places,
    sources: Vec<(String, PathBuf)>,
    restricted: bool,
    system: Option<String>,
    bounds: Bounds,
    environment: Vec<(String, String)>,
    heard: Option<PathBuf>,
}

impl Station {
    /// Workers that read these files and folders alone, each under a name of its own: Nix's search
    /// path has them by it. `home` is a folder for what they write there, where the sandbox has none.
    pub fn new(
        nix: &Nix,
        installed: &Installed,
        sandbox: Sandbox,
        sources: Vec<(String, PathBuf)>,
        home: &Path,
        bounds: Bounds,
    ) -> Self {
        let paths = sources.iter().map(|(_, path)| path.as_path());
        Self {
            nix: nix.clone(),
            version: installed.version.clone(),
            sandbox,
            places: Places::new(nix, installed, paths, home),
            sources,
            restricted: true,
            system: None,
            bounds,
            environment: Vec::new(),
            heard: None,
        }
    }

    /// Whether they are kept to what they may read by Nix itself, too. They are unless told otherwise.
    #[must_use]
    pub fn restricted(self, restricted: bool) -> Self {
        Self { restricted, ..self }
    }

    /// The system that they evaluate for, if it is not this machine's.
    #[must_use]
    pub fn for_system(self, system: Option<&str>) -> Self {
        let system = system.map(str::to_owned);
        Self { system, ..self }
    }

    /// A variable of their environment.
    #[must_use]
    pub fn with_variable(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The tree of which it is written down what they look at, if there is one.
    #[must_use]
    pub(crate) fn heard(self, tree: Option<PathBuf>) -> Self {
        Self {
            heard: tree,
            ..self
        }
    }

    /// Starts a worker that has read nothing of its sources.
    ///
    /// # Errors
    /// Where it cannot be started; and [`Ended`] where it ends before it can be asked.
    pub async fn worker(&self) -> io::Result<Result<Worker, Ended>> {
        let mut command = self.sandbox.command(&self.places);
        command.arg("repl");
        let system = self.system.as_deref();
        settings::add(
            &mut command,
            &self.nix,
            &self.version,
            self.restricted,
            system,
        );
        // What is found by name may also be read.
        for (name, path) in &self.sources {
            command.arg("-I").arg(format!("{name}={}", path.display()));
        }
        command.envs(self.environment.iter().cloned());
        let start = Start {
            sandbox: self.sandbox,
            places: &self.places,
            heard: self.heard.as_deref(),
            bounds: self.bounds,
        };
        Worker::start(start, command).await
    }
}
