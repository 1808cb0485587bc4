//! How long whoever fetched a published file may keep it: what Picket sends itself, and what a mirror's
//! objects are stored with.

/// For what never changes at its address.
pub const IMMUTABLE: &str = "public, max-age=31536000, immutable";

/// For what could be replaced by something equally good, such as a narinfo with one more signature.
pub const FOR_A_DAY: &str = "public, max-age=86400";

/// For what changes at one address: whoever keeps it asks each time whether it is still the same.
pub const NEVER_UNASKED: &str = "no-cache";
