//! The forms of `--format json` that scripts rely on.

use super::{agents, cache, config, doctor, done, eval, fix, learnings, pr, record, rounds, rules, stream};
use schemars::schema_for;

#[test]
fn the_schemas_that_are_checked_in_are_current() {
    let schemas = [
        ("agents", schema_for!(agents::AgentRows)),
        ("agents-record", schema_for!(record::RecordRows)),
        ("cache", schema_for!(cache::Cache)),
        ("config-in-effect", schema_for!(config::InEffect)),
        ("doctor", schema_for!(doctor::Checks)),
        ("eval", schema_for!(eval::EvalRows)),
        ("finding", schema_for!(ops::FindingWhole)),
        ("findings", schema_for!(ops::FindingList)),
        ("fix", schema_for!(fix::FixDocument)),
        ("learnings", schema_for!(learnings::LearningRows)),
        ("log", schema_for!(ops::LogList)),
        ("outcome", schema_for!(done::Outcome)),
        ("pull-requests", schema_for!(pr::PullRows)),
        ("review-events", schema_for!(stream::StreamEvent)),
        ("rounds", schema_for!(rounds::RoundRows)),
        ("rules", schema_for!(rules::RuleRows)),
        ("sync", schema_for!(ops::sync::Synced)),
        ("verify", schema_for!(ops::Verification)),
    ];
    for (name, schema) in schemas {
        let path = format!("{}/../docs/schemas/{name}.schema.json", env!("CARGO_MANIFEST_DIR"));
        let schema = serde_json::to_string_pretty(&schema).unwrap() + "\n";
        let checked_in = std::fs::read_to_string(&path).unwrap_or_default();
        if checked_in != schema && std::env::var_os("UPDATE").is_some() {
            std::fs::write(&path, schema).unwrap();
            continue;
        }
        assert!(checked_in == schema, "run the test with UPDATE=1 and commit {path}");
    }
}
