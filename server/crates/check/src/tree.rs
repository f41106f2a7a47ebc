//! Syntax trees of the languages whose grammars are built in, read in bounded time: texts are untrusted.

use super::syntax::Part;
use ast_grep_core::AstGrep;
use ast_grep_core::tree_sitter::{LanguageExt, StrDoc};
use ast_grep_language::SupportLang;
use finding::RepoPath;
use regex::Regex;
use std::cell::Cell;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::hash::{BuildHasher as _, RandomState};
use std::ops::{ControlFlow, Range};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, OnceLock, PoisonError};
use tree_sitter::{Node, ParseOptions, Parser};

/// A text with its tree.
pub(super) type Tree = AstGrep<StrDoc<SupportLang>>;

/// Larger texts are not parsed, in bytes.
const LARGEST: usize = 1 << 20;
/// Of so many bytes of texts the trees are kept, which take ten to eighty times of that.
const MOST_KEPT: usize = 2 << 20;
/// A parser is given a text in pieces of so many bytes, so that what it reads once more is seen.
const PIECE: usize = 4096;
/// Deeper trees are not searched: code of people stays below 200, and looking at what a node is in takes time that
/// grows with its depth.
const DEEPEST: usize = 1000;

/// The language that a file's name says, where its grammar is built in.
pub(super) fn language_of(path: &RepoPath) -> Option<SupportLang> {
    Some(match path.extension()? {
        "rs" => SupportLang::Rust,
        "go" => SupportLang::Go,
        "py" | "pyi" => SupportLang::Python,
        "js" | "jsx" | "mjs" | "cjs" => SupportLang::JavaScript,
        // What a component's script is written in is a kind of TypeScript in either case.
        "ts" | "mts" | "cts" | "vue" | "svelte" => SupportLang::TypeScript,
        "tsx" => SupportLang::Tsx,
        other if cfg!(feature = "grammars") => match other {
            "java" => SupportLang::Java,
            "kt" | "kts" => SupportLang::Kotlin,
            "c" => SupportLang::C,
            "h" | "cc" | "cpp" | "cxx" | "hpp" | "hh" | "hxx" => SupportLang::Cpp,
            "cs" => SupportLang::CSharp,
            "rb" | "rake" | "gemspec" => SupportLang::Ruby,
            "php" => SupportLang::Php,
            "sh" | "bash" => SupportLang::Bash,
            _ => return None,
        },
        _ => return None,
    })
}

/// Whether a grammar reads the file.
#[must_use]
pub fn is_read(path: &RepoPath) -> bool {
    language_of(path).is_some()
}

/// What files have in common of which one can speak of a name of the other: a word for each family of languages.
#[must_use]
pub fn family(path: &RepoPath) -> &str {
    match path.extension().unwrap_or("") {
        "js" | "jsx" | "mjs" | "cjs" | "ts" | "tsx" | "mts" | "cts" | "vue" | "svelte" => "js",
        "c" | "h" | "cc" | "cpp" | "cxx" | "hpp" | "hh" | "hxx" | "m" | "mm" => "c",
        "java" | "kt" | "kts" | "scala" | "groovy" => "jvm",
        "py" | "pyi" => "py",
        other => other,
    }
}

/// How many of them there are at most.
pub(super) const MOST_LANGUAGES: usize = 14;

/// The languages whose grammars are built in.
pub(super) fn built_in_languages() -> Vec<SupportLang> {
    let always = [
        SupportLang::Rust,
        SupportLang::Go,
        SupportLang::Python,
        SupportLang::JavaScript,
        SupportLang::TypeScript,
        SupportLang::Tsx,
    ];
    let by_feature = [
        SupportLang::Java,
        SupportLang::Kotlin,
        SupportLang::C,
        SupportLang::Cpp,
        SupportLang::CSharp,
        SupportLang::Ruby,
        SupportLang::Php,
        SupportLang::Bash,
    ];
    always.into_iter().chain(by_feature.into_iter().filter(|_| cfg!(feature = "grammars"))).collect()
}

/// Whether the language's grammar is built in.
pub(super) fn is_built_in(language: SupportLang) -> bool {
    built_in_languages().contains(&language)
}

/// Languages in which programs are written, by the ending of their files: those of which nothing here knows the grammar.
const OTHERS: &[(&str, &[&str])] = &[
    ("Ada", &["adb", "ads"]),
    ("Clojure", &["clj", "cljs", "cljc"]),
    ("Crystal", &["cr"]),
    ("D", &["d"]),
    ("Dart", &["dart"]),
    ("Elixir", &["ex", "exs"]),
    ("Elm", &["elm"]),
    ("Erlang", &["erl", "hrl"]),
    ("F#", &["fs", "fsx"]),
    ("Fortran", &["f90", "f95", "f03"]),
    ("Groovy", &["groovy"]),
    ("Haskell", &["hs"]),
    ("Julia", &["jl"]),
    ("Lua", &["lua"]),
    ("Nim", &["nim"]),
    ("Objective-C", &["m", "mm"]),
    ("OCaml", &["ml", "mli"]),
    ("Pascal", &["pas"]),
    ("Perl", &["pl", "pm"]),
    ("PowerShell", &["ps1", "psm1"]),
    ("R", &["r", "R"]),
    ("Scala", &["scala", "sc"]),
    ("Solidity", &["sol"]),
    ("SQL", &["sql"]),
    ("Swift", &["swift"]),
    ("Terraform", &["tf"]),
    ("Visual Basic", &["vb"]),
    ("Zig", &["zig"]),
    ("Java", &["java"]),
    ("Kotlin", &["kt", "kts"]),
    ("C", &["c"]),
    ("C++", &["cc", "cpp", "cxx", "hpp", "hh", "hxx"]),
    ("C#", &["cs"]),
    ("Ruby", &["rb"]),
    ("PHP", &["php"]),
    ("Shell", &["sh", "bash"]),
];

/// The programming languages of the changed files whose syntax no built-in rule knows, with how many files each has, by
/// name. For the round to say: that nothing was found there means little.
#[must_use]
pub fn languages_without_rules<'p>(changed: impl IntoIterator<Item = &'p RepoPath>) -> Vec<(&'static str, usize)> {
    let mut counts = BTreeMap::new();
    for path in changed {
        let Some(ending) = path.extension().filter(|_| language_of(path).is_none()) else { continue };
        if let Some((name, _)) = OTHERS.iter().find(|(_, endings)| endings.contains(&ending)) {
            *counts.entry(*name).or_insert(0) += 1;
        }
    }
    counts.into_iter().collect()
}

/// The tree of a file's text, of the script where it is a component of Vue or Svelte. Several checkers read the same
/// texts, often at once: while any holds a [`TreesKept`], those that were read last are kept, and who asks for a tree that is
/// being made waits for it.
pub(super) fn read(path: &RepoPath, text: &str) -> Option<Arc<Tree>> {
    let language = language_of(path)?;
    let is_component = matches!(path.extension(), Some("vue" | "svelte"));
    let made = kept().made(key_of(language, is_component, text), text.len());
    let make = || if is_component { parse(&script_of(text), language) } else { parse(text, language) }.map(Arc::new);
    made.get_or_init(make).clone()
}

/// Whether the tree of a text was asked for, and is kept.
#[cfg(test)]
pub(super) fn was_read(path: &RepoPath, text: &str) -> bool {
    language_of(path).is_some_and(|language| kept().trees.contains_key(&key_of(language, false, text)))
}

fn key_of(language: SupportLang, is_component: bool, text: &str) -> u64 {
    // Seeded by chance, so that no text can be made to look like another one.
    static SEED: LazyLock<RandomState> = LazyLock::new(RandomState::new);
    SEED.hash_one((language, is_component, text))
}

fn kept() -> MutexGuard<'static, Kept> {
    static KEPT: LazyLock<Mutex<Kept>> = LazyLock::new(Mutex::default);
    KEPT.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A tree that is made once; none where it is not to be had.
type Made = Arc<OnceLock<Option<Arc<Tree>>>>;

/// While there is one, trees are kept for whoever reads the same texts. With the last of them all are forgotten: they are larger
/// than anything else that a server has.
#[derive(Debug)]
#[must_use]
pub struct TreesKept(());

impl TreesKept {
    /// From now on.
    pub fn begin() -> Self {
        kept().begin();
        Self(())
    }
}

impl Drop for TreesKept {
    fn drop(&mut self) {
        kept().end();
    }
}

/// Trees by what they are of.
#[derive(Default)]
struct Kept {
    /// How many [`TreesKept`] there are.
    holders: usize,
    trees: HashMap<u64, Made>,
    /// In the order in which they came, with the length of their texts.
    order: VecDeque<(u64, usize)>,
    bytes: usize,
}

impl Kept {
    fn begin(&mut self) {
        self.holders += 1;
    }

    fn end(&mut self) {
        self.holders -= 1;
        if self.holders == 0 {
            *self = Self::default();
        }
    }

    /// The place of the tree of a text of so many bytes; one of its own where none are kept.
    fn made(&mut self, key: u64, bytes: usize) -> Made {
        if self.holders == 0 {
            return Made::default();
        }
        if let Some(made) = self.trees.get(&key) {
            return made.clone();
        }
        let made = Made::default();
        self.trees.insert(key, made.clone());
        self.order.push_back((key, bytes));
        self.bytes += bytes;
        while self.bytes > MOST_KEPT
            && let Some((key, bytes)) = self.order.pop_front()
        {
            self.trees.remove(&key);
            self.bytes -= bytes;
        }
        made
    }
}

/// The text with all blanked that is not in a `<script>`, so that every place stays the same.
fn script_of(text: &str) -> String {
    let mut out: Vec<u8> = text.bytes().map(|b| if b == b'\n' { b } else { b' ' }).collect();
    let mut at = 0;
    while let Some(open) = text[at..].find("<script").map(|i| at + i) {
        let Some(start) = text[open..].find('>').map(|i| open + i + 1) else { break };
        let end = text[start..].find("</script").map_or(text.len(), |i| start + i);
        out[start..end].copy_from_slice(&text.as_bytes()[start..end]);
        at = end;
    }
    String::from_utf8(out).unwrap_or_default()
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
    // What a step takes has no bound of its own: each mark of a comment that has no end is looked for to the end of the text.
    let read = Cell::new(0);
    let most_read = LARGEST + 64 * text.len();
    let mut go_on = |_: &tree_sitter::ParseState| {
        asked += 1;
        if asked > most || read.get() > most_read { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let mut from = |at: usize, _| {
        let rest = text.as_bytes().get(at..).unwrap_or_default();
        let piece = &rest[..rest.len().min(PIECE)];
        read.set(read.get() + piece.len());
        if read.get() > most_read { &[] } else { piece }
    };
    let options = ParseOptions::new().progress_callback(&mut go_on);
    let tree = parser.parse_with_options(&mut from, None, Some(options))?;
    (read.get() <= most_read && !is_deeper_than(tree.root_node(), DEEPEST))
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

/// How many places of a text its grammar cannot read; `None` where there is no grammar, or it cannot be asked. For
/// comparing two texts of a file: grammars do not know every form that a language has by now.
#[must_use]
pub fn syntax_errors(path: &RepoPath, text: &str) -> Option<usize> {
    let tree = read(path, text)?;
    let root = tree.root().get_inner_node();
    if !root.has_error() {
        return Some(0);
    }
    Some(nodes(root).filter(|node| node.is_error() || node.is_missing()).count())
}

/// A node and all that is in it, from top to bottom.
pub(super) fn nodes(root: Node<'_>) -> impl Iterator<Item = Node<'_>> {
    let mut cursor = root.walk();
    let mut is_done = false;
    std::iter::from_fn(move || {
        if is_done {
            return None;
        }
        let node = cursor.node();
        if !cursor.goto_first_child() {
            while !cursor.goto_next_sibling() {
                if !cursor.goto_parent() || cursor.node() == root {
                    is_done = true;
                    break;
                }
            }
        }
        Some(node)
    })
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

/// Where the pattern is found in the code of a text, not in its comments and strings; nothing where no grammar reads it.
#[must_use]
pub fn in_code(path: &RepoPath, text: &str, pattern: &Regex) -> Vec<Range<usize>> {
    let Some(tree) = read(path, text) else { return Vec::new() };
    let found = pattern.find_iter(text).map(|found| found.range());
    found.filter(|range| part_at(&tree, range.start).is_none()).collect()
}

fn is_string(kind: &str) -> bool {
    kind.contains("string")
        || kind.contains("heredoc")
        || matches!(kind, "char_literal" | "rune_literal" | "regex" | "jsx_text")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_is_read_again_from_each_place_on_has_no_tree() {
        let comments = "/* ".repeat(100_000);
        for language in [SupportLang::JavaScript, SupportLang::TypeScript, SupportLang::Go] {
            assert!(parse(&comments, language).is_none(), "{language}");
        }
    }

    #[test]
    fn a_text_that_is_given_in_pieces_is_the_same_text() {
        let text = format!("let x = '{}';\n", "ü".repeat(3000)).repeat(20);
        let tree = parse(&text, SupportLang::JavaScript).unwrap();
        let root = tree.root().get_inner_node();
        assert!(!root.has_error() && root.end_byte() == text.len() && root.child_count() == 20);
    }

    #[test]
    fn trees_are_kept_while_somebody_reads_and_not_longer() {
        let mut kept = Kept::default();
        let is_same = |kept: &mut Kept| Arc::ptr_eq(&kept.made(1, 10), &kept.made(1, 10));
        assert!(!is_same(&mut kept), "nobody reads");
        kept.begin();
        kept.begin();
        assert!(is_same(&mut kept));
        kept.end();
        assert!(is_same(&mut kept), "the other one reads");
        kept.end();
        assert!(!is_same(&mut kept));
        assert_eq!((kept.trees.len(), kept.order.len(), kept.bytes), (0, 0, 0));
    }

    #[test]
    fn those_who_ask_for_a_tree_at_once_get_the_same_one() {
        let _trees = TreesKept::begin();
        let (path, text) = (RepoPath::new("a.rs").unwrap(), "fn asked_for_at_once() {}\n".repeat(500));
        let trees: Vec<Arc<Tree>> = std::thread::scope(|scope| {
            let asked: Vec<_> = (0..4).map(|_| scope.spawn(|| read(&path, &text).unwrap())).collect();
            asked.into_iter().map(|one| one.join().unwrap()).collect()
        });
        assert!(trees.iter().all(|tree| Arc::ptr_eq(tree, &trees[0])));
    }

    #[test]
    fn languages_that_nothing_here_knows_are_named() {
        let paths = ["a.ex", "b.exs", "c.rs", "d.md", "e.jl", "f.swift", "g"].map(|p| RepoPath::new(p).unwrap());
        assert_eq!(languages_without_rules(&paths), [("Elixir", 2), ("Julia", 1), ("Swift", 1)]);
        assert_eq!(languages_without_rules([&paths[2]]), []);
    }

    #[test]
    fn a_component_s_script_is_read_at_its_place() {
        let text = "<template>é</template>\n<script setup>\nlet a = 1;\n</script>\n";
        let script = script_of(text);
        assert_eq!(script.len(), text.len());
        assert_eq!(script.find("let a"), text.find("let a"));
        assert_eq!(script.trim(), "let a = 1;");
        for broken in ["<script", "<script>", "</script>", "<script>a"] {
            assert_eq!(script_of(broken).len(), broken.len());
        }
    }
}
