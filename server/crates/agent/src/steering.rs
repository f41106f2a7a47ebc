//! What the user wants of a review.

use finding::RepoPath;
use serde::{Deserialize, Deserializer, Serialize};
use std::sync::Arc;

/// What the user wants of the agents' reviews.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Steering {
    /// What they are to do, in the user's words.
    pub instructions: Vec<Instruction>,
    /// The language of what people read, by its name; English where there is none.
    pub language: Option<String>,
    /// What the change is for: data to be checked, as it may be somebody else's text.
    pub background: Option<String>,
}

/// What the user wants of reviews, perhaps of some files only.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Instruction {
    /// Patterns of the changed files for which it holds: a name at any depth, or a path. Default: all.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "patterns")]
    pub paths: Vec<String>,
    /// What agents are to do, look for or leave.
    pub text: String,
}

fn patterns<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let patterns = Vec::<String>::deserialize(deserializer)?;
    for pattern in &patterns {
        globset::Glob::new(pattern)
            .map_err(|e| serde::de::Error::custom(format!("'{pattern}' is no pattern of paths: {}", e.kind())))?;
    }
    Ok(patterns)
}

impl Steering {
    /// The instructions for a review of these files, a paragraph each.
    #[must_use]
    pub fn for_files(&self, files: &Arc<[RepoPath]>) -> String {
        let concerns = |paths: &[String]| paths.is_empty() || files.iter().any(|file| matches(paths, file));
        let wanted = self.instructions.iter().filter(|i| concerns(&i.paths)).map(|i| {
            let scope = if i.paths.is_empty() { String::new() } else { format!("For {}: ", i.paths.join(", ")) };
            format!("{scope}{}", i.text.trim())
        });
        wanted.collect::<Vec<_>>().join("\n\n")
    }
}

/// Whether a pattern is about the file; one that cannot be read is about all, so that nothing is lost by it.
fn matches(patterns: &[String], file: &RepoPath) -> bool {
    patterns.iter().any(|pattern| {
        let anywhere = if pattern.contains('/') { pattern.clone() } else { format!("**/{pattern}") };
        globset::Glob::new(&anywhere).map_or(true, |glob| glob.compile_matcher().is_match(file.as_str()))
    })
}
