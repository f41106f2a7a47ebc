//! What no client can bring about at will: answers that overtake each other.

use super::*;
use crate::tests::harness::{Repo as TestRepo, finding, store_round};
use crate::watch;
use finding::{FindingId, Resolution};
use tokio::sync::mpsc::unbounded_channel;
use tower_lsp::jsonrpc::Result as Answer;
use tower_lsp::{LanguageServer, LspService};

struct Nobody;

impl LanguageServer for Nobody {
    async fn initialize(&self, _: InitializeParams) -> Answer<InitializeResult> {
        Ok(InitializeResult::default())
    }

    async fn shutdown(&self) -> Answer<()> {
        Ok(())
    }
}

/// The owner of a repository that was found, and what it hears.
fn owner(repo: &TestRepo) -> (Owner, UnboundedReceiver<Event>, PathBuf) {
    let mut outbox = None;
    let _service = LspService::new(|client| {
        outbox = Some(Outbox::new(client));
        Nobody
    });
    let (events, heard) = unbounded_channel();
    let mut owner = Owner::new(outbox.unwrap(), events, CancellationToken::new(), TaskTracker::new(), None);
    let found = watch::discover(repo.path()).unwrap();
    let root = found.0.root().to_owned();
    owner.found(repo.path(), Some(found));
    (owner, heard, root)
}

/// The next reading of what is stored.
async fn reading(heard: &mut UnboundedReceiver<Event>) -> (u64, Loaded) {
    loop {
        if let Some(Event::Loaded { number, loaded, .. }) = heard.recv().await {
            return (number, *loaded);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_reading_does_not_win_over_a_newer() {
    let repo = TestRepo::with_topic(&[("a.rs", "a\n")]);
    let (mut owner, mut heard, root) = owner(&repo);
    let (first, nothing) = reading(&mut heard).await;
    store_round(&repo, &[finding("I1", "a.rs", (1, 1), "")], &[("a.rs", "a\n")]);
    owner.load(&root);
    let (second, round) = reading(&mut heard).await;
    let has_round = |owner: &Owner| owner.world.repos[&root].plan.is_some();
    owner.loaded(&root, second, round);
    assert!(has_round(&owner));
    owner.loaded(&root, first, nothing);
    assert!(has_round(&owner), "what was read before the round was stored came late");
    let (third, again) = reading(&mut heard).await;
    owner.loaded(&root, third, again);
    assert!(has_round(&owner));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_read_before_a_decision_does_not_take_it_back() {
    let repo = TestRepo::with_topic(&[("a.rs", "a\n")]);
    store_round(&repo, &[finding("I1", "a.rs", (1, 1), "")], &[("a.rs", "a\n")]);
    let (mut owner, mut heard, root) = owner(&repo);
    let (number, before) = reading(&mut heard).await;
    let mut decisions = Decisions::default();
    let fixed: Resolution = serde_json::from_value(serde_json::json!({
        "state": { "state": "fixed" }, "at": "2026-03-23T16:13:34Z", "round": "20260323-161334-topic",
    }))
    .unwrap();
    decisions.resolutions.insert(FindingId::new("id-I1"), fixed);
    owner.decided(&root, decisions.clone());
    owner.loaded(&root, number, before);
    assert_eq!(*owner.world.repos[&root].decisions, decisions);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_look_at_a_file_does_not_win_over_a_newer() {
    let repo = TestRepo::with_topic(&[("a.rs", "a\n")]);
    store_round(&repo, &[finding("I1", "a.rs", (1, 1), "")], &[("a.rs", "a\n")]);
    let (mut owner, mut heard, root) = owner(&repo);
    let (number, round) = reading(&mut heard).await;
    owner.loaded(&root, number, round);
    let first = look(&mut heard).await;
    repo.write("a.rs", "new\na\n");
    owner.see(&root, &[RepoPath::new("a.rs").unwrap()]);
    let second = look(&mut heard).await;
    let line = |owner: &Owner| {
        let files = &owner.world.repos[&root].files;
        files.values().next().map(|seen| seen.view.places[0].lines.start())
    };
    owner.take(second);
    assert_eq!(line(&owner), Some(2));
    owner.take(first);
    assert_eq!(line(&owner), Some(2), "what was seen before the file was written came late");
}

/// The next look at files.
async fn look(heard: &mut UnboundedReceiver<Event>) -> Event {
    loop {
        if let Some(event @ Event::Seen { .. }) = heard.recv().await {
            return event;
        }
    }
}
