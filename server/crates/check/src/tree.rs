//! Syntax trees of the languages whose grammars are built in, read in bounded time: texts are untrusted.

use super::syntax::Part;
use ast_grep_core::AstGrep;
use ast_grep_core::tree_sitter::{LanguageExt, StrDoc};
use ast_grep_language::SupportLang;
use finding::RepoPath;
use std::ops::ControlFlow;
use tree_sitter::{Node, ParseOptions, Parser};

/// A text with its tree.
pub(super) type Tree = AstGrep<StrDoc<SupportLang>>;

/// Larger texts are not parsed, in bytes.
const LARGEST: usize = 1 << 20;
/// Deeper trees are not searched: code of people stays below 200, and looking at what a node is in takes time that
/// grows with its depth.
const DEEPEST: usize = 1000;

/// The language that a file's name says.
pub(super) fn language_of(path: &RepoPath) -> Option<SupportLang> {
    Some(match path.extension()? {
        "rs" => SupportLang::Rust,
        "go" => SupportLang::Go,
        "py" | "pyi" => SupportLang::Python,
        "js" | "jsx" | "mjs" | "cjs" => SupportLang::JavaScript,
        "ts" | "mts" | "cts" => SupportLang::TypeScript,
        "tsx" => SupportLang::Tsx,
        _ => return None,
    })
}

/// The tree of a text; `None` for one that is too large, nested too deeply, or takes the grammar too long.
pub(super) fn parse(text: &str, language: SupportLang) -> Option<Tree> {
    if text.len() > LARGEST {
        return None;
    }
    let mut parser = Parser::new();
    parser.set_language(&language.get_ts_language()).ok()?;
    // The parser asks once in a hundred steps. Counted in steps and not in time, so that the answer is always the same;
    // real code takes a few steps a byte.
    let mut asked = 0;
    let most = 10_000 + text.len() / 4;
    let mut go_on = |_: &tree_sitter::ParseState| {
        asked += 1;
        if asked > most { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let mut from = |at: usize, _| text.as_bytes().get(at..).unwrap_or_default();
    let options = ParseOptions::new().progress_callback(&mut go_on);
    let tree = parser.parse_with_options(&mut from, None, Some(options))?;
    (!is_deeper_than(tree.root_node(), DEEPEST))
        .then(|| AstGrep::doc(StrDoc { src: text.to_owned(), lang: language, tree }))
}

fn is_deeper_than(root: Node<'_>, limit: usize) -> bool {
    let mut cursor = root.walk();
    let mut depth = 0;
    loop {
        if cursor.goto_first_child() {
            depth += 1;
            if depth > limit {
                return true;
            }
            continue;
        }
        while !cursor.goto_next_sibling() {
            if !cursor.goto_parent() {
                return false;
            }
            depth -= 1;
        }
    }
}

/// What byte `at` of the tree's text is in: a comment, a string, or code (also code inside of a string).
pub(super) fn part_at(tree: &Tree, at: usize) -> Option<Part> {
    let mut node = tree.root().get_inner_node();
    let mut part = None;
    loop {
        part = match node.kind() {
            kind if kind.contains("comment") => return Some(Part::Comment),
            "template_substitution" | "interpolation" => None,
            kind if is_string(kind) => Some(Part::Text),
            _ => part,
        };
        let mut cursor = node.walk();
        if cursor.goto_first_child_for_byte(at).is_none() || cursor.node().start_byte() > at {
            return part;
        }
        node = cursor.node();
    }
}

fn is_string(kind: &str) -> bool {
    kind.contains("string") || matches!(kind, "char_literal" | "rune_literal" | "regex" | "jsx_text")
}
