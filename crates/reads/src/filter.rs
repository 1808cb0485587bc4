//! The filter: which system calls wait to be written down.

use libc::{c_long, sock_filter};

/// The calls that look at a path which is their first argument.
#[cfg(target_arch = "x86_64")]
pub(crate) const BY_PATH: &[c_long] = &[
    libc::SYS_open,
    libc::SYS_stat,
    libc::SYS_lstat,
    libc::SYS_access,
    libc::SYS_readlink,
];
/// The same; this architecture has none of them.
#[cfg(not(target_arch = "x86_64"))]
pub(crate) const BY_PATH: &[c_long] = &[];

/// The calls that look at a path which is their second argument, from the folder that is their
/// first.
pub(crate) const BY_FOLDER: &[c_long] = &[
    libc::SYS_openat,
    libc::SYS_openat2,
    libc::SYS_newfstatat,
    libc::SYS_statx,
    libc::SYS_faccessat,
    libc::SYS_faccessat2,
    libc::SYS_readlinkat,
];

/// The calls by which files could be read without any of the above: programs do without.
const REFUSED: &[c_long] = &[
    libc::SYS_io_uring_setup,
    libc::SYS_name_to_handle_at,
    libc::SYS_open_by_handle_at,
];

/// `AUDIT_ARCH_..` of `linux/audit.h`: the calls' numbers are those of this architecture. `None`: one
/// that nobody tried, for which there is no filter.
const ARCHITECTURE: Option<u32> = if cfg!(target_arch = "x86_64") {
    Some(0xc000_003e)
} else if cfg!(target_arch = "aarch64") {
    Some(0xc000_00b7)
} else {
    None
};

/// From here on, numbers are those of the x32 interface, on `x86_64`.
const X32: u32 = 0x4000_0000;

/// Where the number and the architecture are in `struct seccomp_data`.
const NUMBER_AT: u32 = 0;
const ARCHITECTURE_AT: u32 = 4;

const REFUSE: u32 = libc::SECCOMP_RET_ERRNO | libc::ENOSYS as u32;

/// The filter, as the kernel takes it: a program of classic BPF. `None`: there is none for this
/// architecture.
pub(crate) fn program() -> Option<Vec<sock_filter>> {
    let architecture = ARCHITECTURE?;
    let mut program = vec![
        load(ARCHITECTURE_AT),
        // Calls by another architecture's numbers would be taken for others.
        jump(libc::BPF_JEQ, architecture, 1, 0),
        give(REFUSE),
        load(NUMBER_AT),
        jump(libc::BPF_JGE, X32, 0, 1),
        give(REFUSE),
    ];
    let waiting = BY_PATH.iter().chain(BY_FOLDER);
    let waiting = waiting.map(|call| (*call, libc::SECCOMP_RET_USER_NOTIF));
    let refused = REFUSED.iter().map(|call| (*call, REFUSE));
    for (call, verdict) in waiting.chain(refused) {
        let number = u32::try_from(call).expect("calls have small numbers");
        program.extend([jump(libc::BPF_JEQ, number, 0, 1), give(verdict)]);
    }
    program.push(give(libc::SECCOMP_RET_ALLOW));
    Some(program)
}

fn load(at: u32) -> sock_filter {
    instruction(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, at, 0, 0)
}

fn jump(condition: u32, value: u32, if_so: u8, if_not: u8) -> sock_filter {
    let code = libc::BPF_JMP | condition | libc::BPF_K;
    instruction(code, value, if_so, if_not)
}

fn give(verdict: u32) -> sock_filter {
    instruction(libc::BPF_RET | libc::BPF_K, verdict, 0, 0)
}

fn instruction(code: u32, k: u32, jt: u8, jf: u8) -> sock_filter {
    let code = u16::try_from(code).expect("instructions' codes are small");
    sock_filter { code, jt, jf, k }
}
