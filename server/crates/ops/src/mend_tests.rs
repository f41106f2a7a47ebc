//! Fixes by agents that do as they are told, on real repositories: what is proven, what is not taken and why, and that
//! nothing but what is accepted ever changes.

use super::*;
use crate::{CleanEnd, Cleaned, RoundName, WorkTree};
use agent::recorded::Recorded;
use agent::{Agent, Availability, Brief, Completion, Outcome, Question, Session};
use finding::{
    AgentInfo, AgentKind, AgentOutcome, AgentRun, Anchor, Attribution, Failure, FailureKind, LineRange, RawId,
    Severity, StepName, StepResult, Usage,
};
use futures_util::future::BoxFuture;
use git::Repository;
use proptest::prelude::*;
use review::Reviewer;
use serde_json::json;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use test_repo::Repo;

/// A defect in a language, with what agents make of it.
struct Case {
    path: &'static str,
    broken: &'static str,
    right: &'static str,
    /// Parses, and the defect is still there.
    wrong: &'static str,
    /// The same in another way.
    also_wrong: &'static str,
    unreadable: &'static str,
    test: (&'static str, &'static str, &'static str),
}

const CASES: [Case; 6] = [
    Case {
        path: "src/mean.rs",
        broken: "pub fn mean(all: &[u32]) -> u32 {\n    let sum: u32 = all.iter().sum();\n    sum / all.len() as u32\n}\n",
        right: "pub fn mean(all: &[u32]) -> Option<u32> {\n    let sum: u32 = all.iter().sum();\n    sum.checked_div(all.len() as u32)\n}\n",
        wrong: "pub fn mean(all: &[u32]) -> u32 {\n    let sum: u32 = all.iter().copied().sum();\n    sum / all.len() as u32\n}\n",
        also_wrong: "pub fn mean(all: &[u32]) -> u32 {\n    let sum = all.iter().sum::<u32>();\n    sum / all.len() as u32\n}\n",
        unreadable: "pub fn mean(all: &[u32]) -> u32 {\n    let sum: u32 = all.iter().sum(;\n    sum / all.len() as u32\n}\n",
        test: ("tests/mean.rs", "fn t() { assert_eq!(1, 1); }\n", "fn t() {}\n"),
    },
    Case {
        path: "mean.go",
        broken: "package mean\n\nfunc Mean(all []int) int {\n\tsum := 0\n\tfor _, n := range all {\n\t\tsum += n\n\t}\n\treturn sum / len(all)\n}\n",
        right: "package mean\n\nfunc Mean(all []int) int {\n\tif len(all) == 0 {\n\t\treturn 0\n\t}\n\tsum := 0\n\tfor _, n := range all {\n\t\tsum += n\n\t}\n\treturn sum / len(all)\n}\n",
        wrong: "package mean\n\nfunc Mean(all []int) int {\n\tvar sum int\n\tfor _, n := range all {\n\t\tsum += n\n\t}\n\treturn sum / len(all)\n}\n",
        also_wrong: "package mean\n\nfunc Mean(all []int) int {\n\tsum := 0\n\tfor i := range all {\n\t\tsum += all[i]\n\t}\n\treturn sum / len(all)\n}\n",
        unreadable: "package mean\n\nfunc Mean(all []int) int {\n\tsum := 0\n\tfor _, n := range all {\n\t\tsum += n\n\treturn sum / len(all)\n}\n",
        test: (
            "mean_test.go",
            "package mean\n\nfunc T() bool { return Mean(nil) == 0 }\n",
            "package mean\n\nfunc T() bool { return true }\n",
        ),
    },
    Case {
        path: "mean.py",
        broken: "def mean(values):\n    total = sum(values)\n    return total / len(values)\n",
        right: "def mean(values):\n    if not values:\n        return None\n    total = sum(values)\n    return total / len(values)\n",
        wrong: "def mean(values):\n    total = sum(v for v in values)\n    return total / len(values)\n",
        also_wrong: "def mean(values):\n    total = 0 + sum(values)\n    return total / len(values)\n",
        unreadable: "def mean(values):\n    total = sum(values\n    return total / len(values)\n",
        test: ("tests/test_mean.py", "assert True\n", "pass\n"),
    },
    Case {
        path: "lib/mean.js",
        broken: "export function mean(all) {\n  const sum = all.reduce((a, b) => a + b, 0);\n  return sum / all.length;\n}\n",
        right: "export function mean(all) {\n  if (all.length === 0) return undefined;\n  const sum = all.reduce((a, b) => a + b, 0);\n  return sum / all.length;\n}\n",
        wrong: "export function mean(all) {\n  const sum = all.reduce((a, b) => b + a, 0);\n  return sum / all.length;\n}\n",
        also_wrong: "export function mean(all) {\n  let sum = all.reduce((a, b) => a + b, 0);\n  return sum / all.length;\n}\n",
        unreadable: "export function mean(all) {\n  const sum = all.reduce((a, b) => a + b, 0;\n  return sum / all.length;\n}\n",
        test: ("lib/mean.test.js", "check(mean([]) === undefined);\n", "check(true);\n"),
    },
    Case {
        path: "src/mean.ts",
        broken: "export function mean(all: number[]): number {\n  const sum = all.reduce((a, b) => a + b, 0);\n  return sum / all.length;\n}\n",
        right: "export function mean(all: number[]): number {\n  const sum = all.reduce((a, b) => a + b, 0);\n  return all.length ? sum / all.length : 0;\n}\n",
        wrong: "export function mean(all: number[]): number {\n  const sum: number = all.reduce((a, b) => a + b, 0);\n  return sum / all.length;\n}\n",
        also_wrong: "export function mean(all: number[]): number {\n  const sum = all.reduce((a, b) => a + b);\n  return sum / all.length;\n}\n",
        unreadable: "export function mean(all: number[]: number {\n  const sum = all.reduce((a, b) => a + b, 0);\n  return sum / all.length;\n}\n",
        test: ("src/__tests__/mean.ts", "check(mean([]) === 0);\n", "check(true);\n"),
    },
    Case {
        path: "app/Mean.tsx",
        broken: "export const Mean = ({ all }: { all: number[] }) => (\n  <b>{all.reduce((a, b) => a + b, 0) / all.length}</b>\n);\n",
        right: "export const Mean = ({ all }: { all: number[] }) => (\n  <b>{all.length ? all.reduce((a, b) => a + b, 0) / all.length : '-'}</b>\n);\n",
        wrong: "export const Mean = ({ all }: { all: number[] }) => (\n  <i>{all.reduce((a, b) => a + b, 0) / all.length}</i>\n);\n",
        also_wrong: "export const Mean = ({ all }: { all: number[] }) => (\n  <em>{all.reduce((a, b) => a + b, 0) / all.length}</em>\n);\n",
        unreadable: "export const Mean = ({ all }: { all: number[] }) => (\n  <b>{all.reduce((a, b) => a + b, 0) / all.length}</b\n);\n",
        test: ("app/Mean.spec.tsx", "check(<Mean all={[]} />);\n", "check(true);\n"),
    },
];

const CORE: &str = "pub const LIMIT: u32 = 4;\n";

/// What an agent does when it is asked to mend: with the copy, and the number of the call, from 0. What it answers.
type Act = dyn Fn(&Case, &Path, usize) -> serde_json::Value + Send + Sync;

/// What an agent raises when it reviews: by the text of the case's file, and the number of the review, from 0.
type Raises = fn(&str, usize) -> serde_json::Value;

/// An agent that does as it is told.
struct Told {
    name: &'static str,
    case: &'static Case,
    act: Box<Act>,
    raises: Raises,
    reviews: AtomicUsize,
    /// What each call costs, in US dollars.
    cost_usd: f64,
    calls: AtomicUsize,
    /// Where its copies were.
    copies: Mutex<Vec<PathBuf>>,
}

impl std::fmt::Debug for Told {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

impl Agent for Told {
    fn info(&self) -> AgentInfo {
        AgentInfo { name: AgentName::new(self.name), label: self.name.to_uppercase(), kind: AgentKind::Recorded }
    }

    fn availability<'a>(&'a self) -> BoxFuture<'a, Availability> {
        Box::pin(async { Availability::Usable("told to".into()) })
    }

    fn review<'a>(&'a self, brief: &'a Brief, session: &'a Session) -> BoxFuture<'a, Outcome> {
        Box::pin(async move {
            let path = RepoPath::new(self.case.path).unwrap();
            let text = brief.snapshot.read(&path).unwrap().unwrap_or_default();
            let answer = (self.raises)(&text, self.reviews.fetch_add(1, Ordering::SeqCst));
            if answer.is_null() {
                return Outcome::failed(Failure::new(FailureKind::Crashed, "it reviews nothing"));
            }
            let recorded = Recorded::text(AgentName::new(self.name), self.name.to_uppercase(), answer.to_string());
            recorded.review(brief, session).await
        })
    }

    fn answers(&self) -> bool {
        true
    }

    fn ask<'a>(&'a self, brief: &'a Brief, question: &'a Question, session: &'a Session) -> BoxFuture<'a, Completion> {
        Box::pin(async move {
            let copy = brief.checkout.folder(&brief.snapshot, &brief.sending).await.unwrap().to_owned();
            self.copies.lock().unwrap().push(copy.clone());
            let answer = match question.template {
                "fix" => {
                    assert!(brief.checkout.is_to_edit());
                    (self.act)(self.case, &copy, self.calls.fetch_add(1, Ordering::SeqCst))
                }
                // The finding is gone where the code is what it should be.
                _ => {
                    assert!(!brief.checkout.is_to_edit());
                    let now = fs::read_to_string(copy.join(self.case.path)).unwrap_or_default();
                    let new = if now.contains("unwrap_new") {
                        json!([{"severity": "critical", "title": "a crash"}])
                    } else {
                        json!([])
                    };
                    json!({"gone": now.starts_with(self.case.right), "reason": "looked at it", "new": new})
                }
            };
            if answer == json!("hang") {
                session.cancel.cancelled().await;
                return Completion::failed(Failure::new(FailureKind::Cancelled, "it was stopped"));
            }
            if let Some(kind) = answer.get("fail") {
                let kind = serde_json::from_value(kind.clone()).unwrap();
                return Completion::failed(Failure::new(kind, "it was told to fail"));
            }
            let usage = Usage { cost_usd: (self.cost_usd > 0.0).then_some(self.cost_usd), ..Usage::default() };
            Completion { text: answer.to_string(), usage, ..Completion::default() }
        })
    }
}

fn told(
    name: &'static str,
    case: &'static Case,
    act: impl Fn(&Case, &Path, usize) -> serde_json::Value + Send + Sync + 'static,
) -> Arc<Told> {
    Arc::new(reviewer(name, case, act, |_, _| serde_json::Value::Null))
}

/// The same, of one that reviews as well.
fn reviewer(
    name: &'static str,
    case: &'static Case,
    act: impl Fn(&Case, &Path, usize) -> serde_json::Value + Send + Sync + 'static,
    raises: Raises,
) -> Told {
    let (calls, reviews, copies) = (AtomicUsize::new(0), AtomicUsize::new(0), Mutex::default());
    Told { name, case, act: Box::new(act), raises, reviews, cost_usd: 0.0, calls, copies }
}

/// A review that raises findings of these titles at a line of the case's file.
fn raises(path: &str, findings: &[(&str, u32)]) -> serde_json::Value {
    let finding = |(title, line): &(&str, u32)| {
        json!({
            "severity": "important", "title": title, "body": format!("{title}."), "evidence": "",
            "classification": "regression", "symbol": "", "fixes": [],
            "places": [{ "path": path, "start_line": line, "end_line": line, "quote": "" }],
        })
    };
    json!({
        "summary": "", "findings": findings.iter().map(finding).collect::<Vec<_>>(), "observations": [], "testing": "",
        "untested": [], "documentation": "", "commit_structure": "", "limitations": [], "covered": [],
    })
}

/// A repository with a case's defect, and a round with its finding.
struct Bed {
    repo: Repo,
    case: &'static Case,
}

impl Bed {
    fn bare(case: &'static Case) -> Self {
        let (test, text, _) = case.test;
        let repo =
            Repo::with_topic(&[(test, text), ("src/core.rs", CORE), ("Makefile", "all:\n"), (".gitignore", "out/\n")]);
        repo.write(case.path, case.broken);
        #[cfg(unix)]
        {
            fs::create_dir_all(repo.beside("elsewhere")).unwrap();
            fs::write(repo.beside("elsewhere/x.rs"), "fn x() {}\n").unwrap();
            std::os::unix::fs::symlink(repo.beside("elsewhere"), repo.path().join("linked")).unwrap();
        }
        repo.commit("Add the mean");
        Self { repo, case }
    }

    /// The same, with a round that has a finding.
    fn new(case: &'static Case) -> Self {
        let bed = Self::bare(case);
        let open = bed.open();
        let path = RepoPath::new(case.path).unwrap();
        let scope = finding::RoundScope {
            branch: Some("topic".into()),
            base_name: "main".into(),
            base: None,
            head: None,
            uncommitted: true,
        };
        let mut round = Round::new(finding::RoundId::new("r1"), jiff::Timestamp::UNIX_EPOCH, scope);
        let info = AgentInfo { name: AgentName::new("writer"), label: "WRITER".into(), kind: AgentKind::Recorded };
        round.agents = vec![AgentRun::new(info, AgentOutcome::Reviewed)];
        let mut finding =
            Finding::new(FindingId::new("f1"), Severity::Important, "The mean of nothing is a division by zero");
        finding.label = "I1".into();
        finding.anchors = vec![Anchor::lines(path.clone(), LineRange::new(2, 3))];
        finding.attributions = vec![Attribution {
            agent: AgentName::new("writer"),
            severity: Severity::Important,
            raw: RawId::new("writer:1"),
        }];
        round.findings = vec![finding];
        let blob = blob_id(case.broken);
        open.store.put_texts([(&blob, case.broken)]).unwrap();
        round.texts.insert(path, blob);
        open.branch.begin(&mut round).unwrap();
        bed
    }

    fn open(&self) -> OpenBranch {
        OpenBranch::current(Repository::discover(self.repo.path()).unwrap()).unwrap()
    }

    fn now(&self) -> Now {
        Now::of(self.open(), RoundName::Newest).unwrap().value
    }

    fn mending(&self, agents: &[&Arc<Told>], options: &MendOptions) -> Mending {
        self.mending_of(agents, ToMend::Findings(&[0]), options)
    }

    fn mending_of(&self, agents: &[&Arc<Told>], which: ToMend<'_>, options: &MendOptions) -> Mending {
        let now = self.now();
        let mut config = Config::default();
        // What is installed here has no part in it.
        config.fix.format = false;
        let mut mending = Mending::new(&now, &config, Trust::Refused, which, options).unwrap();
        let reviewer = |agent: &&Arc<Told>| Reviewer {
            agent: Arc::clone(*agent) as Arc<dyn Agent>,
            deadline: Duration::from_secs(60),
        };
        mending.request.reviewers = agents.iter().map(reviewer).collect();
        mending
    }

    /// Has the agents review the branch, and then mends and reviews until it is clean, with a limit for what that costs.
    async fn clean(&self, agents: &[&Arc<Told>], rounds: u32, max_cost_usd: Option<f64>) -> Cleaned {
        let mut request =
            crate::request(&self.open().repository, &Config::default(), Trust::Refused, &[], crate::Again::Changed)
                .unwrap();
        let reviewer = |agent: &&Arc<Told>| Reviewer {
            agent: Arc::clone(*agent) as Arc<dyn Agent>,
            deadline: Duration::from_secs(60),
        };
        request.reviewers = agents.iter().map(reviewer).collect();
        review::run(request, unbounded_channel().0, CancellationToken::new()).await.unwrap();
        let before = (self.files(), self.now().round.number);
        let mut mending = self.mending_of(agents, ToMend::AllOpen, &MendOptions::default());
        mending.request.options.limits.max_cost_usd = max_cost_usd;
        let cleaned = crate::clean(mending, rounds, unbounded_channel().0, CancellationToken::new()).await.unwrap();
        assert_eq!((self.files(), self.now().round.number), before, "the user's files and rounds stay as they are");
        for agent in agents {
            assert!(agent.copies.lock().unwrap().iter().all(|copy| !copy.exists()), "a copy stayed behind");
        }
        cleaned
    }

    async fn mend(&self, agents: &[&Arc<Told>]) -> Vec<Attempt> {
        let mending = self.mending(agents, &MendOptions::default());
        let attempts = mend(mending, unbounded_channel().0, CancellationToken::new()).await.unwrap();
        for agent in agents {
            for copy in agent.copies.lock().unwrap().iter() {
                assert!(!copy.exists(), "a copy stayed behind");
            }
        }
        attempts
    }

    /// Every file of the work tree and of git's hooks and configuration, and what lies beside, with its content.
    fn files(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut files = BTreeMap::new();
        let top = self.repo.path().parent().unwrap().to_owned();
        let mut folders = vec![top];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(&folder).unwrap().map(Result::unwrap) {
                let (path, kind) = (entry.path(), entry.file_type().unwrap());
                let is_ours = ["deep-review", "objects", "index", "logs"].iter().any(|name| entry.file_name() == *name);
                if kind.is_symlink() {
                    files.insert(
                        path.clone(),
                        fs::read_link(&path).unwrap().to_string_lossy().into_owned().into_bytes(),
                    );
                } else if kind.is_dir() && !(is_ours && path.starts_with(self.repo.path().join(".git"))) {
                    folders.push(path);
                } else if kind.is_file() && !is_ours {
                    files.insert(path.clone(), fs::read(&path).unwrap());
                }
            }
        }
        files
    }
}

/// The change of a file as an agent writes it.
fn diff(path: &str, before: &str, after: &str) -> String {
    let lines = |mark: char, text: &str| text.lines().map(|line| format!("{mark}{line}\n")).collect::<String>();
    let (old, new) = (before.lines().count(), after.lines().count());
    format!("--- a/{path}\n+++ b/{path}\n@@ -1,{old} +1,{new} @@\n{}{}", lines('-', before), lines('+', after))
}

fn says(diff: &str, files: &[&str]) -> serde_json::Value {
    let files: Vec<_> = files.iter().map(|path| json!({"path": path, "reason": "it is needed"})).collect();
    json!({"summary": "It did something", "diff": diff, "files": files})
}

fn write(copy: &Path, path: &str, text: &str) {
    let file = copy.join(path);
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(file, text).unwrap();
}

/// So many of the rows are tried in every language.
const OF_EVERY_LANGUAGE: usize = 12;

/// What comes of each attempt: `+` for one that is proven, else why it is not.
type Row = (&'static str, fn(&Case, &Path, usize) -> serde_json::Value, fn(&Case) -> Vec<String>);

fn rows() -> Vec<Row> {
    vec![
        (
            "right, in the copy",
            |c, f, _| {
                write(f, c.path, c.right);
                says("", &[])
            },
            |_| vec!["+".into()],
        ),
        ("right, as hunks", |c, _, _| says(&diff(c.path, c.broken, c.right), &[]), |_| vec!["+".into()]),
        (
            "right, and a form that is broken",
            |c, f, _| {
                write(f, c.path, c.right);
                json!("I edited it.")
            },
            |_| vec!["+".into()],
        ),
        (
            "wrong, then right",
            |c, f, n| {
                write(f, c.path, if n == 0 { c.wrong } else { c.right });
                says("", &[])
            },
            |_| vec!["JUDGE does not agree: the finding is still there (looked at it)".into(), "+".into()],
        ),
        (
            "wrong, and wrong again",
            |c, f, n| {
                write(f, c.path, if n == 0 { c.wrong } else { c.also_wrong });
                says("", &[])
            },
            |_| vec!["JUDGE does not agree: the finding is still there (looked at it)".into(); 2],
        ),
        (
            "the same again",
            |c, f, _| {
                write(f, c.path, c.wrong);
                says("", &[])
            },
            |_| {
                vec![
                    "JUDGE does not agree: the finding is still there (looked at it)".into(),
                    "it made the same change again, which was not taken: JUDGE does not agree: the finding is still there (looked at it)".into(),
                ]
            },
        ),
        (
            "brings another finding",
            |c, f, n| {
                write(
                    f,
                    c.path,
                    &format!(
                        "{}{}unwrap_new\n",
                        c.right,
                        if c.path.ends_with(".py") { "# " } else { "// " }.repeat(n + 1)
                    ),
                );
                says("", &[])
            },
            |_| vec!["JUDGE does not agree: it brings a new finding (Critical: a crash)".into(); 2],
        ),
        (
            "does not parse",
            |c, f, n| {
                write(f, c.path, &format!("{}{}", c.unreadable, "\n".repeat(n)));
                says("", &[])
            },
            |c| vec![format!("{} does not parse with it", c.path); 2],
        ),
        (
            "does not parse, as hunks, then right",
            |c, _, n| says(&diff(c.path, c.broken, if n == 0 { c.unreadable } else { c.right }), &[]),
            |c| vec![format!("{} does not parse with it", c.path), "+".into()],
        ),
        (
            "the test as well, and says so",
            |c, f, _| {
                write(f, c.path, c.right);
                write(f, c.test.0, c.test.2);
                says("", &[c.test.0])
            },
            |c| vec![format!("+ with a yes for {}", c.test.0)],
        ),
        (
            "the test as well, without a word",
            |c, f, n| {
                write(f, c.path, c.right);
                write(f, c.test.0, &c.test.2.repeat(n + 1));
                says("", &[])
            },
            |c| vec![format!("it changes {}, which the finding is not about, and does not say why", c.test.0); 2],
        ),
        (
            "the check's file, and says so",
            |c, f, _| {
                write(f, c.path, c.right);
                write(f, "Makefile", "all:\n\ttrue\n");
                says("", &["Makefile"])
            },
            |_| vec!["+ with a yes for Makefile".into()],
        ),
        (
            "outside, as a hunk",
            |c, _, _| says(&diff("../../outside.rs", "", c.right), &["../../outside.rs"]),
            |_| vec!["'../../outside.rs' is no file of the repository".into(); 2],
        ),
        (
            "an absolute path",
            |c, _, _| says(&diff("/etc/passwd", "x\n", c.right), &["/etc/passwd"]),
            |_| vec!["?".into(); 2],
        ),
        (
            "git's own, as a hunk",
            |c, _, _| {
                says(
                    &format!("--- /dev/null\n+++ b/.git/hooks/pre-commit\n@@ -0,0 +1 @@\n+{}\n", c.path),
                    &[".git/hooks/pre-commit"],
                )
            },
            |_| vec!["?".into(); 2],
        ),
        (
            "git's own, in the copy",
            |c, f, _| {
                write(f, c.path, c.right);
                write(f, ".git/hooks/x", "x");
                says("", &[".git/hooks/x"])
            },
            |_| vec!["it wrote into .git, which is git's own".into(); 2],
        ),
        #[cfg(unix)]
        (
            "through a link of the repository",
            |_, _, _| says(&diff("linked/x.rs", "fn x() {}\n", "fn y() {}\n"), &["linked/x.rs"]),
            |_| vec!["linked/x.rs leads out of the repository through a symbolic link".into(); 2],
        ),
        #[cfg(unix)]
        (
            "a link in the copy",
            |c, f, _| {
                fs::remove_file(f.join(c.path)).unwrap();
                std::os::unix::fs::symlink("/etc/passwd", f.join(c.path)).unwrap();
                says("", &[])
            },
            |c| vec![format!("it made {} a symbolic link", c.path); 2],
        ),
        (
            "nothing, and says why",
            |_, _, _| json!({"summary": "The finding is not true", "diff": "", "files": []}),
            |_| vec!["it changed nothing: The finding is not true".into()],
        ),
        ("no answer", |_, _, _| json!("Sorry."), |_| vec!["its answer has no summary".into(); 2]),
        (
            "a failure in the middle",
            |c, f, _| {
                write(f, c.path, c.right);
                json!({"fail": "timed-out"})
            },
            |_| vec!["it was told to fail".into()],
        ),
        (
            "not in the text",
            |c, _, n| says(&diff(c.path, &format!("nothing like {n}\n"), "x\n"), &[]),
            |_| vec!["the code that the fix changes is not in the file".into(); 2],
        ),
        (
            "what tools leave behind",
            |c, f, _| {
                write(f, c.path, c.right);
                write(f, "out/cache", "x");
                says("", &[])
            },
            |_| vec!["+".into()],
        ),
        (
            "a new file that it needs",
            |c, f, _| {
                write(f, c.path, c.right);
                write(f, "src/extra.rs", "pub fn extra() {}\n");
                says("", &["src/extra.rs"])
            },
            |_| vec!["+".into()],
        ),
    ]
}

#[tokio::test]
async fn what_agents_bring_back_is_proven_or_not_taken_with_the_reason() {
    let rows = rows();
    for (number, case) in CASES.iter().enumerate() {
        // What has nothing to do with the language is tried in one.
        let of_this = if number == 0 { &rows[..] } else { &rows[..OF_EVERY_LANGUAGE] };
        for (name, act, expected) in of_this {
            let bed = Bed::new(case);
            let before = bed.files();
            let (writer, judge) = (told("writer", case, *act), told("judge", case, |_, _, _| json!("no")));
            let attempts = bed.mend(&[&writer, &judge]).await;
            let said = |attempt: &Attempt| match (attempt.is_proven(), attempt.consents.as_slice()) {
                (true, []) => "+".to_owned(),
                (true, consents) => {
                    let paths: Vec<&str> = consents.iter().map(|consent| consent.path.as_str()).collect();
                    format!("+ with a yes for {}", paths.join(", "))
                }
                (false, _) => attempt.proof(),
            };
            let said: Vec<String> = attempts.iter().map(said).collect();
            let mut expected = expected(case);
            // Refused in words that are not fixed here.
            for (said, expected) in said.iter().zip(&mut expected).filter(|(_, expected)| *expected == "?") {
                assert!(!said.starts_with('+'), "{name}: {said}");
                expected.clone_from(said);
            }
            assert_eq!(said, expected, "{}: {name}: {attempts:#?}", case.path);
            assert_eq!(bed.files(), before, "{}: {name}: nothing is written", case.path);
            applied(&bed, &attempts, name);
        }
    }
}

/// What is proven is written, is seen as fixed, and is taken back; what is not, is refused.
fn applied(bed: &Bed, attempts: &[Attempt], name: &str) {
    let (before, now) = (bed.files(), bed.now());
    let tree = WorkTree::of(&now.open.repository).unwrap();
    let last = attempts.last().unwrap();
    let plan = plan_of_attempts(&now.open.store, &now.round, &tree, &[last]);
    assert_eq!(now.round.findings[0].attempts.len(), attempts.len(), "{name}: attempts are kept");
    if !last.is_proven() {
        assert!(matches!(plan, Err(Stale::NotProven { .. })), "{name}");
        return;
    }
    let plan = plan.unwrap();
    crate::apply(&now.open, &now.round, &plan, &tree).unwrap().logged.unwrap();
    assert_eq!(fs::read_to_string(bed.repo.path().join(bed.case.path)).unwrap(), bed.case.right, "{name}");
    let states = states(&bed.now().situation());
    assert_eq!(states[&FindingId::new("f1")], State::Fixed, "{name}");
    // A proof for another text is refused.
    let again = plan_of_attempts(&now.open.store, &now.round, &tree, &[last]);
    assert!(matches!(again, Err(Stale::Changed { .. })), "{name}: {again:?}");
    crate::undo(&now.open, &tree).unwrap();
    assert_eq!(bed.files(), before, "{name}: taken back");
}

#[tokio::test]
async fn a_text_that_changes_meanwhile_is_not_overwritten() {
    for case in &CASES {
        let bed = Bed::new(case);
        let file = bed.repo.path().join(case.path);
        let writer = told("writer", case, {
            let file = file.clone();
            move |case, copy, _| {
                write(copy, case.path, case.right);
                // The user types where the agent does.
                fs::write(&file, case.wrong.replace("sum", "total").replace("<i>", "<u>")).unwrap();
                says("", &[])
            }
        });
        let attempts = bed.mend(&[&writer]).await;
        assert!(attempts.iter().all(|attempt| !attempt.is_proven()), "{attempts:#?}");
        assert_eq!(attempts[0].steps.last().unwrap().name, StepName::Placed);
        assert_eq!(fs::read_to_string(&file).unwrap(), case.wrong.replace("sum", "total").replace("<i>", "<u>"));
    }
}

#[tokio::test]
async fn what_is_not_saved_is_what_is_mended() {
    let case = &CASES[0];
    let bed = Bed::new(case);
    let head = "//! Not saved.\n";
    let unsaved = BTreeMap::from([(RepoPath::new(case.path).unwrap(), Arc::from([head, case.broken].concat()))]);
    let writer = told("writer", case, move |case, copy, _| {
        let text = fs::read_to_string(copy.join(case.path)).unwrap();
        assert_eq!(text, [head, case.broken].concat());
        write(copy, case.path, &[head, case.right].concat());
        says("", &[])
    });
    let options = MendOptions { unsaved, ..MendOptions::default() };
    let attempts =
        mend(bed.mending(&[&writer], &options), unbounded_channel().0, CancellationToken::new()).await.unwrap();
    // Who looks at it wants it to begin with the code.
    let proof = &attempts[0].files[&RepoPath::new(case.path).unwrap()];
    assert_eq!(proof.before.as_ref(), Some(&blob_id(&[head, case.broken].concat())));
    assert_eq!(proof.after.as_ref(), Some(&blob_id(&[head, case.right].concat())));
}

#[tokio::test]
async fn what_was_proven_for_the_text_as_it_is_is_not_asked_for_again() {
    let case = &CASES[2];
    let bed = Bed::new(case);
    let writer = told("writer", case, |case, copy, _| {
        write(copy, case.path, case.right);
        says("", &[])
    });
    let judge = told("judge", case, |_, _, _| json!("no"));
    let first = bed.mend(&[&writer, &judge]).await;
    assert_eq!(
        (writer.calls.load(Ordering::SeqCst), first[0].proof()),
        (1, "placed, parses, JUDGE agrees (not checked: no check is configured for it)".into())
    );
    assert_eq!(first[0].calls.iter().map(|call| call.to.as_str()).collect::<Vec<_>>(), ["fix", "judge"]);
    assert_eq!(bed.mend(&[&writer, &judge]).await, first);
    assert_eq!(writer.calls.load(Ordering::SeqCst), 1, "nobody was asked");
    let fresh = MendOptions { fresh: true, ..MendOptions::default() };
    let again = mend(bed.mending(&[&writer, &judge], &fresh), unbounded_channel().0, CancellationToken::new()).await;
    assert!(again.unwrap()[0].is_proven());
    assert_eq!(writer.calls.load(Ordering::SeqCst), 2);
    bed.repo.write(case.path, case.wrong);
    assert_eq!(bed.mending(&[&writer], &MendOptions::default()).to_ask(), 1, "the text is another");
}

#[tokio::test]
async fn who_wrote_it_looks_at_it_only_where_nobody_else_does() {
    let case = &CASES[0];
    let act = |case: &Case, copy: &Path, _: usize| {
        write(copy, case.path, case.right);
        says("", &[])
    };
    let bed = Bed::new(case);
    let alone = bed.mend(&[&told("writer", case, act)]).await;
    assert!(alone[0].proof().contains("WRITER, which wrote it, finds it right"), "{}", alone[0].proof());
    let only = MendOptions { only: vec![RepoPath::new("src/core.rs").unwrap()], fresh: true, ..MendOptions::default() };
    let writer = told("writer", case, act);
    let limited = mend(bed.mending(&[&writer], &only), unbounded_channel().0, CancellationToken::new()).await.unwrap();
    assert_eq!(limited[0].proof(), "it changes src/mean.rs, which is none of the files that may change");
}

#[tokio::test]
async fn cancelling_leaves_nothing_behind_and_proves_nothing() {
    let case = &CASES[1];
    let bed = Bed::new(case);
    let before = bed.files();
    let writer = told("writer", case, |case, copy, _| {
        write(copy, case.path, case.right);
        json!("hang")
    });
    let (events, mut heard) = unbounded_channel();
    let cancel = CancellationToken::new();
    let mending = bed.mending(&[&writer], &MendOptions::default());
    let stop = async {
        while !matches!(heard.recv().await, Some(Event::Doing { .. }) | None) {}
        cancel.cancel();
    };
    let (attempts, ()) = tokio::join!(mend(mending, events, cancel.clone()), stop);
    let attempts = attempts.unwrap();
    assert!(attempts.iter().all(|attempt| !attempt.is_proven()) && attempts.len() <= 1, "{attempts:#?}");
    assert_eq!(bed.files(), before);
    assert!(writer.copies.lock().unwrap().iter().all(|copy| !copy.exists()));
}

#[tokio::test]
async fn cancelling_at_any_moment_leaves_the_files_as_they_are_and_no_copy_behind() {
    let case = &CASES[2];
    let bed = Bed::new(case);
    let before = bed.files();
    let options = MendOptions { fresh: true, ..MendOptions::default() };
    // Before it begins, when it is told that an agent mends it, and that another one looks at it.
    for moment in 0..4 {
        let right = |case: &Case, copy: &Path, _: usize| {
            write(copy, case.path, case.right);
            says("", &[])
        };
        let (writer, judge) = (told("writer", case, right), told("judge", case, |_, _, _| json!("no")));
        let (events, mut heard) = unbounded_channel();
        let cancel = CancellationToken::new();
        let mending = bed.mending(&[&writer, &judge], &options);
        let stop = async {
            for _ in 0..moment {
                heard.recv().await;
            }
            cancel.cancel();
            while heard.recv().await.is_some() {}
        };
        let (attempts, ()) = tokio::join!(mend(mending, events, cancel.clone()), stop);
        if let Ok(attempts) = attempts {
            let is_whole = |attempt: &Attempt| attempt.steps.iter().any(|step| step.name == StepName::Reviewed);
            assert!(attempts.iter().all(|a| !a.is_proven() || is_whole(a)), "{moment}: {attempts:#?}");
        }
        assert_eq!(bed.files(), before, "{moment}");
        for agent in [&writer, &judge] {
            assert!(agent.copies.lock().unwrap().iter().all(|copy| !copy.exists()), "{moment}");
        }
    }
}

#[tokio::test]
async fn every_call_is_in_the_record_of_the_round_and_a_limit_of_cost_holds() {
    let case = &CASES[2];
    let right = |case: &Case, copy: &Path, _: usize| {
        write(copy, case.path, case.right);
        says("", &[])
    };
    let agent = |name| Arc::new(Told { cost_usd: 0.3, ..reviewer(name, case, right, |_, _| json!(null)) });
    for (limit, calls, is_proven) in [(None, 2, true), (Some(0.2), 2, false)] {
        let bed = Bed::new(case);
        let (writer, judge) = (agent("writer"), agent("judge"));
        let mut mending = bed.mending(&[&writer, &judge], &MendOptions::default());
        mending.request.options.limits.max_cost_usd = limit;
        let attempts = mend(mending, unbounded_channel().0, CancellationToken::new()).await.unwrap();
        assert_eq!(attempts[0].is_proven(), is_proven, "{limit:?}: {attempts:#?}");
        let round = bed.now().round;
        let of: Vec<(&str, Option<&str>)> =
            round.calls.iter().map(|call| (call.to.as_str(), call.about.as_deref())).collect();
        assert!(of.len() >= calls && of[0] == ("fix", Some("I1")), "{limit:?}: {of:?}");
        let (_, used) = round.called_since().unwrap();
        let expected = if limit.is_some() { 0.3 } else { 0.6 };
        assert!((used.cost_usd.unwrap() - expected).abs() < 1e-9, "{limit:?}: {used:?}");
        assert_eq!(judge.copies.lock().unwrap().len(), usize::from(is_proven), "who cannot be paid is not asked");
    }
}

const DIVIDES: &str = "The mean of nothing is a division by zero";

/// Raises the defect where the text has it, and what else the text lacks.
fn defects(text: &str, wants: &[&str]) -> serde_json::Value {
    let mut found = Vec::new();
    if text.contains("/ len(values)") && !text.contains("if not values") {
        found.push((DIVIDES, 3));
    }
    found.extend(wants.iter().filter(|word| !text.contains(**word)).map(|word| (*word, 1)));
    raises("mean.py", &found)
}

/// Mends what the finding at hand is about: the first call is about the defect, the others about words that are missing.
fn mends_in_turn(copy: &Path, case: &Case, call: usize, words: &[&str]) -> serde_json::Value {
    let text: String = words[..call.min(words.len())].iter().map(|word| format!("# {word}\n")).collect();
    write(copy, case.path, &[case.right, "\n", &text].concat());
    says("", &[])
}

#[tokio::test]
async fn what_is_new_after_a_fix_is_mended_until_nothing_is_left() {
    const WORDS: &[&str] = &["It says nothing of averages", "Its unit is missing in the text"];
    let case = &CASES[2];
    let act = |case: &Case, copy: &Path, call: usize| mends_in_turn(copy, case, call, WORDS);
    // The reviews after the first one see what is missing, one after the other.
    let sees: Raises = |text, review| defects(text, &WORDS[..review.min(WORDS.len())]);
    let writer = || Arc::new(reviewer("writer", case, act, sees));
    let judge = || Arc::new(reviewer("judge", case, |_, _, _| json!("no"), |_, _| raises("mean.py", &[])));
    let bed = Bed::bare(case);
    let cleaned = bed.clean(&[&writer(), &judge()], 5, None).await;
    assert_eq!((&cleaned.end, cleaned.rounds), (&CleanEnd::Clean, 3), "{cleaned:#?}");
    assert_eq!(cleaned.found.iter().map(|f| f.title.as_str()).collect::<Vec<_>>(), WORDS);
    assert!(cleaned.left.is_empty() && cleaned.attempts.len() == 3, "{cleaned:#?}");
    // One diff for the user, and a commit for each finding.
    let mut now = bed.now();
    now.round.findings.extend(cleaned.found.iter().cloned());
    let tree = WorkTree::of(&now.open.repository).unwrap();
    let plan = |attempts: &[&Attempt]| plan_of_attempts(&now.open.store, &now.round, &tree, attempts).unwrap();
    let all: Vec<&Attempt> = cleaned.attempts.iter().collect();
    let whole = crate::diff(&plan(&all));
    assert!(whole.contains("+    if not values:") && WORDS.iter().all(|w| whole.contains(w)), "{whole}");
    for attempt in all {
        let plan = plan(&[attempt]);
        crate::apply(&now.open, &now.round, &plan, &tree).unwrap().logged.unwrap();
        commit(&now.open, &now.round, &plan, &[attempt]).unwrap();
    }
    let subjects = bed.repo.git(&["log", "-3", "--format=%s"]);
    assert_eq!(subjects, format!("Fix: {}\nFix: {}\nFix: {DIVIDES}", WORDS[1], WORDS[0]));
    let to: Vec<&str> = now.round.calls.iter().map(|call| call.to.as_str()).collect();
    assert_eq!(to.iter().filter(|to| **to == "review").count(), 6, "the reviews are in the record: {to:?}");
    // Fewer rounds than it takes.
    let cleaned = Bed::bare(case).clean(&[&writer(), &judge()], 1, None).await;
    assert_eq!((&cleaned.end, cleaned.rounds), (&CleanEnd::Rounds, 1));
    assert_eq!(cleaned.left.iter().map(|left| left.title.as_str()).collect::<Vec<_>>(), WORDS[..1]);
    assert_eq!(cleaned.left[0].why, "it was not tried: no more rounds were allowed");
}

#[tokio::test]
async fn it_ends_at_a_loop_a_limit_a_failure_and_where_nothing_comes_of_it() {
    let case = &CASES[2];
    let judge = || Arc::new(reviewer("judge", case, |_, _, _| json!("no"), |_, _| raises("mean.py", &[])));
    let right = |case: &Case, copy: &Path, _: usize| {
        write(copy, case.path, case.right);
        says("", &[])
    };
    let defect: Raises = |text, _| defects(text, &[]);

    let again = Arc::new(reviewer("writer", case, right, |_, _| raises("mean.py", &[(DIVIDES, 3)])));
    let cleaned = Bed::bare(case).clean(&[&again, &judge()], 5, None).await;
    assert_eq!((&cleaned.end, cleaned.rounds), (&CleanEnd::Loop, 1), "{cleaned:#?}");
    assert_eq!(cleaned.loops, ["I1 came back after it was mended"]);
    assert_eq!(cleaned.left[0].why, "it came back after it was mended");

    // What another finding wants is what was there before.
    let back = |case: &Case, copy: &Path, call: usize| {
        write(copy, case.path, if call == 0 { case.right } else { case.broken });
        says("", &[])
    };
    let torn: Raises = |text, _| {
        let is_mended = text.contains("if not values");
        raises("mean.py", if is_mended { &[("The guard is not wanted by callers", 2)] } else { &[(DIVIDES, 3)] })
    };
    let cleaned = Bed::bare(case).clean(&[&Arc::new(reviewer("writer", case, back, torn)), &judge()], 5, None).await;
    assert_eq!((&cleaned.end, cleaned.rounds), (&CleanEnd::Loop, 2), "{cleaned:#?}");
    assert!(cleaned.loops[0].starts_with("a fix of I2 by WRITER undoes that of I1"), "{:?}", cleaned.loops);

    let dear = Arc::new(Told { cost_usd: 0.3, ..reviewer("writer", case, right, defect) });
    let cleaned = Bed::bare(case).clean(&[&dear, &judge()], 5, Some(0.25)).await;
    assert_eq!((&cleaned.end, cleaned.rounds), (&CleanEnd::Limit, 1), "{cleaned:#?}");

    let wrong = |case: &Case, copy: &Path, call: usize| {
        write(copy, case.path, if call == 0 { case.wrong } else { case.also_wrong });
        says("", &[])
    };
    let cleaned = Bed::bare(case).clean(&[&Arc::new(reviewer("writer", case, wrong, defect)), &judge()], 5, None).await;
    assert_eq!((&cleaned.end, cleaned.rounds), (&CleanEnd::Nothing, 1), "{cleaned:#?}");
    assert!(cleaned.left[0].why.contains("JUDGE does not agree"), "{:?}", cleaned.left);

    let fails: Raises = |text, review| if review == 0 { defects(text, &[]) } else { serde_json::Value::Null };
    let cleaned = Bed::bare(case).clean(&[&Arc::new(reviewer("writer", case, right, fails)), &judge()], 5, None).await;
    assert_eq!(cleaned.end, CleanEnd::NotReviewed("WRITER: it reviews nothing".into()), "a failure is never clean");
    assert!(cleaned.attempts[0].is_proven(), "what was proven stays");
}

#[test]
fn a_commit_has_the_fix_and_nothing_else() {
    let case = &CASES[2];
    let bed = Bed::new(case);
    bed.repo.write("src/core.rs", "pub const LIMIT: u32 = 5;\n");
    bed.repo.git(&["add", "src/core.rs"]);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let writer = told("writer", case, |case, copy, _| {
        write(copy, case.path, case.right);
        write(copy, "new.py", "x = 1\n");
        says("", &["new.py"])
    });
    let attempts = runtime.block_on(bed.mend(&[&writer]));
    let now = bed.now();
    let tree = WorkTree::of(&now.open.repository).unwrap();
    let attempts: Vec<&Attempt> = attempts.iter().collect();
    let plan = plan_of_attempts(&now.open.store, &now.round, &tree, &attempts).unwrap();
    uncommitted(&now.open, &plan).unwrap();
    crate::apply(&now.open, &now.round, &plan, &tree).unwrap().logged.unwrap();
    let refused = uncommitted(&now.open, &plan).unwrap_err();
    assert!(matches!(refused, OpsError::NotClean { .. }), "{refused}");
    commit(&now.open, &now.round, &plan, &attempts).unwrap();
    assert_eq!(
        bed.repo.git(&["show", "--name-only", "--format=%s", "HEAD"]),
        "Fix: The mean of nothing is a division by zero\n\nmean.py\nnew.py"
    );
    assert_eq!(bed.repo.git(&["status", "--porcelain"]), "M  src/core.rs");
    assert!(bed.repo.git(&["log", "-1", "--format=%b"]).contains("Written by WRITER: placed, parses"));
}

#[tokio::test]
async fn findings_are_mended_one_after_the_other_and_do_not_collide() {
    let case = &CASES[2];
    let bed = Bed::new(case);
    let open = bed.open();
    let mut round = open.branch.newest().unwrap().value.unwrap();
    let mut second = round.findings[0].clone();
    (second.id, second.label, second.title) =
        (FindingId::new("f2"), "S1".into(), "Nothing says what the mean is".into());
    second.anchors = vec![Anchor::lines(RepoPath::new(case.path).unwrap(), LineRange::line(1))];
    round.findings.push(second);
    open.branch.begin(&mut round).unwrap();
    let more = "\n\n# The mean of numbers.\n";
    let writer = told("writer", case, move |case, copy, call| {
        // The second time it finds what it did the first time.
        let now = fs::read_to_string(copy.join(case.path)).unwrap();
        assert_eq!(now, if call == 0 { case.broken } else { case.right });
        write(copy, case.path, &if call == 0 { case.right.to_owned() } else { [case.right, more].concat() });
        says("", &[])
    });
    let judge = told("judge", case, |_, _, _| json!("no"));
    let now = bed.now();
    let mut mending =
        Mending::new(&now, &Config::default(), Trust::Refused, ToMend::AllOpen, &MendOptions::default()).unwrap();
    mending.request.reviewers = bed.mending(&[&writer, &judge], &MendOptions::default()).request.reviewers;
    let attempts = mend(mending, unbounded_channel().0, CancellationToken::new()).await.unwrap();
    assert!(attempts.len() == 2 && attempts.iter().all(Attempt::is_proven), "{attempts:#?}");
    let now = bed.now();
    let tree = WorkTree::of(&now.open.repository).unwrap();
    let plan = |attempts: &[&Attempt]| plan_of_attempts(&now.open.store, &now.round, &tree, attempts);
    let alone = plan(&[&attempts[1]]);
    assert!(
        matches!(alone, Err(Stale::Changed { .. })),
        "what was made on top of another does not go without it: {alone:?}"
    );
    assert_eq!(plan(&[&attempts[0], &attempts[1]]).unwrap().taken.len(), 2);
    for attempt in &attempts {
        let plan = plan(&[attempt]).unwrap();
        crate::apply(&now.open, &now.round, &plan, &tree).unwrap().logged.unwrap();
        commit(&now.open, &now.round, &plan, &[attempt]).unwrap();
    }
    assert_eq!(bed.repo.read(case.path), [case.right, more].concat());
    let subjects = "Fix: Nothing says what the mean is\nFix: The mean of nothing is a division by zero";
    assert_eq!(bed.repo.git(&["log", "-2", "--format=%s"]), subjects);
    let now = bed.now();
    let states = states(&now.situation());
    assert_eq!([&states[&FindingId::new("f1")], &states[&FindingId::new("f2")]], [&State::Fixed, &State::Fixed]);
}

#[derive(Debug, Clone)]
enum Deed {
    Write(String, String),
    Remove(String),
    Link(String, String),
    Say(String, Vec<String>),
}

fn any_path() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("src/mean.rs".to_owned()),
        Just("src/core.rs".to_owned()),
        Just(".git/config".to_owned()),
        Just("linked/x.rs".to_owned()),
        Just("../out.rs".to_owned()),
        Just("new/file.rs".to_owned()),
        "[a-z./]{1,12}",
    ]
}

fn any_deed() -> impl Strategy<Value = Deed> {
    let diff = (any_path(), any::<bool>()).prop_map(|(path, is_right)| {
        diff(&path, CASES[0].broken, if is_right { CASES[0].right } else { "fn new() {}\n" })
    });
    prop_oneof![
        (any_path(), "[ -~\n]{0,40}").prop_map(|(path, text)| Deed::Write(path, text)),
        any_path().prop_map(Deed::Remove),
        (any_path(), any_path()).prop_map(|(at, to)| Deed::Link(at, to)),
        (prop_oneof![diff, "[ -~\n]{0,60}"], prop::collection::vec(any_path(), 0..3))
            .prop_map(|(diff, files)| Deed::Say(diff, files)),
    ]
}

/// What an agent can do that keeps to its copy.
fn act(copy: &Path, deeds: &[Deed]) -> serde_json::Value {
    let inside = |path: &str| {
        let path = Path::new(path);
        let is_plain = path.components().all(|part| matches!(part, std::path::Component::Normal(_)));
        is_plain.then(|| copy.join(path))
    };
    let mut answer = says("", &[]);
    for deed in deeds {
        match deed {
            Deed::Write(path, text) => {
                if let Some(file) = inside(path).filter(|file| {
                    file.parent().is_some_and(|p| {
                        p.canonicalize().is_ok_and(|p| p.starts_with(copy.canonicalize().unwrap()))
                            || fs::create_dir_all(p).is_ok()
                    })
                }) {
                    let is_link = fs::symlink_metadata(&file).is_ok_and(|m| m.is_symlink());
                    if !is_link {
                        let _ = fs::write(file, text);
                    }
                }
            }
            Deed::Remove(path) => drop(inside(path).map(fs::remove_file)),
            #[cfg(unix)]
            Deed::Link(at, to) => drop(inside(at).map(|at| std::os::unix::fs::symlink(to, at))),
            #[cfg(windows)]
            Deed::Link(at, to) => drop(inside(at).map(|at| std::os::windows::fs::symlink_file(to, at))),
            Deed::Say(diff, files) => {
                let files: Vec<&str> = files.iter().map(String::as_str).collect();
                answer = says(diff, &files);
            }
        }
    }
    answer
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_agents_do_the_work_tree_stays_as_it_is(deeds in prop::collection::vec(any_deed(), 1..5)) {
        let bed = Bed::new(&CASES[0]);
        let before = bed.files();
        let writer = told("writer", &CASES[0], move |_, copy, _| act(copy, &deeds));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let attempts = runtime.block_on(bed.mend(&[&writer]));
        prop_assert_eq!(&bed.files(), &before);
        // What is proven is written in the files that it names, and nowhere else.
        let now = bed.now();
        let tree = WorkTree::of(&now.open.repository).unwrap();
        for attempt in attempts.iter().filter(|attempt| attempt.is_proven()) {
            let plan = plan_of_attempts(&now.open.store, &now.round, &tree, &[attempt]).unwrap();
            crate::apply(&now.open, &now.round, &plan, &tree).unwrap().logged.unwrap();
            let named: Vec<PathBuf> = attempt.files.keys().map(|path| bed.repo.path().join(path.as_str())).collect();
            let rest = |mut files: BTreeMap<PathBuf, Vec<u8>>| { files.retain(|path, _| !named.contains(path)); files };
            prop_assert_eq!(rest(bed.files()), rest(before.clone()));
        }
        prop_assert!(attempts.iter().all(|a| a.is_proven() || a.steps.last().unwrap().result == StepResult::Failed));
    }
}
