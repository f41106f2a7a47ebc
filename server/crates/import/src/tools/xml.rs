//! XML as values: an element is an object of its attributes (`@name`), its text (`#text`) and, by their names, lists of
//! the elements in it. Namespaces' prefixes do not count. Nothing that a document declares is looked up.

use quick_xml::Reader;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesStart, Event};
use serde_json::{Map, Value};

/// Elements lie no deeper than this.
const DEEPEST: usize = 64;

/// An element that is not closed yet.
struct Open {
    name: String,
    content: Map<String, Value>,
    text: String,
}

impl Open {
    fn value(mut self) -> (String, Value) {
        let text = self.text.trim();
        if !text.is_empty() {
            self.content.insert("#text".into(), Value::String(text.to_owned()));
        }
        (self.name, Value::Object(self.content))
    }
}

/// The document as an object with its root.
pub(super) fn parse(text: &str) -> Result<Value, String> {
    let mut reader = Reader::from_str(text);
    let mut open: Vec<Open> = Vec::new();
    let mut root = Map::new();
    let wrong = |e: &dyn std::fmt::Display, at: u64| format!("it is no XML: {e} (byte {at})");
    loop {
        match reader.read_event().map_err(|e| wrong(&e, reader.error_position()))? {
            Event::Start(start) => {
                if open.len() >= DEEPEST {
                    return Err(format!("it is XML with elements more than {DEEPEST} deep"));
                }
                open.push(opened(&start));
            }
            Event::Empty(start) => close(opened(&start), &mut open, &mut root),
            Event::End(_) => {
                if let Some(element) = open.pop() {
                    close(element, &mut open, &mut root);
                }
            }
            Event::Text(text) => {
                if let Some(element) = open.last_mut() {
                    element.text.push_str(&text);
                }
            }
            Event::CData(text) => {
                if let Some(element) = open.last_mut() {
                    element.text.push_str(&text);
                }
            }
            Event::GeneralRef(reference) => {
                if let Some(element) = open.last_mut() {
                    match reference.resolve_char_ref() {
                        Ok(Some(c)) => element.text.push(c),
                        _ => element.text.push_str(resolve_predefined_entity(&reference).unwrap_or("")),
                    }
                }
            }
            Event::Eof => break,
            _ => {}
        }
    }
    // What was cut off is read as far as it goes, unless nothing is whole.
    while let Some(element) = open.pop() {
        close(element, &mut open, &mut root);
    }
    if root.is_empty() { Err("it is no XML: it has no element".into()) } else { Ok(Value::Object(root)) }
}

fn opened(start: &BytesStart<'_>) -> Open {
    let name = start.local_name().as_ref().to_owned();
    let mut content = Map::new();
    for attribute in start.attributes().with_checks(false).flatten() {
        let key = format!("@{}", attribute.key.local_name().as_ref());
        let raw = attribute.value.into_owned();
        let value = quick_xml::escape::unescape(&raw).map_or_else(|_| raw.clone(), |value| value.into_owned());
        content.insert(key, Value::String(value));
    }
    Open { name, content, text: String::new() }
}

fn close(element: Open, open: &mut [Open], root: &mut Map<String, Value>) {
    let (name, value) = element.value();
    match open.last_mut() {
        Some(parent) => {
            if let Value::Array(list) = parent.content.entry(name).or_insert_with(|| Value::Array(Vec::new())) {
                list.push(value);
            }
        }
        None => drop(root.insert(name, value)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn xml_is_read_as_values() {
        for (text, want) in [
            ("<a/>", json!({ "a": {} })),
            (
                "<?xml version=\"1.0\"?><!DOCTYPE a SYSTEM \"a.dtd\"><a b='1&quot;'>x &lt; y&#33;</a>",
                json!({ "a": { "@b": "1\"", "#text": "x < y!" } }),
            ),
            (
                "<n:a xmlns:n='u'><b c='1'/><b><![CDATA[<z>]]></b></n:a>",
                json!({ "a": { "@n": "u", "b": [{ "@c": "1" }, { "#text": "<z>" }] } }),
            ),
            ("<a><b c='1'/>", json!({ "a": { "b": [{ "@c": "1" }] } })),
        ] {
            assert_eq!(parse(text), Ok(want), "{text}");
        }
        for text in ["<a></b>", "<", "<!-- x -->", &"<a>".repeat(100)] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
