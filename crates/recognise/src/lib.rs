#![doc = include_str!("../README.md")]

mod bump;
mod denial;
mod evidence;
mod links;
mod packages;
mod place;
mod reason;
mod recognise;
mod recognition;
mod scope;
mod subject;
mod text;
mod title;
mod update;
mod version;
mod vocabulary;
mod words;

pub use bump::{Bump, bumps};
pub use evidence::{Evidence, Watched};
pub use place::Place;
pub use reason::Reason;
pub use recognise::recognise;
pub use recognition::{ENOUGH, Recognition};
pub use scope::{in_scope, is_about};
pub use subject::{SECURITY_LABEL, Subject};
