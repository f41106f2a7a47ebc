//! Syntax highlighting of quoted code, line by line, as spans with one-letter classes.

use crate::sanitize::printable;
use std::fmt::Write as _;
use std::sync::LazyLock;
use syntect::easy::ScopeRegionIterator;
use syntect::parsing::{ParseState, Scope, ScopeStack, SyntaxReference, SyntaxSet};

static SYNTAXES: LazyLock<SyntaxSet> = LazyLock::new(SyntaxSet::load_defaults_newlines);

/// Longer lines are not highlighted: nobody reads them, and grammars are slow on them.
const LONGEST: usize = 1000;

fn syntax_of(path: &str) -> Option<&'static SyntaxReference> {
    let name = path.rsplit('/').next().unwrap_or(path);
    let extension = name.rsplit_once('.').map_or(name, |(_, ext)| ext);
    // Languages that the grammars do not have, by their nearest relative.
    let extension = match extension {
        "ts" | "tsx" | "mts" | "cts" | "jsx" | "mjs" | "cjs" => "js",
        "bats" | "zsh" | "ksh" => "sh",
        "vue" | "svelte" => "html",
        "jsonc" | "json5" => "json",
        "kt" | "kts" => "java",
        other => other,
    };
    SYNTAXES.find_syntax_by_extension(extension)
}

/// HTML of each line; plain where the language is not known.
pub(super) fn lines(path: &str, lines: &[String]) -> Vec<String> {
    let plain = || lines.iter().map(|l| escaped(&printable(l))).collect();
    let Some(syntax) = syntax_of(path) else { return plain() };
    let mut state = ParseState::new(syntax);
    let mut stack = ScopeStack::new();
    let mut out = Vec::with_capacity(lines.len());
    for line in lines {
        let line = format!("{}\n", printable(line).replace('\n', " "));
        let ops = if line.len() > LONGEST { None } else { state.parse_line(&line, &SYNTAXES).ok() };
        let Some(ops) = ops else {
            out.push(escaped(line.trim_end_matches('\n')));
            continue;
        };
        let mut html = String::with_capacity(line.len() * 2);
        for (text, op) in ScopeRegionIterator::new(&ops, &line) {
            if stack.apply(op).is_err() {
                return plain();
            }
            let text = text.trim_end_matches('\n');
            if text.is_empty() {
                continue;
            }
            match class(&stack) {
                Some(class) => {
                    let _ = write!(html, "<span class=\"{class}\">{}</span>", escaped(text));
                }
                None => html.push_str(&escaped(text)),
            }
        }
        out.push(html);
    }
    out
}

/// What begins the scopes that have a class, the first that fits; what has none there is as what is around it.
static CLASSES: LazyLock<Vec<(Scope, Option<&'static str>)>> = LazyLock::new(|| {
    let classes = [
        ("comment", Some("c")),
        ("string", Some("s")),
        ("constant", Some("n")),
        ("entity.name.function", Some("f")),
        ("support.function", Some("f")),
        ("variable.function", Some("f")),
        ("entity.name", Some("t")),
        ("support.type", Some("t")),
        ("support.class", Some("t")),
        ("storage.type", Some("t")),
        ("keyword.operator", None),
        ("keyword", Some("k")),
        ("storage", Some("k")),
    ];
    classes.into_iter().filter_map(|(scope, class)| Some((Scope::new(scope).ok()?, class))).collect()
});

/// The class for the innermost scope that has one.
fn class(stack: &ScopeStack) -> Option<&'static str> {
    stack.scopes.iter().rev().find_map(|scope| CLASSES.iter().find(|(start, _)| start.is_prefix_of(*scope))?.1)
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
