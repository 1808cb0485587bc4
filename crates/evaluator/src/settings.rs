//! Every setting of Nix that matters to an evaluation.

use picket_nix::{Nix, NixVersion};
use tokio::process::Command;

/// Whatever the environment and the operator's nix.conf say: an evaluation runs no program, fetches
/// nothing and loads nothing into itself.
///
/// Experimental features add built-ins that restricted evaluation does not keep to the tree: with
/// `flakes`, `fetchTree` and `getFlake` read any folder of the machine. `nix-command` is the
/// program's own name.
const ALWAYS: [(&str, &str); 21] = [
    ("experimental-features", "nix-command"),
    ("accept-flake-config", "false"),
    ("allow-unsafe-native-code-during-evaluation", "false"),
    ("plugin-files", ""),
    ("pre-build-hook", ""),
    ("post-build-hook", ""),
    ("diff-hook", ""),
    ("run-diff-hook", "false"),
    ("build-hook", ""),
    ("builders", ""),
    ("substituters", ""),
    ("extra-substituters", ""),
    ("trusted-substituters", ""),
    ("access-tokens", ""),
    ("netrc-file", "/dev/null"),
    ("nix-path", ""),
    ("pure-eval", "false"),
    ("trace-verbose", "false"),
    ("trace-function-calls", "false"),
    ("max-jobs", "0"),
    // A group that owns the store would have to be looked up, and the store given to it.
    ("build-users-group", ""),
];

/// What keeps an evaluation to the tree.
const RESTRICTED: [(&str, &str); 3] = [
    ("restrict-eval", "true"),
    ("allowed-uris", ""),
    ("allow-import-from-derivation", "false"),
];

/// What is added to all that on newer versions, where a warning would tell of an unknown setting.
const NEWER: [((u64, u64), &str, &str); 3] = [
    ((2, 23), "max-call-depth", "10000"),
    ((2, 26), "abort-on-warn", "false"),
    ((2, 26), "debugger-on-trace", "false"),
];

/// Adds the operator's settings, and then ours, which win.
pub(crate) fn add(
    command: &mut Command,
    nix: &Nix,
    version: &NixVersion,
    restricted: bool,
    system: Option<&str>,
) {
    nix.add_options(command);
    let mut set = |name: &str, value: &str| {
        command.args(["--option", name, value]);
    };
    ALWAYS.iter().for_each(|(name, value)| set(name, value));
    if restricted {
        RESTRICTED.iter().for_each(|(name, value)| set(name, value));
    }
    for ((major, minor), name, value) in NEWER {
        if version.is_at_least_numbers(major, minor) {
            set(name, value);
        }
    }
    if let Some(system) = system {
        set("system", system);
    }
}
