//! The forms that members chose for a pull request's heads, as the audit log has them.

use std::collections::BTreeMap;

use crate::audit::Action;
use crate::form::Form;
use crate::id::CommitSha;

/// The forms that were chosen for a pull request's heads.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Forms(BTreeMap<CommitSha, Form>);

impl Forms {
    /// Takes in one more action that is about the same pull request and channel: the last one
    /// counts.
    pub(crate) fn take_in(&mut self, action: &Action) {
        if let Action::ChooseForm { head, form, .. } = action {
            self.0.insert(head.clone(), form.clone());
        }
    }

    /// That of a head; as it is, where nobody said anything.
    pub(crate) fn of(&self, head: &CommitSha) -> &Form {
        self.0.get(head).unwrap_or(&Form::AsIs)
    }
}
