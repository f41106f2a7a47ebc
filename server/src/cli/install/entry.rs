//! The entry for deep-review in the settings of a coding agent: put in and taken out as text, so that all else (comments,
//! order, indentation) stays as its owner wrote it.

use jsonc_parser::ParseOptions;
use jsonc_parser::cst::{CstInputValue, CstObject, CstRootNode};
use std::ops::Range;

/// What the entry is called in every agent's settings.
pub(super) const NAME: &str = "deep-review";

/// How an agent's settings are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// JSON, perhaps with comments: below a member of this name, with these members besides the command.
    Json { below: &'static str, besides: &'static [(&'static str, &'static str)] },
    /// TOML: a table below this one.
    Toml { below: &'static str },
}

/// The program that an agent starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Start {
    pub(super) command: String,
    pub(super) args: Vec<String>,
}

/// Why settings are left as they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Unchanged {
    /// The entry is there already, as it would be written.
    There,
    /// There is none.
    NotThere,
    /// There is one that somebody wrote otherwise.
    Foreign,
    /// They cannot be read, and why.
    Unreadable(String),
}

/// The settings with the entry.
pub(super) fn with_entry(text: &str, form: Form, start: &Start) -> Result<String, Unchanged> {
    match form {
        Form::Json { below, besides } => {
            let root = parse(text)?;
            let top = root.object_value_or_create().ok_or_else(|| not_an_object("the whole"))?;
            match of(&top, below)? {
                Some(all) if all.get(NAME).is_some() => return Err(state(&all, besides, start)),
                _ => {}
            }
            let all = top.object_value_or_create(below).ok_or_else(|| not_an_object(below))?;
            all.ensure_multiline();
            all.append(NAME, value(besides, start));
            let text = root.to_string();
            Ok(if text.ends_with('\n') { text } else { text + "\n" })
        }
        Form::Toml { below } => {
            let settings = text.parse::<toml::Table>().map_err(|e| Unchanged::Unreadable(e.to_string()))?;
            if settings.get(below).and_then(|all| all.get(NAME)).is_some() {
                return Err(if written(text, below, start).is_some() { Unchanged::There } else { Unchanged::Foreign });
            }
            let gap = match text {
                "" => "",
                text if text.ends_with('\n') => "\n",
                _ => "\n\n",
            };
            let with = format!("{text}{gap}{}", table(below, start));
            // An inline table cannot be added to.
            with.parse::<toml::Table>().map_err(|e| Unchanged::Unreadable(e.to_string()))?;
            Ok(with)
        }
    }
}

/// The settings without the entry, if it is as we write it: the program may be at another place.
pub(super) fn without_entry(text: &str, form: Form, start: &Start) -> Result<String, Unchanged> {
    match form {
        Form::Json { below, besides } => {
            let root = parse(text)?;
            let top = root.object_value().ok_or(Unchanged::NotThere)?;
            let all = of(&top, below)?.ok_or(Unchanged::NotThere)?;
            let entry = all.get(NAME).ok_or(Unchanged::NotThere)?;
            if state(&all, besides, start) != Unchanged::There {
                return Err(Unchanged::Foreign);
            }
            entry.remove();
            if all.properties().is_empty()
                && let Some(empty) = top.get(below)
            {
                empty.remove();
            }
            Ok(if top.properties().is_empty() { String::new() } else { root.to_string() })
        }
        Form::Toml { below } => {
            let settings = text.parse::<toml::Table>().map_err(|e| Unchanged::Unreadable(e.to_string()))?;
            let Some(entry) = settings.get(below).and_then(|all| all.get(NAME)) else {
                return Err(Unchanged::NotThere);
            };
            let command = entry.get("command").and_then(toml::Value::as_str).unwrap_or_default().to_owned();
            let there = Start { command, args: start.args.clone() };
            let place = written(text, below, &there).ok_or(Unchanged::Foreign)?;
            let (before, after) = (&text[..place.start], &text[place.end..]);
            // The blank line that was put before it.
            let before = before.strip_suffix('\n').filter(|b| b.is_empty() || b.ends_with('\n')).unwrap_or(before);
            Ok(format!("{before}{after}"))
        }
    }
}

fn parse(text: &str) -> Result<CstRootNode, Unchanged> {
    CstRootNode::parse(text, &ParseOptions::default()).map_err(|e| Unchanged::Unreadable(e.to_string()))
}

fn not_an_object(what: &str) -> Unchanged {
    Unchanged::Unreadable(format!("{what} is not an object"))
}

/// The object below a name; `None` if there is nothing.
fn of(top: &CstObject, below: &str) -> Result<Option<CstObject>, Unchanged> {
    match (top.get(below), top.object_value(below)) {
        (None, _) => Ok(None),
        (Some(_), Some(all)) => Ok(Some(all)),
        (Some(_), None) => Err(not_an_object(below)),
    }
}

/// Whether the entry that is there is as we write it, wherever the program is.
fn state(all: &CstObject, besides: &[(&str, &str)], start: &Start) -> Unchanged {
    let there = all.get(NAME).and_then(|entry| entry.value()).and_then(|value| value.to_serde_value());
    let Some(there) = there else { return Unchanged::NotThere };
    let mut wanted = serde_json::json!({ "command": there["command"], "args": start.args });
    for (name, value) in besides {
        wanted[*name] = serde_json::json!(value);
    }
    let is_program = there["command"].as_str().is_some_and(|command| command.contains(NAME));
    if is_program && there == wanted { Unchanged::There } else { Unchanged::Foreign }
}

fn value(besides: &[(&str, &str)], start: &Start) -> CstInputValue {
    let text = |text: &str| CstInputValue::String(text.to_owned());
    let mut members: Vec<(String, CstInputValue)> =
        besides.iter().map(|(name, value)| ((*name).to_owned(), text(value))).collect();
    members.push(("command".to_owned(), text(&start.command)));
    members.push(("args".to_owned(), CstInputValue::Array(start.args.iter().map(|arg| text(arg)).collect())));
    CstInputValue::Object(members)
}

/// Where a table stands as we write it, with nothing added to it.
fn written(text: &str, below: &str, start: &Start) -> Option<Range<usize>> {
    let table = table(below, start);
    let place = text.find(&table).map(|at| at..at + table.len())?;
    let rest = &text[place.end..];
    (rest.is_empty() || rest.starts_with(['[', '\n', '\r'])).then_some(place)
}

fn table(below: &str, start: &Start) -> String {
    let quoted = |text: &str| toml::Value::String(text.to_owned()).to_string();
    let args: Vec<String> = start.args.iter().map(|arg| quoted(arg)).collect();
    format!("[{below}.{NAME}]\ncommand = {}\nargs = [{}]\n", quoted(&start.command), args.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    const JSON: Form = Form::Json { below: "mcpServers", besides: &[] };
    const CODE: Form = Form::Json { below: "servers", besides: &[("type", "stdio")] };
    const TOML: Form = Form::Toml { below: "mcp_servers" };

    fn start() -> Start {
        Start { command: "deep-review".to_owned(), args: vec!["mcp".to_owned()] }
    }

    #[test]
    fn what_is_put_in_is_taken_out_and_all_else_stays() {
        for (form, text) in [
            (JSON, ""),
            (JSON, "{\n  \"mcpServers\": {\n    \"other\": {\n      \"command\": \"x\"\n    }\n  }\n}\n"),
            (
                JSON,
                "{\n\t// mine\n\t\"theme\": \"dark\", /* why */\n\t\"mcpServers\": {\n\t\t\"a\": {}, // last\n\t},\n}\n",
            ),
            (JSON, "{\n    \"theme\": \"dark\"\n}\n"),
            (
                CODE,
                "{\n  \"servers\": {\n    \"b\": { \"type\": \"http\", \"url\": \"https://e.org\" }\n  },\n  \"inputs\": []\n}\n",
            ),
            (JSON, "{\r\n  \"a\": 1\r\n}\r\n"),
            (TOML, ""),
            (TOML, "model = \"gpt-5\"\n"),
            (TOML, "# mine\nmodel = 'x'\n\n[mcp_servers.other]\ncommand = \"y\"\n"),
            (TOML, "[mcp_servers.other]\ncommand = \"y\""),
        ] {
            let with = with_entry(text, form, &start()).unwrap();
            assert!(with.contains("deep-review"), "{with}");
            assert_eq!(with_entry(&with, form, &start()), Err(Unchanged::There), "{with}");
            let moved = with.replace("\"deep-review\"", "\"/opt/bin/deep-review\"").replacen(
                "\"/opt/bin/deep-review\":",
                "\"deep-review\":",
                1,
            );
            for with in [&with, &moved] {
                let without = without_entry(with, form, &start()).unwrap();
                assert_eq!(without.trim_end(), text.trim_end(), "{with}");
            }
            assert_eq!(without_entry(text, form, &start()), Err(Unchanged::NotThere));
        }
    }

    /// What stands on one line is opened into several; its values stay.
    #[test]
    fn one_line_becomes_several() {
        let with = with_entry("{ \"theme\": \"dark\" }\n", JSON, &start()).unwrap();
        assert_eq!(without_entry(&with, JSON, &start()).unwrap(), "{\n  \"theme\": \"dark\"\n}\n");
    }

    #[test]
    fn what_somebody_wrote_otherwise_stays() {
        for (form, text, why) in [
            (
                JSON,
                "{ \"mcpServers\": { \"deep-review\": { \"command\": \"deep-review\", \"args\": [\"mcp\", \"--x\"] } } }",
                Unchanged::Foreign,
            ),
            (
                JSON,
                "{ \"mcpServers\": { \"deep-review\": { \"command\": \"sh\", \"args\": [\"mcp\"] } } }",
                Unchanged::Foreign,
            ),
            (
                TOML,
                "[mcp_servers.deep-review]\ncommand = \"deep-review\"\nargs = [\"mcp\"]\nenv = {}\n[x]\n",
                Unchanged::Foreign,
            ),
            (TOML, "[mcp_servers]\ndeep-review = { command = \"x\" }\n", Unchanged::Foreign),
        ] {
            assert_eq!(with_entry(text, form, &start()), Err(why), "{text}");
        }
        for (form, text) in
            [(JSON, "{"), (JSON, "[]"), (JSON, "{ \"mcpServers\": [] }"), (TOML, "a = "), (TOML, "mcp_servers = 1\n")]
        {
            assert!(matches!(with_entry(text, form, &start()), Err(Unchanged::Unreadable(_))), "{text}");
        }
    }
}
