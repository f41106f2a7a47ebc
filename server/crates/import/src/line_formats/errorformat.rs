//! Formats of the user's own, as Vim's `errorformat` writes them.

use super::{Remark, add};
use crate::imported::ImportedReview;
use finding::AgentName;
use regex::{Captures, Regex};
use std::str::FromStr;

/// Patterns for lines, in the order in which they are tried.
#[derive(Debug, Clone)]
pub struct ErrorFormat(Vec<Pattern>);

#[derive(Debug, Clone)]
struct Pattern {
    kind: Kind,
    form: Regex,
}

/// What a line that fits is to those around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// A whole remark.
    Whole,
    /// The first line of one, with the level that it says.
    Start(&'static str),
    /// A further line of it.
    Further,
    /// Its last line.
    Last,
    /// Nothing.
    Ignored,
}

/// A format that cannot be understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the error format '{format}' cannot be understood: {why}")]
pub struct BadErrorFormat {
    format: String,
    why: String,
}

/// No more patterns are taken.
const MOST: usize = 64;

impl FromStr for ErrorFormat {
    type Err = BadErrorFormat;

    /// Patterns with commas between them: `%f:%l:%c: %m,%f(%l): %m`.
    fn from_str(text: &str) -> Result<Self, BadErrorFormat> {
        let patterns: Result<Vec<Pattern>, BadErrorFormat> =
            split(text).iter().take(MOST).map(|one| pattern(one)).collect();
        let patterns = patterns?;
        let names_file = patterns.iter().any(|p| p.form.capture_names().any(|name| name == Some("file")));
        if !names_file {
            return Err(BadErrorFormat { format: text.to_owned(), why: "it has no %f, the file".into() });
        }
        Ok(Self(patterns))
    }
}

impl ErrorFormat {
    /// What the lines that fit say.
    pub(crate) fn read(&self, text: &str, name: &str) -> ImportedReview {
        let mut review = ImportedReview::by(AgentName::of_label(name), name.to_owned());
        let mut open: Option<Remark> = None;
        for line in text.lines().filter(|line| line.len() <= super::LONGEST_LINE) {
            let Some((kind, m)) = self.0.iter().find_map(|p| Some((p.kind, p.form.captures(line)?))) else {
                close(&mut review, &mut open);
                continue;
            };
            match kind {
                Kind::Ignored => {}
                Kind::Further | Kind::Last => {
                    if let Some(remark) = &mut open {
                        fill(remark, &m);
                    }
                    if kind == Kind::Last {
                        close(&mut review, &mut open);
                    }
                }
                Kind::Whole | Kind::Start(_) => {
                    close(&mut review, &mut open);
                    let level = if let Kind::Start(level) = kind { level } else { "" };
                    let mut remark = Remark { level: level.to_owned(), ..Remark::default() };
                    fill(&mut remark, &m);
                    open = Some(remark);
                    if kind == Kind::Whole {
                        close(&mut review, &mut open);
                    }
                }
            }
        }
        close(&mut review, &mut open);
        review
    }
}

fn close(review: &mut ImportedReview, open: &mut Option<Remark>) {
    if let Some(remark) = open.take().filter(|remark| !remark.file.is_empty()) {
        add(review, remark, "");
    }
}

/// Takes what a line says into a remark.
fn fill(remark: &mut Remark, m: &Captures<'_>) {
    let part = |name: &str| m.name(name).map(|part| part.as_str().trim());
    if let Some(file) = part("file") {
        file.clone_into(&mut remark.file);
    }
    for (name, number) in [("line", &mut remark.line), ("end", &mut remark.end)] {
        if let Some(n) = part(name).and_then(|n| n.parse().ok()) {
            *number = n;
        }
    }
    if let Some(level) = part("type") {
        level.clone_into(&mut remark.level);
    }
    remark.rule = part("code").map(str::to_owned).or(remark.rule.take());
    if let Some(text) = part("text") {
        let newline = if remark.message.is_empty() { "" } else { "\n" };
        remark.message = format!("{}{newline}{text}", remark.message);
    }
}

/// The patterns: a comma behind a backslash parts none.
fn split(text: &str) -> Vec<String> {
    let mut out = vec![String::new()];
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let last = out.len() - 1;
        match c {
            '\\' if chars.peek() == Some(&',') => out[last].extend(chars.next()),
            ',' => out.push(String::new()),
            c => out[last].push(c),
        }
    }
    out.retain(|pattern| !pattern.trim().is_empty());
    out
}

fn pattern(text: &str) -> Result<Pattern, BadErrorFormat> {
    let bad = |why: String| BadErrorFormat { format: text.to_owned(), why };
    let (kind, rest) = kind_of(text);
    let mut form = String::from("^");
    let mut chars = rest.chars().peekable();
    while let Some(c) = chars.next() {
        if c != '%' {
            form.push_str(&regex::escape(&c.to_string()));
            continue;
        }
        let named = |name: &str, what: &str, form: &mut String| {
            let again = form.contains(&format!("(?<{name}>"));
            form.push_str(&if again { format!("(?:{what})") } else { format!("(?<{name}>{what})") });
        };
        match chars.next().ok_or_else(|| bad("it ends with '%'".into()))? {
            'f' => named("file", r"(?:[A-Za-z]:)?[^\s].*?", &mut form),
            'l' => named("line", r"\d+", &mut form),
            'e' => named("end", r"\d+", &mut form),
            'c' | 'k' | 'v' => form.push_str(r"\d+"),
            'n' => named("code", r"\d+", &mut form),
            't' => named("type", r"[A-Za-z]", &mut form),
            'm' => named("text", ".+", &mut form),
            'r' => form.push_str(".*"),
            's' => form.push_str(".+"),
            'p' => form.push_str(r"[-.\s]*"),
            '.' => form.push('.'),
            '#' => form.push('*'),
            '*' => class(&mut chars, &mut form).ok_or_else(|| bad("behind '%*' a class is missing".into()))?,
            '\\' => form.extend(['\\'].into_iter().chain(chars.next())),
            c @ ('[' | ']' | '^' | '$' | '?' | '+') => form.push(c),
            c if c.is_alphanumeric() => return Err(bad(format!("'%{c}' is not known"))),
            c => form.push_str(&regex::escape(&c.to_string())),
        }
    }
    form.push('$');
    let form = regex::RegexBuilder::new(&form).size_limit(1 << 20).build().map_err(|e| bad(e.to_string()))?;
    Ok(Pattern { kind, form })
}

/// What a prefix makes of a pattern, and the pattern without it.
fn kind_of(text: &str) -> (Kind, &str) {
    let (bare, sign) = match (text.strip_prefix("%-"), text.strip_prefix("%+"), text.strip_prefix('%')) {
        (Some(rest), ..) => (rest, '-'),
        (_, Some(rest), _) => (rest, '+'),
        (.., Some(rest)) => (rest, ' '),
        _ => return (Kind::Whole, text),
    };
    let kind = match bare.chars().next() {
        Some('E') => Kind::Start("error"),
        Some('W') => Kind::Start("warning"),
        Some('I' | 'N') => Kind::Start("info"),
        Some('A') => Kind::Start(""),
        Some('C') => Kind::Further,
        Some('Z') => Kind::Last,
        Some('G' | 'D' | 'X' | 'O' | 'P' | 'Q') => Kind::Ignored,
        _ => return (Kind::Whole, text),
    };
    (if sign == '-' { Kind::Ignored } else { kind }, &bare[1..])
}

/// `%*[^ ]` and `%*\d`: one or more of a class.
fn class(chars: &mut std::iter::Peekable<std::str::Chars<'_>>, form: &mut String) -> Option<()> {
    match chars.next()? {
        '[' => {
            form.push('[');
            let mut first = true;
            loop {
                let c = chars.next()?;
                form.push(c);
                if c == ']' && !first {
                    break;
                }
                first = first && c == '^';
            }
        }
        '\\' => form.extend(['\\', chars.next()?]),
        _ => return None,
    }
    form.push('+');
    Some(())
}
