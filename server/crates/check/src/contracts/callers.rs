//! Calls that a changed signature leaves behind: they fit what a function took in the base, and not what it takes now.
//! Only where the language makes it decidable: the name is defined once in the repository, before and after, and what is
//! called is that function for certain.

use super::signature::{Callee, Given, Signature};
use super::{AGENT, kotlin, look};
use crate::Job;
use crate::remark::{LARGEST_TEXT, LONGEST_LINE, anchor, is_generated, line_at, line_text, old_path, remark};
use crate::tree::{self, nodes};
use aho_corasick::AhoCorasick;
use finding::{LineRange, RawFinding, RepoPath, Severity, counted};
use git::{ChangedFile, SnapshotError};
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use tree_sitter::Node;

/// A name that stands in more files than this is a word of everybody.
const MOST_FILES: usize = 60;
/// More changed signatures than this are a rewrite.
const MOST_CHANGED: usize = 200;

/// A function whose signature changed, and nothing else of that name is there.
pub(super) struct Changed {
    name: String,
    path: RepoPath,
    before: Signature,
    after: Signature,
}

/// Finds them.
///
/// # Errors
/// When the tree cannot be listed.
pub(super) fn check(job: &Job<'_>) -> Result<Vec<RawFinding>, SnapshotError> {
    let mut changed: Vec<Changed> = job.snapshot.files().par_iter().flat_map_iter(changed_in).collect();
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for one in &changed {
        *counts.entry(one.name.clone()).or_default() += 1;
    }
    changed.retain(|one| counts[&one.name] == 1);
    if changed.is_empty() || changed.len() > MOST_CHANGED {
        return Ok(Vec::new());
    }
    let Ok(finder) = AhoCorasick::new(changed.iter().map(|c| &c.name)) else { return Ok(Vec::new()) };
    let paths = job.snapshot.paths()?;
    // Where each name stands at all, and with which texts.
    let holding: Vec<(&RepoPath, BTreeSet<usize>)> = paths
        .par_iter()
        .filter(|path| !job.is_cancelled() && tree::language_of(path).is_some())
        .filter_map(|path| {
            let text = job.read(path).filter(|t| t.len() <= LARGEST_TEXT)?;
            let found: BTreeSet<usize> = finder.find_overlapping_iter(&*text).map(|m| m.pattern().as_usize()).collect();
            (!found.is_empty()).then_some((path, found))
        })
        .collect();
    let mut files_of = vec![0_usize; changed.len()];
    holding.iter().flat_map(|(_, names)| names).for_each(|n| files_of[*n] += 1);
    // Each file is walked once, for all the names that it holds.
    let seen: Vec<BTreeMap<usize, Seen>> = holding
        .par_iter()
        .map(|(path, names)| {
            let is_asked = |n: &&usize| files_of[**n] <= MOST_FILES && is_of_one_language(path, &changed[**n].path);
            let wanted: BTreeMap<&str, usize> =
                names.iter().filter(is_asked).map(|n| (changed[*n].name.as_str(), *n)).collect();
            if wanted.is_empty() || job.is_cancelled() {
                BTreeMap::new()
            } else {
                seen_in(job, path, &changed, &wanted)
            }
        })
        .collect();
    let mut by_name: BTreeMap<usize, Seen> = BTreeMap::new();
    for (n, seen) in seen.into_iter().flatten() {
        by_name.entry(n).or_default().join(seen);
    }
    let mut findings: Vec<RawFinding> = by_name.into_values().flat_map(Seen::left_behind).collect();
    findings.sort_by(|a, b| {
        (a.anchors[0].path.as_str(), a.anchors[0].lines).cmp(&(b.anchors[0].path.as_str(), b.anchors[0].lines))
    });
    Ok(findings)
}

/// The functions of a file whose signature the change narrowed or widened, each the only one of its name there.
fn changed_in(file: &ChangedFile) -> Vec<Changed> {
    let takes_out = file.hunks.iter().any(|h| h.old_count > 0);
    if takes_out && look::may_change_a_signature(file) { changed_signatures(file) } else { Vec::new() }
}

/// The same, read off the trees of both texts.
pub(super) fn changed_signatures(file: &ChangedFile) -> Vec<Changed> {
    let (Some(old), Some(new)) = (file.old.as_deref(), file.new.as_deref()) else { return Vec::new() };
    let (Some(before), Some(after)) = (signatures(old_path(file), old), signatures(&file.path, new)) else {
        return Vec::new();
    };
    let changed = after.into_iter().filter_map(|(name, now)| {
        let ([Some(now)], Some([Some(former)])) = (now.as_slice(), before.get(&name).map(Vec::as_slice)) else {
            return None;
        };
        let is_certain = former != now && former.is_method == now.is_method && name.len() >= 4;
        is_certain.then(|| Changed { name, path: file.path.clone(), before: former.clone(), after: now.clone() })
    });
    changed.collect()
}

/// What is known of a changed function's name, from some files.
#[derive(Default)]
struct Seen {
    /// How many things have the name.
    definitions: usize,
    /// Whether some call through an object was changed along with it.
    followed: bool,
    /// A file that holds the name could not be read.
    is_unread: bool,
    /// Calls that no longer fit, and whether each is of the function by its name alone.
    stale: Vec<(bool, RawFinding)>,
}

impl Seen {
    fn join(&mut self, other: Self) {
        self.definitions += other.definitions;
        self.followed |= other.followed;
        self.is_unread |= other.is_unread;
        self.stale.extend(other.stale);
    }

    /// The calls that are certain: of two things of one name, which of them is called is not known.
    fn left_behind(self) -> Vec<RawFinding> {
        let is_certain = |by_name: bool| !self.is_unread && self.definitions == 1 && (by_name || self.followed);
        self.stale.into_iter().filter(|(by_name, _)| is_certain(*by_name)).map(|(_, finding)| finding).collect()
    }
}

/// What a file shows of changed functions, by their number; `wanted` are those whose names it holds.
fn seen_in(
    job: &Job<'_>,
    path: &RepoPath,
    changed: &[Changed],
    wanted: &BTreeMap<&str, usize>,
) -> BTreeMap<usize, Seen> {
    let mut seen: BTreeMap<usize, Seen> = BTreeMap::new();
    let Some(text) = job.read(path) else { return seen };
    // What a tool writes, it writes anew.
    if is_generated(&text) || path.as_str().contains(".gen.") {
        return seen;
    }
    let Some(tree) = tree::read(path, &text) else {
        return wanted.values().map(|n| (*n, Seen { is_unread: true, ..Seen::default() })).collect();
    };
    let root = tree.root();
    for node in nodes(root.get_inner_node()) {
        let given_to = name_of_definition(node, &text)
            .into_iter()
            .chain(bound_names(node, &text))
            .chain(prototype_with_defaults(node, &text));
        for n in given_to.filter_map(|name| wanted.get(name)) {
            seen.entry(*n).or_default().definitions += 1;
        }
        let Some((callee, given)) = call(node, &text) else { continue };
        let Some(n) = wanted.get(callee.name) else { continue };
        let (one, seen) = (&changed[*n], seen.entry(*n).or_default());
        // Through any object: only if some such calls were changed along.
        let is_by_name = is_meant(&callee, one, path, &text);
        seen.followed |= !is_by_name && one.after.takes(&given) && !one.before.takes(&given);
        let is_stale = (is_by_name || is_method_of_some(&callee, one))
            && !is_meant_to_fail(&text, node.start_byte())
            && one.before.takes(&given)
            && !one.after.takes(&given)
            && line_text(&text, node.start_byte()).len() <= LONGEST_LINE;
        if is_stale {
            seen.stale.push((is_by_name, finding(one, path, &text, node, &given)));
        }
    }
    seen
}

fn finding(changed: &Changed, path: &RepoPath, text: &str, call: Node<'_>, given: &Given) -> RawFinding {
    let Changed { name, after, .. } = changed;
    let gone = given.by_name.iter().find(|key| after.keywords.as_ref().is_some_and(|known| !known.contains(*key)));
    let title = match gone {
        Some(key) => format!("Call gives {key} to {name}, which does not take it any more"),
        None => format!("Call gives {} to {name}, which takes {} now", count(given.by_position), after.wants()),
    };
    let body = format!("This branch changed what `{name}` takes (`{}`), and left this call as it was.", changed.path);
    let mut finding = remark(AGENT, "stale-call", Severity::Important, title, body);
    let (first, last) = (line_at(text, call.start_byte()), line_at(text, call.end_byte()));
    finding.anchors.push(anchor(path, text, LineRange::new(first, last.min(first + 9))));
    finding
}

fn count(n: usize) -> String {
    counted(n, "argument")
}

fn is_of_one_language(a: &RepoPath, b: &RepoPath) -> bool {
    let family = |path: &RepoPath| match path.extension().unwrap_or("") {
        "jsx" | "mjs" | "cjs" | "ts" | "tsx" | "mts" | "cts" | "vue" | "svelte" => "js".to_owned(),
        "h" | "cc" | "cpp" | "cxx" | "hpp" | "hh" | "hxx" => "c".to_owned(),
        "pyi" => "py".to_owned(),
        "kts" => "kt".to_owned(),
        other => other.to_owned(),
    };
    family(a) == family(b)
}

/// The signatures of a text by name; `None` for one that is not understood. `None` for all where no grammar reads it.
fn signatures(path: &RepoPath, text: &str) -> Option<BTreeMap<String, Vec<Option<Signature>>>> {
    let tree = tree::read(path, text)?;
    let mut all: BTreeMap<String, Vec<Option<Signature>>> = BTreeMap::new();
    let root = tree.root();
    for node in nodes(root.get_inner_node()) {
        if let Some(name) = name_of_definition(node, text) {
            all.entry(name.to_owned()).or_default().push(signature(node, text));
        }
    }
    Some(all)
}

/// The name of the function that a node defines.
fn name_of_definition<'t>(node: Node<'_>, text: &'t str) -> Option<&'t str> {
    let name = match node.kind() {
        "function_declaration" => node.child_by_field_name("name").or_else(|| kotlin::name(node))?,
        "function_item"
        | "function_signature_item"
        | "method_declaration"
        | "method_definition"
        | "method"
        | "singleton_method"
        | "generator_function_declaration"
        | "method_elem"
        | "method_signature" => node.child_by_field_name("name")?,
        // Of Python and PHP by its name, of C by its declarator.
        "function_definition" => node
            .child_by_field_name("name")
            .or_else(|| node.child_by_field_name("declarator")?.child_by_field_name("declarator"))?,
        // A prototype is the same function said twice, and a macro another one.
        "preproc_function_def" => node.child_by_field_name("name")?,
        _ => return None,
    };
    text.get(name.byte_range())
}

/// The name of a function of C++ that a declaration gives values for what a call leaves out: what its definition takes is
/// not all that is known of it.
fn prototype_with_defaults<'t>(node: Node<'_>, text: &'t str) -> Option<&'t str> {
    if node.kind() != "function_declarator" || node.parent().is_some_and(|p| p.kind() == "function_definition") {
        return None;
    }
    let list = node.child_by_field_name("parameters")?;
    let mut cursor = list.walk();
    let has_defaults = list.named_children(&mut cursor).any(|n| n.kind() == "optional_parameter_declaration");
    let name = text.get(node.child_by_field_name("declarator")?.byte_range())?;
    has_defaults.then(|| name.rsplit("::").next())?
}

/// The names that a node gives to something else than a function: a variable, a key, an import under that name.
fn bound_names<'t>(node: Node<'_>, text: &'t str) -> impl Iterator<Item = &'t str> {
    let fields: &[&str] = match node.kind() {
        "assignment" | "assignment_expression" | "augmented_assignment" => &["left"],
        "variable_declarator" | "field_definition" | "public_field_definition" | "pair" => &["name", "key"],
        "let_declaration" => &["pattern"],
        "aliased_import" => &["alias"],
        _ => &[],
    };
    let of_fields = fields.iter().filter_map(move |field| {
        let name = text.get(node.child_by_field_name(field)?.byte_range())?;
        name.rsplit(['.', '>']).next()
    });
    of_fields.chain(kotlin::bound(node).and_then(|name| text.get(name.byte_range())))
}

/// What the definition at a node takes.
fn signature(node: Node<'_>, text: &str) -> Option<Signature> {
    // What is wrapped may take something else.
    let is_decorated = node.parent().is_some_and(|p| p.kind() == "decorated_definition")
        && !decorators(node, text).iter().all(|d| matches!(d.trim(), "@staticmethod" | "@classmethod" | "@override"));
    if is_decorated {
        return None;
    }
    if let Some(list) = kotlin::parameters(node) {
        return kotlin::signature(node, list, text, is_method(node));
    }
    let list = node
        .child_by_field_name("parameters")
        .or_else(|| node.child_by_field_name("declarator").and_then(|d| d.child_by_field_name("parameters")))?;
    let mut signature =
        Signature { least: 0, most: Some(0), keywords: None, needed: BTreeSet::new(), is_method: is_method(node) };
    let mut cursor = list.walk();
    let parameters: Vec<Node<'_>> = list.named_children(&mut cursor).filter(|n| !n.is_extra()).collect();
    if list.kind() == "parameters" && node.kind() == "function_definition" {
        signature.keywords = Some(BTreeSet::new());
        signature.take_of_python(&parameters, text)?;
    } else {
        let is_void = matches!(parameters[..], [one] if text.get(one.byte_range()) == Some("void"));
        for parameter in parameters.iter().filter(|_| !(is_void && list.kind() == "parameter_list")) {
            signature.take(*parameter, text)?;
        }
    }
    // The rest of a macro's arguments has no node with a name.
    if node.kind() == "preproc_function_def" && text.get(list.byte_range())?.contains("...") {
        signature.most = None;
    }
    match node.kind() {
        // A function of JavaScript takes any number; what it does not name is lost, and what is missing is undefined.
        "function_declaration" | "method_definition" if is_javascript(list) => signature.least = 0,
        // `()` in C says nothing of what it takes.
        "function_definition" if list.kind() == "parameter_list" && parameters.is_empty() => return None,
        // PHP drops what is too much.
        "function_definition" | "method_declaration"
            if list.kind() == "formal_parameters" && text.starts_with("<?") =>
        {
            signature.most = None;
        }
        _ => {}
    }
    Some(signature)
}

impl Signature {
    /// Takes further arguments by their place.
    fn add(&mut self, optional: bool, times: usize) {
        self.least += if optional { 0 } else { times };
        self.most = self.most.map(|most| most + times);
    }

    /// Takes the parameters of a function of Python; `None` where one is not understood.
    fn take_of_python(&mut self, parameters: &[Node<'_>], text: &str) -> Option<()> {
        let mut by_name_only = false;
        for (n, parameter) in parameters.iter().enumerate() {
            let inner = parameter.named_child(0).filter(|_| parameter.kind() == "typed_parameter");
            match inner.map_or(parameter.kind(), |inner| inner.kind()) {
                "positional_separator" => {}
                "keyword_separator" => by_name_only = true,
                "dictionary_splat_pattern" => self.keywords = None,
                "list_splat_pattern" => {
                    by_name_only = true;
                    self.most = None;
                }
                "identifier" | "default_parameter" | "typed_default_parameter" => {
                    let name = parameter.child_by_field_name("name").or(inner).unwrap_or(*parameter);
                    let name = text.get(name.byte_range())?.to_owned();
                    if n == 0 && self.is_method && matches!(name.as_str(), "self" | "cls") {
                        continue;
                    }
                    let optional = parameter.kind().contains("default");
                    if !by_name_only {
                        self.add(optional, 1);
                    } else if !optional {
                        self.needed.insert(name.clone());
                    }
                    if let Some(keywords) = &mut self.keywords {
                        keywords.insert(name);
                    }
                }
                _ => return None,
            }
        }
        Some(())
    }

    /// Takes a parameter of another language; `None` where it is not understood.
    fn take(&mut self, parameter: Node<'_>, text: &str) -> Option<()> {
        let whole = text.get(parameter.byte_range())?;
        let has = |field| parameter.child_by_field_name(field).is_some();
        match parameter.kind() {
            "self_parameter" | "receiver_parameter" | "block_parameter" => {}
            "parameter_declaration" if parameter.parent().is_some_and(|p| p.kind() == "parameter_list") => {
                let mut cursor = parameter.walk();
                let names = parameter.children_by_field_name("name", &mut cursor).count();
                self.add(false, names.max(1));
            }
            "parameter" | "formal_parameter" | "identifier" | "object_pattern" | "array_pattern" => {
                if whole.starts_with("params ") {
                    self.most = None;
                } else {
                    self.add(has("default") || whole.contains(" = "), 1);
                }
            }
            "required_parameter" if whole.starts_with("...") => self.most = None,
            "required_parameter" if whole.starts_with("this:") => {}
            "required_parameter" => self.add(has("value"), 1),
            "simple_parameter" | "property_promotion_parameter" => self.add(has("default_value"), 1),
            "optional_parameter" | "assignment_pattern" | "optional_parameter_declaration" => self.add(true, 1),
            "variadic_parameter"
            | "variadic_parameter_declaration"
            | "rest_pattern"
            | "spread_parameter"
            | "splat_parameter" => self.most = None,
            // Keywords of Ruby, and whatever else there is: not understood.
            _ => return None,
        }
        Some(())
    }
}

/// Whether parameters have no types at all, as in JavaScript: then all of them may be left out.
fn is_javascript(list: Node<'_>) -> bool {
    let mut cursor = list.walk();
    list.kind() == "formal_parameters"
        && list.named_children(&mut cursor).all(|n| {
            !matches!(n.kind(), "required_parameter" | "optional_parameter" | "formal_parameter" | "simple_parameter")
        })
}

fn decorators<'t>(node: Node<'_>, text: &'t str) -> Vec<&'t str> {
    let Some(parent) = node.parent() else { return Vec::new() };
    let mut cursor = parent.walk();
    parent
        .named_children(&mut cursor)
        .filter(|n| n.kind() == "decorator")
        .filter_map(|n| text.get(n.byte_range()))
        .collect()
}

/// Whether a function belongs to a type.
fn is_method(node: Node<'_>) -> bool {
    if node.child_by_field_name("receiver").is_some() {
        return true;
    }
    let around = std::iter::successors(node.parent(), |n| n.parent()).take(4);
    let kinds: Vec<&str> = around.map(|n| n.kind()).collect();
    let is_type = |kind: &&&str| {
        matches!(
            **kind,
            "class_body"
                | "class_definition"
                | "impl_item"
                | "trait_item"
                | "class"
                | "declaration_list"
                | "interface_body"
        )
    };
    let is_function = |kind: &&&str| matches!(**kind, "function_definition" | "function_item" | "function_declaration");
    kinds.iter().find(|k| is_type(k) || is_function(k)).is_some_and(|k| is_type(&k))
}

/// Whether the lines before a call say that it is to fail, as a test's do.
fn is_meant_to_fail(text: &str, at: usize) -> bool {
    let end = at + line_text(text, at).len().min(text.len() - at);
    let lines: Vec<&str> = text.get(..end).unwrap_or("").lines().rev().take(3).collect();
    lines.iter().any(|line| {
        [
            "raises",
            "Raises",
            "throws",
            "Throws",
            "assertFails",
            "toThrow",
            "expectException",
            "raise_error",
            "ts-expect-error",
        ]
        .iter()
        .any(|w| line.contains(w))
    })
}

/// The callee and what it is given; `None` for what is no call, or one whose arguments cannot be counted.
fn call<'t>(node: Node<'_>, text: &'t str) -> Option<(Callee<'t>, Given)> {
    let of = |n: Node<'_>| text.get(n.byte_range());
    if node.kind() == "call_expression" && node.child_by_field_name("function").is_none() {
        return kotlin::call(node, text);
    }
    let callee = match node.kind() {
        "call_expression" | "call" | "invocation_expression" | "function_call_expression" => {
            match node.child_by_field_name("function") {
                Some(function) => split(of(function)?)?,
                None => Callee {
                    owner: node.child_by_field_name("receiver").and_then(of),
                    name: of(node.child_by_field_name("method")?)?,
                },
            }
        }
        "method_invocation" => Callee {
            owner: node.child_by_field_name("object").and_then(of),
            name: of(node.child_by_field_name("name")?)?,
        },
        "member_call_expression" => Callee {
            owner: node.child_by_field_name("object").and_then(of),
            name: of(node.child_by_field_name("name")?)?,
        },
        "scoped_call_expression" => Callee {
            owner: node.child_by_field_name("scope").and_then(of),
            name: of(node.child_by_field_name("name")?)?,
        },
        _ => return None,
    };
    let list = node.child_by_field_name("arguments")?;
    if !matches!(list.kind(), "arguments" | "argument_list") {
        return None;
    }
    let mut given = Given { by_position: 0, by_name: Vec::new() };
    let mut cursor = list.walk();
    for argument in list.named_children(&mut cursor).filter(|n| !n.is_extra()) {
        let inner = if argument.kind() == "argument" { argument.named_child(0)? } else { argument };
        match inner.kind() {
            "keyword_argument" => given.by_name.push(of(inner.child_by_field_name("name")?)?.to_owned()),
            kind if kind.contains("splat") || kind.contains("spread") || kind.contains("variadic") => return None,
            // Ruby's keywords, a block given by name, an error.
            "pair" | "block_argument" | "ERROR" | "name_colon" => return None,
            // One value of Go may be all that another call gives.
            "call_expression" if list.named_child_count() == 1 && list.kind() == "argument_list" => return None,
            _ => given.by_position += 1,
        }
    }
    let has_block = node.child_by_field_name("block").is_some();
    let is_broken = list.has_error() || list.is_missing();
    (!has_block && !is_broken).then_some((callee, given))
}

/// `a.b.c` as `a.b` and `c`.
fn split(callee: &str) -> Option<Callee<'_>> {
    let at = callee.rfind(|c: char| !(c.is_alphanumeric() || c == '_' || c == '$')).map_or(0, |i| i + 1);
    let name = callee.get(at..).filter(|n| !n.is_empty())?;
    let owner = callee.get(..at)?.trim_end_matches(['.', ':', '>', '-', '?', '!']);
    Some(Callee { owner: (!owner.is_empty()).then_some(owner), name })
}

/// Whether a call is of the changed function for certain.
fn is_meant(callee: &Callee<'_>, changed: &Changed, path: &RepoPath, text: &str) -> bool {
    if callee.name != changed.name {
        return false;
    }
    let is_here = *path == changed.path;
    let is_beside = path.folder() == changed.path.folder();
    let stem = changed.path.file_name().split('.').next().unwrap_or("");
    let home = if stem == "mod" || stem == "__init__" || stem == "index" || path.extension() == Some("go") {
        changed.path.folder().rsplit('/').next().unwrap_or("")
    } else {
        stem
    };
    match (callee.owner, changed.after.is_method) {
        (Some(owner), true) => is_here && matches!(owner, "self" | "this" | "$this" | "cls" | "Self" | "static"),
        // Of Ruby, PHP and Java, what is in the type is called by its name alone.
        (None, true) => is_here && matches!(path.extension(), Some("rb" | "java" | "cs" | "kt")),
        (Some(owner), false) => owner.rsplit(['.', ':']).next() == Some(home) && !home.is_empty(),
        (None, false) => match path.extension().unwrap_or("") {
            "go" => is_beside,
            // What is in the same package needs no import.
            "kt" => is_beside || is_imported(text, callee.name),
            "c" | "cc" | "cpp" | "h" | "php" | "rb" | "sh" => true,
            _ => is_here || is_imported(text, callee.name),
        },
    }
}

/// Whether a call may be of the changed method, through an object of whatever type: two words and one definition, which no
/// other library has by chance.
fn is_method_of_some(callee: &Callee<'_>, changed: &Changed) -> bool {
    let plain = |owner: &str| owner.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '.' | '$' | '>' | '-'));
    // A type before the name calls the method of that type.
    let is_type = |owner: &str| owner.rsplit('.').next().is_some_and(|o| o.starts_with(char::is_uppercase));
    callee.name == changed.name
        && changed.after.is_method
        && is_long(callee.name)
        && callee.owner.is_some_and(|owner| plain(owner) && !is_type(owner))
}

fn is_long(name: &str) -> bool {
    let inner = name.trim_matches('_');
    inner.len() >= 8
        && (inner.contains('_')
            || inner.as_bytes().windows(2).any(|w| w[0].is_ascii_lowercase() && w[1].is_ascii_uppercase()))
}

/// Whether a text takes the name in from elsewhere.
fn is_imported(text: &str, name: &str) -> bool {
    text.lines().any(|line| {
        let line = line.trim_start();
        ["import ", "from ", "use ", "pub use ", "} from "].iter().any(|w| line.starts_with(w)) && line.contains(name)
            || line.contains("require(") && line.contains(name)
    })
}

#[cfg(test)]
mod tests {
    use crate::remark::tests::run;
    use git::Snapshot;

    fn titles(old: &[(&str, &str)], new: &[(&str, &str)]) -> Vec<String> {
        let found = run("contracts", &Snapshot::in_memory(old, new));
        found
            .into_iter()
            .filter(|f| f.rule.as_ref().is_some_and(|r| r.id.ends_with("stale-call")))
            .map(|f| f.title)
            .collect()
    }

    #[test]
    fn a_call_that_a_changed_signature_leaves_behind_is_found() {
        for (path, text, was, is, title) in [
            (
                "a.py",
                "def load_all(SIG):\n    pass\n\nload_all(1, 2)\n",
                "a, b",
                "a",
                "2 arguments to load_all, which takes 1 now",
            ),
            (
                "a.py",
                "def load_all(SIG):\n    pass\n\nload_all(1)\n",
                "a",
                "a, b",
                "1 argument to load_all, which takes 2 now",
            ),
            (
                "a.py",
                "def load_all(SIG):\n    pass\n\nload_all(1, x=2)\n",
                "a, x=1",
                "a, y=1",
                "x to load_all, which does not take it any more",
            ),
            (
                "a.py",
                "class A:\n    def load_all(self, SIG):\n        pass\n\n    def f(self):\n        self.load_all(1)\n",
                "a",
                "a, b",
                "1 argument to load_all, which takes 2 now",
            ),
            (
                "a.go",
                "package a\n\nfunc loadAll(SIG int) {}\n\nfunc g() { loadAll(1, 2) }\n",
                "a, b",
                "a",
                "2 arguments to loadAll, which takes 1 now",
            ),
            (
                "a.rs",
                "fn load_all(SIG) {}\nfn g() { load_all(1) }\n",
                "a: u8",
                "a: u8, b: u8",
                "1 argument to load_all, which takes 2 now",
            ),
            (
                "a.ts",
                "function loadAll(SIG) {}\nloadAll(1, 2)\n",
                "a: number, b: number",
                "a: number",
                "2 arguments to loadAll, which takes 1 now",
            ),
            (
                "a.js",
                "function loadAll(SIG) {}\nloadAll(1, 2)\n",
                "a, b",
                "a",
                "2 arguments to loadAll, which takes 0 to 1 now",
            ),
            #[cfg(feature = "grammars")]
            (
                "a.c",
                "int load_all(SIG) { return 0; }\nint g(void) { return load_all(1); }\n",
                "int a",
                "int a, int b",
                "1 argument to load_all, which takes 2 now",
            ),
            #[cfg(feature = "grammars")]
            (
                "A.java",
                "class A {\n    void loadAll(SIG) {}\n    void g() { loadAll(1); }\n}\n",
                "int a",
                "int a, int b",
                "1 argument to loadAll, which takes 2 now",
            ),
            #[cfg(feature = "grammars")]
            ("a.rb", "def load_all(SIG)\nend\nload_all(1)\n", "a", "a, b", "1 argument to load_all, which takes 2 now"),
            #[cfg(feature = "grammars")]
            (
                "a.php",
                "<?php\nfunction load_all(SIG) {}\nload_all(1);\n",
                "$a",
                "$a, $b",
                "1 argument to load_all, which takes 2 or more now",
            ),
            #[cfg(feature = "grammars")]
            (
                "a.cs",
                "class A {\n    void LoadAll(SIG) {}\n    void G() { LoadAll(1); }\n}\n",
                "int a",
                "int a, int b",
                "1 argument to LoadAll, which takes 2 now",
            ),
            #[cfg(feature = "grammars")]
            (
                "a.kt",
                "fun loadAll(SIG) {}\n\nfun g() { loadAll(1) }\n",
                "a: Int",
                "a: Int, b: Int",
                "1 argument to loadAll, which takes 2 now",
            ),
            #[cfg(feature = "grammars")]
            (
                "a.kt",
                "class A {\n    fun loadAll(SIG) {}\n    fun g() { this.loadAll(1, size = 2) }\n}\n",
                "a: Int, size: Int = 1",
                "a: Int, length: Int = 1",
                "size to loadAll, which does not take it any more",
            ),
            #[cfg(feature = "grammars")]
            (
                "a.kt",
                "fun loadAll(SIG) {}\n\nfun g() { loadAll(1) { it } }\n",
                "a: Int, f: (Int) -> Int",
                "f: (Int) -> Int",
                "2 arguments to loadAll, which takes 1 now",
            ),
        ] {
            let (old, new) = (text.replace("SIG", was), text.replace("SIG", is));
            assert_eq!(titles(&[(path, &old)], &[(path, &new)]), [format!("Call gives {title}")], "{path}");
            assert_eq!(titles(&[(path, &old)], &[(path, &old)]), Vec::<String>::new(), "{path}");
        }
        let (old, new) = ("def load_all(a):\n    pass\n", "def load_all(a, b):\n    pass\n");
        let caller = ("b.py", "from a import load_all\nload_all(1)\n");
        assert_eq!(titles(&[("a.py", old), caller], &[("a.py", new), caller]).len(), 1, "in another file");
    }

    #[test]
    fn what_may_still_fit_is_left_alone() {
        for (path, old, new) in [
            (
                "a.c",
                "#define CHECK_ALL(a, b) f(a, b)\nvoid g() {\n  CHECK_ALL(1, 2);\n}\n",
                "#define CHECK_ALL(a, ...) f(a, __VA_ARGS__)\nvoid g() {\n  CHECK_ALL(1, 2);\n}\n",
            ),
            ("a.py", "def load_all(a):\n    pass\n\nload_all(1)\n", "def load_all(a, b=1):\n    pass\n\nload_all(1)\n"),
            ("a.py", "def load_all(a):\n    pass\n\nload_all(*x)\n", "def load_all(a, b):\n    pass\n\nload_all(*x)\n"),
            (
                "a.py",
                "@wraps\ndef load_all(a):\n    pass\n\nload_all(1)\n",
                "@wraps\ndef load_all(a, b):\n    pass\n\nload_all(1)\n",
            ),
            (
                "a.py",
                "def load_all(a):\n    pass\n\nother.load_all(1)\n",
                "def load_all(a, b):\n    pass\n\nother.load_all(1)\n",
            ),
            ("a.js", "function loadAll(a) {}\nloadAll(1)\n", "function loadAll(a, b) {}\nloadAll(1)\n"),
            (
                "a.ts",
                "class A { loadAll(a: number) {} }\nclass B { loadAll(a: number) {} }\nx.loadAll(1)\n",
                "class A { loadAll(a: number, b: number) {} }\nclass B { loadAll(a: number) {} }\nx.loadAll(1)\n",
            ),
            (
                "test_a.py",
                "def load_all(a):\n    pass\n\nwith raises(TypeError):\n    load_all(1)\n",
                "def load_all(a, b):\n    pass\n\nwith raises(TypeError):\n    load_all(1)\n",
            ),
            (
                "a.go",
                "package a\n\nfunc loadAll(a int) {}\n\nfunc g() { loadAll(h()) }\n",
                "package a\n\nfunc loadAll(a, b int) {}\n\nfunc g() { loadAll(h()) }\n",
            ),
            (
                "a.kt",
                "fun loadAll(a: Int) {}\nval x = loadAll(1)\n",
                "fun loadAll(a: Int, b: Int = 1) {}\nval x = loadAll(1)\n",
            ),
            (
                "a.kt",
                "fun loadAll(a: Int) {}\nval x = loadAll(1)\n",
                "fun loadAll(vararg a: Int) {}\nval x = loadAll(1)\n",
            ),
            (
                "a.kt",
                "fun loadAll(a: Int) {}\nval x = loadAll(*y)\n",
                "fun loadAll(a: Int, b: Int) {}\nval x = loadAll(*y)\n",
            ),
            (
                "a.kt",
                "fun loadAll(a: Int) {}\nfun A.loadAll() {}\nval x = loadAll(1)\n",
                "fun loadAll(a: Int, b: Int) {}\nfun A.loadAll() {}\nval x = loadAll(1)\n",
            ),
            (
                "a.kt",
                "class B : A() {\n    override fun loadAll(a: Int) {}\n    fun g() { loadAll(1) }\n}\n",
                "class B : A() {\n    override fun loadAll(a: Int, b: Int) {}\n    fun g() { loadAll(1) }\n}\n",
            ),
        ] {
            assert_eq!(titles(&[(path, old)], &[(path, new)]), Vec::<String>::new(), "{path}: {new}");
        }
    }
}
