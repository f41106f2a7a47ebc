//! `deep-review agents add`: a short dialogue that writes a working agent into the user's configuration. Keys are not asked
//! for, only the names of the variables that hold them.

use super::args::AddArgs;
use super::{Exit, output, test_agent};
use agent::{Adapter, AgentSettings, Surroundings, configured};
use anyhow::{Context as _, bail};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{BufRead, Write as _};
use std::path::Path;

/// A kind of agent to choose.
struct Choice {
    says: String,
    adapter: Adapter,
    name: &'static str,
    asks: &'static [Asks],
}

/// What must be known of it.
#[derive(Debug, Clone, Copy)]
enum Asks {
    /// The model; without an answer the program's own choice.
    Model,
    /// The model, which must be given.
    ModelOf(&'static str),
    /// The server's address.
    Url(&'static str),
    /// The variable that holds the key; without an answer none is sent.
    Key(&'static str),
    /// The program and its arguments.
    Command(&'static str),
}

pub(super) fn run(args: &AddArgs) -> anyhow::Result<Exit> {
    let environment = |name: &str| std::env::var(name).ok();
    let file = config::user_file(&environment).context("there is no home folder to keep a configuration in")?;
    if let (Some(adapter), Some(name)) = (&args.adapter, &args.name) {
        return answered(&file, adapter, name, args);
    }
    let mut input = std::io::stdin().lock();
    let choices = choices();
    say("Which agent?\n")?;
    for (n, choice) in (1..).zip(&choices) {
        say(&format!("  {n:>2}  {}\n", choice.says))?;
    }
    let choice = loop {
        let number: Option<usize> = asked(&mut input, "Number", None)?.parse().ok();
        match number.and_then(|n| choices.get(n.checked_sub(1)?)) {
            Some(choice) => break choice,
            None => say("That is none of the numbers.\n")?,
        }
    };
    let old = read(&file)?;
    let known = config::load(Some(&file), None, &environment)?.config.agents;
    let name = loop {
        let name = asked(&mut input, "Its name", Some(choice.name))?;
        match (is_plain(&name), known.contains_key(&name)) {
            (true, false) => break name,
            (true, true) => say(&format!("There is an agent '{name}' already; give another name.\n"))?,
            (false, _) => say("A name has letters, digits, '-' and '_'.\n")?,
        }
    };
    let mut table: Vec<(&str, Value)> = vec![("adapter", json!(choice.adapter))];
    for asks in choice.asks {
        table.extend(answer(&mut input, *asks)?);
    }
    let text = written(&name, &table);
    say(&format!("\n{text}\n"))?;
    let new = appended(&old, &text);
    let agent = settings(&new, &name)?;
    if !asked(&mut input, &format!("Add this to {}?", file.display()), Some("yes"))?.to_lowercase().starts_with('y') {
        output::note("Nothing was written.");
        return Ok(Exit::Done);
    }
    keep(&file, &new, name, agent)
}

/// The same with all answers given: nothing is asked, and nothing is written over.
fn answered(file: &Path, adapter: &str, name: &str, args: &AddArgs) -> anyhow::Result<Exit> {
    if !is_plain(name) {
        bail!("a name has letters, digits, '-' and '_'");
    }
    if let Some(variable) = &args.key_env {
        checked_variable(variable)?;
    }
    let old = read(file)?;
    if config::load(Some(file), None, &|name| std::env::var(name).ok())?.config.agents.contains_key(name) {
        bail!("there is an agent '{name}' already; give another name");
    }
    let given = [("model", &args.model), ("url", &args.url), ("key_env", &args.key_env)];
    let mut table = vec![("adapter", json!(adapter))];
    table.extend(given.into_iter().filter_map(|(key, value)| Some((key, json!(value.as_ref()?)))));
    let new = appended(&old, &written(name, &table));
    let agent = settings(&new, name)?;
    keep(file, &new, name.to_owned(), agent)
}

/// Writes the configuration, and tests the agent that is new in it.
fn keep(file: &Path, text: &str, name: String, agent: AgentSettings) -> anyhow::Result<Exit> {
    write(file, text)?;
    output::note(&format!("Wrote {}.", file.display()));
    let agents = configured(&BTreeMap::from([(name, agent)]), &Surroundings::default());
    test_agent::test(agents.first().context("the agent is turned off")?)
}

fn is_plain(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
}

fn appended(old: &str, text: &str) -> String {
    let separator = if old.is_empty() || old.ends_with("\n\n") { "" } else { "\n" };
    format!("{old}{separator}{text}")
}

/// A key that was given in place of its variable's name must not get into the configuration.
fn checked_variable(name: &str) -> anyhow::Result<()> {
    if name.len() > 60 || name.contains(|c: char| !c.is_ascii_alphanumeric() && c != '_') {
        bail!("that is no variable's name; the key itself is never written into the configuration");
    }
    Ok(())
}

fn choices() -> Vec<Choice> {
    let program = |(name, adapter, is_here): (&'static str, Adapter, bool)| {
        let here = if is_here { "is on this machine" } else { "is not installed" };
        Choice { says: format!("the program {name} ({here})"), adapter, name, asks: &[Asks::Model] }
    };
    let mut choices: Vec<Choice> = agent::programs().into_iter().map(program).collect();
    let mut add = |says: &str, adapter, name, asks| choices.push(Choice { says: says.to_owned(), adapter, name, asks });
    add(
        "a model of Anthropic, with a key",
        Adapter::AnthropicHttp,
        "anthropic",
        &[Asks::ModelOf("claude-sonnet-5-5"), Asks::Key("ANTHROPIC_API_KEY")],
    );
    add(
        "a model of OpenAI, with a key",
        Adapter::OpenaiHttp,
        "openai",
        &[Asks::ModelOf("gpt-5"), Asks::Key("OPENAI_API_KEY")],
    );
    add(
        "a model of Google, with a key",
        Adapter::GeminiHttp,
        "google",
        &[Asks::ModelOf("gemini-3-pro"), Asks::Key("GEMINI_API_KEY")],
    );
    add(
        "a server that speaks chat completions: Ollama, llama.cpp, vLLM, OpenRouter",
        Adapter::ChatHttp,
        "local",
        &[Asks::Url("http://127.0.0.1:11434/v1"), Asks::ModelOf("qwen3-coder"), Asks::Key("")],
    );
    add(
        "another agent of the Agent Client Protocol",
        Adapter::Acp,
        "acp",
        &[Asks::Command("my-agent --acp"), Asks::Model],
    );
    add(
        "any program that reads the brief and prints a review",
        Adapter::Command,
        "own",
        &[Asks::Command("my-reviewer")],
    );
    choices
}

fn answer(input: &mut impl BufRead, asks: Asks) -> anyhow::Result<Option<(&'static str, Value)>> {
    let text = |key, text: String| (!text.is_empty()).then(|| (key, json!(text)));
    Ok(match asks {
        Asks::Model => text("model", asked(input, "Model (empty: the program's own choice)", None)?),
        Asks::ModelOf(usual) => text("model", asked(input, "Model", Some(usual))?),
        Asks::Url(usual) => text("url", asked(input, "Address", Some(usual))?),
        Asks::Key(usual) => {
            let usual = Some(usual).filter(|usual| !usual.is_empty());
            let name = asked(input, "Environment variable that holds the key", usual)?;
            checked_variable(&name)?;
            if !name.is_empty() && std::env::var_os(&name).is_none() {
                output::note(&format!("{name} is not set now; set it for the program that starts deep-review."));
            }
            text("key_env", name)
        }
        Asks::Command(example) => {
            let line = asked(input, &format!("Command (as: {example})"), None)?;
            let words: Vec<&str> = line.split_whitespace().collect();
            if words.is_empty() {
                bail!("without a command nothing can be started");
            }
            Some(("command", json!(words)))
        }
    })
}

fn say(text: &str) -> anyhow::Result<()> {
    let mut out = std::io::stderr().lock();
    out.write_all(text.as_bytes())?;
    Ok(out.flush()?)
}

/// A line of the user's; what stands in brackets is taken where it is empty.
fn asked(input: &mut impl BufRead, question: &str, usual: Option<&str>) -> anyhow::Result<String> {
    let shown = usual.map(|usual| format!(" [{usual}]")).unwrap_or_default();
    say(&format!("{question}{shown}: "))?;
    let mut line = String::new();
    if input.read_line(&mut line)? == 0 {
        bail!("the input ended; nothing was written");
    }
    let line = line.trim();
    Ok(if line.is_empty() { usual.unwrap_or_default().to_owned() } else { line.to_owned() })
}

/// The table as TOML: values are texts and lists of texts, which JSON writes in the same way.
fn written(name: &str, table: &[(&str, Value)]) -> String {
    let lines = table.iter().map(|(key, value)| format!("{key} = {value}\n"));
    format!("[agents.{name}]\n{}", lines.collect::<String>())
}

/// What the new text says of the agent; it must be a configuration.
pub(super) fn settings(text: &str, name: &str) -> anyhow::Result<AgentSettings> {
    let mut file = tempfile::NamedTempFile::new()?;
    file.write_all(text.as_bytes())?;
    let mut config = config::load(Some(file.path()), None, &|_| None)?.config;
    config.agents.remove(name).with_context(|| format!("the configuration has no agent '{name}'"))
}

pub(super) fn read(file: &Path) -> anyhow::Result<String> {
    match std::fs::read_to_string(file) {
        Ok(text) => Ok(text),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(String::new()),
        Err(e) => Err(e).with_context(|| format!("failed to read {}", file.display())),
    }
}

/// All or nothing: a configuration that is half written would stop everything.
pub(super) fn write(file: &Path, text: &str) -> anyhow::Result<()> {
    let failed = || format!("failed to write {}", file.display());
    // Through a link, as people keep such files elsewhere.
    let file = file.canonicalize().unwrap_or_else(|_| file.to_owned());
    let folder = file.parent().context("the configuration is in no folder")?;
    std::fs::create_dir_all(folder).with_context(failed)?;
    let mut new = tempfile::NamedTempFile::new_in(folder).with_context(failed)?;
    new.write_all(text.as_bytes()).with_context(failed)?;
    git::persist_patiently(new, &file).with_context(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_read_as_it_was_answered() {
        let table = [
            ("adapter", json!(Adapter::ChatHttp)),
            ("url", json!("http://127.0.0.1:1/v1")),
            ("model", json!("a \"quoted\" name")),
        ];
        let text = format!("base = 'main'\n\n{}", written("mine", &table));
        let settings = settings(&text, "mine").unwrap();
        assert_eq!((settings.adapter, settings.model.as_deref()), (Adapter::ChatHttp, Some("a \"quoted\" name")));
        let command = written("own", &[("adapter", json!(Adapter::Command)), ("command", json!(["a", "-b"]))]);
        assert_eq!(super::settings(&command, "own").unwrap().command, ["a", "-b"]);
        assert!(super::settings("[agents.mine]\nadapter = 'nothing'", "mine").is_err());
    }

    #[test]
    fn what_was_answered_beforehand_is_written_and_nothing_is_written_over() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("config.toml");
        std::fs::write(&file, "base = 'main'").unwrap();
        let args = |key: &str| AddArgs {
            model: Some("m".into()),
            url: Some("http://127.0.0.1:1/v1".into()),
            key_env: Some(key.into()),
            ..AddArgs::default()
        };
        // Nobody answers at that address: it is written all the same, and said not to work.
        assert_ne!(answered(&file, "chat-http", "mine", &args("NO_SUCH_KEY")).unwrap(), Exit::Done);
        let text = std::fs::read_to_string(&file).unwrap();
        assert!(text.starts_with("base = 'main'\n[agents.mine]\nadapter = \"chat-http\"\nmodel = \"m\"\n"), "{text}");
        for (adapter, name, key) in [
            ("chat-http", "mine", "NO_SUCH_KEY"),
            ("chat-http", "two words", "NO_SUCH_KEY"),
            ("nothing", "other", "NO_SUCH_KEY"),
            ("chat-http", "other", "sk-ant-REDACTED"),
        ] {
            assert!(answered(&file, adapter, name, &args(key)).is_err(), "{adapter} {name} {key}");
        }
        assert_eq!(std::fs::read_to_string(&file).unwrap(), text);
    }

    #[test]
    fn a_key_is_never_taken_for_a_variables_name() {
        let mut key = "sk-ant-REDACTED\n".as_bytes();
        assert!(answer(&mut key, Asks::Key("ANTHROPIC_API_KEY")).is_err());
        let mut nothing = "\n".as_bytes();
        assert_eq!(answer(&mut nothing, Asks::Key("")).unwrap(), None);
        let mut usual = "\n".as_bytes();
        assert_eq!(answer(&mut usual, Asks::ModelOf("m")).unwrap(), Some(("model", json!("m"))));
    }
}
