//! Lines that define a function, a method or a type.

use finding::RepoPath;

/// What a line defines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Definition<'l> {
    /// The word for what it is: `fn`, `class`; `(` for a method that begins with its name.
    pub(crate) word: &'l str,
    /// The type that a method of Go is of; empty otherwise.
    pub(crate) receiver: &'l str,
    pub(crate) name: &'l str,
}

impl Definition<'_> {
    /// Whether one scope may well define this more than once: overloads, parts of a type, declarations without a body.
    pub(crate) fn may_repeat(&self, line: &str, path: Option<&RepoPath>) -> bool {
        const ONCE: [&str; 13] = ["py", "pyi", "go", "rs", "js", "jsx", "mjs", "cjs", "ts", "tsx", "rb", "lua", "sh"];
        let once = path.and_then(|path| path.extension()).is_some_and(|ext| ONCE.contains(&ext));
        let function = matches!(self.word, "fn" | "func" | "def" | "function");
        !once || !function || line.trim_end().ends_with(';') || (self.word, self.name) == ("func", "init")
    }
}

/// What a line defines, if anything.
pub(crate) fn definition(line: &str) -> Option<Definition<'_>> {
    const WORDS: [&str; 12] =
        ["fn", "func", "def", "function", "fun", "class", "struct", "enum", "trait", "interface", "impl", "sub"];
    const CONTROL: [&str; 10] = ["if", "for", "while", "switch", "match", "catch", "return", "else", "with", "until"];
    let is_word = |c: char| c.is_alphanumeric() || c == '_' || c == '$';
    let line = line.trim();
    let name_at = |rest: &'_ str| rest.find(|c: char| !is_word(c)).unwrap_or(rest.len());
    let mut words = line.split(|c: char| !is_word(c)).take(6);
    if let Some(word) = words.find(|w| WORDS.contains(w)) {
        let from = word.as_ptr() as usize - line.as_ptr() as usize + word.len();
        let rest = line[from..].trim_start_matches([' ', '*']);
        let method = line.starts_with("func (").then(|| rest.strip_prefix('(')).flatten();
        let (receiver, rest) = match method.and_then(|r| r.split_once(')')) {
            Some((receiver, rest)) => (receiver.split_whitespace().last().unwrap_or_default(), rest.trim_start()),
            None => ("", rest),
        };
        let name = &rest[..name_at(rest)];
        return (!name.is_empty()).then_some(Definition { word, receiver, name });
    }
    // A method, or a function of C: a name before a parenthesis, and a body. A call with a closure is neither.
    let (before, _) = line.split_once('(').filter(|_| line.ends_with('{') && !line.contains("=>"))?;
    let name = before.rsplit(|c: char| !is_word(c)).next().filter(|n| !n.is_empty() && !CONTROL.contains(n))?;
    let plain = before.chars().all(|c| is_word(c) || matches!(c, ' ' | '*' | '&' | '<' | '>' | ',' | ':' | '#'));
    (plain && !line.contains(['"', '\'', '`'])).then_some(Definition { word: "(", receiver: "", name })
}
