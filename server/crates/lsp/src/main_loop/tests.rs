//! What no client can bring about at will: answers that overtake each other, and folders that come back.

use super::*;
use crate::state::documents::Version;
use crate::state::stamps::Loaded;
use crate::tasks::watch;
use crate::tests::harness::{Repo as TestRepo, finding, store_round};
use finding::{Decisions, FindingId, RepoPath, Resolution};
use lsp_types::*;
use std::time::Instant;
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

/// The state of a server whose workspace is one repository, and what it hears.
struct Loop {
    state: GlobalState,
    heard: UnboundedReceiver<Event>,
    folder: PathBuf,
}

impl Loop {
    fn over(repo: &TestRepo) -> Self {
        let mut outbox = None;
        let _service = LspService::new(|client| {
            outbox = Some(Outbox::new(client, tokio::sync::mpsc::channel(1).0));
            Nobody
        });
        let (events, heard) = unbounded_channel();
        let state = GlobalState::new(outbox.unwrap(), events, CancellationToken::new(), Workers::default(), None);
        let mut this = Self { state, heard, folder: repo.path().to_owned() };
        this.find();
        this
    }

    fn find(&mut self) {
        self.state.finding.insert(self.folder.clone());
        let found = watch::discover(&self.folder);
        self.state.found(&self.folder.clone(), found);
    }

    fn repo(&self) -> &Repo {
        &self.state.repositories.values().next().unwrap().repo
    }

    fn has_round(&self) -> bool {
        self.repo().round_index.is_some()
    }

    fn load(&mut self) {
        let root = self.repo().root().to_owned();
        self.state.load(&root);
    }

    /// The next event that is wanted.
    async fn next<T>(&mut self, wanted: impl Fn(Event) -> Option<T>) -> T {
        loop {
            if let Some(found) = wanted(self.heard.recv().await.unwrap()) {
                return found;
            }
        }
    }

    /// The next reading of what is stored.
    async fn reading(&mut self) -> (RepoKey, u64, Loaded) {
        let wanted = |event| match event {
            Event::Loaded { repo, reading, loaded } => Some((repo, reading, *loaded)),
            _ => None,
        };
        self.next(wanted).await
    }

    fn take(&mut self, (repo, reading, loaded): (RepoKey, u64, Loaded)) {
        self.state.loaded(&repo, reading, loaded);
    }

    /// Works out what is to be told of the files; of which text of a file the client was told last.
    async fn told(&mut self, path: &RepoPath) -> Option<Version> {
        self.state.publish();
        let wanted = |event| match event {
            Event::Diagnosed { repo, files } => Some((repo, files)),
            _ => None,
        };
        let (key, files) = self.next(wanted).await;
        self.state.diagnosed(&key, files);
        self.state.repositories[&key.root].publishing.published.get(path).and_then(|told| told.version)
    }
}

fn one_finding(repo: &TestRepo) {
    store_round(repo, &[finding("I1", "a.rs", (1, 1), "")], &[("a.rs", "a\n")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_reading_does_not_win_over_a_newer() {
    let repo = TestRepo::with_topic(&[("a.rs", "a\n")]);
    let mut server = Loop::over(&repo);
    let nothing = server.reading().await;
    one_finding(&repo);
    server.load();
    let round = server.reading().await;
    server.take(round);
    assert!(server.has_round());
    server.take(nothing);
    assert!(server.has_round(), "what was read before the round was stored came late");
    let again = server.reading().await;
    server.take(again);
    assert!(server.has_round());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_read_before_a_decision_does_not_take_it_back() {
    let repo = TestRepo::with_topic(&[("a.rs", "a\n")]);
    one_finding(&repo);
    let mut server = Loop::over(&repo);
    let before = server.reading().await;
    let mut decisions = Decisions::default();
    let fixed: Resolution = serde_json::from_value(serde_json::json!({
        "state": { "state": "fixed" }, "at": "2026-03-23T16:13:34Z", "round": "20260323-161334-topic",
    }))
    .unwrap();
    decisions.resolutions.insert(FindingId::new("id-I1"), fixed);
    server.state.decided(&server.repo().key.clone(), decisions.clone());
    server.take(before);
    assert_eq!(*server.repo().decisions, decisions);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_seen_of_a_file_before_it_was_written_does_not_win() {
    let repo = TestRepo::with_topic(&[("a.rs", "a\n")]);
    one_finding(&repo);
    let mut server = Loop::over(&repo);
    let round = server.reading().await;
    server.take(round);
    let path = RepoPath::new("a.rs").unwrap();
    let line = |server: &Loop| server.repo().projection(&path).unwrap().view.places[0].lines.start();
    assert_eq!(line(&server), 1);
    repo.write("a.rs", "new\na\n");
    server.state.poll_files();
    for _ in 0..2 {
        let wanted = |event| match event {
            Event::Polled { repo, polled } => Some((repo, polled)),
            _ => None,
        };
        // The first may have been begun when the round came in, before the file was written.
        let (key, polled) = server.next(wanted).await;
        server.state.polled(&key, polled);
        server.state.poll_files();
    }
    assert_eq!(line(&server), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_opened_once_more_is_told_of_once_more() {
    let repo = TestRepo::with_topic(&[("a.rs", "a\n")]);
    one_finding(&repo);
    let mut server = Loop::over(&repo);
    let round = server.reading().await;
    server.take(round);
    let (uri, path) = (Uri::from_file_path(repo.path().join("a.rs")).unwrap(), RepoPath::new("a.rs").unwrap());
    let open =
        |server: &mut Loop| server.state.open(TextDocumentItem::new(uri.clone(), "rust".into(), 0, "a\n".into()));
    open(&mut server);
    let first = server.told(&path).await;
    assert!(first.is_some());
    // Nothing is worked out between the two, and the client counts from the start again.
    server.state.close(&uri);
    open(&mut server);
    let again = server.told(&path).await;
    assert!(again.is_some() && again != first, "the client has forgotten what it was told");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_asks_while_folders_are_looked_at_is_answered_of_all_of_them() {
    let (one, two) = (TestRepo::with_topic(&[("a.rs", "a\n")]), TestRepo::with_topic(&[("a.rs", "a\n")]));
    let mut server = Loop::over(&one);
    let ask = |server: &mut Loop| {
        let (reply, answer) = tokio::sync::oneshot::channel();
        server.state.handle(Event::Ask(reply));
        answer
    };
    let known = |answer: &mut tokio::sync::oneshot::Receiver<Snapshot>| answer.try_recv().map(|now| now.repos.len());
    assert_eq!(known(&mut ask(&mut server)), Ok(1));
    server.state.find(two.path());
    let mut early = ask(&mut server);
    assert!(known(&mut early).is_err(), "one of two is not what was asked for");
    let found = watch::discover(two.path());
    server.state.handle(Event::Found { folder: two.path().to_owned(), found });
    assert_eq!(known(&mut early), Ok(2));

    // A folder that is never found out about holds nobody up for ever.
    server.state.find(Path::new("/never/answered"));
    let mut early = ask(&mut server);
    assert!(known(&mut early).is_err());
    server.state.waiting.since = Instant::now().checked_sub(Duration::from_mins(1));
    server.state.take_waiting();
    assert_eq!(known(&mut early), Ok(2));
    assert_eq!(known(&mut ask(&mut server)), Ok(2));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_comes_back_starts_clean() {
    let repo = TestRepo::with_topic(&[("a.rs", "a\n")]);
    one_finding(&repo);
    let mut server = Loop::over(&repo);
    let first = server.reading().await;
    let (old, reading, loaded) = first;
    server.state.loaded(&old, reading, loaded);
    server.state.publish();
    assert!(server.has_round() && !server.state.repositories[&old.root].publishing.under_way.is_empty());
    server.state.remove_folder(&server.folder.clone());
    assert!(server.state.repositories.is_empty() && server.state.shared.folders.is_empty());
    server.find();
    let state = &server.state.repositories[&old.root];
    assert!(!server.has_round() && state.stamps.is_none() && !state.is_polling && state.job.is_none());
    assert!(state.publishing.published.is_empty() && state.publishing.under_way.is_empty());
    // What was begun before it left is not taken in.
    server.state.polled(&old, Default::default());
    server.state.decided(&old, Decisions::default());
    server.state.diagnosed(&old, vec![(RepoPath::new("a.rs").unwrap(), None)]);
    assert!(server.state.state(&old).is_none());
    let second = server.reading().await;
    assert_ne!(second.0, old);
    server.take(second);
    assert!(server.has_round());
}
