//! The operations: what a user can do with a round, written once. The command line, the language server and whoever
//! comes next translate their words to these functions, and typed results back into words.
//!
//! | what | where |
//! |---|---|
//! | open what is stored of a branch, its rounds, its decisions | [`OpenBranch`] |
//! | find a finding by label, id or the beginning of its id | [`find()`] |
//! | dismiss, reopen, give a severity | [`dismiss`], [`reopen`], [`grade`] |
//! | split, join, take either back | [`split`], [`join`], [`take_back`] |
//! | what decisions taught: list, forget, add, share with everybody | [`learnings`], [`forget`], [`teach`], [`share`] |
//! | work out what fixes do, and whether they may | [`plan()`] on a [`Situation`] |
//! | write that into the work tree | [`apply()`] |
//! | have agents mend findings, and prove it | [`mend()`] with [`Mending`]; [`plan_of_attempts`], [`commit`] |
//! | mend and review in turn until nothing is left | [`clean()`] |
//! | ask the agent that raised a finding about it | [`ask()`] with [`Asking`] |
//! | where a fix may reach | [`Reach`] |
//! | take reviews in | [`import()`] |
//! | what was done, and taking the last of it back, or all that coding agents did | [`log()`], [`undo`], [`undo_agents`] |
//! | a round with the files as they are now | [`Now`] |
//! | list findings, one whole, whether one is gone | [`list`], [`show()`], [`verify()`] |
//! | which findings are at lines that the user changed last | [`mine()`] |
//! | what became of each finding: open, fixed, dismissed, outdated | [`states()`] |
//! | write a round again | [`document()`], [`report_pages()`] |
//! | rounds, decisions and learnings shared with a team through git | [`sync::sync`] |
//! | the branch's pull request | [`pull_request`] |
//! | what is to be reviewed: its text, its commits, its rounds | [`target`] |
//! | reviews that start by themselves: when one is due, what it may cost | [`watch`] |
//! | the effective configuration, the agents, a request to review | [`configuration()`], [`Trust::agents`], [`request()`] |
//!
//! An applied fix goes this way: a [`Situation`] (round, decisions, the texts that were reviewed, the [`CurrentTexts`]
//! of a work tree or of an editor's buffers, a [`Reach`]) and a [`Selection`] give an [`ApplyPlan`]: what every file
//! becomes, which findings that resolves, and why the others are not. Nothing is written until the door writes it: the
//! command line by [`apply()`], an editor by its own edits.
//!
//! Here is no terminal, no argument parser and no protocol. An argument that does not resolve is an [`OpsError`] that
//! says [`is_argument`](OpsError::is_argument), never "all".

mod apply;
mod ask;
mod branch;
mod clean;
mod configuration;
mod current;
mod decide;
mod diff;
mod document;
mod error;
mod find;
mod import;
mod learn;
mod links;
mod listing;
mod log;
mod mend;
mod mine;
mod nothing;
mod now;
mod past;
mod plan;
pub mod pull_request;
mod report_pages;
mod request;
mod rounds;
mod show;
mod states;
pub mod sync;
pub mod target;
mod texts;
mod verify;
pub mod watch;
mod worktree;

pub use apply::{Written, apply};
pub use ask::{Asking, Query, ask};
pub use branch::{OpenBranch, RoundName, TextNow};
pub use clean::{CleanEnd, Cleaned, Left, clean};
pub use configuration::{Overrides, configuration};
pub use current::CurrentOf;
pub use decide::{Decided, Dismissal, MAX_REASON, dismiss, grade, reopen};
pub use diff::diff;
pub use document::document;
pub use error::OpsError;
pub use find::{Found, find, find_all};
pub use git::{Reach, Unreachable};
pub use import::{import, import_as};
pub use learn::{forget, learnings, share, teach};
pub use links::{Linked, join, split, take_back};
pub use listing::{Filter, FindingList, FindingRow, StateName, list};
pub use log::{Done, Entry, LogList, LogRow, Named, UndoError, log, undo, undo_agents};
pub use mend::{MendOptions, Mending, Stale, ToMend, commit, mend, plan_of_attempts, uncommitted};
pub use mine::mine;
pub use nothing::{NothingDiffers, nothing_differs};
pub use now::Now;
pub use plan::{ApplyPlan, NotApplied, Refused, Selection, Taken, plan};
pub use report_pages::report_pages;
pub use request::{Again, AgentHere, Trust, agents_here, request};
pub use rounds::{RoundSummary, summaries};
pub use show::{Code, FindingWhole, Place, Remark, Suggestion, show};
pub use states::{Situation, states};
pub use texts::{CurrentTexts, ReadError};
pub use verify::{Proof, Verification, Verified, verify, verify_again};
pub use worktree::{WorkTree, WriteError};
