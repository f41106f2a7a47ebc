//! The readers of reports, and the writers that they are held against. The rest of the module has templates and
//! highlighting to build, and no foreign text to read.

#[path = "../server/src/report/comment.rs"]
mod comment;
#[path = "../server/src/report/edits.rs"]
pub(crate) mod edits;
#[path = "../server/src/report/forge.rs"]
pub mod forge;
#[path = "../server/src/report/import.rs"]
pub mod import;
#[path = "../server/src/report/inert.rs"]
pub mod inert;
#[path = "../server/src/report/json.rs"]
pub mod json;
#[path = "../server/src/report/markdown/mod.rs"]
pub mod markdown;
#[path = "../server/src/report/rdjson.rs"]
pub mod rdjson;
#[path = "../server/src/report/said.rs"]
pub mod said;
#[path = "../server/src/report/sarif/mod.rs"]
pub mod sarif;
#[path = "../server/src/report/texts.rs"]
mod texts;
#[path = "../server/src/report/view.rs"]
mod view;

pub use texts::Texts;
