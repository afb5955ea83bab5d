//! Where everything goes that a run says, and the component-facing [`Ui`] on top of it.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use planner::diagnostic::Diagnostics;
use planner::node::BuildId;

use crate::component::{ComponentError, Echo, Progress, Ui, Unseen};

/// How a line is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineKind {
    /// A step.
    Say,
    /// A detail.
    Message,
    /// A failure.
    Error,
}

/// One call of a component's [`Ui`]: a text of one or more lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The build it belongs to; none for what concerns the whole run.
    pub build: Option<BuildId>,
    /// The type of the post-processor that said it.
    pub post_processor: Option<Arc<str>>,
    /// How it is meant.
    pub kind: LineKind,
    /// What was said.
    pub text: String,
}

/// Takes what a run says. Sending never fails for the sender.
#[async_trait]
pub trait Output: Send + Sync {
    /// A text for people.
    fn line(&self, line: Line);

    /// A machine-readable line of a build.
    fn machine(&self, build: BuildId, kind: &str, args: &[String]);

    /// Findings about the template.
    fn diagnostics(&self, build: Option<BuildId>, diagnostics: Diagnostics);

    /// A build has said something, although nothing is shown yet.
    fn heard(&self, _build: BuildId) {}

    /// Shows how far a transfer of a build has come; see [`Ui::track`].
    fn track(&self, _build: BuildId, _what: &str, _done: u64, _total: u64) -> Box<dyn Progress> {
        Box::new(Unseen)
    }

    /// Asks the user.
    async fn ask(&self, query: String, echo: Echo) -> Result<String, ComponentError>;
}

/// A build's own [`Ui`].
#[derive(Clone)]
pub struct BuildUi {
    output: Arc<dyn Output>,
    build: BuildId,
}

impl BuildUi {
    /// Speaks for `build`.
    pub fn new(output: Arc<dyn Output>, build: BuildId) -> Self {
        Self { output, build }
    }

    fn line(&self, kind: LineKind, text: &str) {
        self.output.line(Line { build: Some(self.build), post_processor: None, kind, text: text.to_owned() });
    }
}

#[async_trait]
impl Ui for BuildUi {
    fn say(&self, text: &str) {
        self.line(LineKind::Say, text);
    }

    fn message(&self, text: &str) {
        self.line(LineKind::Message, text);
    }

    fn error(&self, text: &str) {
        self.line(LineKind::Error, text);
    }

    fn machine(&self, kind: &str, args: &[String]) {
        self.output.machine(self.build, kind, args);
    }

    fn track(&self, what: &str, done: u64, total: u64) -> Box<dyn Progress> {
        self.output.track(self.build, what, done, total)
    }

    async fn ask(&self, query: &str) -> Result<String, ComponentError> {
        self.output.ask(query.to_owned(), Echo::Shown).await
    }

    async fn ask_secret(&self, query: &str) -> Result<String, ComponentError> {
        self.output.ask(query.to_owned(), Echo::Hidden).await
    }
}

/// Keeps the lines of a build's parallel post-processor chains apart: the first unfinished chain speaks at once, those
/// behind it when it is their turn.
pub struct ChainOutput {
    output: Arc<dyn Output>,
    turn: Mutex<Turn>,
}

struct Turn {
    speaking: usize,
    chains: Vec<ChainLines>,
}

#[derive(Default)]
struct ChainLines {
    held: Vec<Line>,
    finished: bool,
}

impl ChainOutput {
    /// For `n_chains` chains.
    pub fn new(output: Arc<dyn Output>, n_chains: usize) -> Self {
        let chains = (0..n_chains).map(|_| ChainLines::default()).collect();
        Self { output, turn: Mutex::new(Turn { speaking: 0, chains }) }
    }

    /// A line of chain number `chain`.
    pub fn line(&self, chain: usize, line: Line) {
        let mut turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        if turn.speaking >= chain {
            self.output.line(line);
        } else {
            line.build.iter().for_each(|build| self.output.heard(*build));
            turn.chains[chain].held.push(line);
        }
    }

    /// Chain number `chain` has nothing more to say.
    pub fn finish(&self, chain: usize) {
        let mut turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        turn.chains[chain].finished = true;
        while turn.chains.get(turn.speaking).is_some_and(|speaking| speaking.finished) {
            turn.speaking += 1;
            let at = turn.speaking;
            let held = turn.chains.get_mut(at).map(|next| std::mem::take(&mut next.held));
            held.into_iter().flatten().for_each(|line| self.output.line(line));
        }
    }

    /// Lets out whatever is still held, in chain order.
    pub fn finish_all(&self) {
        let n_chains = self.turn.lock().unwrap_or_else(PoisonError::into_inner).chains.len();
        (0..n_chains).for_each(|chain| self.finish(chain));
    }
}

/// The [`Ui`] of a post-processor, held back while an earlier chain speaks.
pub struct ChainUi {
    chains: Arc<ChainOutput>,
    chain: usize,
    build: BuildId,
    kind: Option<Arc<str>>,
}

impl ChainUi {
    /// Speaks for a chain of `build`; with `kind` as that post-processor, else as the build itself.
    pub fn new(chains: Arc<ChainOutput>, chain: usize, build: BuildId, kind: Option<Arc<str>>) -> Self {
        Self { chains, chain, build, kind }
    }

    fn line(&self, kind: LineKind, text: &str) {
        let line = Line { build: Some(self.build), post_processor: self.kind.clone(), kind, text: text.to_owned() };
        self.chains.line(self.chain, line);
    }
}

#[async_trait]
impl Ui for ChainUi {
    fn say(&self, text: &str) {
        self.line(LineKind::Say, text);
    }

    fn message(&self, text: &str) {
        self.line(LineKind::Message, text);
    }

    fn error(&self, text: &str) {
        self.line(LineKind::Error, text);
    }

    fn machine(&self, kind: &str, args: &[String]) {
        self.chains.output.machine(self.build, kind, args);
    }

    fn track(&self, what: &str, done: u64, total: u64) -> Box<dyn Progress> {
        self.chains.output.track(self.build, what, done, total)
    }

    async fn ask(&self, query: &str) -> Result<String, ComponentError> {
        self.chains.output.ask(query.to_owned(), Echo::Shown).await
    }

    async fn ask_secret(&self, query: &str) -> Result<String, ComponentError> {
        self.chains.output.ask(query.to_owned(), Echo::Hidden).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Recorded(Mutex<Vec<String>>);

    #[async_trait]
    impl Output for Recorded {
        fn line(&self, line: Line) {
            self.0.lock().unwrap().push(line.text);
        }

        fn machine(&self, _build: BuildId, _kind: &str, _args: &[String]) {}

        fn diagnostics(&self, _build: Option<BuildId>, _diagnostics: Diagnostics) {}

        async fn ask(&self, _query: String, _echo: Echo) -> Result<String, ComponentError> {
            Err(ComponentError::new("nobody to ask"))
        }
    }

    #[test]
    fn chains_speak_one_after_the_other() {
        let recorded = Arc::new(Recorded::default());
        let chains = Arc::new(ChainOutput::new(recorded.clone(), 3));
        let say = |chain: usize, text: &str| ChainUi::new(chains.clone(), chain, BuildId(0), None).say(text);
        say(1, "b1");
        say(0, "a1");
        say(2, "c1");
        chains.finish(2);
        say(1, "b2");
        say(0, "a2");
        assert_eq!(*recorded.0.lock().unwrap(), ["a1", "a2"]);
        chains.finish(0);
        say(1, "b3");
        assert_eq!(*recorded.0.lock().unwrap(), ["a1", "a2", "b1", "b2", "b3"]);
        chains.finish_all();
        chains.finish_all();
        assert_eq!(*recorded.0.lock().unwrap(), ["a1", "a2", "b1", "b2", "b3", "c1"]);
    }
}
