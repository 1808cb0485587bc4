//! What was made of each channel's snapshot, until there is another one.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use picket_domain::{ChannelName, Facts};
use picket_statements::{OpenVex, Osv, OsvForm, Site, Statements};

use super::document::Document;
use super::repository::archive;

/// What is stated of every channel, as it was when somebody looked last.
#[derive(Debug, Default)]
pub struct Feeds {
    channels: Mutex<BTreeMap<ChannelName, Arc<Kept>>>,
    /// The archive of the VEX repository, and what it was made of.
    archive: Mutex<Option<(Vec<Weak<Facts>>, Document)>>,
}

/// What was made of one snapshot of a channel, as far as somebody asked for it. Who asks for what is
/// being made waits for it: nothing is made twice.
#[derive(Debug, Default)]
pub(crate) struct Kept {
    facts: Weak<Facts>,
    statements: Arc<Statements>,
    atom: Mutex<Option<Document>>,
    openvex: Mutex<Option<Document>>,
    packages: Mutex<Option<Document>>,
    git: Mutex<Option<Document>>,
}

impl Feeds {
    /// What there is of a channel. The lock is held while its statements are made, which takes some
    /// milliseconds for a thousand pull requests.
    pub(crate) fn of(&self, facts: &Arc<Facts>) -> Arc<Kept> {
        let mut channels = self.channels.lock().unwrap_or_else(PoisonError::into_inner);
        let last = channels.entry(facts.policy.channel.clone()).or_default();
        if !is_of(&last.facts, facts) {
            *last = Arc::new(Kept {
                facts: Arc::downgrade(facts),
                statements: Arc::new(Statements::of(facts)),
                ..Kept::default()
            });
        }
        Arc::clone(last)
    }

    /// The archive of the VEX repository of all channels.
    pub(crate) fn repository(&self, channels: &[Arc<Facts>], site: &Site) -> io::Result<Document> {
        let mut last = self.archive.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = last.as_ref().filter(|(of, _)| {
            let mut pairs = of.iter().zip(channels);
            of.len() == channels.len() && pairs.all(|(of, facts)| is_of(of, facts))
        });
        if let Some((_, document)) = kept {
            return Ok(document.clone());
        }
        let statements: Vec<_> = channels.iter().map(|it| self.of(it)).collect();
        let pairs = channels.iter().zip(&statements);
        let pairs: Vec<_> = pairs
            .map(|(facts, kept)| (facts.as_ref(), kept.statements().as_ref()))
            .collect();
        let made = archive(&pairs, site)?;
        let of = channels.iter().map(Arc::downgrade).collect();
        *last = Some((of, made.clone()));
        Ok(made)
    }
}

fn is_of(kept: &Weak<Facts>, facts: &Arc<Facts>) -> bool {
    Weak::ptr_eq(kept, &Arc::downgrade(facts))
}

impl Kept {
    /// What there is to say of each vulnerability of each package.
    pub(crate) fn statements(&self) -> &Arc<Statements> {
        &self.statements
    }

    pub(crate) fn atom<E>(
        &self,
        make: impl FnOnce() -> Result<Document, E>,
    ) -> Result<Document, E> {
        once(&self.atom, make)
    }

    pub(crate) fn openvex(&self, facts: &Facts, site: &Site) -> io::Result<Document> {
        once(&self.openvex, || {
            Document::json(&OpenVex::of_channel(facts, site, &self.statements))
        })
    }

    pub(crate) fn records(
        &self,
        facts: &Facts,
        site: &Site,
        form: OsvForm,
    ) -> io::Result<Document> {
        let kept = match form {
            OsvForm::Packages => &self.packages,
            OsvForm::Git => &self.git,
        };
        once(kept, || lines(&Osv::all(facts, site, form)))
    }
}

fn once<E>(
    kept: &Mutex<Option<Document>>,
    make: impl FnOnce() -> Result<Document, E>,
) -> Result<Document, E> {
    let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
    match &*kept {
        Some(document) => Ok(document.clone()),
        None => Ok(kept.insert(make()?).clone()),
    }
}

/// One record a line.
fn lines(records: &[Osv]) -> io::Result<Document> {
    let mut lines = Vec::new();
    for record in records {
        serde_json::to_writer(&mut lines, record)?;
        lines.push(b'\n');
    }
    Ok(Document::new(lines, "application/x-ndjson"))
}
