//! Many look-ups, one statement: whoever asks for a key while nothing is under way joins the same round.
//!
//! The fields of a request are polled by one task, all once before any again. So the first who asks steps back once,
//! by then all its siblings have asked too, and the round starts: no timer, no spawned task, no split however many.

use std::collections::{BTreeSet, HashMap};
use std::future::poll_fn;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::{Poll, Waker};

/// The round could not be loaded; why is logged where it failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Failed;

type Loaded<K, V> = Result<HashMap<K, V>, Failed>;

/// Look-ups of one kind within one request.
pub(super) struct Batch<K, V> {
    open: Mutex<Option<Arc<Round<K, V>>>>,
}

struct Round<K, V> {
    keys: Mutex<BTreeSet<K>>,
    waiting: Mutex<Vec<Waker>>,
    loaded: OnceLock<Loaded<K, V>>,
}

impl<K, V> Default for Batch<K, V> {
    fn default() -> Self {
        Self {
            open: Mutex::new(None),
        }
    }
}

impl<K, V> Batch<K, V>
where
    K: Ord + Hash + Clone + Send + Sync,
    V: Clone + Send + Sync,
{
    /// The value of `key`, `None` where there is none. `fetch` runs once for all keys of the round, sorted.
    pub(super) async fn load<F, L>(&self, key: K, fetch: F) -> Result<Option<V>, Failed>
    where
        F: FnOnce(Vec<K>) -> L + Send,
        L: Future<Output = Loaded<K, V>> + Send,
    {
        let (round, first) = self.join(key.clone());
        if first {
            let leader = Leader(&round);
            step_back().await;
            *locked(&self.open) = None;
            let keys = std::mem::take(&mut *locked(&round.keys))
                .into_iter()
                .collect();
            // On the heap, because everybody who waits would carry room for a statement they never run.
            leader.0.finish(Box::pin(fetch(keys)).await);
        } else {
            round.finished().await;
        }
        match round.loaded.get() {
            Some(Ok(values)) => Ok(values.get(&key).cloned()),
            Some(Err(Failed)) | None => Err(Failed),
        }
    }

    fn join(&self, key: K) -> (Arc<Round<K, V>>, bool) {
        let mut open = locked(&self.open);
        let first = open.is_none();
        let round = Arc::clone(open.get_or_insert_with(Arc::default));
        locked(&round.keys).insert(key);
        (round, first)
    }
}

impl<K, V> Default for Round<K, V> {
    fn default() -> Self {
        Self {
            keys: Mutex::new(BTreeSet::new()),
            waiting: Mutex::new(Vec::new()),
            loaded: OnceLock::new(),
        }
    }
}

impl<K: Send + Sync, V: Send + Sync> Round<K, V> {
    /// The first outcome counts.
    fn finish(&self, outcome: Loaded<K, V>) {
        self.loaded.get_or_init(|| outcome);
        for waker in std::mem::take(&mut *locked(&self.waiting)) {
            waker.wake();
        }
    }

    async fn finished(&self) {
        poll_fn(|context| {
            let mut waiting = locked(&self.waiting);
            if self.loaded.get().is_some() {
                return Poll::Ready(());
            }
            if !waiting
                .last()
                .is_some_and(|waker| waker.will_wake(context.waker()))
            {
                waiting.push(context.waker().clone());
            }
            Poll::Pending
        })
        .await;
    }
}

/// Whoever leads a round and is dropped before its end lets the others go.
struct Leader<'r, K: Send + Sync, V: Send + Sync>(&'r Round<K, V>);

impl<K: Send + Sync, V: Send + Sync> Drop for Leader<'_, K, V> {
    fn drop(&mut self) {
        self.0.finish(Err(Failed));
    }
}

async fn step_back() {
    let mut stepped = false;
    poll_fn(|context| {
        if std::mem::replace(&mut stepped, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use futures::executor::block_on;
    use futures::future::{join_all, select};

    use super::*;

    #[test]
    fn any_number_of_look_ups_is_one_round_and_unknown_keys_are_none() {
        for number in [1_usize, 30, 31, 5_000] {
            let (batch, rounds) = (Batch::<usize, usize>::default(), AtomicUsize::new(0));
            let answers = block_on(join_all((0..number).map(|key| {
                batch.load(key, |keys| {
                    rounds.fetch_add(1, Ordering::Relaxed);
                    assert_eq!(keys.len(), number);
                    let known = keys.into_iter().filter(|key| key % 2 == 0);
                    async { Ok(known.map(|key| (key, key * 10)).collect()) }
                })
            })));
            assert_eq!(rounds.into_inner(), 1);
            for (key, answer) in answers.into_iter().enumerate() {
                assert_eq!(answer, Ok((key % 2 == 0).then_some(key * 10)));
            }
        }
    }

    #[test]
    fn a_failure_is_everybody_s() {
        let batch = Batch::<u8, u8>::default();
        let all = (0..3).map(|key| batch.load(key, |_| async { Err(Failed) }));
        assert_eq!(block_on(join_all(all)), [Err(Failed); 3]);
    }

    #[test]
    fn nobody_waits_for_a_leader_who_is_gone() {
        let batch = Batch::<u8, u8>::default();
        let mut leader = Box::pin(batch.load(1, |_| std::future::pending()));
        let mut follower = Box::pin(batch.load(2, |_| std::future::pending()));
        block_on(async {
            for _ in 0..3 {
                assert!(futures::poll!(&mut leader).is_pending());
                assert!(futures::poll!(&mut follower).is_pending());
            }
            drop(leader);
            assert_eq!(follower.await, Err(Failed));
        });
        let done = block_on(select(
            Box::pin(batch.load(3, |_| async { Ok(HashMap::new()) })),
            std::future::pending::<()>(),
        ));
        assert!(matches!(done, futures::future::Either::Left((Ok(None), _))));
    }
}
