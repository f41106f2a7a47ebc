//! The brief as text: templates filled with what an agent needs to know.

pub(crate) mod diff;

use super::answer;
use super::{Brief, Question, Sending};
use finding::{Failure, FailureKind, RepoPath};
use secrets::MASK;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::path::Path;

/// Raised whenever a template here changes what agents are asked.
const VERSION: u32 = 2;

/// The templates, by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Templates {
    texts: BTreeMap<&'static str, String>,
    version: String,
}

impl Default for Templates {
    fn default() -> Self {
        let texts = [
            ("review", include_str!("../../prompts/review.md")),
            ("repair", include_str!("../../prompts/repair.md")),
            ("verify", include_str!("../../prompts/verify.md")),
            ("lead", include_str!("../../prompts/lead.md")),
        ];
        Self { texts: texts.map(|(n, t)| (n, t.to_owned())).into(), version: VERSION.to_string() }
    }
}

impl Templates {
    /// The built-in ones, each replaced by the file of its name (`review.md`) in `folder` where there is one.
    ///
    /// # Errors
    /// When such a file cannot be read.
    pub fn with_overrides(folder: &Path) -> Result<Self, Failure> {
        let mut templates = Self::default();
        let mut changed = Sha256::new();
        let mut any = false;
        for (name, text) in &mut templates.texts {
            let path = folder.join(format!("{name}.md"));
            match std::fs::read_to_string(&path) {
                Ok(own) => {
                    any = true;
                    changed.update(name.as_bytes());
                    changed.update(own.as_bytes());
                    *text = own;
                }
                Err(e) if e.kind() == std::io::ErrorKind::NotFound => {}
                Err(e) => {
                    let text = format!("failed to read the prompt {}: {e}", path.display());
                    return Err(Failure::new(FailureKind::Crashed, text));
                }
            }
        }
        if any {
            templates.version = format!("{VERSION}+{}", hex(&changed.finalize(), 8));
        }
        Ok(templates)
    }

    /// What a round stores: the built-in version, and a hash of what replaces it.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    fn fill(&self, name: &str, values: &minijinja::Value) -> Result<String, Failure> {
        let mut environment = minijinja::Environment::new();
        // A line of tags alone leaves no line behind.
        let syntax = minijinja::syntax::SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build();
        if let Ok(syntax) = syntax {
            environment.set_syntax(syntax);
        }
        let template = self.texts.get(name).map(String::as_str).unwrap_or_default();
        environment
            .render_str(template, values)
            .map_err(|e| Failure::new(FailureKind::Crashed, format!("failed to fill the prompt '{name}': {e}")))
    }
}

fn hex(bytes: &[u8], digits: usize) -> String {
    use std::fmt::Write;
    let mut out = String::new();
    for byte in bytes.iter().take(digits.div_ceil(2)) {
        // Writing to a String cannot fail.
        let _ = write!(out, "{byte:02x}");
    }
    out.truncate(digits);
    out
}

/// A brief as it is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prompt {
    /// The text.
    pub text: String,
    /// Version of the templates.
    pub version: String,
    /// Changed files that are shown in full.
    pub shown: Vec<RepoPath>,
    /// What is not shown, for people: files and symbols.
    pub not_shown: Vec<String>,
}

/// What an agent can take.
#[derive(Debug, Clone, Copy)]
pub struct Reader<'a> {
    /// Where it can read the whole repository, if it can.
    pub checkout: Option<&'a str>,
    /// How many bytes of text it takes in all.
    pub room: usize,
}

/// The prompt for a review.
///
/// # Errors
/// When a template is broken, or not even a part of the change fits.
pub fn review(brief: &Brief, reader: Reader<'_>) -> Result<Prompt, Failure> {
    let snapshot = &brief.snapshot;
    let sending = &brief.sending;
    let scope = snapshot.scope();
    let clean = |text: &str| sending.clean(text);
    let schema = answer::review_schema().to_string();
    let commits = clean(&list(snapshot.commits().iter().map(|c| {
        let body = c.body.trim();
        let indent = if body.is_empty() { String::new() } else { format!("\n  {}", body.replace('\n', "\n  ")) };
        format!("{} {}{indent}", c.id.short(), c.subject)
    })));
    let conventions = clean(&list(
        brief
            .conventions
            .iter()
            .filter(|(path, _)| sending.allows(path))
            .map(|(path, text)| format!("=== {}\n{}\n", diff::plain(path), text.trim())),
    ));
    let declined = clean(&list(brief.declined.iter().filter(|d| sending.allows_all(d.anchor.iter())).map(|d| {
        let place = d.anchor.as_ref().map(|a| format!(" ({a})")).unwrap_or_default();
        format!("- {}{place}: {}", d.title, d.reason)
    })));
    let open = clean(&list(brief.open.iter().filter(|f| sending.allows_all(f.anchors.iter())).map(|f| {
        let place = f.anchors.first().map(|a| format!(" ({a})")).unwrap_or_default();
        format!("- {}: {}{place}", f.severity, f.title)
    })));
    let reviewed = list(brief.reviewed.iter().filter(|p| sending.allows(p)).map(|p| format!("- {}", diff::plain(p))));
    let reviewed = cut(reviewed, 8000);
    let summary_then = clean(brief.summary.as_deref().unwrap_or_default());
    // A quarter at most for what is not the change itself; the rest of it is cut.
    let quarter = reader.room / 4;
    let (commits, conventions) = (cut(commits, quarter / 2), cut(conventions, quarter / 2));
    let (declined, open) = (cut(declined, quarter / 4), cut(open, quarter / 4));
    let fixed = schema.len()
        + reviewed.len()
        + summary_then.len()
        + commits.len()
        + conventions.len()
        + declined.len()
        + open.len()
        + 6000;
    let room = reader.room.saturating_sub(fixed);
    let kept_back: Vec<RepoPath> =
        brief.changed().filter(|f| !sending.allows_change(f)).map(|f| f.path.clone()).collect();
    let shown = diff::show(brief.changed().filter(|f| sending.allows_change(f)), room, clean);
    if shown.text.is_empty() && brief.files.len() > kept_back.len() {
        return Err(Failure::new(FailureKind::TooLarge, "no part of the change fits into what it can read"));
    }
    let mut not_shown: Vec<String> =
        shown.cut.iter().map(|(path, what)| format!("{}: {}", diff::plain(path), some(what))).collect();
    not_shown.extend(kept_back.iter().map(|p| format!("{}: never sent", diff::plain(p))));
    let mut summary = list(not_shown.iter().map(|l| format!("- {l}")));
    let left_out: Vec<String> =
        snapshot.left_out().iter().map(|f| format!("{} ({})", f.path.escape_default(), f.why)).collect();
    if !left_out.is_empty() {
        summary.push_str(&format!("\nChanged, and not reviewed: {}", some(&left_out)));
    }
    let fence = fence(&[&commits, &conventions, &declined, &open, &reviewed, &summary_then, &shown.text]);
    let values = minijinja::context! {
        fence,
        schema,
        checkout => reader.checkout,
        masked => sending.masker.as_ref().is_some_and(|m| m.count() > 0),
        mask => MASK,
        conventions,
        declined,
        open,
        reviewed,
        summary_then,
        branch => clean_name(scope.branch.as_deref().unwrap_or("(detached HEAD)")),
        base => clean_name(&scope.base_name),
        uncommitted => scope.uncommitted,
        commits,
        diff => &shown.text,
        summary => cut(summary, 4000),
    };
    let text = brief.templates.fill("review", &values)?;
    Ok(Prompt { text, version: brief.templates.version().to_owned(), shown: shown.whole, not_shown })
}

/// The prompt that asks to write an answer again in the right form.
///
/// # Errors
/// When the template is broken.
pub fn repair(templates: &Templates, said: &str, room: usize) -> Result<String, Failure> {
    let schema = answer::review_schema().to_string();
    let said = cut(said.to_owned(), room / 2);
    let values = minijinja::context! { fence => fence(&[&said]), answer => said, schema };
    templates.fill("repair", &values)
}

/// The prompt of a question besides the review.
///
/// # Errors
/// When the template is broken.
pub fn question(brief: &Brief, question: &Question, reader: Reader<'_>) -> Result<String, Failure> {
    let sending: &Sending = &brief.sending;
    let schema = question.schema.to_string();
    let share = reader.room / 2 / question.data.len().max(1);
    let data: BTreeMap<&str, String> =
        question.data.iter().map(|(name, text)| (*name, cut(sending.clean(text), share))).collect();
    let used: usize = data.values().map(String::len).sum();
    let room = reader.room.saturating_sub(schema.len() + used + 3000);
    let about = brief.changed().filter(|f| question.files.contains(&f.path) && sending.allows_change(f));
    let shown = diff::show(about, room, |t| sending.clean(t));
    let texts: Vec<&str> = data.values().map(String::as_str).chain([shown.text.as_str()]).collect();
    let fence = fence(&texts);
    let own = minijinja::context! { fence, schema, diff => shown.text, checkout => reader.checkout };
    let values = minijinja::context! { ..minijinja::Value::from_pairs(data), ..own };
    brief.templates.fill(question.template, &values)
}

/// A word that none of the texts contains, so that nothing in them can end their part of the prompt.
fn fence(texts: &[&str]) -> String {
    let mut hash = Sha256::new();
    texts.iter().for_each(|t| hash.update(t.as_bytes()));
    let digest = hash.finalize();
    let mut word = format!("#{}#", hex(&digest, 16));
    while texts.iter().any(|t| t.contains(&word)) {
        word.push('#');
    }
    word
}

fn clean_name(name: &str) -> String {
    name.chars().filter(|c| answer::keep(*c) && !matches!(c, '\n' | '`')).take(200).collect()
}

fn list(items: impl Iterator<Item = String>) -> String {
    items.collect::<Vec<_>>().join("\n")
}

fn some(items: &[String]) -> String {
    const MOST: usize = 50;
    let shown = items.iter().take(MOST).cloned().collect::<Vec<_>>().join(", ");
    if items.len() > MOST { format!("{shown} and {} more", items.len() - MOST) } else { shown }
}

fn cut(mut text: String, room: usize) -> String {
    if text.len() > room {
        let end = text.floor_char_boundary(room);
        text.truncate(end);
        text.push_str("\n… (cut)");
    }
    text
}

#[cfg(test)]
mod tests;
