//! The rules of a SARIF run: which one a result is of, and what it says.

use super::wire::{Driver, Invocation, Message, Override, Rule, SarifResult, Tool};
use regex::{Captures, Regex};
use std::collections::HashMap;
use std::sync::LazyLock;

/// The rules of the tool and of its extensions.
pub(super) struct Rules<'r, 'a> {
    driver: &'r Driver<'a>,
    extensions: &'r [Driver<'a>],
    by_id: HashMap<&'r str, &'r Rule<'a>>,
    overrides: Vec<&'r Override<'a>>,
}

#[expect(clippy::expect_used, reason = "a constant that every test uses")]
static PLACEHOLDER: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\{(\d{1,3})\}|\{\{|\}\}").expect("a valid pattern"));
/// A link to another place of the result: `[text](1)`.
#[expect(clippy::expect_used, reason = "a constant that every test uses")]
static INNER_LINK: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\[([^\[\]]*)\]\(\d{1,6}\)").expect("a valid pattern"));

impl<'r, 'a> Rules<'r, 'a> {
    pub(super) fn of(tool: &'r Tool<'a>, invocations: &'r [Invocation<'a>]) -> Self {
        let mut by_id = HashMap::new();
        for rule in tool.extensions.iter().rev().chain([&tool.driver]).flat_map(|component| &component.rules) {
            if let Some(id) = rule.id.as_deref() {
                by_id.insert(id, rule);
            }
        }
        let overrides = invocations.iter().flat_map(|i| &i.rule_configuration_overrides).collect();
        Self { driver: &tool.driver, extensions: &tool.extensions, by_id, overrides }
    }

    /// The rule of a result: by its number where that fits the id, else by the id, of which the last part may be a variant.
    pub(super) fn of_result(&self, result: &SarifResult<'_>) -> Option<&'r Rule<'a>> {
        let id = result.rule_id.as_deref().or(result.rule.id.as_deref());
        let component = result.rule.tool_component.index.and_then(|n| self.extensions.get(n as usize));
        let number = result.rule_index.or(result.rule.index);
        let numbered = number.and_then(|n| component.unwrap_or(self.driver).rules.get(n as usize));
        let fits = |rule: &&Rule<'_>| {
            let (Some(id), Some(own)) = (id, rule.id.as_deref()) else { return true };
            id.strip_prefix(own).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        numbered.filter(fits).or_else(|| {
            let mut id = id?;
            loop {
                match self.by_id.get(id) {
                    Some(rule) => return Some(*rule),
                    None => id = id.rsplit_once('/')?.0,
                }
            }
        })
    }

    /// The level that the configuration gives a result.
    pub(super) fn level<'s>(&'s self, result: &SarifResult<'_>, rule: Option<&'s Rule<'_>>) -> Option<&'s str> {
        let id = rule.and_then(|r| r.id.as_deref()).or(result.rule_id.as_deref());
        let number = result.rule_index.or(result.rule.index);
        let changed = self.overrides.iter().find(|o| {
            let by_id = o.descriptor.id.is_some() && o.descriptor.id.as_deref() == id;
            by_id || (o.descriptor.index.is_some() && o.descriptor.index == number)
        });
        let changed = changed.and_then(|o| o.configuration.level.as_deref());
        changed.or_else(|| rule?.default_configuration.level.as_deref())
    }

    /// What a message says: its own text, or the rule's by that name, with the arguments in their places.
    pub(super) fn message(&self, message: &Message<'_>, rule: Option<&Rule<'_>>) -> String {
        let named = || {
            let id = message.id.as_deref()?;
            let own = rule.and_then(|r| r.message_strings.get(id));
            own.or_else(|| self.driver.global_message_strings.get(id)).map(|m| &m.0)
        };
        let text = |m: &Message<'_>| m.text.as_deref().or(m.markdown.as_deref()).map(str::to_owned);
        let text = text(message).or_else(|| text(named()?)).unwrap_or_default();
        let arguments = message.arguments.as_array().map_or(&[][..], Vec::as_slice);
        let filled = if arguments.is_empty() {
            text
        } else {
            let fill = |m: &Captures<'_>| match (m.get(1), &m[0]) {
                (Some(n), whole) => {
                    let argument = n.as_str().parse().ok().and_then(|n: usize| arguments.get(n));
                    argument.and_then(|a| a.as_str()).unwrap_or(whole).to_owned()
                }
                (None, doubled) => doubled[1..].to_owned(),
            };
            PLACEHOLDER.replace_all(&text, fill).into_owned()
        };
        if filled.contains("](") { INNER_LINK.replace_all(&filled, "$1").into_owned() } else { filled }
    }
}
