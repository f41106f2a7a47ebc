//! What a round costs, what it would send, and what it need not ask again: through the real binary.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use super::crew::{Crew, Does, arguments, part, says};
use crate::cli::bed::{Bed, answer, finding as remark};
use serde_json::{Value, json};
use std::fs;
use std::process::Stdio;
use test_repo::Repo;

/// A branch with two changed files.
fn bed() -> Bed {
    let repo = Repo::with_topic(&[("src/main.rs", "fn main() {}\n")]);
    repo.write("src/main.rs", "fn main() {\n    first();\n}\n");
    repo.write("src/other.rs", "pub fn other() {\n    let password = \"hunter2hunter2\";\n}\n");
    repo.commit("Add");
    Bed::of(repo)
}

fn in_file(mut finding: Value, path: &str) -> Value {
    finding["places"][0]["path"] = json!(path);
    finding
}

fn two_findings() -> Value {
    answer(&[
        remark("important", "It is called and not there", (2, 2)),
        in_file(remark("critical", "A password is in the code", (2, 2)), "src/other.rs"),
    ])
}

#[test]
fn a_dry_run_prints_what_would_be_sent_and_starts_nothing() {
    let mark = tempfile::tempdir().unwrap();
    let leaves = format!("touch {}/started", mark.path().display());
    let crew = Crew::of(bed()).with("a", &Does { review: leaves, ..Does::default() }, "price = [3.0, 15.0]");
    let dry = crew.run(&["a", "references"], &["--dry-run"]);
    assert_eq!((dry.code, crew.calls("a").len()), (0, 0));
    assert!(!mark.path().join("started").exists());
    assert!(!crew.bed.repo.path().join(".git/deep-review/branches").exists(), "nothing is stored");
    assert!(dry.out.contains("=== a (A): about ") && dry.out.contains(" tokens, $0."), "{}", dry.out);
    assert!(dry.out.contains("(References): nothing") || dry.out.contains("references ("), "{}", dry.out);
    assert!(dry.out.contains("MASKED_SECRET_") && !dry.out.contains("hunter2"), "{}", dry.out);

    // What is sent then is that, but for the folder's name and the masks, which are made anew each time.
    crew.run(&["a"], &[]);
    let sent = &crew.calls("a")[0];
    let folder = sent.split_once("after the change is in ").unwrap().1.split_once(", to read only").unwrap().0;
    let shown = dry.out.split_once(" bytes\n").unwrap().1.split_once("\n--- end").unwrap().0;
    let shown = shown.split_once('\n').unwrap().1;
    let plain = |text: &str| {
        let masks = regex_lite(text, "MASKED_SECRET_", 8);
        let fence = masks.lines().find_map(|l| l.strip_suffix(" BEGIN diff")).unwrap().to_owned();
        masks.replace(&fence, "#")
    };
    assert_eq!(plain(shown).trim_end(), plain(&sent.replace(folder, "(checkout)")).trim_end());
}

/// `text` with the `digits` characters after each `word` taken out.
fn regex_lite(text: &str, word: &str, digits: usize) -> String {
    let mut parts = text.split(word);
    let first = parts.next().unwrap().to_owned();
    parts.fold(first, |out, part| out + word + &part.chars().skip(digits).collect::<String>())
}

#[test]
fn a_round_stays_within_its_budget_and_says_what_it_did_not_ask() {
    let does = Does::review(&two_findings());
    let crew = Crew::of(bed()).with("a", &does, "price = [3.0, 15.0]").with("b", &does, "price = [3.0, 15.0]");
    let (code, round, err) = crew.review(&["a", "b"], &["--max-tokens", "9000"]);
    assert_eq!((code, crew.calls("a").len(), crew.calls("b").len()), (3, 1, 0));
    let failure = &part(&round, "b")["outcome"]["failure"];
    assert_eq!(failure["kind"], "budget-reached");
    let message = failure["message"].as_str().unwrap();
    assert!(message.starts_with("it was not asked: its ") && message.ends_with(" of 9000 tokens"), "{message}");
    assert!(err.contains("Expected: about ") && err.contains("$0."), "{err}");
    let (code, round, _) = crew.review(&["a", "b"], &["--max-cost", "0.0001", "--fresh"]);
    assert_eq!((code, crew.calls("a").len(), crew.calls("b").len()), (2, 1, 0), "{round}");
    assert_eq!(part(&round, "a")["outcome"]["failure"]["kind"], "budget-reached");
    let (code, ..) = crew.review(&["a", "b"], &["--max-cost", "10", "--fresh"]);
    assert_eq!((code, crew.calls("b").len()), (0, 1));
}

#[test]
fn no_more_agents_work_at_once_than_allowed() {
    let folder = tempfile::tempdir().unwrap();
    let lock = folder.path().join("lock");
    // Whoever comes while another works finds the lock. The work is to start some programs.
    let work = "for n in 1 2 3 4 5 6 7 8 9 10 11 12; do cat $prompt >$prompt.read; rm $prompt.read; done";
    let review = format!("mkdir {0} || exit 7\n{work}\nrmdir {0}\n{1}", lock.display(), says(&two_findings()));
    let does = Does { review, ..Does::default() };
    let crew = ["a", "b", "c"].iter().fold(Crew::of(bed()), |crew, name| crew.with(name, &does, ""));
    let (code, round, _) = crew.configured("parallel = 1\n").review(&["a", "b", "c"], &[]);
    assert_eq!(code, 0, "{round}");
}

#[test]
fn a_second_round_asks_only_about_what_changed() {
    let crew = Crew::of(bed()).with("a", &Does::review(&two_findings()), "");
    let (_, first, _) = crew.review(&["a"], &[]);
    assert_eq!(first["findings"].as_array().unwrap().len(), 2);

    // Nothing changed: nobody is asked, and everything stands.
    let (code, again, _) = crew.review(&["a"], &[]);
    assert_eq!((code, crew.calls("a").len()), (0, 1));
    assert_eq!(again["findings"].as_array().unwrap().len(), 2);
    assert!(part(&again, "a")["notes"].to_string().contains("nothing changed since round 1"), "{again}");
    assert_eq!(again["coverage"]["reviewed"].as_array().unwrap().len(), 2);

    // One file is mended. The program answers as before: what it says of the other file is not asked for, and counts once.
    crew.bed.repo.write("src/main.rs", "fn main() {}\n\nfn first() {}\n");
    let (code, third, _) = crew.review(&["a"], &[]);
    let calls = crew.calls("a");
    assert_eq!((code, calls.len()), (0, 2));
    assert!(calls[0].contains("+fn first") || calls[0].contains("pub fn other"));
    assert!(calls[1].contains("|+fn first() {}") && !calls[1].contains("|+pub fn other() {"), "{}", calls[1]);
    assert!(calls[1].contains("# Reviewed before") && calls[1].contains("- src/other.rs"), "{}", calls[1]);
    let dearest = |prompt: &str| prompt.split_once(" BEGIN diff\n").unwrap().1.split_once(" END").unwrap().0.len();
    assert!(dearest(&calls[1]) < dearest(&calls[0]));
    let titles: Vec<&str> =
        third["findings"].as_array().unwrap().iter().map(|f| f["title"].as_str().unwrap()).collect();
    assert!(titles.contains(&"A password is in the code"), "{titles:?}");

    let (_, _, _) = crew.review(&["a"], &["--fresh"]);
    let calls = crew.calls("a");
    assert!(calls.len() == 3 && calls[2].contains("|+pub fn other() {"));
}

#[test]
fn another_model_or_another_prompt_is_asked_anew() {
    let does = Does::review(&two_findings());
    let crew = Crew::of(bed()).with("a", &does, "");
    crew.review(&["a"], &[]);
    let prompts = tempfile::tempdir().unwrap();
    fs::write(prompts.path().join("review.md"), "Ours. {{ diff }} {{ schema }}").unwrap();
    let crew = crew.configured(&format!("prompts = '{}'\n", prompts.path().display()));
    let (_, round, _) = crew.review(&["a"], &[]);
    let calls = crew.calls("a");
    assert!(calls.len() == 2 && calls[1].starts_with("Ours. "), "{}", calls.len());
    assert!(part(&round, "a")["prompt"].as_str().unwrap().starts_with("6+"), "{round}");
}

#[test]
fn prompts_that_cannot_be_read_and_secrets_that_need_no_mask() {
    let crew = Crew::of(bed()).with("a", &Does::review(&two_findings()), "").configured("mask_secrets = false\n");
    crew.review(&["a"], &[]);
    assert!(crew.calls("a")[0].contains("hunter2hunter2"));
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("review.md")).unwrap();
    let crew = crew.configured(&format!("prompts = '{}'\n", folder.path().display()));
    let ran = crew.run(&["a"], &["--fresh"]);
    assert!(ran.code == 2 && ran.err.contains("failed to read the prompt"), "{}", ran.err);
    // A repository cannot say any of this.
    for line in ["mask_secrets = false", "prompts = '/tmp'", "trusted = ['/']", "verify = 'cross'", "max_tokens = 1"] {
        let repo = Repo::with_topic(&[(".deep-review.toml", line), ("a", "1\n")]);
        repo.write("a", "2\n");
        let ran = Bed::of(repo).run(&["review", "--agent", "references"]);
        assert!(ran.code == 2 && ran.err.contains("unknown field"), "{line}: {}", ran.err);
    }
}

#[test]
fn nothing_of_a_file_that_is_never_sent_leaves_in_any_prompt() {
    // Its text, its convention file, what a local checker quotes of it, and its text under another name.
    let body = |word: &str| format!("// {word}\nfn other() {{\n    let x = 1;\n    let y = 2;\n    join(x, y);\n}}\n");
    let repo = Repo::with_topic(&[
        ("src/main.rs", "fn main() {}\n"),
        ("private/old.rs", &body("hidden_word")),
        ("AGENTS.md", "Use tabs. hidden_word\n"),
        (".deep-review.toml", "never_send = ['private', 'AGENTS.md']\n"),
    ]);
    repo.write("src/main.rs", "fn main() {\n    first();\n}\n");
    repo.write("private/key.rs", "const KEY: &str = \"hidden_word\";\n");
    repo.git(&["mv", "private/old.rs", "src/new.rs"]);
    repo.write("src/new.rs", body("open"));
    repo.commit("Add");
    let mut local = in_file(remark("critical", "It says hidden_word", (1, 1)), "private/key.rs");
    local["places"][0]["quote"] = json!("const KEY: &str = \"hidden_word\";");
    let other = Does {
        verify: says(&json!({"verdicts": []})),
        lead: says(&json!({"summary": "It is fine.", "settled": []})),
        ..Does::review(&answer(&[]))
    };
    let bed = Bed::of(repo).agent("local", &answer(&[local, remark("important", "It is called", (2, 2))]));
    let crew = Crew::of(bed).with("b", &other, "").configured("verify = 'lead'\nlead = 'b'\n");
    let dry = crew.run(&["local", "b"], &["--dry-run"]);
    assert!(dry.out.contains("+    first();") && !dry.out.contains("hidden_word"), "{}", dry.out);
    let (_, round, _) = crew.review(&["local", "b"], &[]);
    assert_eq!(round["findings"].as_array().unwrap().len(), 2);
    // A second round names what is open, and what was declined.
    let declined = round["findings"][0]["id"].as_str().unwrap().to_owned();
    crew.bed.run(&["dismiss", &declined, "--reason", "as it is meant"]);
    crew.review(&["local", "b"], &["--fresh"]);
    let calls = crew.calls("b");
    assert!(calls.len() >= 5, "two reviews, a check and two summaries: {}", calls.len());
    for prompt in &calls {
        assert!(!prompt.contains("hidden_word"), "{prompt}");
    }
    let left_out = round["coverage"].to_string();
    assert!(left_out.contains("private/key.rs"), "{left_out}");
}

#[test]
fn a_second_round_after_a_small_fix_costs_a_small_part_of_the_first() {
    let repo = Repo::with_topic(&[("src/main.rs", "fn main() {}\n")]);
    for n in 0..40 {
        let lines: String = (0..200).map(|line| format!("pub fn f{line}() -> usize {{ {n} + {line} }}\n")).collect();
        repo.write(format!("src/file_{n}.rs"), lines);
    }
    repo.commit("Add");
    let crew = Crew::of(Bed::of(repo)).with("a", &Does::review(&answer(&[])), "");
    crew.review(&["a"], &[]);
    let text = crew.bed.repo.read("src/file_7.rs").replace("{ 7 + 3 }", "{ 7 + 4 }");
    crew.bed.repo.write("src/file_7.rs", text);
    crew.review(&["a"], &[]);
    let sizes: Vec<usize> = crew.calls("a").iter().map(String::len).collect();
    let (last, first) = sizes.split_last().unwrap();
    assert!(*last * 10 < first.iter().sum(), "{sizes:?}");
}

/// Starts a review in which `a` answers and `b` does not, waits until `a`'s answer is stored, and ends it.
fn interrupted(end: &dyn Fn(&mut std::process::Child)) -> Crew {
    let folder = bed();
    let go = folder.repo.beside("go");
    let waits = format!("test -e {} || exec sleep 100\n{}", go.display(), says(&answer(&[])));
    let crew = Crew::of(folder).with("a", &Does::review(&two_findings()), "").with(
        "b",
        &Does { review: waits, ..Does::default() },
        "",
    );
    let mut child =
        crew.bed.command(&arguments(&["a", "b"], &[])).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let branches = crew.bed.repo.path().join(".git/deep-review/branches");
    let stored = || -> Option<Value> {
        let branch = fs::read_dir(&branches).ok()?.next()?.ok()?.path();
        serde_json::from_slice(&fs::read(branch.join("0001.json")).ok()?).ok()
    };
    let until = std::time::Instant::now() + std::time::Duration::from_secs(60);
    let answered = || {
        let is_in = stored().is_some_and(|round| part(&round, "a")["outcome"]["outcome"] == "reviewed");
        is_in && !crew.calls("b").is_empty()
    };
    while !answered() {
        assert!(std::time::Instant::now() < until, "a's answer is not stored");
        std::thread::yield_now();
    }
    end(&mut child);
    child.wait().unwrap();
    fs::write(go, "").unwrap();
    crew
}

#[test]
fn an_interrupted_round_is_finished_without_asking_those_that_had_answered() {
    let kill = |child: &mut std::process::Child| child.kill().unwrap();
    let interrupt = |child: &mut std::process::Child| {
        rustix::process::kill_process(rustix::process::Pid::from_child(child), rustix::process::Signal::INT).unwrap();
    };
    for (how, end) in [("killed", &kill as &dyn Fn(&mut std::process::Child)), ("interrupted", &interrupt)] {
        let crew = interrupted(end);
        assert_eq!((crew.calls("a").len(), crew.calls("b").len()), (1, 1), "{how}");
        let (code, round, _) = crew.review(&["a", "b"], &["--resume"]);
        assert_eq!((code, crew.calls("a").len(), crew.calls("b").len()), (0, 1, 2), "{how}");
        assert_eq!((round["number"].as_u64(), round["findings"].as_array().unwrap().len()), (Some(1), 2), "{how}");
        assert_eq!(part(&round, "b")["outcome"]["outcome"], "reviewed", "{how}");
        let again = crew.run(&["a", "b"], &["--resume"]);
        assert!(again.code == 2 && again.err.contains("no interrupted round"), "{how}: {}", again.err);
    }
}

#[test]
fn a_trusted_repository_may_run_its_linters() {
    let crew = Crew::of(bed()).configured(
        r#"
[agents.own]
adapter = 'linter'
format = 'sarif'
command = ["sh", "-c", "echo '{\"version\":\"2.1.0\",\"runs\":[]}'"]
"#,
    );
    let failure = |args: &[&str]| {
        let (code, round, _) = crew.review(&["own"], args);
        (code, part(&round, "own")["outcome"]["failure"]["kind"].as_str().map(str::to_owned))
    };
    assert_eq!(failure(&[]), (2, Some("not-allowed".into())));
    assert_eq!(failure(&["--trusted"]), (0, None));
    let root = crew.bed.repo.path().display().to_string();
    let crew = crew.configured(&format!("trusted = ['{root}']\n"));
    assert_eq!(crew.review(&["own"], &[]).0, 0);
}
