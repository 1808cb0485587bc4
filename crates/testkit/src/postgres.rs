//! A throw-away PostgreSQL server.
//!
//! It listens on a Unix socket in a temporary folder, so that no two servers fight for a port, and
//! does not sync, since nothing in it is to last. A small shell process watches over it: it stops
//! the server and removes the folder as soon as its standard input ends, which it does when the
//! [`Postgres`] is dropped, and also when the test process ends in any other way.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::{Context, Result, anyhow, bail, ensure};

/// Arguments: the folder of the programs, the temporary folder. Says `ready` when clients can come.
const KEEPER: &str = r#"
bin=$1 dir=$2
trap '' HUP INT TERM PIPE
trap '"$bin/pg_ctl" -D "$dir/data" -m immediate -w stop >/dev/null 2>&1; rm -rf "$dir"' EXIT
cd "$dir" || exit
{
    "$bin/initdb" -D "$dir/data" -U postgres -A trust -E UTF8 --no-locale --no-sync &&
    cat >>"$dir/data/postgresql.conf" <<END &&
listen_addresses = ''
unix_socket_directories = '$dir'
max_connections = 200
shared_buffers = 32MB
fsync = off
END
    "$bin/pg_ctl" -D "$dir/data" -l "$dir/server.log" -w start
} >"$dir/start.log" 2>&1 </dev/null || { cat "$dir"/*.log; exit 1; }
echo ready
read -r _
"#;

/// Programs that must be in one folder.
const PROGRAMS: [&str; 4] = ["initdb", "pg_ctl", "postgres", "psql"];

/// A running server.
#[derive(Debug)]
pub struct Postgres {
    bin: PathBuf,
    dir: PathBuf,
    keeper: Child,
    databases: AtomicU32,
}

impl Postgres {
    /// Starts a server, which takes about two seconds.
    ///
    /// # Errors
    /// No PostgreSQL is installed (the error says what to install), or it does not start.
    pub fn start() -> Result<Self> {
        let bin = find_programs()?;
        let dir = tempfile::Builder::new()
            .prefix("picket-postgres-")
            .tempdir()
            .context("cannot make a temporary folder")?
            .keep();
        let mut keeper = Command::new("sh");
        keeper.args([OsStr::new("-c"), OsStr::new(KEEPER), OsStr::new("keeper")]);
        keeper.args([&bin, &dir]);
        run_unprivileged(&mut keeper, &dir)?;
        let keeper = keeper
            // In a group of its own, Ctrl-C does not end it before it has cleaned up.
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .context("cannot run sh")?;
        let mut server = Self {
            bin,
            dir,
            keeper,
            databases: AtomicU32::new(0),
        };
        server.wait_until_ready()?;
        Ok(server)
    }

    /// The server that all tests of this process share. It is stopped when the process ends.
    ///
    /// # Errors
    /// As [`Postgres::start`], for every caller.
    pub fn shared() -> Result<&'static Self> {
        static SHARED: OnceLock<Result<Postgres, String>> = OnceLock::new();
        SHARED
            .get_or_init(|| Self::start().map_err(|error| format!("{error:#}")))
            .as_ref()
            .map_err(|error| anyhow!(error.clone()))
    }

    /// Makes a new, empty database and returns its URL.
    ///
    /// # Errors
    /// The server does not answer.
    pub fn database_url(&self) -> Result<String> {
        let name = format!("test_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        let output = Command::new(self.bin.join("psql"))
            .args([
                "--no-psqlrc",
                "--quiet",
                "--username=postgres",
                "--dbname=postgres",
            ])
            .arg("--host")
            .arg(&self.dir)
            .arg(format!("--command=CREATE DATABASE {name}"))
            .stdin(Stdio::null())
            .output()
            .context("cannot run psql")?;
        ensure!(
            output.status.success(),
            "cannot create a database: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        let mut url = url::Url::parse("postgres://postgres@localhost")?;
        url.set_path(&name);
        let dir = self
            .dir
            .to_str()
            .context("the temporary folder's name is not UTF-8")?;
        url.query_pairs_mut().append_pair("host", dir);
        Ok(url.into())
    }

    fn wait_until_ready(&mut self) -> Result<()> {
        let stdout = self
            .keeper
            .stdout
            .take()
            .context("the keeper has no output")?;
        let mut stdout = BufReader::new(stdout);
        let mut line = String::new();
        stdout.read_line(&mut line)?;
        if line.trim_end() != "ready" {
            stdout.read_to_string(&mut line)?;
            bail!("PostgreSQL does not start: {line}");
        }
        Ok(())
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        // Nothing can be done here about a keeper that cannot be waited for.
        let _ = self.keeper.wait();
    }
}

/// The folder with PostgreSQL's programs: of the first `initdb` in `PATH`, or the newest of those
/// where Debian keeps them, which is not in `PATH`.
fn find_programs() -> Result<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut debian: Vec<_> = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path().join("bin")))
        .collect();
    debian.sort_by_key(|bin| {
        let version = bin
            .parent()
            .and_then(Path::file_name)
            .and_then(OsStr::to_str);
        std::cmp::Reverse(version.and_then(|version| version.parse::<u32>().ok()))
    });
    std::env::split_paths(&path)
        .chain(debian)
        .filter_map(|bin| bin.join("initdb").canonicalize().ok()?.parent().map(Path::to_owned))
        .find(|bin| PROGRAMS.iter().all(|program| bin.join(program).is_file()))
        .context(
            "no PostgreSQL server found (initdb, pg_ctl, postgres, psql), neither in PATH nor in \
             /usr/lib/postgresql/*/bin: install the package `postgresql` (Debian, Nix: 15 or later)",
        )
}

/// PostgreSQL refuses to run as root: then it runs as Debian's `postgres`, or as nobody.
fn run_unprivileged(command: &mut Command, dir: &Path) -> Result<()> {
    if dir.metadata()?.uid() != 0 {
        return Ok(());
    }
    let users = std::fs::read_to_string("/etc/passwd").context("cannot read /etc/passwd")?;
    let (uid, gid) = ["postgres", "nobody"]
        .iter()
        .find_map(|name| ids_of(&users, name))
        .context("running as root, and there is neither a user postgres nor nobody")?;
    chown(dir, Some(uid), Some(gid))?;
    command.uid(uid).gid(gid);
    Ok(())
}

/// A user's id and group id, from the text of `/etc/passwd`.
fn ids_of(users: &str, name: &str) -> Option<(u32, u32)> {
    users.lines().find_map(|line| {
        let mut fields = line.split(':');
        if fields.next()? != name {
            return None;
        }
        Some((fields.nth(1)?.parse().ok()?, fields.next()?.parse().ok()?))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dropped_server_leaves_nothing_behind() {
        let server = Postgres::start().unwrap();
        let first = server.database_url().unwrap();
        let second = server.database_url().unwrap();
        assert_ne!(first, second);
        let pid_file = server.dir.join("data/postmaster.pid");
        let pid_file = std::fs::read_to_string(pid_file).unwrap();
        let command_line = Path::new("/proc")
            .join(pid_file.lines().next().unwrap())
            .join("cmdline");
        // Of a process that ended and was not waited for yet, it is empty.
        let runs = || std::fs::read(&command_line).is_ok_and(|it| !it.is_empty());
        assert!(runs());

        let dir = server.dir.clone();
        drop(server);
        assert!(!dir.exists());
        assert!(!runs());
    }

    #[test]
    fn users_are_found_by_name() {
        let users = "root:x:0:0:root:/root:/bin/sh\npostgres:x:101:104:,,,:/var/lib:/bin/bash\n";
        assert_eq!(ids_of(users, "postgres"), Some((101, 104)));
        assert_eq!(ids_of(users, "post"), None);
    }
}
