//! What the working copy of a repository says about itself.

use std::path::PathBuf;
use std::sync::Arc;

use engine::Cancel;

use crate::component::ComponentContext;
use crate::process::{self, Invocation};
use crate::pump::Stream;

/// A commit, where it comes from and what it is called.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct WorkingCopy {
    pub(super) commit: String,
    pub(super) remote: String,
    pub(super) branch: String,
}

impl WorkingCopy {
    /// The one that the template is in; none where there is none, or no git.
    pub(super) async fn find(context: &ComponentContext, cancel: &Cancel) -> Option<Self> {
        let commit = git(context, &["rev-parse", "HEAD"], cancel).await?;
        let remote = git(context, &["config", "--get", "remote.origin.url"], cancel).await.unwrap_or_default();
        let branch = git(context, &["symbolic-ref", "--quiet", "--short", "HEAD"], cancel).await.unwrap_or_default();
        Some(Self { commit, remote, branch })
    }

    /// `git+<remote>@refs/heads/<branch>`. Empty without a remote.
    pub(super) fn uri(&self) -> String {
        if self.remote.is_empty() {
            return String::new();
        }
        let branch = if self.branch.is_empty() { String::new() } else { format!("@refs/heads/{}", self.branch) };
        format!("git+{}{branch}", without_user(&self.remote))
    }
}

/// Who may read a repository is nobody's business.
fn without_user(remote: &str) -> String {
    let Some((scheme, rest)) = remote.split_once("://") else {
        // `user@host:path`; a path of this machine has no host.
        return match remote.split_once(':') {
            Some((host, path)) if !host.contains('/') => {
                format!("ssh://{}/{path}", host.rsplit('@').next().unwrap_or(host))
            }
            _ => format!("file://{remote}"),
        };
    };
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    format!("{scheme}://{}{path}", authority.rsplit('@').next().unwrap_or(authority))
}

/// The first line that git prints, if all is well.
async fn git(context: &ComponentContext, args: &[&str], cancel: &Cancel) -> Option<String> {
    let folder = context.template_dir.as_deref().map(|folder| context.working_dir.join(folder));
    let folder = folder.filter(|folder| folder.is_dir()).unwrap_or_else(|| PathBuf::clone(&context.working_dir));
    let invocation = Invocation {
        program: "git".to_owned(),
        args: args.iter().map(|arg| (*arg).to_owned()).collect(),
        working_dir: Arc::new(folder),
        environment: context.environment.clone(),
        fence: context.fence.clone(),
        secrets: context.secrets.clone(),
    };
    let mut first = None;
    let mut lines = |stream: Stream, line: &str| {
        if stream == Stream::Out && first.is_none() {
            first = Some(line.to_owned());
        }
    };
    let status = process::run(&invocation, &mut lines, cancel).await.ok()?;
    first.filter(|line| status == 0 && !line.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn remotes_are_named_without_their_users() {
        for (remote, expected) in [
            ("https://me:token@example.com/a/b.git", "git+https://example.com/a/b.git@refs/heads/main"),
            ("https://example.com/a/b@c", "git+https://example.com/a/b@c@refs/heads/main"),
            ("git@example.com:a/b.git", "git+ssh://example.com/a/b.git@refs/heads/main"),
            ("/srv/b.git", "git+file:///srv/b.git@refs/heads/main"),
        ] {
            let copy = WorkingCopy { remote: remote.to_owned(), branch: "main".to_owned(), ..WorkingCopy::default() };
            assert_eq!(copy.uri(), expected);
        }
        assert_eq!(WorkingCopy::default().uri(), "");
        let detached = WorkingCopy { remote: "https://h/p".to_owned(), ..WorkingCopy::default() };
        assert_eq!(detached.uri(), "git+https://h/p");
    }
}
