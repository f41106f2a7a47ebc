//! Whatever comes in: no panic, no edit outside of the text, and the same answer for the same question.

use crate::{Hints, LineEdit, LineMap, Placed, apply_edits, canonical, find_quote, parse, place};
use finding::LineRange;
use proptest::prelude::*;

/// Pieces that the formats are made of, and noise.
fn soup() -> impl Strategy<Value = String> {
    let marks = [
        "@@",
        "@@ -1,2 +3,4 @@",
        "@@ -9",
        "--- a/x",
        "+++ b/x",
        "+++ /dev/null",
        "diff --git a/x b/y",
        "rename from x",
        "+",
        "-",
        " ",
        "+x",
        "-x",
        " x",
        "x",
        "...",
        "// ...",
        "\\ No newline at end of file",
        "<<<<<<< SEARCH",
        "=======",
        ">>>>>>> REPLACE",
        "*** Begin Patch",
        "*** Update File: x",
        "*** Add File: ../x",
        "*** Move to: y",
        "*** End Patch",
        "```diff",
        "```suggestion",
        "```",
        "{\"old\":\"x\",\"new\":\"y\"}",
        "{",
        "\u{feff}",
        "\r",
        "é…",
        "\t x",
        "",
        "@@ -4294967295,4294967295 +0,0 @@",
    ];
    let line = prop_oneof![4 => proptest::sample::select(marks.to_vec()).prop_map(str::to_owned), 1 => ".{0,8}"];
    prop::collection::vec(line, 0..14).prop_map(|l| l.join("\n"))
}

fn sound(text: &str, placed: &Placed) {
    let lines = lines::split(text).count() as u32;
    let mut next = 1;
    for LineEdit { start, count, .. } in &placed.edits {
        assert!(*start >= next && start + count <= lines + 1, "{placed:?} in {lines} lines");
        next = start + count;
    }
    assert!(!placed.edits.is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, ..ProptestConfig::default() })]

    #[test]
    fn nothing_breaks_the_parser_or_the_locator(text in soup(), diff in soup(), a in 0_u32..20, b in 0_u32..20, cited: bool) {
        let _ = parse(&diff);
        let _ = canonical(&diff);
        let hints = Hints { lines: cited.then(|| LineRange::new(a, b)), quote: Some(&text), ..Hints::default() };
        if let Ok(placed) = place(&text, &diff, &hints) {
            sound(&text, &placed);
            prop_assert_ne!(apply_edits(&text, &placed.edits), text.clone());
        }
        if let Some(found) = find_quote(&text, &diff, hints.lines) {
            prop_assert!(found.end() as usize <= lines::split(&text).count());
        }
        let map = LineMap::between(&text, &diff);
        let _ = map.carry(LineRange::new(a, b));
    }
}

#[test]
fn identical_lines_cost_no_more_than_others() {
    // Quadratic work on these would take minutes.
    let text = "    return x\n".repeat(100_000);
    let diff: String = format!("{}-    return x\n+    return y\n", "     return x\n".repeat(2000));
    assert!(matches!(place(&text, &diff, &Hints::default()), Err(crate::Refusal::Ambiguous { .. })));
    let elided = "     return x\n ...\n".repeat(50) + "-    return x\n+    return y\n";
    let hints = Hints { lines: Some(LineRange::new(5000, 5001)), ..Hints::default() };
    let _ = place(&text, &elided, &hints);
    let _ = find_quote(&text, &"return x\n".repeat(100), hints.lines);
    let fuzzy = "     return x\n".repeat(150) + "-    retain z\n+    y\n";
    assert!(place(&text, &fuzzy, &hints).is_err());
}

/// The seeds of the fuzz targets, each with every other's text.
#[test]
fn the_seeds_of_the_fuzzer_break_nothing() {
    let seeds = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../fuzz/seeds/locate");
    let seeds: Vec<String> =
        std::fs::read_dir(seeds).unwrap().map(|f| std::fs::read_to_string(f.unwrap().path()).unwrap()).collect();
    assert!(!seeds.is_empty());
    for (text, _) in seeds.iter().filter_map(|s| s.split_once('\0')) {
        for (_, diff) in seeds.iter().filter_map(|s| s.split_once('\0')) {
            if let Ok(placed) = place(text, diff, &Hints::default()) {
                sound(text, &placed);
            }
        }
    }
}
