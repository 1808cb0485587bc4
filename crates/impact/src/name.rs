//! Names of derivations.

/// A derivation's name up to its version, which begins at the first dash that no letter follows.
pub(crate) fn package(name: &str) -> &str {
    let is_version = |(at, _): &(usize, &str)| {
        let next = name.as_bytes().get(at + 1);
        next.is_some_and(|next| !next.is_ascii_alphabetic())
    };
    match name.match_indices('-').find(is_version) {
        Some((at, _)) => &name[..at],
        None => name,
    }
}
