//! Runners on several machines: clones of one repository that share answers and rates in one place, by the real binary.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use super::mock;
use super::vendor::{Step, Vendor};
use crate::cli::bed::{Bed, finding};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const KEY: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

/// Clones of one repository, with one configuration: two models behind HTTP, of which one can ask for files.
struct Fleet {
    bed: Bed,
    clones: Vec<PathBuf>,
    vendor: Vendor,
}

/// What a runner was told, and what it said.
struct Reviewed {
    code: i32,
    round: Value,
}

fn said(findings: &[Value]) -> Value {
    let mut answer = mock::review();
    answer["findings"] = json!(findings);
    answer["files_covered"] = json!(["src/main.rs"]);
    answer
}

impl Fleet {
    fn new(clones: usize, more: &str, answer: &Value) -> Self {
        Self::of(Bed::new(), clones, more, answer)
    }

    fn of(bed: Bed, clones: usize, more: &str, answer: &Value) -> Self {
        let vendor = Vendor::start(vec![Step::Says(answer.to_string())]);
        let agent = |name: &str, adapter: &str| {
            format!(
                "[agents.{name}]\nadapter = '{adapter}'\nmodel = 'mock-model'\nurl = '{}/v1'\nkey_env = 'KEY'\nenv = {{ KEY = 'sk-fleet' }}\nretries = 0\n",
                vendor.url()
            )
        };
        let bed = bed.configured("never_send = ['*.env']\n").raw(&agent("plain", "chat-http"));
        let bed = bed.raw(more).raw(&agent("asks", "openai-http"));
        let clones: Vec<_> = (0..clones).map(|n| bed.repo.beside(&format!("clone{n}"))).collect();
        for clone in &clones {
            bed.repo.git(&[
                "clone",
                "-q",
                "-b",
                "topic",
                &format!("file://{}", bed.repo.path().display()),
                clone.to_str().unwrap(),
            ]);
            bed.repo.configure(clone);
        }
        Self { bed, clones, vendor }
    }

    fn command(&self, clone: usize, environment: &[(&str, &str)], args: &[&str]) -> Command {
        let folder = self.clones[clone].to_str().unwrap();
        let mut command = self.bed.command(&[&["-C", folder][..], args].concat());
        command.envs(environment.iter().copied()).env_remove("HTTP_PROXY").env_remove("http_proxy");
        command
    }

    fn review(&self, clone: usize, environment: &[(&str, &str)], more: &[&str]) -> Reviewed {
        let args = ["review", "--base", "origin/main", "--agent", "plain", "--agent", "asks", "--format", "json"];
        let out = self.command(clone, environment, &[&args[..], more].concat()).output().unwrap();
        let text = String::from_utf8(out.stdout).unwrap();
        let round =
            serde_json::from_str(&text).unwrap_or_else(|e| panic!("{e}: {}", String::from_utf8_lossy(&out.stderr)));
        Reviewed { code: out.status.code().unwrap(), round }
    }

    fn calls(&self) -> usize {
        self.vendor.asked().len()
    }
}

impl Reviewed {
    fn findings(&self) -> Vec<(&str, &str, &Value)> {
        let all = self.round["round"]["findings"].as_array().unwrap().iter();
        all.map(|f| (f["title"].as_str().unwrap(), f["body"].as_str().unwrap_or_default(), &f["anchors"])).collect()
    }

    fn notes(&self) -> Vec<&str> {
        let agents = self.round["round"]["agents"].as_array().unwrap().iter();
        agents.flat_map(|run| run["notes"].as_array().into_iter().flatten()).filter_map(Value::as_str).collect()
    }

    fn notes_with(&self, words: &str) -> usize {
        self.notes().iter().filter(|note| note.contains(words)).count()
    }
}

const TAKEN: &str = "its answer of then was taken from the shared cache";

fn files(folder: &Path) -> Vec<PathBuf> {
    let listed = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    listed.filter(|path| path.extension().is_none()).collect()
}

#[test]
fn what_one_clone_was_told_costs_the_next_one_no_call() {
    let mut found = finding("critical", "The count is cut", (7, 7));
    found["places"][0]["quote"] = json!("    std::env::args().count() as u32");
    let fleet = Fleet::new(3, "", &said(&[found]));
    let (place, key) = (fleet.bed.repo.beside("place"), fleet.bed.repo.beside("key"));
    std::fs::write(&key, KEY).unwrap();
    let with = [("DEEP_REVIEW_FLEET_URL", place.to_str().unwrap()), ("DEEP_REVIEW_FLEET_KEY", KEY)];

    let first = fleet.review(0, &with, &[]);
    assert_eq!((first.code, fleet.calls(), first.notes_with(TAKEN)), (0, 2, 0), "{:?}", first.notes());
    let second = fleet.review(1, &with, &[]);
    assert_eq!((second.code, fleet.calls(), second.notes_with(TAKEN)), (0, 2, 2), "{:?}", second.notes());
    assert_eq!(first.findings(), second.findings());
    assert_eq!(second.findings()[0].2[0]["lines"], first.findings()[0].2[0]["lines"]);
    let used = |round: &Value| round["round"]["agents"][0]["usage"]["input_tokens"].as_u64();
    assert_eq!((used(&second.round), used(&first.round).is_some()), (None, true), "what was not asked costs nothing");
    let texts: Vec<_> = files(&place.join("answers")).iter().map(|file| std::fs::read(file).unwrap()).collect();
    assert!(texts.len() == 2 && texts.iter().all(|bytes| !String::from_utf8_lossy(bytes).contains("count")));

    let fresh = fleet.review(2, &with, &["--fresh"]);
    assert_eq!((fleet.calls(), fresh.notes_with(TAKEN)), (4, 0));
    // Another text is another question, and so is another key: whoever has it finds nothing.
    std::fs::write(fleet.clones[2].join("src/main.rs"), "fn main() {}\n").unwrap();
    fleet.review(2, &with, &["--fresh"]);
    let stranger =
        fleet.review(1, &[with[0], ("DEEP_REVIEW_FLEET_KEY", &KEY.replace('0', "1"))], &["--agent", "plain"]);
    assert_eq!(stranger.notes_with("shared cache"), 0, "{:?}", stranger.notes());
}

#[test]
fn secrets_in_a_change_are_masked_alike_by_all_who_have_the_key() {
    let bed = Bed::new();
    let secret = concat!("ghp_q8Vb3LxTz7RkM2nWy5", "Jd0CfHs9PgUa4EiOo1");
    bed.repo.write(
        "src/main.rs",
        format!("fn main() {{\n    let token = \"{secret}\";\n    println!(\"{{token}}\");\n}}\n"),
    );
    bed.repo.commit("Add a token");
    let fleet = Fleet::of(bed, 2, "", &said(&[finding("critical", "A token is in the code", (2, 2))]));
    let place = fleet.bed.repo.beside("place");
    let with = [("DEEP_REVIEW_FLEET_URL", place.to_str().unwrap()), ("DEEP_REVIEW_FLEET_KEY", KEY)];
    fleet.review(0, &with, &[]);
    let second = fleet.review(1, &with, &[]);
    assert_eq!((fleet.calls(), second.notes_with(TAKEN)), (2, 2), "{:?}", second.notes());
    assert!(fleet.vendor.asked().iter().all(|asked| !asked.body.to_string().contains(secret)));
}

#[test]
fn a_fork_without_the_key_cannot_answer_for_a_trusted_run() {
    let lie = Fleet::new(1, "", &said(&[]));
    let place = lie.bed.repo.beside("place");
    let at = ("DEEP_REVIEW_FLEET_URL", place.to_str().unwrap());
    // It says that all is well of the very same change, by the same words of the same models.
    assert_eq!(lie.review(0, &[at], &[]).findings().len(), 0);
    assert_eq!(files(&place.join("answers")).len(), 2);
    let second = lie.review(0, &[at], &["--fresh"]);
    assert_eq!(second.code, 0);
    let calls = lie.calls();
    let trusted = [at, ("DEEP_REVIEW_FLEET_KEY", KEY)];
    std::fs::remove_dir_all(lie.clones[0].join(".git/deep-review")).unwrap();
    let reviewed = lie.review(0, &trusted, &[]);
    assert_eq!((lie.calls(), reviewed.notes_with(TAKEN)), (calls + 2, 0), "it asks for itself");
    // What it has written is written over with what the fork said.
    let is_plain = |file: &PathBuf| serde_json::from_slice::<Value>(&std::fs::read(file).unwrap()).is_ok();
    let (theirs, mine): (Vec<_>, Vec<_>) = files(&place.join("answers")).into_iter().partition(is_plain);
    assert_eq!((theirs.len(), mine.len()), (2, 2));
    for (mine, theirs) in mine.iter().zip(&theirs) {
        std::fs::copy(theirs, mine).unwrap();
    }
    std::fs::remove_dir_all(lie.clones[0].join(".git/deep-review")).unwrap();
    let reviewed = lie.review(0, &trusted, &[]);
    assert_eq!((lie.calls(), reviewed.notes_with(TAKEN), reviewed.code), (calls + 4, 0, 0));
    assert_eq!(
        reviewed.notes_with("it was not written with this key, or was changed since"),
        1,
        "{:?}",
        reviewed.notes()
    );
}

#[test]
fn what_must_not_leave_the_machine_is_not_kept_elsewhere() {
    let secret = concat!("ghp_q8Vb3LxTz7RkM2nWy5", "Jd0CfHs9PgUa4EiOo1");
    let mut tells = finding("critical", "A token is in the code", (7, 7));
    tells["body"] = json!(format!("It is {secret}."));
    let mut reads = finding("critical", "The setting is wrong", (1, 1));
    reads["places"][0]["path"] = json!("prod.env");
    for (found, what) in [(tells, "a secret"), (reads, "a file that is never sent")] {
        let fleet = Fleet::new(1, "", &said(&[found]));
        let place = fleet.bed.repo.beside("place");
        let reviewed = fleet.review(0, &[("DEEP_REVIEW_FLEET_URL", place.to_str().unwrap())], &[]);
        assert_eq!((reviewed.code, fleet.calls()), (0, 2));
        assert_eq!(files(&place.join("answers")), Vec::<PathBuf>::new(), "{what}");
    }
}

#[test]
fn who_used_a_key_is_booked_in_the_place_with_what_was_really_used() {
    let fleet = Fleet::new(2, "requests_per_minute = 100\ntokens_per_minute = 1_000_000\n", &said(&[]));
    let place = fleet.bed.repo.beside("place");
    let with = [("DEEP_REVIEW_FLEET_URL", place.to_str().unwrap()), ("DEEP_REVIEW_FLEET_CACHE", "off")];
    let used: Vec<u64> = (0..2)
        .map(|clone| {
            let reviewed = fleet.review(clone, &with, &["--fresh"]);
            let run = &reviewed.round["round"]["agents"];
            let plain = run.as_array().unwrap().iter().find(|run| run["agent"]["name"] == "plain").unwrap();
            let tokens = |what: &str| plain["usage"][what].as_u64().unwrap();
            tokens("input_tokens") + tokens("output_tokens")
        })
        .collect();
    let rates = files(&place.join("rates"));
    assert_eq!(rates.len(), 1, "only one agent has a rate: {rates:?}");
    let window: Value = serde_json::from_str(&std::fs::read_to_string(&rates[0]).unwrap()).unwrap();
    let passed: Vec<&Value> = window.as_object().unwrap().values().collect();
    let sum = |at: usize| passed.iter().map(|passed| passed[at].as_u64().unwrap()).sum::<u64>();
    // What is a minute ago is no part of it any more, on a machine that is so slow.
    if passed.len() == 2 || sum(0) == 2 {
        assert_eq!((sum(0), sum(1)), (2, used.iter().sum()));
    }
    assert!(!rates[0].to_string_lossy().contains("sk-fleet") && files(&place.join("answers")).is_empty());
}

/// A server that does with each connection what it is told to.
fn server(answer: impl Fn(TcpStream) + Send + Sync + Copy + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            std::thread::spawn(move || answer(stream));
        }
    });
    format!("http://{address}")
}

fn heard(stream: &TcpStream) {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    while reader.read_line(&mut line).is_ok_and(|n| n > 2) {
        line.clear();
    }
}

fn answering(stream: &mut TcpStream, head: &str, body: &[u8]) {
    heard(stream);
    let when = "last-modified: Mon, 02 Nov 2026 10:00:00 GMT\r\netag: \"x\"\r\nconnection: close\r\n";
    let _ = write!(stream, "HTTP/1.1 {head}\r\n{when}\r\n").and_then(|()| stream.write_all(body));
}

#[test]
fn a_place_that_is_slow_down_or_lies_is_a_miss_and_is_said_once() {
    let fleet = Fleet::new(1, "", &said(&[]));
    let closed = {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        format!("http://{}", listener.local_addr().unwrap())
    };
    let places = [
        ("nobody is there", closed),
        ("it is silent", server(|mut stream| drop(stream.read_to_end(&mut Vec::new())))),
        ("garbage", server(|mut s| answering(&mut s, "200 OK\r\ncontent-length: 7", b"garbage"))),
        ("no end", server(|mut s| answering(&mut s, "200 OK\r\ncontent-length: 99999999999", &[b'x'; 4096]))),
        ("a lie about its size", server(|mut s| answering(&mut s, "200 OK\r\ncontent-length: 5000", b"short"))),
        ("no size", server(|mut s| answering(&mut s, "200 OK", b"short"))),
        ("an error", server(|mut s| answering(&mut s, "500 X\r\ncontent-length: 0", b""))),
        ("refused", server(|mut s| answering(&mut s, "403 X\r\ncontent-length: 0", b""))),
        (
            "elsewhere",
            server(|mut s| answering(&mut s, "302 X\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0", b"")),
        ),
    ];
    for (what, url) in places {
        let calls = fleet.calls();
        let with = [
            ("DEEP_REVIEW_FLEET_URL", "s3://team/reviews"),
            ("AWS_ENDPOINT_URL", &url),
            ("AWS_ALLOW_HTTP", "true"),
            ("AWS_ACCESS_KEY_ID", "x"),
            ("AWS_SECRET_ACCESS_KEY", "sk-of-the-place"),
            ("AWS_REGION", "us-east-1"),
        ];
        let _ = std::fs::remove_dir_all(fleet.clones[0].join(".git/deep-review"));
        let reviewed = fleet.review(0, &with, &[]);
        assert_eq!((reviewed.code, fleet.calls()), (0, calls + 2), "{what}: {:?}", reviewed.notes());
        let said = reviewed.notes_with("an answer of the shared cache is not used:");
        assert_eq!(said, 1, "{what}: {:?}", reviewed.notes());
        assert_eq!(reviewed.notes_with("left alone"), 0, "{what}: {:?}", reviewed.notes());
        assert!(!format!("{:?}", reviewed.notes()).contains("sk-of"), "{what}");
    }
}

#[test]
fn a_place_that_cannot_be_used_is_said_and_the_review_goes_on() {
    let fleet = Fleet::new(1, "", &said(&[]));
    for (url, key, expected) in [
        ("reviews", "", "the fleet's place is not used: 'reviews' is no place"),
        ("/tmp", "secret", "the fleet's place is not used: what DEEP_REVIEW_FLEET_KEY holds is no key"),
    ] {
        let with = [("DEEP_REVIEW_FLEET_URL", url), ("DEEP_REVIEW_FLEET_KEY", key)];
        let reviewed = fleet.review(0, &with, &["--fresh"]);
        assert_eq!((reviewed.code, reviewed.notes_with(expected)), (0, 1), "{:?}", reviewed.notes());
        let listed = fleet.command(0, &with, &["cache"]).output().unwrap();
        let error = String::from_utf8_lossy(&listed.stderr).into_owned();
        assert!(listed.status.code() == Some(2) && error.contains(&expected[32..]), "{error}");
    }
    let nowhere = fleet.command(0, &[], &["cache"]).output().unwrap();
    let error = String::from_utf8_lossy(&nowhere.stderr).into_owned();
    assert!(nowhere.status.code() == Some(2) && error.contains("set `url` of [fleet]"), "{error}");
}

/// The stand-in for S3, where it is installed (`tests/fleet/install`).
struct Moto {
    process: Child,
    url: String,
}

impl Drop for Moto {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Moto {
    fn start() -> Option<Self> {
        let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/tools/fleet/bin/moto_server");
        if !program.exists() {
            mock::skipped(&format!("{} is not here: tests/fleet/install", program.display()));
            return None;
        }
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let port = address.port().to_string();
        let process = Command::new(program).args(["-p", &port]).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let moto = Self { process: process.unwrap(), url: format!("http://{address}") };
        let started = Instant::now();
        while TcpStream::connect(address).is_err() {
            assert!(started.elapsed() < Duration::from_secs(120), "it does not start");
            std::thread::sleep(Duration::from_millis(50));
        }
        let mut stream = TcpStream::connect(address).unwrap();
        let head = "authorization: AWS4-HMAC-SHA256 Credential=x/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=x";
        write!(
            stream,
            "PUT /team HTTP/1.1\r\nhost: {address}\r\n{head}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
        )
        .unwrap();
        let mut made = String::new();
        stream.read_to_string(&mut made).unwrap();
        assert!(made.starts_with("HTTP/1.1 200"), "{made}");
        Some(moto)
    }
}

#[test]
fn the_same_is_shared_through_s3() {
    let Some(moto) = Moto::start() else { return };
    let fleet = Fleet::new(2, "requests_per_minute = 100\n", &said(&[finding("critical", "The count is cut", (7, 7))]));
    let with = [
        ("DEEP_REVIEW_FLEET_URL", "s3://team/reviews/of-this"),
        ("DEEP_REVIEW_FLEET_KEY", KEY),
        ("AWS_ENDPOINT_URL", &moto.url),
        ("AWS_ALLOW_HTTP", "true"),
        ("AWS_ACCESS_KEY_ID", "x"),
        ("AWS_SECRET_ACCESS_KEY", "y"),
        ("AWS_REGION", "us-east-1"),
    ];
    let first = fleet.review(0, &with, &[]);
    assert_eq!((first.code, fleet.calls()), (0, 2), "{:?}", first.notes());
    assert_eq!(first.notes_with("shared") + first.notes_with("rate"), 0, "{:?}", first.notes());
    let second = fleet.review(1, &with, &[]);
    assert_eq!((fleet.calls(), second.notes_with(TAKEN)), (2, 2), "{:?}", second.notes());
    assert_eq!(first.findings(), second.findings());

    // A window that is there already is changed on the condition that it is still the same.
    let again = fleet.review(0, &with, &["--fresh"]);
    assert_eq!((fleet.calls(), again.notes_with("rate")), (4, 0), "{:?}", again.notes());

    let doctor = fleet.command(0, &with, &["doctor"]).output().unwrap();
    let looked = String::from_utf8_lossy(&doctor.stdout).into_owned();
    assert!(looked.contains("s3://team/reviews/of-this, encrypted"), "{looked}");

    let cache = |args: &[&str]| {
        let out = fleet.command(0, &with, &[&["cache", "--format", "json"], args].concat()).output().unwrap();
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
        serde_json::from_slice::<Value>(&out.stdout).unwrap()
    };
    let listed = cache(&[]);
    // Who has a round of its own asks with what is open: that is another question.
    assert_eq!((listed["answers"].as_array().unwrap().len(), &listed["encrypted"]), (4, &json!(true)), "{listed}");
    assert_eq!(listed["place"], "s3://team/reviews/of-this");
    assert_eq!(cache(&["--keep", "30"])["dropped"], 0);
    let dropped = cache(&["--keep", "0"]);
    assert_eq!((&dropped["dropped"], &dropped["answers"]), (&json!(4), &json!([])));
    let third = fleet.review(1, &with, &["--fresh"]);
    assert_eq!((third.code, fleet.calls()), (0, 6));
}
