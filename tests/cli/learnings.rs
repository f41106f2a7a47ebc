//! What decisions teach: lines that later rounds and agents are given, on any branch.

use super::bed::{Bed, answer, finding};
use serde_json::Value;
use std::path::Path;

/// Two branches that each leave a `debugger` behind, in a folder of their own and in one that they share.
fn bed() -> Bed {
    let bed = Bed::new().agent("one", &answer(&[finding("important", "The name says nothing", (2, 2))]));
    bed.repo.write("web/a.js", "export function a() {\n  debugger;\n}\n");
    bed.repo.commit("Add a");
    assert_eq!(bed.review(&[]).0, 0);
    bed
}

fn items(bed: &Bed) -> Vec<String> {
    serde_json::from_str(&bed.run(&["learnings", "--json"]).out).unwrap()
}

/// The finding of a file in the newest round.
fn of_file(round: &Value, file: &str) -> Value {
    let findings = round["round"]["findings"].as_array().unwrap();
    let is_in = |f: &&Value| f["anchors"][0]["path"] == file;
    findings.iter().find(is_in).unwrap_or_else(|| panic!("nothing in {file}: {findings:#?}")).clone()
}

#[test]
fn a_dismissal_with_its_reason_is_learnt_for_the_like_of_it_on_other_branches() {
    let bed = bed();
    assert!(items(&bed).is_empty());
    let said = of_file(&serde_json::from_str(&bed.run(&["report", "--format", "json"]).out).unwrap(), "web/a.js");
    assert_eq!(said["severity"], "important", "{said:#}");
    let label = said["label"].as_str().unwrap();
    bed.run(&["dismiss", label, "--reason", "these pages are for debugging", "--kind", "false-positive"]);
    let [learnt] = &items(&bed)[..] else { panic!("{:?}", items(&bed)) };
    assert!(learnt.starts_with("in web/ · rule deep-review/debugger · not a problem · "), "{learnt}");
    assert!(learnt.contains(&format!("these pages are for debugging · {label} of topic in web/a.js, ")), "{learnt}");

    bed.repo.git(&["checkout", "-q", "-b", "second", "main"]);
    bed.repo.write("web/b.js", "export function b() {\n  debugger;\n}\n");
    bed.repo.write("lib/b.js", "export function b() {\n  debugger;\n}\n");
    bed.repo.commit("Add b");
    let (_, second) = bed.review(&[]);
    let (web, lib) = (of_file(&second, "web/b.js"), of_file(&second, "lib/b.js"));
    assert_eq!((&web["severity"], &lib["severity"]), (&"suggestion".into(), &"important".into()));
    assert_eq!(web["learned"]["learning"], learnt.as_str());
    assert_eq!((&web["learned"]["was"], &lib["learned"]), (&"important".into(), &Value::Null));
    for format in ["text", "markdown", "html", "github"] {
        let out = bed.run(&["report", "--format", format]).out;
        assert!(out.contains("lowered from Important"), "{format} says why: {out}");
    }
}

#[test]
fn what_is_taken_back_teaches_nothing_and_what_has_no_reason_of_a_person_neither() {
    let bed = bed();
    let dismiss = |kind: &str| bed.run(&["dismiss", "I1", "--reason", "so be it", "--kind", kind]).code;
    for back in [&["undo"][..], &["reopen", "I1"]] {
        assert_eq!(dismiss("wont-fix"), 0);
        assert!(items(&bed)[0].contains("stays as it is"), "{:?}", items(&bed));
        assert_eq!(bed.run(back).code, 0);
        assert!(items(&bed).is_empty(), "{back:?}: {:?}", items(&bed));
    }
    assert_eq!(dismiss("later"), 0);
    assert!(items(&bed).is_empty(), "what is put off is no lesson");
    bed.run(&["reopen", "I1"]);
    assert_eq!(bed.run(&["join", "I1", "I2"]).code, 0);
    assert!(items(&bed)[0].contains(" · one issue · "), "{:?}", items(&bed));
    assert_eq!(bed.run(&["join", "--undo", "I1", "I2"]).code, 0);
    assert!(items(&bed).is_empty());
}

#[test]
fn a_severity_that_a_person_gives_is_learnt_for_the_like_of_it() {
    let bed = bed();
    let said = of_file(&serde_json::from_str(&bed.run(&["report", "--format", "json"]).out).unwrap(), "web/a.js");
    let label = said["label"].as_str().unwrap();
    assert_eq!(bed.run(&["severity", label, "critical", "--reason", "it stops the kiosk"]).code, 0);
    let [learnt] = &items(&bed)[..] else { panic!("{:?}", items(&bed)) };
    assert!(learnt.starts_with("in web/ · rule deep-review/debugger · is Critical · "), "{learnt}");
    assert!(learnt.contains("it stops the kiosk"), "{learnt}");
    bed.repo.git(&["checkout", "-q", "-b", "second", "main"]);
    bed.repo.write("web/b.js", "export function b() {\n  debugger;\n}\n");
    bed.repo.commit("Add b");
    let (_, second) = bed.review(&[]);
    let web = of_file(&second, "web/b.js");
    assert_eq!(web["severity"], "critical", "{web:#}");
    for format in ["text", "markdown", "html", "github"] {
        let out = bed.run(&["report", "--format", format]).out;
        assert!(out.contains("raised from Important"), "{format} says why: {out}");
    }
    bed.repo.git(&["checkout", "-q", "topic"]);
    // What is decided instead teaches instead, and what is taken back teaches nothing.
    assert_eq!(bed.run(&["dismiss", label, "--reason", "so be it", "--kind", "wont-fix"]).code, 0);
    assert!(items(&bed)[0].contains("stays as it is"), "{:?}", items(&bed));
    assert_eq!(bed.run(&["reopen", label]).code, 0);
    assert!(items(&bed)[0].contains("is Critical"), "{:?}", items(&bed));
    assert_eq!(bed.run(&["severity", label, "important"]).code, 0, "as its checker says");
    assert!(items(&bed).is_empty(), "{:?}", items(&bed));
}

#[test]
fn learnings_are_listed_added_forgotten_edited_and_shared() {
    let bed = bed();
    assert!(bed.run(&["learnings"]).out.starts_with("Nothing was learnt here yet"));
    assert_eq!(bed.run(&["learnings", "edit"]).code, 2);
    for words in ["We like it short.", "One connection a thread."] {
        assert_eq!(bed.run(&["learnings", "add", words]).out, "Learnt.\n");
    }
    assert_eq!(bed.run(&["learnings", "add", "  "]).code, 2);
    assert_eq!(bed.run(&["learnings"]).out, "  1  We like it short.\n  2  One connection a thread.\n");
    let wrong = bed.run(&["learnings", "forget", "1", "3"]);
    assert!(wrong.code == 2 && wrong.err.contains("no learning number 3: there are 2"), "{}", wrong.err);
    assert_eq!(bed.run(&["learnings", "forget", "1"]).out, "Forgotten: We like it short.\n");
    let shared = bed.run(&["learnings", "share"]);
    assert!(shared.out.starts_with("1 written into .deep-review/learnings.md."), "{}{}", shared.out, shared.err);
    assert!(bed.repo.read(".deep-review/learnings.md").ends_with("\n\n- One connection a thread.\n"));
    assert_eq!(bed.run(&["learnings", "share"]).out, ".deep-review/learnings.md has all of them.\n");

    // Whatever a person makes of the file is read again.
    let file = bed.repo.path().join(".git/deep-review/learnings.md");
    write(&file, "notes\n\n- mine\n* no item\n- \n- in web/ · not a problem · x\n");
    assert_eq!(items(&bed), ["mine", "in web/ · not a problem · x"]);
    assert_eq!(bed.run(&["learnings", "add", "more"]).code, 0);
    assert!(std::fs::read_to_string(&file).unwrap().starts_with("notes\n\n- mine\n* no item\n"));
    std::fs::write(&file, [b'-', b' ', 0xff, b'\n']).unwrap();
    let broken = bed.run(&["learnings"]);
    assert!(broken.code == 2 && broken.err.contains("learnings.md"), "{}", broken.err);
}

fn write(path: &Path, text: &str) {
    std::fs::write(path, text).unwrap();
}
