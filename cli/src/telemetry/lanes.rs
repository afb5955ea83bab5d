//! Places for nodes of a build that run at the same time: slices of one track have to nest, and these do not.

use std::collections::HashMap;

use engine::NodeId;

/// The tracks of one build. The lowest free one is taken, so that a build in which one thing follows another has one.
#[derive(Debug, Default)]
pub struct Lanes {
    /// Who is on each.
    taken: Vec<Option<NodeId>>,
}

impl Lanes {
    /// Takes a track. Returns it, and whether nobody ever had it.
    pub fn take(&mut self, node: NodeId) -> (usize, bool) {
        match self.taken.iter().position(Option::is_none) {
            Some(free) => {
                self.taken[free] = Some(node);
                (free, false)
            }
            None => {
                self.taken.push(Some(node));
                (self.taken.len() - 1, true)
            }
        }
    }

    /// Gives a node's track back, and returns which it was.
    pub fn give_back(&mut self, node: NodeId) -> Option<usize> {
        let lane = self.taken.iter().position(|taken| *taken == Some(node))?;
        self.taken[lane] = None;
        Some(lane)
    }
}

/// The tracks of all builds, by the number of the build.
pub type LanesByBuild = HashMap<u32, Lanes>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_runs_together_lies_apart() {
        let node = NodeId::from_index;
        let mut lanes = Lanes::default();
        assert_eq!(lanes.take(node(0)), (0, true));
        assert_eq!(lanes.take(node(1)), (1, true));
        assert_eq!(lanes.give_back(node(0)), Some(0));
        assert_eq!(lanes.take(node(2)), (0, false));
        assert_eq!(lanes.give_back(node(0)), None);
    }
}
