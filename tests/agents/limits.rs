//! Two processes with one key: what the vendor tells one, the other keeps to.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use super::mock;
use super::vendor::{Step, Vendor};
use crate::cli::bed::Bed;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

/// A repository with a model behind HTTP, whose key is `key`.
fn bed(vendor: &Vendor, key: &str) -> Bed {
    Bed::new().raw(&format!(
        "[agents.m]\nadapter = 'chat-http'\nmodel = 'mock-model'\nurl = '{}/v1'\nkey-env = 'KEY'\nretries = 1\nenv = {{ KEY = '{key}' }}\n",
        vendor.url()
    ))
}

fn review(bed: &Bed, cache: &Path) -> Child {
    let mut command = bed.command(&["review", "--agent", "m"]);
    command.env("XDG_CACHE_HOME", cache).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

/// The files of accounts that met a limit.
fn noted(cache: &Path) -> Vec<PathBuf> {
    let files = std::fs::read_dir(cache.join("deep-review/limits")).into_iter().flatten().flatten();
    let files = files.map(|entry| entry.path()).filter(|path| !path.ends_with("salt"));
    files.filter(|path| std::fs::metadata(path).is_ok_and(|data| data.len() > 0)).collect()
}

fn until(what: &str, is_so: impl Fn() -> bool) {
    let started = Instant::now();
    while !is_so() {
        assert!(started.elapsed() < Duration::from_secs(60), "{what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_second_process_waits_for_the_limit_that_the_first_met_and_another_key_does_not() {
    let mut answer = mock::review();
    answer["files_covered"] = serde_json::json!(["src/main.rs"]);
    let says = Step::Says(answer.to_string());
    let vendor = Vendor::start(vec![Step::Status(429, "retry-after: 5\r\n"), says]);
    let cache = tempfile::tempdir().unwrap();
    let (one, two, other) = (bed(&vendor, "sk-shared"), bed(&vendor, "sk-shared"), bed(&vendor, "sk-other"));

    let first = review(&one, cache.path());
    until("the first is told to wait", || noted(cache.path()).len() == 1);
    let told = vendor.asked()[0].at;
    let second = review(&two, cache.path());
    let third = review(&other, cache.path()).wait_with_output().unwrap();
    assert_eq!(third.status.code(), Some(0), "{third:?}");
    let asked = vendor.asked();
    let with = |key: &str| asked.iter().filter(|asked| asked.head.contains(key)).count();
    // On a machine so slow that the wait has passed, nothing can be said of it.
    if told.elapsed() < Duration::from_secs(5) {
        assert_eq!((with("sk-other"), with("sk-shared")), (1, 1), "only who has that key waits");
    }
    for process in [first, second] {
        let ended = process.wait_with_output().unwrap();
        assert_eq!(ended.status.code(), Some(0), "{ended:?}");
    }
    let asked = vendor.asked();
    let shared: Vec<Instant> = asked.iter().filter(|a| a.head.contains("sk-shared")).map(|a| a.at).collect();
    assert_eq!(shared.len(), 3, "the first tries again, the second is not refused once");
    let waited = shared[1..].iter().map(|at| at.duration_since(told));
    assert!(waited.clone().all(|waited| waited >= Duration::from_secs(5)), "{:?}", waited.collect::<Vec<_>>());
    let files = noted(cache.path());
    let text = std::fs::read_to_string(&files[0]).unwrap();
    assert!(files.len() == 1 && text.starts_with("deep-review limit 1 ") && !text.contains("sk-"), "{files:?} {text}");
}

#[test]
fn a_damaged_note_of_a_limit_stops_no_review() {
    let mut answer = mock::review();
    answer["files_covered"] = serde_json::json!(["src/main.rs"]);
    let vendor = Vendor::start(vec![Step::Status(503, "retry-after: 0\r\n"), Step::Says(answer.to_string())]);
    let (cache, bed) = (tempfile::tempdir().unwrap(), bed(&vendor, "sk-shared"));
    let ended = review(&bed, cache.path()).wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(0), "{ended:?}");
    let file = noted(cache.path()).remove(0);
    for damage in ["", "\0\0\0", "deep-review limit 1 99999999999999999 99999999999999999\n"] {
        std::fs::write(&file, damage).unwrap();
        let started = Instant::now();
        let ran =
            bed.command(&["review", "--fresh", "--agent", "m"]).env("XDG_CACHE_HOME", cache.path()).output().unwrap();
        assert_eq!(ran.status.code(), Some(0), "{damage:?}: {ran:?}");
        assert!(started.elapsed() < Duration::from_secs(100), "{damage:?}");
    }
}
