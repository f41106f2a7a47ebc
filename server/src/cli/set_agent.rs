//! `deep-review agents set`: another model or effort of an agent, or whether it takes part, in the user's own configuration.
//! Everything else in the file stays as it was written.

use super::add_agent::{read, settings, write};
use super::args::SetArgs;
use super::{Exit, output};
use anyhow::{Context as _, bail};
use toml_edit::{DocumentMut, Item, Table, TableLike, value};

pub(super) fn run(args: &SetArgs) -> anyhow::Result<Exit> {
    let environment = |name: &str| std::env::var(name).ok();
    let file = config::user_file(&environment).context("there is no home folder to keep a configuration in")?;
    let old = read(&file)?;
    let new = changed(&old, args).with_context(|| format!("nothing was written into {}", file.display()))?;
    if new == old {
        output::print(&format!("{} is so already.\n", args.name))?;
        return Ok(Exit::Done);
    }
    write(&file, &new)?;
    output::note(&format!("Wrote {}.", file.display()));
    output::print(&format!("{}: {}\n", args.name, said(&settings(&new, &args.name)?)))?;
    Ok(Exit::Done)
}

/// What holds of the agent now.
fn said(settings: &agent::AgentSettings) -> String {
    if !settings.enabled {
        return "takes no part in reviews".to_owned();
    }
    let model = settings.model.as_deref().map_or("its own model".to_owned(), |model| format!("model {model}"));
    let effort = settings.effort.and_then(|effort| serde_json::to_value(effort).ok());
    let effort = effort.as_ref().and_then(|effort| effort.as_str()).unwrap_or("its own");
    format!("{model}, effort {effort}")
}

/// The configuration with what is to be different; it is one that can be read.
fn changed(text: &str, args: &SetArgs) -> anyhow::Result<String> {
    let mut document: DocumentMut = text.parse().context("the configuration is no TOML")?;
    let agents = document.entry("agents").or_insert_with(|| {
        let mut table = Table::new();
        table.set_implicit(true);
        Item::Table(table)
    });
    let agents = agents.as_table_like_mut().context("`agents` of the configuration is no table")?;
    if !agents.contains_key(&args.name) {
        agents.insert(&args.name, Item::Table(found(&args.name)?));
    }
    let agent = agents.get_mut(&args.name).and_then(Item::as_table_like_mut);
    let agent = agent.with_context(|| format!("`agents.{}` of the configuration is no table", args.name))?;
    if let Some(model) = &args.model {
        put(agent, "model", Some(model.trim()).filter(|model| !model.is_empty()).map(Into::into));
    }
    if let Some(effort) = &args.effort {
        put(agent, "effort", Some(effort.as_str()).filter(|effort| *effort != "default").map(Into::into));
    }
    if let Some(enabled) = args.enabled {
        // By itself an agent takes part.
        put(agent, "enabled", (!enabled).then(|| false.into()));
    }
    let text = document.to_string();
    settings(&text, &args.name)?;
    Ok(text)
}

/// The table of a program that was found on this machine, and is not configured.
fn found(name: &str) -> anyhow::Result<Table> {
    let Some((_, adapter, _)) =
        agent::programs().into_iter().find(|(program, _, is_here)| *program == name && *is_here)
    else {
        bail!(
            "there is no agent '{name}' that can be set; 'deep-review agents add' adds one, and 'deep-review agents' lists all"
        );
    };
    let mut table = Table::new();
    let adapter = serde_json::to_value(adapter)?;
    table.insert("adapter", value(adapter.as_str().unwrap_or_default()));
    Ok(table)
}

/// Sets a key, with the comment that it has; takes it out where there is no value.
fn put(table: &mut dyn TableLike, key: &str, new: Option<toml_edit::Value>) {
    let Some(mut new) = new else {
        table.remove(key);
        return;
    };
    if let Some(old) = table.get(key).and_then(Item::as_value) {
        if same(old, &new) {
            return;
        }
        *new.decor_mut() = old.decor().clone();
    }
    table.insert(key, Item::Value(new));
}

fn same(old: &toml_edit::Value, new: &toml_edit::Value) -> bool {
    old.as_str().is_some() && old.as_str() == new.as_str() || old.as_bool().is_some() && old.as_bool() == new.as_bool()
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: &str = "# mine\nbase = 'main' # as ever\n\n[agents.one]\nadapter = \"chat-http\" # local\nurl = 'http://127.0.0.1:1/v1'\nmodel = 'small' # for now\n\n[agents.two]\nadapter = \"claude\"\n";

    fn args(name: &str, model: Option<&str>, effort: Option<&str>, enabled: Option<bool>) -> SetArgs {
        let owned = |text: Option<&str>| text.map(str::to_owned);
        SetArgs { name: name.to_owned(), model: owned(model), effort: owned(effort), enabled, ..SetArgs::default() }
    }

    #[test]
    fn only_what_is_said_becomes_different() {
        let one = |more: &str| OLD.replace("model = 'small' # for now\n", more);
        let two = |more: &str| format!("{OLD}{more}");
        for (args, new) in [
            (args("one", Some("large"), None, None), one("model = \"large\" # for now\n")),
            (args("one", Some("small"), None, None), OLD.to_owned()),
            (args("one", None, Some("max"), None), one("model = 'small' # for now\neffort = \"max\"\n")),
            (args("two", Some("opus"), Some("low"), None), two("model = \"opus\"\neffort = \"low\"\n")),
            (args("two", Some(" "), Some("default"), Some(true)), OLD.to_owned()),
            (args("two", None, None, Some(false)), two("enabled = false\n")),
        ] {
            assert_eq!(changed(OLD, &args).unwrap(), new, "{args:?}");
            let back = self::args(
                &args.name,
                args.model.as_ref().map(|_| if args.name == "one" { "small" } else { "" }),
                Some("default"),
                Some(true),
            );
            let again = changed(&new, &back).unwrap();
            assert_eq!(again.replace("\"small\"", "'small'"), OLD, "{args:?} is taken back");
        }
        assert_eq!(
            changed("agents = { two = { adapter = 'claude' } }\n", &args("two", None, Some("high"), None)).unwrap(),
            "agents = { two = { adapter = 'claude' , effort = \"high\" } }\n"
        );
    }

    #[test]
    fn what_cannot_be_set_is_said_and_nothing_is_written() {
        let set =
            |text: &str, name: &str| format!("{:#}", changed(text, &args(name, Some("m"), None, None)).unwrap_err());
        assert!(set(OLD, "three").contains("'deep-review agents add' adds one"));
        assert!(set("agents = 3", "one").contains("is no table"));
        assert!(set("[agents]\none = 'x'", "one").contains("is no table"));
        assert!(set("base = ", "one").contains("is no TOML"));
        assert!(set("nonsense = 1\n[agents.one]\nadapter = 'claude'", "one").contains("nonsense"));
    }
}
