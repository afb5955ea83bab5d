//! What the engine's nodes stand for. Data only: positions in a [`crate::lower::Program`].

/// A build, by position in the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BuildId(pub u32);

/// A provisioner's place in its build.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ProvisionerId {
    /// The n-th of those that run for this build.
    Ordinary(u32),
    /// The error-cleanup provisioner.
    ErrorCleanup,
}

/// A post-processor's place in its build: chain, and position in the chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PostProcessorId {
    /// The chain.
    pub chain: u32,
    /// The position in it.
    pub position: u32,
}

/// An artifact, by who made it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ArtifactId {
    /// The builder.
    Builder,
    /// A post-processor.
    PostProcessor(PostProcessorId),
}

/// One use of a component in a build.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ComponentUse {
    /// The builder.
    Builder,
    /// A provisioner.
    Provisioner(ProvisionerId),
    /// A post-processor.
    PostProcessor(PostProcessorId),
}

/// What a node does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Node {
    /// Fetches data source number n of the template.
    Datasource(u32),
    /// Checks the configuration of data source number n, which is not fetched.
    PrepareData(u32),
    /// Checks a component's configuration with what is known so far.
    Prepare(BuildId, ComponentUse),
    /// Starts the builder and waits until it lends its communicator.
    BuilderOpen(BuildId),
    /// Runs a provisioner.
    Provision(BuildId, ProvisionerId),
    /// Answers the builder and waits for its artifact.
    BuilderClose(BuildId),
    /// Runs a post-processor.
    PostProcess(BuildId, PostProcessorId),
    /// Destroys an artifact that nobody keeps.
    Destroy(BuildId, ArtifactId),
}

impl Node {
    /// The build it belongs to.
    pub fn build(self) -> Option<BuildId> {
        match self {
            Self::Datasource(_) | Self::PrepareData(_) => None,
            Self::Prepare(build, _)
            | Self::BuilderOpen(build)
            | Self::Provision(build, _)
            | Self::BuilderClose(build)
            | Self::PostProcess(build, _)
            | Self::Destroy(build, _) => Some(build),
        }
    }

    /// Whether a run in which everything goes well has it at all: what only runs after a failure is not planned for.
    pub fn is_expected(self) -> bool {
        !matches!(self, Self::Provision(_, ProvisionerId::ErrorCleanup))
    }

    /// What kind of node it is, as the plan prints it.
    pub fn kind(self) -> &'static str {
        match self {
            Self::Datasource(_) => "datasource",
            Self::PrepareData(_) | Self::Prepare(..) => "prepare",
            Self::BuilderOpen(_) => "open",
            Self::Provision(..) => "provision",
            Self::BuilderClose(_) => "close",
            Self::PostProcess(..) => "post-process",
            Self::Destroy(..) => "destroy",
        }
    }
}
