//! What keeps the service or a channel from going on, as a notice on the pages that it is about.

use picket_domain::{Board, ChannelName, Hold, Identity, Login, PrNumber, Refusal, Trouble};

use crate::look::Look;
use crate::session::Viewer;
use crate::time::When;

/// Troubles and holds on one page.
const SHOWN: usize = 20;

/// The longest text of one, in characters: errors quote what comes from elsewhere.
const LONGEST: usize = 600;

/// What keeps the service or a channel from going on.
pub(super) struct Notice {
    pub(super) holds: Vec<HoldView>,
    /// Names of the team under which other accounts wanted to sign in; for members alone.
    pub(super) refused: Vec<RefusedView>,
    pub(super) troubles: Vec<TroubleView>,
    /// How many troubles are not shown.
    pub(super) more: usize,
}

/// A reason why the channel does not move.
pub(super) struct HoldView {
    pub(super) what: String,
    pub(super) since: When,
    pub(super) remedy: String,
}

/// A name of the team under which another account wanted to sign in.
pub(super) struct RefusedView {
    pub(super) login: String,
    /// That account.
    pub(super) who: String,
    pub(super) when: When,
}

/// A step that fails.
pub(super) struct TroubleView {
    pub(super) step: String,
    pub(super) since: When,
    pub(super) failures: u32,
    /// When it is tried again; `None` where that takes a person.
    pub(super) next_try: Option<When>,
    /// What a person can do; empty where nothing is known.
    pub(super) remedy: String,
    /// The last error, for members alone: it may name what is inside this server.
    pub(super) error: Option<String>,
}

impl Notice {
    /// For pages about a channel: what keeps it, and what keeps the whole service.
    pub(super) fn of_channel(look: &Look<'_>, board: &Board, viewer: &Viewer) -> Self {
        let channel = look.channel.name();
        let is_about = |trouble: &Trouble| match &trouble.channel {
            Some(of) => of == channel,
            None => true,
        };
        Self::new(look, board, viewer, is_about)
    }

    /// For the page of a pull request: what keeps it, or the channel.
    pub(super) fn of_pull_request(
        look: &Look<'_>,
        board: &Board,
        viewer: &Viewer,
        pr: PrNumber,
    ) -> Self {
        let channel = look.channel.name();
        let is_about = |trouble: &Trouble| is_about_pull_request(trouble, channel, pr);
        Self::new(look, board, viewer, is_about)
    }

    fn new(
        look: &Look<'_>,
        board: &Board,
        viewer: &Viewer,
        is_about: impl Fn(&Trouble) -> bool,
    ) -> Self {
        let mut troubles = board.troubles();
        troubles.retain(|trouble| is_about(trouble));
        let is_member = viewer.member().is_some();
        let shown = troubles.iter().take(SHOWN);
        Self {
            holds: holds(look),
            refused: if is_member { refused(look) } else { Vec::new() },
            troubles: shown
                .map(|trouble| TroubleView::new(look, trouble, is_member))
                .collect(),
            more: troubles.len().saturating_sub(SHOWN),
        }
    }
}

/// Whether a step is of the channel as a whole, or of this pull request.
fn is_about_pull_request(trouble: &Trouble, channel: &ChannelName, pr: PrNumber) -> bool {
    if trouble.channel.as_ref().is_some_and(|of| of != channel) {
        return false;
    }
    let named = trouble.step.split_whitespace().filter_map(|word| {
        let digits = word.strip_prefix('#')?;
        digits.trim_end_matches("'s").parse::<PrNumber>().ok()
    });
    match named.collect::<Vec<_>>().as_slice() {
        [] => trouble.channel.is_some(),
        named => named.contains(&pr),
    }
}

/// Why the channel does not move although it should, each with what to do.
fn holds(look: &Look<'_>) -> Vec<HoldView> {
    let holds = &look.plan().holds;
    let view = |hold: &Hold| HoldView {
        what: bounded(&hold.what()),
        since: When::new(hold.since(), look.now),
        remedy: bounded(&hold.remedy()),
    };
    holds.iter().take(SHOWN).map(view).collect()
}

fn refused(look: &Look<'_>) -> Vec<RefusedView> {
    let refused = look.facts.team.refused().take(SHOWN);
    let view = |(login, refusal): (&Login, Refusal)| RefusedView {
        login: login.to_string(),
        who: match refusal.identity {
            Identity::GitHub(id) => format!("GitHub account number {id}"),
            Identity::Passphrase => "somebody with a passphrase".to_owned(),
        },
        when: When::new(refusal.at, look.now),
    };
    refused.map(view).collect()
}

impl TroubleView {
    fn new(look: &Look<'_>, trouble: &Trouble, is_member: bool) -> Self {
        Self {
            step: bounded(&trouble.step),
            since: When::new(trouble.since, look.now),
            failures: trouble.failures,
            next_try: trouble.next_try.map(|at| When::new(at, look.now)),
            remedy: trouble.remedy.as_deref().map(bounded).unwrap_or_default(),
            error: is_member.then(|| bounded(&trouble.error)),
        }
    }
}

fn bounded(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}

#[cfg(test)]
mod tests {
    use picket_domain::{Lane, Timestamp};

    use super::*;

    #[test]
    fn a_step_is_about_the_pull_requests_that_it_names() {
        let channel = |name: &str| ChannelName::parse(name).unwrap();
        let is_about = |step: &str, of: Option<&str>| {
            let at = Timestamp::from_unix(1);
            let trouble = Trouble {
                lane: Lane::Assess,
                channel: of.map(channel),
                step: step.to_owned(),
                since: at,
                last: at,
                failures: 1,
                error: String::new(),
                remedy: None,
                next_try: None,
            };
            is_about_pull_request(&trouble, &channel("a"), PrNumber(7))
        };
        assert!(is_about("assessing #7", Some("a")));
        assert!(is_about("assessing #7", None));
        assert!(is_about("looking at #7's conflict", Some("a")));
        assert!(is_about("staging release 2", Some("a")));
        assert!(!is_about("assessing #70", Some("a")));
        assert!(!is_about("assessing #7", Some("b")));
        assert!(!is_about("fetching branches", None));
    }

    #[test]
    fn texts_are_cut_between_characters() {
        let long = "ü".repeat(LONGEST + 1);
        assert_eq!(bounded(&long).chars().count(), LONGEST + 1);
        assert_eq!(bounded("short"), "short");
    }
}
