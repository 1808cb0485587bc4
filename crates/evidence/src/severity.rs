//! How bad a vulnerability is: CVSS vectors, and words.

use std::fmt;

use cvss::Cvss;

/// No vector is longer, in bytes: one of CVSS 4.0 with every metric has about 200.
const LONGEST: usize = 400;

/// How bad a vulnerability is, in a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rating {
    /// It does no harm.
    None,
    /// A score up to 3.9.
    Low,
    /// A score up to 6.9.
    Medium,
    /// A score up to 8.9.
    High,
    /// More.
    Critical,
}

impl Rating {
    /// The word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }

    /// From a word as registers write it.
    pub fn of_word(word: &str) -> Option<Self> {
        let all = [
            ("none", Self::None),
            ("low", Self::Low),
            ("medium", Self::Medium),
            ("moderate", Self::Medium),
            ("high", Self::High),
            ("critical", Self::Critical),
        ];
        let found = all.iter().find(|(it, _)| it.eq_ignore_ascii_case(word));
        found.map(|(_, rating)| *rating)
    }
}

impl From<cvss::Severity> for Rating {
    fn from(severity: cvss::Severity) -> Self {
        match severity {
            cvss::Severity::None => Self::None,
            cvss::Severity::Low => Self::Low,
            cvss::Severity::Medium => Self::Medium,
            cvss::Severity::High => Self::High,
            cvss::Severity::Critical => Self::Critical,
        }
    }
}

/// The versions of CVSS, oldest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Version {
    V2,
    V3_0,
    V3_1,
    V4,
}

/// How bad a vulnerability is, with what says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Severity {
    rating: Rating,
    /// `None` where a register gave a word alone.
    scored: Option<Scored>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Scored {
    version: Version,
    tenths: u8,
    vector: Box<str>,
}

impl Severity {
    /// What a vector comes to; `None` for one that is not whole, or none at all.
    pub fn of_vector(vector: &str) -> Option<Self> {
        let parsed: Cvss = (vector.len() <= LONGEST).then_some(vector)?.parse().ok()?;
        let version = version(&parsed)?;
        let tenths = (parsed.score() * 10.0).round().clamp(0.0, 100.0) as u8;
        let scored = Scored {
            version,
            tenths,
            vector: vector.into(),
        };
        Some(Self {
            rating: parsed.severity().into(),
            scored: Some(scored),
        })
    }

    /// What a register's word comes to.
    pub fn of_word(word: &str) -> Option<Self> {
        let rating = Rating::of_word(word)?;
        Some(Self {
            rating,
            scored: None,
        })
    }

    /// Of several the one to go by: the highest of the newest version; a word only where there is
    /// no vector.
    pub fn chosen<T: std::borrow::Borrow<Self>>(all: impl Iterator<Item = T>) -> Option<T> {
        all.max_by_key(|it| {
            let it = it.borrow();
            let scored = it.scored.as_ref();
            (scored.map(|it| (it.version, it.tenths)), it.rating)
        })
    }

    /// The word.
    pub fn rating(&self) -> Rating {
        self.rating
    }

    /// The score, in tenths: 98 is 9.8. `None` where there is a word alone.
    pub fn tenths(&self) -> Option<u8> {
        self.scored.as_ref().map(|it| it.tenths)
    }

    /// The vector that the score was worked out from.
    pub fn vector(&self) -> Option<&str> {
        self.scored.as_ref().map(|it| &*it.vector)
    }
}

/// `critical 9.8`, or `critical` where there is no score.
impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.rating.word())?;
        match self.tenths() {
            Some(tenths) => write!(f, " {}.{}", tenths / 10, tenths % 10),
            None => Ok(()),
        }
    }
}

/// A vector's version; `None` where it lacks what every vector of that has.
fn version(vector: &Cvss) -> Option<Version> {
    match vector {
        Cvss::CvssV20(_) => Some(Version::V2),
        Cvss::CvssV30(it) => is_whole(it).then_some(Version::V3_0),
        Cvss::CvssV31(it) => is_whole(it).then_some(Version::V3_1),
        Cvss::CvssV40(_) => Some(Version::V4),
        _ => None,
    }
}

/// The parser of version 3 takes vectors without them, which then score 0.
fn is_whole(vector: &cvss::v3::Vector) -> bool {
    let reach = vector.av.is_some() && vector.ac.is_some() && vector.pr.is_some();
    let harm = vector.c.is_some() && vector.i.is_some() && vector.a.is_some();
    reach && harm && vector.ui.is_some() && vector.s.is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    const V2: &str = "AV:N/AC:L/Au:N/C:C/I:C/A:C";
    const V30: &str = "CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H";
    const V31: &str = "CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:U/C:H/I:H/A:H";
    const V31_LOW: &str = "CVSS:3.1/AV:P/AC:H/PR:H/UI:R/S:U/C:L/I:N/A:N";
    const V4: &str = "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:L/VI:N/VA:N/SC:N/SI:N/SA:N";

    fn shown(vector: &str) -> String {
        Severity::of_vector(vector).map_or_else(|| "odd".to_owned(), |it| it.to_string())
    }

    #[test]
    fn vectors_of_every_version_have_a_score_and_a_word() {
        let all = [V2, V30, V31, V31_LOW, V4].map(shown);
        let expected = [
            "high 10.0",
            "critical 9.8",
            "high 8.8",
            "low 1.6",
            "medium 6.9",
        ];
        assert_eq!(all, expected);
    }

    #[test]
    fn what_is_no_whole_vector_has_none() {
        let long = format!("{V31}/{}", "E:X/".repeat(200));
        for odd in [
            "",
            "9.8",
            "CVSS:3.1/AV:N",
            "CVSS:3.1",
            "CVSS:5.0/AV:N/AC:L",
            "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H/A:H",
            "CVSS:4.0/AV:N/AC:L",
            "AV:N/AC:L",
            "<script>/CVSS:3.1",
            &long,
        ] {
            assert_eq!(shown(odd), "odd", "{odd}");
        }
    }

    #[test]
    fn the_highest_of_the_newest_version_counts_and_a_word_only_alone() {
        let chosen = |words: &[&str], vectors: &[&str]| {
            let vectors = vectors.iter().filter_map(|it| Severity::of_vector(it));
            let words = words.iter().filter_map(|it| Severity::of_word(it));
            Severity::chosen(words.chain(vectors)).map(|it| it.to_string())
        };
        assert_eq!(chosen(&[], &[V2, V4, V30]).as_deref(), Some("medium 6.9"));
        assert_eq!(
            chosen(&["CRITICAL"], &[V31, V31_LOW, "x"]).as_deref(),
            Some("high 8.8")
        );
        assert_eq!(chosen(&["MODERATE", "low"], &[]).as_deref(), Some("medium"));
        assert_eq!(chosen(&["urgent"], &["x"]), None);
    }
}
