//! The sandbox that takes no privilege.

use std::io;
use std::path::{Path, PathBuf};

use landlock::{
    ABI, Access, AccessFs, AccessNet, CompatLevel, Compatible, Ruleset, RulesetAttr,
    RulesetCreatedAttr, RulesetError, RulesetStatus, Scope, path_beneath_rules,
};
use picket_nix::process::Group;
use tokio::process::Command;
use tokio::runtime::Handle;

use super::Places;

/// The oldest interface that will do: the first one that also keeps from the network.
const OLDEST: ABI = ABI::V4;
/// The newest that is used where the kernel has it: it keeps from signals and abstract sockets, too.
const NEWEST: ABI = ABI::V6;

/// What programs open, whatever they do.
const DEVICES: [&str; 4] = ["/dev/null", "/dev/zero", "/dev/random", "/dev/urandom"];

/// Whether this kernel has it.
pub(super) fn works() -> bool {
    let places = (Vec::new(), Vec::new());
    on_a_thread(move || restrict(&places.0, &places.1)).is_ok()
}

/// Starts a program in it.
///
/// The restriction is a thread's, for what it starts from then on: so a thread of its own starts the
/// program, and ends.
pub(super) fn spawn(command: &mut Command, places: &Places) -> io::Result<Group> {
    let runtime = Handle::current();
    let read = places.read.iter().cloned();
    let devices = DEVICES.iter().map(PathBuf::from);
    let own = [
        PathBuf::from("/proc/self"),
        "/proc/cpuinfo".into(),
        "/proc/meminfo".into(),
    ];
    let read: Vec<_> = read.chain(own).collect();
    let mut write = places.write.clone();
    write.extend(devices);
    write.push(places.home.clone());
    std::fs::create_dir_all(&places.home)?;
    on_a_thread(move || {
        let _runtime = runtime.enter();
        restrict(&read, &write)?;
        Group::spawn(command)
    })
}

fn on_a_thread<T: Send>(work: impl FnOnce() -> io::Result<T> + Send) -> io::Result<T> {
    std::thread::scope(|scope| match scope.spawn(work).join() {
        Ok(done) => done,
        Err(panic) => std::panic::resume_unwind(panic),
    })
}

/// Keeps the calling thread from everything else.
fn restrict(read: &[PathBuf], write: &[PathBuf]) -> io::Result<()> {
    let status = try_restrict(read, write).map_err(io::Error::other)?;
    match status {
        RulesetStatus::NotEnforced => Err(io::Error::other("the kernel has no Landlock")),
        RulesetStatus::PartiallyEnforced | RulesetStatus::FullyEnforced => Ok(()),
    }
}

fn try_restrict(read: &[PathBuf], write: &[PathBuf]) -> Result<RulesetStatus, RulesetError> {
    fn paths(of: &[PathBuf]) -> impl Iterator<Item = &Path> {
        of.iter().map(PathBuf::as_path)
    }
    let ruleset = Ruleset::default()
        .set_compatibility(CompatLevel::HardRequirement)
        .handle_access(AccessFs::from_all(OLDEST))?
        .handle_access(AccessNet::from_all(OLDEST))?
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(NEWEST))?
        .scope(Scope::from_all(NEWEST))?
        .create()?
        .add_rules(path_beneath_rules(paths(read), AccessFs::from_read(NEWEST)))?
        .add_rules(path_beneath_rules(paths(write), AccessFs::from_all(NEWEST)))?;
    Ok(ruleset.restrict_self()?.ruleset)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn the_kernel_refuses_what_was_not_let_in() {
        let dir = tempfile::tempdir().unwrap();
        let [inside, outside] = ["inside", "outside"].map(|name| dir.path().join(name));
        for folder in [&inside, &outside] {
            fs::create_dir(folder).unwrap();
            fs::write(folder.join("file"), "").unwrap();
        }
        let read = [inside.clone()];
        let opened = on_a_thread(|| {
            restrict(&read, &[])?;
            let files = [inside.join("file"), outside.join("file")];
            Ok(files.map(|file| fs::read(file).is_ok()))
        });
        assert_eq!(opened.unwrap(), [true, false]);
        assert!(
            fs::read(outside.join("file")).is_ok(),
            "of that thread alone"
        );
    }
}
