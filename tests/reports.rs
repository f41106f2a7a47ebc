//! Reports in and out.

use deep_review::finding::{Round, Severity};
use deep_review::import::prose;
use deep_review::report::{Texts, html, markdown};
use serde_json::Value;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use test_repo::{Repo, isolate};

/// Reports of several agents, as people and other programs write them, and what is in each.
fn whole() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/reports/whole")
}

/// What a report's finding comes to, as one line.
fn line(severity: &str, title: &str, agents: &[String], files: &[String]) -> String {
    format!("{severity} | {title} | {} | {}", agents.join(","), files.join(" "))
}

fn wanted(report: &Value) -> Vec<String> {
    let list = |v: &Value| v.as_array().cloned().unwrap_or_default();
    list(&report["findings"])
        .iter()
        .map(|f| {
            let mut agents: Vec<String> =
                list(&f["agents"]).iter().filter_map(|a| Some(a.as_str()?.to_lowercase())).collect();
            agents.sort();
            let files: Vec<String> = list(&f["files"])
                .iter()
                .map(|p| {
                    let path = p["path"].as_str().unwrap_or("").trim_end_matches('/');
                    match (p["start"].as_u64(), p["end"].as_u64()) {
                        (Some(a), Some(b)) if a != b => format!("{path}:{a}-{b}"),
                        (Some(a), _) => format!("{path}:{a}"),
                        _ => path.to_owned(),
                    }
                })
                .collect();
            line(f["severity"].as_str().unwrap_or(""), f["title"].as_str().unwrap_or(""), &agents, &files)
        })
        .collect()
}

fn found(round: &Round) -> Vec<String> {
    round
        .findings
        .iter()
        .map(|f| {
            let mut agents: Vec<String> =
                f.agents().iter().map(ToString::to_string).filter(|a| a != "imported").collect();
            agents.sort();
            let files: Vec<String> = f.anchors.iter().map(ToString::to_string).collect();
            line(&f.severity.to_string().to_lowercase(), &f.title, &agents, &files)
        })
        .collect()
}

#[test]
fn reports_of_several_agents_are_read_without_a_mistake() {
    let dev = whole();
    let index = std::fs::read_to_string(dev.join("index.jsonl")).unwrap();
    assert_eq!(index.lines().count(), 2);
    let mut wrong = String::new();
    for row in index.lines() {
        let report: Value = serde_json::from_str(row).unwrap();
        let name = report["file"].as_str().unwrap();
        let text = std::fs::read_to_string(dev.join(name)).unwrap();
        let (round, _) = prose::read(&text).unwrap();
        let (mut want, mut got) = (wanted(&report), found(&round));
        want.sort();
        got.sort();
        for missing in want.iter().filter(|w| !got.contains(w)) {
            writeln!(wrong, "{name}\n  - {missing}").unwrap();
        }
        for extra in got.iter().filter(|g| !want.contains(g)) {
            writeln!(wrong, "{name}\n  + {extra}").unwrap();
        }
        for severity in Severity::ALL {
            let want = report["counts"][severity.to_string().to_lowercase()].as_u64().unwrap_or(0) as usize;
            let got = round.findings.iter().filter(|f| f.severity == severity).count();
            if want != got {
                writeln!(wrong, "{name}: {got} {severity}, not {want}").unwrap();
            }
        }
        for (agent, want) in report["raw_counts"].as_object().unwrap() {
            let name_of = agent.to_lowercase();
            let got =
                round.raw.iter().filter(|r| r.agent.as_str() == name_of && !r.id.as_str().contains(":merged-")).count();
            if want.as_u64() != Some(got as u64) {
                writeln!(wrong, "{name}: {got} raw findings of {agent}, not {want}").unwrap();
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn a_whole_report_is_read_and_written_again() {
    let text = std::fs::read_to_string(whole().join("several-agents.md")).unwrap();
    let (round, decisions) = prose::read(&text).unwrap();
    assert_eq!((round.number, round.duration_ms, round.commits.len()), (3, 750_000, 2));
    assert_eq!(round.pull_request.as_ref().map(|p| p.number), Some(57));
    let labels: Vec<&str> = round.agents.iter().map(|r| r.agent.label.as_str()).collect();
    assert_eq!(labels, ["Claude Opus 4.6", "Codex GPT 5.4", "Gemini 3.1 Pro"]);
    let shape: Vec<String> =
        round.findings.iter().map(|f| format!("{} {} {}", f.label, f.agents().len(), f.fixes.len())).collect();
    assert_eq!(shape, ["I1 2 1", "S1 1 1", "S2 1 0"]);
    assert_eq!(
        (round.observations.len(), round.assessment.untested.len(), round.assessment.limitations.len()),
        (2, 2, 1)
    );

    let written = markdown::write(&round, &decisions, &Texts::default());
    for text in [
        "| **Wall-clock time** | `12 min 30 s` |",
        "## Executive Summary",
        "## Critical Issues\n\nNone.",
        "## Important Issues",
        "## Suggestions",
        "## Design Observations",
        "## Testing Assessment",
        "## Documentation Assessment",
        "## Commit Structure",
        "## Acknowledged Limitations",
        "## Unresolved Feedback",
        "## Agent Performance Retro",
        "| Duration | 7:10 | 5:02 | 4:40 |",
        "| Tool calls | 41 | 30 | 12 |",
    ] {
        assert!(written.contains(text), "{text} is missing");
    }
    let (again, _) = deep_review::import::report::read(&written).unwrap();
    // What an agent says of the whole change stands folded in the retro, for people.
    let asides = |text: &str| {
        let (before, retro) = text.split_once("## Agent Performance Retro").expect("a retro");
        let mut parts = retro.split("<!-- deep-review aside -->\n\n");
        let first = parts.next().unwrap_or_default().to_owned();
        let end = "<!-- deep-review end of aside -->\n\n";
        format!("{before}{}", parts.fold(first, |kept, part| kept + part.split_once(end).expect("an aside ends").1))
    };
    let written_again = markdown::write(&again, &decisions, &Texts::default());
    assert_eq!(asides(&written_again), asides(&written), "what is read is written the same");

    // The page has the same sections, and the same figures in its tables.
    let page = html::write(&round, &decisions, &Texts::default());
    let sections = written.lines().filter_map(|l| l.strip_prefix("## "));
    let missing: Vec<&str> =
        sections.filter(|name| !["</h2>", "</h3>"].iter().any(|end| page.contains(&format!(">{name}{end}")))).collect();
    assert!(missing.is_empty(), "{missing:?}");
    let rows =
        written.lines().skip_while(|l| !l.starts_with("## Agent Performance Retro")).filter(|l| l.starts_with("| "));
    let cells: Vec<&str> = rows.flat_map(|row| row.trim_matches('|').split('|').map(str::trim)).collect();
    assert!(cells.len() > 4 * 3 && cells.len().is_multiple_of(4), "{cells:?}");
    let missing: Vec<&&str> = cells.iter().filter(|cell| !page.contains(&format!(">{cell}<"))).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

fn run<S: AsRef<std::ffi::OsStr>>(repo: &Repo, args: &[S]) -> String {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_deep-review"));
    let output = isolate(command.current_dir(repo.path()).args(args)).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn an_imported_review_shows_up_with_a_fix_that_applies() {
    let repo = Repo::with_topic(&[("pkg/sum.go", "package sum\n\nfunc f(a int) int {\n\treturn a + 1\n}\n")]);
    let review = repo.beside("claude.md");
    std::fs::write(
        &review,
        "## Critical Issues\n\n1. **Wrong sum** — `sum.go:90` (critical, regression)\n\n```go\n\treturn a + 1\n```\n\nIt is off.\n\nFix:\n\n```diff\n-\treturn a + 1\n+\treturn a + 2\n```\n",
    )
    .unwrap();
    let run = |args: &[&std::ffi::OsStr]| run(&repo, args);
    let json = run(&["import".as_ref(), review.as_os_str(), "--format".as_ref(), "json".as_ref()]);
    let (round, _) = deep_review::import::json::read(&json).unwrap();
    let finding = &round.findings[0];
    assert_eq!((finding.label.as_str(), finding.anchors[0].to_string().as_str()), ("C1", "pkg/sum.go:4"));
    assert_eq!(round.agents[0].agent.name.as_str(), "claude");
    let sarif = run(&["report".as_ref(), "--format".as_ref(), "sarif".as_ref()]);
    assert!(sarif.contains("return a + 2") && sarif.contains("deletedRegion"), "{sarif}");
}

#[test]
fn labels_are_given_once_also_to_what_is_imported() {
    let bed = crate::cli::bed::Bed::new();
    let import = |name: &str, title: &str| {
        let file = bed.repo.beside(name);
        let text = format!("# Review\n\n### 1. {title}\n\nSeverity: important\n\n`src/main.rs:2` is wrong: {title}.\n");
        std::fs::write(&file, text).unwrap();
        let ran = bed.run(&["import", file.to_str().unwrap()]);
        assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
        let (_, round) = (ran.code, bed.run(&["findings", "--format", "json"]).out);
        let list: serde_json::Value = serde_json::from_str(&round).unwrap();
        let finding = &list["findings"][0];
        (finding["title"].as_str().unwrap().to_owned(), finding["label"].as_str().unwrap().to_owned())
    };
    let first = import("one.md", "The count wraps around for large inputs");
    let other = import("two.md", "A closed pipe ends the program without a word");
    assert_ne!(first.0, other.0);
    assert_ne!(first.1, other.1, "{first:?} {other:?}");
    assert_eq!(import("one.md", "The count wraps around for large inputs"), first);
}

#[test]
fn only_files_of_a_known_size_are_imported() {
    let repo = Repo::with_topic(&[("README.md", "x\n")]);
    let folder = repo.beside("folder");
    std::fs::create_dir(&folder).unwrap();
    let mut cases = vec![(folder, "it is a folder, not a file")];
    if cfg!(unix) {
        let pipe = repo.beside("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        cases.extend([PathBuf::from("/dev/zero"), pipe].map(|path| (path, "it is a device or a pipe, not a file")));
    }
    for (path, why) in cases {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_deep-review"));
        let output = isolate(command.current_dir(repo.path()).arg("import").arg(&path)).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains(why), "{said}");
    }
}

#[test]
fn lines_are_read_by_a_format_of_the_users_own_and_what_is_not_understood_is_said() {
    let repo = Repo::with_topic(&[("src/a.x", "one\ntwo\nthree\n")]);
    let lines = repo.beside("odd.txt");
    std::fs::write(&lines, "noise\nsrc/a.x@2 It is off\n").unwrap();
    let run = |args: &[&std::ffi::OsStr]| run(&repo, args);
    let json =
        run(&["import".as_ref(), lines.as_os_str(), "--errorformat=%f@%l %m".as_ref(), "--format=json".as_ref()]);
    let (round, _) = deep_review::import::json::read(&json).unwrap();
    assert_eq!(
        (round.findings[0].title.as_str(), round.findings[0].anchors[0].to_string().as_str()),
        ("It is off", "src/a.x:2")
    );

    let review = repo.beside("review.md");
    std::fs::write(&review, "## Critical\n\n1. **Off** — `src/a.x:2`\n\n## Loose ends\n\n1. **High:** no limit\n")
        .unwrap();
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_deep-review"));
    let output = isolate(command.current_dir(repo.path()).arg("import").arg(&review)).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("review: 1 part was not understood: line 7"), "{said}");
}

const TOTAL: &str =
    "fn total(all: &[u32]) -> u32 {\n    let mut sum = 1;\n    for n in all {\n        sum += n;\n    }\n    sum\n}\n";
const HEAD: &str = "fn head(all: &[u32]) -> u32 {\n    all[0]\n}\n";

/// A branch of two commits, each with a finding; what `resolution` says of them.
fn reviewed(resolution: &str) -> (Repo, [String; 2]) {
    let repo = Repo::with_topic(&[("README.md", "x\n")]);
    repo.write("src/total.rs", TOTAL);
    let first = repo.commit("Add total");
    repo.write("src/head.rs", HEAD);
    let second = repo.commit("Add head");
    let report = format!(
        "# Deep Review: r\n\n| | |\n|---|---|\n| **Branch** | `topic` |\n| **Reviewers** | Ann, Bob |\n\n## Critical Issues\n\n1. **Sum begins with one** — `src/total.rs:2` [Ann] (critical, regression)\n\n```rust\n    let mut sum = 1;\n```\n\nToo large.\n\nFix:\n\n```diff\n-    let mut sum = 1;\n+    let mut sum = 0;\n```\n\n## Important Issues\n\n1. **Empty slice panics** — `src/head.rs:2` [Bob] (important, gap)\n\n```rust\n    all[0]\n```\n\nNothing is there.\n\nFix:\n\n```diff\n-    all[0]\n+    all.first().copied().unwrap_or(0)\n```\n{resolution}"
    );
    let file = repo.beside("report.md");
    std::fs::write(&file, report).unwrap();
    run(&repo, &["import", file.to_str().unwrap(), "--base", "main"]);
    (repo, [first, second])
}

const BOTH_FIXED: &str = "\n## Resolution\n\n| # | Finding | Action |\n|---|---|---|\n| 1 | Critical 1: Sum | Fixed |\n| 2 | Important 1: Empty | Fixed |\n";

#[test]
fn fixes_are_named_with_the_commit_that_they_belong_into() {
    let (repo, [first, second]) = reviewed("");
    let lines = |report: &str| -> Vec<String> {
        report.lines().filter(|l| l.starts_with("git commit --fixup=")).map(str::to_owned).collect()
    };
    let want = |id: &str, rest: &str| format!("git commit --fixup={}  # {rest}", &id[..7]);
    let both = [want(&first, "C1: Add total"), want(&second, "I1: Add head")];
    assert_eq!(lines(&run(&repo, &["report", "--format", "markdown"])), both);
    let html = run(&repo, &["report", "--format", "html"]);
    assert!(html.contains(&format!("<code>git commit --fixup={}</code>", &first[..7])), "the page has it too");
    // What is applied and not committed yet still belongs there.
    run(&repo, &["apply", "C1"]);
    assert_eq!(lines(&run(&repo, &["report", "--format", "markdown"])), both);
    // Committed as told, it is done; git takes the line as it is.
    repo.git(&["commit", "-q", "-a", &format!("--fixup={}", &first[..7])]);
    assert_eq!(lines(&run(&repo, &["report", "--format", "markdown"])), both[1..]);
    let json = run(&repo, &["report", "--format", "json"]);
    let (round, _) = deep_review::import::json::read(&json).unwrap();
    assert_eq!(round.assessment.fixups.len(), 1);
    // And a written report gives it back.
    let (again, _) = prose::read(&run(&repo, &["report", "--format", "markdown"])).unwrap();
    assert_eq!(again.assessment.fixups[0].findings, [again.findings[1].id.clone()]);
    assert_eq!(again.assessment.commit_structure, None, "what is computed is no text of an agent");
}

#[test]
fn a_finding_is_resolved_by_the_commit_that_changed_its_code() {
    let (repo, _) = reviewed(BOTH_FIXED);
    // Another place of the file first, then a try that is not the fix, then the fix.
    repo.write("src/total.rs", format!("// Sums.\n{TOTAL}"));
    repo.commit("Comment");
    repo.write("src/total.rs", format!("// Sums.\n{}", TOTAL.replace("sum = 1", "sum = 2 - 1")));
    repo.commit("Try");
    repo.write("src/total.rs", format!("// Sums.\n{}", TOTAL.replace("sum = 1", "sum = 0")));
    let fixed = repo.commit("Begin with zero");
    // Not as it was suggested, and moved to the end of a longer file.
    repo.write("src/head.rs", format!("// a\n// b\n{}", HEAD.replace("all[0]", "*all.first().expect(\"some\")")));
    let other = repo.commit("Say what is expected");
    let report = run(&repo, &["report", "--format", "markdown"]);
    for (label, commit) in [("Critical C1", &fixed), ("Important I1", &other)] {
        let row = report.lines().find(|l| l.contains(&format!("| {label}: "))).unwrap_or_default();
        assert!(row.contains(&format!("| Fixed in {} |", &commit[..7])), "{row}");
    }
    let (_, decisions) = deep_review::import::json::read(&run(&repo, &["report", "--format", "json"])).unwrap();
    let commits: Vec<_> = decisions.resolutions.values().filter_map(|r| r.commit.clone()).collect();
    assert_eq!(commits.len(), 2);
}

#[test]
fn after_a_rebase_the_commit_that_has_the_fix_now_is_named() {
    let (repo, [first, _]) = reviewed(BOTH_FIXED);
    // The first commit is made anew with the fix in it, the second is put on top.
    repo.git(&["checkout", "-q", "--detach", &first]);
    repo.write("src/total.rs", TOTAL.replace("sum = 1", "sum = 0"));
    repo.git(&["commit", "-q", "-a", "--amend", "-m", "Add total, from zero"]);
    let rewritten = repo.head();
    repo.git(&["cherry-pick", "topic"]);
    repo.git(&["checkout", "-q", "-B", "topic"]);
    let report = run(&repo, &["report", "--format", "markdown"]);
    let row = |label: &str| report.lines().find(|l| l.contains(&format!("| {label}: "))).unwrap_or_default().to_owned();
    assert!(row("Critical C1").contains(&format!("| Fixed in {} |", &rewritten[..7])), "{report}");
    // Its code is as it was, whatever was said of it: the text decides.
    assert!(!row("Important I1").contains("Fixed") && report.contains("1 important issue open"), "{report}");
}

#[test]
fn a_review_joins_the_current_round_as_one_more_agent() {
    let (repo, _) = reviewed("");
    // The code moves before the second review comes.
    repo.write("src/total.rs", format!("// Sums.\n{TOTAL}"));
    let linter = repo.beside("lint.jsonl");
    std::fs::write(&linter, "{\"message\":\"sum begins with one\",\"location\":{\"path\":\"src/total.rs\",\"range\":{\"start\":{\"line\":3},\"end\":{\"line\":3}}},\"severity\":\"WARNING\",\"source\":{\"name\":\"Lint\"},\"suggestions\":[{\"range\":{\"start\":{\"line\":3},\"end\":{\"line\":3}},\"text\":\"    let mut sum = 0;\"}]}\n{\"message\":\"loop could be a sum\",\"location\":{\"path\":\"src/total.rs\",\"range\":{\"start\":{\"line\":4}}},\"severity\":\"INFO\",\"source\":{\"name\":\"Lint\"}}\n").unwrap();
    let ann = repo.beside("ann.md");
    std::fs::write(&ann, "## Suggestions\n\n1. **Comment says little** — `src/total.rs:1`\n\nSay more.\n").unwrap();
    let files = [linter.to_str().unwrap(), ann.to_str().unwrap()];
    let json = run(&repo, &["import", "--into-current", files[0], files[1], "--base", "main", "--format", "json"]);
    let (round, _) = deep_review::import::json::read(&json).unwrap();
    let agents: Vec<&str> = round.agents.iter().map(|r| r.agent.name.as_str()).collect();
    assert_eq!((round.number, agents.as_slice()), (2, ["ann", "bob", "lint", "ann-2"].as_slice()));
    let told: Vec<String> = round
        .findings
        .iter()
        .map(|f| {
            let by: Vec<String> = f.agents().iter().map(ToString::to_string).collect();
            format!("{} {} {}", f.label, f.anchors[0], by.join(","))
        })
        .collect();
    let merged = round.findings.iter().find(|f| f.title.contains("egins with one")).unwrap();
    assert_eq!(merged.agents().len(), 2, "one issue, one finding: {told:?}");
    assert_eq!((merged.anchors[0].to_string().as_str(), round.findings.len()), ("src/total.rs:3", 4), "{told:?}");
    // The first round is as it was, and the identity is the same in both.
    let (first, _) = deep_review::import::json::read(&run(&repo, &["report", "1", "--format", "json"])).unwrap();
    assert_eq!((first.agents.len(), &first.findings[0].id), (2, &merged.id));
    run(&repo, &["apply", &merged.label]);
    assert!(repo.read("src/total.rs").contains("sum = 0"), "its fix applies to the code as it is now");
}

#[test]
fn pages_of_all_rounds_are_listed_and_lead_back() {
    let (repo, _) = reviewed("");
    let file = repo.beside("report.md");
    run(&repo, &["import", file.to_str().unwrap(), "--base", "main"]);
    let index = PathBuf::from(run(&repo, &["report", "--index"]).trim());
    assert_eq!(index.file_name().unwrap(), "index.html");
    let list = std::fs::read_to_string(&index).unwrap();
    let (second, first) =
        (list.find("href=\"round-0002.html\"").unwrap(), list.find("href=\"round-0001.html\"").unwrap());
    assert!(second < first, "the newest first");
    for page in ["round-0001.html", "round-0002.html"] {
        let page = std::fs::read_to_string(index.with_file_name(page)).unwrap();
        assert!(page.contains("<a href=\"index.html\">All rounds</a>"));
    }
    // A page by itself leads there where the list is beside it, and to no other page of that name.
    let folder = repo.beside("pages");
    std::fs::create_dir(&folder).unwrap();
    let (alone, list) = (folder.join("alone.html"), folder.join("index.html"));
    let leads = || {
        run(&repo, &["report", "--format", "html", "-o", alone.to_str().unwrap()]);
        std::fs::read_to_string(&alone).unwrap().contains("<a href=\"index.html\">All rounds</a>")
    };
    assert!(!leads());
    std::fs::write(&list, "<title>Somebody's</title>").unwrap();
    assert!(!leads());
    run(&repo, &["report", "--index", "-o", folder.to_str().unwrap()]);
    assert!(leads());
    assert!(!run(&repo, &["report", "--format", "html"]).contains("All rounds"), "what is printed has no neighbours");
    // Pages beside the rounds are no rounds.
    assert_eq!(run(&repo, &["rounds"]).lines().count(), 2);
}
