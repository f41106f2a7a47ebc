use super::*;

/// A remark in each format that says the same, and what it comes to.
fn told(text: &str) -> String {
    match read(text, Levels::REPORT) {
        Err(unknown) => unknown.to_string(),
        Ok(reviews) => {
            let one = |said: &ImportedReview| {
                let line = |f: &RawFinding| {
                    let place = f.main_anchor().map_or_else(|| "-".to_owned(), ToString::to_string);
                    let rule = f.rule.as_ref().map_or("-", |r| &r.id);
                    let fixes = f.fixes.len() + said.changes.get(&f.id).map_or(0, Vec::len);
                    let fixed = if fixes > 0 { " fixed" } else { "" };
                    format!("{} {place} {rule} {}{fixed}", f.severity.letter(), f.title)
                };
                let lines: Vec<String> = said.answer.findings.iter().map(line).collect();
                format!("{}: {}", said.label, lines.join("; "))
            };
            reviews.iter().map(one).collect::<Vec<_>>().join(" + ")
        }
    }
}

#[test]
fn the_own_formats_of_tools_are_read() {
    let cases = std::fs::read_to_string(crate::tests::fixtures().join("tools.txt")).unwrap();
    let mut wrong = String::new();
    let mut seen = std::collections::BTreeSet::new();
    for case in cases.split("\n\n").map(str::trim).filter(|case| !case.is_empty()) {
        let (text, want) = case.rsplit_once("\n=>").unwrap();
        let got = told(text);
        seen.insert(got.split(':').next().unwrap().to_owned());
        if got.trim() != want.trim() {
            wrong.push_str(&format!("{text}\n=> {got}\n   instead of\n=> {want}\n\n"));
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
    let unseen: Vec<&str> = names().into_iter().filter(|name| !seen.contains(*name)).collect();
    assert!(unseen.is_empty(), "no case has {unseen:?}");
}

#[test]
fn what_is_unknown_is_described() {
    for (text, want) in [
        ("{\"a\": 1, \"b\": 2}", "an object with 'a', 'b', which no format that is known has"),
        ("[{\"x\": 1}]", "a list of objects with 'x', which no format that is known has"),
        ("<html><body/></html>", "an object with 'html', which no format that is known has"),
        ("[1]", "a list of values, which no format that is known has"),
    ] {
        assert_eq!(told(text), want, "{text}");
    }
    assert!(told("{\"a\": ").starts_with("EOF while parsing"));
}
