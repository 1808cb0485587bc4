//! The three calls of seccomp's that no library makes: the only unsafe code of Picket.
//!
//! What is asked for and answered is described in seccomp(2) and `seccomp_unotify(2)`.

#![expect(unsafe_code, reason = "seccomp's interface is one of pointers")]

use std::io;
use std::os::fd::{BorrowedFd, FromRawFd, OwnedFd, RawFd};

use libc::{seccomp_notif, seccomp_notif_resp, sock_filter, sock_fprog};
use rustix::ioctl::{Opcode, Updater, ioctl, opcode};

const RECEIVE: Opcode = opcode::read_write::<seccomp_notif>(b'!', 0);
const SEND: Opcode = opcode::read_write::<seccomp_notif_resp>(b'!', 1);

/// A system call that waits.
#[derive(Debug)]
pub(crate) struct Waiting {
    /// What it is answered by.
    id: u64,
    /// The thread that made it, as `/proc` knows it.
    pub(crate) thread: u32,
    /// Its number.
    pub(crate) number: i64,
    /// Its arguments.
    pub(crate) arguments: [u64; 6],
}

/// Puts the calling thread, and all that it starts from now on, under a filter, for good. What waits
/// by it is heard of by the descriptor.
///
/// # Errors
/// Where the kernel has no such thing, or somebody else listens to this thread already.
pub(crate) fn listen(filter: &mut [sock_filter]) -> io::Result<OwnedFd> {
    rustix::thread::set_no_new_privs(true)?;
    let program = sock_fprog {
        len: u16::try_from(filter.len()).map_err(io::Error::other)?,
        filter: filter.as_mut_ptr(),
    };
    // SAFETY: the program points to `len` instructions, which the kernel copies during the call.
    let listener = unsafe {
        libc::syscall(
            libc::SYS_seccomp,
            libc::SECCOMP_SET_MODE_FILTER,
            libc::SECCOMP_FILTER_FLAG_NEW_LISTENER,
            &raw const program,
        )
    };
    let listener = RawFd::try_from(listener).map_err(io::Error::other)?;
    if listener < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the kernel has just made this descriptor for us, and nobody else has it.
    Ok(unsafe { OwnedFd::from_raw_fd(listener) })
}

/// The next call that waits.
///
/// # Errors
/// `ENOENT` where it went away meanwhile, as where its program was killed.
pub(crate) fn receive(listener: BorrowedFd<'_>) -> io::Result<Waiting> {
    // SAFETY: it holds integers alone, and the kernel asks that all of them be zero.
    let mut call: seccomp_notif = unsafe { std::mem::zeroed() };
    // SAFETY: this operation writes one `seccomp_notif`.
    unsafe { ioctl(listener, Updater::<RECEIVE, _>::new(&mut call)) }?;
    Ok(Waiting {
        id: call.id,
        thread: call.pid,
        number: i64::from(call.data.nr),
        arguments: call.data.args,
    })
}

/// Lets a call go on as if nobody had heard of it.
///
/// # Errors
/// `ENOENT` where it went away meanwhile.
pub(crate) fn let_go_on(listener: BorrowedFd<'_>, call: &Waiting) -> io::Result<()> {
    let mut answer = seccomp_notif_resp {
        id: call.id,
        val: 0,
        error: 0,
        flags: libc::SECCOMP_USER_NOTIF_FLAG_CONTINUE as u32,
    };
    // SAFETY: this operation reads one `seccomp_notif_resp`.
    unsafe { ioctl(listener, Updater::<SEND, _>::new(&mut answer)) }?;
    Ok(())
}
