//! What is printed without a review.

use super::bed::{Bed, answer, finding};

#[test]
fn the_configuration_says_where_each_value_comes_from() {
    let bed = Bed::new().configured("timeout = 60\n").agent("one", &answer(&[]));
    let out = bed.command(&["config"]).env("DEEP_REVIEW_BASE", "main").output().unwrap();
    let text = String::from_utf8(out.stdout).unwrap();
    let line = |key: &str| text.lines().find(|l| l.starts_with(key)).unwrap_or_default().to_owned();
    assert!(line("timeout").contains("60") && line("timeout").contains("config.toml"), "{text}");
    assert!(line("base").contains("main") && line("base").contains("DEEP_REVIEW_BASE"), "{text}");
    assert!(line("brief_bytes").contains("default"), "{text}");
    assert!(line("agents.one").contains("recorded"), "{text}");
    assert!(bed.run(&["config", "--schema"]).out.contains("\"$schema\""));
}

#[test]
fn agents_are_listed_with_what_keeps_them_from_working() {
    let bed =
        Bed::new().agent("one", &answer(&[])).configured("[agents.gone]\nadapter = 'recorded'\npath = '/nowhere'\n");
    let ran = bed.run(&["agents"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let line = |name: &str| ran.out.lines().find(|l| l.starts_with(name)).unwrap_or_default().to_owned();
    assert!(line("one").contains(" usable"), "{}", ran.out);
    assert!(line("gone").contains("not usable") && line("gone").contains("/nowhere"), "{}", ran.out);
    for (name, mended_by) in [
        ("claude", "npm install -g @anthropic-ai/claude-code"),
        ("codex", "npm install -g @openai/codex"),
        ("gemini", "npm install -g @google/gemini-cli"),
    ] {
        assert!(line(name).contains("not usable"), "{}", ran.out);
        assert!(ran.out.contains(mended_by), "{}", ran.out);
    }
    let rows: serde_json::Value = serde_json::from_str(&bed.run(&["agents", "--json"]).out).unwrap();
    assert!(rows.as_array().unwrap().iter().any(|r| r["name"] == "gone" && r["usable"] == false), "{rows:#}");
}

#[test]
fn a_vendor_that_the_configuration_knows_is_not_listed_as_missing() {
    let bed = Bed::new()
        .configured("[agents.claude]\nadapter = 'claude'\nenabled = false\n[agents.mine]\nadapter = 'codex'\n");
    let rows: serde_json::Value = serde_json::from_str(&bed.run(&["agents", "--json"]).out).unwrap();
    let names: Vec<&str> = rows.as_array().unwrap().iter().filter_map(|r| r["name"].as_str()).collect();
    assert!(names.contains(&"gemini") && names.contains(&"mine"), "{names:?}");
    assert!(!names.contains(&"claude") && !names.contains(&"codex"), "{names:?}");
}

#[test]
fn a_review_without_any_model_says_so() {
    let said = "No model took part";
    let bed = Bed::new();
    let out = bed.run(&["review"]).out;
    assert!(out.contains(said) && out.contains("deep-review agents"), "{out}");
    let bed = Bed::new().agent("one", &answer(&[]));
    let out = bed.run(&["review"]).out;
    assert!(!out.contains(said), "{out}");
}

#[test]
fn help_completions_and_the_manual_page_are_there() {
    let bed = Bed::new();
    for (args, said) in [
        (&["--version"][..], "deep-review 0."),
        (&["--help"], "Examples:"),
        (&["review", "--help"], "--fail-on"),
        (&["completions", "bash"], "complete -F _deep"),
        (&["completions", "zsh"], "#compdef deep-review"),
        (&["completions", "fish"], "complete -c deep-review"),
        (&["man"], ".TH deep-review"),
    ] {
        let ran = bed.run(args);
        assert_eq!(ran.code, 0, "{args:?}: {}", ran.err);
        assert!(ran.out.contains(said), "{args:?}: {}", ran.out);
    }
}

#[test]
fn colours_are_for_those_who_want_them() {
    let bed = Bed::new().agent("one", &answer(&[finding("important", "It is wrong", (7, 7))]));
    bed.review(&[]);
    for (args, variable, coloured) in [
        (&["report"][..], None, false),
        (&["report", "--color", "always"], None, true),
        (&["report", "--color", "never"], None, false),
        (&["report"], Some(("NO_COLOR", "1")), false),
    ] {
        let mut command = bed.command(args);
        command.envs(variable);
        let text = String::from_utf8(command.output().unwrap().stdout).unwrap();
        assert_eq!(text.contains('\u{1b}'), coloured, "{args:?}");
    }
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let bed = Bed::new().agent("one", &answer(&[finding("important", "It is wrong", (7, 7))]));
    bed.review(&[]);
    let mut child = bed.command(&["report", "--format", "json"]).stdout(std::process::Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(0));
}
