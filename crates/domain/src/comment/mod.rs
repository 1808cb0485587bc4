//! What a pull request is told upstream: one comment, which is edited as things change.
//!
//! Upstream is not ours. A comment is begun only where something came of a decision of the team that
//! concerns those who read the pull request: it is released, it needs help, or a channel is not
//! affected. Once there is one it is kept true. Nothing that others wrote gets into it as Markdown: see
//! [`comment`].

mod code;
mod record;
mod said;
mod site;
#[cfg(test)]
mod tests;
mod text;

pub use record::{CommentEnd, CommentId, CommentPlace, CommentRecord, CommentStep};
pub use site::CommentSite;
pub use text::{Comment, comment};
