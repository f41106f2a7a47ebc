//! Work beside the loop: it takes a piece of state as it was, reads files or runs programs, and tells the loop what came
//! of it by an [event](crate::event::Event).

pub(crate) mod background;
pub(crate) mod diagnose;
pub(crate) mod report;
pub(crate) mod review;
pub(crate) mod visit;
pub(crate) mod watch;
pub(crate) mod workers;
