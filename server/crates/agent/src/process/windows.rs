//! The same on Windows: the program runs in a Job object that dies with our handle to it.

use super::{Order, Report, Stop};
use process_wrap::tokio::{ChildWrapper, CommandWrap, JobObject, KillOnDrop};
use std::fs::{File, OpenOptions};
use std::io::{self, PipeReader, Write};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Mutex, MutexGuard, PoisonError, mpsc};

#[derive(Debug)]
pub(super) struct Child {
    process: Option<Box<dyn ChildWrapper>>,
    not_started: Option<Report>,
}

impl Child {
    pub(super) async fn spawn(order: &Order, pipe: Option<&Pipe>) -> io::Result<Self> {
        let stdin: Stdio = match pipe {
            Some(pipe) => pipe.reader()?.into(),
            None => File::open(&order.stdin)?.into(),
        };
        let (stdout, stderr) = (
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

/// Standard input of a program that is spoken to while it runs. It has no name that others could open.
#[derive(Debug)]
pub(super) struct Pipe {
    /// Stands in the order, where a file would; nothing is there.
    pub(super) path: PathBuf,
    reader: Mutex<Option<PipeReader>>,
}

/// Makes a pipe whose text comes from `input`.
pub(super) fn pipe(path: &Path, input: mpsc::Receiver<String>) -> io::Result<Pipe> {
    let (reader, mut writer) = io::pipe()?;
    std::thread::spawn(move || {
        // Ends when either side has gone.
        for text in input {
            if writer.write_all(text.as_bytes()).is_err() {
                return;
            }
        }
    });
    Ok(Pipe { path: path.to_owned(), reader: Mutex::new(Some(reader)) })
}

impl Pipe {
    /// The end that the program reads, once.
    fn reader(&self) -> io::Result<PipeReader> {
        self.lock().take().ok_or_else(|| io::Error::other("its standard input was given away before"))
    }

    /// Lets go of a thread that still writes to a program that never came.
    pub(super) fn close(&self) {
        self.lock().take();
    }

    fn lock(&self) -> MutexGuard<'_, Option<PipeReader>> {
        self.reader.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// No program is started by others here.
pub(crate) fn own_program() -> Option<PathBuf> {
    None
}
