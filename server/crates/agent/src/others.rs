//! Further coding agents, each a table of facts: how it is started, and in which form it tells what it does.
//!
//! | program | form of its events | run against a stand-in for its vendor |
//! |---|---|---|
//! | `opencode` | its own | 1.18.33 |
//! | `copilot` | its own | 1.0.102 |
//! | `qwen` | the Agent Client Protocol: on standard input it puts files into a prompt | 0.15.10 |
//! | `cursor-agent` | Claude Code's | not run: by its maker's documentation |
//! | `amp` | Claude Code's | not run: it speaks to its maker's server alone |
//! | `agy` | its own | not run: by its maker's documentation |

use super::adapter::{CliAdapter, Login, Run, Sign};
use super::completion::{Completion, events, shown_path, unfinished};
use super::process::{End, Environment, Program};
use super::{AgentSettings, Effort, claude, failure};
use finding::{AgentKind, Failure};
use serde_json::{Value, json};

/// A program's word for how hard to think.
type WordOf = fn(Effort) -> &'static str;

/// How a program is started on a prompt.
#[derive(Debug)]
struct Facts {
    /// What it is told in any case: to only read, to ask nobody, to write events.
    arguments: &'static [&'static str],
    /// The option that names the model.
    model: &'static str,
    /// The option for how hard it is to think, where it has one, and the words for it.
    effort: Option<(&'static str, WordOf)>,
    /// Its environment besides the usual.
    environment: &'static [(&'static str, &'static str)],
    /// The variables of its own that it needs to find its settings and its login.
    pass: &'static [&'static str],
    /// What stands before the prompt on standard input, and behind it.
    around: (&'static str, &'static str),
    /// Whether the prompt is a text in JSON there.
    as_json: bool,
    /// How it is led to another server than its maker's.
    elsewhere: fn(&Run<'_>, &str, Environment) -> Environment,
}

fn started(facts: &Facts, run: &Run<'_>) -> Result<Program, Failure> {
    let mut args: Vec<String> = facts.arguments.iter().map(ToString::to_string).collect();
    if let Some(model) = &run.settings.model {
        args.extend([facts.model.to_owned(), model.clone()]);
    }
    if let (Some((option, word)), Some(effort)) = (facts.effort, run.settings.effort) {
        args.extend([option.to_owned(), word(effort).to_owned()]);
    }
    let mut environment = run.settings.environment();
    environment = facts.pass.iter().fold(environment, |e, name| e.pass(name));
    environment = facts.environment.iter().fold(environment, |e, (name, value)| e.set(*name, *value));
    if let Some(url) = &run.settings.url {
        environment = (facts.elsewhere)(run, url, environment);
    }
    let prompt = if facts.as_json { Value::from(run.prompt).to_string() } else { run.prompt.to_owned() };
    let input = format!("{}{prompt}{}", facts.around.0, facts.around.1);
    Ok(Program { path: run.executable.to_owned(), args, environment, folder: Some(run.checkout.to_owned()), input })
}

fn nowhere(_: &Run<'_>, _: &str, environment: Environment) -> Environment {
    environment
}

/// The value of the variable that holds the key for `url`.
fn key(run: &Run<'_>) -> Option<String> {
    let name = run.settings.key_env.as_ref()?;
    run.settings.env.get(name).cloned().or_else(|| std::env::var(name).ok())
}

const OPENCODE_FACTS: Facts = Facts {
    // With a title it asks no model for one.
    arguments: &["run", "--pure", "--format", "json", "--title", "review"],
    model: "--model",
    effort: None,
    environment: &[
        ("OPENCODE_PERMISSION", r#"{"*":"deny","read":"allow","grep":"allow","glob":"allow","list":"allow"}"#),
        ("OPENCODE_DISABLE_AUTOUPDATE", "1"),
        ("OPENCODE_DISABLE_LSP_DOWNLOAD", "1"),
        ("OPENCODE_DISABLE_CLAUDE_CODE", "1"),
    ],
    pass: &["XDG_CONFIG_HOME", "XDG_DATA_HOME"],
    around: ("", ""),
    as_json: false,
    elsewhere: |run, url, environment| {
        let provider = run.settings.model.as_deref().and_then(|m| m.split_once('/')).map_or("openai", |(name, _)| name);
        let mut options = json!({"baseURL": url});
        if let Some(key) = key(run) {
            options["apiKey"] = json!(key);
        }
        let config = json!({"autoupdate": false, "share": "disabled", "provider": {provider: {"options": options}}});
        environment.set("OPENCODE_CONFIG_CONTENT", config.to_string()).set("OPENCODE_DISABLE_MODELS_FETCH", "1")
    },
};

pub(super) static OPENCODE: CliAdapter = CliAdapter {
    executable: "opencode",
    label: "OpenCode",
    kind: AgentKind::Cli,
    room: 500_000,
    login: Login {
        check: &[],
        variables: &["ANTHROPIC_API_KEY", "OPENAI_API_KEY", "GEMINI_API_KEY", "OPENCODE_API_KEY"],
        remedy: "run `opencode auth login`, or name the vendor's key in the agent's pass_env",
        install: "run `npm install -g opencode-ai`",
    },
    takes_tools: false,
    takes_schema: false,
    notes: None,
    program: |run| started(&OPENCODE_FACTS, run),
    sign: opencode_sign,
    read: opencode_read,
};

fn opencode_sign(line: &str) -> Option<Sign> {
    let event: Value = serde_json::from_str(line).ok()?;
    match event["type"].as_str()? {
        "tool_use" => {
            let input = &event["part"]["state"]["input"];
            let what = ["filePath", "path", "pattern"].iter().find_map(|k| input[*k].as_str()).unwrap_or("files");
            Some(Sign::Doing(format!("reading {}", shown_path(what))))
        }
        "text" => Some(Sign::Doing("answering".into())),
        _ => None,
    }
}

/// What came of a run of `opencode run --format json`.
fn opencode_read(end: &End, stdout: &str, stderr: &str) -> Completion {
    let mut said = Completion::default();
    let mut is_done = false;
    for event in events(stdout) {
        let part = &event["part"];
        match event["type"].as_str() {
            Some("text") => said.text.push_str(part["text"].as_str().unwrap_or_default()),
            Some("tool_use") => {
                said.usage.tool_calls = Some(said.usage.tool_calls.unwrap_or(0) + 1);
                // What it said before it read on is not the answer.
                said.text.clear();
            }
            Some("step_finish") => {
                let tokens = &part["tokens"];
                let used = finding::Usage {
                    cost_usd: part["cost"].as_f64(),
                    input_tokens: tokens["input"]
                        .as_u64()
                        .map(|n| n.saturating_add(tokens["cache"]["read"].as_u64().unwrap_or(0))),
                    cached_tokens: tokens["cache"]["read"].as_u64(),
                    output_tokens: tokens["output"].as_u64(),
                    tool_calls: None,
                };
                said.usage = said.usage.plus(used);
                is_done = part["reason"] != "tool-calls";
            }
            Some("error") => {
                let error = &event["error"];
                let status = error["data"]["statusCode"].as_u64().and_then(|s| u16::try_from(s).ok());
                let message = error["data"]["message"].as_str().or(error["message"].as_str()).unwrap_or_default();
                said.failure = Some(
                    status.map_or_else(|| failure::of_failed(message), |status| failure::of_status(status, message)),
                );
            }
            _ => {}
        }
    }
    ended(said, is_done, end, stderr)
}

const COPILOT_FACTS: Facts = Facts {
    arguments: &[
        "--output-format",
        "json",
        "--stream",
        "off",
        "--available-tools",
        "view,grep,glob",
        "--no-custom-instructions",
        "--disable-builtin-mcps",
        "--no-ask-user",
        "--no-auto-update",
        "--no-color",
    ],
    model: "--model",
    effort: Some(("--reasoning-effort", |effort| if effort == Effort::Max { "max" } else { effort.word() })),
    environment: &[("COPILOT_AUTO_UPDATE", "false")],
    pass: &["COPILOT_HOME"],
    around: ("", ""),
    as_json: false,
    elsewhere: |run, url, environment| {
        let environment = environment.set("COPILOT_PROVIDER_BASE_URL", url).set("COPILOT_OFFLINE", "true");
        match key(run) {
            Some(key) => environment.set("COPILOT_PROVIDER_API_KEY", &key),
            None => environment,
        }
    },
};

pub(super) static COPILOT: CliAdapter = CliAdapter {
    executable: "copilot",
    label: "Copilot CLI",
    kind: AgentKind::Cli,
    room: 400_000,
    login: Login {
        check: &[],
        variables: &["COPILOT_GITHUB_TOKEN", "GH_TOKEN", "GITHUB_TOKEN"],
        remedy: "run `copilot login`, or name COPILOT_GITHUB_TOKEN in the agent's pass_env",
        install: "run `npm install -g @github/copilot`",
    },
    takes_tools: false,
    takes_schema: false,
    notes: None,
    program: |run| started(&COPILOT_FACTS, run),
    sign: copilot_sign,
    read: copilot_read,
};

fn copilot_sign(line: &str) -> Option<Sign> {
    let event: Value = serde_json::from_str(line).ok()?;
    match event["type"].as_str()? {
        "tool.execution_start" => {
            let input = &event["data"]["arguments"];
            let what = ["path", "pattern"].iter().find_map(|k| input[*k].as_str()).unwrap_or("files");
            Some(Sign::Doing(format!("reading {}", shown_path(what))))
        }
        "model.call_start" => Some(Sign::Doing("waiting for the vendor".into())),
        _ => None,
    }
}

/// What came of a run of `copilot --output-format json`.
fn copilot_read(end: &End, stdout: &str, stderr: &str) -> Completion {
    let mut said = Completion::default();
    let mut is_done = false;
    for event in events(stdout) {
        let data = &event["data"];
        match event["type"].as_str() {
            Some("assistant.message") => {
                // The last one is the answer: before it, it says what it is about to read.
                said.text = data["content"].as_str().unwrap_or_default().to_owned();
                said.model = data["model"].as_str().map(Into::into).or(said.model.take());
                let calls = data["toolRequests"].as_array().map_or(0, Vec::len) as u64;
                said.usage.tool_calls = Some(said.usage.tool_calls.unwrap_or(0) + calls);
            }
            Some("assistant.usage") => {
                let used = finding::Usage {
                    cost_usd: None,
                    input_tokens: data["inputTokens"].as_u64(),
                    cached_tokens: data["cacheReadTokens"].as_u64(),
                    output_tokens: data["outputTokens"].as_u64(),
                    tool_calls: None,
                };
                said.usage = said.usage.plus(used);
            }
            Some("session.error") => {
                let message = data["message"].as_str().unwrap_or_default();
                let status = data["statusCode"].as_u64().and_then(|s| u16::try_from(s).ok());
                said.failure = Some(
                    status.map_or_else(|| failure::of_failed(message), |status| failure::of_status(status, message)),
                );
            }
            Some("result") => is_done = event["exitCode"] == 0,
            _ => {}
        }
    }
    ended(said, is_done, end, stderr)
}

/// What a run is worth by how it ended.
fn ended(mut said: Completion, is_done: bool, end: &End, stderr: &str) -> Completion {
    if said.failure.is_none() && (!is_done || matches!(end, End::Failed(_))) {
        said.failure = Some(unfinished(end, stderr));
    }
    if said.failure.is_some() {
        said.text.clear();
    }
    said
}

/// Claude Code's form, as others write it: some hand on a vendor's error as if it were the answer.
fn like_claude(end: &End, stdout: &str, stderr: &str) -> Completion {
    let mut said = claude::read(end, stdout, stderr);
    if said.failure.is_none() && said.text.starts_with("[API Error") {
        said.failure = Some(failure::of_failed(&said.text));
        said.text.clear();
    }
    said
}

/// Qwen Code as an agent of the protocol. As a program it puts the files into a prompt that words with `@` in it name.
pub(super) fn qwen(mut settings: AgentSettings) -> AgentSettings {
    if settings.command.is_empty() {
        settings.command = vec!["qwen".to_owned()];
    }
    settings.command.push("--acp".to_owned());
    if let Some(url) = settings.url.take() {
        settings.command.extend(["--auth-type", "openai"].map(String::from));
        settings.env.insert("OPENAI_BASE_URL".to_owned(), url);
    }
    if let Some(model) = &settings.model {
        // Chosen at the start: where it knows no such model of a server, its sessions offer none.
        settings.command.extend(["--model".to_owned(), model.clone()]);
    }
    settings
}

const CURSOR_FACTS: Facts = Facts {
    arguments: &["--print", "--output-format", "stream-json", "--mode", "ask"],
    model: "--model",
    effort: None,
    environment: &[],
    pass: &["CURSOR_API_KEY"],
    around: ("", ""),
    as_json: false,
    elsewhere: nowhere,
};

pub(super) static CURSOR: CliAdapter = CliAdapter {
    executable: "cursor-agent",
    label: "Cursor CLI",
    kind: AgentKind::Cli,
    room: 400_000,
    login: Login {
        check: &["status"],
        variables: &["CURSOR_API_KEY"],
        remedy: "run `cursor-agent login`, or name CURSOR_API_KEY in the agent's pass_env",
        install: "install it as its maker says: https://cursor.com/docs/cli",
    },
    takes_tools: false,
    takes_schema: false,
    notes: None,
    program: |run| started(&CURSOR_FACTS, run),
    sign: claude::sign,
    read: like_claude,
};

const AMP_FACTS: Facts = Facts {
    arguments: &["--execute", "--stream-json"],
    model: "--mode",
    effort: None,
    environment: &[],
    pass: &["AMP_API_KEY"],
    around: ("", ""),
    as_json: false,
    elsewhere: nowhere,
};

pub(super) static AMP: CliAdapter = CliAdapter {
    executable: "amp",
    label: "Amp",
    kind: AgentKind::Cli,
    room: 400_000,
    login: Login {
        check: &[],
        variables: &["AMP_API_KEY"],
        remedy: "run `amp login`, or name AMP_API_KEY in the agent's pass_env",
        install: "run `npm install -g @sourcegraph/amp`",
    },
    takes_tools: false,
    takes_schema: false,
    notes: None,
    program: |run| started(&AMP_FACTS, run),
    sign: claude::sign,
    read: like_claude,
};

const AGY_FACTS: Facts = Facts {
    arguments: &[
        "--input-format",
        "stream-json",
        "--output-format",
        "stream-json",
        "--print-timeout",
        "60m",
        "--sandbox",
    ],
    model: "--model",
    effort: None,
    environment: &[],
    pass: &[],
    around: (r#"{"event":"user","message":{"role":"user","content":"#, "}}\n"),
    as_json: true,
    elsewhere: nowhere,
};

pub(super) static AGY: CliAdapter = CliAdapter {
    executable: "agy",
    label: "Antigravity CLI",
    kind: AgentKind::Cli,
    room: 400_000,
    login: Login {
        check: &[],
        variables: &[],
        remedy: "start `agy` once and log in",
        install: "install it as its maker says: https://antigravity.google",
    },
    takes_tools: false,
    takes_schema: false,
    notes: None,
    program: |run| started(&AGY_FACTS, run),
    sign: |line| {
        let event: Value = serde_json::from_str(line).ok()?;
        (event["event"] == "step_update").then(|| Sign::Doing("working".into()))
    },
    read: agy_read,
};

/// What came of a run of `agy --output-format stream-json`.
fn agy_read(end: &End, stdout: &str, stderr: &str) -> Completion {
    let mut said = Completion::default();
    let mut is_done = false;
    for event in events(stdout).filter(|event| event["event"] == "result") {
        let result = &event["result"];
        said.text = result["response"].as_str().unwrap_or_default().to_owned();
        let status = result["status"].as_str().or(event["status"].as_str()).unwrap_or_default();
        if status.eq_ignore_ascii_case("error") || result["error"].is_object() || result["error"].is_string() {
            let message = result["error"]["message"].as_str().or(result["error"].as_str()).unwrap_or(&said.text);
            said.failure = Some(failure::of_failed(message));
        }
        is_done = true;
    }
    ended(said, is_done, end, stderr)
}

#[cfg(test)]
mod tests {
    use super::*;
    use finding::FailureKind::*;

    type Read = fn(&End, &str, &str) -> Completion;

    #[test]
    fn what_each_program_says_is_read_in_its_form() {
        let ok = End::Exited(0);
        let answer = r#"{"findings": []}"#;
        let quoted = Value::from(answer);
        let opencode = |reason: &str| {
            format!(
                "{{\"type\":\"text\",\"part\":{{\"text\":\"Let me see.\"}}}}\n\
                 {{\"type\":\"tool_use\",\"part\":{{\"state\":{{\"input\":{{\"filePath\":\"a\"}}}}}}}}\n\
                 {{\"type\":\"text\",\"part\":{{\"text\":{quoted}}}}}\n\
                 {{\"type\":\"step_finish\",\"part\":{{\"reason\":\"{reason}\",\"cost\":0.5,\"tokens\":{{\"input\":10,\"output\":7,\"cache\":{{\"read\":4}}}}}}}}"
            )
        };
        let copilot = |exit: u8| {
            format!(
                "{{\"type\":\"assistant.message\",\"data\":{{\"content\":\"Let me see.\",\"toolRequests\":[{{}}]}}}}\n\
                 {{\"type\":\"assistant.message\",\"data\":{{\"model\":\"gpt-5\",\"content\":{quoted},\"toolRequests\":[]}}}}\n\
                 {{\"type\":\"result\",\"exitCode\":{exit}}}"
            )
        };
        let refused = r#"{"type":"session.error","data":{"statusCode":429,"message":"retried 5 times"}}
            {"type":"result","exitCode":1}"#;
        let like_claude_ok = format!(r#"{{"type":"result","subtype":"success","is_error":false,"result":{quoted}}}"#);
        let as_answer =
            r#"{"type":"result","subtype":"success","is_error":false,"result":"[API Error: 401 Incorrect API key]"}"#;
        let agy = format!("{{\"event\":\"init\"}}\n{{\"event\":\"result\",\"result\":{{\"response\":{quoted}}}}}");
        let agy_error = r#"{"event":"result","result":{"status":"ERROR","error":{"message":"quota exceeded"}}}"#;
        let table: [(Read, End, String, Option<finding::FailureKind>); 11] = [
            (opencode_read, ok.clone(), opencode("stop"), None),
            (opencode_read, ok.clone(), opencode("tool-calls"), Some(BadOutput)),
            (
                opencode_read,
                End::Exited(1),
                r#"{"type":"error","error":{"name":"APIError","data":{"statusCode":401,"message":"bad key"}}}"#.into(),
                Some(NotLoggedIn),
            ),
            (copilot_read, ok.clone(), copilot(0), None),
            (copilot_read, End::Exited(1), copilot(1), Some(Crashed)),
            (copilot_read, End::Exited(1), refused.into(), Some(RateLimited)),
            (like_claude, ok.clone(), like_claude_ok, None),
            (like_claude, ok.clone(), as_answer.into(), Some(NotLoggedIn)),
            (agy_read, ok.clone(), agy, None),
            (agy_read, ok.clone(), agy_error.into(), Some(RateLimited)),
            (agy_read, ok, String::new(), Some(BadOutput)),
        ];
        for (read, end, stdout, failure) in table {
            let said = read(&end, &stdout, "");
            assert_eq!(said.failure.as_ref().map(|f| f.kind), failure, "{stdout}: {:?}", said.failure);
            assert_eq!(said.text, if failure.is_none() { answer } else { "" }, "{stdout}");
        }
    }
}
