//! Entries of the audit log as lines of a page.

use picket_domain::{
    AccountEvent, Action, CommitSha, Entry, Form, Login, PatchId, PrNumber, ResolvedBy,
    ResolvedFile, Timestamp,
};

use crate::time::When;
use crate::view::listed;

/// An entry of the audit log.
pub(crate) struct LogLine {
    pub(crate) seq: u64,
    pub(crate) when: When,
    pub(crate) who: String,
    pub(crate) did: &'static str,
    pub(crate) channel: String,
    pub(crate) pr: Option<PrNumber>,
    pub(crate) detail: String,
    pub(crate) hash: String,
}

impl LogLine {
    pub(crate) fn new(entry: &Entry, now: Timestamp) -> Self {
        let (did, detail) = described(&entry.action);
        Self {
            seq: entry.seq,
            when: When::new(entry.at, now),
            who: entry.actor.to_string(),
            did,
            channel: entry
                .action
                .channel()
                .map(ToString::to_string)
                .unwrap_or_default(),
            pr: entry.action.pr(),
            detail,
            hash: entry.hash.to_string(),
        }
    }
}

fn described(action: &Action) -> (&'static str, String) {
    match action {
        Action::Nominate { reason, .. } => ("nominated", reason.clone()),
        Action::SubmitPatch { head, reason, .. } => {
            let detail = format!("head {}: {reason}", head.short());
            ("handed in the patch", detail)
        }
        Action::Approve {
            head,
            patches,
            not_shown,
            ..
        } => ("approved", approved(head, patches) + &unseen(not_shown)),
        Action::ResolveConflict {
            commit, by, files, ..
        } => ("resolved conflicts of", resolved(commit, by, files)),
        Action::DropResolutions { reason, .. } => ("dropped the resolutions of", reason.clone()),
        Action::ChooseForm { head, form, .. } => ("chose a form for", chosen(head, form)),
        Action::Veto { reason, .. } => ("vetoed", reason.clone()),
        Action::Withdraw { reason, .. } => ("withdrew", reason.clone()),
        Action::CancelBuild { rev, reason, .. } => {
            ("stopped the build of", format!("{}: {reason}", rev.short()))
        }
        Action::RetryBuild { rev, .. } => ("had built afresh", rev.short().to_owned()),
        Action::Dismiss {
            head, kind, reason, ..
        } => {
            let detail = format!("{}, {}: {reason}", head.short(), kind.words());
            ("dismissed", detail)
        }
        Action::Reopen { reason, .. } => ("reopened", reason.clone()),
        Action::Waive {
            jobs,
            until,
            reason,
            ..
        } => ("waived", format!("{jobs} until {until}: {reason}")),
        Action::EndWaiver { jobs, reason, .. } => {
            ("ended the waiver of", format!("{jobs}: {reason}"))
        }
        Action::Overrule { of, reason, .. } => {
            ("overruled a veto of", format!("that of {of}: {reason}"))
        }
        Action::Released { name, picks, .. } => {
            let numbers: Vec<_> = picks.iter().map(|pr| format!("#{pr}")).collect();
            let with = match numbers.as_slice() {
                [] => "with no pick".to_owned(),
                numbers => format!("with {}", numbers.join(", ")),
            };
            ("released", format!("{name} {with}"))
        }
        Action::Superseded {
            base, lag_seconds, ..
        } => {
            let lag = crate::time::duration(*lag_seconds);
            let detail = format!("by {}, {lag} after this channel had it", base.short());
            ("superseded", detail)
        }
        Action::Returned { base, .. } => {
            let detail = format!("{} is without it: the pick is back", base.short());
            ("noted a revert of", detail)
        }
        Action::Account { login, event } => happened(login, event),
    }
}

/// What came out about the account behind a login.
fn happened(login: &Login, event: &AccountEvent) -> (&'static str, String) {
    match event {
        AccountEvent::Renamed { to } => (
            "noted a new name",
            format!("the account of {login} goes by {to} now; approvals by {login} do not count"),
        ),
        AccountEvent::Refused { identity } => (
            "refused a sign-in",
            format!("{identity} is not the account that the team knows as {login}"),
        ),
        AccountEvent::Unbound { identity } => (
            "freed a name",
            format!("{login} is not {identity} any more; what it approved does not count"),
        ),
    }
}

/// What an approval covers.
fn approved(head: &CommitSha, patches: &[PatchId]) -> String {
    let ids = patches.iter().map(|id| id.as_str()[..12].to_owned());
    match patches {
        [] => format!("head {}", head.short()),
        [_] => format!("head {}, as patch {}", head.short(), listed(ids)),
        _ => format!("head {}, as patches {}", head.short(), listed(ids)),
    }
}

/// What a page did not show, as the end of a sentence.
fn unseen(not_shown: &[String]) -> String {
    match not_shown {
        [] => String::new(),
        lines => format!("; not shown: {}", listed(lines.iter().cloned())),
    }
}

/// What was resolved, and from what.
fn resolved(commit: &CommitSha, by: &ResolvedBy, files: &[ResolvedFile]) -> String {
    let how = match by {
        ResolvedBy::Proposal => "as Picket proposed".to_owned(),
        ResolvedBy::Hand => "by hand".to_owned(),
        ResolvedBy::Branch { rev } => format!("by the pushed commit {}", rev.short()),
    };
    let paths = listed(files.iter().map(|file| file.path.clone()));
    format!("commit {} in {paths}, {how}", commit.short())
}

/// Which form was chosen, for which head.
fn chosen(head: &CommitSha, form: &Form) -> String {
    let form = match form {
        Form::AsIs => "picked as it is".to_owned(),
        Form::Graft { folder: None, .. } => "a graft".to_owned(),
        Form::Graft {
            folder: Some(folder),
            ..
        } => format!("a graft of {folder}"),
        Form::Mitigation { name, .. } => format!("a mitigation, {name}"),
    };
    format!("head {}: {form}", head.short())
}
