//! The domain: what a review is made of, as plain data.
//!
//! Everything here is a value that can be compared, stored and sent. This module does no I/O, knows no
//! async and depends on no other module of the crate; every other module depends on it.
//!
//! Conventions, everywhere in the crate unless a name says otherwise:
//! * lines are 1-based and ranges of lines include both ends ([`LineRange`]);
//! * paths are relative to the repository's root, UTF-8, with `/` ([`RepoPath`]);
//! * text is UTF-8 and keeps its line endings as they are in the file.

mod agent;
mod answer;
mod attempt;
mod count;
mod dial;
pub mod document;
mod id;
mod learning;
mod merged;
mod place;
mod pull_request;
mod resolution;
mod round;
mod run;
mod scope;
mod severity;
mod verdict;
mod work;

pub use agent::{AgentInfo, AgentKind, AgentName};
pub use answer::{
    Answer, Assessment, Classification, Fix, Fixup, Limitation, Observation, ObservationKind, RawFinding, RawId,
    RuleRef,
};
pub use attempt::{Aftermath, Attempt, Call, Consent, FileProof, Message, Speaker, Step, StepName, StepResult};
pub use count::counted;
pub use dial::{Dial, Hidden};
pub use id::{BlobId, CommitId, FindingId, RoundId};
pub use learning::{Learned, Learning, Learnings, Lesson};
pub use merged::{Attribution, Check, CheckVerdict, Contrary, Doubt, Finding, FindingStatus, Settled};
pub use place::{Anchor, LineRange, RepoPath, RepoPathError, written_in};
pub use pull_request::{Feedback, LinkedIssue, PullRequest, PullRequestNow, Resolved};
pub use resolution::{Decisions, DismissReason, Fingerprint, Grade, Graded, Link, LinkKind, Resolution, State};
pub use round::{DeclinedEarlier, Judgement, LabelsGiven, NoMore, ROUND_SCHEMA, Round, SaidEarlier, SinceBefore};
pub use run::{AgentOutcome, AgentRun, Failure, FailureKind, Usage};
pub use scope::{Commit, Coverage, LeftOut, LeftOutFile, ReviewedFile, RoundScope, Sides};
pub use severity::{Severity, SeverityScale, StatedSeverity};
pub use verdict::{Conclusion, Verdict};
pub use work::Work;
