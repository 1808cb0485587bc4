//! What clients of the binary cache get a second from `picket serve`, and from nginx with the same
//! files: by `wrk`, one after the other, three times each.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, bail, ensure};
use serde::Serialize;
use tempfile::TempDir;

use crate::service::Service;
use crate::world::{World, free_address};

/// Narinfos of a closure.
const NARINFOS: usize = 400;
/// A large NAR, in bytes.
const NAR: usize = 100_000_000;
const ROUNDS: usize = 3;
const SECONDS: u32 = 3;

/// One kind of work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Work {
    NarInfos,
    Absent,
    Nar { connections: u32 },
}

impl Work {
    const ALL: [Self; 4] = [
        Self::NarInfos,
        Self::Absent,
        Self::Nar { connections: 1 },
        Self::Nar { connections: 4 },
    ];

    fn name(self) -> String {
        match self {
            Self::NarInfos => "narinfos a second, 64 connections".to_owned(),
            Self::Absent => "404s a second, 64 connections".to_owned(),
            Self::Nar { connections: 1 } => "MB/s of a NAR of 100 MB, 1 connection".to_owned(),
            Self::Nar { connections } => format!("MB/s of it, {connections} connections"),
        }
    }

    fn connections(self) -> u32 {
        match self {
            Self::NarInfos | Self::Absent => 64,
            Self::Nar { connections } => connections,
        }
    }
}

/// The figures of one kind of work: medians.
#[derive(Serialize)]
pub(crate) struct Row {
    work: String,
    picket: f64,
    nginx: f64,
}

/// Measures with an empty channel.
pub(crate) async fn measure(world: &World) -> Result<Vec<Row>> {
    let public = world.public();
    let files = Files::write(&public)?;
    let mut service = Service::start(world).await?;
    service.rest().await?;
    let nginx = Nginx::start(&public).await?;
    let mut rows = Vec::new();
    for work in Work::ALL {
        let mut figures = [Vec::new(), Vec::new()];
        for _ in 0..ROUNDS {
            for (figures, web) in figures.iter_mut().zip([&world.web, &nginx.web]) {
                figures.push(wrk(work, web, &files)?);
            }
        }
        let [picket, nginx] = figures.map(median);
        rows.push(Row {
            work: work.name(),
            picket,
            nginx,
        });
    }
    service.stop()?;
    Ok(rows)
}

/// The figures as a table.
pub(crate) fn table(rows: &[Row]) -> String {
    let mut text = String::from("| | picket serve | nginx |\n|---|---|---|\n");
    for row in rows {
        text += &format!("| {} | {:.0} | {:.0} |\n", row.work, row.picket, row.nginx);
    }
    text
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}

/// What is asked for, as a script of wrk.
struct Files {
    narinfos: PathBuf,
    absent: PathBuf,
    nar: String,
    _dir: TempDir,
}

impl Files {
    fn write(public: &Path) -> Result<Self> {
        let cache = public.join("cache");
        fs::create_dir_all(cache.join("nar"))?;
        let hash = |n: usize| format!("{n:032}");
        for n in 0..NARINFOS {
            let lines: String = (0..12)
                .map(|line| format!("Field{line}: {n:064}\n"))
                .collect();
            fs::write(cache.join(format!("{}.narinfo", hash(n))), lines)?;
        }
        let nar = format!("nar/{:052}.nar.zst", 0);
        fs::write(cache.join(&nar), vec![7_u8; NAR])?;
        let dir = tempfile::tempdir()?;
        let script = |name: &str, first: usize| -> Result<PathBuf> {
            let path = dir.path().join(name);
            let text = format!(
                "local n = 0\nrequest = function()\n  n = (n + 1) % {NARINFOS}\n  \
                 return wrk.format('GET', string.format('/cache/%032d.narinfo', {first} + n))\nend\n"
            );
            fs::write(&path, text)?;
            Ok(path)
        };
        Ok(Self {
            narinfos: script("narinfos.lua", 0)?,
            absent: script("absent.lua", 1_000_000)?,
            nar: format!("cache/{nar}"),
            _dir: dir,
        })
    }
}

/// Requests a second, or megabytes.
fn wrk(work: Work, web: &str, files: &Files) -> Result<f64> {
    let mut command = Command::new("wrk");
    command.args([
        "-t2",
        &format!("-c{}", work.connections().max(2)),
        &format!("-d{SECONDS}s"),
    ]);
    if work == (Work::Nar { connections: 1 }) {
        command = Command::new("wrk");
        command.args(["-t1", "-c1", &format!("-d{SECONDS}s")]);
    }
    match work {
        Work::NarInfos => command.arg("-s").arg(&files.narinfos).arg(web),
        Work::Absent => command.arg("-s").arg(&files.absent).arg(web),
        Work::Nar { .. } => command.arg(format!("{web}{}", files.nar)),
    };
    let output = command.output().context("wrk cannot be run")?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    ensure!(output.status.success(), "wrk failed: {said}");
    let is_odd =
        said.contains("Non-2xx") != (work == Work::Absent) || said.contains("Socket errors");
    ensure!(!is_odd, "not all requests were answered: {said}");
    let field = |name: &str| said.lines().find_map(|line| line.trim().strip_prefix(name));
    match work {
        Work::NarInfos | Work::Absent => {
            let figure = field("Requests/sec:").context("no figure")?;
            Ok(figure.trim().parse()?)
        }
        Work::Nar { .. } => megabytes(field("Transfer/sec:").context("no figure")?.trim()),
    }
}

/// wrk's units are powers of 1,024.
fn megabytes(text: &str) -> Result<f64> {
    let units = [("GB", 1_073.741_824), ("MB", 1.048_576), ("KB", 0.001_024)];
    for (unit, factor) in units {
        if let Some(number) = text.strip_suffix(unit) {
            return Ok(number.parse::<f64>()? * factor);
        }
    }
    bail!("wrk says {text:?}")
}

/// nginx with the same files; killed when dropped.
struct Nginx {
    child: Child,
    web: String,
    _dir: TempDir,
}

impl Nginx {
    async fn start(public: &Path) -> Result<Self> {
        let (dir, listen) = (tempfile::tempdir()?, free_address().await?);
        let at = dir.path().display();
        let conf = format!(
            "daemon off; pid {at}/pid; error_log {at}/error.log; worker_processes 2;\n\
             events {{ worker_connections 1024; multi_accept on; }}\n\
             http {{ access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000000;\n\
             open_file_cache max=10000 inactive=60s; open_file_cache_errors on; types {{ }}\n\
             client_body_temp_path {at}/b; proxy_temp_path {at}/p; fastcgi_temp_path {at}/f;\n\
             uwsgi_temp_path {at}/u; scgi_temp_path {at}/s;\n\
             server {{ listen {listen}; root {}; }} }}\n",
            public.display()
        );
        let file = dir.path().join("nginx.conf");
        fs::write(&file, conf)?;
        // Its workers must reach the files.
        let child = Command::new("nginx")
            .arg("-c")
            .arg(&file)
            .args(["-g", "user root;"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("nginx cannot be run")?;
        let nginx = Self {
            child,
            web: format!("http://{listen}/"),
            _dir: dir,
        };
        for _ in 0..100 {
            if reqwest::get(&nginx.web).await.is_ok() {
                return Ok(nginx);
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        bail!("nginx does not answer")
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // Its workers end when their master is told to stop, and not when it is killed.
        let pid = self.child.id().to_string();
        let _ = Command::new("kill").arg(pid).status();
        let _ = self.child.wait();
    }
}
