//! The same work on many things, on several threads.

use std::num::NonZeroUsize;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// Does `work` on every item, the first ones first, and returns the results in the items' order.
///
/// # Errors
/// One of the errors; what was not begun by then is left.
pub(crate) fn map<T, R, E>(
    items: &[T],
    threads: NonZeroUsize,
    work: impl Fn(&T) -> Result<R, E> + Sync,
) -> Result<Vec<R>, E>
where
    T: Sync,
    R: Send,
    E: Send,
{
    let next = AtomicUsize::new(0);
    let outcome = Mutex::new(Ok(Vec::with_capacity(items.len())));
    thread::scope(|scope| {
        for _ in 0..threads.get().min(items.len()) {
            scope.spawn(|| {
                while let Some((index, item)) = take(&next, items) {
                    let result = work(item);
                    record(&outcome, &next, items.len(), index, result);
                }
            });
        }
    });
    let outcome = outcome.into_inner();
    let mut results = outcome.expect("no thread panics while it holds the lock")?;
    results.sort_unstable_by_key(|(index, _)| *index);
    Ok(results.into_iter().map(|(_, result)| result).collect())
}

/// Does blocking work where it holds up no async code.
pub(crate) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()))
}

fn take<'a, T>(next: &AtomicUsize, items: &'a [T]) -> Option<(usize, &'a T)> {
    let index = next.fetch_add(1, Ordering::Relaxed);
    items.get(index).map(|item| (index, item))
}

fn record<R, E>(
    outcome: &Mutex<Result<Vec<(usize, R)>, E>>,
    next: &AtomicUsize,
    end: usize,
    index: usize,
    result: Result<R, E>,
) {
    let mut outcome = outcome
        .lock()
        .expect("no thread panics while it holds the lock");
    match (outcome.as_mut(), result) {
        (Ok(results), Ok(result)) => results.push((index, result)),
        (Ok(_), Err(error)) => {
            next.store(end, Ordering::Relaxed);
            *outcome = Err(error);
        }
        (Err(_), _) => {}
    }
}

/// As many threads as the machine has for us.
pub(crate) fn all_threads() -> NonZeroUsize {
    thread::available_parallelism().unwrap_or(NonZeroUsize::MIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    const THREADS: NonZeroUsize = NonZeroUsize::new(3).unwrap();

    #[test]
    fn results_come_in_the_items_order() {
        let items: Vec<u32> = (0..100).collect();
        let doubled = map(&items, THREADS, |n| Ok::<_, ()>(n * 2)).unwrap();
        assert!(doubled.iter().zip(&items).all(|(a, b)| *a == b * 2));
        assert_eq!(doubled.len(), items.len());
    }

    #[test]
    fn an_error_ends_it() {
        let items: Vec<u32> = (0..100).collect();
        let result = map(&items, THREADS, |n| if *n == 50 { Err(*n) } else { Ok(()) });
        assert_eq!(result, Err(50));
        assert_eq!(
            map(&[], THREADS, |_: &u32| Err::<(), _>(())),
            Ok(Vec::new())
        );
    }
}
