//! How much is built at a time on the machines, over all runs of this process.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

/// Whose turn it is: the lowest first.
///
/// It is the time in seconds at which a run would end if it had the machines for itself. So small
/// runs go before large ones, and a large one is not put off for ever: what begins much later has a
/// later end.
pub(crate) type Rank = u64;

/// A number of slots.
#[derive(Debug, Clone)]
pub(crate) struct Slots {
    state: Arc<Mutex<State>>,
}

#[derive(Debug)]
struct State {
    free: usize,
    /// By rank, and then in the order in which they came.
    waiting: BTreeMap<(Rank, u64), oneshot::Sender<Slot>>,
    came: u64,
}

/// One slot, for as long as it lives.
#[derive(Debug)]
pub(crate) struct Slot {
    of: Option<Slots>,
}

impl Slots {
    pub(crate) fn new(count: usize) -> Self {
        let state = State {
            free: count,
            waiting: BTreeMap::new(),
            came: 0,
        };
        Self {
            state: Arc::new(Mutex::new(state)),
        }
    }

    /// Waits for a slot. Whoever does not wait any more is passed over.
    pub(crate) async fn take(&self, rank: Rank) -> Slot {
        let waiting = {
            let mut state = self.state();
            if state.free > 0 {
                state.free -= 1;
                return self.slot();
            }
            let (give, waiting) = oneshot::channel();
            let place = (rank, state.came);
            state.came += 1;
            state.waiting.insert(place, give);
            waiting
        };
        waiting.await.expect("the slots outlive whoever waits")
    }

    fn give_back(&self) {
        loop {
            let next = {
                let mut state = self.state();
                match state.waiting.pop_first() {
                    Some((_, next)) => next,
                    None => {
                        state.free += 1;
                        return;
                    }
                }
            };
            match next.send(self.slot()) {
                Ok(()) => return,
                // It went away: its slot is not given back, but handed on.
                Err(mut slot) => slot.of = None,
            }
        }
    }

    fn slot(&self) -> Slot {
        Slot {
            of: Some(self.clone()),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        if let Some(slots) = self.of.take() {
            slots.give_back();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::pin::{Pin, pin};
    use std::task::Poll;

    use super::*;

    async fn poll(waits: &mut Pin<&mut impl Future<Output = Slot>>) -> Poll<Slot> {
        poll_fn(|context| Poll::Ready(waits.as_mut().poll(context))).await
    }

    #[tokio::test]
    async fn the_lowest_rank_goes_first_and_who_left_is_passed_over() {
        let slots = Slots::new(1);
        let first = slots.take(9).await;
        let mut large = pin!(slots.take(100));
        let mut small = pin!(slots.take(5));
        assert!(poll(&mut large).await.is_pending());
        {
            let mut gone = pin!(slots.take(1));
            assert!(poll(&mut gone).await.is_pending());
        }
        assert!(poll(&mut small).await.is_pending());
        drop(first);
        let Poll::Ready(second) = poll(&mut small).await else {
            panic!("the small one is next");
        };
        assert!(poll(&mut large).await.is_pending());
        drop(second);
        assert!(poll(&mut large).await.is_ready());
    }

    #[tokio::test]
    async fn a_slot_that_was_handed_over_and_not_taken_is_not_lost() {
        let slots = Slots::new(1);
        let first = slots.take(1).await;
        {
            let mut waits = pin!(slots.take(1));
            assert!(poll(&mut waits).await.is_pending());
            drop(first);
        }
        slots.take(1).await;
    }
}
