//! Rounds on real repositories, with agents that do as they are told.

use super::*;
use agent::{Availability, Brief, Outcome, Session};
use finding::{
    AgentInfo, AgentKind, AgentOutcome, Anchor, Answer, Failure, FailureKind, LeftOut, LineRange, RawFinding, RawId,
    RepoPath, Severity,
};
use futures_util::future::BoxFuture;
use repo::Repo;
use std::sync::Mutex;

use test_repo as repo;

type Act = dyn Fn(&Brief) -> Did + Send + Sync;

/// What a scripted agent does with a brief.
enum Did {
    Answer(Answer),
    Fail(Answer, FailureKind),
    Panic,
    Hang,
    /// Ends only when nobody waits for it any more.
    Deaf,
}

/// An agent that does as it is told, and notes the files that it was given.
struct Scripted {
    name: &'static str,
    parts: bool,
    act: Box<Act>,
    given: Mutex<Vec<Vec<RepoPath>>>,
}

impl std::fmt::Debug for Scripted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

impl Agent for Scripted {
    fn info(&self) -> AgentInfo {
        AgentInfo { name: AgentName::new(self.name), label: self.name.to_uppercase(), kind: AgentKind::Recorded }
    }

    fn availability<'a>(&'a self) -> BoxFuture<'a, Availability> {
        Box::pin(async { Availability::Usable("told to".into()) })
    }

    fn takes_parts(&self) -> bool {
        self.parts
    }

    fn review<'a>(&'a self, brief: &'a Brief, session: &'a Session) -> BoxFuture<'a, Outcome> {
        Box::pin(async move {
            self.given.lock().unwrap().push(brief.files.to_vec());
            session.doing("reading");
            match (self.act)(brief) {
                Did::Answer(answer) => Outcome::reviewed(answer),
                Did::Fail(answer, kind) => {
                    Outcome { answer, ..Outcome::failed(Failure::new(kind, "it was told to fail")) }
                }
                Did::Panic => panic!("it was told to panic"),
                Did::Hang => {
                    session.cancel.cancelled().await;
                    Outcome::default()
                }
                Did::Deaf => std::future::pending().await,
            }
        })
    }
}

fn agent(name: &'static str, act: impl Fn(&Brief) -> Did + Send + Sync + 'static) -> Arc<Scripted> {
    Arc::new(Scripted { name, parts: false, act: Box::new(act), given: Mutex::default() })
}

pub(super) fn says(title: &str) -> Answer {
    let path = RepoPath::new("a.rs").unwrap();
    Answer {
        findings: vec![RawFinding {
            id: RawId::new("whatever"),
            sure: None,
            agent: AgentName::new("somebody else"),
            severity: Severity::Important,
            title: title.into(),
            body: String::new(),
            anchors: vec![Anchor { quote: Some("fn new() {}".into()), ..Anchor::lines(path, LineRange::line(1)) }],
            symbol: None,
            classification: None,
            rule: None,
            fixes: vec![],
        }],
        ..Answer::default()
    }
}

/// `a.rs` has a new third line; `b.rs` and `c.rs` are new.
fn repo() -> Repo {
    let repo = Repo::with_topic(&[("a.rs", "fn one() {}\nfn two() {}\n")]);
    repo.write("a.rs", "fn one() {}\nfn two() {}\nfn new() {}\n");
    repo.write("b.rs", "fn b() {}\n");
    repo.write("c.rs", "fn c() {}\n");
    repo.commit("Add");
    repo
}

fn request(repo: &Repo, agents: &[&Arc<Scripted>]) -> Request {
    Request {
        store: None,
        never_send: Vec::new(),
        repository: Repository::discover(repo.path()).unwrap(),
        scope: ScopeRequest::default(),
        snapshot: SnapshotOptions::default(),
        reviewers: agents
            .iter()
            .map(|a| Reviewer { agent: Arc::clone(*a) as Arc<dyn Agent>, deadline: Duration::from_secs(600) })
            .collect(),
        conventions: Vec::new(),
        brief_bytes: usize::MAX,
        adjudicator: None,
        options: Options::default(),
    }
}

/// Runs the round and gives every state of it that was shown.
fn run_all(request: Request, cancel: CancellationToken) -> (Result<Reviewed, ReviewError>, Vec<Arc<Round>>) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let (events, mut received) = unbounded_channel();
        let result = run(request, events, cancel).await;
        let mut shown = Vec::new();
        while let Some(event) = received.recv().await {
            if let Event::Updated(round) = event {
                for finding in &round.findings {
                    assert_eq!(round.remarks(finding).len(), finding.attributions.len(), "{finding:?}");
                }
                shown.push(round);
            }
        }
        (result, shown)
    })
}

fn round(request: Request) -> Arc<Round> {
    match run_all(request, CancellationToken::new()).0.unwrap() {
        Reviewed::Round(round) => round,
        Reviewed::NothingChanged(scope) => panic!("nothing changed against {}", scope.base_name),
    }
}

fn outcome<'a>(round: &'a Round, name: &str) -> &'a AgentOutcome {
    &round.agents.iter().find(|run| run.agent.name.as_str() == name).unwrap().outcome
}

fn failure(round: &Round, name: &str) -> FailureKind {
    match outcome(round, name) {
        AgentOutcome::Failed { failure } => failure.kind,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_round_is_shown_at_the_start_and_after_each_agent_and_is_stored() {
    let repo = repo();
    let (one, two) = (agent("one", |_| Did::Answer(says("Wrong"))), agent("two", |_| Did::Answer(Answer::default())));
    let request = request(&repo, &[&one, &two]);
    let (result, shown) = run_all(request.clone(), CancellationToken::new());
    let Reviewed::Round(last) = result.unwrap() else { panic!("something changed") };
    let done: Vec<usize> =
        shown.iter().map(|r| r.agents.iter().filter(|run| run.outcome != AgentOutcome::Running).count()).collect();
    assert_eq!(done, [0, 1, 2]);
    assert_eq!(shown.last().unwrap().findings, last.findings);
    let stored = Store::of(request.repository.common_dir()).branch(Some("topic")).newest().unwrap().value.unwrap();
    assert_eq!((stored.number, &stored.findings, &stored.texts), (1, &last.findings, &last.texts));
    let text = Store::of(request.repository.common_dir()).text(&stored.texts[&RepoPath::new("a.rs").unwrap()]);
    assert_eq!(text.as_deref(), Some("fn one() {}\nfn two() {}\nfn new() {}\n"));
}

#[test]
fn findings_are_put_on_the_lines_that_they_quote_and_belong_to_who_raised_them() {
    let repo = repo();
    let one = agent("one", |_| Did::Answer(says("Wrong")));
    let round = round(request(&repo, &[&one]));
    let [raw] = &round.raw[..] else { panic!("{:?}", round.raw) };
    assert_eq!((raw.id.as_str(), raw.agent.as_str()), ("one:1", "one"));
    assert_eq!(round.findings[0].anchors[0].lines, Some(LineRange::line(3)));
}

#[test]
fn what_happens_to_one_agent_takes_nothing_from_another() {
    for (act, kind) in [
        (&(|| Did::Panic) as &(dyn Fn() -> Did + Send + Sync), FailureKind::Crashed),
        (&|| Did::Fail(Answer::default(), FailureKind::RateLimited), FailureKind::RateLimited),
        (&|| Did::Hang, FailureKind::TimedOut),
    ] {
        let repo = repo();
        let good = agent("good", |_| Did::Answer(says("Wrong")));
        let did = act();
        let next = Mutex::new(Some(did));
        let bad = agent("bad", move |_| next.lock().unwrap().take().unwrap());
        let mut request = request(&repo, &[&good, &bad]);
        request.reviewers[1].deadline = Duration::from_millis(20);
        let round = round(request);
        assert_eq!(failure(&round, "bad"), kind);
        assert_eq!((outcome(&round, "good"), round.findings.len()), (&AgentOutcome::Reviewed, 1));
    }
}

#[test]
fn a_partial_answer_is_kept_with_the_failure() {
    let repo = repo();
    let half = agent("half", |_| Did::Fail(says("Seen"), FailureKind::RateLimited));
    let round = round(request(&repo, &[&half]));
    assert_eq!((failure(&round, "half"), round.findings.len()), (FailureKind::RateLimited, 1));
}

#[test]
fn a_large_change_is_given_in_parts_and_the_answers_are_joined() {
    let repo = repo();
    let parts = Arc::new(Scripted {
        name: "parts",
        parts: true,
        act: Box::new(|brief| Did::Answer(says(&format!("Part {} of {}", brief.part.0, brief.part.1)))),
        given: Mutex::default(),
    });
    let whole = agent("whole", |brief| {
        assert_eq!(brief.part, (1, 1));
        Did::Answer(Answer::default())
    });
    let mut request = request(&repo, &[&parts, &whole]);
    request.brief_bytes = 1;
    let round = round(request);
    let given: Vec<String> = parts.given.lock().unwrap().iter().flatten().map(ToString::to_string).collect();
    assert_eq!(given, ["a.rs", "b.rs", "c.rs"], "every file once");
    let titles: Vec<&str> = round.raw.iter().map(|f| f.title.as_str()).collect();
    assert_eq!(titles, ["Part 1 of 3", "Part 2 of 3", "Part 3 of 3"]);
    assert_eq!(outcome(&round, "whole"), &AgentOutcome::Reviewed);
    assert_eq!(round.coverage.reviewed.len(), 3);
}

#[test]
fn a_part_that_fails_keeps_the_parts_before_it() {
    let repo = repo();
    let parts = Arc::new(Scripted {
        name: "parts",
        parts: true,
        act: Box::new(|brief| match brief.part.0 {
            1 => Did::Answer(says("First")),
            _ => Did::Fail(Answer::default(), FailureKind::RateLimited),
        }),
        given: Mutex::default(),
    });
    let mut request = request(&repo, &[&parts]);
    request.brief_bytes = 1;
    let round = round(request);
    assert_eq!(failure(&round, "parts"), FailureKind::RateLimited);
    assert_eq!(round.raw.iter().map(|f| f.title.as_str()).collect::<Vec<_>>(), ["First"]);
}

#[test]
fn every_changed_file_is_reviewed_or_left_out_with_a_reason() {
    let repo = repo();
    repo.write("Cargo.lock", "x\n");
    repo.commit("Lock");
    let bad = agent("bad", |_| Did::Fail(Answer::default(), FailureKind::RateLimited));
    let round = round(request(&repo, &[&bad]));
    assert!(round.coverage.reviewed.is_empty());
    let reasons: Vec<(&str, &LeftOut)> = round.coverage.left_out.iter().map(|f| (f.path.as_str(), &f.why)).collect();
    let no_agent = &LeftOut::NoAgent;
    assert_eq!(
        reasons,
        [("Cargo.lock", &LeftOut::LockFile), ("a.rs", no_agent), ("b.rs", no_agent), ("c.rs", no_agent)]
    );
}

#[test]
fn cancelling_keeps_what_was_answered() {
    let repo = repo();
    let cancel = CancellationToken::new();
    let stop = cancel.clone();
    let quick = agent("quick", |_| Did::Answer(says("Seen in time")));
    let slow = agent("slow", move |_| {
        stop.cancel();
        Did::Hang
    });
    // The quick one is asked first, and its answer needs no waiting.
    let (result, _) = run_all(request(&repo, &[&quick, &slow]), cancel);
    let Reviewed::Round(round) = result.unwrap() else { panic!("something changed") };
    assert_eq!(failure(&round, "slow"), FailureKind::Cancelled);
    assert!(matches!(outcome(&round, "quick"), AgentOutcome::Reviewed | AgentOutcome::Failed { .. }));
    let stored = Store::of(&repo.path().join(".git")).branch(Some("topic")).newest().unwrap().value.unwrap();
    assert_eq!(stored.findings, round.findings);
}

#[test]
fn one_agent_is_stopped_and_the_others_go_on() {
    let repo = repo();
    let stops = Stops::default();
    let stop = stops.clone();
    let quick = agent("quick", |_| Did::Answer(says("Seen in time")));
    let slow = agent("slow", move |_| {
        assert!(stop.stop(&AgentName::new("slow")), "it runs");
        Did::Hang
    });
    let mut request = request(&repo, &[&slow, &quick]);
    request.options.stops = stops.clone();
    let round = round(request);
    assert_eq!(failure(&round, "slow"), FailureKind::Cancelled);
    assert_eq!(outcome(&round, "quick"), &AgentOutcome::Reviewed);
    assert!(!round.is_complete(), "one that was stopped has not reviewed");
    assert!(!stops.stop(&AgentName::new("slow")), "it is done");
}

#[test]
fn an_agent_that_does_not_listen_is_left_behind() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let deaf = Reviewer { agent: agent("deaf", |_| Did::Deaf), deadline: Duration::from_millis(5) };
    let brief = Brief::new(git::Snapshot::in_memory(&[], &[("a", "b\n")]));
    let (progress, _said) = unbounded_channel();
    let shared = Shared::of(&Options::default(), CancellationToken::new(), progress);
    let asked = Asked { briefs: vec![brief], holding: None, estimate: None, identity: None, refused: None };
    let outcome = runtime.block_on(run_agent::run(deaf, asked, shared)).outcome;
    assert_eq!(outcome.failure.unwrap().kind, FailureKind::TimedOut);
}

#[test]
fn nobody_to_ask_and_nothing_to_ask_about() {
    let repo = repo();
    assert!(matches!(run_all(request(&repo, &[]), CancellationToken::new()).0, Err(ReviewError::NoAgents)));
    repo.checkout("main");
    let one = agent("one", |_| Did::Answer(Answer::default()));
    let result = run_all(request(&repo, &[&one]), CancellationToken::new()).0;
    assert!(matches!(result, Ok(Reviewed::NothingChanged(_))));
    let cancelled = CancellationToken::new();
    cancelled.cancel();
    repo.checkout("topic");
    assert!(run_all(request(&repo, &[&one]), cancelled).0.is_err());
}

#[test]
fn texts_of_files_outside_the_change_are_kept_for_the_round() {
    let repo = Repo::with_topic(&[("README.md", "# Title\n`old_name` is here\n"), ("a.rs", "")]);
    repo.write("a.rs", "fn new() {}\n");
    repo.commit("Add");
    let mut answer = says("It still names what is gone");
    let readme = RepoPath::new("README.md").unwrap();
    answer.findings[0].anchors = vec![Anchor::lines(readme.clone(), LineRange::line(2))];
    let claude = agent("claude", move |_| Did::Answer(answer.clone()));
    let round = round(request(&repo, &[&claude]));
    let store = Store::of(Repository::discover(repo.path()).unwrap().common_dir());
    let text = store.text(&round.texts[&readme]);
    assert_eq!(text.as_deref(), Some("# Title\n`old_name` is here\n"));
}

#[test]
fn a_finding_whose_code_is_gone_is_closed_by_the_next_round() {
    let repo = repo();
    let first = agent("claude", |_| Did::Answer(says("It is wrong")));
    let one = round(request(&repo, &[&first]));
    let id = &one.findings[0].id;
    let branch = Store::of(Repository::discover(repo.path()).unwrap().common_dir()).branch(one.scope.branch.as_deref());
    assert!(branch.decisions().unwrap().value.is_open(id));

    repo.write("a.rs", "fn one() {}\nfn two() {}\n");
    let second = agent("claude", |_| Did::Answer(Answer::default()));
    let two = round(request(&repo, &[&second]));
    assert!(two.findings.is_empty(), "{:?}", two.findings);
    assert_eq!(branch.decisions().unwrap().value.resolutions[id].state, State::Outdated);
}

#[test]
fn what_was_said_of_a_finding_that_stands_stays_in_the_round() {
    let repo = repo();
    let asked = |answer: Answer| {
        let claude = agent("claude", move |_| Did::Answer(answer.clone()));
        round(Request { options: Options { fresh: true, ..Options::default() }, ..request(&repo, &[&claude]) })
    };
    let mut answer = says("It is wrong");
    answer.findings[0].body = "In so many words".into();
    let one = asked(answer);
    // It does not say it again, and the code is as it was.
    for number in [2, 3] {
        let after = asked(Answer::default());
        let [finding] = &after.findings[..] else { panic!("{number}: {:?}", after.findings) };
        assert_eq!((&finding.id, finding.since), (&one.findings[0].id, Some(1)));
        let said = after.remarks(finding);
        assert_eq!(said.iter().map(|raw| raw.body.as_str()).collect::<Vec<_>>(), ["In so many words"], "{number}");
        // It has answered, and made no remark.
        assert_eq!((after.raised_by(&AgentName::new("claude")), &after.earlier[..]), (0, &[][..]));
    }
}

/// A remark on a file of its own.
fn elsewhere(title: &str, severity: Severity, file: &str) -> RawFinding {
    let path = RepoPath::new(file).unwrap();
    let raw = says(title).findings.remove(0);
    RawFinding { severity, anchors: vec![Anchor::lines(path, LineRange::line(1))], ..raw }
}

#[test]
fn a_label_that_was_shown_stays_with_its_finding_while_others_answer() {
    let repo = repo();
    let store = Store::of(&repo.path().join(".git")).branch(Some("topic"));
    let one = agent("one", |_| Did::Answer(says("Wrong at the end")));
    // It answers when the first one's finding was shown, with graver ones of the same severity and the same one again.
    let two = agent("two", move |_| {
        while store.newest().unwrap().value.is_none_or(|round| round.findings.is_empty()) {
            std::thread::yield_now();
        }
        let mut answer = says("It is wrong at the end");
        for (title, file) in [("Argument is never checked", "b.rs"), ("Handle stays open for ever", "c.rs")] {
            let mut found = elsewhere(title, Severity::Important, file);
            found.anchors[0].quote = Some(format!("fn {}() {{}}", &file[..1]));
            answer.findings.push(found);
        }
        Did::Answer(answer)
    });
    let (result, shown) = run_all(request(&repo, &[&one, &two]), CancellationToken::new());
    let Reviewed::Round(last) = result.unwrap() else { panic!("something changed") };
    let mine = |round: &Round| -> Option<String> {
        let is_mine = |f: &&Finding| f.attributions.iter().any(|by| by.agent.as_str() == "one");
        round.findings.iter().find(is_mine).map(|f| f.label.clone())
    };
    let labels: Vec<String> = shown.iter().filter_map(|round| mine(round)).collect();
    assert!(labels.len() > 1 && labels.iter().all(|label| label == "I1"), "{labels:?}");
    let mut all: Vec<&str> = last.findings.iter().map(|f| f.label.as_str()).collect();
    all.sort_unstable();
    all.dedup();
    assert_eq!(all.len(), last.findings.len(), "no label is given twice");
}

#[test]
fn looking_at_one_finding_again_touches_nothing_else() {
    let other = |_: &Brief| {
        let mut answer =
            Answer { findings: vec![elsewhere("Nothing calls it", Severity::Critical, "b.rs")], ..Answer::default() };
        answer.observations.push(finding::Observation {
            kind: finding::ObservationKind::Strength,
            title: "Short functions".into(),
            body: String::new(),
            anchors: vec![],
            by: vec![],
        });
        answer.assessment.testing = Some("Not tested.".into());
        Did::Answer(answer)
    };
    for (says_again, changes, stands, verification) in [
        (true, false, true, "unverified"),
        (false, false, true, "refuted"),
        (true, true, true, "unverified"),
        (false, true, false, ""),
    ] {
        let repo = repo();
        let (one, two) = (agent("one", |_| Did::Answer(says("Wrong"))), agent("two", other));
        let before = round(request(&repo, &[&one, &two]));
        let wrong = before.findings.iter().find(|f| f.title == "Wrong").unwrap();
        if changes {
            repo.write("a.rs", "// Changed.\nfn one() {}\nfn two() {}\nfn new() {}\n");
        }
        let again = agent("one", move |brief| {
            assert_eq!(brief.files.iter().map(RepoPath::as_str).collect::<Vec<_>>(), ["a.rs"]);
            let mut answer = if says_again { says("Wrong") } else { Answer::default() };
            answer.findings.push(elsewhere("Something new", Severity::Critical, "a.rs"));
            Did::Answer(answer)
        });
        let mut request = request(&repo, &[&again]);
        request.options.about = Some(wrong.id.clone());
        let after = round(request);
        let name = format!("says again: {says_again}, changed: {changes}");
        let found = after.findings.iter().find(|f| f.id == wrong.id);
        assert_eq!(found.is_some(), stands, "{name}: {:?}", after.findings);
        if let Some(found) = found {
            let status = serde_json::to_value(&found.verification).unwrap();
            assert_eq!((found.label.as_str(), status["status"].as_str().unwrap()), ("I1", verification), "{name}");
            assert!(found.why.iter().any(|why| why.starts_with("asked again, ONE ")), "{name}: {:?}", found.why);
        }
        assert_eq!(after.since_before.fixed.len(), usize::from(!stands), "{name}");
        let kept = |round: &Round| {
            let kept = round.findings.iter().filter(|f| f.id != wrong.id);
            kept.map(|f| (f.id.clone(), f.label.clone(), f.severity, f.agents().len())).collect::<Vec<_>>()
        };
        assert_eq!(kept(&after), kept(&before), "{name}");
        assert_eq!((after.observations.len(), &after.assessment.testing), (1, &before.assessment.testing), "{name}");
        assert_eq!(after.agents.len(), 1, "{name}");
        assert!(!after.agents[0].has_read(&RepoPath::new("a.rs").unwrap()), "{name}: it was asked about one finding");
    }
}

#[test]
fn what_is_closed_is_not_looked_at_again() {
    let repo = repo();
    let one = agent("one", |_| Did::Answer(says("Wrong")));
    let mut request = request(&repo, &[&one]);
    request.options.about = Some(FindingId::new("gone"));
    assert!(matches!(run_all(request, CancellationToken::new()).0, Err(ReviewError::NothingToRecheck)));
    let stored = Store::of(&repo.path().join(".git")).branch(Some("topic")).newest().unwrap().value;
    assert!(stored.is_none(), "no round for nothing");
}

#[test]
fn prompts_of_two_rounds_begin_alike_with_the_same_masks() {
    use agent::prompt::{Reader, review};
    let repo = repo();
    for n in 0..5 {
        repo.write("d.rs", format!("const PASSWORD: &str = \"hunter2-{n}hunter\";\n"));
        repo.commit(&format!("Try another one\n\npassword: hunter2-{n}hunter"));
    }
    let told: Arc<Mutex<Vec<String>>> = Arc::default();
    let heard = Arc::clone(&told);
    let one = agent("one", move |brief| {
        let reader = Reader { checkout: None, tools: "", room: 1 << 20, lens: None, notes: None, has_schema: false };
        heard.lock().unwrap().push(review(brief, reader).unwrap().text);
        Did::Answer(says("Wrong"))
    });
    round(request(&repo, &[&one]));
    for n in 0..4 {
        repo.write("a.rs", format!("fn new() {{}}\n// {n}\n"));
        repo.commit("One more");
        round(request(&repo, &[&one]));
    }
    let told = told.lock().unwrap();
    let settled: Vec<&str> = told.iter().map(|text| text.split_once(" BEGIN diff\n").unwrap().0).collect();
    assert!(settled[0].contains("password: MASKED_SECRET_") && !told[0].contains("hunter2"), "{}", told[0]);
    assert!(settled.iter().all(|text| *text == settled[0]), "{settled:#?}");
    assert!(told[4].matches("One more").count() == 4 && !settled[4].contains("One more"));
}
