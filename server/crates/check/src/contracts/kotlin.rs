//! What functions of Kotlin take and what calls give them: its grammar names no fields.

use super::signature::{Callee, Given, Signature};
use std::collections::BTreeSet;
use tree_sitter::Node;

fn child<'t>(node: Node<'t>, kind: &str) -> Option<Node<'t>> {
    let mut cursor = node.walk();
    node.named_children(&mut cursor).find(|n| n.kind() == kind)
}

/// The name of the function that a declaration defines.
pub(super) fn name(function: Node<'_>) -> Option<Node<'_>> {
    child(function, "simple_identifier")
}

/// The list of what a function takes.
pub(super) fn parameters(function: Node<'_>) -> Option<Node<'_>> {
    child(function, "function_value_parameters")
}

/// What a function takes; `None` for one that overrides another, which may give parameters values.
pub(super) fn signature(function: Node<'_>, list: Node<'_>, text: &str, is_in_type: bool) -> Option<Signature> {
    let modifiers = child(function, "modifiers").and_then(|m| text.get(m.byte_range())).unwrap_or("");
    if modifiers.split_whitespace().any(|word| matches!(word, "override" | "expect" | "actual")) {
        return None;
    }
    let mut signature = Signature {
        least: 0,
        most: Some(0),
        keywords: Some(BTreeSet::new()),
        needed: BTreeSet::new(),
        is_method: is_in_type || child(function, "receiver_type").is_some(),
    };
    let mut is_any = false;
    let mut cursor = list.walk();
    for part in list.children(&mut cursor) {
        match part.kind() {
            "parameter_modifiers" => {
                is_any = text.get(part.byte_range())?.split_whitespace().any(|word| word == "vararg");
            }
            "parameter" => {
                let name = text.get(child(part, "simple_identifier")?.byte_range())?;
                signature.keywords.get_or_insert_default().insert(name.to_owned());
                match is_any {
                    true => signature.most = None,
                    false => signature.most = signature.most.map(|most| most + 1),
                }
                signature.least += usize::from(!is_any);
                is_any = false;
            }
            // A value for the parameter before.
            "=" => signature.least = signature.least.saturating_sub(1),
            "ERROR" => return None,
            _ => {}
        }
    }
    Some(signature)
}

/// The callee and what it is given: a lambda behind the parentheses is the last argument.
pub(super) fn call<'t>(node: Node<'_>, text: &'t str) -> Option<(Callee<'t>, Given)> {
    let of = |n: Node<'_>| text.get(n.byte_range());
    let (called, suffix) = (node.named_child(0)?, child(node, "call_suffix")?);
    let callee = match called.kind() {
        "simple_identifier" => Callee { owner: None, name: of(called)? },
        "navigation_expression" => Callee {
            owner: of(called.named_child(0)?),
            name: of(child(child(called, "navigation_suffix")?, "simple_identifier")?)?,
        },
        _ => return None,
    };
    let mut given = Given { by_position: 0, by_name: Vec::new() };
    if let Some(list) = child(suffix, "value_arguments") {
        if list.has_error() {
            return None;
        }
        let mut cursor = list.walk();
        for argument in list.named_children(&mut cursor).filter(|n| n.kind() == "value_argument") {
            let mut cursor = argument.walk();
            let signs: Vec<&str> = argument.children(&mut cursor).map(|n| n.kind()).collect();
            if signs.contains(&"*") || signs.contains(&"spread_expression") {
                return None;
            }
            match signs.contains(&"=") {
                true => given.by_name.push(of(child(argument, "simple_identifier")?)?.to_owned()),
                false => given.by_position += 1,
            }
        }
    }
    given.by_position += usize::from(child(suffix, "annotated_lambda").is_some());
    Some((callee, given))
}

/// The name that a node gives to something else than a function: a property, a parameter.
pub(super) fn bound(node: Node<'_>) -> Option<Node<'_>> {
    let is_named = matches!(node.kind(), "variable_declaration" | "class_parameter" | "parameter");
    is_named.then(|| child(node, "simple_identifier"))?
}
