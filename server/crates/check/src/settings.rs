//! Which rules are on, where, and how grave what they find is: the user's and the repository's word.

use finding::{RepoPath, Severity};
use globset::{Glob, GlobBuilder, GlobSet, GlobSetBuilder};
use schemars::JsonSchema;
use serde::de::{self, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// What is wanted of a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// Its findings are not shown.
    Off,
    /// Its findings are shown as grave as the rule says; also for a rule that is off by default.
    On,
    /// Its findings are suggestions.
    Suggestion,
    /// Its findings are important.
    Important,
}

/// What a configuration says of one rule: a level, or where the rule is off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum RuleSetting {
    /// Everywhere.
    Level(Level),
    /// By path.
    ByPath(RuleByPath),
}

// By hand, so that an error says what is wrong inside and not that nothing fits.
impl<'de> Deserialize<'de> for RuleSetting {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = RuleSetting;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("\"off\", \"on\", \"suggestion\", \"important\", or a table with `level` and `off_in`")
            }

            fn visit_str<E: de::Error>(self, level: &str) -> Result<RuleSetting, E> {
                Level::deserialize(de::value::StrDeserializer::new(level)).map(RuleSetting::Level)
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<RuleSetting, A::Error> {
                RuleByPath::deserialize(de::value::MapAccessDeserializer::new(map)).map(RuleSetting::ByPath)
            }
        }
        from.deserialize_any(Either)
    }
}

/// What a configuration says of one rule by path.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RuleByPath {
    /// What is wanted of it where it is not off. Default: as the rule says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub level: Option<Level>,
    /// Patterns of files in which it is off: `tests/**`, `*.snap`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub off_in: Vec<PathPattern>,
}

/// A pattern of paths, as in `.gitignore`: without `/` it is for files of that name in any folder, with one at its end for
/// all that is in the folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub struct PathPattern(Glob);

impl TryFrom<String> for PathPattern {
    type Error = String;

    fn try_from(pattern: String) -> Result<Self, String> {
        let whole = match pattern.strip_suffix('/') {
            Some(folder) => format!("{folder}/**"),
            None if !pattern.contains('/') => format!("**/{pattern}"),
            None => pattern.trim_start_matches('/').to_owned(),
        };
        let glob = GlobBuilder::new(&whole).literal_separator(true).build();
        glob.map(Self).map_err(|e| format!("'{pattern}' is no pattern of paths: {}", e.kind()))
    }
}

impl From<PathPattern> for String {
    fn from(pattern: PathPattern) -> Self {
        pattern.0.glob().to_owned()
    }
}

/// The effective settings of the built-in checkers.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    rules: BTreeMap<String, Wanted>,
    /// Rules of the user's own, in ast-grep's form: the file's name, and its text.
    pub own_rules: Vec<(String, String)>,
    /// What the rules were read from: two settings of one text are one.
    said: String,
}

#[derive(Debug, Clone, Default)]
struct Wanted {
    level: Option<Level>,
    off_in: GlobSet,
}

impl Settings {
    /// What the configuration says, by the rule's id; `all` is for every rule that is not named.
    #[must_use]
    pub fn new(rules: &BTreeMap<String, RuleSetting>, own_rules: Vec<(String, String)>) -> Self {
        let wanted = |setting: &RuleSetting| match setting {
            RuleSetting::Level(level) => Wanted { level: Some(*level), off_in: GlobSet::empty() },
            RuleSetting::ByPath(RuleByPath { level, off_in }) => Wanted { level: *level, off_in: set_of(off_in) },
        };
        let said = serde_json::to_string(rules).unwrap_or_default();
        Self { rules: rules.iter().map(|(rule, setting)| (rule.clone(), wanted(setting))).collect(), own_rules, said }
    }

    /// Every rule on, those too that are off by default.
    #[must_use]
    pub fn everything() -> Self {
        let on = Wanted { level: Some(Level::On), off_in: GlobSet::empty() };
        Self { rules: BTreeMap::from([("all".to_owned(), on)]), own_rules: Vec::new(), said: "everything".to_owned() }
    }

    /// A number for all that they say of the built-in rules.
    pub(crate) fn number(&self) -> u64 {
        crate::kept::number_of(&self.said)
    }

    fn wanted(&self, rule: &str) -> Option<&Wanted> {
        self.rules.get(rule).or_else(|| self.rules.get("all"))
    }

    /// Whether a rule looks at all; `by_default` is what the rule says.
    #[must_use]
    pub fn is_on(&self, rule: &str, by_default: bool) -> bool {
        match self.wanted(rule).and_then(|w| w.level) {
            None => by_default,
            Some(Level::Off) => false,
            Some(_) => true,
        }
    }

    /// Whether a rule is switched off in a file.
    pub(crate) fn is_off_in(&self, rule: &str, path: &RepoPath) -> bool {
        self.wanted(rule).is_some_and(|w| w.off_in.is_match(path.as_str()))
    }

    /// How grave the findings of a rule are.
    pub(crate) fn severity(&self, rule: &str, by_default: Severity) -> Severity {
        match self.wanted(rule).and_then(|w| w.level) {
            None | Some(Level::On | Level::Off) => by_default,
            Some(Level::Suggestion) => Severity::Suggestion,
            Some(Level::Important) => Severity::Important,
        }
    }
}

/// Each pattern is one that can be read; too many at once are the only thing that can go wrong, and then none counts.
fn set_of(patterns: &[PathPattern]) -> GlobSet {
    let mut set = GlobSetBuilder::new();
    for pattern in patterns {
        set.add(pattern.0.clone());
    }
    set.build().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(json: &str) -> Settings {
        Settings::new(&serde_json::from_str(json).unwrap(), Vec::new())
    }

    #[test]
    fn a_rule_is_on_as_its_own_entry_says_then_as_the_one_for_all_says() {
        let all = settings(r#"{"all": "off", "spelling": "on", "debugger": {"off_in": ["tests/", "*.snap"]}}"#);
        for (rule, by_default, is_on) in
            [("spelling", false, true), ("x", true, false), ("debugger", true, true), ("debugger", false, false)]
        {
            assert_eq!(all.is_on(rule, by_default), is_on, "{rule}");
        }
        for (path, is_off) in [("tests/a.js", true), ("a/b.snap", true), ("src/tests.js", false), ("a.js", false)] {
            assert_eq!(all.is_off_in("debugger", &RepoPath::new(path).unwrap()), is_off, "{path}");
        }
        let grave = settings(r#"{"a": "important", "b": {"level": "suggestion"}}"#);
        assert_eq!(grave.severity("a", Severity::Suggestion), Severity::Important);
        assert_eq!(grave.severity("b", Severity::Critical), Severity::Suggestion);
        assert_eq!(grave.severity("c", Severity::Critical), Severity::Critical);
    }

    #[test]
    fn what_cannot_be_read_says_what_is_wrong() {
        for (json, part) in [
            (r#"{"a": {"off_in": ["a["]}}"#, "'a[' is no pattern of paths"),
            (r#"{"a": "maybe"}"#, "expected one of `off`, `on`, `suggestion`, `important`"),
            (r#"{"a": {"of_in": []}}"#, "unknown field `of_in`"),
            (r#"{"a": 1}"#, "or a table with `level` and `off_in`"),
        ] {
            let error = serde_json::from_str::<BTreeMap<String, RuleSetting>>(json).unwrap_err().to_string();
            assert!(error.contains(part), "{error}");
        }
    }
}
