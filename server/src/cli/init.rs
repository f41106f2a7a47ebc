//! `deep-review init`: a `.deep-review.toml` to start from, made of what is found in the repository.

use super::context::Context;
use super::{Exit, output};
use anyhow::{Context as _, bail};
use git::{Repository, ScopeRequest};
use std::fs::OpenOptions;
use std::io::{ErrorKind, Write as _};

const FILE: &str = ".deep-review.toml";

/// What people often keep out of reviews, as they are called at the top of a repository.
const OFTEN_EXCLUDED: [&str; 8] =
    ["vendor", "third_party", "node_modules", "dist", "generated", "testdata", "fixtures", "snapshots"];

pub(super) fn run(context: &Context) -> anyhow::Result<Exit> {
    let repository = context.repository()?;
    let file = repository.root().join(FILE);
    // Never over one that is there, nor through a link.
    let mut made = match OpenOptions::new().write(true).create_new(true).open(&file) {
        Ok(made) => made,
        Err(e) if e.kind() == ErrorKind::AlreadyExists => bail!("{} is there already", file.display()),
        Err(e) => return Err(e).with_context(|| format!("failed to write {}", file.display())),
    };
    made.write_all(text(&repository).as_bytes()).with_context(|| format!("failed to write {}", file.display()))?;
    output::print(&format!(
        "Wrote {}.\nIt counts from the base of a branch: commit it there, so that no branch can change its own review.\n",
        file.display()
    ))?;
    Ok(Exit::Done)
}

fn text(repository: &Repository) -> String {
    let base = repository.scope(&ScopeRequest::default()).map(|scope| scope.base_name).ok();
    let base = base.filter(|base| !base.is_empty()).unwrap_or_else(|| "main".to_owned());
    let found: Vec<String> = OFTEN_EXCLUDED
        .into_iter()
        .filter(|name| repository.root().join(name).is_dir())
        .map(|name| format!("{:?}", format!("{name}/")))
        .collect();
    let exclude = if found.is_empty() {
        "# exclude = [\"vendor/\", \"*.snap\"]".to_owned()
    } else {
        format!("# exclude = [{}]", found.join(", "))
    };
    format!(
        "# How deep-review reviews this repository. What runs, and where text is sent, is never said here.\n\
         # It is read from the base commit of a branch.\n\
         \n\
         # What branches are compared with. Found by itself: the remote's default branch.\n\
         # base = {base:?}\n\
         \n\
         # Files that are not reviewed, as in .gitignore.\n\
         {exclude}\n\
         \n\
         # Files whose text never leaves the machine, as in .gitignore.\n\
         # never_send = [\"*.pem\", \".env*\"]\n\
         \n\
         # Convention files for the agents, besides AGENTS.md, CONTRIBUTING.md and the like.\n\
         # conventions = [\"docs/style.md\"]\n\
         \n\
         # `deep-review review` ends with exit code 1 from this severity on.\n\
         # fail_on = \"critical\"\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_it_can_be_taken_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        git2::Repository::init(folder.path()).unwrap();
        std::fs::create_dir(folder.path().join("vendor")).unwrap();
        let text = text(&Repository::discover(folder.path()).unwrap());
        assert!(text.contains("# exclude = [\"vendor/\"]\n"), "{text}");
        let none = |_: &str| None;
        assert!(config::load(None, Some(&text), &none).is_ok());
        let taken: String = text
            .lines()
            .map(|line| line.strip_prefix("# ").filter(|rest| rest.contains(" = ")).unwrap_or(line))
            .map(|line| format!("{line}\n"))
            .collect();
        let loaded = config::load(None, Some(&taken), &none).unwrap_or_else(|e| panic!("{e}\n{taken}"));
        assert_eq!(loaded.config.fail_on, Some(finding::Severity::Critical));
        assert!(loaded.config.exclude.contains(&"vendor/".to_owned()));
    }
}
