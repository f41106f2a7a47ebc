//! Answers that are kept by content: an agent is asked again only about what changed since it answered.
//!
//! An answer holds for a changed file as long as the file is the same on both sides, the agent, its prompt, the
//! conventions and what the change is for are, and no finding in the file speaks of another file that changed since.

use super::Preparation;
use agent::Outcome;
use finding::{AgentName, Answer, ROUND_SCHEMA, RawFinding, RepoPath, Sides};
use git::{ChangedFile, blob_id};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};

/// What the agents are given of a changed file.
pub(super) fn sides(file: &ChangedFile) -> Sides {
    Sides { old: file.old.as_deref().map(blob_id), new: file.new.as_deref().map(blob_id) }
}

/// An agent's newest answer on a branch.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Kept {
    schema: u32,
    /// Of the agent, the prompt and the conventions.
    identity: String,
    /// The round in which it was given.
    round: u32,
    /// What it was given for.
    files: BTreeMap<RepoPath, Sides>,
    answer: Answer,
    label: Option<String>,
    prompt: Option<String>,
}

/// What of an earlier answer holds now.
#[derive(Debug, Clone)]
pub(super) struct Holding {
    /// The findings, observations and so on that hold.
    pub(super) outcome: Outcome,
    /// The files that it holds for.
    pub(super) files: BTreeSet<RepoPath>,
    /// The round in which it was given.
    pub(super) round: u32,
}

/// What of the agent's earlier answer holds; `None` if nothing does.
pub(super) fn holding(prepared: &Preparation, name: &AgentName, identity: &str) -> Option<Holding> {
    let kept: Kept = prepared.branch.kept_answer(name)?;
    if kept.identity != whole_identity(prepared, identity) {
        return None;
    }
    let now: BTreeMap<&RepoPath, Sides> = prepared.snapshot.files().iter().map(|f| (&f.path, sides(f))).collect();
    hold(kept, &now)
}

fn hold(kept: Kept, now: &BTreeMap<&RepoPath, Sides>) -> Option<Holding> {
    let same = |path: &RepoPath| now.get(path).is_some_and(|sides| kept.files.get(path) == Some(sides));
    let changed: Vec<&RepoPath> = now.keys().copied().chain(kept.files.keys()).filter(|path| !same(path)).collect();
    let mut files: BTreeSet<RepoPath> = now.keys().filter(|path| same(path)).map(|path| (*path).clone()).collect();
    for finding in &kept.answer.findings {
        if let Some(main) = finding.main_anchor()
            && speaks_of(finding, &changed)
        {
            files.remove(&main.path);
        }
    }
    if files.is_empty() {
        return None;
    }
    let whole = changed.is_empty() && files.len() == now.len();
    let mut answer = kept.answer;
    // What belongs to no file of the change could be answered by any change: only the agent can say.
    let holds = |path: Option<&RepoPath>| whole || path.is_some_and(|path| files.contains(path));
    answer.findings.retain(|f| holds(f.main_anchor().map(|a| &a.path)));
    answer.observations.retain(|o| o.anchors.is_empty() || holds(o.main_anchor().map(|a| &a.path)));
    answer.covered.retain(|path| files.contains(path));
    answer.notes.clear();
    let outcome = Outcome { label: kept.label, prompt: kept.prompt, ..Outcome::reviewed(answer) };
    Some(Holding { outcome, files, round: kept.round })
}

/// Whether a finding names one of these files, in its places or its text.
fn speaks_of(finding: &RawFinding, paths: &[&RepoPath]) -> bool {
    paths.iter().any(|path| {
        let name = path.as_str().rsplit('/').next().unwrap_or(path.as_str());
        finding.anchors.iter().any(|a| a.path == **path) || finding.body.contains(name) || finding.title.contains(name)
    })
}

/// Keeps an answer for the files that the agent was given and answered for.
pub(super) fn keep(
    prepared: &Preparation,
    (name, identity): (&AgentName, &str),
    outcome: &Outcome,
    files: &BTreeSet<RepoPath>,
    round: u32,
) {
    let of = |path: &RepoPath| Some((path.clone(), sides(prepared.snapshot.file(path)?)));
    let files: BTreeMap<RepoPath, Sides> = files.iter().filter_map(of).collect();
    if files.is_empty() {
        return;
    }
    let kept = Kept {
        schema: ROUND_SCHEMA,
        identity: whole_identity(prepared, identity),
        round,
        files,
        answer: outcome.answer.clone(),
        label: outcome.label.clone(),
        prompt: outcome.prompt.clone(),
    };
    // What cannot be kept is asked again: no reason to fail.
    let _ = prepared.branch.keep_answer(name, &kept);
}

fn whole_identity(prepared: &Preparation, identity: &str) -> String {
    let mut hash = Sha256::new();
    hash.update(identity);
    hash.update(format!("{:?}", prepared.brief.steering));
    hash.update(prepared.brief.templates.version());
    // What the change is for is checked in every file. What people say of it meanwhile is not worth asking about all again.
    if let Some(now) = &prepared.pull_request {
        hash.update(format!("{:?}", (&now.pull_request.title, &now.description, &now.issues)));
    }
    for (path, text) in &prepared.brief.conventions {
        hash.update(path.as_str());
        hash.update([0]);
        hash.update(text.as_bytes());
        hash.update([0]);
    }
    hash.finalize().iter().take(16).fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use finding::{Anchor, LineRange, RawId, Severity};

    fn path(name: &str) -> RepoPath {
        RepoPath::new(name).unwrap()
    }

    fn text_sides(text: &str) -> Sides {
        Sides { old: None, new: Some(blob_id(text)) }
    }

    fn finding(file: Option<&str>, body: &str) -> RawFinding {
        RawFinding {
            id: RawId::new("x:1"),
            sure: None,
            agent: AgentName::new("x"),
            severity: Severity::Important,
            title: "t".into(),
            body: body.into(),
            anchors: file.map(|f| Anchor::lines(path(f), LineRange::line(1))).into_iter().collect(),
            symbol: None,
            classification: None,
            rule: None,
            fixes: Vec::new(),
        }
    }

    fn kept(findings: Vec<RawFinding>) -> Kept {
        Kept {
            schema: ROUND_SCHEMA,
            identity: String::new(),
            round: 1,
            files: ["a.rs", "b.rs", "dir/c.rs"].map(|f| (path(f), text_sides(f))).into(),
            answer: Answer { findings, ..Answer::default() },
            label: None,
            prompt: None,
        }
    }

    /// The files that the answer holds for, and its findings, where `texts` are the changed files now.
    fn check(findings: Vec<RawFinding>, texts: &[(&str, &str)]) -> Option<(Vec<String>, usize)> {
        let paths: Vec<RepoPath> = texts.iter().map(|(p, _)| path(p)).collect();
        let now = paths.iter().zip(texts).map(|(p, (_, text))| (p, text_sides(text))).collect();
        let holding = hold(kept(findings), &now)?;
        Some((holding.files.iter().map(ToString::to_string).collect(), holding.outcome.answer.findings.len()))
    }

    #[test]
    fn an_answer_holds_for_the_files_that_are_the_same() {
        let all = [("a.rs", "a.rs"), ("b.rs", "b.rs"), ("dir/c.rs", "dir/c.rs")];
        let on = |file| finding(Some(file), "");
        let some = |files: &[&str], findings| Some((files.iter().map(ToString::to_string).collect(), findings));
        let of_branch = || finding(None, "");
        assert_eq!(check(vec![on("a.rs"), of_branch()], &all), some(&["a.rs", "b.rs", "dir/c.rs"], 2));
        let fixed = [("a.rs", "fixed"), all[1], all[2]];
        assert_eq!(check(vec![on("a.rs"), on("b.rs"), of_branch()], &fixed), some(&["b.rs", "dir/c.rs"], 1));
        // One that speaks of a file that changed since says nothing certain any more.
        assert_eq!(check(vec![finding(Some("b.rs"), "see a.rs:3")], &fixed), some(&["dir/c.rs"], 0));
        // A file that is as in the base again.
        assert_eq!(check(vec![on("a.rs"), on("b.rs")], &all[1..]), some(&["b.rs", "dir/c.rs"], 1));
        assert_eq!(check(vec![finding(Some("b.rs"), "see a.rs:3")], &all[1..]), some(&["dir/c.rs"], 0));
        let others = [("a.rs", "1"), ("b.rs", "2"), ("dir/c.rs", "3")];
        assert_eq!(check(vec![on("a.rs")], &others), None);
    }
}
