//! The parts of SARIF that are read; everything else is skipped without being kept. Only what is no JSON is an error.

use crate::lenient::{Text, count, list, maybe, object, text};
use serde::Deserialize;
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use std::borrow::Cow;
use std::collections::BTreeMap;

#[derive(Deserialize)]
pub(super) struct Log<'a> {
    #[serde(borrow, default, deserialize_with = "runs")]
    pub(super) runs: Option<Vec<RunWire<'a>>>,
}

/// `null` for runs is a file of no run; what is neither that nor a list is no SARIF, and no clean one either.
fn runs<'de, D: serde::Deserializer<'de>>(d: D) -> Result<Option<Vec<RunWire<'de>>>, D::Error> {
    struct Runs;
    impl<'de> Visitor<'de> for Runs {
        type Value = Vec<RunWire<'de>>;
        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("a list of runs")
        }
        fn visit_seq<A: SeqAccess<'de>>(self, runs: A) -> Result<Self::Value, A::Error> {
            list(SeqAccessDeserializer::new(runs))
        }
        fn visit_map<A: MapAccess<'de>>(self, run: A) -> Result<Self::Value, A::Error> {
            list(MapAccessDeserializer::new(run))
        }
        fn visit_unit<E>(self) -> Result<Self::Value, E> {
            Ok(Vec::new())
        }
    }
    d.deserialize_any(Runs).map(Some)
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct RunWire<'a> {
    #[serde(borrow, deserialize_with = "object")]
    pub(super) tool: Tool<'a>,
    #[serde(borrow, deserialize_with = "text")]
    pub(super) column_kind: Text<'a>,
    #[serde(borrow, deserialize_with = "list")]
    pub(super) artifacts: Vec<ArtifactWire<'a>>,
    #[serde(borrow, deserialize_with = "object")]
    pub(super) original_uri_base_ids: BTreeMap<Cow<'a, str>, crate::lenient::Object<Artifact<'a>>>,
    #[serde(borrow, deserialize_with = "list")]
    pub(super) invocations: Vec<Invocation<'a>>,
    #[serde(borrow, deserialize_with = "list")]
    pub(super) results: Vec<SarifResult<'a>>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct ArtifactWire<'a> {
    #[serde(borrow, deserialize_with = "object")]
    pub(super) location: Artifact<'a>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Invocation<'a> {
    pub(super) execution_successful: Value,
    #[serde(borrow, deserialize_with = "list")]
    pub(super) tool_execution_notifications: Vec<Notification<'a>>,
    #[serde(borrow, deserialize_with = "list")]
    pub(super) rule_configuration_overrides: Vec<Override<'a>>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Notification<'a> {
    #[serde(borrow, deserialize_with = "text")]
    pub(super) level: Text<'a>,
    #[serde(borrow, deserialize_with = "object")]
    pub(super) message: Message<'a>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Override<'a> {
    #[serde(borrow, deserialize_with = "object")]
    pub(super) descriptor: Reference<'a>,
    #[serde(borrow, deserialize_with = "object")]
    pub(super) configuration: Configuration<'a>,
}

/// Leads to a rule.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Reference<'a> {
    #[serde(borrow, deserialize_with = "text")]
    pub(super) id: Text<'a>,
    #[serde(deserialize_with = "count")]
    pub(super) index: Option<u32>,
    #[serde(deserialize_with = "object")]
    pub(super) tool_component: Component,
}

/// Leads to one of the tool's extensions.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Component {
    #[serde(deserialize_with = "count")]
    pub(super) index: Option<u32>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Tool<'a> {
    #[serde(borrow, deserialize_with = "object")]
    pub(super) driver: Driver<'a>,
    #[serde(borrow, deserialize_with = "list")]
    pub(super) extensions: Vec<Driver<'a>>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Driver<'a> {
    #[serde(borrow, deserialize_with = "text")]
    pub(super) name: Text<'a>,
    #[serde(borrow, deserialize_with = "list")]
    pub(super) rules: Vec<Rule<'a>>,
    #[serde(borrow, deserialize_with = "object")]
    pub(super) global_message_strings: Messages<'a>,
    #[serde(borrow, deserialize_with = "object")]
    pub(super) properties: DriverProperties<'a>,
}

/// Texts by their names.
pub(super) type Messages<'a> = BTreeMap<Cow<'a, str>, crate::lenient::Object<Message<'a>>>;

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct DriverProperties<'a> {
    #[serde(borrow, deserialize_with = "text")]
    pub(super) agent: Text<'a>,
    pub(super) kind: Value,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Rule<'a> {
    #[serde(borrow, deserialize_with = "text")]
    pub(super) id: Text<'a>,
    #[serde(borrow, deserialize_with = "text")]
    pub(super) help_uri: Text<'a>,
    #[serde(borrow, deserialize_with = "object")]
    pub(super) short_description: Message<'a>,
    #[serde(borrow, deserialize_with = "object")]
    pub(super) full_description: Message<'a>,
    #[serde(borrow, deserialize_with = "object")]
    pub(super) help: Message<'a>,
    #[serde(borrow, deserialize_with = "object")]
    pub(super) message_strings: Messages<'a>,
    #[serde(borrow, deserialize_with = "object")]
    pub(super) default_configuration: Configuration<'a>,
    #[serde(borrow, deserialize_with = "object")]
    pub(super) properties: Scores<'a>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Configuration<'a> {
    #[serde(borrow, deserialize_with = "text")]
    pub(super) level: Text<'a>,
}

/// How bad tools say that something is, beside its level.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Scores<'a> {
    #[serde(borrow, deserialize_with = "text", rename = "security-severity")]
    pub(super) security_severity: Text<'a>,
    #[serde(borrow, deserialize_with = "text")]
    pub(super) severity: Text<'a>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Message<'a> {
    #[serde(borrow, deserialize_with = "text")]
    pub(super) text: Text<'a>,
    #[serde(borrow, deserialize_with = "text")]
    pub(super) markdown: Text<'a>,
    #[serde(borrow, deserialize_with = "text")]
    pub(super) id: Text<'a>,
    pub(super) arguments: Value,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct SarifResult<'a> {
    #[serde(borrow, deserialize_with = "text")]
    pub(super) rule_id: Text<'a>,
    #[serde(deserialize_with = "count")]
    pub(super) rule_index: Option<u32>,
    #[serde(borrow, deserialize_with = "object")]
    pub(super) rule: Reference<'a>,
    #[serde(borrow, deserialize_with = "text")]
    pub(super) level: Text<'a>,
    #[serde(borrow, deserialize_with = "text")]
    pub(super) kind: Text<'a>,
    #[serde(borrow, deserialize_with = "text")]
    pub(super) baseline_state: Text<'a>,
    #[serde(borrow, deserialize_with = "object")]
    pub(super) message: Message<'a>,
    #[serde(borrow, deserialize_with = "list")]
    pub(super) locations: Vec<Location<'a>>,
    #[serde(borrow, deserialize_with = "list")]
    pub(super) related_locations: Vec<Location<'a>>,
    #[serde(borrow, deserialize_with = "list")]
    pub(super) code_flows: Vec<CodeFlow<'a>>,
    #[serde(borrow, deserialize_with = "list")]
    pub(super) suppressions: Vec<Suppression<'a>>,
    #[serde(borrow, deserialize_with = "list")]
    pub(super) fixes: Vec<SarifFix<'a>>,
    #[serde(borrow, deserialize_with = "object")]
    pub(super) properties: ResultProperties<'a>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Suppression<'a> {
    #[serde(borrow, deserialize_with = "text")]
    pub(super) status: Text<'a>,
}

/// What deep-review wrote, and what other tools have under such names.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct ResultProperties<'a> {
    #[serde(borrow, deserialize_with = "text", rename = "security-severity")]
    pub(super) security_severity: Text<'a>,
    #[serde(borrow, deserialize_with = "text")]
    pub(super) severity: Text<'a>,
    #[serde(borrow, deserialize_with = "text")]
    pub(super) raw: Text<'a>,
    #[serde(borrow, deserialize_with = "text")]
    pub(super) title: Text<'a>,
    #[serde(borrow, deserialize_with = "text")]
    pub(super) body: Text<'a>,
    #[serde(borrow, deserialize_with = "text")]
    pub(super) symbol: Text<'a>,
    /// Ours: its location stands for none.
    #[serde(rename = "wholeBranch")]
    pub(super) whole_branch: Value,
    pub(super) classification: Value,
    pub(super) rule: Value,
    pub(super) fixes: Value,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct CodeFlow<'a> {
    #[serde(borrow, deserialize_with = "list")]
    pub(super) thread_flows: Vec<ThreadFlow<'a>>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct ThreadFlow<'a> {
    #[serde(borrow, deserialize_with = "list")]
    pub(super) locations: Vec<Step<'a>>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Step<'a> {
    #[serde(borrow, deserialize_with = "object")]
    pub(super) location: Location<'a>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Location<'a> {
    #[serde(borrow, deserialize_with = "maybe")]
    pub(super) physical_location: Option<Physical<'a>>,
    #[serde(borrow, deserialize_with = "list")]
    pub(super) logical_locations: Vec<Logical<'a>>,
    #[serde(borrow, deserialize_with = "object")]
    pub(super) message: Message<'a>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Logical<'a> {
    #[serde(borrow, deserialize_with = "text")]
    pub(super) name: Text<'a>,
    #[serde(borrow, deserialize_with = "text")]
    pub(super) fully_qualified_name: Text<'a>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Physical<'a> {
    #[serde(borrow, deserialize_with = "object")]
    pub(super) artifact_location: Artifact<'a>,
    #[serde(borrow, deserialize_with = "object")]
    pub(super) region: Region<'a>,
    #[serde(borrow, deserialize_with = "object")]
    pub(super) context_region: Region<'a>,
    #[serde(borrow, deserialize_with = "object")]
    pub(super) properties: PhysicalProperties<'a>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct PhysicalProperties<'a> {
    #[serde(borrow, deserialize_with = "text")]
    pub(super) quote: Text<'a>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Artifact<'a> {
    #[serde(borrow, deserialize_with = "text")]
    pub(super) uri: Text<'a>,
    #[serde(borrow, deserialize_with = "text")]
    pub(super) uri_base_id: Text<'a>,
    #[serde(deserialize_with = "count")]
    pub(super) index: Option<u32>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Region<'a> {
    #[serde(deserialize_with = "count")]
    pub(super) start_line: Option<u32>,
    #[serde(deserialize_with = "count")]
    pub(super) end_line: Option<u32>,
    #[serde(deserialize_with = "count")]
    pub(super) start_column: Option<u32>,
    #[serde(deserialize_with = "count")]
    pub(super) end_column: Option<u32>,
    #[serde(deserialize_with = "count")]
    pub(super) char_offset: Option<u32>,
    #[serde(deserialize_with = "count")]
    pub(super) char_length: Option<u32>,
    #[serde(borrow, deserialize_with = "object")]
    pub(super) snippet: Message<'a>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct SarifFix<'a> {
    #[serde(borrow, deserialize_with = "object")]
    pub(super) description: Message<'a>,
    #[serde(borrow, deserialize_with = "list")]
    pub(super) artifact_changes: Vec<Change<'a>>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Change<'a> {
    #[serde(borrow, deserialize_with = "object")]
    pub(super) artifact_location: Artifact<'a>,
    #[serde(borrow, deserialize_with = "list")]
    pub(super) replacements: Vec<Replacement<'a>>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Replacement<'a> {
    #[serde(borrow, deserialize_with = "object")]
    pub(super) deleted_region: Region<'a>,
    #[serde(borrow, deserialize_with = "object")]
    pub(super) inserted_content: Message<'a>,
}
