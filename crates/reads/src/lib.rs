//! Which files of a tree a program looks at.
//!
//! A program's answer is a function of what it reads. Where that is known whole, the same answer
//! holds for every other tree in which it would read the same; so nothing has to be asked again of
//! a tree that differs elsewhere.
//!
//! What is read is not guessed from what the program says, but heard from the kernel: each system
//! call that takes a path waits, by a filter of [seccomp], until it is written down here. That
//! covers what is not there, too: a path that was tried and not found is part of the answer.
//!
//! - [`recorded`] starts a program so, and [`Reads`] has what it looked at, in order.
//! - [`Tree`] says what a [`Look`] shows in a tree: a digest that is the same where the program
//!   would see the same.
//!
//! [seccomp]: https://man7.org/linux/man-pages/man2/seccomp_unotify.2.html

mod call;
mod digest;
mod filter;
mod kernel;
mod look;
mod recorder;

pub use digest::Tree;
pub use look::{Look, What};
pub use recorder::{Reads, recorded, works};
