//! Lets a few in at a time, those with the lowest number first: what would be done ahead of its need must neither swamp the
//! machine nor overtake what is needed sooner.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

/// A gate with so many places behind it.
#[derive(Clone, Debug)]
pub struct Gate(Arc<Mutex<Queue>>);

#[derive(Debug)]
struct Queue {
    free: usize,
    last: u64,
    /// By number, then by order of coming.
    waiting: BTreeMap<(u32, u64), oneshot::Sender<Pass>>,
}

/// A place behind the gate, given back when this is dropped.
#[derive(Debug)]
pub struct Pass(Gate);

impl Gate {
    /// A gate with `places` places, at least one.
    pub fn new(places: usize) -> Self {
        Self(Arc::new(Mutex::new(Queue { free: places.max(1), last: 0, waiting: BTreeMap::new() })))
    }

    /// Waits for a place.
    pub async fn enter(&self, number: u32) -> Pass {
        let turn = {
            let mut queue = self.queue();
            if queue.free > 0 {
                queue.free -= 1;
                return Pass(self.clone());
            }
            let (waiting, turn) = oneshot::channel();
            queue.last += 1;
            let key = (number, queue.last);
            queue.waiting.insert(key, waiting);
            turn
        };
        // The sender is only dropped with the gate, which we hold.
        turn.await.unwrap_or_else(|_| Pass(self.clone()))
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        let next = {
            let mut queue = self.0.queue();
            match queue.waiting.pop_first() {
                Some((_, next)) => next,
                None => {
                    queue.free += 1;
                    return;
                }
            }
        };
        // Handed on; if who waited has gone, the new pass is dropped and handed on in turn.
        drop(next.send(Pass(self.0.clone())));
    }
}

#[cfg(test)]
mod tests {
    use futures_util::poll;

    use super::*;

    #[tokio::test]
    async fn the_lowest_number_is_next_and_who_left_is_passed_over() {
        let gate = Gate::new(1);
        let first = gate.enter(9).await;
        let (mut late, mut gone, mut soon) =
            (Box::pin(gate.enter(7)), Box::pin(gate.enter(1)), Box::pin(gate.enter(3)));
        assert!(poll!(&mut late).is_pending() && poll!(&mut gone).is_pending() && poll!(&mut soon).is_pending());
        drop(gone);
        drop(first);
        assert!(poll!(&mut late).is_pending());
        let soon = soon.await;
        assert!(poll!(&mut late).is_pending());
        drop(soon);
        drop(late.await);
        drop(gate.enter(0).await);
        assert_eq!(gate.queue().free, 1);
    }
}
