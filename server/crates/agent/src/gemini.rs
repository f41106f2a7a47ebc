//! Gemini CLI: `gemini -o stream-json`.

use super::adapter::{CliAdapter, Login, Run, Sign};
use super::completion::{Completion, events, shown_path, unfinished};
use super::failure;
use super::process::{End, Program};
use super::tools::served::SERVER;
use finding::{AgentKind, Failure, FailureKind, Usage};
use serde_json::{Value, json};

pub(super) static GEMINI: CliAdapter = CliAdapter {
    executable: "gemini",
    label: "Gemini CLI",
    kind: AgentKind::Cli,
    room: 1_000_000,
    login: Login {
        check: &[],
        variables: &["GEMINI_API_KEY", "GOOGLE_API_KEY"],
        remedy: "name GEMINI_API_KEY in the agent's pass_env, or start `gemini` once and log in",
        install: "run `npm install -g @google/gemini-cli`",
    },
    takes_tools: true,
    takes_schema: false,
    notes: Some("notes/gemini"),
    program,
    sign,
    read,
};

/// Denies every tool but those that only read the workspace.
const POLICY: &str = r#"[[rule]]
toolName = "*"
decision = "deny"
priority = 500

[[rule]]
toolName = ["read_file", "grep_search", "glob", "list_directory", "read_many_files"]
decision = "allow"
priority = 600

[[rule]]
mcpName = "history"
toolName = "*"
decision = "allow"
priority = 600
"#;

/// What it may besides where it is to edit; it confines itself to the folders that it is given.
const POLICY_TO_EDIT: &str = r#"
[[rule]]
toolName = ["replace", "write_file"]
decision = "allow"
priority = 600
"#;

/// Of the scratch folder that it works in: long answers about much alike code look like a loop to it.
const SETTINGS: &str = r#"{"model": {"disableLoopDetection": true}, "general": {"retryFetchErrors": false, "maxAttempts": 2}SECURITYSERVERS}"#;

/// Whatever comes in on standard input, it would expand: `@word` becomes a path and the contents of what is there, in the
/// middle of a diff. What follows a command's name, and that alone, reaches the model as it is.
const COMMAND: &str = "description = \"A review\"\nprompt = \"Do what is asked below the first line.\"\n";
const COMMAND_NAME: &str = "deep-review";

/// With an address of its own it would take the server for a gateway that it has no credentials for.
const WITH_KEY: &str = r#", "security": {"auth": {"selectedType": "gemini-api-key"}}"#;

fn program(run: &Run<'_>) -> Result<Program, Failure> {
    let crashed = |what: &str| Failure::new(FailureKind::Crashed, format!("failed to prepare scratch: {what}"));
    let policy = [POLICY, if run.edits { POLICY_TO_EDIT } else { "" }].concat();
    let policy = run.scratch.file("policy.toml", &policy)?;
    let settings = run.scratch.work().join(".gemini");
    let text = SETTINGS.replace("SECURITY", if run.settings.url.is_some() { WITH_KEY } else { "" });
    let servers = run.history.map(|server| {
        let server = json!({"command": server.program, "args": server.arguments, "trust": true});
        format!(", \"mcpServers\": {}", json!({SERVER: server}))
    });
    let text = text.replace("SERVERS", &servers.unwrap_or_default());
    let commands = settings.join("commands");
    std::fs::create_dir_all(&commands)
        .and_then(|()| std::fs::write(settings.join("settings.json"), text))
        .and_then(|()| std::fs::write(commands.join(format!("{COMMAND_NAME}.toml")), COMMAND))
        .map_err(|e| crashed(&e.to_string()))?;
    let text = |path: &std::path::Path| path.to_str().map(str::to_owned).ok_or_else(|| crashed("not UTF-8"));
    let mut args: Vec<String> = ["-o", "stream-json", "-e", "none", "--admin-policy"].map(String::from).into();
    args.push(text(&policy)?);
    // It works in scratch: in the repository it would read and run the repository's settings.
    args.extend(["--include-directories".into(), text(run.checkout)?]);
    for folder in &run.beside {
        args.extend(["--include-directories".to_owned(), (*folder).to_owned()]);
    }
    if let Some(model) = &run.settings.model {
        args.extend(["-m".into(), model.clone()]);
    }
    let mut environment =
        run.settings.environment().set("GEMINI_CLI_TRUST_WORKSPACE", "true").set("GEMINI_CLI_NO_RELAUNCH", "true");
    if let Some(url) = &run.settings.url {
        environment = environment.set("GOOGLE_GEMINI_BASE_URL", url);
    }
    Ok(Program {
        path: run.executable.to_owned(),
        args,
        environment,
        folder: None,
        input: format!("/{COMMAND_NAME}\n{}", run.prompt),
    })
}

fn sign(line: &str) -> Option<Sign> {
    let event: Value = serde_json::from_str(line).ok()?;
    match event["type"].as_str()? {
        "tool_use" => {
            let what = &event["parameters"];
            let path = ["file_path", "dir_path", "pattern"].iter().find_map(|k| what[*k].as_str());
            let is_edit = matches!(event["tool_name"].as_str(), Some("replace" | "write_file"));
            let doing = if is_edit { "editing" } else { "reading" };
            Some(Sign::Anew(format!("{doing} {}", shown_path(path.unwrap_or("files")))))
        }
        "message" if event["role"] == "assistant" => {
            Some(Sign::Words(event["content"].as_str().unwrap_or_default().to_owned()))
        }
        _ => None,
    }
}

/// What came of a run of `gemini -o stream-json`.
#[must_use]
pub fn read(end: &End, stdout: &str, stderr: &str) -> Completion {
    let mut said = Completion::default();
    let mut looped = false;
    let mut result = None;
    for event in events(stdout) {
        match event["type"].as_str() {
            Some("init") => said.model = event["model"].as_str().map(Into::into),
            Some("message") if event["role"] == "assistant" => {
                said.text.push_str(event["content"].as_str().unwrap_or_default());
            }
            Some("tool_use") => {
                said.usage.tool_calls = Some(said.usage.tool_calls.unwrap_or(0) + 1);
                // What it said before it read on is not the answer.
                said.text.clear();
            }
            Some("result") => result = Some(event),
            _ => looped |= event["message"].as_str().is_some_and(|m| m.contains("Loop detected")),
        }
    }
    if result.is_none()
        && let Some(value) = whole(stdout).or_else(|| whole(stderr))
        && take_whole(&mut said, &value, end, looped)
    {
        return said;
    }
    let Some(result) = result.filter(|_| !matches!(end, End::Failed(_))) else {
        said.failure = Some(match end {
            End::Exited(41) => Failure::new(FailureKind::NotLoggedIn, "it has no credentials"),
            _ => unfinished(end, stderr),
        });
        return said;
    };
    let stats = &result["stats"];
    said.usage = Usage {
        cost_usd: None,
        input_tokens: stats["input_tokens"].as_u64(),
        cached_tokens: stats["cached"].as_u64(),
        output_tokens: stats["output_tokens"].as_u64(),
        tool_calls: stats["tool_calls"].as_u64(),
    };
    if result["status"] != "success" {
        said.failure = Some(error_of(&result["error"], end));
        said.text.clear();
    } else if looped {
        said.failure = Some(loop_failure());
    }
    said
}

/// What was said with `-o json`: one value over many lines, and errors of the same form behind a stack trace.
fn whole(text: &str) -> Option<Value> {
    super::answer::json_values(text).find(|v| v.get("session_id").is_some() || v.get("response").is_some())
}

/// Takes what such a value says; whether it says how the run ended. `looped`: the events have said already that it stopped its
/// own answer.
fn take_whole(said: &mut Completion, value: &Value, end: &End, looped: bool) -> bool {
    if let Some(error) = value.get("error").filter(|e| e.is_object()) {
        said.failure = Some(error_of(error, end));
        return true;
    }
    let Some(response) = value["response"].as_str() else { return false };
    said.text = response.to_owned();
    said.usage = model_usage(&value["stats"]["models"]);
    said.usage.tool_calls = value["stats"]["tools"]["totalCalls"].as_u64();
    let looped = looped || value["warnings"].to_string().contains("Loop detected");
    said.failure = looped.then(loop_failure);
    true
}

fn loop_failure() -> Failure {
    Failure::new(FailureKind::BadOutput, "it took its own answer for a loop and cut it")
}

fn model_usage(models: &Value) -> Usage {
    let total = |name: &str| {
        let tokens = models.as_object()?.values().filter_map(|m| m["tokens"][name].as_u64());
        tokens.reduce(u64::saturating_add)
    };
    Usage {
        input_tokens: total("prompt"),
        cached_tokens: total("cached"),
        output_tokens: total("candidates"),
        ..Usage::default()
    }
}

fn error_of(error: &Value, end: &End) -> Failure {
    let message = error["message"].as_str().unwrap_or_default();
    // 41 is its word for missing credentials; a status that does not fit into an exit code wraps around.
    let code = error["code"].as_u64().or(match end {
        End::Exited(41) => Some(41),
        End::Exited(code) => {
            [400, 401, 403, 404, 429, 500, 502, 503, 504, 529].into_iter().find(|s| s % 256 == *code as u64)
        }
        _ => None,
    });
    match code {
        Some(41) => Failure::new(FailureKind::NotLoggedIn, "it has no credentials"),
        Some(status @ 400..=599) => failure::of_status(u16::try_from(status).unwrap_or(500), message),
        _ => failure::of_failed(message),
    }
}
