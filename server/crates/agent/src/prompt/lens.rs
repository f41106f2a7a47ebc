//! From which side an agent looks at a change.

use finding::{Failure, FailureKind};
use std::path::Path;

/// The built-in lenses, by name.
pub const LENSES: &[(&str, &str)] = &[
    ("security", include_str!("../../prompts/lenses/security.md")),
    ("performance", include_str!("../../prompts/lenses/performance.md")),
    ("concurrency", include_str!("../../prompts/lenses/concurrency.md")),
    ("api", include_str!("../../prompts/lenses/api.md")),
    ("tests", include_str!("../../prompts/lenses/tests.md")),
];

/// A longer one is no lens.
const LONGEST: u64 = 32 << 10;

/// Whether it is the name of a built-in lens or can be the path of the user's own.
///
/// # Errors
/// That it is neither, with what there is.
pub(crate) fn is_known(lens: &str) -> Result<(), String> {
    match LENSES.iter().any(|(name, _)| *name == lens) || Path::new(lens).is_absolute() {
        true => Ok(()),
        false => Err(format!("the lens '{lens}' is not known; {}", remedy())),
    }
}

fn remedy() -> String {
    let names: Vec<&str> = LENSES.iter().map(|(name, _)| *name).collect();
    format!("name one of {}, or the absolute path of a Markdown file", names.join(", "))
}

/// The text of a lens: a built-in one by its name, or the user's own by the path of a Markdown file.
///
/// # Errors
/// When there is no lens of that name, and no file of up to 32 KiB that can be read.
pub(crate) fn text(lens: &str) -> Result<String, Failure> {
    if let Some((_, text)) = LENSES.iter().find(|(name, _)| *name == lens) {
        return Ok((*text).to_owned());
    }
    let failed =
        |why: String| Failure::new(FailureKind::NotAllowed, format!("the lens '{lens}' {why}")).with_remedy(remedy());
    let path = Path::new(lens);
    if !path.is_absolute() {
        return Err(failed("is not known".into()));
    }
    let size = std::fs::metadata(path).map_err(|e| failed(format!("cannot be read: {e}")))?.len();
    if size > LONGEST {
        return Err(failed(format!("has {size} bytes; at most {LONGEST} are taken")));
    }
    std::fs::read_to_string(path).map_err(|e| failed(format!("cannot be read: {e}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lens_is_a_name_or_a_file_or_refused() {
        let folder = tempfile::tempdir().unwrap();
        let own = folder.path().join("money.md");
        std::fs::write(&own, "Money.").unwrap();
        assert!(text("security").unwrap().starts_with("Security."));
        assert_eq!(text(own.to_str().unwrap()).unwrap(), "Money.");
        for wrong in ["secuirty", "lenses/security.md", "/nowhere/at/all.md"] {
            let failure = text(wrong).unwrap_err();
            assert_eq!(failure.kind, FailureKind::NotAllowed);
            assert!(failure.remedy.unwrap().starts_with("name one of security, performance,"), "{wrong}");
        }
        std::fs::write(&own, "x".repeat(40_000)).unwrap();
        assert!(text(own.to_str().unwrap()).unwrap_err().message.ends_with("at most 32768 are taken"));
    }
}
