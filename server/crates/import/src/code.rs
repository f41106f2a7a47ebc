//! The code at hand, in which what a review cites is found.

use crate::imported::{Change, ImportedReview};
use finding::{
    AgentInfo, AgentKind, Anchor, Answer, Failure, Fix, LineRange, Observation, RawFinding, RepoPath, Round,
};
use patch::Text;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What an agent said, anchored in the code at hand.
#[derive(Debug, Clone)]
pub struct Settled {
    /// Who.
    pub agent: AgentInfo,
    /// What.
    pub answer: Answer,
    /// Whether it is a list, as [`ImportedReview::is_list`] has it.
    pub is_list: bool,
    /// Why it is not all that there was to say.
    pub failure: Option<Failure>,
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

    /// Puts anchors where their quotes are in the code at hand: each file is read and split once, however many cite it.
    fn settle<'b>(&self, anchors: impl Iterator<Item = &'b mut Anchor>) {
        let mut by_path: BTreeMap<RepoPath, Vec<&mut Anchor>> = BTreeMap::new();
        for anchor in anchors {
            if let Some(path) = self.path(&anchor.path) {
                anchor.path = path;
            }
            by_path.entry(anchor.path.clone()).or_default().push(anchor);
        }
        for (path, anchors) in by_path {
            let Some(text) = (self.read)(&path) else { continue };
            let text = Text::new(&text);
            anchors.into_iter().for_each(|anchor| anchor.lines = settled(&text, anchor));
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

    /// Gives a remark whose anchors are settled a place if it has none, and each place once.
    fn tidy(&self, anchors: &mut Vec<Anchor>, body: &str) {
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

    /// Anchors what was said in the code at hand, and makes fixes of the changes that are certain there.
    #[must_use]
    pub fn settle_said(&self, said: ImportedReview) -> Settled {
        let ImportedReview { agent, label, kind: _, mut answer, is_list, failure, mut changes } = said;
        for finding in &mut answer.findings {
            let changes = changes.remove(&finding.id).unwrap_or_default();
            let fixes: Vec<Fix> = changes.into_iter().filter_map(|c| self.fix_of(c, finding)).collect();
            finding.fixes.extend(fixes);
        }
        self.settle_answer(&mut answer);
        // Whatever the file says it was: here it is a review that was taken in.
        Settled { agent: AgentInfo { name: agent, label, kind: AgentKind::Imported }, answer, is_list, failure }
    }

    /// A tool's change in the text at hand. Where the finding quotes the code, it must still be there, and the change
    /// moves with it.
    fn fix_of(&self, mut change: Change, finding: &RawFinding) -> Option<Fix> {
        let cited = finding.main_anchor().filter(|a| a.path == change.path);
        if let Some(path) = self.path(&change.path) {
            change.path = path;
        }
        let text = (self.read)(&change.path)?;
        if let Some((anchor, lines)) = cited.filter(|a| a.quote.is_some()).and_then(|a| Some((a, a.lines?))) {
            let now = stands(&Text::new(&text), anchor)?;
            change = change.shifted(i64::from(now.start()) - i64::from(lines.start()))?;
        }
        change.fix(&text, finding.agent.clone())
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
        self.settle(round.findings.iter_mut().flat_map(|f| &mut f.anchors));
        for f in &mut round.findings {
            self.tidy(&mut f.anchors, &f.body);
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
        self.settle(raw.iter_mut().flat_map(|r| &mut r.anchors));
        for r in raw {
            self.tidy(&mut r.anchors, &r.body);
            for fix in &mut r.fixes {
                fix.path = fix.path.take().map(|p| self.path(&p).unwrap_or(p));
            }
        }
    }

    fn settle_observations(&self, observations: &mut [Observation]) {
        self.settle(observations.iter_mut().flat_map(|o| &mut o.anchors));
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

/// The lines of an anchor in the text at hand: where its quote stands, or else those that it names, as far as they are there.
fn settled(text: &Text<'_>, anchor: &Anchor) -> Option<LineRange> {
    let total = u32::try_from(text.count()).unwrap_or(u32::MAX);
    let named = || anchor.lines.filter(|lines| lines.start() <= total);
    stands(text, anchor).or_else(|| named().map(|lines| LineRange::new(lines.start(), lines.end().min(total))))
}

/// The lines where what the anchor quotes stands now. Tools quote a line or a part of it.
fn stands(text: &Text<'_>, anchor: &Anchor) -> Option<LineRange> {
    let quote = anchor.quote.as_deref()?;
    let part = |lines: &LineRange| {
        !quote.trim().is_empty() && text.numbered(lines.start()).is_some_and(|line| line.contains(quote.trim()))
    };
    let cited = anchor.lines.filter(|lines| lines.count() == 1).filter(part);
    cited.or_else(|| text.find_quote(quote, anchor.lines))
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
    use crate::imported::{At, Replacement};
    use crate::prose;
    use finding::{AgentName, RawId, Severity};

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
        let mut answer = prose::read_answer(
            "## Important Issues\n\n1. **Moved** — `x/a.go:40-42`\n\n```go\nfunc f() {\n\treturn 1\n}\n```\n\n2. **Unplaced** (important, gap)\n\nText.\n\n```\n\treturn 1\n```\n",
            &AgentName::new("x"),
        );
        code.settle_answer(&mut answer);
        let places: Vec<String> = answer.findings.iter().flat_map(|f| &f.anchors).map(ToString::to_string).collect();
        assert_eq!(places, ["a.go:4-6", "a.go:5"]);
    }

    #[test]
    fn a_file_is_read_once_however_many_findings_cite_it() {
        let paths = ["a.go", "b.go"].map(path);
        let text: Arc<str> = "one();\ntwo();\nthree();\n".into();
        let reads = std::cell::Cell::new(0);
        let read = |_: &RepoPath| {
            reads.set(reads.get() + 1);
            Some(Arc::clone(&text))
        };
        let code = Code::new(&paths, &paths, &read);
        let remark = |n: usize| {
            let mut said = tool([None, Some("two();"), Some("gone();")][n % 3]);
            let mut finding = said.answer.findings.remove(0);
            finding.anchors[0].path = paths[n % 2].clone();
            finding
        };
        let mut answer = Answer { findings: (0..600).map(remark).collect(), ..Answer::default() };
        code.settle_answer(&mut answer);
        assert_eq!(reads.get(), paths.len());
    }

    /// A finding on line 2 that quotes `quote`, and a change of the first column there.
    fn tool(quote: Option<&str>) -> ImportedReview {
        let mut said = ImportedReview::by(AgentName::new("lint"), "Lint".into());
        let change = Change {
            note: Some("Use it".into()),
            path: path("a.go"),
            replacements: vec![Replacement { from: At::Char(2, 1), to: At::Char(2, 2), text: "X".into() }],
        };
        let anchor = Anchor { path: path("a.go"), lines: Some(LineRange::line(2)), quote: quote.map(str::to_owned) };
        let finding = RawFinding {
            id: RawId::new("lint:1"),
            sure: None,
            agent: said.agent.clone(),
            severity: Severity::Important,
            title: "T".into(),
            body: String::new(),
            anchors: vec![anchor],
            symbol: None,
            classification: None,
            rule: None,
            fixes: Vec::new(),
        };
        said.add(finding, vec![change]);
        said
    }

    #[test]
    fn a_tools_change_goes_where_its_quote_is_now_or_nowhere() {
        let paths = [path("pkg/a.go")];
        for (text, quote, want) in [
            ("one\ntwo\n", None, Some("-two\n+Xwo\n")),
            ("one\ntwo\n", Some("two"), Some("-two\n+Xwo\n")),
            // Tools quote a part of the line too.
            ("one\ntwo\n", Some("wo"), Some("-two\n+Xwo\n")),
            // Moved.
            ("zero\nhalf\none\ntwo\n", Some("two"), Some("-two\n+Xwo\n")),
            // Not there any more, or too short for the change.
            ("one\n2\n", Some("two"), None),
            ("one\n", None, None),
        ] {
            let read = |p: &RepoPath| (*p == paths[0]).then(|| Arc::from(text));
            let Settled { agent: info, answer, .. } = Code::new(&paths, &paths, &read).settle_said(tool(quote));
            assert_eq!((info.name.as_str(), info.kind), ("lint", AgentKind::Imported));
            let fix = answer.findings[0].fixes.first();
            let changed = fix.map(|f| {
                assert_eq!((f.note.as_deref(), f.path.as_ref()), (Some("Use it"), Some(&paths[0])));
                f.diff.lines().filter(|l| l.starts_with(['-', '+'])).map(|l| format!("{l}\n")).collect::<String>()
            });
            assert_eq!(changed.as_deref(), want, "{text:?} {quote:?}");
        }
    }
}
