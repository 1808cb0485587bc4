//! One look of a worker, with nothing new in the database.

use std::time::Instant;

use anyhow::{Result, ensure};
use picket_domain::Timestamp;
use picket_snapshot::Snapshots;
use picket_store::Store;

use crate::figures::median;
use crate::world::World;

const LOOKS: usize = 31;

/// The median of some looks: what is new is read from the database, and a plan made of all that is
/// known.
pub(crate) async fn median_of_looks(world: &World) -> Result<std::time::Duration> {
    let store = Store::open(&Store::sqlite_url(&world.database)?).await?;
    let policies = [world.policy.clone()];
    let snapshots = Snapshots::open(store.clone(), policies, Timestamp::now()).await?;
    let mut times = Vec::new();
    for _ in 0..LOOKS {
        let start = Instant::now();
        let look = snapshots.refresh(Timestamp::now()).await?;
        let steps = look.channels()[0].plan().steps.len();
        times.push(start.elapsed());
        ensure!(steps == 0, "there is something to do");
    }
    store.close().await;
    // The first look makes the plan that the others find.
    Ok(median(times))
}
