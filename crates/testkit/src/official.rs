//! The official side: a channel's release folder and a signed binary cache of the base.
