//! Which function, type or section a line is in. The one part of merging that knows grammars.

use ast_grep_core::Language as _;
use ast_grep_core::tree_sitter::LanguageExt as _;
use ast_grep_language::SupportLang;
use finding::{LineRange, RepoPath};

/// Bytes of a text that is parsed; nobody reviews larger ones line by line.
const MAX_BYTES: usize = 512 * 1024;
/// Parts of the name of a syntax node that is a symbol, if it has a name.
const KINDS: &[&str] =
    &["function", "method", "class", "struct", "enum", "trait", "interface", "type_spec", "mod_item"];

/// The named functions and types of a text, or the sections of a Markdown text, with the lines they span.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outline {
    /// In the order of the text.
    symbols: Vec<(LineRange, String)>,
    /// Whether they are sections of prose.
    prose: bool,
}

impl Outline {
    /// Reads `text`; empty for languages without a grammar here.
    #[must_use]
    pub fn of(path: &RepoPath, text: &str) -> Self {
        if text.len() > MAX_BYTES {
            return Self::default();
        }
        if path.extension() == Some("md") {
            return Self::sections(text);
        }
        // Only those whose grammars are built in: others would panic.
        let Some(
            language @ (SupportLang::Rust
            | SupportLang::Go
            | SupportLang::Python
            | SupportLang::JavaScript
            | SupportLang::TypeScript
            | SupportLang::Tsx),
        ) = SupportLang::from_path(path.as_str())
        else {
            return Self::default();
        };
        let tree = language.ast_grep(text);
        let root = tree.root();
        let mut symbols = Vec::new();
        for node in root.dfs().filter(|node| node.is_named()) {
            let kind = node.kind();
            let name = if kind == "impl_item" {
                node.field("type")
            } else if kind == "variable_declarator" {
                node.field("name").filter(|_| node.field("value").is_some_and(|v| v.kind() == "arrow_function"))
            } else if KINDS.iter().any(|part| kind.contains(part)) {
                node.field("name")
            } else {
                None
            };
            if let Some(name) = name {
                let line = |line: usize| u32::try_from(line + 1).unwrap_or(u32::MAX);
                let lines = LineRange::new(line(node.start_pos().line()), line(node.end_pos().line()));
                symbols.push((lines, name.text().chars().take(100).collect()));
            }
        }
        Self { symbols, prose: false }
    }

    fn sections(text: &str) -> Self {
        let headings: Vec<(u32, &str)> =
            (1..).zip(lines::split(text)).filter(|(_, line)| line.starts_with('#')).collect();
        let ends = headings.iter().skip(1).map(|(line, _)| line - 1).chain([u32::MAX]);
        let section = |((start, heading), end): (&(u32, &str), u32)| {
            (LineRange::new(*start, end), heading.trim_matches(['#', ' ']).chars().take(100).collect())
        };
        Self { symbols: headings.iter().zip(ends).map(section).collect(), prose: true }
    }

    /// Its functions and types, in the order of the text, with the lines that they span; none of a text of prose.
    pub fn code(&self) -> impl Iterator<Item = (LineRange, &str)> {
        self.symbols.iter().filter(|_| !self.prose).map(|(lines, name)| (*lines, name.as_str()))
    }

    /// The innermost symbol that spans the first of `lines`.
    #[must_use]
    pub fn enclosing(&self, lines: LineRange) -> Option<&str> {
        self.around(lines).map(|(_, name)| name)
    }

    /// The innermost symbol that spans the first of `lines`, with the lines that it spans itself.
    #[must_use]
    pub fn around(&self, lines: LineRange) -> Option<(LineRange, &str)> {
        let first = LineRange::line(lines.start());
        let around = self.symbols.iter().filter(|(span, _)| span.overlaps(first));
        around.min_by_key(|(span, _)| span.count()).map(|(span, name)| (*span, name.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_in_their_innermost_symbol() {
        let cases = [
            ("a.rs", "struct A;\nimpl A {\n    fn go(&self) {\n        run();\n    }\n}\n", 4, Some("go")),
            ("a.rs", "struct A;\nimpl A {\n    // here\n    fn go(&self) {}\n}\n", 3, Some("A")),
            ("a.go", "package a\n\nfunc (s *S) Run() {\n\tgo()\n}\n", 4, Some("Run")),
            ("a.py", "class A:\n    def f(self):\n        pass\n", 3, Some("f")),
            ("a.ts", "const f = () => {\n  run();\n};\n", 2, Some("f")),
            ("a.js", "run();\n", 1, None),
            ("a.md", "# One\ntext\n## Two\nmore\n", 4, Some("Two")),
            ("a.bats", "test() {\n}\n", 1, None),
            ("a.c", "int main() {\n}\n", 1, None),
        ];
        for (path, text, line, symbol) in cases {
            let outline = Outline::of(&RepoPath::new(path).unwrap(), text);
            assert_eq!(outline.enclosing(LineRange::line(line)), symbol, "{path}: {text}");
        }
    }
}
