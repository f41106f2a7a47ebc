//! Repositories that Jujutsu keeps too, beside git: what of its words git's references answer. The `jj` command is not needed.

use super::references::tip;
use git2::Oid;
use std::path::{Path, PathBuf};

/// Where Jujutsu looks for the trunk where nobody says what it is, in its own order.
const TRUNKS: [&str; 3] = ["main", "master", "trunk"];
const REMOTES: [&str; 2] = ["origin", "upstream"];

/// A configuration of more bytes is not read.
const MOST_BYTES: u64 = 1 << 20;

/// Whether Jujutsu keeps the repository too.
pub(crate) fn keeps(repo: &git2::Repository) -> bool {
    repo.workdir().is_some_and(|root| root.join(".jj").is_dir())
}

/// The bookmark of what is worked on: one at HEAD, which is the commit below the working copy's, or at the working copy's
/// own; of several, one that is no usual main branch.
pub(crate) fn bookmark(repo: &git2::Repository, head: Oid) -> Option<String> {
    let is_here = |branch: &git2::Branch<'_>| {
        let commit = branch.get().peel_to_commit().ok();
        commit.is_some_and(|c| c.id() == head || (c.parent_count() == 1 && c.parent_id(0) == Ok(head)))
    };
    let branches = repo.branches(Some(git2::BranchType::Local)).ok()?.flatten();
    let here = branches.filter(|(branch, _)| is_here(branch));
    let mut names: Vec<String> = here.filter_map(|(b, _)| b.name().ok()?.map(str::to_owned)).collect();
    names.sort_by_key(|name| (TRUNKS.contains(&name.as_str()), name.clone()));
    names.into_iter().next()
}

/// `trunk()`: what the configuration says that it is, where that is a bookmark; else the newest of the usual ones of the
/// usual remotes, as Jujutsu has it. `None` where there is none; Jujutsu takes the root then.
pub(crate) fn trunk(repo: &git2::Repository) -> Option<(String, Oid)> {
    let root = repo.workdir()?;
    if let Some(alias) = configurations(root).iter().rev().find_map(|file| alias_in(file)) {
        let (name, full) = match alias.split_once('@') {
            Some((name, remote)) => (format!("{remote}/{name}"), format!("refs/remotes/{remote}/{name}")),
            None => (alias.clone(), format!("refs/heads/{alias}")),
        };
        if let Some(commit) = tip(repo, &full) {
            return Some((name, commit));
        }
    }
    let all = REMOTES.iter().flat_map(|remote| TRUNKS.iter().map(move |name| format!("{remote}/{name}")));
    let found = all.filter_map(|name| tip(repo, &format!("refs/remotes/{name}")).map(|commit| (name, commit)));
    let at = |(_, commit): &(String, Oid)| repo.find_commit(*commit).map_or(0, |commit| commit.time().seconds());
    // The first of those that are as new.
    found.fold(None, |best: Option<(String, Oid)>, base| match best {
        Some(best) if at(&best) >= at(&base) => Some(best),
        _ => Some(base),
    })
}

/// The files in which the user or `jj git clone` says what the trunk is; what comes later counts more.
fn configurations(root: &Path) -> Vec<PathBuf> {
    let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let home = variable("HOME");
    let folder = variable("XDG_CONFIG_HOME").or_else(|| Some(home.as_ref()?.join(".config")));
    let user = variable("JJ_CONFIG").or_else(|| Some(folder?.join("jj/config.toml")));
    home.map(|home| home.join(".jjconfig.toml"))
        .into_iter()
        .chain(user)
        .chain([root.join(".jj/repo/config.toml")])
        .collect()
}

/// The bookmark that a file says is the trunk: `"trunk()" = "main@origin"`. Any other expression is not read.
fn alias_in(file: &Path) -> Option<String> {
    let is_small = std::fs::metadata(file).is_ok_and(|meta| meta.is_file() && meta.len() <= MOST_BYTES);
    let text = is_small.then(|| std::fs::read_to_string(file).ok()).flatten()?;
    text.lines().find_map(alias)
}

fn alias(line: &str) -> Option<String> {
    let (key, value) = line.split_once('=')?;
    let key = key.trim().trim_start_matches("revset-aliases.").trim_matches(['"', '\'']);
    let value = value.split('#').next()?.trim();
    let value = ['"', '\''].iter().find_map(|quote| value.strip_prefix(*quote)?.strip_suffix(*quote))?;
    let is_plain = |c: char| c.is_alphanumeric() || "/._-@".contains(c);
    let is_bookmark = !value.is_empty() && value.chars().all(is_plain) && value.matches('@').count() <= 1;
    (key == "trunk()" && is_bookmark && !value.starts_with('@') && !value.ends_with('@')).then(|| value.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_trunk_is_read_where_it_is_a_bookmark() {
        for (line, name) in [
            (r#""trunk()" = "main@origin""#, Some("main@origin")),
            (r#"revset-aliases."trunk()" = 'dev/next@up.stream' # ours"#, Some("dev/next@up.stream")),
            (r#"'trunk()'="local""#, Some("local")),
            (r#""trunk()" = "latest(main | dev)""#, None),
            (r#""trunk()" = "@""#, None),
            (r#""trunk()" = "a@b@c""#, None),
            (r#""mine()" = "main@origin""#, None),
            (r#""trunk()" = main"#, None),
            ("[revset-aliases]", None),
        ] {
            assert_eq!(alias(line).as_deref(), name, "{line}");
        }
    }
}
