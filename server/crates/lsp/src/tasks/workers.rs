//! The threads that reviews and errands run on.
//!
//! The client's messages and the loop share one thread, so that nothing has to be handed from one to another before it is
//! answered. What takes a while runs on threads of its own, which are started with the first of it: most sessions are
//! over before anybody reviews.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};
use tokio_util::task::TaskTracker;

/// Threads that wait for agents, and do what is between one answer and the next.
const THREADS: usize = 2;

/// Runs reviews and errands, and knows those that are under way. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub(crate) struct Workers {
    under_way: TaskTracker,
    threads: Arc<Threads>,
}

/// `None` until they are needed.
#[derive(Debug, Default)]
struct Threads(Mutex<Option<Runtime>>);

impl Threads {
    fn take(&self) -> Option<Runtime> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        // Waiting is not allowed where a task drops the last of it.
        self.take().into_iter().for_each(Runtime::shutdown_background);
    }
}

impl Workers {
    /// Begins a task.
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let mut threads = self.threads.0.lock().unwrap_or_else(PoisonError::into_inner);
        if threads.is_none() {
            *threads =
                Builder::new_multi_thread().worker_threads(THREADS).thread_name("work").enable_all().build().ok();
        }
        match &*threads {
            Some(threads) => drop(self.under_way.spawn_on(task, threads.handle())),
            // Where there are no further threads, the one that is there does it.
            None => drop(self.under_way.spawn(task)),
        }
    }

    /// Waits until everything that was begun has ended, also what it left to others.
    pub(crate) async fn wait(&self) {
        self.under_way.close();
        self.under_way.wait().await;
    }

    /// Ends the threads, once what works beside them has written its file to the end; not for long.
    pub(crate) fn end(&self, limit: Duration) {
        if let Some(threads) = self.threads.take() {
            threads.shutdown_timeout(limit);
        }
    }
}
