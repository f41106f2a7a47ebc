//! Runs other people's programs, all adapters' processes alike: input from a file, output to files that are
//! followed, a named environment, deadlines, limits, and nothing left behind.
//!
//! On Unix a second process of ours, the supervisor, stands between us and the program (see `supervise`). It
//! adopts what the program leaves behind (Linux), so that a tool's shell in a session of its own is found
//! too; and it ends the whole tree when we end, however we end: its standard input is a pipe that only we
//! hold. On Windows a Job object does both.

mod environment;
#[cfg(unix)]
mod supervise;
pub(crate) mod temporary;
#[cfg(windows)]
mod windows;

#[cfg(unix)]
use supervise as platform;
#[cfg(windows)]
use windows as platform;

pub use environment::Environment;
pub(crate) use platform::own_program;
#[cfg(unix)]
pub use supervise::{supervise_if_asked, use_supervisor};

use finding::{Failure, FailureKind};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;
use temporary::Folder;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// How often a running program's output is looked at. Its end is noticed at once.
const FOLLOW: Duration = Duration::from_millis(20);
/// Most that is read of it at each look, so that its size is seen in time: what writes without an end fills the disk
/// while its lines are read.
const A_LOOK: u64 = 1 << 20;
/// Most that is kept of the output of a program that wrote too much: an answer is in it if it ever was.
pub(crate) const KEPT: usize = 8 << 20;

/// What is run.
#[derive(Debug, Clone)]
pub struct Program {
    /// The executable; looked up in the `PATH` of `environment` when it is a bare name.
    pub path: PathBuf,
    /// Its arguments, without its own name.
    pub args: Vec<String>,
    /// Everything that it finds in its environment.
    pub environment: Environment,
    /// The working folder; the scratch folder where there is none.
    pub folder: Option<PathBuf>,
    /// What it reads from standard input, followed by end of file.
    pub input: String,
}

/// When a program is stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Longest time without output on either stream.
    pub idle: Duration,
    /// Longest time altogether.
    pub total: Duration,
    /// Time between the polite signal and the one that cannot be refused.
    pub grace: Duration,
    /// Most bytes on standard output; the tail of standard error is kept up to 64 KiB anyhow.
    pub output: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            idle: Duration::from_secs(10 * 60),
            total: Duration::from_secs(40 * 60),
            grace: Duration::from_secs(2),
            output: 64 << 20,
        }
    }
}

/// How a program ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// By itself, with this exit code.
    Exited(i32),
    /// By a signal that we did not send.
    Signalled(i32),
    /// We stopped it, or it never started; why.
    Failed(Failure),
}

/// A run that is over; nothing of it is left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ran {
    /// How it ended.
    pub end: End,
    /// Standard output up to the limit; other bytes than UTF-8 are replaced.
    pub stdout: String,
    /// The last 64 KiB of standard error.
    pub stderr: String,
}

impl Ran {
    fn failed(failure: Failure) -> Self {
        Self { end: End::Failed(failure), stdout: String::new(), stderr: String::new() }
    }
}

/// The folder of one run, private to the user and gone with the value.
#[derive(Debug)]
pub struct Scratch {
    folder: Folder,
}

impl Scratch {
    /// Makes it.
    ///
    /// # Errors
    /// When the temporary folder cannot be written.
    pub fn new() -> Result<Self, Failure> {
        let make = || -> std::io::Result<Self> {
            let folder = Folder::new()?;
            for part in ["work", "tmp"] {
                std::fs::create_dir(folder.path().join(part))?;
            }
            Ok(Self { folder })
        };
        make().map_err(|e| Failure::new(FailureKind::Crashed, format!("failed to make a scratch folder: {e}")))
    }

    /// An empty folder to work in.
    #[must_use]
    pub fn work(&self) -> PathBuf {
        self.folder.path().join("work")
    }

    /// The program's own temporary folder.
    #[must_use]
    pub fn tmp(&self) -> PathBuf {
        self.folder.path().join("tmp")
    }

    /// A file of that name beside the two folders, written now.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn file(&self, name: &str, text: &str) -> Result<PathBuf, Failure> {
        let path = self.folder.path().join(name);
        write_private(&path, text)
            .map_err(|e| Failure::new(FailureKind::Crashed, format!("failed to write {name} into scratch: {e}")))?;
        Ok(path)
    }

    /// The folder itself.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.folder.path()
    }
}

/// What the platform part is told.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Order {
    program: PathBuf,
    args: Vec<String>,
    environment: BTreeMap<String, String>,
    folder: PathBuf,
    stdin: PathBuf,
    stdout: PathBuf,
    stderr: PathBuf,
    grace_ms: u64,
    /// Removed when we are gone before the program.
    scratch: PathBuf,
}

/// How a program is stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stop {
    /// It is asked to, and killed if it still lives after that time.
    After(Duration),
    /// It is killed.
    Now,
}

/// What the platform part says in the end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Report {
    Exited(i32),
    Signalled(i32),
    /// There is no such program.
    NotFound,
    NotStarted(String),
    /// The supervisor itself ended; the tree has been swept.
    Lost,
}

/// Runs `program` to its end and gives every complete line of standard output to `line` as it comes.
/// When this returns, no process of the run exists; when it is dropped, none does soon after.
pub async fn run(
    program: &Program,
    limits: Limits,
    scratch: &Scratch,
    cancel: &CancellationToken,
    line: impl FnMut(&str) + Send,
) -> Ran {
    match scratch.file("stdin", &program.input) {
        Ok(stdin) => Course { program, limits, scratch, cancel }.run(stdin, None, line).await,
        Err(failure) => Ran::failed(failure),
    }
}

/// The same for a program that is spoken to while it runs: standard input is what comes out of `input`, until
/// its other end is dropped.
pub async fn converse(
    course: Course<'_>,
    input: std::sync::mpsc::Receiver<String>,
    line: impl FnMut(&str) + Send,
) -> Ran {
    let stdin = match platform::pipe(&course.scratch.path().join("stdin"), input) {
        Ok(stdin) => stdin,
        Err(e) => return Ran::failed(Failure::new(FailureKind::Crashed, format!("failed to make a pipe: {e}"))),
    };
    let ran = course.run(stdin.path.clone(), Some(&stdin), line).await;
    stdin.close();
    ran
}

/// A program that is to be run, and what it is held to.
#[derive(Debug, Clone, Copy)]
pub struct Course<'c> {
    /// What is run.
    pub program: &'c Program,
    /// How long it may take, and how much it may say.
    pub limits: Limits,
    /// Its files.
    pub scratch: &'c Scratch,
    /// Stops it.
    pub cancel: &'c CancellationToken,
}

impl Course<'_> {
    async fn run(self, stdin: PathBuf, pipe: Option<&platform::Pipe>, mut line: impl FnMut(&str) + Send) -> Ran {
        let order = match order(stdin, self.program, self.limits, self.scratch) {
            Ok(order) => order,
            Err(failure) => return Ran::failed(failure),
        };
        if self.cancel.is_cancelled() {
            return Ran::failed(cancelled());
        }
        let mut child = match platform::Child::spawn(&order, pipe).await {
            Ok(child) => child,
            Err(e) => {
                let text = format!("failed to start its supervisor: {e}");
                return Ran::failed(Failure::new(FailureKind::Crashed, text));
            }
        };
        let mut follower = Follower::new(&order.stdout, self.limits.output);
        let end = match watch(&mut child, &mut follower, &order, &self, &mut line).await {
            Ok(report) => end_of(report, &self.program.path),
            Err(failure) => {
                // Who writes without an end goes on while it is asked to stop.
                let asks =
                    if failure.kind == FailureKind::TooLarge { Stop::Now } else { Stop::After(self.limits.grace) };
                child.stop(asks).await;
                End::Failed(failure)
            }
        };
        let wrote_too_much = matches!(&end, End::Failed(f) if f.kind == FailureKind::TooLarge);
        while !wrote_too_much && follower.read(&mut line) {}
        follower.rest(&mut line);
        let end = match end {
            End::Exited(_) | End::Signalled(_) if follower.over => End::Failed(too_much(self.limits)),
            end => end,
        };
        if wrote_too_much || follower.over {
            follower.text.truncate(KEPT);
        }
        Ran { end, stdout: String::from_utf8_lossy(&follower.text).into_owned(), stderr: tail(&order.stderr) }
    }
}

/// What the platform part is to do; its files are made.
fn order(stdin: PathBuf, program: &Program, limits: Limits, scratch: &Scratch) -> Result<Order, Failure> {
    Ok(Order {
        program: program.path.clone(),
        args: program.args.clone(),
        environment: program.environment.clone().with_tmp(&scratch.tmp()).into_variables(),
        folder: program.folder.clone().unwrap_or_else(|| scratch.work()),
        stdin,
        stdout: scratch.file("stdout", "")?,
        stderr: scratch.file("stderr", "")?,
        grace_ms: u64::try_from(limits.grace.as_millis()).unwrap_or(u64::MAX),
        scratch: scratch.path().to_owned(),
    })
}

/// Follows the program's output until it has ended, or there is a reason to stop it.
async fn watch(
    child: &mut platform::Child,
    follower: &mut Follower,
    order: &Order,
    course: &Course<'_>,
    line: &mut (impl FnMut(&str) + Send),
) -> Result<Report, Failure> {
    let limits = course.limits;
    let started = Instant::now();
    let mut last_output = started;
    let mut error_bytes = 0;
    let mut tick = tokio::time::interval(FOLLOW);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
    loop {
        tokio::select! {
            report = child.ended() => return Ok(report),
            () = course.cancel.cancelled() => return Err(cancelled()),
            now = tick.tick() => {
                let size = |file: &Path| std::fs::metadata(file).map_or(0, |m| m.len());
                let errors = size(&order.stderr);
                if follower.read(line) || errors != error_bytes {
                    last_output = now;
                    error_bytes = errors;
                }
                if size(&order.stdout).max(error_bytes) > limits.output {
                    return Err(too_much(limits));
                }
                if now.duration_since(started) >= limits.total {
                    let text = format!("it was not done after {}", seconds(limits.total));
                    return Err(Failure::new(FailureKind::TimedOut, text));
                }
                if now.duration_since(last_output) >= limits.idle {
                    let text = format!("it said nothing for {}", seconds(limits.idle));
                    return Err(Failure::new(FailureKind::TimedOut, text));
                }
            }
        }
    }
}

fn end_of(report: Report, program: &Path) -> End {
    let program = program.display();
    match report {
        Report::Exited(code) => End::Exited(code),
        Report::Signalled(signal) => End::Signalled(signal),
        Report::NotFound => {
            End::Failed(Failure::new(FailureKind::NotInstalled, format!("there is no program '{program}'")))
        }
        Report::NotStarted(why) => {
            End::Failed(Failure::new(FailureKind::Crashed, format!("failed to start '{program}': {why}")))
        }
        Report::Lost => End::Failed(Failure::new(FailureKind::Crashed, "its supervisor was killed")),
    }
}

fn too_much(limits: Limits) -> Failure {
    Failure::new(FailureKind::TooLarge, format!("it wrote more than {} bytes", limits.output))
}

/// A file that only the user reads, whatever folder it comes into.
fn write_private(path: &Path, text: &str) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    std::io::Write::write_all(&mut options.open(path)?, text.as_bytes())
}

fn cancelled() -> Failure {
    Failure::new(FailureKind::Cancelled, "it was stopped")
}

/// "90 s", "40 min": whole minutes as minutes.
fn seconds(time: Duration) -> String {
    match time.as_secs() {
        0 => format!("{} ms", time.as_millis()),
        s if s >= 120 && s % 60 == 0 => format!("{} min", s / 60),
        s => format!("{s} s"),
    }
}

/// Reads a file that grows.
#[derive(Debug)]
struct Follower {
    file: Option<std::fs::File>,
    text: Vec<u8>,
    /// Where in `text` the line begins that is not complete yet.
    line: usize,
    limit: u64,
    over: bool,
}

impl Follower {
    fn new(path: &Path, limit: u64) -> Self {
        Self { file: std::fs::File::open(path).ok(), text: Vec::new(), line: 0, limit, over: false }
    }

    /// Takes what is new, [`A_LOOK`] at most, hands out complete lines, and says whether there was anything.
    fn read(&mut self, line: &mut impl FnMut(&str)) -> bool {
        let Some(file) = &mut self.file else { return false };
        let room = self.limit.saturating_sub(self.text.len() as u64);
        let before = self.text.len();
        // An unreadable file gives nothing, and the missing terminal event then says so.
        let _ = file.take(A_LOOK.min(room + 1)).read_to_end(&mut self.text);
        if self.text.len() as u64 > self.limit {
            self.over = true;
            self.text.truncate(usize::try_from(self.limit).unwrap_or(usize::MAX));
            self.file = None;
        }
        let mut scanned = before.min(self.text.len());
        while let Some(at) = memchr::memchr(b'\n', &self.text[scanned..]) {
            scanned += at + 1;
            line(&String::from_utf8_lossy(&self.text[self.line..scanned - 1]));
            self.line = scanned;
        }
        self.text.len() > before
    }

    /// Hands out a last line without an end.
    fn rest(&mut self, line: &mut impl FnMut(&str)) {
        if self.line < self.text.len() {
            line(&String::from_utf8_lossy(&self.text[self.line..]));
            self.line = self.text.len();
        }
    }
}

/// The last 64 KiB of a file as text.
fn tail(path: &Path) -> String {
    use std::io::{Seek, SeekFrom};
    let read = || -> std::io::Result<Vec<u8>> {
        let mut file = std::fs::File::open(path)?;
        let length = file.metadata()?.len();
        file.seek(SeekFrom::Start(length.saturating_sub(64 << 10)))?;
        let mut bytes = Vec::new();
        file.take(64 << 10).read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    String::from_utf8_lossy(&read().unwrap_or_default()).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_come_whole_whatever_the_pieces() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out");
        let mut out = std::fs::File::create(&path).unwrap();
        let mut follower = Follower::new(&path, 20);
        let mut lines: Vec<String> = Vec::new();
        for piece in ["a", "b\nc", "", "d\n\ne"] {
            std::io::Write::write_all(&mut out, piece.as_bytes()).unwrap();
            assert_eq!(follower.read(&mut |l: &str| lines.push(l.into())), !piece.is_empty());
        }
        follower.rest(&mut |l: &str| lines.push(l.into()));
        assert_eq!(lines, ["ab", "cd", "", "e"]);
        std::io::Write::write_all(&mut out, &[b'x'; 100]).unwrap();
        follower.read(&mut |_: &str| ());
        assert!(follower.over);
        assert_eq!(follower.text.len(), 20);
    }

    #[test]
    fn no_look_takes_longer_the_more_is_written_meanwhile() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out");
        std::fs::write(&path, "y\n".repeat(3 << 19)).unwrap();
        let mut follower = Follower::new(&path, 64 << 20);
        let mut looks = Vec::new();
        while follower.read(&mut |_: &str| ()) {
            looks.push(follower.text.len() as u64);
        }
        assert_eq!(looks, [A_LOOK, 2 * A_LOOK, 3 * A_LOOK]);
    }
}
