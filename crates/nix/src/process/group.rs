//! A program with all that it starts, as one thing that can be ended.

use std::io;
use std::process::ExitStatus;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use tokio::process::{Child, Command};
use tokio::time::timeout;

use super::proc::descendants;

/// How long a cancelled program may take to stop its own children before it is killed.
const GRACE: Duration = Duration::from_secs(5);

/// A running program that leads a process group of its own.
///
/// When dropped before its end, the group is asked to stop (Nix then stops its builders, which
/// have sessions of their own and would not be reached by a signal to the group) and killed
/// where it does not, with every process that it started, whatever its session.
#[derive(Debug)]
pub struct Group {
    child: Option<Child>,
    leader: Option<Pid>,
}

impl Group {
    /// Starts a program.
    ///
    /// # Errors
    /// Where it cannot be started.
    pub fn spawn(command: &mut Command) -> io::Result<Self> {
        let child = command.process_group(0).kill_on_drop(true).spawn()?;
        let leader = child
            .id()
            .and_then(|id| i32::try_from(id).ok())
            .and_then(Pid::from_raw);
        Ok(Self {
            child: Some(child),
            leader,
        })
    }

    /// The program's process; `None`: it has ended.
    pub fn leader(&self) -> Option<Pid> {
        self.leader
    }

    /// The program.
    pub fn child(&mut self) -> &mut Child {
        self.child
            .as_mut()
            .expect("the child is taken out in drop alone")
    }

    /// Kills it at once, for a program that has nothing to put in order.
    pub fn kill(&self) {
        if let Some(leader) = self.leader {
            kill_all(leader);
        }
    }

    /// Waits for the program's end.
    ///
    /// # Errors
    /// Where it cannot be waited for.
    pub async fn wait(&mut self) -> io::Result<ExitStatus> {
        let status = self.child().wait().await?;
        self.leader = None;
        Ok(status)
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        let (Some(mut child), Some(leader)) = (self.child.take(), self.leader) else {
            return;
        };
        // A group that is gone already is as it should be.
        let _ = kill_process_group(leader, Signal::TERM);
        drop(child.stdin.take());
        let Ok(runtime) = tokio::runtime::Handle::try_current() else {
            kill_all(leader);
            return;
        };
        runtime.spawn(async move {
            if timeout(GRACE, child.wait()).await.is_err() {
                kill_all(leader);
                let _ = child.wait().await;
            }
            // What did not stop with its leader is still in the group.
            let _ = kill_process_group(leader, Signal::KILL);
        });
    }
}

/// Kills a process group, and all that its leader started.
fn kill_all(leader: Pid) {
    let started = descendants(leader);
    let _ = kill_process_group(leader, Signal::KILL);
    for process in started {
        let _ = kill_process(process, Signal::KILL);
    }
}
