//! The built-in checkers: deterministic reviewers of a snapshot, one file a checker. No model runs.
//!
//! A checker is a pure function of the snapshot. It reports only what the change introduced or made stale, and its
//! fixes are exact. Texts are untrusted: whatever is too large, too long or not text is passed over. What is silenced in
//! the source or by the settings is taken out in one place, [`Checker::run`].

mod contracts;
#[cfg(test)]
mod corpus;
mod credentials;
mod definitions;
mod history;
mod holders;
mod kept;
mod leftovers;
mod links;
mod manifests;
#[cfg(test)]
mod pages;
#[cfg(test)]
mod planted;
mod references;
mod remark;
mod rules;
mod settings;
mod silence;
mod spelling;
mod syntax;
mod testing;
mod tree;

pub use definitions::{Symbol, symbols};
pub use remark::is_named_a_test;
pub use rules::{Failed, Tested, is_case_file, is_rule_file, test_built_in, test_rules};
pub use settings::{Level, PathPattern, RuleByPath, RuleSetting, Settings};
pub use tree::{TreesKept, family, in_code, is_read, languages_without_rules, syntax_errors};

use finding::{RawFinding, RepoPath};
use git::{ChangedFile, Snapshot, SnapshotError};
use rayon::prelude::*;
use rules::OwnRules;
use std::collections::BTreeMap;
use std::sync::{Mutex, OnceLock, PoisonError};
use tokio_util::sync::CancellationToken;

/// What a checker is given.
#[derive(Debug)]
pub struct Job<'a> {
    /// The text under review.
    pub snapshot: &'a Snapshot,
    /// Which rules are on, and where.
    pub settings: &'a Settings,
    /// Ends the work soon, with what there is by then.
    pub cancel: &'a CancellationToken,
    /// Files whose text could not be read, with the reason.
    unread: Mutex<BTreeMap<RepoPath, String>>,
    own_rules: OnceLock<OwnRules>,
    manifests: OnceLock<u64>,
    /// Who holds the repository, by its licence.
    holders: OnceLock<Vec<String>>,
    /// Other checkers read the same texts.
    _trees: TreesKept,
}

impl<'a> Job<'a> {
    /// A checker's job on this snapshot.
    #[must_use]
    pub fn new(snapshot: &'a Snapshot, settings: &'a Settings, cancel: &'a CancellationToken) -> Self {
        Self {
            snapshot,
            settings,
            cancel,
            unread: Mutex::default(),
            own_rules: OnceLock::new(),
            manifests: OnceLock::new(),
            holders: OnceLock::new(),
            _trees: TreesKept::begin(),
        }
    }

    /// A text of the snapshot. One that cannot be read is left out, and is said at the end.
    fn read(&self, path: &RepoPath) -> Option<std::sync::Arc<str>> {
        self.snapshot.read(path).unwrap_or_else(|e| {
            self.unread.lock().unwrap_or_else(PoisonError::into_inner).insert(path.clone(), e.why);
            None
        })
    }

    /// Rules of the user and of the repository, compiled when they are first asked for.
    fn own_rules(&self) -> &OwnRules {
        self.own_rules.get_or_init(|| OwnRules::of(self))
    }

    /// A number for what a checker of files sees besides the file: the settings, the rules of people's own, and the
    /// manifests that say what sort of repository it is.
    fn surroundings(&self, checker: &Checker) -> u64 {
        let text = |name: &str| RepoPath::new(name).ok().and_then(|path| self.read(&path));
        let manifests = *self
            .manifests
            .get_or_init(|| kept::number_of(leftovers::MANIFESTS.iter().map(|name| text(name)).collect::<Vec<_>>()));
        let rules = if checker.name == rules::AGENT { self.own_rules().number } else { 0 };
        kept::number_of((self.settings.number(), manifests, rules))
    }

    /// Whether a file was taken in from elsewhere: by its folders, or as one large file with the notice of others.
    fn is_taken_in(&self, path: &RepoPath, text: Option<&str>) -> bool {
        let own = || self.holders.get_or_init(|| holders::of_repository(self));
        remark::is_taken_in(path) || text.is_some_and(|text| holders::is_of_others(text, own()))
    }

    fn is_cancelled(&self) -> bool {
        self.cancel.is_cancelled()
    }
}

/// What a checker brings back.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Checked {
    /// What it found.
    pub findings: Vec<RawFinding>,
    /// What it could not look at, in a sentence each.
    pub notes: Vec<String>,
}

/// How a checker looks at a branch.
#[derive(Debug, Clone, Copy)]
enum Scan {
    /// At each changed file by itself: on a save, at that file alone.
    File(fn(&Job<'_>, &ChangedFile) -> Vec<RawFinding>),
    /// At all of it.
    Branch(OfBranch),
    /// At each changed file, and then at what only the whole branch shows.
    Both(fn(&Job<'_>, &ChangedFile) -> Vec<RawFinding>, OfBranch),
}

/// What looks at a whole branch.
type OfBranch = fn(&Job<'_>) -> Result<Vec<RawFinding>, SnapshotError>;

/// A rule as it is listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleInfo {
    /// Its id, without `deep-review/`.
    pub id: String,
    /// The checker that has it.
    pub agent: &'static str,
    /// What it finds, in one line.
    pub summary: String,
    /// Why that is a mistake; may be empty.
    pub why: String,
    /// The languages it reads; none where it reads any text.
    pub languages: Vec<String>,
    /// Whether its findings come with a fix.
    pub has_fix: bool,
    /// Whether it is on without being asked for.
    pub on_by_default: bool,
}

impl RuleInfo {
    /// Its id without whose it is: what marks in the source and settings name.
    #[must_use]
    pub fn short_id(&self) -> &str {
        self.id.rsplit('/').next().unwrap_or(&self.id)
    }
}

/// A checker with its names.
#[derive(Debug, Clone, Copy)]
pub struct Checker {
    /// The agent's name.
    pub name: &'static str,
    /// What people call it.
    pub label: &'static str,
    /// What it looks for, in a few words.
    pub looks_for: &'static str,
    rules: &'static [(&'static str, bool, &'static str)],
    scan: Scan,
}

impl Checker {
    /// Looks at the whole branch.
    ///
    /// # Errors
    /// When git cannot list the tree or the branch's commits. A single text that cannot be read is left out and noted.
    pub fn run(&self, job: &Job<'_>) -> Result<Checked, SnapshotError> {
        let in_files = |check: fn(&Job<'_>, &ChangedFile) -> Vec<RawFinding>| -> Vec<RawFinding> {
            let files = job.snapshot.files().par_iter();
            let found = |f| if job.is_cancelled() { Vec::new() } else { kept::in_file(job, self, f, check) };
            files.flat_map_iter(found).collect()
        };
        let findings = match self.scan {
            Scan::Branch(check) => check(job)?,
            Scan::File(check) => in_files(check),
            Scan::Both(in_file, of_branch) => {
                let mut findings = in_files(in_file);
                findings.extend(of_branch(job)?);
                findings
            }
        };
        let findings = self.shown(job, findings);
        let unread = std::mem::take(&mut *job.unread.lock().unwrap_or_else(PoisonError::into_inner));
        let notes = unread.into_iter().map(|(path, why)| format!("{path} could not be read, and was left out: {why}"));
        let refused = if self.name == rules::AGENT { job.own_rules().refused.clone() } else { Vec::new() };
        Ok(Checked { findings, notes: notes.chain(refused).take(20).collect() })
    }

    /// Looks at one changed file again, as after a save; nothing for a checker that needs the whole branch.
    #[must_use]
    pub fn run_on_file(&self, job: &Job<'_>, file: &ChangedFile) -> Vec<RawFinding> {
        match self.scan {
            Scan::File(check) | Scan::Both(check, _) => self.shown(job, kept::in_file(job, self, file, check)),
            Scan::Branch(_) => Vec::new(),
        }
    }

    /// Whether what it finds in a file depends on the files beside it.
    fn reads_beside(&self, job: &Job<'_>) -> bool {
        self.name == leftovers::AGENT && job.settings.is_on("unchanged-twin", false)
    }

    /// What is neither off nor silenced, numbered.
    fn shown(&self, job: &Job<'_>, mut findings: Vec<RawFinding>) -> Vec<RawFinding> {
        findings.retain_mut(|finding| {
            // Without whose it is: `deep-review/`, `repository/`, `user/`.
            let id = finding.rule.as_ref().map(|r| r.id.split_once('/').map_or(&*r.id, |(_, id)| id).to_owned());
            let Some(rule) = id else { return true };
            let by_default = self.rules.iter().find(|(id, ..)| *id == rule).is_none_or(|(_, on, _)| *on);
            if !job.settings.is_on(&rule, by_default) {
                return false;
            }
            finding.severity = job.settings.severity(&rule, finding.severity);
            let Some(place) = finding.main_anchor() else { return true };
            let counts_anywhere =
                matches!(&*rule, "conflict-marker" | "issued-secret" | "named-secret" | "large-binary");
            let text = job.read(&place.path);
            !job.settings.is_off_in(&rule, &place.path)
                && (counts_anywhere || !job.is_taken_in(&place.path, text.as_deref()))
                && !text.is_some_and(|text| silence::is_silenced(finding, &text))
        });
        remark::number(findings, self.name)
    }

    /// Its rules.
    #[must_use]
    pub fn rules(&self) -> Vec<RuleInfo> {
        let listed = self.rules.iter().map(|(id, on_by_default, summary)| RuleInfo {
            id: (*id).to_owned(),
            agent: self.name,
            summary: (*summary).to_owned(),
            why: String::new(),
            languages: Vec::new(),
            has_fix: false,
            on_by_default: *on_by_default,
        });
        if self.name == rules::AGENT { rules::listed_built_in() } else { listed.collect() }
    }
}

/// Every rule: the built-in ones, then those of people's own, and what is wrong with those that cannot be read.
#[must_use]
pub fn catalogue(job: &Job<'_>) -> (Vec<RuleInfo>, Vec<String>) {
    let own = job.own_rules();
    (ALL.iter().flat_map(Checker::rules).chain(own.listed()).collect(), own.refused.clone())
}

/// All checkers, in the order in which they are listed.
pub const ALL: [Checker; 10] = [
    Checker {
        name: references::AGENT,
        label: "References (built-in)",
        looks_for: "comments and documents that name what the branch removed or renamed",
        rules: references::RULES,
        scan: Scan::Branch(references::check),
    },
    Checker {
        name: leftovers::AGENT,
        label: "Leftovers (built-in)",
        looks_for: "conflict markers, debugger statements and debug output",
        rules: leftovers::RULES,
        scan: Scan::File(leftovers::in_file),
    },
    Checker {
        name: history::AGENT,
        label: "History (built-in)",
        looks_for: "commits to squash, work in progress, and large binary files",
        rules: history::RULES,
        scan: Scan::Branch(history::check),
    },
    Checker {
        name: rules::AGENT,
        label: "Rules (built-in)",
        looks_for: "known mistakes in the code's syntax",
        rules: &[],
        scan: Scan::File(rules::in_file),
    },
    Checker {
        name: credentials::AGENT,
        label: "Secrets (built-in)",
        looks_for: "keys, tokens and passwords",
        rules: credentials::RULES,
        scan: Scan::File(credentials::in_file),
    },
    Checker {
        name: links::AGENT,
        label: "Links (built-in)",
        looks_for: "links, images, headings and paths that lead nowhere",
        rules: links::RULES,
        scan: Scan::Branch(links::check),
    },
    Checker {
        name: spelling::AGENT,
        label: "Spelling (built-in)",
        looks_for: "misspelt words in what the branch adds",
        rules: spelling::RULES,
        scan: Scan::Branch(spelling::check),
    },
    Checker {
        name: contracts::AGENT,
        label: "Contracts (built-in)",
        looks_for: "calls, documentation and formats that do not fit what is called",
        rules: contracts::RULES,
        scan: Scan::Both(contracts::in_file, contracts::in_branch),
    },
    Checker {
        name: manifests::AGENT,
        label: "Manifests (built-in)",
        looks_for: "lock files and versions out of step, generated files, and files that are left out",
        rules: manifests::RULES,
        scan: Scan::Branch(manifests::check),
    },
    Checker {
        name: testing::AGENT,
        label: "Tests (built-in)",
        looks_for: "tests that are switched off, run alone, or assert nothing",
        rules: testing::RULES,
        scan: Scan::Both(testing::in_file, testing::in_branch),
    },
];

#[cfg(test)]
mod tests {
    use super::*;
    use git::{Repository, ScopeRequest, SnapshotOptions};
    use test_repo::Repo;

    fn run_all(repo: &Repo) -> Vec<Checked> {
        let repository = Repository::discover(repo.path()).unwrap();
        let scope =
            repository.scope(&ScopeRequest { base: None, uncommitted: false, ..ScopeRequest::default() }).unwrap();
        let cancel = CancellationToken::new();
        let snapshot = repository.snapshot(&scope, &SnapshotOptions::default(), &cancel).unwrap();
        let settings = Settings::default();
        ALL.iter().map(|c| c.run(&Job::new(&snapshot, &settings, &cancel)).unwrap()).collect()
    }

    #[test]
    fn a_text_that_cannot_be_read_is_left_out_and_said() {
        let repo =
            Repo::with_topic(&[("a.rs", "fn old_name() {}\n"), ("b.rs", "// unrelated\n"), ("c.md", "`old_name`\n")]);
        repo.write("a.rs", "fn new_name() {}\n");
        repo.commit("Rename it");
        let blob = repo.git(&["rev-parse", "HEAD:b.rs"]);
        let blob = blob.trim();
        std::fs::remove_file(repo.path().join(".git/objects").join(&blob[..2]).join(&blob[2..])).unwrap();
        let checked = run_all(&repo);
        assert_eq!(checked[0].findings.len(), 1, "the document is read all the same");
        assert!(checked[0].notes[0].starts_with("b.rs could not be read, and was left out"), "{:?}", checked[0].notes);
    }

    #[test]
    fn a_folder_a_hundred_deep_is_a_folder() {
        let repo = Repo::with_topic(&[("a.rs", "fn a() {}\n")]);
        repo.write(format!("{}a.js", "d/".repeat(100)), "debugger;\n");
        repo.commit("Go deep");
        let findings: Vec<RawFinding> = run_all(&repo).into_iter().flat_map(|c| c.findings).collect();
        assert_eq!(findings.len(), 1, "{findings:?}");
    }

    #[test]
    fn a_saved_file_is_parsed_only_where_a_line_of_the_change_may_have_something() {
        let function =
            |n: usize| format!("/// What it is for.\npub fn saved_{n}(value: u32) -> u32 {{\n    value + {n}\n}}\n\n");
        let text: String = (0..200).map(function).collect();
        for (was, is, is_read) in [
            ("    value + 100\n", "    value * 100\n", false),
            ("    value + 101\n", "    // What is added.\n    value + 101\n", false),
            ("saved_102(value: u32)", "saved_102(value: u64)", false),
            ("    value + 103\n", "    if value > 0 && value > 0 { 1 } else { 2 }\n", true),
            ("    value + 104\n", "    todo!()\n", true),
        ] {
            let new = text.replacen(was, is, 1);
            let snapshot = Snapshot::in_memory(&[("src/saved.rs", &text)], &[("src/saved.rs", &new)]);
            let (settings, cancel) = (Settings::default(), CancellationToken::new());
            let job = Job::new(&snapshot, &settings, &cancel);
            let file = &snapshot.files()[0];
            ALL.iter().for_each(|checker| drop(checker.run_on_file(&job, file)));
            assert_eq!(tree::was_read(&file.path, &new), is_read, "{is}");
            assert!(!tree::was_read(&file.path, &text), "{is}: the text of the base");
        }
    }

    #[test]
    fn a_saved_file_is_looked_at_alone() {
        let snapshot = Snapshot::in_memory(&[], &[("a.js", "debugger;\n"), ("b.js", "debugger;\n")]);
        let (settings, cancel) = (Settings::default(), CancellationToken::new());
        let job = Job::new(&snapshot, &settings, &cancel);
        let found: Vec<RawFinding> = ALL.iter().flat_map(|c| c.run_on_file(&job, &snapshot.files()[0])).collect();
        assert_eq!(found.iter().map(|f| f.anchors[0].path.as_str()).collect::<Vec<_>>(), ["a.js"]);
    }
}
