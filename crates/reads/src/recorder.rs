//! Starting a program whose looks are written down.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;

use indexmap::IndexSet;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;

use crate::call::{Looked, looked};
use crate::filter;
use crate::kernel::{let_go_on, listen, receive};
use crate::look::Look;

/// What a program has looked at in a tree so far.
///
/// The thread that started the program lives as long as this does: a program that is to end with
/// what started it (`PR_SET_PDEATHSIG`) ends with that thread.
#[derive(Debug)]
pub struct Reads {
    seen: Arc<Mutex<Seen>>,
    /// Ends the thread when it is dropped.
    _alive: Sender<()>,
}

#[derive(Debug, Default)]
struct Seen {
    looks: IndexSet<Look>,
    /// Whether it looked at something that nobody can tell.
    incomplete: bool,
}

impl Reads {
    /// Forgets what there was until now, as what it takes to start the program.
    pub fn forget(&self) {
        *lock(&self.seen) = Seen::default();
    }

    /// How many looks there were; `None`: it looked at something that nobody can tell.
    ///
    /// All that the program looked at before it wrote what we have read of it is among them.
    pub fn count(&self) -> Option<usize> {
        let seen = lock(&self.seen);
        (!seen.incomplete).then_some(seen.looks.len())
    }

    /// The looks, each once, in the order in which they came; from then on, there are none.
    pub fn take(&self) -> IndexSet<Look> {
        std::mem::take(&mut lock(&self.seen).looks)
    }
}

/// Whether this kernel tells what programs look at.
pub fn works() -> bool {
    recorded(Path::new("/"), || ()).is_ok()
}

/// Starts something on a thread of its own, and hears of each look that this and all that comes of
/// it take at a folder, which is canonical, and what is in it.
///
/// # Errors
/// Where the kernel does not tell; nothing is started then.
pub fn recorded<T: Send + 'static>(
    root: &Path,
    start: impl FnOnce() -> T + Send + 'static,
) -> io::Result<(T, Reads)> {
    let seen = Arc::<Mutex<Seen>>::default();
    let recorder = Recorder {
        root: root.to_owned(),
        seen: Arc::clone(&seen),
    };
    let (alive, ended) = channel();
    let (tell, told) = channel();
    named("reads of", move || {
        if let Some(started) = under_filter(start, recorder, &tell) {
            // Whoever started it may be gone by now, with all that was started.
            let _ = tell.send(Ok(started));
            let _ = ended.recv();
        }
    })?;
    let started = told
        .recv()
        .unwrap_or_else(|_| Err(io::ErrorKind::Other.into()))?;
    let reads = Reads {
        seen,
        _alive: alive,
    };
    Ok((started, reads))
}

/// Puts this thread under the filter, has another one write down, and starts what is to be started.
fn under_filter<T>(
    start: impl FnOnce() -> T,
    recorder: Recorder,
    tell: &Sender<io::Result<T>>,
) -> Option<T> {
    let (give, take) = channel::<OwnedFd>();
    // It is there before the filter is: where it could not be started, nothing must wait for it.
    let begun = named("reads", move || {
        if let Ok(listener) = take.recv() {
            recorder.record(&listener);
        }
    });
    let listening = begun.and_then(|()| {
        let mut filter = filter::program().ok_or(io::ErrorKind::Unsupported)?;
        listen(&mut filter)
    });
    match listening {
        Ok(listener) => {
            let _ = give.send(listener);
            Some(start())
        }
        Err(error) => {
            let _ = tell.send(Err(error));
            None
        }
    }
}

fn named(name: &str, work: impl FnOnce() + Send + 'static) -> io::Result<()> {
    thread::Builder::new()
        .name(name.to_owned())
        .spawn(work)
        .map(drop)
}

/// What writes down the looks.
struct Recorder {
    root: PathBuf,
    seen: Arc<Mutex<Seen>>,
}

impl Recorder {
    /// Hears of calls until nobody can make one any more.
    fn record(&self, listener: &OwnedFd) {
        while is_ready(listener) {
            let call = match receive(listener.as_fd()) {
                Ok(call) => call,
                // It was killed, or a signal came between: it asks again.
                Err(error) if is_passing(&error) => continue,
                Err(_) => break,
            };
            self.write_down(looked(&call));
            match let_go_on(listener.as_fd(), &call) {
                Ok(()) => {}
                Err(error) if is_passing(&error) => {}
                Err(_) => break,
            }
        }
    }

    fn write_down(&self, looked: Looked) {
        match looked {
            Looked::At(path, what) => {
                if let Ok(path) = path.strip_prefix(&self.root) {
                    let path = path.to_owned();
                    lock(&self.seen).looks.insert(Look { path, what });
                }
            }
            Looked::Nothing => {}
            Looked::Unknown => lock(&self.seen).incomplete = true,
        }
    }
}

/// Waits for a call; false: nobody is left who could make one.
fn is_ready(listener: &OwnedFd) -> bool {
    loop {
        let mut polled = [PollFd::new(listener, PollFlags::IN)];
        match poll(&mut polled, None) {
            Ok(_) => return polled[0].revents().contains(PollFlags::IN),
            Err(Errno::INTR) => {}
            Err(_) => return false,
        }
    }
}

fn is_passing(error: &io::Error) -> bool {
    let passing = [Errno::NOENT, Errno::INTR].map(Errno::raw_os_error);
    error
        .raw_os_error()
        .is_some_and(|code| passing.contains(&code))
}

fn lock(seen: &Mutex<Seen>) -> MutexGuard<'_, Seen> {
    seen.lock().expect("nobody panics while holding it")
}
