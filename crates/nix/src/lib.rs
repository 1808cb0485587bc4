//! Running Nix's programs: what builder and evaluator share.
//!
//! - [`Nix`] is the installed Nix: where its programs are, and with which environment and settings
//!   they are started.
//! - [`process`] runs a program within bounds, and ends it with all that it started when nobody
//!   waits for it any more.
//! - [`text`] makes what a program said fit to be kept and shown.
//! - [`derivation`] reads what a derivation says of itself.

pub mod derivation;
mod error;
mod nix;
pub mod process;
pub mod text;
mod version;

pub use error::NixError;
pub use nix::{Installed, Nix, NixConfig, Settings};
pub use version::{NixVersion, NotAVersion};
