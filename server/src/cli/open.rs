//! `deep-review open`: a finding's place in the user's own editor.

use super::Exit;
use super::args::OpenArgs;
use super::context::Context;
use super::now::now;
use anyhow::{Context as _, bail, ensure};
use ops::Now;
use std::path::{Path, PathBuf};
use std::process::Command;

pub(super) fn run(context: &Context, args: &OpenArgs) -> anyhow::Result<Exit> {
    let now = now(context, None)?;
    let (file, line) = place_of(&now, ops::find(&now.round, &args.id)?.index)?;
    start_editor(&file, line)?;
    Ok(Exit::Done)
}

/// Where a finding is now, by its index in the round: a file that is there, and a line of it, 1-based.
pub(super) fn place_of(now: &Now, index: usize) -> anyhow::Result<(PathBuf, u32)> {
    let whole = ops::show(&now.situation(), index).context("the finding is gone")?;
    let Some(path) = &whole.row.path else { bail!("{} is about the whole branch, not a place", whole.row.label) };
    let file = now.current.tree.reach().place(path)?;
    ensure!(file.exists(), "{path} is not there any more");
    Ok((file, whole.row.lines.map_or(1, |lines| lines.start())))
}

/// Has the user's own editor show a file at a line, 1-based, and waits until it ends.
pub(super) fn start_editor(file: &Path, line: u32) -> anyhow::Result<()> {
    let set = ["VISUAL", "EDITOR"].into_iter().filter_map(|name| std::env::var(name).ok());
    let Some(editor) = set.into_iter().find(|editor| !editor.trim().is_empty()) else {
        bail!("no editor is set: set VISUAL or EDITOR to the command of yours");
    };
    let mut words = editor.split_whitespace();
    let program = words.next().unwrap_or_default();
    let status = Command::new(program).args(words).args(at(program, file, line)).status();
    let status = status.with_context(|| format!("failed to start '{editor}' (from VISUAL or EDITOR)"))?;
    ensure!(status.success(), "'{editor}' ended with {status}");
    Ok(())
}

/// How an editor is told the line, 1-based: most take `+7 FILE`.
fn at(program: &str, file: &Path, line: u32) -> Vec<String> {
    let file = file.display();
    let name = Path::new(program).file_stem().map(|name| name.to_string_lossy().to_lowercase()).unwrap_or_default();
    match name.as_str() {
        "code" | "code-insiders" | "codium" | "cursor" | "windsurf" => vec!["--goto".into(), format!("{file}:{line}")],
        "hx" | "helix" | "subl" | "zed" => vec![format!("{file}:{line}")],
        "idea" | "pycharm" | "goland" | "clion" | "webstorm" | "rustrover" => {
            vec!["--line".into(), line.to_string(), file.to_string()]
        }
        _ => vec![format!("+{line}"), file.to_string()],
    }
}
