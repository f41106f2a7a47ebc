//! Checks messages against the official meta model (`fixtures/lsp/metaModel.json`).

use serde_json::Value;
use std::collections::HashMap;
use std::sync::OnceLock;

pub(super) struct MetaModel {
    structures: HashMap<String, Value>,
    enumerations: HashMap<String, Value>,
    aliases: HashMap<String, Value>,
    methods: HashMap<String, Value>,
}

static MODEL: OnceLock<MetaModel> = OnceLock::new();

impl MetaModel {
    fn get() -> &'static Self {
        let load = || {
            let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../fixtures/lsp/metaModel.json");
            let text = std::fs::read_to_string(file).unwrap_or_else(|e| panic!("{file}: {e}"));
            let mut model: Value = serde_json::from_str(&text).unwrap();
            let mut table = |key: &str, name: &str| {
                let rows = model[key].as_array_mut().unwrap().drain(..);
                rows.map(|row| (row[name].as_str().unwrap().to_owned(), row)).collect::<HashMap<_, _>>()
            };
            let (structures, enumerations, aliases) =
                (table("structures", "name"), table("enumerations", "name"), table("typeAliases", "name"));
            let mut methods = table("requests", "method");
            methods.extend(table("notifications", "method"));
            Self { structures, enumerations, aliases, methods }
        };
        MODEL.get_or_init(load)
    }

    /// Panics if a message is not as the protocol has it; `answers` is the method of an answer.
    pub(super) fn check(message: &Value, answers: Option<&str>) {
        let model = Self::get();
        let method = answers.or(message["method"].as_str()).unwrap();
        if method.starts_with("deepReview/") {
            return;
        }
        let known = model.methods.get(method).unwrap_or_else(|| panic!("the protocol has no {method}"));
        let (kind, value) = match answers {
            Some(_) if message.get("error").is_some() => return,
            Some(_) => (known.get("result"), &message["result"]),
            None => (known.get("params"), &message["params"]),
        };
        if let Some(kind) = kind
            && let Err(why) = model.fits(kind, value)
        {
            panic!("{method} is not as the protocol has it: {why}\n{message:#}");
        }
    }

    fn fits(&self, kind: &Value, value: &Value) -> Result<(), String> {
        let wrong = || Err(format!("{value} is no {}", kind["name"].as_str().unwrap_or("such thing")));
        match kind["kind"].as_str().unwrap() {
            "base" => {
                let fits = match kind["name"].as_str().unwrap() {
                    "string" | "DocumentUri" | "URI" | "RegExp" => value.is_string(),
                    "boolean" => value.is_boolean(),
                    "null" => value.is_null(),
                    "integer" => value.as_i64().is_some_and(|n| i32::try_from(n).is_ok()),
                    "uinteger" => value.as_u64().is_some_and(|n| i32::try_from(n).is_ok()),
                    "decimal" => value.is_number(),
                    other => panic!("unknown base type {other}"),
                };
                if fits { Ok(()) } else { wrong() }
            }
            "reference" => self.reference(kind["name"].as_str().unwrap(), value),
            "array" => {
                let Some(items) = value.as_array() else { return wrong() };
                items
                    .iter()
                    .enumerate()
                    .try_for_each(|(n, item)| self.fits(&kind["element"], item).map_err(|why| format!("[{n}]: {why}")))
            }
            "map" => {
                let Some(object) = value.as_object() else { return wrong() };
                object.values().try_for_each(|v| self.fits(&kind["value"], v))
            }
            "or" => {
                let items = kind["items"].as_array().unwrap();
                let whys: Vec<String> = items.iter().filter_map(|item| self.fits(item, value).err()).collect();
                if whys.len() < items.len() { Ok(()) } else { Err(whys.join(" / ")) }
            }
            "and" => kind["items"].as_array().unwrap().iter().try_for_each(|item| self.fits(item, value)),
            "tuple" => {
                let items = kind["items"].as_array().unwrap();
                match value.as_array() {
                    Some(values) if values.len() == items.len() => {
                        items.iter().zip(values).try_for_each(|(item, v)| self.fits(item, v))
                    }
                    _ => wrong(),
                }
            }
            "literal" => self.object(kind["value"]["properties"].as_array().unwrap(), value),
            "stringLiteral" | "integerLiteral" | "booleanLiteral" => {
                if kind["value"] == *value {
                    Ok(())
                } else {
                    wrong()
                }
            }
            other => panic!("unknown kind {other}"),
        }
    }

    fn reference(&self, name: &str, value: &Value) -> Result<(), String> {
        if matches!(name, "LSPAny" | "LSPObject" | "LSPArray") {
            return Ok(());
        }
        if let Some(structure) = self.structures.get(name) {
            let inherited = ["extends", "mixins"].into_iter().filter_map(|k| structure[k].as_array()).flatten();
            for parent in inherited {
                self.fits(parent, value)?;
            }
            return self
                .object(structure["properties"].as_array().unwrap(), value)
                .map_err(|why| format!("{name}: {why}"));
        }
        if let Some(enumeration) = self.enumerations.get(name) {
            if enumeration["supportsCustomValues"] == true {
                return self.fits(&enumeration["type"], value);
            }
            let known = enumeration["values"].as_array().unwrap().iter().any(|v| v["value"] == *value);
            return if known { Ok(()) } else { Err(format!("{value} is no {name}")) };
        }
        self.fits(&self.aliases[name]["type"], value)
    }

    fn object(&self, properties: &[Value], value: &Value) -> Result<(), String> {
        let Some(object) = value.as_object() else { return Err(format!("{value} is no object")) };
        for property in properties {
            let name = property["name"].as_str().unwrap();
            match object.get(name) {
                Some(value) => self.fits(&property["type"], value).map_err(|why| format!("{name}: {why}"))?,
                None if property["optional"] == true => {}
                None => return Err(format!("{name} is missing")),
            }
        }
        Ok(())
    }
}
