//! Workers: a `nix repl` each, in the evaluator's sandbox and within its limits, started again where
//! an attribute ends it.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use picket_evaluator::{
    Answer, Bounds, Ended, Limits, Sandbox, Station, Warden, address_space, evaluation_error,
    is_machines_fault, literal,
};
use picket_files::write_whole;
use picket_nix::{Installed, Nix, NixConfig, NixVersion};
use sha2::{Digest, Sha256};
use tokio::runtime::{Builder, Runtime};

use crate::cancel::Cancel;
use crate::error::{ImpactError, at};
use crate::subject::Setting;
use crate::walker::WALKER;

/// An evaluation may write as many times what one attribute may.
const DISK_FACTOR: u64 = 64;

/// How workers are started.
#[derive(Debug)]
pub(crate) struct Crew {
    station: Station,
    introduction: String,
    tree: PathBuf,
    limits: Limits,
    cancel: Cancel,
}

/// The installed Nix, with a store of its own.
#[derive(Debug)]
pub(crate) struct OwnNix {
    nix: Nix,
    installed: Installed,
    sandbox: Sandbox,
}

impl OwnNix {
    /// # Errors
    /// Where there is no Nix, or nothing to keep a tree apart from the machine.
    pub(crate) fn find(setting: &Setting) -> Result<Self, ImpactError> {
        let store = setting.store();
        let folder = |name: &str| store.join(name).to_string_lossy().into_owned();
        let variables = [
            ("NIX_STORE_DIR", folder("store")),
            ("NIX_STATE_DIR", folder("state")),
            ("NIX_LOG_DIR", folder("log")),
            ("NIX_REMOTE", "local".to_owned()),
        ];
        setting.make_store()?;
        let nix = Nix::new(NixConfig {
            environment: variables.map(|(name, value)| (name.into(), value)).into(),
            bin_dir: setting.bin_dir.clone(),
            // Nothing in it is worth more than the time to evaluate it again.
            options: vec![("fsync-metadata".into(), "false".into())],
        });
        let (version, sandbox) = runtime()?.block_on(async {
            let (version, sandbox) = tokio::join!(nix.version(), Sandbox::find());
            (version, sandbox)
        });
        if sandbox == Sandbox::None && !setting.limits.unsandboxed {
            return Err(ImpactError::NoSandbox);
        }
        Ok(Self {
            installed: Installed {
                version: version.map_err(|error| ImpactError::Nix(error.to_string()))?,
                store_dir: folder("store"),
            },
            nix,
            sandbox,
        })
    }

    pub(crate) fn version(&self) -> &NixVersion {
        &self.installed.version
    }
}

impl Crew {
    /// Workers for the tree in this folder.
    pub(crate) fn new(
        setting: &Setting,
        own: &OwnNix,
        tree: PathBuf,
        cancel: Cancel,
    ) -> Result<Self, ImpactError> {
        let digest = Sha256::digest(WALKER);
        let digest: String = digest
            .iter()
            .take(8)
            .map(|it| format!("{it:02x}"))
            .collect();
        let walker = setting
            .cache
            .join(format!("picket-walker-impact-{digest}.nix"));
        if !std::fs::read(&walker).is_ok_and(|there| there == WALKER.as_bytes()) {
            write_whole(&walker, WALKER.as_bytes()).map_err(at(&walker))?;
        }
        let asked = serde_json::json!({
            "tree": tree,
            "file": setting.job_set.file(),
            "system": setting.system,
        });
        let introduction = format!(
            "picket = import (/. + {}) {}",
            literal(&walker.to_string_lossy()),
            literal(&asked.to_string())
        );
        let limits = &setting.limits;
        let bounds = Bounds {
            address_space: limits.memory().map(address_space),
            complaints: limits.job_output_bytes,
        };
        let sources = vec![
            ("picket".to_owned(), tree.clone()),
            ("walker".to_owned(), walker),
        ];
        let home = setting.cache.join("home");
        let station = Station::new(
            &own.nix,
            &own.installed,
            own.sandbox,
            sources,
            &home,
            bounds,
        );
        Ok(Self {
            station: station
                .for_system(Some(&setting.system))
                .with_variable("GC_INITIAL_HEAP_SIZE", "256M"),
            introduction,
            tree,
            limits: limits.clone(),
            cancel,
        })
    }
}

/// A worker. It is there once it is asked, and again after each end.
pub(crate) struct Worker {
    crew: Arc<Crew>,
    runtime: Runtime,
    running: Option<picket_evaluator::Worker>,
    /// How many ended.
    losses: u32,
    started: Instant,
    /// The processor time of those that ended.
    spent: Duration,
}

/// What a question came to.
pub(crate) enum Reply {
    Said(String),
    /// The expression failed, with this message.
    Failed(String),
    /// It was not answered in the time that there was.
    Late,
    /// It ended the worker, for this reason.
    Ended(String),
}

impl Worker {
    /// Starts one, which begins at once to read what nearly all packages are made with.
    pub(crate) fn start(crew: Arc<Crew>) -> Result<Self, ImpactError> {
        let mut worker = Self {
            crew,
            runtime: runtime()?,
            running: None,
            losses: 0,
            started: Instant::now(),
            spent: Duration::ZERO,
        };
        worker.begin()?;
        Ok(worker)
    }

    fn begin(&mut self) -> Result<(), ImpactError> {
        // It answers with a number, which is no answer.
        const WARM_UP: &str = "builtins.stringLength (picket.brief [ \"stdenv\" ])";
        let crew = &self.crew;
        let started = self.runtime.block_on(async {
            let mut worker = match crew.station.worker().await? {
                Ok(worker) => worker,
                Err(ended) => return Ok(Err(ended)),
            };
            worker.tell(&crew.introduction).await?;
            worker.tell(WARM_UP).await?;
            Ok(Ok(worker))
        });
        let cannot = |error: std::io::Error| ImpactError::Nix(error.to_string());
        match started.map_err(cannot)? {
            Ok(worker) => self.running = Some(worker),
            Err(ended) => return Err(ImpactError::Nix(self.why(&ended))),
        }
        Ok(())
    }

    /// How much processor time it has used. Where that cannot be known, as much as time has passed.
    pub(crate) fn cpu(&self) -> Duration {
        let running = self.running.as_ref();
        let running = running.map(picket_evaluator::Worker::processor_time);
        match running {
            Some(Some(time)) => self.spent + time,
            Some(None) => self.started.elapsed(),
            None => self.spent,
        }
    }

    /// Asks for an expression's value, a text, and waits for it.
    ///
    /// # Errors
    /// Where Nix or the machine fails, too many workers have ended, or the work was cancelled.
    pub(crate) fn ask(
        &mut self,
        expression: &str,
        deadline: Option<Instant>,
    ) -> Result<Reply, ImpactError> {
        self.crew.cancel.check()?;
        if self.running.is_none() {
            self.begin()?;
        }
        let running = self.running.as_mut().expect("one was started");
        let until = Instant::now() + Duration::from_secs(self.crew.limits.job_seconds);
        let until = deadline.map_or(until, |deadline| deadline.min(until));
        let watch = Watch {
            crew: &self.crew,
            before: running.written(),
        };
        let cpu = running.processor_time();
        let asked = running.ask(expression, until.into(), &watch);
        let asked = self.runtime.block_on(asked);
        let cannot = |error: std::io::Error| ImpactError::Nix(error.to_string());
        let ended = match asked.map_err(cannot)? {
            Ok(Answer::Said(text)) => return Ok(Reply::Said(text)),
            Ok(Answer::Failed(said)) => return self.failed(&said),
            Err(ended) => ended,
        };
        self.running = None;
        self.spent += cpu.unwrap_or_default();
        self.crew.cancel.check()?;
        if matches!(ended, Ended::TooLong) && deadline == Some(until) {
            return Ok(Reply::Late);
        }
        self.lost(&ended)
    }

    fn failed(&self, said: &str) -> Result<Reply, ImpactError> {
        let message = evaluation_error(said, &self.crew.tree);
        let message = message.strip_prefix("error: ").unwrap_or(&message);
        Ok(Reply::Failed(message.to_owned()))
    }

    fn lost(&mut self, ended: &Ended) -> Result<Reply, ImpactError> {
        let why = self.why(ended);
        if matches!(ended, Ended::Exited(..)) && is_machines_fault(&why) {
            return Err(ImpactError::Nix(why));
        }
        self.losses += 1;
        if self.losses > self.crew.limits.losses {
            return Err(ImpactError::Tree(format!(
                "too many of its attributes end the evaluation: {why}"
            )));
        }
        Ok(Reply::Ended(why))
    }

    fn why(&self, ended: &Ended) -> String {
        let limits = &self.crew.limits;
        match ended {
            Ended::TooLong => format!("it takes longer than {} s", limits.job_seconds),
            Ended::TooMuchMemory => format!(
                "it needs more than the {} MiB of memory that there are",
                limits.memory().unwrap_or_default() >> 20
            ),
            Ended::TooMuchWritten => format!(
                "it writes more than {} MiB to the store",
                limits.job_disk_bytes >> 20
            ),
            Ended::TooMuchSaid(_) => {
                format!("it prints more than {} MiB", limits.job_output_bytes >> 20)
            }
            Ended::Exited(status, said) => {
                let message = evaluation_error(said, &self.crew.tree);
                format!("Nix ends at it ({status}): {message}")
            }
        }
    }
}

/// Watches a worker at one question.
struct Watch<'a> {
    crew: &'a Crew,
    /// Bytes that it had written before.
    before: u64,
}

impl Warden for Watch<'_> {
    fn has_too_much(&self, memory: u64) -> bool {
        let limits = &self.crew.limits;
        let share = limits.memory().map(|all| all / limits.seats() as u64);
        self.crew.cancel.is_cancelled() || share.is_some_and(|share| memory > share)
    }

    fn wrote_too_much(&self, written: u64) -> bool {
        let most = self.crew.limits.job_disk_bytes;
        written.saturating_sub(self.before) > most || written > most.saturating_mul(DISK_FACTOR)
    }
}

fn runtime() -> Result<Runtime, ImpactError> {
    let runtime = Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| ImpactError::Nix(error.to_string()))
}
