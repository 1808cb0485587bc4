//! Throw-away Nix stores that need neither root nor `/nix`.
//!
//! A store path's hash covers the folder that the store is in: who shares a binary cache must
//! agree on it. So all parties of a test world see their store in the *same logical folder*, and
//! yet each must have a *store of its own*, or there would be nothing to substitute.
//!
//! - [`NixStore::create`] makes a plain store: its logical folder is where it really is. Its
//!   commands are ordinary ones with an environment, and its paths can be read as they are. Picket
//!   itself, which reads what it built, has this one.
//! - [`NixStore::twin`] makes a store that claims the same logical folder and is kept in another
//!   place. Its commands run in a mount namespace of their own (`unshare --mount`, for anybody but
//!   root with `--map-root-user`) in which its place is mounted over the logical folder. The
//!   official side and clients have these. [`NixStore::physical`] says where one of its paths is
//!   to be read from outside.
//!
//! Nix's own `local?root=` and `local?real=` were turned down: builds in such a diverted store
//! need the sandbox (which `nix-channel --update` and `nix-env` run into as well, since the channel
//! and the profile are builds), and what they install cannot be run.

mod conf;
mod isolation;
mod jobs;
mod newer;
mod store;

pub use self::conf::NixConf;
pub use self::jobs::{HELPERS, with_helpers, write_files};
pub use self::newer::{NewerNix, SkipReason};
pub use self::store::NixStore;
