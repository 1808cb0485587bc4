//! How far apart two versions are.

/// A step from one version to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// The first number differs: `1.2 -> 2.0`.
    Major,
    /// The second one does: `1.2.3 -> 1.3.0`.
    Minor,
    /// A later one does: `1.2.3 -> 1.2.4`, `1.1.1f -> 1.1.1g`.
    Patch,
}

/// The step between two versions; `None` where these are none.
pub(crate) fn step(from: &str, to: &str) -> Option<Step> {
    let (from, to) = (parts(from)?, parts(to)?);
    let same = from
        .iter()
        .zip(&to)
        .take_while(|(one, other)| one == other)
        .count();
    match same {
        0 => Some(Step::Major),
        1 => Some(Step::Minor),
        _ => Some(Step::Patch),
    }
}

/// The numbers of a version, and the letters between them; `None` if it does not begin with one,
/// or is a date, of which nothing tells what changed.
fn parts(version: &str) -> Option<Vec<&str>> {
    let version = version.trim_start_matches(['v', 'V']);
    if !version.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let parts = version.split(['.', '-', '_', '+']).flat_map(split_letters);
    let parts: Vec<_> = parts.filter(|part| !part.is_empty()).collect();
    let is_date = version.contains("unstable") || (parts[0].len() == 4 && parts.len() == 3);
    (!is_date).then_some(parts)
}

/// `1f` is `1` and `f`.
fn split_letters(part: &str) -> [&str; 2] {
    let digits = part
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(part.len());
    let (number, letters) = part.split_at(digits);
    [number, letters]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_difference_tells() {
        for (from, to, expected) in [
            ("1.1.1f", "1.1.1g", Some(Step::Patch)),
            ("74.0", "74.0.1", Some(Step::Patch)),
            ("137.0.7151.55-1", "137.0.7151.68-1", Some(Step::Patch)),
            ("128.8.1esr", "128.9.2esr", Some(Step::Minor)),
            ("6.12.14-lqx1", "6.12.16-lqx1", Some(Step::Patch)),
            ("v1.2", "2.0", Some(Step::Major)),
            ("2025-05-10", "2025-06-21", None),
            ("0-unstable-2025-11-28", "0-unstable-2026-01-01", None),
            ("latest", "1.0", None),
        ] {
            assert_eq!(step(from, to), expected, "{from} -> {to}");
        }
    }
}
