//! What a coding agent can ask for: each tool with its words, its right and its schemas, and what it is translated to.

pub(crate) mod findings;
pub(crate) mod fixes;
pub(crate) mod reviewing;
pub(crate) mod rounds;

use crate::bounds::{bounded, bounded_text};
use crate::desk::Desk;
use crate::said::Refusal;
use config::McpRight;
use rmcp::model::{JsonObject, ToolAnnotations};
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::sync::Arc;

/// What a tool answers: the same as text for models and as data by its output schema.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) text: String,
    pub(crate) value: Value,
}

impl Answer {
    pub(crate) fn new(text: &str, data: &impl Serialize) -> Result<Self, Refusal> {
        let value = serde_json::to_value(data).map_err(|e| Refusal::internal(&e.to_string()))?;
        Ok(Self { text: bounded_text(text), value: bounded(value) })
    }
}

/// A tool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tool {
    Findings,
    Finding,
    ApplyFix,
    Verify,
    Dismiss,
    Review,
    Ask,
    Rounds,
    Report,
}

impl Tool {
    pub(crate) const ALL: [Self; 9] = [
        Self::Findings,
        Self::Finding,
        Self::ApplyFix,
        Self::Verify,
        Self::Dismiss,
        Self::Review,
        Self::Ask,
        Self::Rounds,
        Self::Report,
    ];

    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|tool| tool.name() == name)
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Findings => "findings",
            Self::Finding => "finding",
            Self::ApplyFix => "apply_fix",
            Self::Verify => "verify",
            Self::Dismiss => "dismiss",
            Self::Review => "review",
            Self::Ask => "ask",
            Self::Rounds => "rounds",
            Self::Report => "report",
        }
    }

    /// What the user must have allowed before it is called at all. `apply_fix` writes only with the right to, and shows
    /// without.
    pub(crate) fn right(self) -> McpRight {
        match self {
            Self::Findings | Self::Finding | Self::ApplyFix | Self::Verify | Self::Rounds | Self::Report => {
                McpRight::Read
            }
            Self::Review | Self::Ask => McpRight::Review,
            Self::Dismiss => McpRight::Dismiss,
        }
    }

    fn description(self) -> &'static str {
        match self {
            Self::Findings => {
                "List the findings of a review round of the current branch, open ones by default, the gravest first, with \
                 their places in the files as they are now. Pages: pass 'next' as 'cursor'."
            }
            Self::Finding => {
                "One finding whole: what each reviewer said, the code as it is now, and each suggested fix as a diff with \
                 whether it applies."
            }
            Self::ApplyFix => {
                "Apply a finding's suggested fix. Without 'plan' nothing is written: the answer shows the diff and a \
                 'plan'. Call again with that plan to write exactly that diff. Then call verify."
            }
            Self::Verify => {
                "Say from the files as they are now whether findings are gone: the proof that a fix is in. 'unclear' \
                 means that the lines were changed otherwise, and only another review can tell."
            }
            Self::Dismiss => {
                "Decline a finding that is wrong or stays, with a reason that its reviewer could check. It is marked as \
                 decided by you; the user can take all of yours back."
            }
            Self::Review => {
                "Have several agents review the current branch, uncommitted work included; waits for the end (minutes) \
                 and gives the open findings. With 'wait_seconds' it comes back earlier and the review goes on: call \
                 again with 'resume_waiting'."
            }
            Self::Ask => {
                "Ask one of the reviewers about a finding: why it matters, whether a change of yours would resolve it. \
                 Gives the answer as text. Costs a call of that reviewer."
            }
            Self::Rounds => "List the review rounds of the current branch, the newest first, with their verdicts.",
            Self::Report => "A round's report for people, as Markdown by default. Pages: pass 'next' as 'page'.",
        }
    }

    fn schemas(self) -> (JsonObject, JsonObject) {
        match self {
            Self::Findings => (taken::<findings::ListArgs>(), given::<findings::Page>()),
            Self::Finding => (taken::<findings::ShowArgs>(), given::<findings::Shown>()),
            Self::ApplyFix => (taken::<fixes::ApplyArgs>(), given::<fixes::Applied>()),
            Self::Verify => (taken::<findings::VerifyArgs>(), given::<findings::Proved>()),
            Self::Dismiss => (taken::<fixes::DismissArgs>(), given::<fixes::Dismissed>()),
            Self::Review => (taken::<reviewing::ReviewArgs>(), given::<reviewing::Reviewed>()),
            Self::Ask => (taken::<reviewing::AskArgs>(), given::<reviewing::Answered>()),
            Self::Rounds => (taken::<rounds::RoundsArgs>(), given::<rounds::Page>()),
            Self::Report => (taken::<rounds::ReportArgs>(), given::<rounds::ReportPage>()),
        }
    }

    /// As it is offered to clients.
    pub(crate) fn offer(self) -> rmcp::model::Tool {
        let (input, output) = self.schemas();
        let reads = self.right() == McpRight::Read && self != Self::ApplyFix;
        let hints = ToolAnnotations::new()
            .read_only(reads)
            .destructive(self == Self::ApplyFix)
            .idempotent(reads || self == Self::Dismiss)
            .open_world(matches!(self, Self::Review | Self::Ask));
        rmcp::model::Tool::new(self.name(), self.description(), Arc::new(input))
            .with_raw_output_schema(Arc::new(output))
            .with_annotations(hints)
    }

    /// Does what is asked, for the tools that only take a moment. Blocks. `None` for the others.
    pub(crate) fn call(self, desk: &Desk, arguments: Value) -> Option<Result<Answer, Refusal>> {
        Some(match self {
            Self::Findings => self.read(arguments).and_then(|args| findings::list(desk, &args)),
            Self::Finding => self.read(arguments).and_then(|args| findings::show(desk, &args)),
            Self::ApplyFix => self.read(arguments).and_then(|args| fixes::apply(desk, &args)),
            Self::Verify => self.read(arguments).and_then(|args| findings::verify(desk, &args)),
            Self::Dismiss => self.read(arguments).and_then(|args| fixes::dismiss(desk, &args)),
            Self::Rounds => self.read(arguments).and_then(|args| rounds::list(desk, &args)),
            Self::Report => self.read(arguments).and_then(|args| rounds::report(desk, &args)),
            Self::Review | Self::Ask => return None,
        })
    }

    /// The arguments as the tool has them.
    pub(crate) fn read<T: DeserializeOwned>(self, arguments: Value) -> Result<T, Refusal> {
        serde_json::from_value(arguments).map_err(|e| {
            Refusal::new(format!("the arguments of {} are not as it takes them: {e}", self.name()))
                .with_remedy("see the tool's input schema, and call it again")
        })
    }
}

/// The schema of what a tool takes. What may be left out is not said to be null as well: a client that has text for each
/// argument takes it for a text then, also where it is a number.
fn taken<T: JsonSchema>() -> JsonObject {
    members(schema::<T>(&mut |part| {
        without_null(part);
        without_foreign_format(part);
    }))
}

/// The schema of what a tool answers.
fn given<T: JsonSchema>() -> JsonObject {
    members(schema::<T>(&mut without_foreign_format))
}

fn members(schema: Value) -> JsonObject {
    match schema {
        Value::Object(members) => members,
        _ => JsonObject::new(),
    }
}

/// The schema of a type, in one piece (not every client follows references), each part of it changed by `change`.
fn schema<T: JsonSchema>(change: &mut impl FnMut(&mut JsonObject)) -> Value {
    let settings = SchemaSettings::draft2020_12().with(|settings| settings.inline_subschemas = true);
    let mut schema = settings.into_generator().into_root_schema_for::<T>().to_value();
    each_part(&mut schema, change);
    schema
}

fn each_part(value: &mut Value, change: &mut impl FnMut(&mut JsonObject)) {
    match value {
        Value::Object(part) => {
            part.values_mut().for_each(|inner| each_part(inner, change));
            change(part);
        }
        Value::Array(parts) => parts.iter_mut().for_each(|part| each_part(part, change)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Rust's widths of numbers are no formats that JSON Schema knows: some clients warn of each.
fn without_foreign_format(part: &mut JsonObject) {
    let is_number = |format: &str| ["uint", "int", "float", "double"].iter().any(|width| format.starts_with(width));
    if part.get("format").and_then(Value::as_str).is_some_and(is_number) {
        part.remove("format");
    }
}

/// `["integer", "null"]` as `"integer"`, and the same of alternatives.
fn without_null(part: &mut JsonObject) {
    if let Some(Value::Array(types)) = part.get_mut("type") {
        types.retain(|one| one != "null");
        if let [one] = &types[..] {
            let one = one.clone();
            part.insert("type".to_owned(), one);
        }
    }
    if let Some(Value::Array(values)) = part.get_mut("enum") {
        values.retain(|value| !value.is_null());
    }
    if let Some(Value::Array(alternatives)) = part.get_mut("anyOf") {
        alternatives.retain(|one| one.get("type").is_none_or(|kind| kind != "null"));
        if let [Value::Object(one)] = &mut alternatives[..] {
            let one = std::mem::take(one);
            part.remove("anyOf");
            for (name, value) in one {
                part.entry(name).or_insert(value);
            }
        }
    }
    if part.get("default").is_some_and(Value::is_null) {
        part.remove("default");
    }
}
