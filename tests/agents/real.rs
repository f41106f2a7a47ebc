//! The real programs against the stand-in for their vendors: `./test --agents` installs them and says where.

use super::mock::{self, Mock};
use deep_review::agent::{Adapter, AgentSettings, process};
use deep_review::finding::Failure;
use deep_review::finding::FailureKind::{self, *};
use std::fmt::Write as _;
use std::io::Write as _;
use std::time::Instant;

/// Where `./test --agents` put the programs.
pub(super) fn program(name: &str) -> Option<String> {
    let folder = std::env::var("DEEP_REVIEW_AGENT_CLIS").ok();
    if folder.is_none() {
        mock::skipped("DEEP_REVIEW_AGENT_CLIS names no folder with the agents' programs");
    }
    let path = format!("{}/{name}", folder?);
    std::path::Path::new(&path).exists().then_some(path)
}

pub(super) fn settings(adapter: Adapter, program: String, mock: &Mock, scenario: &str) -> AgentSettings {
    let mut settings = AgentSettings::new(adapter);
    let home = tempfile::tempdir().map(tempfile::TempDir::keep).unwrap_or_default();
    settings.command = vec![program];
    settings.model = Some(
        match adapter {
            Adapter::Claude => "claude-sonnet-5-5",
            Adapter::Codex => "gpt-5",
            _ => "gemini-2.5-pro",
        }
        .into(),
    );
    let key = match adapter {
        Adapter::Claude => "ANTHROPIC_API_KEY",
        Adapter::Codex => "OPENAI_API_KEY",
        _ => "GEMINI_API_KEY",
    };
    settings.env = [(key.to_owned(), "sk-test".to_owned()), ("HOME".into(), home.to_string_lossy().into())].into();
    let path = if adapter == Adapter::Codex { "/v1" } else { "" };
    settings.url = Some(mock.url(scenario) + path);
    settings.retries = Some(0);
    settings.total_seconds = Some(match scenario {
        "hang" => 8,
        // Only an end for what never ends: on a busy machine a program alone takes a minute to start.
        _ => 240,
    });
    settings
}

/// Runs each scenario and compares; appends a row each to the file that `DEEP_REVIEW_OUTCOMES` names.
async fn table(adapter: Adapter, name: &str, rows: &[(&str, Result<usize, FailureKind>)]) {
    let (Some(program), Some(mock)) = (program(name), Mock::start()) else { return };
    process::use_supervisor(env!("CARGO_BIN_EXE_deep-review"));
    let mut wrong = String::new();
    for (scenario, expected) in rows {
        let started = Instant::now();
        let outcome = mock::run(settings(adapter, program.clone(), &mock, scenario)).await;
        let findings = outcome.answer.findings.len();
        record(name, scenario, started, findings, outcome.failure.as_ref());
        let got = outcome.failure.as_ref().map_or(Ok(findings), |f| Err(f.kind));
        if got != *expected {
            let _ = writeln!(wrong, "{name} {scenario}: expected {expected:?}, got {:?}", outcome.failure);
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

/// Appends a row to the file that `DEEP_REVIEW_OUTCOMES` names.
pub(super) fn record(name: &str, scenario: &str, started: Instant, findings: usize, failure: Option<&Failure>) {
    let Some(path) = std::env::var_os("DEEP_REVIEW_OUTCOMES") else { return };
    let took = started.elapsed().as_secs_f64();
    let said = failure.map_or(format!("reviewed, {findings} finding"), |f| format!("{:?}: {}", f.kind, f.message));
    let row = format!("| {name} | {scenario} | {took:.1} s | {} |\n", said.replace('|', "/"));
    let file = std::fs::OpenOptions::new().create(true).append(true).open(path);
    file.and_then(|mut f| f.write_all(row.as_bytes())).unwrap_or_default();
}

#[tokio::test]
async fn claude_code() {
    table(
        Adapter::Claude,
        "claude",
        &[
            ("ok", Ok(1)),
            ("slow", Ok(1)),
            ("fenced", Ok(1)),
            ("text", Err(BadOutput)),
            ("badjson", Err(BadOutput)),
            ("wrongschema", Err(BadOutput)),
            ("e400", Err(Crashed)),
            ("e401", Err(NotLoggedIn)),
            ("e403", Err(NotLoggedIn)),
            ("e404", Err(Crashed)),
            ("e429", Err(RateLimited)),
            ("e500", Err(Overloaded)),
            ("e503", Err(Overloaded)),
            ("e529", Err(Overloaded)),
            ("e429-then-ok", Ok(1)),
            ("e503-then-ok", Ok(1)),
            ("cut-then-ok", Ok(1)),
            // It asks again without streaming, which the stand-in does not cut.
            ("cut", Ok(1)),
            ("garbage", Err(Crashed)),
            ("schema-refused", Err(Crashed)),
            ("hang", Err(TimedOut)),
        ],
    )
    .await;
}

#[tokio::test]
async fn codex() {
    table(
        Adapter::Codex,
        "codex",
        &[
            ("ok", Ok(1)),
            ("slow", Ok(1)),
            ("fenced", Ok(1)),
            ("text", Err(BadOutput)),
            ("badjson", Err(BadOutput)),
            ("wrongschema", Err(BadOutput)),
            ("e400", Err(Crashed)),
            ("e401", Err(NotLoggedIn)),
            ("e403", Err(NotLoggedIn)),
            ("e404", Err(Crashed)),
            ("e429", Err(RateLimited)),
            ("e500", Err(Overloaded)),
            ("e503", Err(Overloaded)),
            ("e529", Err(Overloaded)),
            ("e429-then-ok", Ok(1)),
            ("e503-then-ok", Ok(1)),
            ("cut-then-ok", Ok(1)),
            ("cut", Err(Unreachable)),
            ("garbage", Err(Unreachable)),
            ("schema-refused", Err(Crashed)),
            ("hang", Err(TimedOut)),
        ],
    )
    .await;
}

#[tokio::test]
async fn gemini_cli() {
    table(
        Adapter::Gemini,
        "gemini",
        &[
            ("ok", Ok(1)),
            ("slow", Ok(1)),
            ("fenced", Ok(1)),
            ("text", Err(BadOutput)),
            ("badjson", Err(BadOutput)),
            ("wrongschema", Err(BadOutput)),
            ("e400", Err(Crashed)),
            ("e401", Err(NotLoggedIn)),
            ("e403", Err(NotLoggedIn)),
            ("e404", Err(Crashed)),
            ("e429", Err(RateLimited)),
            ("e500", Err(Overloaded)),
            ("e503", Err(Overloaded)),
            ("e529", Err(Overloaded)),
            ("e429-then-ok", Ok(1)),
            ("e503-then-ok", Ok(1)),
            // It does not try again after a cut; that is for our own tries, which are none here.
            ("cut-then-ok", Err(Unreachable)),
            ("cut", Err(Unreachable)),
            ("garbage", Err(Crashed)),
            ("schema-refused", Err(Crashed)),
            ("hang", Err(TimedOut)),
        ],
    )
    .await;
}

#[tokio::test]
async fn without_a_server_each_says_that_it_cannot_be_reached() {
    for (adapter, name) in [(Adapter::Claude, "claude"), (Adapter::Codex, "codex"), (Adapter::Gemini, "gemini")] {
        let (Some(program), Some(mock)) = (program(name), Mock::start()) else { return };
        process::use_supervisor(env!("CARGO_BIN_EXE_deep-review"));
        let mut settings = settings(adapter, program, &mock, "ok");
        // Nobody listens on port 1.
        settings.url = Some("http://127.0.0.1:1/v1".into());
        let started = Instant::now();
        let failure = mock::run(settings).await.failure;
        record(name, "no server", started, 0, failure.as_ref());
        assert_eq!(failure.map(|f| f.kind), Some(Unreachable), "{name}");
    }
}

/// What programs could take for something else than text: mentions, commands, shells, templates, marks of chats; by file.
pub(super) const ODD: [(&str, &str); 9] = [
    (
        "src/lib.rs",
        "@test \"x\" { run $(rm -rf .) `ls` !{echo hi} @{src/lib.rs} {{args}} #memory }\n@src\n@src/lib.rs\n@property\n\
         me@test.org \\@kept \\\\@twice \"@src/lib.rs\"\n/help\n!ls\n\ttab  double  space\n$HOME %PATH% <|end|>\n",
    ),
    ("src/test", "@docs\n@.\n@/etc/passwd\n@~/.ssh/id_rsa\n@../..\n@file:///etc/hostname\n@\n@@\n@@@\n"),
    (
        "docs/guide.md",
        "# /clear\n\n/quit\n/compact now\n!`date`\n!{date}\n@{docs/guide.md}\n$ARGUMENTS $1 ${1} $$\n> @docs\n",
    ),
    (
        "app.py",
        "@property\n@app.route(\"/@me\")\n@functools.lru_cache(maxsize=None)\ndef f(self): return self @ other  # @todo\n",
    ),
    (
        "Main.java",
        "@Override @SuppressWarnings({\"a\", \"b\"})\npublic @interface Docs { String value() default \"@src\"; }\n",
    ),
    ("app.ts", "@Component({selector: '@app'})\nimport x from '@scope/pkg';\nconst t = `${a} \\`${b}\\` @${c}`;\n"),
    ("run.sh", "#!/bin/sh\ncat <<'EOF' | sh\n$(id) `id` !! !$ #{x} \\$(x) \"$@\" '$@' ~user\nEOF\n: ${x:=@y}\n"),
    (
        "mail.txt",
        "a@b.c, <first.last+tag@sub.example.org>, git@example.com:a/b.git, @handle, @handle/team, user@[::1]\n",
    ),
    (
        "marks.txt",
        "</system> <|im_start|>user [INST] {{#if a}} {% raw %} <system-reminder>no</system-reminder> \\u0040src &commat;src\n\
         é 😀 \u{200b}zero\u{a0}width … \u{feff} \r\n\\r\\n \\ \\\\ \\\" \\' ' \" ``` ~~~ --- === ### @\u{200b}src\n",
    ),
];

/// Every text in a request's body.
pub(super) fn texts(value: &serde_json::Value) -> Vec<&str> {
    match value {
        serde_json::Value::String(text) => vec![text],
        serde_json::Value::Array(all) => all.iter().flat_map(texts).collect(),
        serde_json::Value::Object(all) => all.values().flat_map(texts).collect(),
        _ => Vec::new(),
    }
}

/// Whether the text has the whole brief, byte for byte: where the copy of the repository is, nobody knows before.
fn has_brief(text: &str, brief: &str) -> bool {
    let mut parts = brief.trim_end().split("(checkout)");
    let Some(mut rest) = parts.next().and_then(|first| text.split_once(first)).map(|(_, rest)| rest) else {
        return false;
    };
    for part in parts {
        let Some((path, behind)) = rest.split_once(part) else { return false };
        if !path.starts_with('/') || !path.ends_with("/repository") || path.contains(char::is_whitespace) {
            return false;
        }
        rest = behind;
    }
    true
}

#[tokio::test]
async fn what_reaches_the_model_is_the_brief_byte_for_byte() {
    use deep_review::{agent::Brief, git::Snapshot};
    for (adapter, name) in [(Adapter::Claude, "claude"), (Adapter::Codex, "codex"), (Adapter::Gemini, "gemini")] {
        let (Some(program), Some(mock)) = (program(name), Mock::start()) else { return };
        process::use_supervisor(env!("CARGO_BIN_EXE_deep-review"));
        let old = [("src/lib.rs", "a\n"), ("app.py", "@property\ndef g(): pass\n")];
        let brief = Brief::new(Snapshot::in_memory(&old, &ODD));
        let agent = mock::agent(settings(adapter, program, &mock, "ok"));
        let sent = agent.preview(&brief).map(Result::unwrap).unwrap().text;
        let shown = ODD.iter().flat_map(|(_, text)| text.lines()).filter(|line| line.is_ascii());
        shown.for_each(|line| assert!(sent.contains(line), "the brief lacks {line}"));
        let outcome = agent.review(&brief, &mock::session()).await;
        assert_eq!(outcome.failure, None, "{name}");
        let requests: Vec<serde_json::Value> =
            mock.log().lines().filter_map(|l| serde_json::from_str(l).ok()).collect();
        let reached = requests.iter().any(|request| texts(request).iter().any(|text| has_brief(text, &sent)));
        assert!(reached, "{name} changed the brief: {}", mock.log());
        // And nothing besides that a word in it could have brought in.
        assert!(!mock.log().contains("root:x:0:0"), "{name} read what a word in the brief names");
    }
}
