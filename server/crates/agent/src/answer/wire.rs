//! The form in which agents are asked to answer. Only its schema is used: what comes back is read field by
//! field, so that one wrong field costs one field.
//!
//! Every field is required and nothing is nullable (a text may be empty, a line 0): this is the part of JSON
//! Schema that every vendor's structured output takes.

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::Value;

#[derive(JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[expect(dead_code, reason = "only the schema is used")]
/// A review of a change.
struct Review {
    /// Markdown: what the change does, and how good it is; 3 to 6 sentences.
    summary: String,
    /// Everything that should be changed before or after the merge, the gravest first. Empty if there is nothing.
    findings: Vec<Finding>,
    /// Remarks on the design; they need no fix.
    observations: Vec<Observation>,
    /// Markdown: what the tests cover and how well.
    testing: String,
    /// Scenarios without a test, the riskiest first, one line each.
    untested: Vec<String>,
    /// Markdown: documentation, comments, messages.
    documentation: String,
    /// Markdown: whether the commits are cut and described well.
    commit_structure: String,
    /// Limitations that the change itself admits, in a comment, a TODO or a commit message.
    limitations: Vec<Limitation>,
    /// The changed files that you really read, by path.
    files_covered: Vec<String>,
}

#[derive(JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[expect(dead_code, reason = "only the schema is used")]
struct Finding {
    severity: Severity,
    /// One line of plain text that names the defect.
    title: String,
    /// Markdown: what is wrong, when it happens, what follows from it.
    body: String,
    /// Markdown: the trace that shows it, with file and line of every step; what you checked to rule out that it is fine.
    evidence: String,
    /// How sure you are that it is true and that the author would mend it, in percent.
    confidence: u32,
    classification: Classification,
    /// The main place first; empty only when the whole branch is meant.
    places: Vec<Place>,
    /// The function, type or section it is in; empty if none.
    symbol: String,
    /// Edits that resolve it, the preferred one first; empty if there is no local fix.
    fixes: Vec<Fix>,
}

#[derive(JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(dead_code, reason = "only the schema is used")]
enum Severity {
    Critical,
    Important,
    Suggestion,
}

#[derive(JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[expect(dead_code, reason = "only the schema is used")]
enum Classification {
    Regression,
    Gap,
    Enhancement,
    PreExisting,
}

#[derive(JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[expect(dead_code, reason = "only the schema is used")]
struct Place {
    /// As in the diff's headers.
    path: String,
    /// First line in the new text (the number printed beside it); 0 for the whole file.
    start_line: u32,
    /// Last line, included.
    end_line: u32,
    /// These lines exactly as they are in the file, without the printed numbers.
    quote: String,
}

#[derive(JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[expect(dead_code, reason = "only the schema is used")]
struct Fix {
    /// What it does, in a few words.
    note: String,
    /// The file it edits.
    path: String,
    /// A unified diff against the new text: @@ line, then lines with ' ', '-' or '+' and the file's own indentation.
    diff: String,
}

#[derive(JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[expect(dead_code, reason = "only the schema is used")]
struct Observation {
    kind: ObservationKind,
    /// One line.
    title: String,
    /// Markdown.
    body: String,
    /// Where it shows; may be empty.
    places: Vec<Place>,
}

#[derive(JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[expect(dead_code, reason = "only the schema is used")]
enum ObservationKind {
    ConcernInScope,
    ConcernFuture,
    Strength,
}

#[derive(JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[expect(dead_code, reason = "only the schema is used")]
struct Limitation {
    /// What it is.
    title: String,
    /// Where it is admitted; empty if in a commit message.
    places: Vec<Place>,
    /// Markdown: what follows from it.
    body: String,
}

#[derive(JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[expect(dead_code, reason = "only the schema is used")]
/// Verdicts on findings of other reviewers.
struct Verification {
    /// One for each finding that was asked about.
    verdicts: Vec<CheckedFinding>,
}

#[derive(JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[expect(dead_code, reason = "only the schema is used")]
struct CheckedFinding {
    /// The finding's id as it was given.
    id: String,
    verdict: CheckVerdict,
    /// The severity that the code shows, whatever the finding said.
    severity: Severity,
    /// One or two sentences: the code that decides it, with file and line.
    reason: String,
}

#[derive(JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[expect(dead_code, reason = "only the schema is used")]
enum CheckVerdict {
    /// The code shows that it is true.
    Confirmed,
    /// The code shows that it is false.
    Refuted,
    /// It is true, and was so before the change.
    PreExisting,
    /// The code at hand decides nothing.
    Unclear,
}

#[derive(JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[expect(dead_code, reason = "only the schema is used")]
/// What the lead makes of all reviews.
struct Lead {
    /// Markdown, 3 to 8 sentences: what the change does, how good it is, what has to be done before the merge.
    summary: String,
    /// One line: what the verdict rests on, naming the gravest of what is open; no verdict of your own.
    verdict_reason: String,
    /// One for each finding whose severity is disputed.
    settled: Vec<Settled>,
    /// One for each reviewer.
    retro: Vec<Retro>,
}

#[derive(JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[expect(dead_code, reason = "only the schema is used")]
struct Retro {
    /// The reviewer's name as it was given.
    name: String,
    /// Markdown, 2 to 5 sentences: what it found alone, what it missed, what it got wrong, how well it traced.
    text: String,
}

#[derive(JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[expect(dead_code, reason = "only the schema is used")]
struct Settled {
    /// The finding's id as it was given.
    id: String,
    severity: Severity,
    /// One sentence: what decides it.
    reason: String,
}

/// The schema of a review.
#[must_use]
pub fn review_schema() -> Value {
    schema_of::<Review>()
}

/// The schema of the lead's answer.
#[must_use]
pub fn lead_schema() -> Value {
    schema_of::<Lead>()
}

/// The schema of the answer to a verification.
#[must_use]
pub fn verification_schema() -> Value {
    schema_of::<Verification>()
}

fn schema_of<T: JsonSchema>() -> Value {
    let settings = SchemaSettings::draft2020_12().with(|s| {
        s.inline_subschemas = true;
        s.meta_schema = None;
    });
    let mut schema = settings.into_generator().into_root_schema_for::<T>().to_value();
    simplify(&mut schema);
    schema
}

/// Takes out what one vendor or another refuses: titles, formats, bounds, and `oneOf` of constants.
fn simplify(schema: &mut Value) {
    match schema {
        Value::Object(map) => {
            if let Some(Value::Array(options)) = map.get("oneOf") {
                let words: Vec<Value> = options.iter().filter_map(|o| o.get("const").cloned()).collect();
                let said: Vec<String> = options
                    .iter()
                    .filter_map(|o| Some(format!("{}: {}", o.get("const")?.as_str()?, o.get("description")?.as_str()?)))
                    .collect();
                if words.len() == options.len() {
                    map.remove("oneOf");
                    map.insert("type".into(), "string".into());
                    map.insert("enum".into(), words.into());
                    map.insert("description".into(), said.join(" ").into());
                }
            }
            let is_property_map = !map.contains_key("type") && !map.contains_key("enum");
            if !is_property_map {
                for key in ["title", "format", "minimum", "maximum"] {
                    map.remove(key);
                }
            }
            map.values_mut().for_each(simplify);
        }
        Value::Array(items) => items.iter_mut().for_each(simplify),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checked_in_schemas_are_the_generated_ones() {
        let all = [("answer", review_schema()), ("verification", verification_schema()), ("lead", lead_schema())];
        for (name, schema) in all {
            let path = format!("{}/prompts/{name}.schema.json", env!("CARGO_MANIFEST_DIR"));
            let generated = serde_json::to_string_pretty(&schema).unwrap() + "\n";
            if std::env::var_os("UPDATE_SCHEMA").is_some() {
                std::fs::write(&path, &generated).unwrap();
            }
            let stored = std::fs::read_to_string(&path).unwrap_or_default();
            assert!(stored == generated, "{path} is out of date: run the tests once with UPDATE_SCHEMA=1");
        }
    }

    #[test]
    fn the_schemas_are_in_the_form_that_every_vendor_takes() {
        fn check(schema: &Value) {
            let words = ["type", "description", "properties", "required", "additionalProperties", "items", "enum"];
            let map = schema.as_object().unwrap();
            assert!(map.keys().all(|k| words.contains(&k.as_str())), "{schema}");
            if let Some(properties) = map.get("properties").and_then(Value::as_object) {
                assert_eq!(map["additionalProperties"], false);
                let required: Vec<&str> =
                    map["required"].as_array().unwrap().iter().map(|v| v.as_str().unwrap()).collect();
                assert!(properties.keys().all(|k| required.contains(&k.as_str())), "{schema}");
                properties.values().for_each(check);
            }
            map.get("items").into_iter().for_each(check);
        }
        check(&review_schema());
        check(&verification_schema());
        check(&lead_schema());
    }
}
