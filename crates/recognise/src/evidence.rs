//! What speaks for a security fix, what against one, and how much each says.

use std::fmt;

use picket_domain::Advisory;
use serde::{Deserialize, Serialize};

use crate::place::Place;

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Evidence {
    /// Somebody labelled it as a security fix.
    Labelled,
    /// It names the identifier of a published vulnerability.
    Advisory {
        /// Which.
        id: Advisory,
    },
    /// It names a CVE without its year, as people do in a hurry.
    CveWithoutYear {
        /// The number.
        number: String,
    },
    /// It links a page that announces vulnerabilities.
    AdvisoryLink {
        /// Which.
        link: String,
    },
    /// It speaks of a security fix, release, issue, ..
    SecurityFix {
        /// In these words.
        words: String,
    },
    /// It speaks of vulnerabilities or CVEs without naming one, and of fixing them.
    VulnerabilityFixed {
        /// In these words.
        words: String,
    },
    /// It speaks of vulnerabilities or CVEs, but not of fixing them.
    Vulnerability {
        /// In these words.
        words: String,
    },
    /// It says that it matters for security.
    SecurityRelevant {
        /// In these words.
        words: String,
    },
    /// It speaks of a kind of attack, and of fixing or preventing it.
    AttackFixed {
        /// In these words.
        words: String,
    },
    /// It speaks of a kind of attack.
    Attack {
        /// In these words.
        words: String,
    },
    /// It speaks of an error in memory, which may be an attack's way in or a mere crash.
    MemoryError {
        /// In these words.
        words: String,
    },
    /// It speaks of somebody who means harm: attackers, crafted files, exploits.
    Hostility {
        /// In these words.
        words: String,
    },
    /// It speaks of code that somebody has put into a release, which is mended by leaving it.
    Tampered {
        /// In these words.
        words: String,
    },
    /// It updates a package whose updates are often security fixes.
    Update {
        /// The package, as the title has it.
        package: String,
        /// How often they are.
        watched: Watched,
        /// Whether the release series stays the same.
        is_patch: bool,
        /// Whether it goes to a release branch, where little but fixes goes.
        to_release: bool,
    },
    /// It updates several release series at once, each to its next patch release: what projects do
    /// when they have a vulnerability to fix.
    SeriesAtOnce {
        /// How many.
        count: usize,
    },
    /// It changes the file that holds the versions of a package whose updates are nearly always
    /// security fixes.
    VersionFile {
        /// The package.
        package: String,
    },
    /// It says that it has nothing to do with security.
    NoSecurity {
        /// In these words.
        words: String,
    },
    /// It says that a vulnerability is none here, or was brought in by it; what the sentence names
    /// does not count.
    NotAffected {
        /// In these words.
        words: String,
    },
    /// It hardens something, against what nobody has found yet.
    Hardening,
    /// It takes a change back.
    Revert,
    /// It marks a package as insecure, which warns people but fixes nothing.
    MarksInsecure,
    /// It adds a package.
    NewPackage,
    /// It removes a package.
    Removal,
    /// It changes tests, documents or the repository's own tools alone.
    Periphery,
}

/// How often a package's updates are security fixes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Watched {
    /// Nobody knows of it.
    No,
    /// Often: servers, libraries that parse what strangers send, interpreters.
    Often,
    /// Nearly always: the kernel, browsers, TLS.
    Nearly,
}

impl Evidence {
    /// How much it says, in points; [`crate::ENOUGH`] make a security fix.
    pub(crate) fn weight(&self, place: Place) -> i32 {
        let in_title = place == Place::Title;
        match self {
            Self::Labelled => 100,
            Self::Advisory { .. } | Self::CveWithoutYear { .. } if in_title => 80,
            Self::Advisory { .. } | Self::CveWithoutYear { .. } => 60,
            Self::SecurityFix { .. } if in_title => 70,
            Self::SecurityFix { .. } | Self::AdvisoryLink { .. } => 55,
            Self::VulnerabilityFixed { .. } | Self::AttackFixed { .. } | Self::Tampered { .. } => {
                55
            }
            Self::MemoryError { .. } => 40,
            Self::Vulnerability { .. } | Self::Attack { .. } => 30,
            Self::Hostility { .. } | Self::SecurityRelevant { .. } => 30,
            Self::Update {
                watched,
                is_patch,
                to_release,
                ..
            } => update(*watched, *is_patch, *to_release),
            Self::SeriesAtOnce { .. } => 20,
            Self::VersionFile { .. } => 40,
            Self::NotAffected { .. } => 0,
            Self::NoSecurity { .. } | Self::Hardening => -40,
            Self::NewPackage | Self::Periphery => -60,
            Self::Removal => -120,
            Self::Revert | Self::MarksInsecure => -200,
        }
    }

    /// Whether another reason is of the same kind: of those, one counts. A vulnerability is spoken of
    /// once, by its name, as an attack or as fixed.
    pub(crate) fn is_like(&self, other: &Self) -> bool {
        std::mem::discriminant(self) == std::mem::discriminant(other)
            || (self.is_of_vulnerability() && other.is_of_vulnerability())
    }

    fn is_of_vulnerability(&self) -> bool {
        matches!(
            self,
            Self::VulnerabilityFixed { .. }
                | Self::Vulnerability { .. }
                | Self::AttackFixed { .. }
                | Self::Attack { .. }
        )
    }
}

fn update(watched: Watched, is_patch: bool, to_release: bool) -> i32 {
    match (watched, is_patch, to_release) {
        (Watched::Nearly, _, true) => 60,
        (Watched::Nearly, _, false) | (Watched::Often, true, true) => 50,
        (Watched::Often, true, false) | (Watched::Often, false, true) => 30,
        (Watched::Often, false, false) => 10,
        (Watched::No, true, true) => 15,
        (Watched::No, _, _) => 0,
    }
}

impl fmt::Display for Evidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Labelled => f.write_str("labelled as a security fix"),
            Self::Advisory { id } => write!(f, "names {id}"),
            Self::CveWithoutYear { number } => write!(f, "names CVE-{number}, without its year"),
            Self::AdvisoryLink { link } => {
                write!(f, "links an announcement of vulnerabilities, {link}")
            }
            Self::SecurityFix { words } | Self::SecurityRelevant { words } => {
                write!(f, "says \"{words}\"")
            }
            Self::VulnerabilityFixed { words } => {
                write!(f, "says \"{words}\", and that it is fixed")
            }
            Self::Vulnerability { words } => write!(f, "speaks of \"{words}\""),
            Self::AttackFixed { words } => write!(f, "says \"{words}\", and that it is fixed"),
            Self::Attack { words } => write!(f, "speaks of \"{words}\""),
            Self::MemoryError { words } => {
                write!(f, "speaks of \"{words}\", which may be a mere crash")
            }
            Self::Hostility { words } => write!(f, "speaks of harm that is meant: \"{words}\""),
            Self::Tampered { words } => write!(f, "says \"{words}\", of code that is left"),
            Self::Update {
                package,
                watched,
                to_release,
                ..
            } => {
                let how_often = match watched {
                    Watched::No => "as little as release branches take",
                    Watched::Often => "whose updates are often security fixes",
                    Watched::Nearly => "whose updates are nearly always security fixes",
                };
                let branch = if *to_release {
                    ", on a release branch"
                } else {
                    ""
                };
                write!(f, "updates {package}, {how_often}{branch}")
            }
            Self::SeriesAtOnce { count } => {
                write!(
                    f,
                    "updates {count} release series at once, as for a vulnerability in all"
                )
            }
            Self::VersionFile { package } => write!(
                f,
                "changes the versions of {package}, whose updates are nearly always security fixes"
            ),
            Self::NoSecurity { words } => write!(f, "against it, says \"{words}\""),
            Self::NotAffected { words } => write!(f, "does not count, as it says \"{words}\""),
            Self::Hardening => {
                f.write_str("against it, hardens, which fixes nothing that is known")
            }
            Self::Revert => f.write_str("against it, takes a change back"),
            Self::MarksInsecure => f.write_str("against it, marks as insecure and fixes nothing"),
            Self::NewPackage => f.write_str("against it, adds something new"),
            Self::Removal => f.write_str("against it, removes something"),
            Self::Periphery => f.write_str("against it, tests, documents or tools alone"),
        }
    }
}
