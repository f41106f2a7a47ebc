//! Links to the places of findings, in what is printed on a terminal (OSC 8). Only files that the round names become links,
//! to themselves in the work tree, whatever the text says of them.

use super::args::Hyperlinks;
use super::context::Context;
use super::output;
use finding::Round;
use ops::{OpenBranch, TextNow};
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::IsTerminal as _;
use std::path::Path;

/// Writes to standard output what is there to be read, with links to the places of a round's findings. Of pagers `less` alone
/// is known to pass them.
pub(super) fn page(text: &str, links: Option<&Links>) -> anyhow::Result<()> {
    let is_less = || {
        output::pager().is_none_or(|pager| pager.split_whitespace().next().is_some_and(|name| name.ends_with("less")))
    };
    match links.filter(|_| is_less()) {
        Some(links) => output::page(&links.add(text)),
        None => output::page(text),
    }
}

/// The files that become links.
#[derive(Debug)]
pub(super) struct Links {
    /// The work tree's address, without a slash at its end.
    root: String,
    paths: BTreeSet<String>,
}

impl Links {
    /// The files of a round's findings; `None` where no links are wanted, or those files are not what is checked out.
    pub(super) fn of(context: &Context, open: &OpenBranch, round: &Round) -> Option<Self> {
        let is_wanted = match context.hyperlinks {
            Hyperlinks::Always => true,
            Hyperlinks::Never => false,
            Hyperlinks::Auto => has_links(),
        };
        let anchors = round.findings.iter().flat_map(|finding| &finding.anchors);
        let paths = || anchors.map(|anchor| anchor.path.as_str().to_owned()).collect();
        let root = || address(open.repository.root());
        (is_wanted && open.text == TextNow::Here).then(|| Self { root: root(), paths: paths() })
    }

    /// The text with each `path`, `path:line` and `path:line-line` of these files as a link; its colours stay.
    pub(super) fn add(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len() * 2);
        let mut rest = text;
        while !rest.is_empty() {
            let (piece, after) = rest.split_at(length_of_piece(rest));
            match self.address_of(piece) {
                Some(address) => {
                    let _ = write!(out, "\u{1b}]8;;{address}\u{1b}\\{piece}\u{1b}]8;;\u{1b}\\");
                }
                None => out.push_str(piece),
            }
            rest = after;
        }
        out
    }

    fn address_of(&self, word: &str) -> Option<String> {
        let (path, line) = word.split_once(':').unwrap_or((word, ""));
        let digits: String = line.chars().take_while(char::is_ascii_digit).collect();
        let path = self.paths.get(path)?;
        let line = if digits.is_empty() { String::new() } else { format!("#{digits}") };
        Some(format!("{}/{}{line}", self.root, encoded(path)))
    }
}

/// Bytes of the first piece of a text, which is not empty: an order to the terminal, a word, or what stands between words.
fn length_of_piece(text: &str) -> usize {
    if let Some(order) = text.strip_prefix("\u{1b}[") {
        return order.find(|c| ('@'..='~').contains(&c)).map_or(text.len(), |end| end + 3);
    }
    let is_word = !text.starts_with(is_between);
    let end = text.char_indices().skip(1).find(|(_, c)| *c == '\u{1b}' || is_between(*c) == is_word);
    end.map_or(text.len(), |(end, _)| end)
}

/// Whether a character is in no path that becomes a link.
fn is_between(c: char) -> bool {
    c.is_whitespace() || c.is_control() || "()[]{}<>,;\"'`│|".contains(c)
}

/// Whether the terminal has links, and opens files of this machine.
fn has_links() -> bool {
    let is_elsewhere = ["SSH_CONNECTION", "SSH_TTY"].iter().any(|name| std::env::var_os(name).is_some());
    std::io::stdout().is_terminal() && !is_elsewhere && supports_hyperlinks::on(supports_hyperlinks::Stream::Stdout)
}

/// The address of a folder.
fn address(folder: &Path) -> String {
    let path = folder.to_string_lossy().replace('\\', "/");
    format!("file:///{}", encoded(path.trim_matches('/')))
}

/// What may stand in an address as it is, and the rest by its bytes.
fn encoded(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/:".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_of_findings_are_links_and_nothing_else_is() {
        let paths = ["src/a.rs", "src/a b.rs", "Grüße.md"].map(str::to_owned).into();
        let links = Links { root: address(Path::new("/home/a b/repo")), paths };
        let link =
            |to: &str, text: &str| format!("\u{1b}]8;;file:///home/a%20b/repo/{to}\u{1b}\\{text}\u{1b}]8;;\u{1b}\\");
        for (text, linked) in [
            ("I1 src/a.rs:16-18 Title", format!("I1 {} Title", link("src/a.rs#16", "src/a.rs:16-18"))),
            (
                "(src/a.rs), `src/a.rs:7`\n",
                format!("({}), `{}`\n", link("src/a.rs", "src/a.rs"), link("src/a.rs#7", "src/a.rs:7")),
            ),
            ("\u{1b}[2msrc/a.rs:3\u{1b}[0m", format!("\u{1b}[2m{}\u{1b}[0m", link("src/a.rs#3", "src/a.rs:3"))),
            ("Grüße.md:2", link("Gr%C3%BC%C3%9Fe.md#2", "Grüße.md:2")),
            ("--> src/a.rs:1:5", format!("--> {}", link("src/a.rs#1", "src/a.rs:1:5"))),
            (
                "other/src/a.rs src/a.rs.bak src/b.rs:1 xsrc/a.rs",
                "other/src/a.rs src/a.rs.bak src/b.rs:1 xsrc/a.rs".to_owned(),
            ),
            ("src/a.rs:x;\u{1b}[", format!("{};\u{1b}[", link("src/a.rs", "src/a.rs:x"))),
            ("", String::new()),
        ] {
            assert_eq!(links.add(text), linked, "{text:?}");
        }
    }
}
