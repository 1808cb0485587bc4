//! The part of a candidate's page that says in which form the channel carries it.

use std::collections::BTreeSet;

use picket_domain::{Action, Candidate, Form};

use crate::error::PageError;
use crate::look::Look;
use crate::state::AppState;
use crate::time::When;
use crate::view::form_words;

/// In which form the channel carries a candidate.
pub(super) struct FormView {
    /// Whether it is another one than the plain one.
    pub(super) is_chosen: bool,
    pub(super) title: &'static str,
    pub(super) who: Option<String>,
    pub(super) when: Option<When>,
    /// What servers get, as a sentence.
    pub(super) what: String,
    /// What a member wrote.
    pub(super) text: String,
    /// The line of a configuration that switches it off.
    pub(super) switch: String,
}

impl FormView {
    pub(super) async fn of(
        app: &AppState,
        look: &Look<'_>,
        candidate: &Candidate,
    ) -> Result<Self, PageError> {
        let form = look.form(candidate);
        let entries = look.facts.log.of(candidate.pr).iter().rev();
        let mut chosen = entries.filter(|entry| {
            let head = match &entry.action {
                Action::ChooseForm { head, .. } => head,
                _ => return false,
            };
            *head == candidate.head
        });
        let chosen = chosen.next();
        let (what, switch) = described(form);
        Ok(Self {
            is_chosen: !form.is_as_is(),
            title: form_words(form).will,
            who: chosen.map(|entry| entry.actor.to_string()),
            when: chosen.map(|entry| When::new(entry.at, look.now)),
            what,
            text: text(app, form).await?,
            switch,
        })
    }
}

/// The text that a member wrote for a form.
async fn text(app: &AppState, form: &Form) -> Result<String, PageError> {
    let ids: BTreeSet<_> = form.content().into_iter().cloned().collect();
    let contents = app.store.contents(&ids).await?;
    let text = contents.into_values().next().unwrap_or_default();
    Ok(String::from_utf8_lossy(&text).into_owned())
}

fn described(form: &Form) -> (String, String) {
    match form {
        Form::AsIs => (String::new(), String::new()),
        Form::Graft { folder, .. } => {
            let with = match folder {
                Some(folder) => format!(" from {folder} with the fix"),
                None => String::new(),
            };
            let what = format!(
                "Servers get the library{with} beside the old one, and NixOS replaces the old one \
                 by it in the system. What needs the library is not built again."
            );
            (what, "security.channel.grafts.enable = false;".to_owned())
        }
        Form::Mitigation { name, .. } => (
            "Servers get settings that keep the hole from being used. It is not fixed.".to_owned(),
            format!("security.channel.mitigations.\"{name}\".enable = false;"),
        ),
    }
}
