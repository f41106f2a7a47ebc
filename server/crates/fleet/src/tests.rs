//! Places that do as they should, and places that do not.

use super::*;
use agent::fleet::Fleet;
use object_store::memory::InMemory;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

const KEY: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
const OTHER: &str = "ffeeddccbbaa99887766554433221100ffeeddccbbaa99887766554433221100";
const ASKED: Address = Address([7; 32]);

fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
}

fn words(text: &str) -> Words {
    Words { at: Timestamp::now(), model: Some("m-1".into()), text: text.into(), value: None }
}

fn settings(folder: &Path) -> FleetSettings {
    FleetSettings { url: Some(folder.display().to_string()), ..FleetSettings::default() }
}

/// The place in a folder, for somebody with that key.
fn shared(folder: &Path, key: Option<&str>) -> Shared {
    open(&settings(folder), &|name| key.filter(|_| name == "DEEP_REVIEW_FLEET_KEY").map(str::to_owned)).unwrap()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let listed = std::fs::read_dir(folder.join("answers")).into_iter().flatten().flatten();
    let mut files: Vec<_> = listed.map(|entry| entry.path()).collect();
    files.sort();
    files
}

#[test]
fn one_runner_finds_what_another_one_was_told() {
    for key in [None, Some(KEY)] {
        let folder = tempfile::tempdir().unwrap();
        let (one, two) = (shared(folder.path(), key), shared(folder.path(), key));
        let said = Words { value: Some(serde_json::json!({"findings": []})), ..words("what it said") };
        assert_eq!(block_on(one.recall(ASKED)), None);
        block_on(one.keep(ASKED, said.clone()));
        assert_eq!(block_on(two.recall(ASKED)), Some(said));
        assert_eq!(block_on(two.recall(Address([8; 32]))), None);
        assert_eq!((one.unsaid(), two.unsaid()), (Vec::new(), Vec::new()));
        let bytes = std::fs::read(&files(folder.path())[0]).unwrap();
        assert_eq!(String::from_utf8_lossy(&bytes).contains("what it said"), key.is_none(), "sealed with a key alone");
    }
}

#[test]
fn without_the_key_nothing_is_found_and_nothing_put_in_its_stead_is_believed() {
    let folder = tempfile::tempdir().unwrap();
    let trusted = shared(folder.path(), Some(KEY));
    block_on(trusted.keep(ASKED, words("true")));
    for stranger in [shared(folder.path(), None), shared(folder.path(), Some(OTHER))] {
        assert_eq!(block_on(stranger.recall(ASKED)), None, "it looks under another name");
        block_on(stranger.keep(ASKED, words("no problems here")));
    }
    assert_eq!(files(folder.path()).len(), 3);
    assert_eq!(block_on(trusted.recall(ASKED)).unwrap().text, "true");

    // Who may write sees names, and can write over what is there: it is a miss, and is said once.
    block_on(trusted.keep(Address([8; 32]), words("of another question")));
    let all = files(folder.path());
    let of =
        |asked: &Address| all.iter().find(|file| file.ends_with(trusted.key.as_ref().unwrap().name(&asked.0))).unwrap();
    let (mine, other) = (of(&ASKED).clone(), of(&Address([8; 32])).clone());
    let (sealed, foreign) = (std::fs::read(&mine).unwrap(), std::fs::read(other).unwrap());
    let mut read = all.iter().map(|file| std::fs::read(file).unwrap());
    let unsealed = read.find(|bytes| std::str::from_utf8(bytes).is_ok()).unwrap();
    let mut flipped = sealed.clone();
    *flipped.last_mut().unwrap() ^= 1;
    for poison in [unsealed, foreign, flipped, sealed[..20].to_vec(), Vec::new()] {
        std::fs::write(&mine, poison).unwrap();
        assert_eq!(block_on(trusted.recall(ASKED)), None);
    }
    assert_eq!(trusted.unsaid().len(), 1, "the same thing is said once");
    block_on(trusted.keep(ASKED, words("true again")));
    assert_eq!(block_on(trusted.recall(ASKED)).unwrap().text, "true again");
}

#[test]
fn what_is_damaged_too_long_old_or_of_another_version_is_a_miss() {
    let folder = tempfile::tempdir().unwrap();
    let place = shared(folder.path(), None);
    block_on(place.keep(ASKED, words("x")));
    let file = files(folder.path()).remove(0);
    let good = std::fs::read_to_string(&file).unwrap();
    let long = good.replace("\"x\"", &format!("\"{}\"", "x".repeat(10 << 20)));
    for (bytes, is_said) in [
        (String::new(), true),
        ("\0\0\0".into(), true),
        (good.replace("\"text\"", "\"test\""), true),
        (good.replace("\"version\":1", "\"version\":2"), false),
        (good.replace("\"at\":\"2", "\"at\":\"1"), false),
        (long, true),
    ] {
        let place = shared(folder.path(), None);
        std::fs::write(&file, &bytes).unwrap();
        assert_ne!(bytes, good);
        let shown = &bytes[..bytes.len().min(80)];
        assert_eq!(block_on(place.recall(ASKED)), None, "{shown}");
        assert_eq!(!place.unsaid().is_empty(), is_said, "{shown}");
    }
    block_on(place.keep(ASKED, words(&"x".repeat(10 << 20))));
    assert_eq!(place.unsaid(), ["an answer was not put into the shared cache: it has more than 9437184 bytes"]);
}

#[test]
fn an_answer_in_the_place_of_another_question_is_not_taken() {
    let folder = tempfile::tempdir().unwrap();
    let place = shared(folder.path(), None);
    block_on(place.keep(ASKED, words("clean")));
    let mine = files(folder.path()).remove(0);
    block_on(place.keep(Address([8; 32]), words("of the other")));
    let other = files(folder.path()).into_iter().find(|file| *file != mine).unwrap();
    std::fs::copy(&mine, &other).unwrap();
    assert_eq!(block_on(place.recall(Address([8; 32]))), None);
    assert_eq!(
        place.unsaid(),
        ["an answer of the shared cache is not used: it cannot be read: it answers another question"]
    );
}

#[test]
fn the_cache_is_used_as_it_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let using = |cache| open(&FleetSettings { cache, ..settings(folder.path()) }, &|_| None).unwrap();
    block_on(using(CacheUse::Read).keep(ASKED, words("x")));
    block_on(using(CacheUse::Off).keep(ASKED, words("x")));
    assert!(files(folder.path()).is_empty());
    block_on(using(CacheUse::ReadWrite).keep(ASKED, words("x")));
    assert!(block_on(using(CacheUse::Read).recall(ASKED)).is_some());
    assert!(block_on(using(CacheUse::Off).recall(ASKED)).is_none());
}

#[test]
fn what_is_there_is_listed_and_old_answers_go() {
    let folder = tempfile::tempdir().unwrap();
    let place = shared(folder.path(), None);
    assert_eq!(block_on(place.entries()).unwrap(), Entries::default());
    for n in 0..3 {
        block_on(place.keep(Address([n; 32]), words("x")));
    }
    let long_ago = std::time::SystemTime::now() - std::time::Duration::from_secs(10 * 24 * 3600);
    std::fs::File::options().write(true).open(&files(folder.path())[1]).unwrap().set_modified(long_ago).unwrap();
    let listed = block_on(place.entries()).unwrap().entries;
    assert_eq!(listed.len(), 3);
    assert!(listed[2].at < listed[0].at, "newest first");
    let moment = Timestamp::now() - jiff::SignedDuration::from_hours(24);
    assert_eq!(block_on(place.drop_before(moment)).unwrap(), 1);
    assert_eq!(block_on(place.entries()).unwrap().entries, listed[..2]);
}

#[test]
fn an_address_or_a_key_that_cannot_be_used_is_refused_with_the_reason() {
    let folder = tempfile::tempdir().unwrap();
    let at = |url: &str| FleetSettings { url: Some(url.into()), ..FleetSettings::default() };
    let file = folder.path().join("a file");
    std::fs::write(&file, "x").unwrap();
    for (url, expected) in [
        ("reviews", "'reviews' is no place"),
        ("ftp://host/x", "'ftp://host/x' is no place"),
        ("http://user:secret@host/x?sig=secret", "'http://host/x' is no place"),
        ("s3://", "is no place"),
        (&format!("{}/below", file.display()), "is no place: Not a directory"),
    ] {
        let error = open(&at(url), &|_| None).unwrap_err().to_string();
        assert!(error.contains(expected) && !error.contains("secret"), "{url}: {error}");
    }
    for key in ["abc", &"0".repeat(64), &"é".repeat(32), &"g".repeat(64)] {
        let error = open(&settings(folder.path()), &|_| Some(key.into())).unwrap_err().to_string();
        assert!(error.contains("is no key") && !error.contains(key), "{error}");
    }
}

#[cfg(unix)]
#[test]
fn a_key_that_others_can_read_is_refused() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("key");
    std::fs::write(&file, format!("{KEY}\n")).unwrap();
    let with = FleetSettings { key_file: Some(file.clone()), ..settings(folder.path()) };
    for (mode, is_fine) in [(0o600, true), (0o400, true), (0o640, false), (0o604, false)] {
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
        let opened = open(&with, &|_| None);
        assert_eq!(opened.is_ok(), is_fine, "{mode:o}");
        assert!(opened.is_ok_and(|shared| shared.is_encrypted()) == is_fine);
    }
    std::fs::remove_file(&file).unwrap();
    assert!(open(&with, &|_| None).unwrap_err().to_string().contains("cannot be read"));
}

/// Runs callers against places of one key, at once, by a clock that goes on as they wait; gives who passed when.
fn race(places: &[Place], key: Option<&Key>, rate: Rate, calls: &[u64]) -> Vec<(u64, u64)> {
    let clock = AtomicU64::new(1_700_000_000_000);
    let passed = std::sync::Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for place in places {
            let (clock, passed) = (&clock, &passed);
            scope.spawn(move || {
                block_on(async {
                    for tokens in calls {
                        loop {
                            let at = std::cell::Cell::new(0);
                            let now = || {
                                at.set(clock.load(Ordering::SeqCst));
                                at.get()
                            };
                            match rates::take(place, key, "account", (rate, *tokens), now).await {
                                Ok(Ok(_)) => break passed.lock().unwrap().push((at.get(), *tokens)),
                                Ok(Err(wait)) => drop(clock.fetch_max(at.get() + wait, Ordering::SeqCst)),
                                // Too many at once for the time that a call may take: it is asked again.
                                Err(FleetError::Contended(_) | FleetError::Slow { .. } | FleetError::LeftAlone(_)) => {}
                                Err(other) => panic!("{other}"),
                            }
                        }
                    }
                });
            });
        }
    });
    passed.into_inner().unwrap()
}

fn check_race(places: &[Place], key: Option<&Key>) {
    let rate = Rate { requests: Some(7), tokens: Some(100) };
    let calls: Vec<u64> = (0..20).map(|n| 3 + n % 5 * 7).collect();
    let mut passed = race(places, key, rate, &calls);
    assert_eq!(passed.len(), places.len() * calls.len(), "everybody passes in the end");
    passed.sort_unstable();
    for (begin, _) in &passed {
        let minute: Vec<_> = passed.iter().filter(|(at, _)| (*begin..begin + 60_000).contains(at)).collect();
        let tokens: u64 = minute.iter().map(|(_, tokens)| tokens).sum();
        assert!(minute.len() <= 7 && tokens <= 100, "{} calls and {tokens} tokens in a minute", minute.len());
    }
}

#[test]
fn however_many_race_for_a_key_no_minute_has_more_than_its_rate() {
    let folder = tempfile::tempdir().unwrap();
    let key = Key::of(None, &|_| Some(KEY.into())).unwrap();
    let open = |_| Place::open(folder.path().to_str().unwrap()).unwrap();
    check_race(&[0, 1, 2].map(open), key.as_ref());
    let store = Arc::new(InMemory::new());
    check_race(&[0, 1, 2].map(|_| Place::of(Arc::clone(&store))), None);
}

#[test]
fn a_rate_that_cannot_be_had_is_no_contact_and_is_said_once() {
    let folder = tempfile::tempdir().unwrap();
    let rate = Rate { requests: Some(1), tokens: None };
    let place = open(&FleetSettings { runners: 4, ..settings(folder.path()) }, &|_| None).unwrap();
    assert!(block_on(place.take("account", rate, 1)).unwrap().is_ok());
    assert!(block_on(place.take("account", rate, 1)).unwrap().is_err());
    assert!(block_on(place.take("another", rate, 1)).unwrap().is_ok());
    let listed = std::fs::read_dir(folder.path().join("rates")).unwrap().flatten().map(|entry| entry.path());
    for file in listed.filter(|path| path.extension().is_none()) {
        std::fs::write(file, "garbage").unwrap();
    }
    assert_eq!(block_on(place.take("account", rate, 1)), Err(NoContact));
    assert_eq!(block_on(place.take("account", rate, 1)), Err(NoContact));
    let said = place.unsaid();
    assert!(said.len() == 1 && said[0].contains("goes by one of 4 parts of it: it cannot be read"), "{said:?}");
}
