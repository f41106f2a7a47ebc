//! One file a method of the protocol, and what several of them share.

pub(crate) mod agent_log;
pub(crate) mod choices;
pub(crate) mod code_action;
pub(crate) mod code_lens;
pub(crate) mod diagnostic;
pub(crate) mod document_link;
pub(crate) mod errand;
pub(crate) mod execute_command;
pub(crate) mod findings;
pub(crate) mod fix_edits;
pub(crate) mod hover;
mod mine;

use crate::state::snapshot::Snapshot;

/// A request that is answered in the background, on a snapshot that nothing changes any more: it may parse texts and
/// read files and the store, and cannot touch the state. What changes the state is a method of
/// [`GlobalState`](crate::main_loop::GlobalState), which waits for nothing.
pub(crate) trait BackgroundRequest {
    /// What it is asked with.
    type Params: Send + 'static;
    /// What is answered.
    type Answer: Send + 'static;

    /// Answers it.
    fn answer(snapshot: &Snapshot, params: Self::Params) -> Self::Answer;
}
