//! What several end-to-end tests need.

pub(crate) mod http;
#[cfg(unix)]
pub(crate) mod terminal;

pub(crate) use test_repo::Repo;

/// Holds a document against the schema of that name in `docs/schemas`.
pub(crate) fn keeps_to(schema: &str, document: &serde_json::Value) {
    let file = format!("{}/../docs/schemas/{schema}.schema.json", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&file).unwrap_or_else(|e| panic!("{file}: {e}"));
    let validator = jsonschema::validator_for(&serde_json::from_str(&text).unwrap()).unwrap();
    let wrong: Vec<String> = validator.iter_errors(document).map(|e| e.to_string()).collect();
    assert!(wrong.is_empty(), "not as {schema} has it: {wrong:#?}\n{document:#}");
}
