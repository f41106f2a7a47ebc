//! Reads one file and says exactly what is wrong with it.

use serde::de::DeserializeOwned;
use std::path::PathBuf;

/// A configuration that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// The file's text is wrong.
    #[error("{file}:{line}: {message}{}", hint.as_ref().map(|h| format!("; did you mean '{h}'?")).unwrap_or_default())]
    Text {
        /// The file, as people know it.
        file: String,
        /// 1-based.
        line: usize,
        /// What is wrong.
        message: String,
        /// The nearest name that there is.
        hint: Option<String>,
    },
    /// The file is there and cannot be read.
    #[error("failed to read {}: {why}", file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// What the system said.
        why: String,
    },
    /// An environment variable is wrong.
    #[error("{name}={value}: {message}")]
    Environment {
        /// The variable.
        name: &'static str,
        /// Its value.
        value: String,
        /// What it should be.
        message: String,
    },
}

/// Reads `text`, which people know as `file`.
pub(super) fn parse<T: DeserializeOwned>(file: &str, text: &str) -> Result<T, ConfigError> {
    toml::from_str(text).map_err(|error| {
        let at = error.span().map_or(0, |span| span.start.min(text.len()));
        let line = text.as_bytes()[..at].iter().filter(|b| **b == b'\n').count() + 1;
        let message = error.message().trim().replace('\n', " ");
        ConfigError::Text { file: file.to_owned(), line, hint: nearest(&message), message }
    })
}

/// From "unknown field `bse`, expected one of `base`, `exclude`": the expected name that is nearest, if one is near.
fn nearest(message: &str) -> Option<String> {
    let mut names = message.split('`').skip(1).step_by(2);
    let unknown = names.next().filter(|_| message.starts_with("unknown"))?;
    names
        .map(|name| (strsim::damerau_levenshtein(unknown, name), name))
        .filter(|(distance, name)| *distance <= name.len().max(unknown.len()) / 2)
        .min()
        .map(|(_, name)| name.to_owned())
}
