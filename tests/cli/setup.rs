//! The first steps in a repository: what stands in the way, and a configuration to start from.

use super::bed::{Bed, answer};
use serde_json::Value;

fn checks(bed: &Bed, args: &[&str]) -> (i32, Vec<(String, String)>) {
    let ran = bed.run(&[args, &["doctor", "--json"]].concat());
    let checks: Value = serde_json::from_str(&ran.out).unwrap_or_else(|e| panic!("{e}: {}{}", ran.out, ran.err));
    let word = |check: &Value, name: &str| check[name].as_str().unwrap().to_owned();
    (ran.code, checks.as_array().unwrap().iter().map(|c| (word(c, "what"), word(c, "health"))).collect())
}

#[test]
fn a_linter_is_no_reviewer() {
    use std::os::unix::fs::PermissionsExt as _;
    let bed = Bed::new();
    let folder = bed.repo.beside("linters");
    std::fs::create_dir_all(&folder).unwrap();
    let linter = folder.join("shellcheck");
    std::fs::write(&linter, "#!/bin/sh\necho 'version: 0.11.0'\n").unwrap();
    std::fs::set_permissions(&linter, std::fs::Permissions::from_mode(0o755)).unwrap();
    let mut command = bed.command(&["doctor"]);
    let out = command.env("PATH", format!("{}:/usr/bin:/bin", folder.display())).output().unwrap();
    let text = String::from_utf8_lossy(&out.stdout).into_owned();
    assert!(text.contains("linters only: no model reviews"), "{text}");
}

fn health<'c>(checks: &'c [(String, String)], what: &str) -> &'c str {
    checks.iter().find(|(name, _)| name == what).map_or("none", |(_, health)| health)
}

#[test]
fn what_stands_in_the_way_of_a_review_is_said() {
    let bed = Bed::new().agent("one", &answer(&[]));
    let (code, good) = checks(&bed, &[]);
    assert_eq!(code, 0, "{good:?}");
    for what in ["repository", "configuration", "base", "agents", "store"] {
        assert_eq!(health(&good, what), "good", "{good:?}");
    }
    let (code, outside) = checks(&bed, &["-C", "/"]);
    assert_eq!((code, outside), (2, vec![("repository".to_owned(), "bad".to_owned())]));

    let wrong = Bed::new().configured("base = 'nowhere'\n");
    let (code, found) = checks(&wrong, &[]);
    assert_eq!((code, health(&found, "base"), health(&found, "agents")), (2, "bad", "worse"), "{found:?}");
    let text = wrong.run(&["doctor"]).out;
    assert!(text.contains("bad   base") && text.contains("note  agents"), "{text}");
    let (code, found) = checks(&Bed::new().configured("bse = 'x'\n"), &[]);
    assert_eq!((code, health(&found, "configuration")), (2, "bad"), "{found:?}");
}

#[test]
fn a_configuration_to_start_from_is_never_written_over_another() {
    let bed = Bed::new();
    let ran = bed.run(&["init"]);
    assert!(ran.code == 0 && ran.out.contains("commit it there"), "{}{}", ran.out, ran.err);
    let text = bed.repo.read(".deep-review.toml");
    assert!(text.contains("# base = \"main\"\n"), "{text}");
    let again = bed.run(&["init"]);
    assert!(again.code == 2 && again.err.contains("is there already"), "{}", again.err);
    assert_eq!(bed.repo.read(".deep-review.toml"), text);
}
