//! Fields of values, by their paths.
//!
//! A path is keys with dots between them. `a[]` is each element of a list (and one that stands alone), `a{}` each value of
//! an object; `a?b` is the element of a list whose `b` is true, or else the first; a number is that element. `../` leads
//! out to what the element stands in, `#key` is the name of an entry of `{}`, and `:path` what is behind the last colon of
//! a field. A path with braces around parts of it is a text with fields in it: `{name} {version}`.

use finding::{Anchor, LineRange};
use regex::Regex;
use serde_json::Value;
use std::sync::LazyLock;

/// A remark, and what it stands in: the innermost last, each with its name in the object that it is of.
#[derive(Clone)]
pub(super) struct Scope<'v>(Vec<(&'v Value, Option<&'v str>)>);

/// The remarks at a path.
pub(super) fn each<'v>(document: &'v Value, path: &str) -> Vec<Scope<'v>> {
    let mut out = Vec::new();
    walk(document, path, &mut vec![(document, None)], usize::MAX, &mut out);
    out
}

/// Whether there is anything at a path.
pub(super) fn is_in(document: &Value, path: &str) -> bool {
    let mut out = Vec::new();
    walk(document, path, &mut Vec::new(), 1, &mut out);
    !out.is_empty()
}

fn walk<'v>(
    value: &'v Value,
    path: &str,
    outer: &mut Vec<(&'v Value, Option<&'v str>)>,
    most: usize,
    out: &mut Vec<Scope<'v>>,
) {
    if path.is_empty() {
        let mut scope = outer.clone();
        scope.push((value, None));
        out.push(Scope(scope));
        return;
    }
    let (part, rest) = path.split_once('.').unwrap_or((path, ""));
    let (name, kind) = match (part.strip_suffix("[]"), part.strip_suffix("{}")) {
        (Some(name), _) => (name, '['),
        (_, Some(name)) => (name, '{'),
        _ => (part, ' '),
    };
    let found = if name.is_empty() { Some(value) } else { step(value, name) };
    let Some(found) = found.filter(|v| !v.is_null()) else { return };
    let elements: Vec<(&Value, Option<&str>)> = match (kind, found) {
        (' ', found) => return walk(found, rest, outer, most, out),
        ('[', Value::Array(list)) => list.iter().map(|v| (v, None)).collect(),
        ('{', Value::Object(object)) => object.iter().map(|(key, v)| (v, Some(key.as_str()))).collect(),
        // What is no list: one that stands alone, but no document in its place.
        ('[', object @ Value::Object(_)) if !name.is_empty() => vec![(object, None)],
        _ => return,
    };
    for (element, key) in elements {
        if out.len() >= most {
            return;
        }
        if rest.is_empty() {
            let mut scope = outer.clone();
            scope.push((element, key));
            out.push(Scope(scope));
        } else {
            outer.push((element, key));
            walk(element, rest, outer, most, out);
            outer.pop();
        }
    }
}

fn step<'v>(value: &'v Value, name: &str) -> Option<&'v Value> {
    if let Some((name, flag)) = name.split_once('?') {
        let list = value.get(name)?.as_array()?;
        let is_set = |v: &&Value| v.get(flag).is_some_and(|f| *f == Value::Bool(true) || f == "true");
        return list.iter().find(is_set).or_else(|| list.first());
    }
    match (value, name.parse::<usize>()) {
        (Value::Array(list), Ok(n)) => list.get(n),
        _ => value.get(name),
    }
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(n) => Some(n.to_string()),
        Value::Bool(b) => Some(b.to_string()),
        _ => None,
    }
}

impl<'v> Scope<'v> {
    /// The remark itself.
    pub(super) fn item(&self) -> &'v Value {
        static NOTHING: Value = Value::Null;
        self.0.last().map_or(&NOTHING, |(value, _)| value)
    }

    fn at(&self, path: &str) -> Option<Found<'v>> {
        let mut depth = self.0.len().checked_sub(1)?;
        let mut path = path;
        while let Some(rest) = path.strip_prefix("../") {
            depth = depth.checked_sub(1)?;
            path = rest;
        }
        let (value, key) = self.0[depth];
        if path == "#key" {
            return Some(Found::Key(key?));
        }
        let mut value = value;
        for name in path.split('.').filter(|name| !name.is_empty()) {
            value = step(value, name)?;
        }
        Some(Found::Value(value))
    }

    /// Whether there is anything at a path.
    pub(super) fn has(&self, path: &str) -> bool {
        self.at(path).is_some_and(|found| !matches!(found, Found::Value(Value::Null)))
    }

    /// The text at a path; `None` for a template of which a field is missing.
    pub(super) fn text(&self, path: &str) -> Option<String> {
        if path.contains('{') {
            return self.filled(path);
        }
        if let Some(path) = path.strip_prefix(':') {
            let text = self.text(path)?;
            return Some(text.rsplit_once(':').map_or(text.clone(), |(_, last)| last.to_owned()));
        }
        match self.at(path)? {
            Found::Key(key) => Some(key.to_owned()),
            Found::Value(value) => scalar(value),
        }
    }

    fn filled(&self, template: &str) -> Option<String> {
        let mut out = String::new();
        let mut rest = template;
        while let Some((before, field)) = rest.split_once('{') {
            let (path, after) = field.split_once('}')?;
            out.push_str(before);
            out.push_str(self.text(path).filter(|text| !text.is_empty())?.trim());
            rest = after;
        }
        out.push_str(rest);
        Some(out)
    }

    /// The first of the paths at which a text is.
    pub(super) fn first(&self, paths: &[&str]) -> Option<String> {
        paths.iter().find_map(|path| self.text(path).filter(|text| !text.trim().is_empty()))
    }

    /// All texts at a path that may lead to several, one a line.
    pub(super) fn all(&self, path: &str) -> String {
        if !path.contains("[]") {
            return self.text(path).unwrap_or_default();
        }
        let found = each(self.item(), path);
        found.iter().filter_map(|scope| scalar(scope.item())).collect::<Vec<_>>().join("\n")
    }
}

enum Found<'v> {
    Key(&'v str),
    Value(&'v Value),
}

#[expect(clippy::expect_used, reason = "a constant that tests use")]
static PLACE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"([\w@./\\+-]*[\w+-]\.[A-Za-z]\w{0,7})(?::|\(|", line |: line )(\d{1,7})"#).expect("a valid pattern")
});

/// The first place that a trace names: one in a file that is named like what it is about, before any other.
pub(super) fn place_in(text: &str, about: &str) -> Option<Anchor> {
    let stem = |path: &str| path.rsplit(['/', '\\']).next().and_then(|n| n.split('.').next()).unwrap_or("").to_owned();
    let places: Vec<_> = PLACE.captures_iter(text).take(200).collect();
    let own = |path: &str| {
        let stem = stem(path);
        !stem.is_empty() && about.split(|c: char| !c.is_alphanumeric() && c != '_').any(|part| part == stem)
    };
    let found = places.iter().find(|m| own(&m[1])).or_else(|| places.first())?;
    let line = found[2].parse().ok().filter(|line| *line > 0)?;
    Some(Anchor { path: crate::tool_path::cited(&found[1])?, lines: Some(LineRange::line(line)), quote: None })
}
