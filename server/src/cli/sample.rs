//! The demo's sample repository and the answers recorded for it, all inside of the binary.

use agent::Agent;
use agent::recorded::Recorded;
use anyhow::{Context as _, Result};
use finding::AgentName;
use git2::{IndexAddOption, Repository, RepositoryInitOptions, Signature, Time, build::CheckoutBuilder};
use serde::Deserialize;
use std::path::Path;
use std::sync::Arc;

macro_rules! files {
    ($($path:literal),* $(,)?) => {
        [$(($path, include_str!(concat!("../../demo/", $path)))),*]
    };
}

/// Every file of the sample, as `folder/path`.
const FILES: [(&str, &str); 10] = files![
    "1-main/README.md",
    "1-main/collector/upload.go",
    "1-main/store/src/lib.rs",
    "1-main/tools/report.py",
    "1-main/web/chart.ts",
    "2-batches/collector/upload.go",
    "2-batches/store/src/lib.rs",
    "3-report/tools/report.py",
    "4-chart/web/chart.ts",
    "5-fixup/tools/report.py",
];

const ANSWERS: [(&str, &str, &str); 3] = [
    ("claude", "Claude (recorded)", include_str!("../../demo/claude.json")),
    ("codex", "Codex (recorded)", include_str!("../../demo/codex.json")),
    ("gemini", "Gemini (recorded)", include_str!("../../demo/gemini.json")),
];

/// When the first commit was made, in seconds since 1970; each later one is an hour after the one before.
const START: i64 = 1_772_355_600;

#[derive(Deserialize)]
struct Plan {
    commit: Vec<Step>,
}

#[derive(Deserialize)]
struct Step {
    branch: String,
    folder: String,
    message: String,
}

/// Makes the sample in `dir`, which must be empty or absent: `main`, and the branch to review checked out.
///
/// # Errors
/// When git or the disk cannot.
pub fn make_sample(dir: &Path) -> Result<()> {
    let plan: Plan = toml::from_str(include_str!("../../demo/commits.toml"))?;
    let mut options = RepositoryInitOptions::new();
    options.initial_head("main").external_template(false).mkpath(true);
    let repo = Repository::init_opts(dir, &options).with_context(|| format!("failed to make {}", dir.display()))?;
    let mut parent = None;
    for (step, hours) in plan.commit.iter().zip(0..) {
        let branch = format!("refs/heads/{}", step.branch);
        for (path, text) in FILES.iter().filter_map(|(path, text)| Some((path.split_once('/')?, text))) {
            if path.0 == step.folder {
                let file = dir.join(path.1);
                std::fs::create_dir_all(file.parent().unwrap_or(dir))?;
                std::fs::write(file, text)?;
            }
        }
        let mut index = repo.index()?;
        index.add_all(["*"], IndexAddOption::DEFAULT, None)?;
        index.write()?;
        let tree = repo.find_tree(index.write_tree()?)?;
        let author = Signature::new("Sam Sample", "sam@example.com", &Time::new(START + hours * 3600, 0))?;
        let parents: Vec<git2::Commit<'_>> = parent.map(|id| repo.find_commit(id)).transpose()?.into_iter().collect();
        let id = repo.commit(None, &author, &author, &step.message, &tree, &parents.iter().collect::<Vec<_>>())?;
        repo.reference(&branch, id, true, "sample")?;
        repo.set_head(&branch)?;
        parent = Some(id);
    }
    repo.checkout_head(Some(CheckoutBuilder::new().force()))?;
    Ok(())
}

/// The agents that play what was recorded for the sample.
#[must_use]
pub fn recorded_agents() -> Vec<Arc<dyn Agent>> {
    let agent = |(name, label, answer)| Arc::new(Recorded::text(AgentName::new(name), label, answer)) as Arc<dyn Agent>;
    ANSWERS.map(agent).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use agent::answer;
    use git::{ScopeRequest, Snapshot, SnapshotOptions};
    use patch::{Hints, place};
    use tokio_util::sync::CancellationToken;

    fn sample() -> (tempfile::TempDir, Snapshot) {
        let folder = tempfile::tempdir().unwrap();
        make_sample(folder.path()).unwrap();
        let repository = git::Repository::discover(folder.path()).unwrap();
        let scope = repository
            .scope(&ScopeRequest { base: Some("main".into()), uncommitted: true, ..ScopeRequest::default() })
            .unwrap();
        let cancel = CancellationToken::new();
        let snapshot = repository.snapshot(&scope, &SnapshotOptions::default(), &cancel).unwrap();
        (folder, snapshot)
    }

    #[test]
    fn recorded_findings_are_where_they_say_and_their_fixes_apply() {
        let (_folder, snapshot) = sample();
        assert_eq!(snapshot.commits().len(), 4);
        for (name, _, text) in ANSWERS {
            let parsed = answer::from_text(text, &AgentName::new(name)).unwrap();
            assert_eq!(parsed.loss, None, "{name}");
            for finding in &parsed.answer.findings {
                for anchor in &finding.anchors {
                    let text = snapshot.read(&anchor.path).unwrap().unwrap();
                    let lines = anchor.lines.unwrap();
                    let there: Vec<&str> =
                        text.lines().skip(lines.start() as usize - 1).take(lines.count() as usize).collect();
                    assert_eq!(Some(there.join("\n")), anchor.quote, "{name}: {}", finding.title);
                }
                for fix in &finding.fixes {
                    let path = fix.path.as_ref().unwrap();
                    let text = snapshot.read(path).unwrap().unwrap();
                    let hints = Hints { path: Some(path), lines: finding.anchors[0].lines, ..Hints::default() };
                    let applied = place(&text, &fix.diff, &hints);
                    assert!(applied.is_ok(), "{name}: {}: {applied:?}\n{}", finding.title, fix.diff);
                }
            }
        }
    }

    #[test]
    fn every_built_in_agent_finds_something_in_the_sample() {
        let (_folder, snapshot) = sample();
        let mut rules = Vec::new();
        for checker in check::ALL {
            let (settings, cancel) = (check::Settings::default(), CancellationToken::new());
            for finding in checker.run(&check::Job::new(&snapshot, &settings, &cancel)).unwrap().findings {
                for fix in &finding.fixes {
                    let path = fix.path.as_ref().unwrap();
                    let text = snapshot.read(path).unwrap().unwrap();
                    assert!(place(&text, &fix.diff, &Hints::default()).is_ok(), "{}", fix.diff);
                }
                let place = finding.main_anchor().map_or("-", |a| a.path.as_str()).to_owned();
                rules.push((place, finding.rule.unwrap().id.trim_start_matches("deep-review/").to_owned()));
            }
        }
        let want = [
            ("README.md", "stale-reference"),
            ("store/src/lib.rs", "stale-reference"),
            ("tools/report.py", "debugger"),
            ("-", "fixup-commit"),
            ("store/src/lib.rs", "rust-dropped-guard"),
            ("tools/report.py", "python-mutable-default"),
            ("web/chart.ts", "js-async-foreach"),
        ];
        assert_eq!(rules, want.map(|(place, rule)| (place.to_owned(), rule.to_owned())));
    }
}
