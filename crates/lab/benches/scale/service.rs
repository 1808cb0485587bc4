//! `picket serve` as a process.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::world::World;

/// How long it may take to answer, and to come to rest.
const PATIENCE: Duration = Duration::from_secs(60);
/// It is at rest when it needs less than this much of one processor, for several seconds.
const AT_REST: f64 = 0.1;
const SECONDS_OF_REST: u32 = 3;

/// The running service; killed when dropped.
pub(crate) struct Service {
    child: Child,
}

impl Service {
    /// Starts the program that `PICKET_PROGRAM` names, and waits until it answers.
    pub(crate) async fn start(world: &World) -> Result<Self> {
        let program = std::env::var_os("PICKET_PROGRAM");
        let program = program
            .context("PICKET_PROGRAM does not name the program: run `cargo xtask bench scale`")?;
        let log = File::create(&world.log_file)?;
        let child = Command::new(&program)
            .args(["serve", "--allow-demo-sign-in", "--config"])
            .arg(&world.config_file)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .with_context(|| format!("cannot start {}", Path::new(&program).display()))?;
        let mut service = Self { child };
        let start = Instant::now();
        while !answers(&world.web).await {
            if let Some(status) = service.child.try_wait()? {
                let log = fs::read_to_string(&world.log_file)?;
                bail!("picket serve ended with {status}:\n{log}");
            }
            if start.elapsed() > PATIENCE {
                bail!("picket serve does not answer");
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Ok(service)
    }

    /// Waits until it has done what it does at its start.
    pub(crate) async fn rest(&mut self) -> Result<()> {
        let (start, mut rested) = (Instant::now(), 0);
        while rested < SECONDS_OF_REST {
            let before = self.processor_ticks()?;
            tokio::time::sleep(Duration::from_secs(1)).await;
            let used = (self.processor_ticks()? - before) as f64 / 100.0;
            rested = if used < AT_REST { rested + 1 } else { 0 };
            if start.elapsed() > PATIENCE {
                bail!("picket serve does not come to rest: it uses {used:.2} of a processor");
            }
        }
        Ok(())
    }

    /// What it holds in memory.
    pub(crate) fn resident_mib(&self) -> Result<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib = line.and_then(|line| line.split_whitespace().next());
        let kib: u64 = kib.context("no VmRSS")?.parse()?;
        Ok(kib / 1_024)
    }

    /// Ends it.
    pub(crate) fn stop(&mut self) -> Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// Time on a processor so far, in hundredths of a second.
    fn processor_ticks(&self) -> Result<u64> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        // The name, in parentheses, may hold spaces; the times are the 12th and 13th field after it.
        let (_, fields) = stat.rsplit_once(')').context("no process")?;
        let times = fields.split_whitespace().skip(11).take(2);
        times.map(|time| Ok(time.parse::<u64>()?)).sum()
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

async fn answers(web: &str) -> bool {
    let answer = reqwest::get(format!("{web}healthz")).await;
    answer.is_ok()
}
