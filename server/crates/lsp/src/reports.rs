//! Reports of rounds as files, for editors to show and for diagnostics to lead to.

use super::reviewing::Refused;
use super::world::Repo;
use finding::Round;
use lsp_types::Uri;
use report::Format;
use review::document::document;
use std::collections::HashMap;
use std::path::PathBuf;

/// Rounds with more findings get no report for diagnostics to lead to: it would cost more than it gives.
pub(crate) const MAX_LINKED: usize = 1000;

/// A report beside the rounds.
#[derive(Debug)]
pub(crate) struct Written {
    pub(crate) uri: Uri,
    pub(crate) text: String,
}

/// Where the findings are in a report.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Report {
    uri: Uri,
    /// Line (0-based) of a finding's heading, by its label.
    lines: HashMap<String, u32>,
}

impl Report {
    /// The address of a finding in the report.
    pub(crate) fn address(&self, label: &str) -> Option<Uri> {
        let line = self.lines.get(label)? + 1;
        format!("{}#L{line}", self.uri.as_str()).parse().ok()
    }
}

impl Written {
    /// Line (0-based) of a finding's heading.
    pub(crate) fn line_of(&self, label: &str) -> Option<u32> {
        self.headings().find(|(word, _)| *word == label).map(|(_, line)| line)
    }

    /// Where its findings are.
    pub(crate) fn report(&self) -> Report {
        Report { uri: self.uri.clone(), lines: self.headings().map(|(label, line)| (label.to_owned(), line)).collect() }
    }

    /// The words of headings that look like labels.
    fn headings(&self) -> impl Iterator<Item = (&str, u32)> {
        let headings = (0..).zip(self.text.lines()).filter(|(_, line)| line.starts_with('#'));
        headings.filter_map(|(number, line)| Some((super::lens::words(line).next()?.1, number)))
    }
}

/// The whole round that is meant: by its id or number, or the one that is shown.
pub(crate) fn round(repo: &Repo, wanted: Option<&str>) -> Result<Round, Refused> {
    match (wanted, &repo.plan) {
        (None, Some(plan)) if repo.stored.as_ref().is_some_and(|stored| stored.id == plan.round.id) => {
            // What is shown lacks the raw findings.
            let newest = repo.branch().newest().map_err(|e| Refused::failed(e.to_string()))?.value;
            match newest.filter(|round| round.id == plan.round.id) {
                Some(round) => Ok(round),
                None => round_of(repo, plan.round.id.as_str()),
            }
        }
        (None, Some(plan)) => Ok((*plan.round).clone()),
        (None, None) => Err(Refused::failed("there is no round of this branch yet; run a review first")),
        (Some(id), _) => round_of(repo, id),
    }
}

/// The stored round of that id or number.
fn round_of(repo: &Repo, id: &str) -> Result<Round, Refused> {
    let rounds = repo.branch().rounds().map_err(|e| Refused::failed(e.to_string()))?.value;
    let known = rounds.into_iter().find(|r| r.id.as_str() == id || r.number.to_string() == id);
    known.ok_or_else(|| Refused::invalid(format!("there is no round '{id}' of this branch")))
}

/// Writes a round's report beside the rounds.
pub(crate) fn write(repo: &Repo, round: &Round, format: Format) -> Result<Written, Refused> {
    let failed = |e: std::io::Error| Refused::failed(format!("the report could not be written: {e}"));
    let mut document = document(&repo.git, round.clone())
        .map_err(|e| Refused::failed(format!("the report could not be written: {e}")))?;
    // What the built-in agents saw by themselves is not stored.
    for path in round
        .texts
        .keys()
        .filter(|path| repo.plan.as_ref().is_some_and(|p| p.round.id == round.id && p.file(path).is_some()))
    {
        if let Some(text) = repo.frozen.get(path).and_then(|frozen| frozen.text()) {
            document.texts.insert(path.clone(), text.clone());
        }
    }
    document.trace(&repo.git);
    let folder = repo.store().folder().join("reports");
    let file = folder.join(file_name(&document.round, format));
    let text = document.write(format, Some(&file));
    std::fs::create_dir_all(&folder).map_err(failed)?;
    std::fs::write(&file, &text).map_err(failed)?;
    let uri = super::documents::file_uri(&file).ok_or_else(|| Refused::failed("the report has no address"))?;
    Ok(Written { uri, text })
}

fn file_name(round: &Round, format: Format) -> PathBuf {
    let safe = |c: char| if c.is_ascii_alphanumeric() || c == '-' { c } else { '-' };
    let name: String = round.id.as_str().chars().map(safe).collect();
    let extension = match format {
        Format::Markdown => "md",
        Format::Html => "html",
        Format::Text => "txt",
        Format::Junit => "xml",
        _ => "json",
    };
    format!("{name}.{extension}").into()
}
