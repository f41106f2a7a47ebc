//! The supervisor: `deep-review __supervise`, one for each program that runs.
//!
//! It reads an order (one line of JSON) from standard input, starts the program, and writes one report (one
//! line of JSON) when the program *and everything it started* is gone. End of file on standard input means
//! that the one who gave the order is gone: then it ends the tree and removes the scratch folder. The word
//! `stop` ends the tree too, and `kill` does so without asking it first.
//!
//! On Linux it is a sub-reaper: a process whose parent has died becomes its child, so that every living
//! descendant can be reached by parent links from here, whatever session or group it put itself into, and
//! `wait` saying that there are no children means that nothing is left. Elsewhere orphans go to init and are
//! found only while their parents live and by process group.

use super::{Order, Report, Stop};
use rustix::process::{Pid, Signal, WaitOptions};
use std::io::{self, BufRead, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{ExitCode, Stdio};
use std::sync::{OnceLock, mpsc};
use std::time::{Duration, Instant};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};

const WORD: &str = "__supervise";
/// `deep-review __guard FOLDER` removes a folder when its standard input ends.
const GUARD: &str = "__guard";
/// Kills the tree at once; any other word asks it to end.
const KILL_WORD: &str = "kill\n";
/// Marks every process of a run in its environment, for the case that the supervisor itself is killed.
const MARK: &str = "DEEP_REVIEW_RUN";

static SUPERVISOR: OnceLock<PathBuf> = OnceLock::new();
/// Whether the running executable is one that asks [`supervise_if_asked`].
static ASKS: OnceLock<()> = OnceLock::new();

/// Says which executable is the supervisor, where that is not the running one (a library's user, a test).
/// The first word counts.
pub fn use_supervisor(path: impl Into<PathBuf>) {
    let _ = SUPERVISOR.set(path.into());
}

fn supervisor() -> io::Result<PathBuf> {
    match SUPERVISOR.get() {
        Some(path) => Ok(path.clone()),
        // Still there when the file has been replaced by an update.
        None if cfg!(target_os = "linux") => Ok("/proc/self/exe".into()),
        None => std::env::current_exe(),
    }
}

/// The file of our own executable, for programs that are to start it; `None` where it does not ask, or was replaced.
pub(crate) fn own_program() -> Option<PathBuf> {
    let running = || ASKS.get().and_then(|()| std::env::current_exe().ok());
    SUPERVISOR.get().cloned().or_else(running).filter(|file| file.is_file())
}

/// A process that removes a folder when we are gone, however we end.
#[derive(Debug)]
pub(super) struct Guard {
    process: std::process::Child,
}

impl Guard {
    /// Starts it; `None` where no executable can do its work, and then the next start removes what stays.
    pub(super) fn start(folder: &Path) -> Option<Self> {
        if SUPERVISOR.get().is_none() && ASKS.get().is_none() {
            return None;
        }
        let mut command = std::process::Command::new(supervisor().ok()?);
        command.arg(GUARD).arg(folder).env_clear().stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        // A signal of the terminal is meant for us.
        let process = command.process_group(0).spawn().ok()?;
        Some(Self { process })
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        let _ = self.process.wait();
    }
}

/// Waits for the end of standard input, then removes the folder: again and again for a while, as what still ends
/// there may write into it.
fn guard(folder: &Path) -> ExitCode {
    let _ = rustix::process::setsid();
    let _ = io::copy(&mut io::stdin().lock(), &mut io::sink());
    let patience = Instant::now() + Duration::from_secs(10);
    while std::fs::remove_dir_all(folder).is_err() && folder.exists() && Instant::now() < patience {
        std::thread::sleep(Duration::from_millis(50));
    }
    ExitCode::SUCCESS
}

/// A named pipe with a thread that fills it.
#[derive(Debug)]
pub(super) struct Pipe {
    pub(super) path: PathBuf,
}

/// Makes a named pipe whose text comes from `input`.
pub(super) fn pipe(path: &Path, input: mpsc::Receiver<String>) -> io::Result<Pipe> {
    #[cfg(target_os = "linux")]
    rustix::fs::mkfifoat(rustix::fs::CWD, path, rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR)?;
    #[cfg(not(target_os = "linux"))]
    if !std::process::Command::new("/usr/bin/mkfifo").arg(path).status()?.success() {
        return Err(io::Error::other("mkfifo failed"));
    }
    let pipe = Pipe { path: path.to_owned() };
    let writer = pipe.path.clone();
    std::thread::spawn(move || {
        // Waits for the program to open its end; ends when either side has gone.
        let Ok(mut file) = std::fs::OpenOptions::new().write(true).open(writer) else { return };
        for text in input {
            if file.write_all(text.as_bytes()).is_err() {
                return;
            }
        }
    });
    Ok(pipe)
}

impl Pipe {
    /// Lets go of a thread that still waits for a program that never came.
    pub(super) fn close(&self) {
        use std::os::unix::fs::OpenOptionsExt;
        let nonblocking = i32::try_from(rustix::fs::OFlags::NONBLOCK.bits()).unwrap_or(0);
        let _ = std::fs::OpenOptions::new().read(true).custom_flags(nonblocking).open(&self.path);
    }
}

/// A running program, seen from our side.
#[derive(Debug)]
pub(super) struct Child {
    process: tokio::process::Child,
    /// Held open: its end tells the supervisor that we are gone.
    control: tokio::process::ChildStdin,
    reports: Lines<BufReader<tokio::process::ChildStdout>>,
    mark: String,
    over: bool,
}

impl Child {
    /// A pipe has its name in the order, like a file.
    pub(super) async fn spawn(order: &Order, _pipe: Option<&Pipe>) -> io::Result<Self> {
        let mut order = order.clone();
        // The scratch folder's name is random, and nobody else's.
        let mark = order.scratch.to_string_lossy().into_owned();
        order.environment.insert(MARK.to_owned(), mark.clone());
        let mut process = tokio::process::Command::new(supervisor()?)
            .arg(WORD)
            .env_clear()
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let (Some(mut control), Some(reports)) = (process.stdin.take(), process.stdout.take()) else {
            return Err(io::Error::other("its pipes are missing"));
        };
        let mut line = serde_json::to_vec(&order)?;
        line.push(b'\n');
        control.write_all(&line).await?;
        Ok(Self { process, control, reports: BufReader::new(reports).lines(), mark, over: false })
    }

    /// Waits for the end. May be dropped and called again.
    pub(super) async fn ended(&mut self) -> Report {
        let line = self.reports.next_line().await;
        self.over = true;
        match line.ok().flatten().and_then(|l| serde_json::from_str(&l).ok()) {
            Some(report) => report,
            None => {
                sweep(&self.mark);
                Report::Lost
            }
        }
    }

    /// Ends the tree and waits until it is gone.
    pub(super) async fn stop(&mut self, how: Stop) {
        if self.over {
            return;
        }
        let (word, grace) = match how {
            Stop::After(grace) => ("stop\n", grace),
            Stop::Now => (KILL_WORD, Duration::ZERO),
        };
        let _ = self.control.write_all(word.as_bytes()).await;
        if tokio::time::timeout(grace + Duration::from_secs(5), self.ended()).await.is_err() {
            let _ = self.process.kill().await;
            sweep(&self.mark);
        }
    }
}

/// Kills whatever carries the mark of a run.
fn sweep(mark: &str) {
    let wanted = format!("{MARK}={mark}");
    for _ in 0..50 {
        let mut found = false;
        for pid in processes() {
            let environment = std::fs::read(format!("/proc/{}/environ", pid.as_raw_nonzero())).unwrap_or_default();
            if environment.split(|b| *b == 0).any(|v| v == wanted.as_bytes()) {
                found = true;
                let _ = rustix::process::kill_process(pid, Signal::KILL);
            }
        }
        if !found {
            return;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn processes() -> Vec<Pid> {
    let Ok(folder) = std::fs::read_dir("/proc") else { return Vec::new() };
    folder.flatten().filter_map(|e| Pid::from_raw(e.file_name().to_str()?.parse().ok()?)).collect()
}

/// Does the supervisor's work if this process was started as one; the first thing that `main` asks.
#[must_use]
pub fn supervise_if_asked() -> Option<ExitCode> {
    let _ = ASKS.set(());
    let mut args = std::env::args_os().skip(1);
    let word = args.next()?;
    if word == GUARD {
        return Some(guard(Path::new(&args.next()?)));
    }
    if word != WORD {
        return None;
    }
    let report = supervise();
    let said = serde_json::to_string(&report).map(|line| writeln!(io::stdout().lock(), "{line}"));
    Some(if matches!(said, Ok(Ok(()))) { ExitCode::SUCCESS } else { ExitCode::from(2) })
}

enum Event {
    /// `stop` or `kill`, or the one who gave the order is gone.
    Stop {
        abandoned: bool,
        at_once: bool,
    },
    Reaped(Pid, Report),
    /// The whole tree is gone.
    NoChildren,
}

fn supervise() -> Report {
    let mut line = String::new();
    if io::stdin().lock().read_line(&mut line).is_err() {
        return Report::NotStarted("no order came".into());
    }
    let order: Order = match serde_json::from_str(&line) {
        Ok(order) => order,
        Err(e) => return Report::NotStarted(format!("the order cannot be read: {e}")),
    };
    // A signal of the terminal is meant for the one who gave the order, who then says what to do.
    let _ = rustix::process::setsid();
    #[cfg(target_os = "linux")]
    if let Err(e) = rustix::process::set_child_subreaper(Some(rustix::process::getpid())) {
        return Report::NotStarted(format!("this system has no sub-reaper: {e}"));
    }
    let leader = match start(&order) {
        Ok(pid) => pid,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Report::NotFound,
        Err(e) => return Report::NotStarted(e.to_string()),
    };
    let (sender, events) = mpsc::channel();
    let stops = sender.clone();
    std::thread::spawn(move || {
        // A word asks for the end; the end of the pipe says that nobody waits for it any more, also after a word.
        for word in io::stdin().lock().lines().map_while(Result::ok) {
            let at_once = word == KILL_WORD.trim_end();
            let _ = stops.send(Event::Stop { abandoned: false, at_once });
        }
        let _ = stops.send(Event::Stop { abandoned: true, at_once: false });
    });
    std::thread::spawn(move || reap(&sender));
    let report = watch(leader, Duration::from_millis(order.grace_ms), &events, &order.scratch);
    report.unwrap_or(Report::Lost)
}

/// Follows the tree to its end; says how its leader ended.
fn watch(leader: Pid, grace: Duration, events: &mpsc::Receiver<Event>, scratch: &Path) -> Option<Report> {
    let mut ended = None;
    // When what still lives is killed; again and again, as a tree may grow while it is felled.
    let mut kill: Option<Instant> = None;
    let mut gone = false;
    loop {
        let event = match kill {
            None => events.recv().ok(),
            Some(at) => match events.recv_timeout(at.saturating_duration_since(Instant::now())) {
                Ok(event) => Some(event),
                Err(mpsc::RecvTimeoutError::Timeout) => {
                    signal_tree(leader, Signal::KILL);
                    kill = Some(Instant::now() + Duration::from_millis(10));
                    continue;
                }
                Err(mpsc::RecvTimeoutError::Disconnected) => None,
            },
        };
        match event {
            Some(Event::Stop { at_once: true, .. }) => {
                signal_tree(leader, Signal::KILL);
                kill = Some(Instant::now() + Duration::from_millis(10));
            }
            Some(Event::Stop { abandoned, at_once: false }) => {
                gone |= abandoned;
                signal_tree(leader, Signal::TERM);
                kill.get_or_insert(Instant::now() + grace);
            }
            Some(Event::Reaped(pid, report)) if pid == leader => {
                ended = Some(report);
                // Its work is done; whatever it left running has no business any more.
                signal_tree(leader, Signal::KILL);
                kill = Some(Instant::now() + Duration::from_millis(10));
            }
            Some(Event::Reaped(..)) => {}
            Some(Event::NoChildren) | None => break,
        }
    }
    if gone {
        let _ = std::fs::remove_dir_all(scratch);
    }
    ended
}

fn start(order: &Order) -> io::Result<Pid> {
    let child = std::process::Command::new(resolve(order)?)
        .args(&order.args)
        .env_clear()
        .envs(&order.environment)
        .current_dir(&order.folder)
        .stdin(std::fs::File::open(&order.stdin)?)
        .stdout(std::fs::OpenOptions::new().append(true).open(&order.stdout)?)
        .stderr(std::fs::OpenOptions::new().append(true).open(&order.stderr)?)
        .process_group(0)
        .spawn()?;
    Pid::from_raw(i32::try_from(child.id()).unwrap_or(0)).ok_or_else(|| io::Error::other("it has no process id"))
}

/// The executable in the program's own `PATH`; relative entries of it are skipped, as the working folder may
/// be somebody else's.
fn resolve(order: &Order) -> io::Result<PathBuf> {
    let program = &order.program;
    if program.components().count() > 1 {
        return Ok(program.clone());
    }
    let path = order.environment.get("PATH").map(String::as_str).unwrap_or_default();
    std::env::split_paths(path)
        .filter(|folder| folder.is_absolute())
        .map(|folder| folder.join(program))
        .find(|file| super::super::detect::is_executable(file))
        .ok_or_else(|| io::ErrorKind::NotFound.into())
}

/// Waits for every child until none is left.
fn reap(events: &mpsc::Sender<Event>) {
    loop {
        match rustix::process::wait(WaitOptions::empty()) {
            Ok(Some((pid, status))) => {
                let report = match (status.exit_status(), status.terminating_signal()) {
                    (Some(code), _) => Report::Exited(code),
                    (None, Some(signal)) => Report::Signalled(signal),
                    (None, None) => continue,
                };
                if events.send(Event::Reaped(pid, report)).is_err() {
                    return;
                }
            }
            Ok(None) | Err(rustix::io::Errno::INTR) => {}
            Err(_) => {
                let _ = events.send(Event::NoChildren);
                return;
            }
        }
    }
}

/// Signals every living descendant, and the leader's group.
fn signal_tree(leader: Pid, signal: Signal) {
    let _ = rustix::process::kill_process_group(leader, signal);
    for pid in descendants() {
        let _ = rustix::process::kill_process(pid, signal);
    }
}

fn descendants() -> Vec<Pid> {
    let parents = parents();
    let mut found = vec![rustix::process::getpid()];
    let mut next = 0;
    while next < found.len() {
        let parent = found[next];
        found.extend(parents.iter().filter(|(_, of)| *of == parent).map(|(pid, _)| *pid));
        next += 1;
    }
    found.remove(0);
    found
}

/// Every process with its parent.
#[cfg(target_os = "linux")]
fn parents() -> Vec<(Pid, Pid)> {
    let parent = |pid: Pid| {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero())).ok()?;
        // "pid (name) state ppid …", where the name may hold anything.
        stat.rsplit_once(')')?.1.split_ascii_whitespace().nth(1)?.parse().ok().and_then(Pid::from_raw)
    };
    processes().into_iter().filter_map(|pid| Some((pid, parent(pid)?))).collect()
}

/// Every process with its parent.
#[cfg(not(target_os = "linux"))]
fn parents() -> Vec<(Pid, Pid)> {
    let Ok(out) = std::process::Command::new("/bin/ps").args(["-A", "-o", "pid=,ppid="]).output() else {
        return Vec::new();
    };
    let row = |line: &str| {
        let mut ids = line.split_ascii_whitespace().map(|n| n.parse().ok().and_then(Pid::from_raw));
        Some((ids.next()??, ids.next()??))
    };
    String::from_utf8_lossy(&out.stdout).lines().filter_map(row).collect()
}
