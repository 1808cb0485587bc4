//! What is told of one pull request.

use picket_domain::Reception;

/// What GitHub says of one pull request; or why it says nothing, for a person.
pub type Told = Result<Reception, String>;
