//! The brief as text: templates filled with what an agent needs to know.

mod context;
pub(crate) mod diff;
pub(crate) mod history;
mod intent;
pub(crate) mod lens;

pub use history::History;
pub use lens::LENSES;

use super::answer;
use super::{Brief, Question, Sending};
use finding::{Commit, Failure, FailureKind, Finding, Message, RepoPath, Speaker};
use secrets::MASK;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::path::Path;

/// Raised whenever a template here changes what agents are asked.
const VERSION: u32 = 6;

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
            ("ask", include_str!("../../prompts/ask.md")),
            ("fix", include_str!("../../prompts/fix.md")),
            ("judge", include_str!("../../prompts/judge.md")),
            ("notes/claude", include_str!("../../prompts/notes/claude.md")),
            ("notes/codex", include_str!("../../prompts/notes/codex.md")),
            ("notes/gemini", include_str!("../../prompts/notes/gemini.md")),
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
        let filled = environment.render_str(template, values);
        let mut text = filled
            .map_err(|e| Failure::new(FailureKind::Crashed, format!("failed to fill the prompt '{name}': {e}")))?;
        // It is kept as long as its agent takes, and was written into twice the room.
        text.shrink_to_fit();
        Ok(text)
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
    /// The tools by which it can ask further, for people; empty if there are none.
    pub tools: &'a str,
    /// How many bytes of text it takes in all.
    pub room: usize,
    /// From which side it looks: the name of a built-in lens, or the path of the user's own.
    pub lens: Option<&'a str>,
    /// The name of the template with what it needs to hear besides.
    pub notes: Option<&'static str>,
    /// Whether the schema of the answer reaches it beside the prompt.
    pub has_schema: bool,
}

/// What of a prompt depends on who reads it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Form {
    /// Whether it can see more of the files than the prompt shows.
    pub reads_on: bool,
    /// Whether the schema of the answer reaches it beside the prompt, which does not repeat it then.
    pub has_schema: bool,
}

impl Reader<'_> {
    fn form(&self) -> Form {
        Form { reads_on: self.checkout.is_some() || !self.tools.is_empty(), has_schema: self.has_schema }
    }
}

/// Most calls that a change is dealt to, where it does not fit into one.
const MOST_CALLS: usize = 16;

/// The prompt for a review by somebody who reads on by itself: what does not fit is named in it.
///
/// # Errors
/// When a template is broken, or not even a part of the change fits.
pub fn review(brief: &Brief, reader: Reader<'_>) -> Result<Prompt, Failure> {
    let mut prompts = prompts(brief, reader, 1)?;
    prompts.pop().ok_or_else(too_large)
}

/// The prompts for a review by somebody who has nothing but them: as many as the change needs, related files
/// together, the most important first.
///
/// # Errors
/// When a template is broken, or not even a part of the change fits.
pub fn reviews(brief: &Brief, reader: Reader<'_>) -> Result<Vec<Prompt>, Failure> {
    prompts(brief, reader, MOST_CALLS)
}

fn too_large() -> Failure {
    Failure::new(FailureKind::TooLarge, "no part of the change fits into what it can read")
}

fn prompts(brief: &Brief, reader: Reader<'_>, most: usize) -> Result<Vec<Prompt>, Failure> {
    let about = About::of(brief, reader)?;
    let sending = &brief.sending;
    let kept_back = brief.changed().filter(|f| !sending.allows_change(f)).map(|f| f.path.clone());
    let kept_back: Vec<RepoPath> = kept_back.collect();
    let mut changed: Vec<_> = brief.changed().filter(|f| sending.allows_change(f)).collect();
    history::order(brief, &mut changed);
    // Who can read on finds what it needs.
    let around = if reader.form().reads_on { context::Around::default() } else { context::Around::of(brief) };
    let around = |files: &[RepoPath]| sending.clean(&around.text(files, reader.room / 8));
    let room = reader.room.saturating_sub(about.size());
    let deal = |room: usize| {
        let changed = changed.iter().copied();
        diff::deal(changed, diff::context(reader.form().reads_on), (room, most), |text| sending.clean(text))
    };
    let all: Vec<RepoPath> = changed.iter().map(|file| file.path.clone()).collect();
    let mut dealt = deal(room.saturating_sub(around(&all).len()));
    if dealt.len() > 1 && !reader.form().reads_on {
        // Each call is given what stands around its own files.
        dealt = deal(room.saturating_sub(context::most(reader.room / 8)));
    }
    if dealt.iter().all(|shown| shown.text.is_empty()) && brief.files.len() > kept_back.len() {
        return Err(too_large());
    }
    let calls = dealt.len();
    let prompt = |(n, shown): (usize, &diff::Shown)| {
        let elsewhere = dealt.iter().enumerate().filter(|(at, _)| *at != n).flat_map(|(_, other)| &other.whole);
        let elsewhere: Vec<String> = elsewhere.map(diff::plain).collect();
        let mut not_shown: Vec<String> =
            shown.cut.iter().map(|(path, what)| format!("{}: {}", diff::plain(path), some(what))).collect();
        not_shown.extend(kept_back.iter().map(|p| format!("{}: never sent", diff::plain(p))));
        let parts = (calls > 1)
            .then(|| format!("This is part {} of {calls} of the change. In other parts: {}", n + 1, some(&elsewhere)));
        let about_shown = around(&shown.files);
        let text = about.fill(brief, (&about_shown, &shown.text), &missing(brief, &not_shown, parts))?;
        Ok(Prompt { text, version: brief.templates.version().to_owned(), shown: shown.whole.clone(), not_shown })
    };
    dealt.iter().enumerate().map(prompt).collect()
}

/// What the prompt says of what is not in it.
fn missing(brief: &Brief, not_shown: &[String], parts: Option<String>) -> String {
    let mut lines: Vec<String> = parts.into_iter().collect();
    lines.extend(not_shown.iter().map(|l| format!("- {l}")));
    let left_out = brief.snapshot.left_out().iter().map(|f| format!("{} ({})", f.path.escape_default(), f.why));
    let left_out: Vec<String> = left_out.collect();
    if !left_out.is_empty() {
        lines.push(format!("Changed, and not reviewed: {}", some(&left_out)));
    }
    cut(brief.sending.clean(&lines.join("\n")), 4000)
}

/// Everything in a prompt but the change itself, as it may be sent.
#[derive(Debug)]
struct About<'a> {
    reader: Reader<'a>,
    schema: String,
    lens: String,
    notes: String,
    instructions: String,
    background: String,
    purpose: String,
    comments: String,
    commits: String,
    commits_since: String,
    steps: String,
    steps_since: String,
    history: String,
    conventions: String,
    declined: String,
    open: String,
    reviewed: String,
    summary_then: String,
}

impl<'a> About<'a> {
    fn of(brief: &Brief, reader: Reader<'a>) -> Result<Self, Failure> {
        let sending = &brief.sending;
        let clean = |text: &str| sending.clean(text);
        // A quarter at most for what is not the change itself; the rest of it is cut.
        let quarter = reader.room / 4;
        let reviewed = brief.reviewed.iter().filter(|p| sending.allows(p)).map(|p| format!("- {}", diff::plain(p)));
        let declined = brief.declined.iter().filter(|d| sending.allows_all(d.anchor.iter())).map(|d| {
            let place = d.anchor.as_ref().map(|a| format!(" ({a})")).unwrap_or_default();
            format!("- {}{place}: {}", d.title, d.reason)
        });
        let open = brief.open.iter().filter(|f| sending.allows_all(f.anchors.iter())).map(|f| {
            let place = f.main_anchor().map(|a| format!(" ({a})")).unwrap_or_default();
            format!("- {}: {}{place}{}", f.severity, f.title, said_since(f))
        });
        let told = history::told(brief);
        let (commits, commits_since) = commits(brief);
        Ok(Self {
            reader,
            schema: review_schema(reader.form()),
            lens: reader.lens.map(lens::text).transpose()?.unwrap_or_default(),
            notes: reader
                .notes
                .map(|name| brief.templates.fill(name, &minijinja::context! {}))
                .transpose()?
                .unwrap_or_default(),
            instructions: cut(brief.steering.for_files(&brief.files), quarter / 4),
            background: cut(clean(brief.steering.background.as_deref().unwrap_or_default()), quarter / 4),
            purpose: clean(&intent::purpose(brief, quarter / 2)),
            comments: cut(clean(&intent::comments(brief)), quarter / 4),
            commits: cut(clean(&commits), quarter / 2),
            commits_since: cut(clean(&commits_since), quarter / 4),
            steps: cut(clean(&told.settled), quarter / 4),
            steps_since: cut(clean(&told.since), quarter / 4),
            history: cut(clean(&told.lines), quarter / 4),
            conventions: cut(clean(&conventions(brief)), quarter / 2),
            declined: cut(clean(&first(declined, quarter / 4)), quarter / 4),
            open: cut(clean(&first(open, quarter / 4)), quarter / 4),
            reviewed: cut(clean(&list(reviewed)), 8000),
            summary_then: clean(brief.summary.as_deref().unwrap_or_default()),
        })
    }

    /// In bytes, the template with it, and some room for what is not shown.
    fn size(&self) -> usize {
        let data: usize = self.data().iter().map(|text| text.len()).sum();
        self.schema.len() + self.lens.len() + self.notes.len() + self.instructions.len() + data + 12_000
    }

    /// What others wrote.
    fn data(&self) -> [&str; 13] {
        [
            &self.background,
            &self.purpose,
            &self.comments,
            &self.commits,
            &self.commits_since,
            &self.steps,
            &self.steps_since,
            &self.history,
            &self.conventions,
            &self.declined,
            &self.open,
            &self.reviewed,
            &self.summary_then,
        ]
    }

    fn fill(&self, brief: &Brief, (context, diff): (&str, &str), summary: &str) -> Result<String, Failure> {
        let scope = brief.snapshot.scope();
        let texts: Vec<&str> = self.data().into_iter().chain([context, diff]).collect();
        let values = minijinja::context! {
            fence => fence(&texts),
            schema => &self.schema,
            checkout => self.reader.checkout,
            tools => self.reader.tools,
            dependencies => if self.reader.checkout.is_some() { dependencies(brief) } else { String::new() },
            mask => MASK,
            language => brief.steering.language.as_deref().map(clean_name),
            lens => self.lens.trim(),
            notes => self.notes.trim(),
            instructions => &self.instructions,
            background => &self.background,
            purpose => &self.purpose,
            comments => &self.comments,
            conventions => &self.conventions,
            declined => &self.declined,
            open => &self.open,
            reviewed => &self.reviewed,
            summary_then => &self.summary_then,
            branch => clean_name(scope.branch.as_deref().unwrap_or("(detached HEAD)")),
            base => clean_name(&scope.base_name),
            uncommitted => scope.uncommitted,
            commits => &self.commits,
            commits_since => &self.commits_since,
            steps => &self.steps,
            steps_since => &self.steps_since,
            history => &self.history,
            context,
            diff,
            summary,
        };
        brief.templates.fill("review", &values)
    }
}

/// What was asked and answered about a finding since, a line each.
fn said_since(finding: &Finding) -> String {
    let line = |message: &Message| {
        let who = match &message.by {
            Speaker::Person => "the author asked",
            Speaker::Agent(name) => &format!("{name} answered"),
        };
        let text = message.text.split_whitespace().collect::<Vec<_>>().join(" ");
        format!("\n  {who}: {}", cut(text, 500).replace('\n', " "))
    };
    // The last of it says most.
    let skipped = finding.thread.len().saturating_sub(6);
    finding.thread.iter().skip(skipped).map(line).collect()
}

/// The [settled](history::settled) commits, and those that came since.
fn commits(brief: &Brief) -> (String, String) {
    let told = |commits: &[Commit]| {
        list(commits.iter().map(|c| {
            let body = c.body.trim();
            let indent = if body.is_empty() { String::new() } else { format!("\n  {}", body.replace('\n', "\n  ")) };
            format!("{} {}{indent}", c.id.short(), c.subject)
        }))
    };
    let (settled, since) = brief.snapshot.commits().split_at(history::settled(brief));
    (told(settled), told(since))
}

fn dependencies(brief: &Brief) -> String {
    list(brief.dependencies.iter().map(|d| {
        let version = d.version.as_ref().map(|v| format!(" {v}")).unwrap_or_default();
        format!("- {}{version}: {}", clean_name(&d.name), clean_name(&d.folder.to_string_lossy()))
    }))
}

fn conventions(brief: &Brief) -> String {
    let allowed = brief.conventions.iter().filter(|(path, _)| brief.sending.allows(path));
    list(allowed.map(|(path, text)| format!("=== {}\n{}\n", diff::plain(path), text.trim())))
}

/// The schema of a review, where the prompt has it.
fn review_schema(form: Form) -> String {
    if form.has_schema { String::new() } else { answer::review_schema().to_string() }
}

/// About how many bytes the prompt of this brief has: nothing is read or masked for it.
#[must_use]
pub fn size(brief: &Brief, form: Form) -> usize {
    let schema = review_schema(form);
    let empty = minijinja::context! { schema, fence => fence(&[]), mask => MASK };
    // A template that is broken is said where it is used.
    let fixed = brief.templates.fill("review", &empty).map_or(0, |text| text.len());
    let conventions: usize = brief.conventions.iter().map(|(path, text)| path.as_str().len() + text.len() + 6).sum();
    let said: usize = brief.declined.iter().map(|d| d.title.len() + d.reason.len() + 40).sum::<usize>()
        + brief.open.iter().map(|f| f.title.len() + 50).sum::<usize>()
        + brief.summary.as_ref().map_or(0, String::len);
    let steering = &brief.steering;
    let asked = steering.for_files(&brief.files).len() + steering.background.as_ref().map_or(0, String::len);
    let intent = intent::purpose(brief, usize::MAX).len() + intent::comments(brief).len();
    let history::Told { settled, since, lines } = history::told(brief);
    let history = settled.len() + since.len() + lines.len();
    let (commits, commits_since) = commits(brief);
    fixed
        + conventions
        + said
        + asked
        + intent
        + history
        + commits.len()
        + commits_since.len()
        + brief.changed().map(|file| diff::size_with(file, diff::context(form.reads_on))).sum::<usize>()
}

pub use diff::size as size_of_change;

/// A prompt of a review in pieces, for a vendor who keeps what he is told to keep: what is the same in every round of a
/// repository; what is said of the first commits; the diff of files that seldom change; the rest. Only the last where there
/// is no telling.
pub(crate) fn by_steadiness(prompt: &str) -> Vec<&str> {
    // What our template has there. A text that has the same words moves a cut, and changes nothing else.
    let change = prompt.find("\n# The change\n").map(|at| at + 1);
    let diff = prompt.find(" BEGIN diff\n").and_then(|at| Some(prompt[..at].rfind('\n')? + 1));
    let three_quarters = prompt.floor_char_boundary(prompt.len() / 4 * 3);
    let seldom = prompt[..three_quarters].rfind("\n=== ").map(|at| at + 1);
    let (mut pieces, mut from) = (Vec::new(), 0);
    for cut in [change, diff.filter(|_| change.is_some()), seldom.filter(|at| change.is_some() && Some(*at) > diff)] {
        if let Some(cut) = cut.filter(|cut| *cut > from) {
            pieces.push(&prompt[from..cut]);
            from = cut;
        }
    }
    pieces.push(&prompt[from..]);
    pieces
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
    let parts = question.data.iter().filter(|(_, text)| !text.is_empty()).count();
    let share = reader.room / 2 / parts.max(1);
    let data: BTreeMap<&str, String> =
        question.data.iter().map(|(name, text)| (*name, cut(sending.clean(text), share))).collect();
    let used: usize = data.values().map(String::len).sum();
    let room = reader.room.saturating_sub(schema.len() + used + 3000);
    let about = brief.changed().filter(|f| question.files.contains(&f.path) && sending.allows_change(f));
    let shown = diff::deal(about, diff::context(reader.form().reads_on), (room, 1), |t| sending.clean(t))
        .pop()
        .unwrap_or_default();
    let texts: Vec<&str> = data.values().map(String::as_str).chain([shown.text.as_str()]).collect();
    let fence = fence(&texts);
    let own = minijinja::context! {
        fence, schema, mask => MASK, diff => shown.text, checkout => reader.checkout, tools => reader.tools,
        edits => reader.checkout.is_some() && brief.checkout.is_to_edit(),
    };
    let values = minijinja::context! { ..minijinja::Value::from_pairs(data), ..own };
    brief.templates.fill(question.template, &values)
}

/// A word that none of the texts contains, so that nothing in them can end their part of the prompt. It is the same
/// wherever it can be, so that a vendor finds a prompt's beginning again in its cache.
fn fence(texts: &[&str]) -> String {
    const USUAL: &str = "#5f1d0c3ae98b47d2#";
    // Its beginning is looked for, so that no text has a word that only looks like it either.
    if !texts.iter().any(|t| t.contains(&USUAL[..9])) {
        return USUAL.to_owned();
    }
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

/// As many of the items as have no less than `room` when secrets in them are masked: the rest would be cut, and need not be
/// looked through.
fn first(items: impl Iterator<Item = String>, room: usize) -> String {
    let mut used = 0_usize;
    list(items.take_while(|item| {
        let fits = used <= room.saturating_mul(2);
        used += item.len();
        fits
    }))
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
mod rounds;
#[cfg(test)]
mod tests;
