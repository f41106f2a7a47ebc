//! Takes foreign reviews in: tells the format, and finds in the code at hand what they cite.

use super::{forge, json, markdown, rdjson, sarif};
use crate::finding::{
    AgentInfo, AgentKind, AgentName, Anchor, Answer, Decisions, LineRange, Observation, RawFinding, RepoPath, Round,
};
use crate::patch;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What a file held.
#[derive(Debug, Clone)]
pub enum Import {
    /// A whole round, and what was decided on it.
    Round(Box<Round>, Decisions),
    /// What agents said.
    Answers(Vec<(AgentInfo, Answer)>),
}

/// A file that is no review.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// JSON of no format that is known.
    #[error("it is JSON, and neither a deep-review round, SARIF, rdjson nor GitHub review comments: {0}")]
    UnknownJson(String),
    /// A round of ours that cannot be read.
    #[error("it cannot be read as a deep-review round: {0}")]
    Json(#[from] json::JsonError),
    /// SARIF that cannot be read.
    #[error("it cannot be read as SARIF: {0}")]
    Sarif(#[from] sarif::SarifError),
    /// No JSON and no review.
    #[error("{0}")]
    Markdown(#[from] markdown::NoReport),
}

/// Reads a review of any format: deep-review's JSON or Markdown, SARIF, rdjson(l), GitHub review comments, a
/// plain Markdown review. `name` is what an agent is called where the text does not say.
///
/// # Errors
/// When the text is none of these.
pub fn read(text: &str, name: &str) -> Result<Import, ImportError> {
    let text = text.trim_start_matches('\u{feff}');
    if !text.trim_start().starts_with(['{', '[']) {
        return read_markdown(text, name);
    }
    // The keys of the first object tell the format; a foreign key of a large file need not be looked for.
    let head: String = text.chars().filter(|c| !c.is_whitespace()).take(4096).collect();
    if text.trim_start().starts_with('[') && !head.starts_with("[{") && head != "[]" {
        return read_markdown(text, name);
    }
    if head.contains("\"tool\":\"deep-review\"") || (head.contains("\"schema\":") && head.contains("\"started\":")) {
        let (round, decisions) = json::read(text)?;
        return Ok(Import::Round(Box::new(round), decisions));
    }
    if head.contains("\"runs\":") || head.contains("sarif") {
        return Ok(Import::Answers(
            sarif::read(text)?.into_iter().map(|r| (info(r.agent, r.label), r.answer)).collect(),
        ));
    }
    if (text.trim_start().starts_with('[') || head.contains("\"comments\":"))
        && let Ok(answers) = forge::read_github(text)
    {
        return Ok(answers_of(answers));
    }
    match rdjson::read(text) {
        Ok(answers) if answers.iter().any(|(_, _, a)| !a.findings.is_empty()) || head.contains("\"diagnostics\":") => {
            Ok(answers_of(answers))
        }
        Ok(_) => Err(ImportError::UnknownJson("it has no key that they have".into())),
        // SARIF may have its runs behind a long head.
        Err(e) => match sarif::read(text) {
            Ok(runs) => Ok(Import::Answers(runs.into_iter().map(|r| (info(r.agent, r.label), r.answer)).collect())),
            Err(_) => Err(ImportError::UnknownJson(e.to_string())),
        },
    }
}

fn read_markdown(text: &str, name: &str) -> Result<Import, ImportError> {
    let (round, decisions) = markdown::read(text)?;
    let known = round.agents.iter().any(|run| run.agent.name.as_str() != "imported");
    if known {
        return Ok(Import::Round(Box::new(round), decisions));
    }
    // A review that names no reviewer is that of the agent that the file is named after.
    let agent = markdown::short(name);
    let answer = markdown::read_answer(text, &agent);
    Ok(Import::Answers(vec![(info(agent, name.to_owned()), answer)]))
}

fn info(name: AgentName, label: String) -> AgentInfo {
    AgentInfo { name, label, kind: AgentKind::Imported }
}

fn answers_of(answers: Vec<(AgentName, String, Answer)>) -> Import {
    Import::Answers(answers.into_iter().map(|(name, label, answer)| (info(name, label), answer)).collect())
}

/// The code in which citations are looked up.
pub struct Code<'a> {
    /// By file name, the paths that have it.
    by_name: BTreeMap<&'a str, Vec<&'a RepoPath>>,
    /// The files of the change, looked through for quotes without a path.
    changed: &'a [RepoPath],
    read: &'a dyn Fn(&RepoPath) -> Option<Arc<str>>,
}

impl std::fmt::Debug for Code<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Code").field("names", &self.by_name.len()).finish_non_exhaustive()
    }
}

impl<'a> Code<'a> {
    /// `paths` is every file of the snapshot, `changed` those of the change, `read` gives a file's text.
    pub fn new(
        paths: &'a [RepoPath],
        changed: &'a [RepoPath],
        read: &'a dyn Fn(&RepoPath) -> Option<Arc<str>>,
    ) -> Self {
        let mut by_name: BTreeMap<&str, Vec<&RepoPath>> = BTreeMap::new();
        for path in paths {
            by_name.entry(path.file_name()).or_default().push(path);
        }
        Self { by_name, changed, read }
    }

    /// The file that a citation means: the one whose path ends with it, or with which it ends (an absolute
    /// path of another machine). Of several, one of the change; `None` where that is not certain.
    #[must_use]
    pub fn path(&self, cited: &RepoPath) -> Option<RepoPath> {
        let candidates = self.by_name.get(cited.file_name())?;
        if candidates.contains(&cited) {
            return Some(cited.clone());
        }
        let ends = |long: &str, short: &str| long.strip_suffix(short).is_some_and(|rest| rest.ends_with('/'));
        let fitting: Vec<&&RepoPath> = candidates
            .iter()
            .filter(|p| ends(p.as_str(), cited.as_str()) || ends(cited.as_str(), p.as_str()))
            .collect();
        let changed: Vec<&&&RepoPath> = fitting.iter().filter(|p| self.changed.contains(p)).collect();
        match (fitting.as_slice(), changed.as_slice()) {
            ([one], _) => Some((**one).clone()),
            (_, [one]) => Some((***one).clone()),
            _ => None,
        }
    }

    /// Puts an anchor where its quote is in the code at hand. Lines past the end of the file are dropped.
    fn settle(&self, anchor: &mut Anchor) {
        if let Some(path) = self.path(&anchor.path) {
            anchor.path = path;
        }
        let Some(text) = (self.read)(&anchor.path) else { return };
        let found = anchor.quote.as_deref().and_then(|q| patch::find_quote(&text, q, anchor.lines));
        if let Some(lines) = found {
            anchor.lines = Some(lines);
        } else if let Some(lines) = anchor.lines {
            let total = u32::try_from(text.lines().count()).unwrap_or(u32::MAX);
            anchor.lines = (lines.start() <= total).then(|| LineRange::new(lines.start(), lines.end().min(total)));
        }
    }

    /// A place for a remark that cites none: its first block of code, where one changed file has it.
    fn place_of(&self, body: &str) -> Option<Anchor> {
        let quote = first_block(body)?;
        let mut found = self.changed.iter().filter_map(|path| {
            let lines = patch::find_quote(&(self.read)(path)?, &quote, None)?;
            Some(Anchor { path: path.clone(), lines: Some(lines), quote: Some(quote.clone()) })
        });
        let first = found.next()?;
        found.next().is_none().then_some(first)
    }

    fn settle_all(&self, anchors: &mut Vec<Anchor>, body: &str) {
        anchors.iter_mut().for_each(|a| self.settle(a));
        if anchors.is_empty() {
            anchors.extend(self.place_of(body));
        }
        let mut once: Vec<Anchor> = Vec::with_capacity(anchors.len());
        for anchor in anchors.drain(..) {
            if !once.iter().any(|a| a.path == anchor.path && a.lines == anchor.lines) {
                once.push(anchor);
            }
        }
        *anchors = once;
    }

    /// Anchors what an agent said in the code at hand.
    pub fn settle_answer(&self, answer: &mut Answer) {
        self.settle_raw(&mut answer.findings);
        self.settle_observations(&mut answer.observations);
        self.settle_paths(&mut answer.covered);
    }

    /// Anchors a round in the code at hand.
    pub fn settle_round(&self, round: &mut Round) {
        self.settle_raw(&mut round.raw);
        self.settle_observations(&mut round.observations);
        for f in &mut round.findings {
            self.settle_all(&mut f.anchors, &f.body);
            for fix in &mut f.fixes {
                fix.path = fix.path.take().map(|p| self.path(&p).unwrap_or(p));
            }
        }
        for run in &mut round.agents {
            self.settle_paths(&mut run.covered);
        }
        for file in &mut round.coverage.reviewed {
            if let Some(path) = self.path(&file.path) {
                file.path = path;
            }
        }
    }

    fn settle_raw(&self, raw: &mut [RawFinding]) {
        for r in raw {
            self.settle_all(&mut r.anchors, &r.body);
            for fix in &mut r.fixes {
                fix.path = fix.path.take().map(|p| self.path(&p).unwrap_or(p));
            }
        }
    }

    fn settle_observations(&self, observations: &mut [Observation]) {
        for o in observations {
            o.anchors.iter_mut().for_each(|a| self.settle(a));
        }
    }

    fn settle_paths(&self, paths: &mut Vec<RepoPath>) {
        for path in paths.iter_mut() {
            if let Some(found) = self.path(path) {
                *path = found;
            }
        }
        paths.sort();
        paths.dedup();
    }
}

/// The first fenced block of a text that is no diff.
fn first_block(body: &str) -> Option<String> {
    let mut lines = body.lines();
    let open = lines.by_ref().find(|l| l.trim_start().starts_with("```"))?;
    if open.contains("diff") {
        return None;
    }
    let block: Vec<&str> = lines.take_while(|l| !l.trim_start().starts_with("```")).collect();
    (!block.is_empty()).then(|| block.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> RepoPath {
        RepoPath::new(text).unwrap()
    }

    #[test]
    fn a_citation_finds_its_file_or_none() {
        let paths = ["pkg/app/run.go", "pkg/lib/run.go", "cmd/main.go", "README.md"].map(path);
        let changed = [path("pkg/app/run.go")];
        let read = |_: &RepoPath| None;
        let code = Code::new(&paths, &changed, &read);
        for (cited, want) in [
            ("main.go", Some("cmd/main.go")),
            ("home/u/repo/cmd/main.go", Some("cmd/main.go")),
            ("run.go", Some("pkg/app/run.go")),
            ("lib/run.go", Some("pkg/lib/run.go")),
            ("other/main.go", None),
            ("xmain.go", None),
        ] {
            assert_eq!(code.path(&path(cited)).as_ref().map(RepoPath::as_str), want, "{cited}");
        }
    }

    #[test]
    fn quotes_move_old_lines_and_place_remarks_without_lines() {
        let paths = [path("a.go")];
        let text: Arc<str> = "package a\n\n\nfunc f() {\n\treturn 1\n}\n".into();
        let read = move |_: &RepoPath| Some(Arc::clone(&text));
        let code = Code::new(&paths, &paths, &read);
        let mut answer = markdown::read_answer(
            "## Important Issues\n\n1. **Moved** — `x/a.go:40-42`\n\n```go\nfunc f() {\n\treturn 1\n}\n```\n\n2. **Unplaced** (important, gap)\n\nText.\n\n```\n\treturn 1\n```\n",
            &AgentName::new("x"),
        );
        code.settle_answer(&mut answer);
        let places: Vec<String> = answer.findings.iter().flat_map(|f| &f.anchors).map(ToString::to_string).collect();
        assert_eq!(places, ["a.go:4-6", "a.go:5"]);
    }
}
