//! The same on Windows: the program runs in a Job object that dies with our handle to it.

use super::{Order, Report, Stop};
use process_wrap::tokio::{ChildWrapper, CommandWrap, JobObject, KillOnDrop};
use std::fs::{File, OpenOptions};
use std::io;

#[derive(Debug)]
pub(super) struct Child {
    process: Option<Box<dyn ChildWrapper>>,
    not_started: Option<Report>,
}

impl Child {
    pub(super) async fn spawn(order: &Order) -> io::Result<Self> {
        let (stdin, stdout, stderr) = (
            File::open(&order.stdin)?,
            OpenOptions::new().append(true).open(&order.stdout)?,
            OpenOptions::new().append(true).open(&order.stderr)?,
        );
        let mut command = CommandWrap::with_new(&order.program, |c| {
            c.args(&order.args).env_clear().envs(&order.environment).current_dir(&order.folder);
            c.stdin(stdin).stdout(stdout).stderr(stderr);
        });
        Ok(match command.wrap(JobObject).wrap(KillOnDrop).spawn() {
            Ok(process) => Self { process: Some(process), not_started: None },
            Err(e) if e.kind() == io::ErrorKind::NotFound => {
                Self { process: None, not_started: Some(Report::NotFound) }
            }
            Err(e) => Self { process: None, not_started: Some(Report::NotStarted(e.to_string())) },
        })
    }

    pub(super) async fn ended(&mut self) -> Report {
        let Some(process) = &mut self.process else {
            return self.not_started.clone().unwrap_or(Report::Lost);
        };
        // Waits for the leader alone; what it left behind goes with the job.
        let ended = process.inner_mut().wait().await;
        let _ = process.start_kill();
        match ended {
            Ok(status) => Report::Exited(status.code().unwrap_or(1)),
            Err(e) => Report::NotStarted(e.to_string()),
        }
    }

    pub(super) async fn stop(&mut self, _how: Stop) {
        if let Some(process) = &mut self.process {
            let _ = process.start_kill();
            let _ = process.wait().await;
        }
    }
}

/// Never made: programs that are spoken to while they run need a named pipe that is a file.
#[derive(Debug)]
pub(super) struct Pipe {
    pub(super) path: std::path::PathBuf,
}

pub(super) fn pipe(_path: &std::path::Path, _input: std::sync::mpsc::Receiver<String>) -> io::Result<Pipe> {
    Err(io::Error::new(io::ErrorKind::Unsupported, "agents of this protocol do not run on Windows yet"))
}

impl Pipe {
    pub(super) fn close(&self) {}
}

/// No program is started by others here.
pub(crate) fn own_program() -> Option<std::path::PathBuf> {
    None
}
