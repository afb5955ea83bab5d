//! The threads: tokio's work-stealing runtime for the io lane, rayon's work-stealing pool for the cpu lane. Carries work
//! to them and outcomes back, and turns panics and lost replies into outcomes. Never decides what is ready.

use std::any::Any;
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender};
use rayon::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuildError, ThreadPoolBuilder};
use tokio::runtime::Handle;

use crate::executor::{NodeComputation, NodeFuture};
use crate::id::NodeId;
use crate::outcome::Outcome;
use crate::poll::poll;

/// How long the coordinator stays awake for a message that is near: longer than a fast disk needs for a commit.
const NEAR: Duration = Duration::from_micros(150);

/// What reaches the coordinator.
pub(crate) enum Message {
    /// A node ended.
    Ended(NodeId, Outcome),
    /// Several nodes ended.
    AllEnded(Vec<(NodeId, Outcome)>),
    /// Somebody told a node that it was too much at once.
    Throttled(NodeId),
    /// Look at the cancel signal.
    Wake,
}

/// What the coordinator needs of threads: that they do the work, and a way to hear of it. These here, or those of a model
/// whose every interleaving can be tried.
pub(crate) trait Crew {
    /// Gathers a future.
    fn push_future(&mut self, node: NodeId, future: NodeFuture);
    /// Gathers a computation.
    fn push_computation(&mut self, node: NodeId, computation: NodeComputation);
    /// Hands over what has gathered.
    fn flush(&mut self);
    /// Waits for a message, until then if there is a then. `is_near` says that one is expected at any moment.
    fn wait(&self, until: Option<Instant>, is_near: bool) -> Option<Message>;
    /// A message that has arrived.
    fn hear(&self) -> Option<Message>;
    /// How many messages have arrived.
    fn n_waiting(&self) -> usize;
}

/// The way to both lanes and back. Work gathers until [`Workers::flush`], so that one wake-up serves many nodes.
pub(crate) struct Workers {
    io: Handle,
    /// Started by the first computation.
    cpu: Option<ThreadPool>,
    n_workers: usize,
    replies: Sender<Message>,
    messages: Receiver<Message>,
    futures: VecDeque<(NodeId, NodeFuture)>,
    computations: Vec<(NodeId, NodeComputation)>,
}

impl Crew for Workers {
    fn push_future(&mut self, node: NodeId, future: NodeFuture) {
        self.futures.push_back((node, future));
    }

    fn push_computation(&mut self, node: NodeId, computation: NodeComputation) {
        self.computations.push((node, computation));
    }

    fn flush(&mut self) {
        if !self.futures.is_empty() {
            let futures = std::mem::take(&mut self.futures);
            self.io.spawn(FutureBatch::new(futures, self.replies.clone()).into_task());
        }
        if !self.computations.is_empty() {
            let computations = std::mem::take(&mut self.computations);
            self.compute(computations);
        }
    }

    fn wait(&self, until: Option<Instant>, is_near: bool) -> Option<Message> {
        if is_near && let Some(message) = poll(NEAR, || self.hear()) {
            return Some(message);
        }
        match until {
            Some(until) => self.messages.recv_deadline(until).ok(),
            None => self.messages.recv().ok(),
        }
    }

    fn hear(&self) -> Option<Message> {
        self.messages.try_recv().ok()
    }

    fn n_waiting(&self) -> usize {
        self.messages.len()
    }
}

impl Workers {
    pub(crate) fn new(io: Handle, n_workers: usize, (replies, messages): (Sender<Message>, Receiver<Message>)) -> Self {
        Self { io, cpu: None, n_workers, replies, messages, futures: VecDeque::new(), computations: Vec::new() }
    }

    /// Each computation is a piece of its own for idle workers to steal, so a long one holds up none behind it.
    fn compute(&mut self, computations: Vec<(NodeId, NodeComputation)>) {
        let replies = self.replies.clone();
        match self.cpu() {
            Ok(pool) => pool.spawn_fifo(move || {
                let pieces = computations.into_par_iter().with_max_len(1);
                // Nobody listens only if the run is over, and then nobody needs to.
                pieces.for_each(|(node, work)| drop(replies.send(Message::Ended(node, caught(work)))));
            }),
            Err(error) => {
                let outcome = Outcome::Bug(format!("the cpu lane cannot be started: {error}"));
                let ended = computations.into_iter().map(|(node, _)| (node, outcome.clone())).collect();
                drop(replies.send(Message::AllEnded(ended)));
            }
        }
    }

    fn cpu(&mut self) -> Result<&ThreadPool, ThreadPoolBuildError> {
        let pool = match self.cpu.take() {
            Some(pool) => pool,
            None => {
                let name = |at| format!("cpu-{at}");
                ThreadPoolBuilder::new().num_threads(self.n_workers).thread_name(name).build()?
            }
        };
        Ok(self.cpu.insert(pool))
    }
}

/// Futures on their way to becoming tasks. Many end at the first look and never need a task of their own; those that do
/// not get one. Dropped before all had their first look, it answers for the rest.
struct FutureBatch {
    waiting: VecDeque<(NodeId, NodeFuture)>,
    ended: Vec<(NodeId, Outcome)>,
    replies: Sender<Message>,
}

impl FutureBatch {
    /// A batch that has taken longer shares what is left, so that futures slow at their first step (one that starts a
    /// process, say) use all workers and let others have theirs.
    const PATIENCE: Duration = Duration::from_micros(100);
    const MAX_BETWEEN_LOOKS: u32 = 8;

    fn new(waiting: VecDeque<(NodeId, NodeFuture)>, replies: Sender<Message>) -> Self {
        Self { ended: Vec::with_capacity(waiting.len()), waiting, replies }
    }

    /// The batch as a task.
    fn into_task(self) -> impl Future<Output = ()> + Send {
        let mut batch = Some(self);
        std::future::poll_fn(move |context| {
            if let Some(batch) = batch.take() {
                batch.begin(context);
            }
            Poll::Ready(())
        })
    }

    fn begin(mut self, context: &mut Context<'_>) {
        let began = Instant::now();
        // The clock is looked at after one, two, four and then every eighth: it costs as much as a short future.
        let (mut n_until_look, mut n_between) = (1, 1);
        while let Some((node, future)) = self.waiting.pop_front() {
            let mut future = Guarded(Some(future));
            match Pin::new(&mut future).poll(context) {
                Poll::Ready(outcome) => self.ended.push((node, outcome)),
                // The task looks again at once, so that it is the one to be woken.
                Poll::Pending => drop(tokio::spawn(attend(Reply::new(node, &self.replies), future))),
            }
            n_until_look -= 1;
            if n_until_look == 0 {
                if began.elapsed() > Self::PATIENCE {
                    return self.share();
                }
                n_between = (n_between * 2).min(Self::MAX_BETWEEN_LOOKS);
                n_until_look = n_between;
            }
        }
    }

    fn share(mut self) {
        let half = self.waiting.split_off(self.waiting.len() / 2);
        for waiting in [std::mem::take(&mut self.waiting), half] {
            if !waiting.is_empty() {
                tokio::spawn(Self::new(waiting, self.replies.clone()).into_task());
            }
        }
    }
}

impl Drop for FutureBatch {
    fn drop(&mut self) {
        let waiting = std::mem::take(&mut self.waiting);
        self.ended.extend(waiting.iter().map(|(node, _)| (*node, lost())));
        if !self.ended.is_empty() {
            // Nobody listens only if the run is over, and then nobody needs to.
            let _ = self.replies.send(Message::AllEnded(std::mem::take(&mut self.ended)));
        }
    }
}

/// The duty to answer for a node. Dropped without an answer, it answers that the reply was lost.
struct Reply {
    node: NodeId,
    replies: Option<Sender<Message>>,
}

impl Reply {
    fn new(node: NodeId, replies: &Sender<Message>) -> Self {
        Self { node, replies: Some(replies.clone()) }
    }

    fn answer(&mut self, outcome: Outcome) {
        if let Some(replies) = self.replies.take() {
            let _ = replies.send(Message::Ended(self.node, outcome));
        }
    }
}

impl Drop for Reply {
    fn drop(&mut self) {
        self.answer(lost());
    }
}

fn lost() -> Outcome {
    Outcome::Bug("the reply was lost: the work was dropped before it ended".to_owned())
}

/// A node's future as a task.
async fn attend(mut reply: Reply, future: Guarded) {
    let outcome = future.await;
    reply.answer(outcome);
}

/// A future that ends as a bug where it would panic, also while it is being dropped.
struct Guarded(Option<NodeFuture>);

impl Future for Guarded {
    type Output = Outcome;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Outcome> {
        let Some(future) = &mut self.0 else {
            return Poll::Ready(Outcome::Bug("polled after it ended".to_owned()));
        };
        let outcome = match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(context))) {
            Ok(poll) => ready!(poll),
            Err(panic) => bug(panic),
        };
        let future = self.0.take();
        match catch_unwind(AssertUnwindSafe(move || drop(future))) {
            Ok(()) => Poll::Ready(outcome),
            Err(panic) => Poll::Ready(bug(panic)),
        }
    }
}

/// Runs `work`; a panic becomes a bug.
pub(crate) fn caught(work: impl FnOnce() -> Outcome) -> Outcome {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(bug)
}

/// The outcome of a node that panicked.
pub(crate) fn bug(panic: Box<dyn Any + Send>) -> Outcome {
    let text = match (panic.downcast_ref::<&str>(), panic.downcast_ref::<String>()) {
        (Some(text), _) => format!("panicked: {text}"),
        (_, Some(text)) => format!("panicked: {text}"),
        _ => "panicked".to_owned(),
    };
    // What was thrown may itself panic when dropped.
    let _ = catch_unwind(AssertUnwindSafe(move || drop(panic)));
    Outcome::Bug(text)
}

/// How many computations to have in flight: as many as there are workers, so that priorities decide what comes next;
/// more while they are so short that asking for each would cost more than computing it.
pub(crate) struct CpuWindow {
    n_workers: usize,
    width: usize,
    n_ended: usize,
    since: Instant,
}

impl CpuWindow {
    const SHORT: Duration = Duration::from_micros(40);
    const MAX_PER_WORKER: usize = 256;

    pub(crate) fn new(n_workers: usize) -> Self {
        Self { n_workers, width: n_workers, n_ended: 0, since: Instant::now() }
    }

    pub(crate) fn width(&self) -> usize {
        self.width
    }

    /// Counts an ended computation; answers a new width if it is time for one.
    pub(crate) fn count(&mut self) -> Option<usize> {
        self.n_ended += 1;
        if self.n_ended < self.width {
            return None;
        }
        let each = self.since.elapsed() * self.n_workers as u32 / self.n_ended as u32;
        self.width = if each < Self::SHORT {
            (self.width * 2).min(self.n_workers * Self::MAX_PER_WORKER)
        } else {
            self.n_workers
        };
        self.n_ended = 0;
        self.since = Instant::now();
        Some(self.width)
    }
}
