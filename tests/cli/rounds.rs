//! What one round keeps of those before it, and what it does not call clean.

use super::bed::{AFTER, Bed, answer, finding, playing, with_fix};
use serde_json::{Value, json};
use test_repo::Repo;

/// Label, severity, agents and number of fixes of each finding.
fn shown(document: &Value) -> Vec<(String, String, usize, usize)> {
    let text = |v: &Value| v.as_str().unwrap_or_default().to_owned();
    let agents = |f: &Value| {
        let all = f["attributions"].as_array().unwrap().iter().map(|a| text(&a["agent"]));
        all.collect::<std::collections::BTreeSet<_>>().len()
    };
    let row =
        |f: &Value| (text(&f["label"]), text(&f["severity"]), agents(f), f["fixes"].as_array().map_or(0, Vec::len));
    let mut rows: Vec<_> = document["round"]["findings"].as_array().unwrap().iter().map(row).collect();
    rows.sort();
    rows
}

const CUT: &str = "The count of arguments is cut to 32 bits without a check";

/// Three agents: one issue that all raise, with a fix by one, and one of each alone.
fn three() -> Bed {
    let cut = |severity| finding(severity, CUT, (6, 6));
    let fixed = with_fix(cut("important"), "-    std::env::args().count() as u32\n+    42\n");
    Bed::new()
        .agent("claude", &answer(&[fixed, finding("critical", "The result is printed to everybody", (3, 3))]))
        .agent("codex", &answer(&[cut("critical"), finding("suggestion", "Name the first argument", (2, 2))]))
        .agent("gemini", &answer(&[cut("important"), finding("important", "Nothing stops an empty list", (5, 5))]))
}

const ALL: [&str; 6] = ["--agent", "claude", "--agent", "codex", "--agent", "gemini"];

#[test]
fn a_round_of_some_leaves_what_the_others_said_and_every_label() {
    let bed = three();
    let (code, first) = bed.review(&ALL);
    assert_eq!((code, first["verdict"].as_str()), (0, Some("rework")), "{first:#}");
    let before = shown(&first);
    for (agents, says) in [
        (&["codex"][..], None),
        (&["references", "rules"], None),
        (&["gemini", "codex"], Some(json!({ "fail": { "kind": "rate-limited", "message": "asked too often" } }))),
        (&["claude"], Some(json!({ "panic": true }))),
    ] {
        if let Some(play) = &says {
            bed.says(agents[0], &playing(answer(&[]), play));
        }
        let args: Vec<&str> = agents.iter().flat_map(|name| ["--agent", name]).collect();
        let (_, document) = bed.review(&args);
        assert_eq!(shown(&document), before, "{agents:?}: {document:#}");
        assert_eq!(document["verdict"], "rework", "{agents:?}");
        let said = bed.run(&["report"]).out;
        assert!(["CLAUDE", "CODEX", "GEMINI"].iter().all(|label| said.contains(label)), "{agents:?}: {said}");
    }
}

#[test]
fn a_new_and_graver_finding_takes_no_label_away() {
    let bed = three();
    let before = shown(&bed.review(&ALL).1);
    let graver = finding("critical", "Arguments are sent to a server that nobody named", (7, 7));
    let cut = finding("important", CUT, (6, 6));
    bed.says("codex", &answer(&[graver, cut]));
    let (_, document) = bed.review(&["--agent", "codex", "--fresh"]);
    let mut after = shown(&document);
    let new = after.iter().position(|row| !before.iter().any(|old| old.0 == row.0)).expect("a new label");
    assert_eq!((after[new].0.as_str(), after[new].1.as_str()), ("C2", "critical"), "{after:?}");
    after.remove(new);
    let labels = |rows: &[(String, String, usize, usize)]| rows.iter().map(|row| row.0.clone()).collect::<Vec<_>>();
    assert_eq!(labels(&after), labels(&before));
    assert_eq!(document["round"]["since_before"]["new"].as_array().map(Vec::len), Some(1), "{document:#}");
}

#[test]
fn no_verdict_without_a_review() {
    let failure =
        |message: &str| playing(answer(&[]), &json!({ "fail": { "kind": "rate-limited", "message": message } }));
    let (good, bad) = (answer(&[]), failure("asked too often"));
    let grave = answer(&[finding("critical", "It is wrong", (7, 7))]);
    for (name, answers, args, code, verdict) in [
        (
            "both failed",
            [&bad, &bad],
            &["--agent", "one", "--agent", "two", "--agent", "rules"][..],
            2,
            "No verdict: ONE and TWO failed",
        ),
        ("one failed", [&good, &bad], &[], 3, "No verdict: TWO failed"),
        ("one failed, one found", [&grave, &bad], &[], 3, "Rework"),
        ("checkers alone", [&good, &good], &["--agent", "rules"], 0, "No verdict: no model took part"),
        ("both looked", [&good, &good], &[], 0, "Merge as is"),
        ("reached", [&grave, &bad], &["--fail-on", "critical"], 1, "Rework"),
    ] {
        let bed = Bed::new().agent("one", answers[0]).agent("two", answers[1]);
        let ran = bed.run(&[&["review"], args].concat());
        assert_eq!(ran.code, code, "{name}: {}{}", ran.out, ran.err);
        for format in ["text", "markdown", "html", "github"] {
            let report = bed.run(&["report", "--format", format]).out;
            let said =
                if format == "github" { verdict.split(':').next().unwrap().to_lowercase() } else { verdict.into() };
            assert!(report.contains(&said), "{name}, {format}: {said} is not in {report}");
            assert!(
                verdict == "Merge as is" || !report.to_lowercase().contains("merge as is"),
                "{name}, {format}: {report}"
            );
        }
        let rounds = bed.run(&["rounds"]).out;
        assert!(rounds.contains(verdict), "{name}: {rounds}");
    }
}

#[test]
fn files_that_no_reviewer_names_are_not_clean_and_are_asked_about_again() {
    let bed = Bed::new();
    bed.repo.write("src/lib.rs", "pub fn two() -> u32 {\n    2\n}\n");
    bed.repo.commit("Add two");
    let mut some = answer(&[]);
    some["files_covered"] = json!(["b/src/main.rs"]);
    let bed = bed.agent("one", &some);
    let (code, document) = bed.review(&["--agent", "one"]);
    assert_eq!(
        (code, &document["verdict"], &document["complete"]),
        (3, &json!("no-verdict"), &json!(false)),
        "{document:#}"
    );
    let text = bed.run(&["report"]).out;
    assert!(text.contains("nobody looked at src/lib.rs"), "{text}");
    some["files_covered"] = json!([]);
    some["summary"] = json!("All read attempts failed.");
    bed.says("one", &some);
    let ran = bed.run(&["review", "--agent", "one", "--fresh"]);
    assert_eq!(ran.code, 2, "{}{}", ran.out, ran.err);
    assert!(ran.out.contains("could not read the change"), "{}", ran.out);
}

/// A severity in every shape and language decides the exit code; a word that nobody knows is never the lowest.
#[test]
fn no_shape_of_a_severity_passes_the_limit() {
    for (word, critical, important) in [
        ("**Critical**", 1, 1),
        ("[CRITICAL]", 1, 1),
        ("critical (crash)", 1, 1),
        ("P0", 1, 1),
        ("blocker", 1, 1),
        ("严重", 1, 1),
        ("kritisch", 1, 1),
        ("Severity: Critical", 1, 1),
        ("catastrophal-ish", 0, 1),
        ("important", 0, 1),
        ("**nit**", 0, 0),
        ("suggestion", 0, 0),
    ] {
        let bed = Bed::new().agent("one", &answer(&[finding(word, "It is wrong", (7, 7))]));
        let code = |limit: &str| bed.run(&["review", "--agent", "one", "--fail-on", limit]).code;
        assert_eq!((code("critical"), code("important")), (critical, important), "{word}");
    }
}

#[test]
fn what_nobody_could_look_at_is_in_the_verdicts_sentence() {
    let repo = || {
        let repo = Repo::with_topic(&[("src/main.rs", "fn main() {}\n")]);
        repo.write("src/main.rs", "fn main() {\n    first();\n}\n");
        repo
    };
    let never = "never_send = ['private']\n";
    let command = |bed: Bed| {
        let file = bed.repo.beside("said.json");
        std::fs::write(&file, answer(&[]).to_string()).unwrap();
        let script = format!("cat >/dev/null; cat {}", file.display());
        bed.raw(&format!("[agents.far]\nadapter = 'command'\ncommand = ['sh', '-c', '{script}']\n"))
    };
    type Row<'a> = (&'a str, &'a [u8], &'a [&'a str], i32, &'a str, &'a str);
    let cases: [Row<'_>; 4] = [
        ("private/key.rs", b"fn key() {}\n", &["far"], 0, "Merge as is", "1 file not looked at (never sent)"),
        ("logo.png", b"\x89PNG\x00\x00\x00", &["far"], 0, "Merge as is", "1 file not looked at (binary)"),
        ("Main.kt", b"fun main() {}\n", &["rules", "references"], 0, "No verdict: no model took part", ""),
        ("main.zig", b"pub fn main() void {}\n", &["rules"], 0, "No verdict: no model", "no built-in rule covers Zig"),
    ];
    for (path, text, agents, code, verdict, limit) in cases {
        if cfg!(windows) && agents == ["far"] {
            continue;
        }
        let repo = repo();
        repo.write(path, text);
        repo.commit("Change");
        let bed = command(Bed::of(repo).configured(never));
        let named: Vec<&str> = agents.iter().flat_map(|name| ["--agent", name]).collect();
        let ran = bed.run(&[&["review"], &named[..]].concat());
        assert_eq!(ran.code, code, "{path}: {}{}", ran.out, ran.err);
        for format in ["text", "markdown", "html"] {
            let report = bed.run(&["report", "--format", format]).out;
            let report = report.split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(report.contains(verdict) && report.contains(limit), "{format}: {verdict}; {limit}: {report}");
        }
    }
}

#[test]
fn what_is_doubtful_stands_apart_in_every_format() {
    let mut made_up = with_fix(
        finding("important", "The lock is never released", (7, 7)),
        "-    lock.release_all();\n+    drop(lock);\n",
    );
    made_up["places"][0]["quote"] = json!("    let guard = lock.acquire_forever();");
    let bed = Bed::new().agent("one", &answer(&[made_up, finding("suggestion", "Name it", (2, 2))]));
    bed.review(&[]);
    let report = |format: &str| bed.run(&["report", "--format", format]).out;
    let markdown = report("markdown");
    let (before, doubtful) = markdown.split_once("\n## Doubtful\n").expect("a section of its own");
    assert!(!before.contains("The lock is never released") && doubtful.contains("### I1. The lock"), "{markdown}");
    assert!(
        doubtful.contains("**Doubtful:** the quoted code is not in the file; its fix does not apply"),
        "{markdown}"
    );
    assert!(report("html").contains("<h2 id=\"h-doubtful\">Doubtful</h2>"));
    let text = report("text");
    let (_, doubtful) = text.split_once("Doubtful (they decide nothing)").expect("a part of its own");
    assert!(doubtful.contains("The lock is never released"), "{text}");
    let sarif: Value = serde_json::from_str(&report("sarif")).unwrap();
    let results = sarif["runs"][0]["results"].as_array().unwrap();
    let of = |title: &str| results.iter().find(|r| r["message"]["text"] == title).unwrap();
    let kind = |title: &str| (of(title)["kind"].clone(), of(title)["level"].clone());
    assert_eq!(kind("The lock is never released"), (json!("review"), json!("none")));
    assert_eq!(kind("Name it"), (Value::Null, json!("note")));
    assert!(report("rdjson").contains("\"INFO\"") && !report("rdjson").contains("\"WARNING\""));
    assert!(!report("junit").contains("<failure"));
    assert!(!report("github").contains("The lock is never released"), "it is posted to nobody");
}

#[test]
fn what_an_agent_said_is_in_the_report_with_its_round_also_when_others_are_asked_alone() {
    let words = |evidence: &str| {
        let mut cut = finding("important", CUT, (6, 6));
        cut["evidence"] = json!(evidence);
        answer(&[cut])
    };
    let mut one = words("main.rs:6, traced by one");
    one["observations"] = json!([{ "kind": "strength", "title": "Short", "body": "It is.", "places": [] }]);
    one["testing"] = json!("Nothing is tested, says one.");
    let mut two = words("main.rs:6, traced by two");
    two["testing"] = json!("There are no tests, says two.");
    let bed = Bed::new().agent("one", &one).agent("two", &two);
    let all = ["traced by one", "traced by two", "says one", "says two", "Short"];
    bed.review(&[]);
    let holds = |round: &str| {
        for format in ["markdown", "html"] {
            let report = bed.run(&["report", "--format", format]).out;
            let missing: Vec<&&str> = all.iter().filter(|words| !report.contains(**words)).collect();
            assert!(missing.is_empty(), "{round}, {format}: {missing:?} in {report}");
        }
    };
    holds("the first round");
    two["testing"] = json!("There are still no tests, says two.");
    bed.says("two", &two);
    bed.review(&["--agent", "two", "--fresh"]);
    holds("a round of two alone");
    let (markdown, text) = (bed.run(&["report", "--format", "markdown"]).out, bed.run(&["report"]).out);
    assert!(markdown.contains("*Said by ONE in round 1, and not answered about since.*"), "{markdown}");
    assert!(text.contains("ONE (round 1)"), "{text}");
}

#[test]
fn the_list_of_rounds_draws_what_they_come_to() {
    let bed = three();
    bed.review(&ALL);
    bed.run(&["apply", "--all"]);
    bed.review(&ALL);
    let folder = bed.repo.beside("pages");
    assert_eq!(bed.run(&["report", "--index", "-o", folder.to_str().unwrap()]).code, 0);
    let page = std::fs::read_to_string(folder.join("index.html")).unwrap();
    for title in [
        "Open findings by round",
        "New, and fixed since the round before",
        "Findings by agent",
        "Time by round and agent",
    ] {
        assert!(page.contains(&format!("<strong>{title}</strong>")), "{title}");
    }
    assert_eq!(page.matches("<svg").count(), page.matches("As a table").count());
    assert!(page.contains("<title>1, Critical: ") && page.contains("<title>2, Fixed or gone: "), "{page}");
    assert!(!page.contains(" style=\""), "the page's own style alone: no other is allowed");
}

#[cfg(unix)]
#[test]
fn a_killed_round_is_interrupted_everywhere() {
    for signal in [rustix::process::Signal::KILL, rustix::process::Signal::TERM] {
        killed_round(signal);
    }
}

#[cfg(unix)]
fn killed_round(signal: rustix::process::Signal) {
    let bed = Bed::new()
        .agent("quick", &answer(&[finding("suggestion", "Seen in time", (7, 7))]))
        .agent("slow", &playing(answer(&[]), &json!({ "hang": true })));
    let mut child = bed.command(&["review", "--agent", "quick", "--agent", "slow"]).spawn().unwrap();
    let begun = std::time::Instant::now();
    while !bed.run(&["report", "--format", "json"]).out.contains("Seen in time") {
        assert!(begun.elapsed().as_secs() < 60, "the quick agent's answer was never stored");
    }
    rustix::process::kill_process(rustix::process::Pid::from_child(&child), signal).unwrap();
    child.wait().unwrap();
    // Told to end, it says so itself; killed, the store is all that is left.
    let is_killed = signal == rustix::process::Signal::KILL;
    let unfinished = "No verdict: the round was not finished: SLOW had not answered; QUICK had";
    let why = if is_killed { unfinished } else { "No verdict: " };
    for args in [&["report"][..], &["rounds"], &["report", "--format", "markdown"], &["report", "--format", "html"]] {
        let said = bed.run(args).out;
        let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(said.contains(why) && !said.to_lowercase().contains("merge as is"), "{args:?}: {said}");
    }
}

#[test]
fn a_fix_that_somebody_made_is_seen_without_a_review_and_so_is_its_end() {
    let fix = "-    std::env::args().count() as u32\n+    42\n";
    let bed = Bed::new().agent(
        "one",
        &answer(&[
            with_fix(finding("important", CUT, (6, 6)), fix),
            with_fix(
                finding("important", "Say what is printed", (3, 3)),
                "-    println!(\"{n}\");\n+    println!(\"n = {n}\");\n",
            ),
        ]),
    );
    bed.review(&[]);
    let open = || {
        let document: Value = serde_json::from_str(&bed.run(&["report", "--format", "json"]).out).unwrap();
        let resolutions = document["decisions"]["resolutions"].as_object().cloned().unwrap_or_default();
        let fixed = resolutions.values().filter(|r| r["state"]["state"] == "fixed").count();
        (fixed, document["verdict"].as_str().unwrap().to_owned())
    };
    assert_eq!(open(), (0, "merge-with-fixes".into()));
    let one = AFTER.replace("std::env::args().count() as u32", "42");
    bed.repo.write("src/main.rs", &one);
    assert_eq!(open(), (1, "merge-with-fixes".into()));
    // The other one, on a line nearby, and new lines before both.
    bed.repo.write("src/main.rs", format!("// Counts.\n{}", one.replace("{n}", "n = {n}")));
    assert_eq!(open(), (2, "merge-as-is".into()));
    bed.repo.write("src/main.rs", AFTER);
    assert_eq!(open(), (0, "merge-with-fixes".into()));
    // Noted by apply, taken back by hand.
    assert_eq!(bed.run(&["apply", "--all"]).code, 0);
    assert_eq!(open(), (2, "merge-as-is".into()));
    bed.repo.write("src/main.rs", AFTER);
    assert_eq!(open(), (0, "merge-with-fixes".into()));
}

#[test]
fn evidence_that_does_not_hold_makes_a_finding_doubtful_and_decides_nothing() {
    let mut made_up = with_fix(
        finding("important", "The lock is never released", (7, 7)),
        "-    lock.release_all();\n+    drop(lock);\n",
    );
    made_up["places"][0]["quote"] = json!("    let guard = lock.acquire_forever();");
    let bed = Bed::new().agent("one", &answer(&[made_up]));
    let (code, document) = bed.review(&["--fail-on", "important"]);
    assert_eq!((code, &document["verdict"]), (0, &json!("merge-as-is")), "{document:#}");
    let doubts = &document["round"]["findings"][0]["doubts"];
    assert_eq!(*doubts, json!(["quote-missing", "fix-refused", "low-confidence"]), "{document:#}");
}

#[test]
fn paths_that_agents_write_in_their_own_way_are_placed() {
    for path in ["/tmp/copy-of-it/src/main.rs", "b/src/main.rs", "src\\main.rs", "main.rs", "C:\\repo\\src\\main.rs"] {
        let mut at = finding("important", "It is wrong", (7, 7));
        at["places"][0]["path"] = json!(path);
        let bed = Bed::new().agent("one", &answer(&[at]));
        let (_, document) = bed.review(&[]);
        let anchor = &document["round"]["findings"][0]["anchors"][0];
        assert_eq!((&anchor["path"], &anchor["lines"]["start"]), (&json!("src/main.rs"), &json!(7)), "{path}");
    }
}

#[test]
fn an_output_file_is_a_document_also_where_nothing_differs() {
    let bed = Bed::of(Repo::with_topic(&[("a.rs", "fn a() {}\n")])).agent("one", &answer(&[]));
    for format in ["json", "sarif", "rdjson", "markdown", "html", "github", "text"] {
        let file = bed.repo.beside("out");
        std::fs::write(&file, "old").unwrap();
        let ran = bed.run(&["review", "--format", format, "-o", file.to_str().unwrap()]);
        assert_eq!((ran.code, ran.out.as_str()), (0, ""), "{format}: {}", ran.err);
        let written = std::fs::read_to_string(&file).unwrap();
        assert!(!written.is_empty() && written != "old", "{format}");
        if ["json", "sarif", "rdjson", "github"].contains(&format) {
            serde_json::from_str::<Value>(&written).unwrap_or_else(|e| panic!("{format}: {e}: {written}"));
        }
    }
    assert!(!bed.repo.path().join(".git/deep-review/branches").exists(), "nothing is stored for nothing");
}

#[test]
fn what_was_written_is_said_with_who_failed_and_the_verdict() {
    let failure = json!({ "fail": { "kind": "rate-limited", "message": "asked too often" } });
    let bed = Bed::new().agent("one", &answer(&[])).agent("two", &playing(answer(&[]), &failure));
    let file = bed.repo.beside("out.md");
    let ran = bed.run(&["review", "--format", "markdown", "-o", file.to_str().unwrap()]);
    assert_eq!((ran.code, ran.out.as_str()), (3, ""));
    for said in ["out.md", "TWO gave no full review: asked too often", "Verdict: No verdict: TWO failed"] {
        assert!(ran.err.contains(said), "{said}: {}", ran.err);
    }
}

/// An agent of the Agent Client Protocol that says its whole answer and ends before the turn does.
#[cfg(unix)]
#[test]
fn a_whole_answer_counts_in_a_conversation_that_breaks_off() {
    let bed = Bed::new();
    let (said, script) = (bed.repo.beside("said.txt"), bed.repo.beside("acp.sh"));
    let text = answer(&[finding("important", "It is wrong", (7, 7))]).to_string();
    let update = json!({ "sessionUpdate": "agent_message_chunk", "content": { "type": "text", "text": text } });
    let chunk =
        json!({ "jsonrpc": "2.0", "method": "session/update", "params": { "sessionId": "s", "update": update } });
    std::fs::write(&said, format!("{chunk}\n")).unwrap();
    let lines = "read l; echo '{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"protocolVersion\":1}}'\n\
                 read l; echo '{\"jsonrpc\":\"2.0\",\"id\":2,\"result\":{\"sessionId\":\"s\"}}'\n";
    std::fs::write(&script, format!("{lines}read l; cat {}; exit 1\n", said.display())).unwrap();
    let agent = format!("[agents.talks]\nadapter = 'acp'\nretries = 0\ncommand = ['sh', '{}']\n", script.display());
    let bed = bed.raw(&agent);
    let ran = bed.run(&["review", "--agent", "talks"]);
    assert_eq!(ran.code, 3, "{}{}", ran.out, ran.err);
    assert!(ran.out.contains("It is wrong") && ran.out.contains("exit code 1"), "{}", ran.out);
}

#[cfg(unix)]
#[test]
fn an_answer_counts_however_its_program_ends_and_an_echo_is_none() {
    let bed = Bed::new();
    let file = bed.repo.beside("said.json");
    std::fs::write(&file, answer(&[finding("important", "It is wrong", (7, 7))]).to_string()).unwrap();
    for (script, code, said) in [
        (format!("cat >/dev/null; cat {}; exit 1", file.display()), 3, &["It is wrong", "exit"][..]),
        ("cat".to_owned(), 2, &["printed its prompt back"]),
        (format!("cat; cat {}", file.display()), 0, &["It is wrong"]),
        ("cat >/dev/null; echo \"<think>{findings: []\"".to_owned(), 2, &["still thinking"]),
        ("cat >/dev/null; echo {}".to_owned(), 2, &["not a review"]),
        ("cat >/dev/null; echo I could not read the files.".to_owned(), 2, &["could not read the change"]),
    ] {
        let agent = format!("[agents.said]\nadapter = 'command'\ncommand = ['sh', '-c', '{script}']\n");
        let bed = Bed::new().raw(&agent);
        let ran = bed.run(&["review", "--agent", "said"]);
        assert_eq!(ran.code, code, "{script}: {}{}", ran.out, ran.err);
        assert!(said.iter().all(|said| ran.out.contains(said)), "{script}: {}", ran.out);
    }
}
