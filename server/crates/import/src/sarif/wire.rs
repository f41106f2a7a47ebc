//! The parts of SARIF that are read; everything else is skipped without being kept.

use finding::{AgentKind, Classification, Fix, RuleRef, Severity};
use serde::{Deserialize, Deserializer};
use std::borrow::Cow;

type Text<'a> = Option<Cow<'a, str>>;

/// Takes `null` for a missing value.
fn list<'de, D: Deserializer<'de>, T: Deserialize<'de>>(d: D) -> Result<Vec<T>, D::Error> {
    Ok(Option::<Vec<T>>::deserialize(d)?.unwrap_or_default())
}

/// A number that may be out of range or of another type, which then says nothing.
fn line<'de, D: Deserializer<'de>>(d: D) -> Result<Option<u32>, D::Error> {
    let value = serde_json::Value::deserialize(d)?;
    Ok(value.as_u64().and_then(|n| u32::try_from(n).ok()))
}

#[derive(Deserialize)]
pub(super) struct Log<'a> {
    #[serde(borrow)]
    pub(super) runs: Option<Vec<RunWire<'a>>>,
}

#[derive(Deserialize)]
pub(super) struct RunWire<'a> {
    #[serde(borrow, default)]
    pub(super) tool: Tool<'a>,
    #[serde(borrow, default, rename = "columnKind")]
    pub(super) column_kind: Text<'a>,
    #[serde(borrow, default, deserialize_with = "list")]
    pub(super) results: Vec<SarifResult<'a>>,
}

#[derive(Deserialize, Default)]
pub(super) struct Tool<'a> {
    #[serde(borrow, default)]
    pub(super) driver: Driver<'a>,
}

#[derive(Deserialize, Default)]
pub(super) struct Driver<'a> {
    #[serde(borrow, default)]
    pub(super) name: Text<'a>,
    #[serde(borrow, default, deserialize_with = "list")]
    pub(super) rules: Vec<Rule<'a>>,
    #[serde(default)]
    pub(super) properties: DriverProperties,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct DriverProperties {
    pub(super) agent: Option<String>,
    pub(super) kind: Option<AgentKind>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Rule<'a> {
    #[serde(borrow)]
    pub(super) id: Text<'a>,
    #[serde(borrow)]
    pub(super) help_uri: Text<'a>,
    #[serde(borrow)]
    pub(super) short_description: Message<'a>,
    #[serde(borrow)]
    pub(super) default_configuration: Configuration<'a>,
    pub(super) properties: RuleProperties,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Configuration<'a> {
    #[serde(borrow)]
    pub(super) level: Text<'a>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct RuleProperties {
    #[serde(rename = "security-severity")]
    pub(super) security_severity: Option<serde_json::Value>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Message<'a> {
    #[serde(borrow)]
    pub(super) text: Text<'a>,
    #[serde(borrow)]
    pub(super) markdown: Text<'a>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct SarifResult<'a> {
    #[serde(borrow)]
    pub(super) rule_id: Text<'a>,
    pub(super) rule_index: Option<i64>,
    #[serde(borrow)]
    pub(super) level: Text<'a>,
    #[serde(borrow)]
    pub(super) kind: Text<'a>,
    #[serde(borrow)]
    pub(super) baseline_state: Text<'a>,
    #[serde(borrow)]
    pub(super) message: Message<'a>,
    #[serde(borrow, deserialize_with = "list")]
    pub(super) locations: Vec<Location<'a>>,
    #[serde(borrow, deserialize_with = "list")]
    pub(super) related_locations: Vec<Location<'a>>,
    #[serde(deserialize_with = "list")]
    pub(super) suppressions: Vec<serde::de::IgnoredAny>,
    #[serde(borrow, deserialize_with = "list")]
    pub(super) fixes: Vec<SarifFix<'a>>,
    pub(super) properties: ResultProperties,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct ResultProperties {
    pub(super) severity: Option<Severity>,
    pub(super) raw: Option<String>,
    pub(super) title: Option<String>,
    pub(super) body: Option<String>,
    pub(super) symbol: Option<String>,
    pub(super) classification: Option<Classification>,
    pub(super) rule: Option<RuleRef>,
    pub(super) fixes: Option<Vec<Fix>>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Location<'a> {
    #[serde(borrow)]
    pub(super) physical_location: Option<Physical<'a>>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Physical<'a> {
    #[serde(borrow)]
    pub(super) artifact_location: Artifact<'a>,
    #[serde(borrow)]
    pub(super) region: Region<'a>,
    pub(super) properties: PhysicalProperties,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct PhysicalProperties {
    pub(super) quote: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Artifact<'a> {
    #[serde(borrow)]
    pub(super) uri: Text<'a>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Region<'a> {
    #[serde(deserialize_with = "line")]
    pub(super) start_line: Option<u32>,
    #[serde(deserialize_with = "line")]
    pub(super) end_line: Option<u32>,
    #[serde(deserialize_with = "line")]
    pub(super) start_column: Option<u32>,
    #[serde(deserialize_with = "line")]
    pub(super) end_column: Option<u32>,
    #[serde(deserialize_with = "line")]
    pub(super) char_offset: Option<u32>,
    #[serde(deserialize_with = "line")]
    pub(super) char_length: Option<u32>,
    #[serde(borrow)]
    pub(super) snippet: Message<'a>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct SarifFix<'a> {
    #[serde(borrow)]
    pub(super) description: Message<'a>,
    #[serde(borrow, deserialize_with = "list")]
    pub(super) artifact_changes: Vec<Change<'a>>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Change<'a> {
    #[serde(borrow)]
    pub(super) artifact_location: Artifact<'a>,
    #[serde(borrow, deserialize_with = "list")]
    pub(super) replacements: Vec<Replacement<'a>>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Replacement<'a> {
    #[serde(borrow)]
    pub(super) deleted_region: Region<'a>,
    #[serde(borrow)]
    pub(super) inserted_content: Message<'a>,
}
