//! How likely it is that a vulnerability will be exploited: FIRST's EPSS.

use std::fmt;
use std::io::{self, BufRead};

use picket_domain::Advisory;
use thiserror::Error;

/// No line is longer, in bytes; one of scores has 40.
const LONGEST_LINE: usize = 1_000;

/// How likely it is that a vulnerability is exploited within 30 days.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Likelihood {
    /// The probability, in hundred-thousandths: 100,000 is certain.
    pub probability: u32,
    /// The part of all vulnerabilities that are no likelier, in hundred-thousandths.
    pub percentile: u32,
}

/// `12.3 %`, and `0.04 %` below one.
impl fmt::Display for Likelihood {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let percent = f64::from(self.probability) / 1_000.0;
        let digits = if self.probability < 1_000 { 2 } else { 1 };
        write!(f, "{percent:.digits$} %")
    }
}

/// A text that is none of FIRST's.
#[derive(Debug, Error)]
pub enum InvalidScores {
    /// It does not come, or is not what it was packed as.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// Its columns have other names.
    #[error("it is not FIRST's list of EPSS scores as CSV: it has no line `cve,epss,percentile`")]
    NoHeader,
    /// It has no line that can be read.
    #[error("it has no score that can be read")]
    Empty,
}

/// The scores of one day, 16 bytes each.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scores {
    date: Option<String>,
    by_cve: Box<[(u64, Likelihood)]>,
}

impl Scores {
    /// Reads the scores, and says how many lines could not be read: such a line costs only itself.
    ///
    /// # Errors
    /// Where it is no such list at all.
    pub fn parse(text: &mut impl BufRead) -> Result<(Self, usize), InvalidScores> {
        let mut line = Vec::new();
        let date = head(text, &mut line)?;
        let (mut by_cve, mut odd) = (Vec::new(), 0);
        while next(text, &mut line)? {
            match row(&line) {
                Some(row) => by_cve.push(row),
                None => odd += 1,
            }
        }
        if by_cve.is_empty() {
            return Err(InvalidScores::Empty);
        }
        by_cve.sort_unstable();
        by_cve.dedup_by_key(|(cve, _)| *cve);
        let by_cve = by_cve.into();
        Ok((Self { date, by_cve }, odd))
    }

    /// How many vulnerabilities have a score.
    pub fn len(&self) -> usize {
        self.by_cve.len()
    }

    /// Whether none has.
    pub fn is_empty(&self) -> bool {
        self.by_cve.is_empty()
    }

    /// The day of the scores: `2025-08-25`.
    pub fn date(&self) -> Option<&str> {
        self.date.as_deref()
    }

    /// The score of a vulnerability; only CVEs have one.
    pub fn of(&self, advisory: &Advisory) -> Option<Likelihood> {
        let key = key(advisory.as_str())?;
        let found = self.by_cve.binary_search_by_key(&key, |(cve, _)| *cve);
        found.ok().map(|at| self.by_cve[at].1)
    }
}

/// Reads up to the columns' names; returns the day that the comment before them tells.
fn head(text: &mut impl BufRead, line: &mut Vec<u8>) -> Result<Option<String>, InvalidScores> {
    let mut date = None;
    while next(text, line)? {
        match std::str::from_utf8(line) {
            Ok(comment) if comment.starts_with('#') => date = score_date(comment),
            Ok("cve,epss,percentile") => return Ok(date),
            Ok(_) | Err(_) => break,
        }
    }
    Err(InvalidScores::NoHeader)
}

/// The next line without its end, or the beginning of it; `false` where there is none.
fn next(text: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<bool> {
    line.clear();
    let mut bounded = io::Read::take(&mut *text, LONGEST_LINE as u64);
    if bounded.read_until(b'\n', line)? == 0 {
        return Ok(false);
    }
    if !line.ends_with(b"\n") {
        text.skip_until(b'\n')?;
    }
    line.truncate(line.trim_ascii_end().len());
    Ok(true)
}

/// `#model_version:v2025.03.14,score_date:2025-08-25T00:00:00+0000`
fn score_date(comment: &str) -> Option<String> {
    let (_, date) = comment.split_once("score_date:")?;
    crate::day::day(date.get(..10)?)
}

/// `CVE-2025-48384,0.97345,0.99912`
fn row(line: &[u8]) -> Option<(u64, Likelihood)> {
    let mut parts = std::str::from_utf8(line).ok()?.split(',');
    let key = key(parts.next()?)?;
    let (probability, percentile) = (share(parts.next()?)?, share(parts.next()?)?);
    let likelihood = Likelihood {
        probability,
        percentile,
    };
    parts.next().is_none().then_some((key, likelihood))
}

/// A number between 0 and 1, in hundred-thousandths.
fn share(text: &str) -> Option<u32> {
    let number: f64 = text.parse().ok()?;
    (0.0..=1.0)
        .contains(&number)
        .then(|| (number * 100_000.0).round() as u32)
}

/// The year and the number of a CVE as one number; `None` for longer ones than there are.
fn key(cve: &str) -> Option<u64> {
    let (year, number) = cve.strip_prefix("CVE-")?.split_once('-')?;
    let is_plain = |text: &str| text.bytes().all(|it| it.is_ascii_digit());
    if year.len() != 4 || !is_plain(year) || !is_plain(number) || number.len() > 12 {
        return None;
    }
    let (year, number): (u64, u64) = (year.parse().ok()?, number.parse().ok()?);
    Some(year << 48 | number)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<(Scores, usize), InvalidScores> {
        Scores::parse(&mut text.as_bytes())
    }

    fn of(scores: &Scores, id: &str) -> Option<Likelihood> {
        scores.of(&Advisory::parse(id).unwrap())
    }

    #[test]
    fn scores_are_found_and_odd_lines_cost_themselves() {
        let long = format!("CVE-2025-1000,0.5,0.5{}\n", " ".repeat(5_000));
        let text = format!(
            "#model_version:v2025.03.14,score_date:2025-08-25T00:00:00+0000\r\n\
             cve,epss,percentile\r\nCVE-2025-48384,0.97345,0.99912\r\n\
             CVE-2021-44228,4.3e-4,1\nCVE-2025-1,nan,0.5\nCVE-2025-2000,1.1,0.5\n\
             CVE-2025-2001,0.5\nCVE-2025-2002,0.5,0.5,0.5\n\u{fffd}\nGHSA-1,0.5,0.5\n\
             CVE-2025-9999999999999,0.5,0.5\n{long}CVE-2025-1001,0,0"
        );
        let (scores, odd) = parse(&text).unwrap();
        assert_eq!((scores.len(), odd), (4, 7));
        assert_eq!(scores.date(), Some("2025-08-25"));
        let likely = of(&scores, "CVE-2025-48384").unwrap();
        assert_eq!((likely.probability, likely.percentile), (97_345, 99_912));
        let shown = ["CVE-2025-48384", "CVE-2021-44228", "CVE-2025-1001"];
        let shown = shown.map(|id| of(&scores, id).unwrap().to_string());
        assert_eq!(shown, ["97.3 %", "0.04 %", "0.00 %"]);
        assert!(of(&scores, "CVE-2025-2000").is_none());
        assert!(of(&scores, "GHSA-vr6x-fg8c-3hmm").is_none());
    }

    #[test]
    fn other_texts_are_refused_and_an_old_file_has_no_date() {
        for text in [
            "",
            "#model_version:v1,score_date:2025-08-25",
            "CVE-2025-48384,0.9,0.9",
            "<html>",
        ] {
            assert!(
                matches!(parse(text), Err(InvalidScores::NoHeader)),
                "{text}"
            );
        }
        let empty = parse("cve,epss,percentile\nCVE-2025-1,x,y");
        assert!(matches!(empty, Err(InvalidScores::Empty)));
        let (scores, _) = parse("cve,epss,percentile\nCVE-2025-48384,0.1,0.9").unwrap();
        assert_eq!(scores.date(), None);
        let (scores, _) =
            parse("#score_date:<b>yesterday\ncve,epss,percentile\nCVE-2025-48384,0.1,0.9").unwrap();
        assert_eq!(scores.date(), None);
    }
}
