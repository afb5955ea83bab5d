//! A program's graph as a note.

use engine::EdgeKind;
use planner::lower::Program;

use crate::journal::note::{EdgeNoteKind, GraphNote, NodeNote, PoolNote};

/// The graph of `program`.
pub fn graph_note(program: &Program) -> GraphNote {
    let plan = &program.plan;
    let nodes = plan.ids().map(|id| {
        let node = *plan.node(id);
        NodeNote {
            key: program.key(node),
            kind: node.kind().to_owned(),
            component: program.component(node).to_owned(),
            lease: plan.lease(id).map(|lease| lease.index() as u32),
            estimate: u64::try_from(plan.estimate(id).as_millis()).unwrap_or(u64::MAX),
        }
    });
    let edges = plan.edges().iter().map(|edge| (edge.from.index() as u32, edge.to.index() as u32, kind(edge.kind)));
    let pools = plan.pools().values().iter();
    let claims = |lease: usize| {
        let claims = plan.claims(engine::LeaseId::from_index(lease)).iter();
        claims.map(|(pool, claim)| (pool.index() as u32, *claim)).collect()
    };
    GraphNote {
        nodes: nodes.collect(),
        edges: edges.collect(),
        pools: pools.map(|pool| PoolNote { name: pool.name.clone(), capacity: pool.capacity }).collect(),
        leases: (0..plan.n_leases()).map(claims).collect(),
    }
}

fn kind(kind: EdgeKind) -> EdgeNoteKind {
    match kind {
        EdgeKind::Data(_) => EdgeNoteKind::Data,
        EdgeKind::Order => EdgeNoteKind::Order,
        EdgeKind::OnFailure => EdgeNoteKind::OnFailure,
        EdgeKind::Finally => EdgeNoteKind::Finally,
    }
}
