//! What may be sent to agents: files that are kept back, secrets masked, and quotes in answers turned back.

use finding::{Anchor, Answer, RepoPath};
use git::{ChangeKind, ChangedFile};
use secrets::Masker;

/// The paths that match one of `patterns`: a name at any depth, a folder with all in it, or a path from the top where it
/// begins with `/`.
///
/// # Errors
/// The pattern that cannot be read.
pub fn matching(patterns: &[String]) -> Result<globset::GlobSet, String> {
    let mut set = globset::GlobSetBuilder::new();
    for pattern in patterns {
        let plain = pattern.trim().trim_end_matches('/');
        let forms = match plain.strip_prefix('/') {
            Some(anchored) => vec![anchored.to_owned(), format!("{anchored}/**")],
            None => vec![plain.to_owned(), format!("{plain}/**"), format!("**/{plain}"), format!("**/{plain}/**")],
        };
        for form in forms {
            set.add(globset::Glob::new(&form).map_err(|_| pattern.clone())?);
        }
    }
    set.build().map_err(|e| e.to_string())
}

/// What may be sent, and how.
#[derive(Debug, Clone, Default)]
pub struct Sending {
    /// Masks secrets; `None` when the user turned it off.
    pub masker: Option<std::sync::Arc<Masker>>,
    /// Files that agents outside the machine never see.
    pub never: globset::GlobSet,
    /// The patterns that `never` was made of.
    pub(crate) patterns: Vec<String>,
}

impl Sending {
    /// Masks, and keeps back nothing.
    #[must_use]
    pub fn masked() -> Self {
        Self { masker: Some(std::sync::Arc::default()), ..Self::default() }
    }

    /// Masks, and keeps back the files that are [`matching`] `patterns`.
    ///
    /// # Errors
    /// The pattern that cannot be read: nothing is sent where it is unclear what must not be.
    pub fn keeping_back(patterns: &[String]) -> Result<Self, String> {
        Ok(Self { never: matching(patterns)?, patterns: patterns.to_vec(), ..Self::masked() })
    }

    /// What its masks are made with; `None` where nothing is masked.
    #[must_use]
    pub fn mask_key(&self) -> Option<u64> {
        self.masker.as_ref().map(|masker| masker.key())
    }

    /// Masks as whoever's masks are made with `key`.
    pub fn mask_with(&mut self, key: u64) {
        self.masker = Some(std::sync::Arc::new(Masker::with_key(key)));
    }

    /// Whether the file may be sent.
    #[must_use]
    pub fn allows(&self, path: &RepoPath) -> bool {
        !self.never.is_match(path.as_str())
    }

    /// Whether a changed file may be sent: neither its name here nor the one that it had in the base is kept back.
    #[must_use]
    pub fn allows_change(&self, file: &ChangedFile) -> bool {
        let was_allowed = match &file.kind {
            ChangeKind::Renamed { from } | ChangeKind::Copied { from } => self.allows(from),
            ChangeKind::Added | ChangeKind::Modified | ChangeKind::Deleted => true,
        };
        was_allowed && self.allows(&file.path)
    }

    /// Whether a remark on these places may be sent: it may quote the files.
    #[must_use]
    pub fn allows_all<'a>(&self, mut anchors: impl Iterator<Item = &'a Anchor>) -> bool {
        anchors.all(|anchor| self.allows(&anchor.path))
    }

    /// The text as it may be sent.
    #[must_use]
    pub fn clean(&self, text: &str) -> String {
        self.masker.as_ref().map_or_else(|| text.to_owned(), |m| m.mask(text))
    }
    /// Turns masks in quoted code, places and fixes back, so that they match the text. What people read keeps them.
    pub fn reveal(&self, answer: &mut Answer) {
        let Some(masker) = self.masker.as_ref().filter(|m| m.count() > 0) else { return };
        let path = |path: &mut RepoPath| {
            if let Ok(revealed) = RepoPath::new(masker.reveal(path.as_str())) {
                *path = revealed;
            }
        };
        answer.covered.iter_mut().for_each(path);
        for finding in &mut answer.findings {
            for anchor in &mut finding.anchors {
                path(&mut anchor.path);
                if let Some(quote) = &mut anchor.quote {
                    *quote = masker.reveal(quote);
                }
            }
            finding.fixes.iter_mut().for_each(|fix| fix.diff = masker.reveal(&fix.diff));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use finding::AgentName;

    #[test]
    fn what_is_never_sent_is_kept_back_at_any_depth() {
        let patterns = [".env", "*.pem", "secrets/", "/top.txt"].map(String::from);
        let sending = Sending::keeping_back(&patterns).unwrap();
        for (path, allowed) in [
            (".env", false),
            ("a/b/.env", false),
            ("a/x.pem", false),
            ("secrets/a/b.rs", false),
            ("a/secrets/b.rs", false),
            ("top.txt", false),
            ("a/top.txt", true),
            ("src/env.rs", true),
        ] {
            assert_eq!(sending.allows(&RepoPath::new(path).unwrap()), allowed, "{path}");
        }
        assert_eq!(Sending::keeping_back(&["a[".to_owned()]).unwrap_err(), "a[");
    }

    #[test]
    fn answers_match_the_text_again() {
        let sending = Sending::masked();
        let text = "let password = \"hunter2hunter2\";";
        let masked = sending.clean(text);
        let raw = serde_json::json!({"findings": [{"title": &masked, "path": "a", "quote": &masked, "fix": &masked}]});
        let mut answer = crate::answer::from_value(&raw, &AgentName::new("a")).unwrap().answer;
        sending.reveal(&mut answer);
        let Anchor { quote, .. } = &answer.findings[0].anchors[0];
        assert_eq!((quote.as_deref(), answer.findings[0].fixes[0].diff.as_str()), (Some(text), text));
        assert_eq!(answer.findings[0].title, masked, "what people read never shows the secret");
    }
}
