//! What a repository, an agent or another process wrote steers neither a terminal nor a machine that builds.

use super::bed::{AFTER, BEFORE, Bed, answer, finding};
use serde_json::json;
use test_repo::Repo;

/// Panics if the text would steer a terminal, or hides something.
fn assert_steers_nothing(text: &str, what: &str) {
    let steers = |c: char| (c.is_control() && !matches!(c, '\n' | '\t')) || ('\u{202a}'..='\u{202e}').contains(&c);
    assert!(!text.contains(steers), "{what}: {text:?}");
}

#[test]
fn the_configuration_of_the_base_does_not_reach_the_terminal_as_it_is() {
    for config in [
        "\"\\u001b]0;owned\\u0007\" = 1\n",
        "base = \"\\u001b[31mred\"\n",
        "exclude = [\"\\u001b[2J[\"]\n",
        "conventions = [\"\\u001b]0;x\\u0007.md\"]\n",
        "[agents.\"\\u001b[1mx\\u202e\"]\nenabled = false\n",
        "fail_on = \"\\u001b[31m\\u202e\"\n",
        "[rules]\n\"\\u001b[31m\" = \"off\"\n",
        "broken \u{1b}[31m = \n",
    ] {
        let repo = Repo::with_topic(&[("src/main.rs", BEFORE), (".deep-review.toml", config)]);
        repo.write("src/main.rs", AFTER);
        repo.commit("Count the arguments");
        let bed = Bed::of(repo).agent("one", &answer(&[finding("important", "Seen", (7, 7))]));
        for args in [&["review", "--agent", "one"][..], &["config"], &["doctor"], &["agents"]] {
            let ran = bed.run(args);
            assert_steers_nothing(&ran.out, config);
            assert_steers_nothing(&ran.err, config);
        }
    }
}

#[test]
fn an_agent_gives_no_orders_to_a_machine_that_builds() {
    let mut said = finding("important", "::set-output name=a::b", (7, 7));
    said["body"] = json!("First.\n::add-path::/tmp/evil\n  ::error file=x::y\n##vso[task.setvariable variable=x]y\n");
    let bed = Bed::new().agent("one", &answer(&[said])).raw(
        "[agents.two]\nadapter = 'command'\ncommand = ['sh', '-c', 'printf \"x\\n::set-env name=a::b\\n##vso[task.complete]\" >&2; exit 1']\n",
    );
    for builder in ["GITHUB_ACTIONS", "TF_BUILD"] {
        for format in ["text", "markdown", "json", "sarif", "html", "github"] {
            let mut command = bed.command(&["review", "--agent", "one", "--agent", "two", "--format", format]);
            let ran = command.env(builder, "true").output().unwrap();
            for text in [String::from_utf8(ran.stdout).unwrap(), String::from_utf8(ran.stderr).unwrap()] {
                let order = text.lines().find(|line| {
                    let line = line.trim_start();
                    let word =
                        line.strip_prefix("::").is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_lowercase()));
                    word || line.contains("##vso[")
                });
                assert_eq!(order, None, "{builder}, {format}");
                if text.starts_with('{') {
                    serde_json::from_str::<serde_json::Value>(&text).unwrap();
                }
            }
        }
    }
    // In a file, it is what was said.
    let file = bed.repo.beside("out.json");
    bed.run(&["report", "--format", "json", "-o", file.to_str().unwrap()]);
    assert!(std::fs::read_to_string(&file).unwrap().contains("##vso["));
}

#[test]
fn a_lock_that_another_process_holds_is_told_of() {
    let bed = Bed::new().agent("one", &answer(&[finding("important", "Seen", (7, 7))]));
    bed.review(&["--agent", "one"]);
    let lock = std::fs::File::create(bed.repo.path().join(".git/deep-review/lock")).unwrap();
    lock.lock().unwrap();
    let mut waiting = bed.command(&["dismiss", "I1", "--reason", "later"]);
    let mut waiting = waiting.stderr(std::process::Stdio::piped()).spawn().unwrap();
    let mut said = String::new();
    std::io::BufRead::read_line(&mut std::io::BufReader::new(waiting.stderr.take().unwrap()), &mut said).unwrap();
    assert!(said.contains("waiting for another deep-review") && said.contains("lock"), "{said}");
    lock.unlock().unwrap();
    assert!(waiting.wait().unwrap().success());
}
