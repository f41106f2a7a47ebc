//! Agents on changes whose defects are known: what each found, missed and raised for nothing. So that whoever has a key can
//! see whether a model, a lens or a prompt got better.
//!
//! A case is a folder with the trees `before/` and `after/`, and `case.toml`, which says where the defects are, and by
//! which words a remark on them is known. No model judges: a finding is of a defect if it is about its lines, or up to
//! three away, and has one of the words.

use super::{Reviewer, locate};
use agent::{Agent, Brief, Session};
use finding::{Anchor, RawFinding, RepoPath, Severity, Usage};
use futures_util::future::join_all;
use git::Snapshot;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Instant;
use tokio_util::sync::CancellationToken;

/// Lines by which a remark may miss a defect.
const NEAR: u32 = 3;
/// More cases are no set that somebody made; larger files are no case.
const MOST_CASES: usize = 500;
const LARGEST_FILE: u64 = 1 << 20;

/// Why a folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum EvalError {
    /// A file or folder cannot be read.
    #[error("failed to read {}: {why}", path.display())]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// What the system said.
        why: String,
    },
    /// A case is not as it should be.
    #[error("{}: {why}", path.display())]
    Wrong {
        /// Its `case.toml`.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// The folder has no case.
    #[error("there is no case in {}: a case is a folder with case.toml, before/ and after/", path.display())]
    Empty {
        /// The folder.
        path: PathBuf,
    },
}

/// A place that a remark should name, or may.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Known {
    path: RepoPath,
    /// The first and the last line, in the text after the change.
    lines: [u32; 2],
    /// What is wrong there.
    what: String,
    /// Words of which a remark on it has at least one, in lower case; any remark there is one if there are none.
    #[serde(default)]
    words: Vec<String>,
    /// How grave it is; for the reader.
    #[serde(default)]
    severity: Option<Severity>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CaseFile {
    title: String,
    language: String,
    #[serde(default)]
    defects: Vec<Known>,
    /// What is true too, and neither asked for nor held against anybody.
    #[serde(default)]
    accepted: Vec<Known>,
}

/// A change with known defects.
#[derive(Debug)]
pub struct Case {
    /// The folder's name.
    pub name: String,
    /// What it is about.
    pub title: String,
    /// In which language it is written.
    pub language: String,
    snapshot: Snapshot,
    defects: Vec<Known>,
    accepted: Vec<Known>,
}

impl Case {
    /// How many defects it has; none in a change that is fine.
    #[must_use]
    pub fn defects(&self) -> usize {
        self.defects.len()
    }
}

/// What one agent made of one case.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Scored {
    /// The case.
    pub case: String,
    /// The defects that it found, in words.
    pub found: Vec<String>,
    /// Those that it did not.
    pub missed: Vec<String>,
    /// Titles of findings, Important or graver, that are about none of them.
    pub false_alarms: Vec<String>,
    /// Suggestions that are about none of them: told, and not held against it.
    pub asides: usize,
    /// Why it gave no review.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
    /// How long it took, in seconds.
    pub seconds: f64,
    /// What it used.
    pub usage: Usage,
    /// Version of the prompt.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prompt: Option<String>,
}

/// What one agent made of all cases.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Evaluation {
    /// Its name.
    pub agent: String,
    /// What people call it.
    pub label: String,
    /// Each case.
    pub cases: Vec<Scored>,
}

impl Evaluation {
    /// Of the findings that claim something, the share that is about a defect; `None` without any.
    #[must_use]
    pub fn precision(&self) -> Option<f64> {
        let right: usize = self.cases.iter().map(|c| c.found.len()).sum();
        let wrong: usize = self.cases.iter().map(|c| c.false_alarms.len()).sum();
        (right + wrong > 0).then(|| right as f64 / (right + wrong) as f64)
    }

    /// Of the defects, the share that was found. A case that failed counts as missed.
    #[must_use]
    pub fn recall(&self) -> Option<f64> {
        let found: usize = self.cases.iter().map(|c| c.found.len()).sum();
        let all: usize = found + self.cases.iter().map(|c| c.missed.len()).sum::<usize>();
        (all > 0).then(|| found as f64 / all as f64)
    }

    /// What all cases used.
    #[must_use]
    pub fn usage(&self) -> Usage {
        self.cases.iter().fold(Usage::default(), |sum, case| sum.plus(case.usage))
    }

    /// How long all cases took, one after the other, in seconds.
    #[must_use]
    pub fn seconds(&self) -> f64 {
        self.cases.iter().map(|c| c.seconds).sum()
    }
}

/// The cases in a folder, by name.
///
/// # Errors
/// The first that is not as it should be.
pub fn cases(folder: &Path) -> Result<Vec<Case>, EvalError> {
    let mut folders: Vec<PathBuf> =
        entries(folder)?.into_iter().filter(|path| path.join("case.toml").is_file()).take(MOST_CASES).collect();
    folders.sort();
    if folders.is_empty() {
        return Err(EvalError::Empty { path: folder.to_owned() });
    }
    folders.iter().map(|folder| case(folder)).collect()
}

fn unreadable(path: &Path) -> impl FnOnce(std::io::Error) -> EvalError {
    let path = path.to_owned();
    move |e| EvalError::Unreadable { path, why: e.to_string() }
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>, EvalError> {
    let entries = std::fs::read_dir(folder).map_err(unreadable(folder))?;
    entries.map(|entry| entry.map(|e| e.path()).map_err(unreadable(folder))).collect()
}

fn case(folder: &Path) -> Result<Case, EvalError> {
    let path = folder.join("case.toml");
    let wrong = |why: String| EvalError::Wrong { path: path.clone(), why };
    let text = std::fs::read_to_string(&path).map_err(unreadable(&path))?;
    let file: CaseFile = toml::from_str(&text).map_err(|e| wrong(e.message().to_owned()))?;
    let (before, after) = (tree(&folder.join("before"))?, tree(&folder.join("after"))?);
    for known in file.defects.iter().chain(&file.accepted) {
        let text = after.iter().find(|(path, _)| *path == known.path.as_str()).map(|(_, text)| text);
        let lines = text.ok_or_else(|| wrong(format!("after/ has no {}", known.path)))?.lines().count();
        let [first, last] = known.lines;
        if first == 0 || first > last || last as usize > lines {
            return Err(wrong(format!("{} has no lines {first} to {last}", known.path)));
        }
    }
    let before: Vec<(&str, &str)> = before.iter().map(|(p, t)| (p.as_str(), t.as_str())).collect();
    let after: Vec<(&str, &str)> = after.iter().map(|(p, t)| (p.as_str(), t.as_str())).collect();
    let snapshot = Snapshot::in_memory(&before, &after);
    if snapshot.files().is_empty() {
        return Err(wrong("before/ and after/ are the same".to_owned()));
    }
    let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let CaseFile { title, language, defects, accepted } = file;
    Ok(Case { name, title, language, snapshot, defects, accepted })
}

/// The files of a folder by their paths in it, with their texts.
fn tree(folder: &Path) -> Result<Vec<(String, String)>, EvalError> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(current) = folders.pop() {
        for path in entries(&current)? {
            let about = std::fs::symlink_metadata(&path).map_err(unreadable(&path))?;
            if about.is_dir() {
                folders.push(path);
            } else if about.is_file() && about.len() <= LARGEST_FILE {
                let text = std::fs::read_to_string(&path).map_err(unreadable(&path))?;
                let name = path.strip_prefix(folder).unwrap_or(&path).to_string_lossy().replace('\\', "/");
                found.push((name, text));
            }
        }
    }
    found.sort();
    Ok(found)
}

/// Has each agent review each case: all agents at once, their cases one after the other. `done` hears of each.
pub async fn evaluate(
    reviewers: &[Reviewer],
    cases: &[Case],
    cancel: &CancellationToken,
    done: &(dyn Fn(&str, &Scored) + Sync),
) -> Vec<Evaluation> {
    let one = |reviewer: &Reviewer| {
        let (agent, deadline) = (reviewer.agent.clone(), reviewer.deadline);
        async move {
            let info = agent.info();
            let mut scored = Vec::new();
            for case in cases {
                let score = scored_by(&*agent, case, deadline, cancel).await;
                done(info.name.as_str(), &score);
                scored.push(score);
            }
            Evaluation { agent: info.name.to_string(), label: info.label, cases: scored }
        }
    };
    join_all(reviewers.iter().map(one)).await
}

async fn scored_by(
    agent: &dyn Agent,
    case: &Case,
    deadline: std::time::Duration,
    cancel: &CancellationToken,
) -> Scored {
    let brief = Brief::new(case.snapshot.clone());
    let (progress, _) = tokio::sync::mpsc::unbounded_channel();
    let stop = cancel.child_token();
    let session = Session::new(progress, stop.clone());
    let started = Instant::now();
    let review = agent.review(&brief, &session);
    tokio::pin!(review);
    let outcome = tokio::select! {
        outcome = &mut review => outcome,
        () = tokio::time::sleep(deadline) => {
            stop.cancel();
            review.await
        }
    };
    let mut score = score(case, outcome.answer.findings);
    score.seconds = started.elapsed().as_secs_f64();
    score.failure = outcome.failure.map(|failure| failure.message);
    (score.usage, score.prompt) = (outcome.usage, outcome.prompt);
    score
}

fn score(case: &Case, findings: Vec<RawFinding>) -> Scored {
    let mut found: BTreeSet<usize> = BTreeSet::new();
    let mut scored = Scored { case: case.name.clone(), ..Scored::default() };
    for mut finding in findings {
        // Its quotes say better than its numbers where it is.
        for anchor in &mut finding.anchors {
            if let Some(path) = locate::meant(&anchor.path, anchor.quote.as_deref(), &case.snapshot) {
                anchor.path = path;
            }
        }
        locate::locate(&mut finding, &BTreeMap::new(), &case.snapshot);
        let of = case.defects.iter().enumerate().filter(|(_, known)| known.is_meant_by(&finding)).map(|(n, _)| n);
        let of: Vec<usize> = of.collect();
        let is_accepted = || case.accepted.iter().any(|known| known.is_meant_by(&finding));
        if !of.is_empty() {
            found.extend(of);
        } else if finding.severity == Severity::Suggestion {
            scored.asides += 1;
        } else if !is_accepted() {
            scored.false_alarms.push(finding.title);
        }
    }
    for (n, known) in case.defects.iter().enumerate() {
        let list = if found.contains(&n) { &mut scored.found } else { &mut scored.missed };
        list.push(known.what.clone());
    }
    scored
}

impl Known {
    fn is_meant_by(&self, finding: &RawFinding) -> bool {
        let [first, last] = self.lines;
        let is_near = |anchor: &Anchor| {
            let near = |lines: finding::LineRange| {
                lines.start() <= last.saturating_add(NEAR) && first <= lines.end().saturating_add(NEAR)
            };
            anchor.path == self.path && anchor.lines.is_some_and(near)
        };
        let said = format!("{} {}", finding.title, finding.body).to_lowercase();
        let has_word = self.words.is_empty() || self.words.iter().any(|word| said.contains(&word.to_lowercase()));
        has_word && finding.anchors.iter().any(is_near)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use finding::{AgentName, LineRange, RawId};

    fn ours() -> Vec<Case> {
        cases(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../fixtures/eval")).unwrap()
    }

    fn remark(severity: Severity, title: &str, path: &str, lines: (u32, u32)) -> RawFinding {
        RawFinding {
            id: RawId::new("a:1"),
            sure: None,
            agent: AgentName::new("a"),
            severity,
            title: title.to_owned(),
            body: String::new(),
            anchors: vec![Anchor::lines(RepoPath::new(path).unwrap(), LineRange::new(lines.0, lines.1))],
            symbol: None,
            classification: None,
            rule: None,
            fixes: Vec::new(),
        }
    }

    #[test]
    fn our_own_cases_are_as_they_should_be() {
        let cases = ours();
        let languages: BTreeSet<&str> = cases.iter().map(|case| case.language.as_str()).collect();
        assert!(cases.len() >= 12 && languages.len() >= 6, "{} cases in {languages:?}", cases.len());
        assert!(cases.iter().any(|case| case.defects() == 0), "some changes are fine");
        for case in &cases {
            for known in case.defects.iter().chain(&case.accepted) {
                assert!(!known.words.is_empty(), "{}: without words, any remark would do", case.name);
                let file = case.snapshot.file(&known.path).unwrap();
                let lines = LineRange::new(known.lines[0], known.lines[1]);
                assert!(file.touches(lines), "{}: the change touches no line of {}", case.name, known.what);
            }
            assert!(case.defects.iter().all(|known| known.severity.is_some()), "{}", case.name);
        }
    }

    #[test]
    fn a_remark_counts_by_its_place_and_its_words() {
        let cases = ours();
        let case = cases.iter().find(|case| case.name == "go-map-race").unwrap();
        let file = "hits/hits.go";
        let scored = score(
            case,
            vec![
                remark(Severity::Critical, "Get reads the map without its lock", file, (21, 21)),
                remark(Severity::Important, "A data race elsewhere", file, (1, 1)),
                remark(Severity::Important, "The name of this method says nothing", file, (21, 21)),
                remark(Severity::Suggestion, "A shorter name", file, (21, 21)),
            ],
        );
        assert_eq!((scored.found.len(), scored.missed.len(), scored.asides), (1, 1, 1));
        assert_eq!(scored.false_alarms, ["A data race elsewhere", "The name of this method says nothing"]);
        let failed = Scored { missed: vec!["x".into()], ..Scored::default() };
        let all = Evaluation { agent: "a".into(), label: "A".into(), cases: vec![scored, failed] };
        assert_eq!(all.recall(), Some(1.0 / 3.0));
        assert_eq!(all.precision(), Some(1.0 / 3.0));
    }

    #[test]
    fn what_is_wrong_with_a_case_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path().join("one");
        for (side, text) in [("before", "a\n"), ("after", "b\n")] {
            std::fs::create_dir_all(at.join(side)).unwrap();
            std::fs::write(at.join(side).join("a.txt"), text).unwrap();
        }
        assert!(matches!(cases(folder.path()), Err(EvalError::Empty { .. })));
        let defect = |path: &str, lines: &str| {
            format!("title = 't'\nlanguage = 'Text'\n[[defects]]\npath = '{path}'\nlines = {lines}\nwhat = 'w'\n")
        };
        for (text, why) in [
            (defect("a.txt", "[1, 1]"), None),
            (defect("b.txt", "[1, 1]"), Some("after/ has no b.txt")),
            (defect("a.txt", "[2, 3]"), Some("a.txt has no lines 2 to 3")),
            ("titel = 't'".to_owned(), Some("unknown field `titel`")),
        ] {
            std::fs::write(at.join("case.toml"), text).unwrap();
            let error = cases(folder.path()).err().map(|e| e.to_string());
            match why {
                None => assert_eq!(error, None),
                Some(why) => assert!(error.as_ref().is_some_and(|e| e.contains(why)), "{error:?}"),
            }
        }
    }
}
