//! `deep-review fix` and `ask`, with recorded agents and with programs that edit the copy; with checks that are run.

use super::bed::{AFTER, Bed, Ran, answer, finding};
use serde_json::{Value, json};

const DIFF: &str = "--- a/src/main.rs\n+++ b/src/main.rs\n@@ -6,3 +6,3 @@\n fn first() -> u32 {\n-    std::env::args().count() as u32\n+    std::env::args().count().try_into().unwrap_or(u32::MAX)\n }\n";

fn fixed() -> String {
    AFTER.replace("count() as u32", "count().try_into().unwrap_or(u32::MAX)")
}

/// What an agent answers that raises one finding and mends it by `diff`.
fn mends(diff: &str) -> Value {
    let mut answer = answer(&[finding("critical", "The count is cut off at four billion", (7, 7))]);
    answer["answers"] = json!({
        "fix": { "summary": "Convert with a limit", "diff": diff, "files": [] },
        "ask": { "answer": "Only with more than four billion arguments." },
    });
    answer
}

fn judges(gone: bool) -> Value {
    let mut answer = answer(&[]);
    answer["answers"] = json!({ "judge": { "gone": gone, "reason": "I looked at it", "new": [] } });
    answer
}

/// A branch that was reviewed, under these lines of `[fix]`.
fn bed(fix: &str, diff: &str) -> Bed {
    let bed = Bed::new().configured(&format!("[fix]\n{fix}\n")).agent("one", &mends(diff)).agent("two", &judges(true));
    assert_eq!(bed.review(&["--agent", "one"]).0, 0);
    bed
}

fn says(ran: &Ran, words: &[&str]) {
    for word in words {
        assert!(ran.out.contains(word) || ran.err.contains(word), "{word}: {}{}", ran.out, ran.err);
    }
}

#[test]
fn nothing_is_written_without_a_yes_and_then_it_is_fixed() {
    let bed = bed("check = 'grep -q main src/main.rs'", DIFF);
    let ran = bed.run(&["fix", "C1"]);
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    says(
        &ran,
        &[
            "proven    C1",
            "by ONE: Convert with a limit",
            "+ placed",
            "+ parses",
            "+ `grep -q main src/main.rs` passes",
            "+ TWO agrees",
            "+    std::env::args().count().try_into()",
            "Nothing was written",
        ],
    );
    assert_eq!(bed.repo.read("src/main.rs"), AFTER);
    let json: Value = serde_json::from_str(&bed.run(&["fix", "C1", "--json"]).out).unwrap();
    assert_eq!(json[0]["calls"].as_array().unwrap().len(), 2, "what was proven is not asked for again: {json}");
    let report = bed.run(&["report", "--format", "markdown"]).out;
    assert!(
        report.contains("A fix by ONE is proven: placed, parses, `grep -q main src/main.rs` passes, TWO agrees"),
        "{report}"
    );
    let ran = bed.run(&["fix", "C1", "--yes"]);
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    assert_eq!(bed.repo.read("src/main.rs"), fixed());
    assert!(bed.run(&["verify", "C1"]).out.contains("a fix of it is in the file"));
    assert_eq!(bed.run(&["fix", "--all"]).out, "No open finding is to be fixed.\n");
    assert_eq!(bed.run(&["undo"]).code, 0);
    assert_eq!(bed.repo.read("src/main.rs"), AFTER);
    // It is a fix like any other by now.
    assert_eq!(bed.run(&["apply", "C1"]).code, 0);
    assert_eq!(bed.repo.read("src/main.rs"), fixed());
}

#[test]
fn a_check_says_what_it_shows_and_is_never_waited_for() {
    let breaks = "! grep -q try_into src/main.rs";
    for (check, code, expected) in [
        ("true", 0, "+ `true` passes"),
        (breaks, 2, "x `! grep -q try_into src/main.rs` fails"),
        ("echo error 1; exit 1", 0, "- `echo error 1; exit 1` fails with it as it does without it"),
        (
            "cat src/main.rs | sed s/^/error:/; exit 1",
            2,
            "failed before, and fails anew with it: error:    std::env::args().count().try_into()",
        ),
        ("sleep 600", 2, "x `sleep 600` was not done after 1 s"),
        ("(sleep 600 &) ; sleep 600", 2, "was not done after 1 s"),
        ("echo >> src/main.rs", 2, "changes src/main.rs itself"),
        ("kill -9 $$", 2, "was killed by signal 9"),
        ("test ! -e .git && test -f src/main.rs && touch new-file", 0, "passes"),
        ("yes | head -c 100000; exit 3", 0, "fails with it as it does without it"),
    ] {
        let bed = bed(&format!("check_seconds = 1\ntries = 1\ncheck = '{check}'"), DIFF);
        let ran = bed.run(&["fix", "C1"]);
        assert_eq!(ran.code, code, "{check}: {}{}", ran.out, ran.err);
        says(&ran, &[expected]);
        assert_eq!(bed.repo.read("src/main.rs"), AFTER);
        assert!(!bed.repo.path().join("new-file").exists());
    }
    let by_file = "[[fix.checks]]\npaths = ['*.py']\nrun = 'false'\n[[fix.checks]]\npaths = ['*.rs']\nrun = 'true'";
    let ran = bed(by_file, DIFF).run(&["fix", "C1"]);
    says(&ran, &["+ `true` passes"]);
    let ran = bed("", DIFF).run(&["fix", "C1", "--check", "test -f src/main.rs"]);
    says(&ran, &["+ `test -f src/main.rs` passes"]);
    // A repository does not say what runs.
    let bed = bed("", DIFF);
    bed.repo.git(&["checkout", "-q", "main"]);
    bed.repo.write(".deep-review.toml", "[fix]\ncheck = 'touch /tmp/never'\n");
    bed.repo.commit("Run something");
    bed.repo.git(&["checkout", "-q", "topic"]);
    bed.repo.git(&["rebase", "-q", "main"]);
    let ran = bed.run(&["fix", "C1"]);
    assert_eq!(ran.code, 2);
    says(&ran, &["unknown field `fix`"]);
}

#[test]
fn each_fix_is_a_commit_of_its_own_files() {
    let bed = bed("", DIFF);
    bed.repo.write("other.txt", "mine\n");
    bed.repo.git(&["add", "other.txt"]);
    let ran = bed.run(&["fix", "--all", "--yes", "--commit-each"]);
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    assert_eq!(
        bed.repo.git(&["show", "--name-only", "--format=%s", "HEAD"]),
        "Fix: The count is cut off at four billion\n\nsrc/main.rs"
    );
    assert_eq!(bed.repo.git(&["status", "--porcelain"]), "A  other.txt");
    assert_eq!(bed.repo.read("src/main.rs"), fixed());
}

#[test]
fn what_is_changed_and_not_committed_is_not_taken_along() {
    let bed = bed("", DIFF);
    bed.repo.write("src/main.rs", format!("{AFTER}\n// mine\n"));
    let ran = bed.run(&["fix", "C1", "--yes", "--commit"]);
    assert_eq!(ran.code, 2, "{}{}", ran.out, ran.err);
    says(&ran, &["src/main.rs has changes that are not committed"]);
    assert_eq!(bed.repo.read("src/main.rs"), format!("{AFTER}\n// mine\n"));
}

#[cfg(unix)]
#[test]
fn a_program_edits_the_copy_and_nothing_else() {
    use std::os::unix::fs::PermissionsExt as _;
    let script = "#!/bin/sh\ncat > /dev/null\nsed -i 's/count() as u32/count().try_into().unwrap_or(u32::MAX)/' src/main.rs\npwd > where\nmkdir -p target; echo x > target/y\necho '{\"summary\": \"Done\", \"diff\": \"\", \"files\": [{\"path\": \"where\", \"reason\": \"to say it\"}]}'\n";
    let bed = bed("", "");
    let program = bed.repo.beside("editor.sh");
    std::fs::write(&program, script).unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    let bed = bed.raw(&format!("[agents.editor]\nadapter = 'command'\ncommand = ['{}']\n", program.display()));
    bed.repo.write(".gitignore", "target/\n");
    let ran = bed.run(&["fix", "C1", "--agent", "editor", "--yes"]);
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    assert_eq!(bed.repo.read("src/main.rs"), fixed());
    let copy = bed.repo.read("where");
    assert!(copy.contains("deep-review-") && !std::path::Path::new(copy.trim()).exists(), "{copy}");
    assert!(!bed.repo.path().join("target").exists());
}

#[cfg(unix)]
#[test]
fn an_agent_of_the_client_protocol_writes_through_us_into_the_copy_and_nowhere_else() {
    // It reads the file through us, writes outside, through a link and into git, and then what it was asked for.
    let script = r#"next() { read -r line; }
say() { printf '%s\n' "$1"; }
next; say '{"jsonrpc":"2.0","id":1,"result":{"protocolVersion":1,"agentCapabilities":{}}}'
next; copy=$(printf %s "$line" | sed 's/.*"cwd":"\([^"]*\)".*/\1/')
say '{"jsonrpc":"2.0","id":2,"result":{"sessionId":"s"}}'
next
say '{"jsonrpc":"2.0","id":20,"method":"fs/read_text_file","params":{"sessionId":"s","path":"'"$copy"'/src/main.rs"}}'
next; text=$(printf %s "$line" | sed 's/.*"content":"\(.*\)".*/\1/')
case $text in *'as u32'*) ;; *) exit 9 ;; esac
for place in ../outside.rs OUTSIDE .git/hooks/pre-commit; do
    case $place in /*) ;; *) place=$copy/$place ;; esac
    say '{"jsonrpc":"2.0","id":21,"method":"fs/write_text_file","params":{"sessionId":"s","path":"'"$place"'","content":"x"}}'
    next; case $line in *'"error"'*) ;; *) exit 10 ;; esac
done
fixed=$(printf %s "$text" | sed 's/count() as u32/count().try_into().unwrap_or(u32::MAX)/')
say '{"jsonrpc":"2.0","id":22,"method":"fs/write_text_file","params":{"sessionId":"s","path":"'"$copy"'/src/main.rs","content":"'"$fixed"'"}}'
next; case $line in *'"error"'*) exit 11 ;; esac
say '{"jsonrpc":"2.0","method":"session/update","params":{"sessionId":"s","update":{"sessionUpdate":"agent_message_chunk","content":{"type":"text","text":"{\"summary\": \"Converted\", \"diff\": \"\", \"files\": []}"}}}}'
say '{"jsonrpc":"2.0","id":4,"result":{"stopReason":"end_turn"}}'"#;
    let bed = bed("", "");
    let outside = bed.repo.beside("outside.rs");
    installed(&bed, "acp", &script.replace("OUTSIDE", &outside.display().to_string()));
    let program = bed.repo.beside("bin/acp");
    let bed = bed.raw(&format!("[agents.writer]\nadapter = 'acp'\ncommand = ['{}']\n", program.display()));
    let ran = bed.run(&["fix", "C1", "--agent", "writer", "--yes"]);
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    says(&ran, &["Converted", "+ placed", "+ TWO agrees"]);
    assert_eq!(bed.repo.read("src/main.rs"), fixed());
    assert!(!outside.exists() && !bed.repo.path().join(".git/hooks/pre-commit").exists());
}

/// A program in a folder of the path that is `name`, and does this.
#[cfg(unix)]
fn installed(bed: &Bed, name: &str, script: &str) -> String {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = bed.repo.beside("bin");
    std::fs::create_dir_all(&folder).unwrap();
    let program = folder.join(name);
    std::fs::write(&program, format!("#!/bin/sh\n{script}\n")).unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    format!("{}:/usr/bin:/bin", folder.display())
}

#[cfg(unix)]
#[test]
fn a_file_that_its_formatter_would_leave_as_it_is_stays_one() {
    let loose = DIFF.replace("u32::MAX)", "u32::MAX)  ");
    let strip = "sed 's/ *$//'";
    for (script, shown, after) in [
        (strip, "+ as rustfmt formats it", fixed()),
        ("cat; echo", "- src/main.rs was not as rustfmt formats it", fixed().replace("MAX)", "MAX)  ")),
        ("exit 1", "- rustfmt cannot format src/main.rs", fixed().replace("MAX)", "MAX)  ")),
        ("cat > /dev/null", "- rustfmt cannot format src/main.rs", fixed().replace("MAX)", "MAX)  ")),
    ] {
        let bed = bed("", &loose);
        let path = installed(&bed, "rustfmt", script);
        let out = bed.command(&["fix", "C1", "--yes"]).env("PATH", path).output().unwrap();
        let said = String::from_utf8_lossy(&out.stdout).into_owned();
        assert!(said.contains(shown), "{script}: {said}");
        assert_eq!(bed.repo.read("src/main.rs"), after, "{script}");
    }
    let bed = bed("format = false", &loose);
    let path = installed(&bed, "rustfmt", strip);
    let out = bed.command(&["fix", "C1"]).env("PATH", path).output().unwrap();
    assert!(!String::from_utf8_lossy(&out.stdout).contains("rustfmt"));
}

#[cfg(unix)]
#[test]
fn fixes_go_on_until_it_is_clean_and_nothing_is_written_without_a_yes() {
    // A program that reviews what it finds, and mends what it raised.
    let script = r#"prompt=$(cat)
case "$prompt" in
*'Somebody mended a finding'*) echo '{"gone": true, "reason": "it is gone", "new": []}' ;;
*'You mend one finding'*)
    if grep -q 'as u32' src/main.rs; then sed -i 's/count() as u32/count().try_into().unwrap_or(u32::MAX)/' src/main.rs
    else sed -i 's/{n}/{n:>4}/' src/main.rs; fi
    echo '{"summary": "Done", "diff": "", "files": []}' ;;
*)
    finding=''
    place() { echo '{"severity": "important", "title": "'"$1"'", "body": "It is.", "evidence": "", "classification": "regression", "places": [{"path": "src/main.rs", "start_line": '"$2"', "end_line": '"$2"', "quote": ""}], "symbol": "", "fixes": []}'; }
    if grep -q 'as u32' src/main.rs; then finding=$(place 'The count is cut off' 7)
    elif grep -q '"{n}"' src/main.rs; then finding=$(place 'Columns of the output do not line up' 3); fi
    echo '{"summary": "", "findings": ['"$finding"'], "observations": [], "testing": "", "untested": [], "documentation": "", "commit_structure": "", "limitations": [], "covered": []}' ;;
esac"#;
    let bed = Bed::new();
    installed(&bed, "worker", script);
    let program = bed.repo.beside("bin/worker");
    let bed = bed.raw(&format!("[agents.worker]\nadapter = 'command'\ncommand = ['{}']\n", program.display()));
    assert_eq!(bed.review(&["--agent", "worker"]).0, 0);
    let until = ["fix", "--all", "--until", "clean"];
    let ran = bed.run(&[&until[..], &["--rounds", "1"]].concat());
    assert_eq!(ran.code, 3, "{}{}", ran.out, ran.err);
    says(&ran, &["Columns of the output do not line up (Important): it was not tried", "no more rounds were allowed"]);
    assert_eq!(bed.repo.read("src/main.rs"), AFTER);
    let ran = bed.run(&until);
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    says(&ran, &["2 fixed, 0 left, 2 rounds: it is clean.", "+    println!(\"{n:>4}\");", "Nothing was written"]);
    assert_eq!(ran.out.matches("--- a/src/main.rs").count(), 1, "one diff: {}", ran.out);
    assert_eq!(bed.repo.read("src/main.rs"), AFTER);
    assert_eq!(bed.run(&["rounds"]).out.lines().count(), 1, "the rounds of the copy are nobody's");
    let ran = bed.run(&[&until[..], &["--yes", "--commit-each"]].concat());
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    assert_eq!(
        bed.repo.git(&["log", "-2", "--format=%s"]),
        "Fix: Columns of the output do not line up\nFix: The count is cut off"
    );
    assert_eq!(bed.repo.read("src/main.rs"), fixed().replace("{n}", "{n:>4}"));
    let json: Value = serde_json::from_str(&bed.run(&[&until[..], &["--json"]].concat()).out).unwrap();
    assert_eq!((&json["ended"], &json["rounds"]), (&json!("clean"), &json!(0)), "{json}");
}

#[cfg(unix)]
#[test]
fn an_interrupted_fix_leaves_nothing_behind() {
    use std::io::{BufRead as _, BufReader};
    use std::process::Stdio;
    let bed = bed("check = 'sleep 601 & sleep 602'", DIFF);
    let tmp = bed.repo.beside("tmp");
    std::fs::create_dir(&tmp).unwrap();
    let mut child = bed
        .command(&["fix", "C1", "--yes"])
        .env("TMPDIR", &tmp)
        .stderr(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
    lines.find(|line| line.contains("runs sleep 601")).expect("the check is run");
    std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    let rest: Vec<String> = lines.collect();
    assert!(!child.wait().unwrap().success(), "{rest:?}");
    assert_eq!(bed.repo.read("src/main.rs"), AFTER);
    let left: Vec<_> = std::fs::read_dir(&tmp).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(left.is_empty(), "{left:?}");
    let processes = std::process::Command::new("ps").args(["-eo", "args"]).output().unwrap();
    let processes = String::from_utf8_lossy(&processes.stdout).into_owned();
    assert!(!processes.lines().any(|line| line.trim() == "sleep 601" || line.trim() == "sleep 602"), "{processes}");
}

#[test]
fn a_question_is_answered_kept_and_shown() {
    let bed = bed("", DIFF);
    let ran = bed.run(&["ask", "C1", "when", "does it happen?"]);
    assert_eq!((ran.code, ran.out.as_str()), (0, "Only with more than four billion arguments.\n"), "{}", ran.err);
    let report = bed.run(&["report", "--format", "markdown"]).out;
    assert!(
        report.contains("Asked: when does it happen?") && report.contains("Only with more than four billion"),
        "{report}"
    );
    assert!(bed.run(&["report", "--format", "html"]).out.contains("when does it happen?"));
    let json: Value = serde_json::from_str(&bed.run(&["report", "--format", "json"]).out).unwrap();
    assert_eq!(json["round"]["calls"][0]["to"], "ask", "{:#}", json["round"]["calls"]);
    bed.says("one", &answer(&[]));
    assert_ne!(bed.run(&["ask", "C1", "and now?"]).code, 0);
    let json: Value = serde_json::from_str(&bed.run(&["report", "--format", "json"]).out).unwrap();
    let failed = &json["round"]["calls"][1];
    assert!(failed["about"] == "C1" && failed["failed"].is_string(), "a call that fails is on record: {failed:#}");
    bed.says("one", &mends(DIFF));
    for (args, code, word) in [
        (&["ask", "C9", "?"][..], 2, "no finding 'C9'"),
        (&["ask", "C1", " "], 2, "the question is empty"),
        (&["ask", "C1", "?", "--agent", "rules"], 2, "none of the agents answers questions"),
        (&["fix", "C1", "--agent", "nobody"], 2, "there is no agent 'nobody'"),
        (&["fix", "C1", "--agent", "rules"], 2, "'rules' cannot mend a finding"),
        (&["fix"], 2, "required"),
    ] {
        let ran = bed.run(args);
        assert_eq!(ran.code, code, "{args:?}: {}{}", ran.out, ran.err);
        says(&ran, &[word]);
    }
}
