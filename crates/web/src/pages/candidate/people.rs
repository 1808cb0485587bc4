//! The part of a candidate's page that says who said what about it.

use picket_domain::{
    Action, Approval, Candidate, ImpactSummary, LapsedApproval, Login, PrNumber, Standing, Veto,
    can_be_overruled, last_word, may_decide,
};

use crate::look::Look;
use crate::session::Viewer;
use crate::time::When;
use crate::view::Badge;

/// Somebody's word on the candidate.
pub(super) struct PersonView {
    pub(super) login: String,
    pub(super) badge: Badge,
    pub(super) detail: String,
    pub(super) when: Option<When>,
    /// Whether the viewer may put an end to it.
    pub(super) can_overrule: bool,
}

impl PersonView {
    fn new(by: &Login, badge: Badge, detail: String, when: Option<When>) -> Self {
        Self {
            login: by.to_string(),
            badge,
            detail,
            when,
            can_overrule: false,
        }
    }
}

/// Everybody who has a say in the candidate's standing.
pub(super) fn people(look: &Look<'_>, candidate: &Candidate, viewer: &Viewer) -> Vec<PersonView> {
    let approved = |one: &Approval| approved(look, candidate, one);
    let without_weight = |one: &LapsedApproval| without_weight(look, candidate, one);
    let vetoed = |veto: &Veto| vetoed(look, candidate, veto, viewer);
    let outdated = |by: &Login| outdated(look, candidate.pr, by);
    let (approvals, lapsed, stale) = match look.facts.standing(candidate, &candidate.head) {
        Standing::Vetoed { vetoes } => return vetoes.iter().map(vetoed).collect(),
        Standing::Approved {
            approvals, lapsed, ..
        } => (approvals, lapsed, Vec::new()),
        Standing::Pending {
            approvals,
            lapsed,
            stale,
            ..
        } => (approvals, lapsed, stale),
    };
    let approvals = approvals.iter().map(approved);
    let approvals = approvals.chain(lapsed.iter().map(without_weight));
    approvals.chain(stale.iter().map(outdated)).collect()
}

/// An objection. That of somebody who left holds, and anybody else of the team may end it.
fn vetoed(look: &Look<'_>, candidate: &Candidate, veto: &Veto, viewer: &Viewer) -> PersonView {
    let is_orphaned = can_be_overruled(&look.facts, candidate, &veto.by);
    let mut detail = veto.reason.clone();
    if is_orphaned {
        detail += " (No longer on the team by this name: a member may overrule it.)";
    }
    let may = |by: &Login| may_decide(&look.facts, candidate, by).is_ok();
    let (badge, when) = (Badge::new("bad", "Vetoed"), When::new(veto.at, look.now));
    PersonView {
        can_overrule: is_orphaned && viewer.member().is_some_and(may),
        ..PersonView::new(&veto.by, badge, detail, Some(when))
    }
}

/// An approval of the current head that does not count.
fn without_weight(look: &Look<'_>, candidate: &Candidate, approval: &LapsedApproval) -> PersonView {
    let LapsedApproval { by, at, why } = approval;
    let head = candidate.head.short();
    let detail = format!("approved head {head}; {by} {}", why.text());
    let badge = Badge::new("warn", "Does not count");
    PersonView::new(by, badge, detail, Some(When::new(*at, look.now)))
}

/// An approval of the current head, which may have been given to another change than today's.
fn approved(look: &Look<'_>, candidate: &Candidate, approval: &Approval) -> PersonView {
    let is_stale = look
        .stale(candidate)
        .is_some_and(|it| !approval.covers(&it.commits));
    let head = candidate.head.short();
    let (badge, detail) = match is_stale {
        false => (Badge::new("good", "Approved"), format!("head {head}")),
        true => (
            Badge::new("warn", "Out of date"),
            format!("approved something else of head {head} than it changes now"),
        ),
    };
    let when = When::new(approval.at, look.now);
    PersonView::new(&approval.by, badge, detail, Some(when))
}

/// An approval of a head that is not the current one any more, as the log has it.
fn outdated(look: &Look<'_>, pr: PrNumber, by: &Login) -> PersonView {
    let head = last_word(&look.facts, pr, by).and_then(|entry| match &entry.action {
        Action::Approve { head, .. } => Some((head, entry.at)),
        _ => None,
    });
    let detail = match head {
        Some((head, _)) => format!("approved the earlier head {}", head.short()),
        None => "approved an earlier head".to_owned(),
    };
    let when = head.map(|(_, at)| When::new(at, look.now));
    PersonView::new(by, Badge::new("warn", "Out of date"), detail, when)
}

/// Why more people must approve than the channel asks for usually.
pub(super) fn more_approvals(look: &Look<'_>, candidate: &Candidate) -> Option<String> {
    let policy = &look.channel.policy;
    let (need, over) = (look.need(candidate), policy.mass_rebuild?.over);
    if need <= policy.required_approvals {
        return None;
    }
    Some(match look.facts.impact(candidate) {
        Some(ImpactSummary::Known { .. }) => {
            format!("{need} people must approve, since it rebuilds more than {over} derivations.")
        }
        Some(ImpactSummary::Unknown) | None => format!(
            "{need} people must approve, as long as nobody knows that it rebuilds no more than {over} \
             derivations."
        ),
    })
}
