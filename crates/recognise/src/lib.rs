//! Which pull requests are security fixes, though nobody labelled them, and why.
//!
//! A label is set by hand, late, and often not at all. What a pull request says and touches is there
//! from the first minute: [`recognise`] weighs it, and tells every reason with the place where it was
//! found. The answer is evidence for people, not a verdict: nothing is approved because of it.

mod reason;
mod recognition;
mod subject;

pub use reason::{Evidence, Place, Reason};
pub use recognition::Recognition;
pub use subject::Subject;

use picket_domain::Advisory;

/// The label of nixpkgs' security fixes.
pub const SECURITY_LABEL: &str = "1.severity: security";

/// Weighs what a pull request says and touches.
///
/// Pure and total: any text will do, and the time that it takes grows with the text's length alone.
pub fn recognise(subject: &Subject<'_>) -> Recognition {
    let mut reasons = Vec::new();
    let labels = subject.labels.iter().filter(|it| **it == SECURITY_LABEL);
    reasons.extend(labels.map(|_| Reason::new(Evidence::Labelled, Place::Label)));
    for (place, text) in subject.texts() {
        let named = Advisory::find_all(text).into_iter();
        reasons.extend(named.map(|id| Reason::new(Evidence::Advisory { id }, place)));
    }
    Recognition::of(reasons)
}
