//! A round of ours, strictly by the schema that it says it has.

use finding::document::Document;
use finding::{Decisions, ROUND_SCHEMA, Round};
use serde::Deserialize;

/// Why a JSON document is not one of ours.
#[derive(Debug, thiserror::Error)]
pub enum JsonError {
    /// No JSON, or not of our schema; says where.
    #[error("{0}")]
    Malformed(String),
    /// Written by a newer deep-review.
    #[error("it has schema {0}, newer than this deep-review reads ({ROUND_SCHEMA})")]
    Newer(u32),
}

/// Reads what deep-review wrote, or a bare round as the store keeps it.
///
/// # Errors
/// When it is no JSON, of another schema, or from a newer deep-review.
pub fn read(text: &str) -> Result<(Round, Decisions), JsonError> {
    #[derive(Deserialize)]
    struct Peek {
        round: Option<Version>,
        schema: Option<u32>,
    }
    #[derive(Deserialize)]
    struct Version {
        schema: u32,
    }
    // A newer schema is told from a damaged file before the strict reading.
    let peek: Peek = serde_json::from_str(text).map_err(|e| JsonError::Malformed(e.to_string()))?;
    let schema = peek.round.as_ref().map(|r| r.schema).or(peek.schema);
    match schema {
        Some(newer) if newer > ROUND_SCHEMA => return Err(JsonError::Newer(newer)),
        Some(_) => {}
        None => return Err(JsonError::Malformed("it is no deep-review round: 'schema' is missing".into())),
    }
    let mut de = serde_json::Deserializer::from_str(text);
    if peek.round.is_some() {
        let document: Document =
            serde_path_to_error::deserialize(&mut de).map_err(|e| JsonError::Malformed(e.to_string()))?;
        Ok((document.round, document.decisions))
    } else {
        let round = serde_path_to_error::deserialize(&mut de).map_err(|e| JsonError::Malformed(e.to_string()))?;
        Ok((round, Decisions::default()))
    }
}
