//! What a text defines: functions, types, constants, fields, with the lines that they take. Read off the syntax tree, so
//! that a local variable, a word in a string and a name of another library are none of it.

use super::tree::{self, Tree};
use finding::{LineRange, RepoPath};
use std::ops::Range;
use tree_sitter::Node;

/// A name that a text defines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Definition {
    pub(super) name: String,
    /// What it is, for people.
    pub(super) noun: &'static str,
    /// Its first line, 1-based.
    pub(super) line: u32,
    /// The whole of it, in bytes.
    pub(super) range: Range<usize>,
}

/// What a text defines, for others: a function, a type, a constant, with the lines that it takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Symbol {
    /// Its name.
    pub name: String,
    /// What it is, for people: `function`, `method`, `type`, `macro`, `constant`, …
    pub noun: &'static str,
    /// All of its lines, 1-based.
    pub lines: LineRange,
}

/// What a text defines, in order; nothing where no grammar reads it.
#[must_use]
pub fn symbols(path: &RepoPath, text: &str) -> Vec<Symbol> {
    let symbol = |d: Definition| {
        let more = text.get(d.range).map_or(0, |whole| whole.trim_end().bytes().filter(|b| *b == b'\n').count());
        Symbol { name: d.name, noun: d.noun, lines: LineRange::new(d.line, d.line + more as u32) }
    };
    definitions(path, text).unwrap_or_default().into_iter().map(symbol).collect()
}

/// The definitions of a text in order; `None` where no grammar reads it.
pub(super) fn definitions(path: &RepoPath, text: &str) -> Option<Vec<Definition>> {
    let tree = tree::read(path, text)?;
    Some(of_tree(&tree, text))
}

/// The definitions of a tree in order.
pub(super) fn of_tree(tree: &Tree, text: &str) -> Vec<Definition> {
    let root = tree.root();
    let mut cursor = root.get_inner_node().walk();
    let mut found = Vec::new();
    loop {
        let node = cursor.node();
        if let Some(noun) = noun_of(node) {
            for name in names(node) {
                if let Some(name) = text.get(name.byte_range()).map(plain).filter(|n| !n.is_empty()) {
                    let line = node.start_position().row as u32 + 1;
                    found.push(Definition { name: name.to_owned(), noun, line, range: node.byte_range() });
                }
            }
        }
        if cursor.goto_first_child() {
            continue;
        }
        while !cursor.goto_next_sibling() {
            if !cursor.goto_parent() {
                return found;
            }
        }
    }
}

/// A name without what may stand around it: `'key'`, `ns::name`.
fn plain(name: &str) -> &str {
    let name = name.trim_matches(['"', '\'', '`']);
    let name = name.rsplit("::").next().unwrap_or(name);
    if name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'$' | b'?' | b'!') || b >= 0x80) {
        name
    } else {
        ""
    }
}

/// What the grammars call what defines a name.
fn noun_of(node: Node<'_>) -> Option<&'static str> {
    Some(match node.kind() {
        "function_item"
        | "function_signature_item"
        | "function_declaration"
        | "function_definition"
        | "generator_function_declaration" => "function",
        "method_declaration"
        | "method_definition"
        | "method_signature"
        | "abstract_method_signature"
        | "method"
        | "singleton_method"
        | "method_elem" => "method",
        "struct_item"
        | "enum_item"
        | "union_item"
        | "trait_item"
        | "type_item"
        | "class_declaration"
        | "abstract_class_declaration"
        | "interface_declaration"
        | "enum_declaration"
        | "record_declaration"
        | "struct_declaration"
        | "type_alias_declaration"
        | "type_spec"
        | "type_alias"
        | "class_definition"
        | "trait_declaration"
        | "object_declaration"
        | "annotation_type_declaration"
        | "delegate_declaration"
        | "class" => "type",
        "class_specifier" | "struct_specifier" | "enum_specifier" => {
            node.child_by_field_name("body")?;
            "type"
        }
        "mod_item" | "module" => "module",
        "const_item"
        | "static_item"
        | "const_spec"
        | "const_element"
        | "enum_variant"
        | "enum_constant"
        | "enumerator"
        | "enum_member_declaration"
        | "preproc_def" => "constant",
        "macro_definition" | "preproc_function_def" => "macro",
        "field_declaration"
        | "public_field_definition"
        | "property_signature"
        | "property_declaration"
        | "field_definition" => "field",
        "var_spec" if is_outermost(node) => "variable",
        "variable_declarator" if is_outermost(node) => "variable",
        "assignment" if is_outermost(node) || is_in_class(node) => {
            let left = node.child_by_field_name("left")?;
            matches!(left.kind(), "identifier" | "constant").then_some("constant")?
        }
        _ => return None,
    })
}

/// Whether nothing but lists, statements and exports are around it.
fn is_outermost(node: Node<'_>) -> bool {
    let around = std::iter::successors(node.parent(), |n| n.parent());
    around.take(8).all(|n| {
        matches!(
            n.kind(),
            "program"
                | "source_file"
                | "module"
                | "var_declaration"
                | "var_spec_list"
                | "lexical_declaration"
                | "variable_declaration"
                | "export_statement"
                | "expression_statement"
        )
    })
}

fn is_in_class(node: Node<'_>) -> bool {
    let around = node.parent().and_then(|n| n.parent()).filter(|n| n.kind() == "block").and_then(|n| n.parent());
    around.is_some_and(|n| n.kind() == "class_definition")
}

/// The nodes of the names that a definition gives.
fn names(node: Node<'_>) -> Vec<Node<'_>> {
    let mut cursor = node.walk();
    let named: Vec<Node<'_>> = node.children_by_field_name("name", &mut cursor).filter(Node::is_named).collect();
    if !named.is_empty() {
        return named;
    }
    if let Some(left) = node.child_by_field_name("left") {
        return vec![left];
    }
    if node.child_by_field_name("declarator").is_some() {
        return node.children_by_field_name("declarator", &mut cursor).filter_map(innermost).collect();
    }
    node.named_children(&mut cursor).find_map(named_or_declared).into_iter().collect()
}

/// A child that is a name, or a declaration around one.
fn named_or_declared(node: Node<'_>) -> Option<Node<'_>> {
    match node.kind() {
        "simple_identifier" | "type_identifier" | "identifier" | "name" => Some(node),
        "variable_declaration" => {
            let mut cursor = node.walk();
            node.named_children(&mut cursor).find(|n| n.kind() == "variable_declarator").and_then(innermost)
        }
        _ => None,
    }
}

/// The name that a declarator of C, or of Java or C#, is about.
fn innermost(node: Node<'_>) -> Option<Node<'_>> {
    let mut node = node;
    for _ in 0..12 {
        if matches!(
            node.kind(),
            "identifier" | "field_identifier" | "type_identifier" | "destructor_name" | "operator_name"
        ) {
            return Some(node);
        }
        node = node
            .child_by_field_name("name")
            .or_else(|| node.child_by_field_name("declarator"))
            .or_else(|| node.named_child(0))?;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn definitions_are_read_off_the_tree() {
        for (path, text, names) in [
            (
                "a.rs",
                "mod m { pub struct S { f: u8 } enum E { V } }\nfn g() { let x = 1; }\nconst C: u8 = 1;\nmacro_rules! mac { () => {} }",
                "m S f E V g C mac",
            ),
            (
                "a.go",
                "package a\n\nvar V = 1\nconst (\n\tC = 1\n)\ntype T struct { F, G int }\nfunc (t T) M() { x := 1; var y = x }\n",
                "V C T F G M",
            ),
            ("a.py", "A = 1\nclass C:\n    b = 2\n    def m(self):\n        x = 1\n        self.y = x\n", "A C b m"),
            (
                "a.ts",
                "export const A = 1;\nfunction f() { const x = 1 }\nclass C { p = 1; m() {} }\ninterface I { q: string }\ntype T = I;",
                "A f C p m I q T",
            ),
            ("a.vue", "<template>function no() {}</template>\n<script>\nfunction f() {}\n</script>\n", "f"),
            #[cfg(feature = "grammars")]
            ("A.java", "class C { int f; void m(int p) { int x; } enum E { V } }", "C f m E V"),
            #[cfg(feature = "grammars")]
            ("a.kt", "class C { fun m() { val x = 1 } }\nobject O\nfun g() {}", "C m O g"),
            #[cfg(feature = "grammars")]
            ("a.c", "#define M 1\nstruct s { int f; };\nint *g(int p) { struct s x; return 0; }\n", "M s f g"),
            #[cfg(feature = "grammars")]
            ("a.cpp", "class C { void m(); };\nvoid C::m() {}\n", "C m m"),
            #[cfg(feature = "grammars")]
            ("a.cs", "class C { int f; int P { get; } void M(int p) { int x; } }", "C f P M"),
            #[cfg(feature = "grammars")]
            (
                "a.rb",
                "module M\n  class C\n    K = 1\n    def m(p); x = 1; end\n    def self.s; end\n  end\nend\n",
                "M C m s",
            ),
            #[cfg(feature = "grammars")]
            ("a.php", "<?php class C { const K = 1; function m($p) { $x = 1; } } function f() {}", "C K m f"),
            #[cfg(feature = "grammars")]
            ("a.sh", "f() { x=1; }\nfunction g { :; }\n", "f g"),
        ] {
            let found = definitions(&RepoPath::new(path).unwrap(), text).unwrap();
            let found: Vec<&str> = found.iter().map(|d| d.name.as_str()).collect();
            assert_eq!(found.join(" "), names, "{path}");
        }
    }
}
