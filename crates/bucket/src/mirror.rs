//! A mirror, and what can be asked of it.

use std::sync::Arc;

use object_store::ObjectStore;
use picket_publisher::PublicDir;

use crate::error::BucketError;
use crate::ledger::{self, Ledger, RECORD};
use crate::place::{Place, Seen};
use crate::plan::plan;
use crate::report::Report;
use crate::run::{Depth, Run, differing};
use crate::scan::Snapshot;
use crate::target::Target;

/// A public folder, and the copy of it that is brought up to date.
#[derive(Debug)]
pub struct Mirror {
    public: PublicDir,
    place: Place,
}

impl Mirror {
    /// A mirror of a public folder. A folder that is not there is made; a bucket is not.
    ///
    /// # Errors
    /// Where there are no credentials, or the two folders lie in each other.
    pub fn open(public: PublicDir, target: &Target) -> Result<Self, BucketError> {
        let place = Place::open(target)?;
        place.is_apart_from(public.root())?;
        Ok(Self { public, place })
    }

    /// A mirror in a store that is there already, which must know conditional writes.
    pub fn in_store(public: PublicDir, store: Arc<dyn ObjectStore>, name: &str) -> Self {
        let place = Place::of_store(store, name.to_owned());
        Self { public, place }
    }

    /// Brings it up to date. Where it is killed or fails, what it wrote stays, readers are led to what
    /// is whole, and the next run goes on.
    ///
    /// # Errors
    /// All of [`BucketError`].
    pub async fn update(&self, depth: Depth) -> Result<Report, BucketError> {
        let held = self.place.hold()?;
        let owner = self.public.identity()?;
        let mut here = self.look().await?;
        let (ledger, before) = self.ledger(&owner).await?;
        let is_news = |ledger: &Ledger| {
            let plan = plan(&here, ledger, &None);
            !plan.sends.is_empty() || !plan.removals.is_empty() || differing(&here, ledger)
        };
        let listing = match depth {
            Depth::Record if before.is_some() && ledger.is_whole() && !is_news(&ledger) => None,
            Depth::Record | Depth::Listing => Some(self.place.list().await?),
        };
        let unreadable = std::mem::take(&mut here.unreadable);
        let run = Run::new(&self.place, ledger, before, unreadable.keys().cloned());
        let report = run.carry_out(&here, &listing, depth).await?;
        drop(held);
        match unreadable.into_values().next() {
            None => Ok(report),
            Some(error) => Err(error.into()),
        }
    }

    /// What [`Mirror::update`] would do. No file is written.
    ///
    /// # Errors
    /// As it has them.
    pub async fn preview(&self) -> Result<Report, BucketError> {
        let owner = self.public.identity()?;
        let here = self.look().await?;
        let (ledger, before) = self.ledger(&owner).await?;
        let listing = Some(self.place.list().await?);
        let unreadable = here.unreadable.keys().cloned();
        let run = Run::new(&self.place, ledger, before, unreadable);
        Ok(run.preview(&here, &listing))
    }

    /// Takes a mirror over that was another public folder's: what its runs put there is this one's from
    /// now on, to be kept or removed.
    ///
    /// # Errors
    /// As [`Mirror::update`].
    pub async fn adopt(&self) -> Result<(), BucketError> {
        let _held = self.place.hold()?;
        let owner = self.public.identity()?;
        let (mut ledger, before) = self.read_ledger(&owner).await?;
        if ledger.owner != owner {
            ledger.owner = owner;
            let run = Run::new(&self.place, ledger, before, []);
            run.write_down().await?;
        }
        Ok(())
    }

    async fn look(&self) -> Result<Snapshot, BucketError> {
        let public = self.public.clone();
        let look = tokio::task::spawn_blocking(move || Snapshot::take(&public));
        look.await
            .unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()))
    }

    async fn ledger(&self, owner: &str) -> Result<(Ledger, Option<Seen>), BucketError> {
        let (ledger, before) = self.read_ledger(owner).await?;
        if ledger.owner == owner {
            return Ok((ledger, before));
        }
        let place = self.place.name.clone();
        Err(BucketError::NotOurs { place })
    }

    async fn read_ledger(&self, owner: &str) -> Result<(Ledger, Option<Seen>), BucketError> {
        let Some(seen) = self.place.read(RECORD, ledger::SIZE_MAX).await? else {
            return Ok((Ledger::new(owner), None));
        };
        let ledger = Ledger::parse(&seen.bytes);
        let ledger = ledger.map_err(|reason| self.place.damaged(RECORD, reason))?;
        Ok((ledger, Some(seen)))
    }
}
