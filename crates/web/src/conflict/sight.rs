//! Conflicts that were looked at: each once, and beside the requests that ask for it.
//!
//! Looking compares and parses whole files, which can take longer than an answer may. So it goes on
//! when nobody waits any more, and what was found is kept for the next page and for its forms.

use std::sync::Arc;
use std::time::Duration;

use picket_domain::{Candidate, CommitSha, ConflictPlace, PickInput};
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::found::{Again, Found};
use crate::error::PageError;
use crate::look::Look;
use crate::state::App;

/// How long a page waits for what it shows of a conflict.
const PATIENCE: Duration = Duration::from_secs(2);

/// How many conflicts are kept, about.
const KEPT: usize = 32;

/// How much the kept ones may take together, in bytes.
const ROOM: u64 = 128 << 20;

/// The conflicts that were looked at. Clones share them.
#[derive(Debug, Clone)]
pub struct Conflicts(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    kept: Cache<Place, Sight, BySize>,
    /// One is looked at at a time, so that however many there are, other pages go on.
    turn: Semaphore,
    patience: Duration,
}

/// Where something is picked, and what.
type Place = (CommitSha, CommitSha, PickInput);

/// What came of looking.
#[derive(Debug, Clone)]
pub(super) enum Sight {
    /// There is a conflict.
    Conflict(Arc<Found>),
    /// It does not conflict there after all.
    Nothing,
    /// It could not be looked at; the log says why.
    Failed,
}

/// A look at a conflict that did not succeed.
#[derive(Debug, thiserror::Error)]
#[error("a conflict could not be looked at; an entry before this one says why")]
struct LookFailed;

#[derive(Debug, Clone)]
struct BySize;

impl Weighter<Place, Sight> for BySize {
    fn weight(&self, _: &Place, sight: &Sight) -> u64 {
        match sight {
            // One that is larger than all the room has all of it.
            Sight::Conflict(found) => found.size().clamp(1, ROOM),
            Sight::Nothing | Sight::Failed => 1,
        }
    }
}

impl Default for Conflicts {
    fn default() -> Self {
        Self::with_patience(PATIENCE)
    }
}

impl Conflicts {
    /// None looked at yet; pages wait this long for one.
    pub fn with_patience(patience: Duration) -> Self {
        Self(Arc::new(Shared {
            kept: Cache::with_weighter(KEPT, ROOM, BySize),
            turn: Semaphore::new(1),
            patience,
        }))
    }

    /// A failure is told once: whoever asks again has it tried again.
    fn told(&self, key: &Place, sight: Sight) -> Sight {
        if matches!(sight, Sight::Failed) {
            self.0.kept.remove(key);
        }
        sight
    }
}

/// What is to be seen of a candidate's conflict within a page's patience; `None` while it is looked
/// at.
pub(super) async fn soon(
    app: &App,
    look: &Look<'_>,
    candidate: &Candidate,
    place: &ConflictPlace<'_>,
) -> Option<Sight> {
    let key = key(look, candidate, place);
    let sight = match app.conflicts.0.kept.get(&key) {
        Some(sight) => sight,
        None => {
            let looking = begin(app, look, candidate, place);
            let ended = timeout(app.conflicts.0.patience, looking).await.ok()?;
            ended.unwrap_or(Sight::Failed)
        }
    };
    Some(app.conflicts.told(&key, sight))
}

/// A candidate's conflict, however long it takes; `None` where it does not conflict there after all.
pub(super) async fn at_last(
    app: &App,
    look: &Look<'_>,
    candidate: &Candidate,
    place: &ConflictPlace<'_>,
) -> Result<Option<Arc<Found>>, PageError> {
    let sight = begin(app, look, candidate, place).await?;
    match app.conflicts.told(&key(look, candidate, place), sight) {
        Sight::Conflict(found) => Ok(Some(found)),
        Sight::Nothing => Ok(None),
        Sight::Failed => Err(LookFailed.into()),
    }
}

fn key(look: &Look<'_>, candidate: &Candidate, place: &ConflictPlace<'_>) -> Place {
    let input = look.facts.input(candidate);
    (place.base.clone(), place.onto.clone(), input)
}

/// Looks at a conflict, unless somebody did or does. It goes on when the handle is dropped.
fn begin(
    app: &App,
    look: &Look<'_>,
    candidate: &Candidate,
    place: &ConflictPlace<'_>,
) -> JoinHandle<Sight> {
    let key = key(look, candidate, place);
    let again = Again {
        base: place.base.clone(),
        onto: place.onto.clone(),
        candidate: candidate.clone(),
        resolved: look.facts.resolved(candidate.pr).clone(),
    };
    let app = Arc::clone(app);
    tokio::spawn(async move {
        let looked = async { Ok::<_, std::convert::Infallible>(sight(&app, again).await) };
        let Ok(sight) = app.conflicts.0.kept.get_or_insert_async(&key, looked).await;
        sight
    })
}

async fn sight(app: &App, again: Again) -> Sight {
    let Ok(_turn) = app.conflicts.0.turn.acquire().await else {
        return Sight::Failed;
    };
    match Found::by(app, again).await {
        Ok(Some(found)) => Sight::Conflict(Arc::new(found)),
        Ok(None) => Sight::Nothing,
        Err(error) => {
            error.log();
            Sight::Failed
        }
    }
}
