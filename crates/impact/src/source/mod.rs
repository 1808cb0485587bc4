//! What a Nix file says, as far as one can know without evaluating it: which names it mentions,
//! which paths it refers to, and of which parts it consists.
//!
//! A file that is a large set, such as `all-packages.nix`, `python-packages.nix`, `lib/strings.nix` or
//! the list of maintainers, is split: each of its bindings is a unit of its own, which others reach by
//! its name. Any other file is one unit, which others reach by its path.

mod split;
mod units;

pub(crate) use split::LARGE;
pub(crate) use units::{FileFacts, PathRef, UnitFacts};

use picket_proposal::is_bounded;

/// Larger files are one unit: a tree takes some thirty times their size.
const SIZE_MAX: usize = 8 << 20;

/// Here are NixOS's modules. These are sets as well, but nothing reaches what they bind by its name
/// alone, and their names are everywhere: `config`, `options`.
const MODULES: &str = "nixos/";

/// What the file at this path of the tree says; `None` where it is no Nix that can be read, and thus may say anything.
pub(crate) fn facts(path: &str, content: &[u8]) -> Option<FileFacts> {
    let text = std::str::from_utf8(content).ok()?;
    let is_split = text.len() <= SIZE_MAX && !path.starts_with(MODULES);
    let parts = if is_split && is_bounded(text) {
        split::parts(text)
    } else {
        Vec::new()
    };
    Some(units::of(text, &parts))
}
