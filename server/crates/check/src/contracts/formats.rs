//! Formats and their arguments, where both can be counted: the format is a literal, and no argument stands for several.

use super::AGENT;
use crate::remark::{LONGEST_LINE, added_lines, anchor, has_added, line_text, remark};
use crate::tree::Tree;
use finding::{LineRange, RawFinding, Severity};
use git::ChangedFile;
use regex::Regex;
use std::sync::LazyLock;
use tree_sitter::Node;

/// How a format is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Style {
    /// `%s`, with the letters that stand for an argument.
    Percent(&'static str),
    /// `{}` of Python: more arguments than places are allowed.
    Braces,
    /// `{0}` of C#.
    Numbers,
}

/// The functions whose format is checked, and the argument that it is.
struct Function {
    endings: &'static [&'static str],
    name: &'static str,
    format: usize,
    style: Style,
}

const GO: &str = "vTtbcdoOqxXUeEfFgGspw";
const C: &str = "diouxXeEfFgGaAcspn";
const JAVA: &str = "bBhHsScCdoxXeEfgGaA";
const PHP: &str = "bcdeEfFgGhHosuxX";
const PYTHON: &str = "diouxXeEfFgGcrsa";
const C_FILES: &[&str] = &["c", "h", "cc", "cpp", "cxx", "hpp", "hh"];

const FUNCTIONS: &[Function] = &[
    Function {
        endings: &["go"],
        name: r"^(fmt\.(Printf|Sprintf|Errorf)|log\.(Printf|Fatalf|Panicf)|[tb]\.(Errorf|Fatalf|Logf|Skipf))$",
        format: 0,
        style: Style::Percent(GO),
    },
    Function { endings: &["go"], name: r"^fmt\.(Fprintf|Appendf)$", format: 1, style: Style::Percent(GO) },
    Function { endings: C_FILES, name: r"^(std::)?printf$", format: 0, style: Style::Percent(C) },
    Function { endings: C_FILES, name: r"^(std::)?(fprintf|sprintf|dprintf)$", format: 1, style: Style::Percent(C) },
    Function { endings: C_FILES, name: r"^(std::)?snprintf$", format: 2, style: Style::Percent(C) },
    Function {
        endings: &["java"],
        name: r"^(String\.format|System\.(out|err)\.printf)$",
        format: 0,
        style: Style::Percent(JAVA),
    },
    Function { endings: &["php"], name: r"^(sprintf|printf)$", format: 0, style: Style::Percent(PHP) },
    Function {
        endings: &["py"],
        name: r"^(_?log|_?logger|logging|self\.log|self\.logger|LOG|LOGGER)\.(debug|info|warning|error|critical|exception)$",
        format: 0,
        style: Style::Percent(PYTHON),
    },
    Function {
        endings: &["cs"],
        name: r"^([sS]tring\.Format|Console\.Write(Line)?)$",
        format: 0,
        style: Style::Numbers,
    },
];

static COMPILED: LazyLock<Vec<Option<Regex>>> =
    LazyLock::new(|| FUNCTIONS.iter().map(|f| Regex::new(f.name).ok()).collect());
/// Where an argument goes; in C, a size may stand before the letter.
static PLACE: LazyLock<[Option<Regex>; 2]> = LazyLock::new(|| {
    let place = |size: &str| {
        let number = r"%(\d+\$|\[\d+\]|\([^)]*\))?";
        Regex::new(&format!(r"{number}[-+ #0',(]*(?:'.)?(\*|\d+)?(?:\.(\*|\d+)?)?{size}([a-zA-Z%]|$)")).ok()
    };
    [place(""), place("(?:hh|h|ll|l|L|q|j|z|t)?")]
});

/// What the name of a function ends with whose format is checked.
static NAMES: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"rintf|[Ff]ormat|Write|[.](?:Errorf|Fatalf|Panicf|Logf|Skipf|Appendf|debug|info|warning|error|critical|exception)")
        .ok()
});
/// The operator of Python with a list behind it, which may begin in the next line.
static OF_PYTHON: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"%[ \t\f\\]*[(#\r\n]").ok());

/// The functions that are checked in files of that ending.
fn active(ending: &str) -> Vec<usize> {
    (0..FUNCTIONS.len()).filter(|i| FUNCTIONS[*i].endings.contains(&ending)).collect()
}

/// Whether an added line of a changed file can have one, by its words: the name of a function stands on the line on which
/// its call begins; the operator, and the method of a text over several lines, somewhere behind.
pub(super) fn may_be_in(file: &ChangedFile, text: &str) -> bool {
    let ending = file.path.extension().unwrap_or("");
    if active(ending).is_empty() {
        return false;
    }
    let finds = |pattern: &Option<Regex>, part: &str| pattern.as_ref().is_some_and(|p| p.is_match(part));
    let behind = lines_from(text, file.hunks.iter().find(|h| h.new_count > 0).map_or(u32::MAX, |h| h.new_start));
    added_lines(file).any(|(.., line)| finds(&NAMES, line))
        || memchr::memmem::find(behind.as_bytes(), b".format").is_some()
        || (ending == "py" && finds(&OF_PYTHON, behind))
}

/// The text from a line on, 1-based.
fn lines_from(text: &str, line: u32) -> &str {
    let Some(before) = line.checked_sub(2) else { return text };
    memchr::memchr_iter(b'\n', text.as_bytes()).nth(before as usize).map_or("", |end| &text[end + 1..])
}

/// Finds them in a changed file.
pub(super) fn in_tree(file: &ChangedFile, text: &str, tree: &Tree) -> Vec<RawFinding> {
    let active = active(file.path.extension().unwrap_or(""));
    let is_added = |row: usize| has_added(file, row..=row);
    let mut findings = Vec::new();
    let root = tree.root();
    let mut cursor = root.get_inner_node().walk();
    loop {
        let node = cursor.node();
        if is_added(node.start_position().row)
            && let Some(why) = misfit(node, text, &active)
            && line_text(text, node.start_byte()).len() <= LONGEST_LINE
        {
            let title = "Format does not fit its arguments".to_owned();
            let mut finding = remark(AGENT, "format-arguments", Severity::Important, title, why);
            let line = node.start_position().row as u32 + 1;
            let last = (node.end_position().row as u32 + 1).min(line + 9);
            finding.anchors.push(anchor(&file.path, text, LineRange::new(line, last)));
            findings.push(finding);
        }
        // What was not touched is not walked.
        if has_added(file, node.start_position().row..=node.end_position().row) && cursor.goto_first_child() {
            continue;
        }
        while !cursor.goto_next_sibling() {
            if !cursor.goto_parent() {
                return findings;
            }
        }
    }
}

/// What is wrong with the format of a node, if it has one.
fn misfit(node: Node<'_>, text: &str, active: &[usize]) -> Option<String> {
    match node.kind() {
        "call_expression" | "call" | "method_invocation" | "function_call_expression" | "invocation_expression" => {
            let arguments = arguments(node)?;
            let callee = &text[node.start_byte()..arguments.start_byte()].trim();
            if let Some(literal) = callee.strip_suffix(".format").filter(|l| l.starts_with(['"', '\''])) {
                return judge(Style::Braces, literal, values(arguments)?.len());
            }
            let i = active.iter().find(|i| COMPILED[**i].as_ref().is_some_and(|r| r.is_match(callee)))?;
            let function = &FUNCTIONS[*i];
            let values = values(arguments)?;
            let (format, rest) = (values.get(function.format)?, values.len() - function.format - 1);
            // One array may stand for all of them.
            let last = values.last().map(|n| text[n.byte_range()].to_owned()).unwrap_or_default();
            let may_be_all = rest == 1 && matches!(last.as_str(), "args" | "params" | "arguments" | "parameters");
            let is_literal = matches!(
                innermost(*format).kind(),
                "string" | "string_literal" | "interpreted_string_literal" | "encapsed_string" | "raw_string_literal"
            );
            if !is_literal || may_be_all {
                return None;
            }
            judge(function.style, &text[innermost(*format).byte_range()], rest)
        }
        "binary_operator" if node.child_by_field_name("operator").is_some_and(|o| o.kind() == "%") => {
            let (left, right) = (node.child_by_field_name("left")?, node.child_by_field_name("right")?);
            if left.kind() != "string" || right.kind() != "tuple" {
                return None;
            }
            let mut cursor = right.walk();
            let values: Vec<Node<'_>> = right.named_children(&mut cursor).filter(|n| !n.is_extra()).collect();
            let has_spread = values.iter().any(|n| n.kind().contains("splat"));
            if has_spread { None } else { judge(Style::Percent(PYTHON), &text[left.byte_range()], values.len()) }
        }
        _ => None,
    }
}

/// C#, Java and PHP have each argument in a node of its own.
fn innermost(node: Node<'_>) -> Node<'_> {
    match node.kind() {
        "argument" => node.named_child(0).unwrap_or(node),
        _ => node,
    }
}

fn arguments(call: Node<'_>) -> Option<Node<'_>> {
    call.child_by_field_name("arguments")
}

/// The arguments by position; none where one of them may be several.
fn values(arguments: Node<'_>) -> Option<Vec<Node<'_>>> {
    let mut cursor = arguments.walk();
    let all: Vec<Node<'_>> = arguments.named_children(&mut cursor).filter(|n| !n.is_extra()).collect();
    let is_several = |n: &Node<'_>| {
        let kind = innermost(*n).kind();
        kind.contains("splat") || kind.contains("spread") || kind.contains("variadic") || kind == "generator_expression"
    };
    if all.iter().any(|n| is_several(n) || n.kind() == "ERROR") {
        return None;
    }
    Some(all.into_iter().filter(|n| n.kind() != "keyword_argument").collect())
}

fn judge(style: Style, literal: &str, given: usize) -> Option<String> {
    if literal.starts_with(['f', 'b', 'r', '@', '$']) && !literal.starts_with("r\"") && !literal.starts_with("r'") {
        return None;
    }
    match style {
        Style::Percent(letters) => {
            let mut places = 0;
            for found in PLACE[usize::from(letters == C)].as_ref()?.captures_iter(literal) {
                let letter = found.get(4).map_or("", |l| l.as_str());
                // A place by number or by name, a time, or a sign at the end: other rules, or none at all.
                if found.get(1).is_some() || letter.is_empty() {
                    return None;
                }
                if letter == "%" || (letter == "n" && letters == JAVA) || (letter == "m" && letters == C) {
                    continue;
                }
                if !letters.contains(letter) {
                    let is_certain = letters == PYTHON && given > 0;
                    return is_certain.then(|| format!("`%{letter}` is no place for an argument: the call fails."));
                }
                places += 1 + [2, 3].iter().filter(|g| found.get(**g).is_some_and(|m| m.as_str() == "*")).count();
            }
            // A format without places may be a plain text.
            let is_wrong = places != given && (places > 0 || letters == GO);
            is_wrong.then(|| format!("It has places for {places}, and gets {given}."))
        }
        Style::Braces => {
            let plain = literal.replace("{{", "").replace("}}", "");
            let places = plain.matches("{}").count() + plain.matches("{:").count() + plain.matches("{!").count();
            let is_nested = plain.contains("{:{") || plain.contains(":{}");
            let is_wrong = places > given && !is_nested && given > 0;
            is_wrong.then(|| format!("It has places for {places}, and gets {given}: the call fails."))
        }
        Style::Numbers => {
            let plain = literal.replace("{{", "").replace("}}", "");
            let number = |part: &str| part.split([':', ',', '}']).next().and_then(|n| n.trim().parse::<usize>().ok());
            let highest = plain.split('{').skip(1).filter_map(number).max()?;
            let is_wrong = highest < 100 && highest >= given && given > 0;
            is_wrong.then(|| format!("It names argument {highest}, and gets {given}: the call fails."))
        }
    }
}
