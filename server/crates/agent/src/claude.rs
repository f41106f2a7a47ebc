//! Claude Code: `claude -p` with its event stream.

use super::Effort;
use super::adapter::{CliAdapter, Login, Run, Sign};
use super::completion::{Completion, events, shown_path, unfinished};
use super::failure;
use super::process::{End, Program};
use super::tools::served::SERVER;
use finding::{AgentKind, Failure, FailureKind, Usage};
use serde_json::{Value, json};

pub(super) static CLAUDE: CliAdapter = CliAdapter {
    executable: "claude",
    label: "Claude Code",
    kind: AgentKind::Cli,
    room: 500_000,
    login: Login {
        check: &["auth", "status"],
        variables: &["ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "CLAUDE_CODE_OAUTH_TOKEN"],
        remedy: "run `claude auth login`, or name ANTHROPIC_API_KEY in the agent's pass_env",
        install: "run `npm install -g @anthropic-ai/claude-code`",
    },
    takes_tools: true,
    takes_schema: true,
    notes: Some("notes/claude"),
    program,
    sign,
    read,
};

fn program(run: &Run<'_>) -> Result<Program, Failure> {
    let mut args: Vec<String> = [
        "-p",
        "--output-format",
        "stream-json",
        "--verbose",
        // Neither hooks nor servers nor settings of the repository: they run commands.
        "--restricted",
        "--setting-sources",
        "",
        "--strict-mcp-config",
        "--no-session-persistence",
    ]
    .map(String::from)
    .into();
    // Edits are accepted in the folder that it works in, and refused everywhere else, as are commands.
    let (tools, mode) =
        if run.edits { ("Read,Grep,Glob,Edit,Write", "acceptEdits") } else { ("Read,Grep,Glob", "dontAsk") };
    args.extend(["--tools", tools, "--permission-mode", mode].map(String::from));
    args.extend(["--json-schema".into(), run.schema.to_string()]);
    if run.is_read_along {
        args.push("--include-partial-messages".into());
    }
    if let Some(model) = &run.settings.model {
        args.extend(["--model".into(), model.clone()]);
    }
    let effort = run.settings.effort.unwrap_or(Effort::High);
    args.extend(["--effort".into(), if effort == Effort::Max { "max" } else { effort.word() }.into()]);
    if let Some(turns) = run.settings.max_turns {
        args.extend(["--max-turns".into(), turns.to_string()]);
    }
    if let Some(cost) = run.settings.max_cost_usd {
        args.extend(["--max-budget-usd".into(), cost.to_string()]);
    }
    for folder in &run.beside {
        args.extend(["--add-dir".to_owned(), (*folder).to_owned()]);
    }
    if let Some(server) = run.history {
        let server = json!({"command": server.program, "args": server.arguments});
        let servers = json!({"mcpServers": {SERVER: server}}).to_string();
        args.extend(["--mcp-config".into(), servers, "--allowedTools".into(), format!("mcp__{SERVER}")]);
    }
    let mut environment = run
        .settings
        .environment()
        .set("CLAUDE_CODE_MAX_RETRIES", "1")
        .set("CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "1")
        .set("DISABLE_AUTOUPDATER", "1");
    if let Some(url) = &run.settings.url {
        environment = environment.set("ANTHROPIC_BASE_URL", url);
    }
    Ok(Program {
        path: run.executable.to_owned(),
        args,
        environment,
        folder: Some(run.checkout.to_owned()),
        input: run.prompt.to_owned(),
    })
}

pub(super) fn sign(line: &str) -> Option<Sign> {
    let event: Value = serde_json::from_str(line).ok()?;
    match event["type"].as_str()? {
        "assistant" => {
            let tool = event["message"]["content"].as_array()?.iter().find(|b| b["type"] == "tool_use")?;
            let input = &tool["input"];
            Some(Sign::Doing(match tool["name"].as_str()? {
                "Read" => format!("reading {}", shown_path(input["file_path"].as_str().unwrap_or("a file"))),
                "Grep" | "Glob" => format!("searching {}", shown_path(input["pattern"].as_str().unwrap_or(""))),
                "Edit" | "Write" => format!("editing {}", shown_path(input["file_path"].as_str().unwrap_or("a file"))),
                "StructuredOutput" => "answering".into(),
                _ => return None,
            }))
        }
        // The answer is written as the input of a tool.
        "stream_event" if event["event"]["type"] == "content_block_delta" => {
            let words = event["event"]["delta"]["partial_json"].as_str()?;
            Some(Sign::Words(words.to_owned()))
        }
        "stream_event" if event["event"]["type"] == "content_block_start" => {
            (event["event"]["content_block"]["type"] == "tool_use").then(|| Sign::Anew("answering".into()))
        }
        "system" if event["subtype"] == "api_retry" => {
            let status = event["error_status"].as_u64().map(|s| format!(" ({s})")).unwrap_or_default();
            Some(Sign::Doing(format!("waiting for the vendor{status}")))
        }
        _ => None,
    }
}

/// What came of a run of `claude -p --output-format stream-json`.
#[must_use]
pub fn read(end: &End, stdout: &str, stderr: &str) -> Completion {
    let mut said = Completion::default();
    let mut tool_calls = 0;
    let mut result = None;
    for event in events(stdout) {
        match event["type"].as_str() {
            Some("system") if event["subtype"] == "init" => said.model = event["model"].as_str().map(Into::into),
            Some("assistant") => {
                let blocks = event["message"]["content"].as_array().map(Vec::as_slice).unwrap_or_default();
                // The answer itself, where it is asked for as a value.
                let answers = blocks.iter().filter(|b| b["type"] == "tool_use" && b["name"] == "StructuredOutput");
                said.value = answers.map(|b| b["input"].clone()).rfind(Value::is_object).or(said.value);
                tool_calls +=
                    blocks.iter().filter(|b| b["type"] == "tool_use" && b["name"] != "StructuredOutput").count() as u64;
            }
            Some("result") => result = Some(event),
            // With `--output-format json` the result alone, and it carries no type in some versions.
            None if event.get("is_error").is_some() => result = Some(event),
            _ => {}
        }
    }
    let Some(result) = result.or_else(|| events(stdout).find(|e| e.get("is_error").is_some())) else {
        said.failure = Some(unfinished(end, stderr));
        return said;
    };
    let tokens = |names: &[&str]| names.iter().filter_map(|n| result["usage"][*n].as_u64()).reduce(u64::saturating_add);
    said.usage = Usage {
        cost_usd: result["total_cost_usd"].as_f64(),
        input_tokens: tokens(&["input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens"]),
        cached_tokens: tokens(&["cache_read_input_tokens"]),
        output_tokens: tokens(&["output_tokens"]),
        tool_calls: Some(tool_calls),
    };
    said.text = result["result"].as_str().unwrap_or_default().to_owned();
    said.value = result.get("structured_output").filter(|v| v.is_object()).cloned().or(said.value);
    if result["is_error"] == true {
        said.failure = Some(error(&result, &said.text));
        said.text.clear();
    } else if matches!(end, End::Failed(_)) {
        // It was ended after it had answered.
        said.failure = Some(unfinished(end, stderr));
    }
    said
}

fn error(result: &Value, text: &str) -> Failure {
    match result["subtype"].as_str().unwrap_or_default() {
        "error_max_structured_output_retries" => {
            return Failure::new(FailureKind::BadOutput, "it did not bring its answer into the form asked for");
        }
        "error_max_turns" => {
            return Failure::new(FailureKind::BudgetReached, "it used up its turns without an answer");
        }
        "error_max_budget_usd" => {
            return Failure::new(FailureKind::BudgetReached, "it used up its money without an answer");
        }
        _ => {}
    }
    let errors = result["errors"].as_array().map(Vec::as_slice).unwrap_or_default();
    let words = errors.iter().filter_map(Value::as_str).fold(text.to_owned(), |w, e| w + " " + e);
    let status = result["api_error_status"].as_u64().and_then(|s| u16::try_from(s).ok());
    match status {
        Some(status) => failure::of_status(status, &words),
        None => failure::of_failed(&words),
    }
}
