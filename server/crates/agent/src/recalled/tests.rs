//! What of a fleet's answers is taken, and what is kept there.

use super::*;
use crate::dependencies::Dependency;
use crate::fleet::{NoContact, Sharing};
use crate::rate::{Rate, Ticket};
use finding::{Failure, FailureKind};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use git::Snapshot;
use std::cell::Cell;
use std::sync::{Arc, Mutex};
use tokio_util::sync::CancellationToken;

const REVIEW: &str = r#"{"summary": "Fine.", "findings": [], "files_covered": ["a.rs"]}"#;

/// A fleet in memory.
#[derive(Debug, Default)]
struct Kept(Mutex<Vec<(Address, Words)>>);

impl Fleet for Kept {
    fn recall(&self, address: Address) -> BoxFuture<'_, Option<Words>> {
        let found = self.0.lock().unwrap().iter().find(|(at, _)| *at == address).map(|(_, words)| words.clone());
        Box::pin(async { found })
    }

    fn keep(&self, address: Address, words: Words) -> BoxFuture<'_, ()> {
        self.0.lock().unwrap().insert(0, (address, words));
        Box::pin(async {})
    }

    fn take<'a>(&'a self, _: &'a str, _: Rate, _: u64) -> BoxFuture<'a, Result<Result<Ticket, u64>, NoContact>> {
        Box::pin(async { Err(NoContact) })
    }

    fn correct<'a>(&'a self, _: &'a str, _: Ticket, _: u64) -> BoxFuture<'a, ()> {
        Box::pin(async {})
    }

    fn runners(&self) -> u32 {
        1
    }

    fn mask_key(&self) -> Option<u64> {
        None
    }

    fn unsaid(&self) -> Vec<String> {
        Vec::new()
    }
}

struct Bed {
    kept: Arc<Kept>,
    brief: Brief,
}

impl Bed {
    fn new() -> Self {
        let brief = Brief::new(Snapshot::in_memory(&[], &[("a.rs", "fn a() {}\n")]));
        Self { kept: Arc::default(), brief }
    }

    /// Whether the agent was asked, and what it said or had said.
    fn ask(&self, asking: (&str, &str, bool), is_fresh: bool, says: Completion) -> (bool, Completion) {
        let agent = AgentName::new("a");
        let (identity, prompt, reads_on) = asking;
        let prompt = || Some(prompt.to_owned());
        let asking = Asking { agent: &agent, identity, brief: &self.brief, prompt: &prompt, reads_on };
        let (progress, cancel) = (tokio::sync::mpsc::unbounded_channel().0, CancellationToken::new());
        let sharing = Sharing { fleet: Some(self.kept.clone()), is_fresh };
        let session = Session { sharing, ..Session::new(progress, cancel) };
        let is_asked = Cell::new(false);
        let ask = || {
            is_asked.set(true);
            async { says }
        };
        let said = recalled(&session, asking, ask).now_or_never().unwrap();
        (is_asked.get(), said)
    }
}

fn saying(text: &str) -> Completion {
    Completion { text: text.into(), model: Some("m-1".into()), ..Completion::default() }
}

#[test]
fn what_was_answered_is_answered_again_to_the_same_question_alone() {
    let mut bed = Bed::new();
    let asking = ("identity", "prompt", true);
    assert!(bed.ask(asking, false, saying(REVIEW)).0);
    let (is_asked, said) = bed.ask(asking, false, saying("not asked"));
    assert_eq!((is_asked, said.text.as_str(), said.model.as_deref()), (false, REVIEW, Some("m-1")));
    assert!(said.notes.len() == 1 && said.usage == finding::Usage::default());
    for other in [("identit", "yprompt", true), ("identity", "another", true), ("identity", "prompt", false)] {
        assert!(bed.ask(other, false, saying(REVIEW)).0, "{other:?}");
    }
    assert!(bed.ask(asking, true, saying(REVIEW)).0, "fresh");
    // Who reads on may have seen what is not in its prompt.
    bed.brief = Brief::new(Snapshot::in_memory(&[("b.rs", "old\n")], &[("a.rs", "fn a() {}\n"), ("b.rs", "new\n")]));
    assert!(bed.ask(asking, false, saying(REVIEW)).0);
    assert!(!bed.ask(("identity", "prompt", false), false, saying(REVIEW)).0, "its prompt is all that it has seen");
}

#[test]
fn only_a_whole_review_is_kept_and_only_one_is_taken() {
    let failed = |text: &str| Completion {
        text: text.into(),
        ..Completion::failed(Failure::new(FailureKind::Unreachable, "broke"))
    };
    let asking = ("identity", "prompt", false);
    for says in [saying(""), saying("I could not read it."), saying(&REVIEW[..40]), failed(REVIEW), failed("")] {
        let bed = Bed::new();
        assert!(bed.ask(asking, false, says.clone()).0);
        assert!(bed.kept.0.lock().unwrap().is_empty(), "{says:?}");
        // Another program may have put it there.
        let address = {
            bed.ask(asking, false, saying(REVIEW));
            bed.kept.0.lock().unwrap().remove(0).0
        };
        let words = Words { at: Timestamp::now(), model: None, text: says.text.clone(), value: None };
        bed.kept.0.lock().unwrap().push((address, words));
        assert_eq!(bed.ask(asking, false, saying(REVIEW)).0, says.text != REVIEW, "{says:?}");
    }
}

#[test]
fn sources_of_this_machine_are_no_part_of_a_question_that_others_ask() {
    let mut bed = Bed::new();
    bed.brief.dependencies = vec![Dependency { name: "d".into(), version: None, folder: "/d".into() }].into();
    bed.ask(("identity", "prompt", true), false, saying(REVIEW));
    assert!(bed.kept.0.lock().unwrap().is_empty());
    bed.ask(("identity", "prompt", false), false, saying(REVIEW));
    assert_eq!(bed.kept.0.lock().unwrap().len(), 1, "who cannot read them is asked the same everywhere");
}
