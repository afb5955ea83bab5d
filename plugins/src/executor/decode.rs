//! A first look at all configurations of a program, before any process is started to check one.

use planner::catalog::ComponentKind;
use planner::diagnostic::Diagnostics;
use planner::node::{BuildId, ComponentUse, Node};
use planner::value::{Type, Value};

use crate::executor::configure::configure;
use crate::executor::prepare::{component_name, kind_of};
use crate::executor::shared::Executor;

impl Executor {
    /// Decodes the configurations of all components that are to be checked, if checking any of them takes a process.
    /// What is wrong with them is shown; `false` when something is.
    ///
    /// What builders will say of their machines counts as unknown, so that everything said here holds in any case.
    pub fn decode_all(&self) -> bool {
        let nodes: Vec<Node> = self.program.plan.ids().map(|id| *self.program.plan.node(id)).collect();
        if !nodes.iter().any(|node| self.takes_process(*node)) {
            return true;
        }
        // All of them, as all that is wrong is to be said.
        nodes.into_iter().filter(|node| !self.decodes(*node)).count() == 0
    }

    fn takes_process(&self, node: Node) -> bool {
        match node {
            Node::Prepare(id, what) => self.registry.is_external(kind_of(what), &component_name(self, id, what)),
            Node::PrepareData(at) => {
                let name = &self.program.template.data[at as usize].kind.name;
                self.registry.is_external(ComponentKind::Datasource, name)
            }
            _ => false,
        }
    }

    fn decodes(&self, node: Node) -> bool {
        let mut diags = Diagnostics::new();
        let (build, decoded) = match node {
            Node::Prepare(id, what) => (Some(id), self.decodes_use(id, what, &mut diags)),
            Node::PrepareData(at) => (None, self.program.configure_data(at as usize, &mut diags).is_some()),
            _ => return true,
        };
        if !decoded {
            self.show(build, diags);
        }
        decoded
    }

    fn decodes_use(&self, id: BuildId, what: ComponentUse, diags: &mut Diagnostics) -> bool {
        configure(self, id, what, Value::Unknown(Type::Dynamic), diags).is_some()
    }
}
