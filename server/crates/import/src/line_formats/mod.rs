//! What compilers and linters print, a remark a line: `src/a.c:3:7: warning: text [-Wrule]` and its many relatives.

mod errorformat;

pub use errorformat::{BadErrorFormat, ErrorFormat};

use crate::imported::ImportedReview;
use crate::levels::Levels;
use crate::message::titled;
use crate::prose::pattern;
use crate::tool_path;
use finding::{AgentName, Anchor, LineRange, RawFinding, RuleRef};
use regex::{Captures, Regex};
use std::sync::LazyLock;

/// What the lines of a text say.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    /// One review, or none where no line names a place.
    pub(crate) reviews: Vec<ImportedReview>,
    /// Which part of the lines that could be a remark are one, from 0 to 1.
    pub(crate) share: f64,
}

/// A remark of a line.
#[derive(Debug, Default, Clone)]
struct Remark {
    file: String,
    line: u32,
    end: u32,
    level: String,
    rule: Option<String>,
    message: String,
}

/// The forms in which a line is a whole remark, with the names of the parts.
static WHOLE: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    [
        // MSBuild, MSVC, tsc: `a.cs(3,7): error CS1: text [a.csproj]`.
        r"^\s*(?:\d+>)?(?<file>(?:[A-Za-z]:)?[^\s:(*?<>|][^:(*?<>|]*?)\s?\((?<line>\d+)(?:[,.-]\d+)*\)\s*:\s*(?<level>(?:fatal )?error|warning|info|message|note|remark|hint)\s*(?<rule>[A-Za-z0-9_-]+)?\s*:?\s+(?<text>\S.*?)(?:\s+\[[^\]]+\.\w*proj\])?$",
        // GitHub's annotations.
        r"^::(?<level>error|warning|notice)\s[^:]*\bfile=(?<file>[^,:]+)(?:,line=(?<line>\d+))?[^:]*::(?<text>\S.*)$",
        // Maven.
        r"^\[(?<level>ERROR|WARNING|WARN)\]\s+(?<file>\S[^\[\]]*?):\[(?<line>\d+)(?:,\d+)?\]\s+(?<text>\S.*)$",
        // Old Cppcheck.
        r"^\[(?<file>[^\]:]+):(?<line>\d+)\](?:\s*->\s*\[[^\]]*\])*:?\s+\((?<level>\w+)(?:,[^()]*)?\)\s+(?<text>\S.*)$",
        // ESLint's compact form.
        r"^(?<file>\S.*?): line (?<line>\d+), col \d+, (?<level>\w+) - (?<text>.*?)(?: \((?<rule>[\w@/.-]+)\))?$",
        // PHP.
        r"^(?:PHP )?(?<level>Parse error|Fatal error|Warning|Notice|Deprecated):\s+(?<text>\S.*?) in (?<file>\S.*?) on line (?<line>\d+)$",
    ]
    .map(pattern)
    .into()
});
/// Most others: a file, a line, perhaps a column, and the rest.
static PLACED: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"^(?:vet: |  File )?(?<file>(?:[A-Za-z]:)?[^\s:(][^:\n]*?):(?<line>\d+)(?:-(?<end>\d+))?(?::\d+(?:-\d+(?::\d+)?)?)?(?:\s*:|\s+-|:?\s)\s*(?<text>\S.*)$",
    )
});
static LEVEL: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"^\[?(?<level>(?i:fatal error|internal compiler error|error|warning|warn|note|info|information|style|performance|portability|convention|refactor|hint|remark|suggestion|notice)|[EWCRFIN])\]?(?:\s*\[(?<rule>[\w./-]+)\])?(?:\s+(?<code>[A-Z]+\d+))?(?:\s*:|\s|$)\s*",
    )
});
/// `E501 text`, `C0111: text`, `[F401] text`, `Style/Name: text`, `MD001/name text`, `DL3008 warning: text`.
static RULE_FIRST: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"^(?:\[Correctable\] )?(?:\[(?<a>[A-Z]+\d+|[a-z][\w-]*/[\w/-]+)\]|(?<b>[A-Z]{1,6}\d{2,6}(?:/[\w-]+)*|[A-Z]\w+/[A-Z][\w/]*))(?::|\s)\s*(?:\[[*-]\]\s*)?",
    )
});
/// `text [-Wrule]`, `text (rule-name)`, `text [Error/rule]`.
static RULE_LAST: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"^(?<text>.*\S)\s+(?:\[(?:Error/|Warning/)?(?<a>-?[A-Za-z@][\w@/.=,+:-]*)\]|\((?<b>[a-z@][\w/@]*(?:-[\w/]+)+)\))$",
    )
});
/// rustc for people: the place follows the text.
static HEADER: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"^(?<level>error|warning)(?:\[(?<rule>[\w:]+)\])?: (?<text>\S.*)$"));
static ARROW: LazyLock<Regex> = LazyLock::new(|| pattern(r"^\s*--> (?<file>\S.*?):(?<line>\d+):\d+$"));
/// ESLint's and Stylelint's usual form: a file's name, and its remarks below it.
static BELOW: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"^\s+(?<line>\d+):\d+\s+(?<level>error|warning|✖|⚠|×)\s+(?<text>\S.*?)(?:\s{2,}(?<rule>[\w@/.-]+))?\s*$")
});
static TROUBLE: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(?i)^(?:\S+:\s*)?(?:fatal |internal )?(?:error|warning)\b|: undefined reference"));

/// By what the lines of a tool are known.
static TOOLS: LazyLock<Vec<(&str, Regex)>> = LazyLock::new(|| {
    [
        ("tsc", r"\berror TS\d+:"),
        ("MSBuild", r"\((?:\d+)(?:,\d+)*\)\s*:\s*(?:error|warning) [A-Z]{2,}\d+"),
        ("pylint", r":\d+:(?:\d+:)? \[?[CRWEF]\d{4}\b"),
        ("hadolint", r":\d+ DL\d{4} "),
        ("ShellCheck", r"\[SC\d{4}\]$"),
        ("markdownlint", r":\d+(?::\d+)? MD\d{3}/"),
        ("RuboCop", r":\d+:\d+: [CWEFRI]: (?:\[Correctable\] )?[A-Z]\w+/"),
        ("ESLint", r" - .* \([\w@/-]+\)$|\[(?:Error|Warning)/[\w@/-]+\]$"),
        ("yamllint", r"\[(?:error|warning)\] .* \([\w-]+\)$"),
        ("flake8", r"\.pyi?:\d+:(?:\d+:)? \[?[A-Z]{1,4}\d{3,4}\b"),
        ("mypy", r"\.pyi?:\d+:(?:\d+:)? (?:error|note|warning): "),
        ("clang-tidy", r"\[(?:bugprone|cert|clang-analyzer|clang-diagnostic|concurrency|cppcoreguidelines|google|hicpp|llvm|misc|modernize|performance|portability|readability)-[\w.,-]+\]$"),
        ("Compiler", r"\.(?:c|h|cc|cpp|cxx|hpp|hh|ipp|m|mm|l|y|f90|java|go|swift|kt|scala):\d+:(?:\d+:)? (?:fatal )?(?:error|warning): "),
        ("rustc", r"^\s*--> \S+\.rs:\d+:\d+$"),
    ]
    .map(|(label, text)| (label, pattern(text)))
    .into()
});

/// Lines that are longer than this are no remark.
const LONGEST_LINE: usize = 4000;
/// No more lines that were not understood are named.
const MOST_NAMED: usize = 10;

/// Reads the lines that name a place. `name` is what the tool is called where the lines do not tell.
pub(crate) fn read(text: &str, name: &str) -> Lines {
    let mut reader = Reader::default();
    for (n, line) in text.lines().enumerate().filter(|(_, line)| line.len() <= LONGEST_LINE) {
        reader.take(n + 1, line);
    }
    if reader.remarks.is_empty() {
        return Lines::default();
    }
    let label = tool_of(text).unwrap_or(name);
    let mut review = ImportedReview::by(AgentName::of_label(label), label.to_owned());
    for (remark, detail) in reader.remarks {
        add(&mut review, remark, &detail);
    }
    if let Some(note) = unread_lines(&reader.unread) {
        review.answer.notes.push(note);
    }
    Lines { reviews: vec![review], share: f64::from(reader.fitting) / f64::from(reader.candidates.max(1)) }
}

/// What was read of a text so far.
#[derive(Default)]
struct Reader {
    /// The remarks, each with what stands below it.
    remarks: Vec<(Remark, String)>,
    /// Lines that may be a remark, and those that are one.
    candidates: u32,
    fitting: u32,
    /// Lines that look like a remark and are none that is known, 1-based.
    unread: Vec<usize>,
    /// A remark whose place follows.
    header: Option<Remark>,
    /// The file that the remarks below it are about.
    file: Option<String>,
}

impl Reader {
    fn take(&mut self, number: usize, line: &str) {
        let outer = !line.is_empty() && !line.starts_with([' ', '\t', '|', '^', '~', '=', '*', '<']);
        self.candidates += u32::from(outer);
        if !may_say_a_place(line) && !line.starts_with(['e', 'w']) {
            return self.take_other(number, line, outer, outer);
        }
        if let Some(m) = HEADER.captures(line) {
            self.header = Some(remark_of(&m, "", 0));
            return;
        }
        match self.remark(line) {
            Some(remark) => {
                self.fitting += 1;
                self.candidates += u32::from(!outer);
                self.add(remark);
            }
            None => self.take_other(number, line, outer, true),
        }
    }

    /// A line that is no remark: the name of a file, if it stands by itself, or trouble.
    fn take_other(&mut self, number: usize, line: &str, outer: bool, may_be_trouble: bool) {
        if outer && is_file(line) {
            self.file = Some(line.to_owned());
            self.candidates -= 1;
        } else if may_be_trouble && TROUBLE.is_match(line) {
            self.unread.push(number);
        }
    }

    /// The remark of a line with a place: behind a header, alone, or below the name of its file.
    fn remark(&mut self, line: &str) -> Option<Remark> {
        let arrow = ARROW
            .captures(line)
            .and_then(|m| Some(Remark { file: m["file"].to_owned(), line: number(&m, "line"), ..self.header.take()? }));
        let below = || {
            let m = BELOW.captures(line)?;
            Some(remark_of(&m, self.file.as_deref()?, number(&m, "line")))
        };
        arrow.or_else(|| whole(line)).or_else(below).or_else(|| placed(line))
    }

    /// A note belongs to what it stands below.
    fn add(&mut self, remark: Remark) {
        match self.remarks.last_mut().filter(|_| remark.level.eq_ignore_ascii_case("note")) {
            Some((_, detail)) => {
                detail.push_str(&format!("\n- `{}:{}` {}", remark.file, remark.line, remark.message));
            }
            None => self.remarks.push((remark, String::new())),
        }
    }
}

/// Whether a line can name a place at all; most of a long text cannot.
fn may_say_a_place(line: &str) -> bool {
    let numbered = |two: &[u8]| matches!(two[0], b':' | b'(' | b'[') && two[1].is_ascii_digit();
    line.as_bytes().windows(2).any(numbered) || line.contains(" line ") || line.starts_with("::")
}

/// What is said of lines that look like a remark and are none that is known.
fn unread_lines(lines: &[usize]) -> Option<String> {
    let named: Vec<String> = lines.iter().take(MOST_NAMED).map(ToString::to_string).collect();
    let more = if lines.len() > MOST_NAMED { ", …" } else { "" };
    match lines.len() {
        0 => None,
        1 => Some(format!("1 line was not understood: line {}", named[0])),
        n => Some(format!("{n} lines were not understood: lines {}{more}", named.join(", "))),
    }
}

fn tool_of(text: &str) -> Option<&'static str> {
    let known = |(label, pattern): &(&'static str, Regex)| {
        text.lines().take(2000).any(|line| line.len() <= LONGEST_LINE && pattern.is_match(line)).then_some(*label)
    };
    TOOLS.iter().find_map(known)
}

fn number(m: &Captures<'_>, name: &str) -> u32 {
    m.name(name).and_then(|n| n.as_str().parse().ok()).unwrap_or(0)
}

/// What is matched, by the names of its parts.
fn remark_of(m: &Captures<'_>, file: &str, line: u32) -> Remark {
    let part = |name: &str| m.name(name).map(|part| part.as_str().trim().to_owned());
    let level = match part("level").as_deref() {
        Some("✖" | "×") => "error".to_owned(),
        Some("⚠") => "warning".to_owned(),
        Some("message") => "note".to_owned(),
        level => level.unwrap_or("").to_owned(),
    };
    Remark {
        file: part("file").unwrap_or_else(|| file.to_owned()),
        line,
        end: number(m, "end"),
        level,
        rule: part("rule").filter(|rule| !rule.is_empty()),
        message: part("text").unwrap_or_default(),
    }
}

fn whole(line: &str) -> Option<Remark> {
    let m = WHOLE.iter().find_map(|form| form.captures(line))?;
    Some(remark_of(&m, "", number(&m, "line")))
}

fn placed(line: &str) -> Option<Remark> {
    let m = PLACED.captures(line)?;
    let file = file_of(&m["file"])?;
    let mut text = m["text"].trim();
    let (mut level, mut rule) = (String::new(), None);
    // The level and the rule, in either order.
    for _ in 0..2 {
        if let Some(m) = LEVEL.captures(text).filter(|m| level.is_empty() && m[0].len() < text.len()) {
            level = m["level"].to_owned();
            rule = rule.or_else(|| Some(m.name("rule").or(m.name("code"))?.as_str().to_owned()));
            text = &text[m[0].len()..];
        }
        if let Some(m) = RULE_FIRST.captures(text).filter(|m| rule.is_none() && m[0].len() < text.len()) {
            rule = m.name("a").or(m.name("b")).map(|r| r.as_str().to_owned());
            text = &text[m[0].len()..];
        }
    }
    if let Some(m) = RULE_LAST.captures(text)
        && let Some(last) = m.name("a").or(m.name("b"))
    {
        rule = rule.or_else(|| Some(last.as_str().to_owned()));
        text = m.name("text").map_or(text, |t| t.as_str());
    }
    Some(Remark { file, line: number(&m, "line"), end: number(&m, "end"), level, rule, message: text.to_owned() })
}

/// The file of a place: what has spaces in it is one only where it begins at a root.
fn file_of(text: &str) -> Option<String> {
    let rooted = text.starts_with('/') || text.get(1..3).is_some_and(|drive| drive == ":\\" || drive == ":/");
    let name = if rooted { text } else { text.rsplit(' ').next()? };
    let named = name.contains(['.', '/', '\\']) || matches!(name, "Makefile" | "Dockerfile" | "Rakefile" | "Gemfile");
    (named && name.chars().any(char::is_alphabetic)).then(|| name.to_owned())
}

/// Whether a line is a file's name alone, below which its remarks stand.
fn is_file(line: &str) -> bool {
    !line.contains(' ') && line.len() < 300 && line.contains(['/', '\\', '.']) && !line.ends_with(['.', ':'])
}

fn add(review: &mut ImportedReview, remark: Remark, detail: &str) {
    let (title, rest) = titled(&remark.message);
    let body = if detail.is_empty() { rest } else { format!("{rest}\n{detail}").trim().to_owned() };
    let letter = remark.rule.as_deref().filter(|r| r.len() == 5 && r[1..].bytes().all(|b| b.is_ascii_digit()));
    let letter = letter.map(|r| &r[..1]).filter(|l| "CRWEFI".contains(l));
    let levels = Levels::REPORT;
    let stated = levels.read(&remark.level).or_else(|| levels.read(letter?));
    let severity = stated.map_or(levels.warning, |s| s.severity);
    let lines = (remark.line > 0).then(|| LineRange::new(remark.line, remark.end.max(remark.line)));
    let anchors = tool_path::cited(&remark.file).map(|path| Anchor { path, lines, quote: None });
    let finding = RawFinding {
        id: review.next_id(),
        sure: None,
        agent: review.agent.clone(),
        severity,
        title,
        body,
        anchors: anchors.into_iter().collect(),
        symbol: None,
        classification: None,
        rule: remark.rule.map(|id| RuleRef { id, url: None }),
        fixes: Vec::new(),
    };
    review.add(finding, Vec::new());
}

#[cfg(test)]
mod tests;
