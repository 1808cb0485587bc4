//! What every page has around its content.

use picket_domain::ChannelName;

use crate::assets::{ASSETS, Assets};
use crate::session::Viewer;

/// The part of the site that a page belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Section {
    Channel,
    Queue,
    Search,
    Nominate,
    AuditLog,
    None,
}

/// Who the page greets.
pub(crate) enum Account {
    /// Error pages do not know, and say nothing.
    Unknown,
    /// Nobody signed in.
    Nobody,
    /// This person, whose forms carry this token.
    Person { login: String, csrf: String },
}

/// The frame of a page.
pub(crate) struct Shell {
    pub(crate) title: String,
    pub(crate) section: Section,
    pub(crate) account: Account,
    /// Whether the page shows work that is under way, and is to be looked at again soon.
    pub(crate) refresh: bool,
    /// Where to come back to after signing in.
    pub(crate) here: String,
    /// The channel whose feed goes with the page.
    pub(crate) feed: Option<String>,
}

impl Shell {
    pub(crate) fn new(
        title: impl Into<String>,
        section: Section,
        viewer: &Viewer,
        here: impl Into<String>,
    ) -> Self {
        let account = match &viewer.person {
            None => Account::Nobody,
            Some(person) => Account::Person {
                login: person.login.to_string(),
                csrf: person.csrf.to_string(),
            },
        };
        Self {
            title: title.into(),
            section,
            account,
            refresh: false,
            here: here.into(),
            feed: None,
        }
    }

    /// For pages that are made without looking up who asks.
    pub(crate) fn without_account(title: impl Into<String>, section: Section) -> Self {
        Self {
            title: title.into(),
            section,
            account: Account::Unknown,
            refresh: false,
            here: "/queue".to_owned(),
            feed: None,
        }
    }

    /// Makes the page look again by itself while something is under way.
    pub(crate) fn refreshing(mut self, refresh: bool) -> Self {
        self.refresh = refresh;
        self
    }

    /// Names the feed of the channel that the page is about.
    pub(crate) fn with_feed(mut self, channel: &ChannelName) -> Self {
        self.feed = Some(channel.to_string());
        self
    }

    /// The token that the page's forms carry; empty where nobody is signed in.
    pub(crate) fn csrf(&self) -> &str {
        match &self.account {
            Account::Person { csrf, .. } => csrf,
            Account::Unknown | Account::Nobody => "",
        }
    }

    /// Whether somebody is signed in, so that the page may have forms in which they write.
    pub(crate) fn is_person(&self) -> bool {
        matches!(self.account, Account::Person { .. })
    }

    pub(crate) fn is(&self, section: Section) -> bool {
        self.section == section
    }

    pub(crate) fn assets(&self) -> &'static Assets {
        &ASSETS
    }
}
