//! `deep-review agents install` and `uninstall`: the entry for `deep-review mcp` in the settings of a coding agent. What is
//! written is shown first; what is taken out is what was put in, and nothing else.

mod entry;
mod places;

use super::args::{CodingAgent, InstallArgs};
use super::context::Context;
use super::{Exit, output};
use anyhow::Context as _;
use entry::{Form, Start, Unchanged};
use finding::RepoPath;
use git::{ChangeKind, ChangedFile, line_hunks, unified_diff};
use places::System;
use report::sanitize::printable;
use std::io::{self, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};

/// Lines around a change that are shown.
const CONTEXT: u32 = 3;
/// Larger settings are none, in bytes.
const LARGEST: u64 = 16 << 20;

/// Where an agent keeps its settings, and how.
struct Settings {
    file: PathBuf,
    form: Form,
    start: Start,
}

pub(super) fn install(context: &Context, args: &InstallArgs) -> anyhow::Result<Exit> {
    let settings = settings(context, args)?;
    let text = read(&settings.file)?.unwrap_or_default();
    match entry::with_entry(&text, settings.form, &settings.start) {
        Ok(with) => change(&settings.file, &text, &with, args.yes),
        Err(why) => unchanged(&settings.file, &why),
    }
}

pub(super) fn uninstall(context: &Context, args: &InstallArgs) -> anyhow::Result<Exit> {
    let settings = settings(context, args)?;
    let Some(text) = read(&settings.file)? else { return unchanged(&settings.file, &Unchanged::NotThere) };
    match entry::without_entry(&text, settings.form, &settings.start) {
        Ok(without) => change(&settings.file, &text, &without, args.yes),
        Err(why) => unchanged(&settings.file, &why),
    }
}

fn settings(context: &Context, args: &InstallArgs) -> anyhow::Result<Settings> {
    const SERVERS: Form = Form::Json { below: "mcpServers", besides: &[] };
    const OF_CODE: Form = Form::Json { below: "servers", besides: &[("type", "stdio")] };
    const OF_ZED: Form = Form::Json { below: "context_servers", besides: &[] };
    let of_user = || -> anyhow::Result<PathBuf> {
        let home = etcetera::home_dir().context("there is no home folder")?;
        let file = places::of_user(args.agent, System::here(), &home, &|name| std::env::var_os(name));
        // Those that have none are asked for the repository's.
        file.context("it has settings of a repository alone")
    };
    let of_project = || -> anyhow::Result<PathBuf> { Ok(context.repository()?.root().to_owned()) };
    // An editor may start servers elsewhere than in the folder that is open.
    let here = ["-C", "${workspaceFolder}", "mcp"];
    let (file, form, arguments): (PathBuf, Form, &[&str]) = match (args.agent, args.project) {
        (CodingAgent::Claude, _) => (of_project()?.join(".mcp.json"), SERVERS, &["mcp"]),
        (CodingAgent::Codex, true) => anyhow::bail!("Codex has no settings of a repository; leave --project out"),
        (CodingAgent::Codex, false) => (of_user()?, Form::Toml { below: "mcp_servers" }, &["mcp"]),
        (CodingAgent::Windsurf, true) => {
            anyhow::bail!("Windsurf has no settings of a repository; leave --project out")
        }
        (CodingAgent::Windsurf, false) => (of_user()?, SERVERS, &["mcp"]),
        (CodingAgent::Gemini, true) => (of_project()?.join(".gemini/settings.json"), SERVERS, &["mcp"]),
        (CodingAgent::Gemini, false) => (of_user()?, SERVERS, &["mcp"]),
        (CodingAgent::Cursor, true) => (of_project()?.join(".cursor/mcp.json"), SERVERS, &here),
        (CodingAgent::Cursor, false) => (of_user()?, SERVERS, &here),
        (CodingAgent::VsCode, _) => (of_project()?.join(".vscode/mcp.json"), OF_CODE, &here),
        (CodingAgent::Zed, true) => (of_project()?.join(".zed/settings.json"), OF_ZED, &["mcp"]),
        (CodingAgent::Zed, false) => (of_user()?, OF_ZED, &["mcp"]),
    };
    let args = arguments.iter().map(|argument| (*argument).to_owned()).collect();
    Ok(Settings { file, form, start: Start { command: command()?, args } })
}

/// The name alone where it leads to this program, so that an update or another machine finds it too.
fn command() -> anyhow::Result<String> {
    let me = std::env::current_exe().context("failed to find this program")?;
    let real = |path: &Path| path.canonicalize().ok();
    match agent::detect::find_program(entry::NAME).is_some_and(|found| real(&found) == real(&me)) {
        true => Ok(entry::NAME.to_owned()),
        false => Ok(me.to_str().context("the name of this program is not UTF-8")?.to_owned()),
    }
}

fn read(file: &Path) -> anyhow::Result<Option<String>> {
    let failed = || format!("failed to read {}", file.display());
    match std::fs::metadata(file) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(e).with_context(failed),
        Ok(metadata) if metadata.len() > LARGEST => anyhow::bail!("{} is too large to be settings", file.display()),
        Ok(_) => std::fs::read_to_string(file).map(Some).with_context(failed),
    }
}

/// Shows the change, and writes it if the user says so.
fn change(file: &Path, before: &str, after: &str, yes: bool) -> anyhow::Result<Exit> {
    output::print(&format!("{}\n{}", file.display(), printable(&diff(file, before, after))))?;
    if !(yes || confirmed()?) {
        output::note("Nothing was written.");
        return Ok(Exit::Done);
    }
    let failed = || format!("failed to write {}", file.display());
    if after.is_empty() {
        std::fs::remove_file(file).with_context(failed)?;
    } else {
        if let Some(folder) = file.parent() {
            std::fs::create_dir_all(folder).with_context(failed)?;
        }
        // In place: what is a link, or has permissions of its own, keeps them.
        std::fs::write(file, after).with_context(failed)?;
    }
    output::note(&format!("Wrote {}", file.display()));
    Ok(Exit::Done)
}

fn diff(file: &Path, before: &str, after: &str) -> String {
    let name = file.file_name().and_then(|name| name.to_str()).unwrap_or("settings");
    let Ok(path) = RepoPath::new(name) else { return String::new() };
    let text = |text: &str| (!text.is_empty()).then(|| text.into());
    let kind = match (before.is_empty(), after.is_empty()) {
        (true, _) => ChangeKind::Added,
        (_, true) => ChangeKind::Deleted,
        _ => ChangeKind::Modified,
    };
    let hunks = line_hunks(before, after);
    unified_diff(&ChangedFile { path, kind, old: text(before), new: text(after), hunks, lossy: false }, CONTEXT)
}

/// Whether the user says yes; without a terminal nobody is asked, and nobody says so.
fn confirmed() -> anyhow::Result<bool> {
    if !io::stdin().is_terminal() {
        output::note("There is no terminal to ask on; pass --yes to write it.");
        return Ok(false);
    }
    write!(io::stderr().lock(), "Write this? [y/N] ")?;
    let mut line = String::new();
    io::stdin().read_line(&mut line)?;
    Ok(matches!(line.trim(), "y" | "Y" | "yes"))
}

fn unchanged(file: &Path, why: &Unchanged) -> anyhow::Result<Exit> {
    let file = file.display();
    match why {
        Unchanged::There => output::print(&format!("{file} has it already.\n"))?,
        Unchanged::NotThere => output::print(&format!("{file} does not have it.\n"))?,
        Unchanged::Foreign => {
            anyhow::bail!("{file} has an entry '{}' that was not written by install; change it by hand", entry::NAME)
        }
        Unchanged::Unreadable(why) => anyhow::bail!("{file} cannot be read: {why}"),
    }
    Ok(Exit::Done)
}
