//! How the answers compare with what people say.

use std::fmt;
use std::io::Write;

use picket_recognise::Recognition;

use super::line::PullRequest;
use super::tell;

/// What was answered, and how much of it was right.
#[derive(Default)]
pub(super) struct Score {
    all: usize,
    recognised: usize,
    labelled: usize,
    /// Security fixes that were recognised.
    right: usize,
    /// Security fixes that were not.
    missed: Vec<(PullRequest, Recognition)>,
    /// What was taken for one.
    wrong: Vec<(PullRequest, Recognition)>,
}

impl Score {
    pub(super) fn add(&mut self, pull_request: PullRequest, recognition: Recognition) {
        let is_recognised = recognition.is_security();
        self.all += 1;
        self.recognised += usize::from(is_recognised);
        self.labelled += usize::from(pull_request.security.is_some());
        match (pull_request.security, is_recognised) {
            (Some(true), true) => self.right += 1,
            (Some(true), false) => self.missed.push((pull_request, recognition)),
            (Some(false), true) => self.wrong.push((pull_request, recognition)),
            (Some(false), false) | (None, _) => {}
        }
    }

    /// Lists what was wrong.
    pub(super) fn list(&self, out: &mut impl Write) -> std::io::Result<()> {
        let kinds = [("missed", &self.missed), ("wrong", &self.wrong)];
        for (kind, pull_requests) in kinds {
            for (pull_request, recognition) in pull_requests {
                write!(out, "{kind} ")?;
                tell(out, pull_request, recognition)?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for Score {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            all,
            recognised,
            labelled,
            right,
            ..
        } = self;
        writeln!(f, "{recognised} of {all} pull requests are security fixes")?;
        if *labelled > 0 {
            let precision = percent(*right, right + self.wrong.len());
            let recall = percent(*right, right + self.missed.len());
            writeln!(
                f,
                "of {labelled} labelled ones: precision {precision}, recall {recall}"
            )?;
        }
        Ok(())
    }
}

fn percent(part: usize, whole: usize) -> String {
    if whole == 0 {
        return "of none".to_owned();
    }
    let tenths = part * 1000 / whole;
    format!("{}.{} % ({part} of {whole})", tenths / 10, tenths % 10)
}
