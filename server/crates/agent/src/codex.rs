//! Codex: `codex exec --json`.

use super::Effort;
use super::adapter::{CliAdapter, Login, Run, Sign};
use super::completion::{Completion, events, unfinished};
use super::failure;
use super::process::{End, Program};
use super::tools::served::SERVER;
use finding::{AgentKind, Failure, FailureKind, Usage};
use serde_json::Value;

pub(super) static CODEX: CliAdapter = CliAdapter {
    executable: "codex",
    label: "Codex",
    kind: AgentKind::Cli,
    // It refuses more than 1,048,576 characters.
    room: 700_000,
    login: Login {
        check: &["login", "status"],
        variables: &["CODEX_API_KEY", "OPENAI_API_KEY"],
        remedy: "run `codex login`, or name CODEX_API_KEY in the agent's pass_env",
        install: "run `npm install -g @openai/codex`",
    },
    takes_tools: true,
    takes_schema: true,
    notes: Some("notes/codex"),
    program,
    sign,
    read,
};

fn program(run: &Run<'_>) -> Result<Program, Failure> {
    let schema = run.scratch.file("schema.json", &run.schema.to_string())?;
    let text = |path: &std::path::Path| {
        path.to_str()
            .map(str::to_owned)
            .ok_or_else(|| Failure::new(FailureKind::Crashed, format!("the name of {} is not UTF-8", path.display())))
    };
    let mut args: Vec<String> = [
        "exec",
        "--json",
        "--ephemeral",
        "--ignore-user-config",
        "--ignore-rules",
        "--skip-git-repo-check",
        // Instructions of the repository are not read; the brief has the base commit's.
        "-c",
        "project_doc_max_bytes=0",
        "-c",
        "analytics.enabled=false",
        "-c",
        "check_for_update_on_startup=false",
    ]
    .map(String::from)
    .into();
    args.extend(["-s".into(), if run.edits { "workspace-write" } else { "read-only" }.into()]);
    if run.edits {
        // The checkout and nothing else, and no way out.
        for setting in ["network_access=false", "exclude_slash_tmp=true", "exclude_tmpdir_env_var=true"] {
            args.extend(["-c".into(), format!("sandbox_workspace_write.{setting}")]);
        }
    }
    args.extend(["-C".into(), text(run.checkout)?, "--output-schema".into(), text(&schema)?]);
    if let Some(model) = &run.settings.model {
        args.extend(["-m".into(), model.clone()]);
    }
    // The user's own configuration is not read, and with it their choice.
    let effort = run.settings.effort.unwrap_or(Effort::High);
    args.extend(["-c".into(), format!("model_reasoning_effort=\"{}\"", effort.word())]);
    if let Some(url) = &run.settings.url {
        let key = run.settings.key_env.as_deref().unwrap_or("OPENAI_API_KEY");
        args.extend(vendor_at(url, key).into_iter().flat_map(|setting| ["-c".into(), setting]));
    }
    if let Some(server) = run.history {
        for (key, value) in [("command", Value::from(&*server.program)), ("args", Value::from(&*server.arguments))] {
            args.extend(["-c".into(), format!("mcp_servers.{SERVER}.{key}={value}")]);
        }
    }
    args.push("-".into());
    Ok(Program {
        path: run.executable.to_owned(),
        args,
        environment: run.settings.environment().pass("CODEX_HOME"),
        folder: None,
        input: run.prompt.to_owned(),
    })
}

/// Settings for a vendor that the user has named. `key` is the variable with its key.
fn vendor_at(url: &str, key: &str) -> [String; 7] {
    let quoted = |text: &str| Value::from(text).to_string();
    [
        "model_provider=\"configured\"".to_owned(),
        "model_providers.configured.name=\"configured\"".to_owned(),
        format!("model_providers.configured.base_url={}", quoted(url)),
        format!("model_providers.configured.env_key={}", quoted(key)),
        "model_providers.configured.wire_api=\"responses\"".to_owned(),
        "model_providers.configured.request_max_retries=1".to_owned(),
        "model_providers.configured.stream_max_retries=1".to_owned(),
    ]
}

fn sign(line: &str) -> Option<Sign> {
    let event: Value = serde_json::from_str(line).ok()?;
    match event["type"].as_str()? {
        "item.started" if event["item"]["type"] == "command_execution" => {
            let command = event["item"]["command"].as_str().unwrap_or_default();
            let command: String = command.chars().filter(|c| super::answer::keep(*c) && *c != '\n').take(80).collect();
            Some(Sign::Doing(format!("running {command}")))
        }
        "item.started" | "item.completed" if event["item"]["type"] == "file_change" => {
            Some(Sign::Doing("editing".into()))
        }
        "item.started" if event["item"]["type"] == "mcp_tool_call" => {
            let tool = event["item"]["tool"].as_str().unwrap_or_default();
            Some(Sign::Doing(format!(
                "asking {}",
                tool.chars().filter(char::is_ascii_graphic).take(40).collect::<String>()
            )))
        }
        "item.completed" if event["item"]["type"] == "agent_message" => Some(Sign::Doing("answering".into())),
        "error" => {
            let message = event["message"].as_str().unwrap_or_default();
            // Without a server it tries for ever, whatever it is told: three tries are enough.
            match failure::of_words(message) {
                Some(f) if f.kind == FailureKind::Unreachable && !is_early(message) => Some(Sign::Hopeless(f)),
                _ => Some(Sign::Doing("waiting for the vendor".into())),
            }
        }
        _ => None,
    }
}

/// "Reconnecting... 1/5" and 2; not "Reconnecting... waiting for network", which has no end.
fn is_early(message: &str) -> bool {
    let Some(rest) = message.strip_prefix("Reconnecting... ") else { return false };
    rest.split_once('/').and_then(|(at, _)| at.parse::<u32>().ok()).is_some_and(|at| at < 3)
}

/// What came of a run of `codex exec --json`.
#[must_use]
pub fn read(end: &End, stdout: &str, stderr: &str) -> Completion {
    let mut said = Completion::default();
    let mut tool_calls = 0;
    let mut done = false;
    let mut last_error = None;
    for event in events(stdout) {
        let item = &event["item"];
        match event["type"].as_str() {
            Some("item.completed") => match item["type"].as_str() {
                Some("agent_message") => said.text = item["text"].as_str().unwrap_or_default().to_owned(),
                Some("command_execution" | "mcp_tool_call" | "web_search" | "file_change") => tool_calls += 1,
                _ => {}
            },
            Some("error") => last_error = event["message"].as_str().map(str::to_owned),
            Some("turn.completed") => {
                done = true;
                said.usage.input_tokens = event["usage"]["input_tokens"].as_u64();
                said.usage.cached_tokens = event["usage"]["cached_input_tokens"].as_u64();
                said.usage.output_tokens = event["usage"]["output_tokens"].as_u64();
            }
            Some("turn.failed") => {
                let message = event["error"]["message"].as_str().unwrap_or_default();
                said.failure = Some(failure::of_failed(message));
            }
            _ => {}
        }
    }
    said.usage = Usage { tool_calls: Some(tool_calls), ..said.usage };
    if let End::Failed(failure) = end {
        // Its own words on the server say more than that it took too long.
        let known = last_error.as_deref().and_then(failure::of_words);
        said.failure = Some(match known {
            Some(known) if failure.kind == FailureKind::TimedOut => known,
            _ => failure.clone(),
        });
    } else if said.failure.is_none() && !done {
        said.failure = Some(match last_error {
            Some(message) => failure::of_failed(&message),
            None => unfinished(end, stderr),
        });
    }
    said
}
