//! Hides credentials in what is sent to agents: the same secret under the same name everywhere in a round,
//! names of variables left as they are, and quotes in answers turned back.

use finding::{Anchor, Answer, RepoPath};
use git::{ChangeKind, ChangedFile};
use regex::{Captures, Regex};
use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::{LazyLock, Mutex};

/// What a mask begins with; the prompt explains it.
pub const MASK: &str = "MASKED_SECRET_";

/// Forms that are secrets by themselves. One group, `v`, is the secret.
static FORMS: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    [
        // Keys whose issuers gave them a prefix to be found by.
        r"\b(?<v>(?:AKIA|ASIA)[0-9A-Z]{16})\b",
        r"\b(?<v>(?:ghp|gho|ghu|ghs|ghr)_[A-Za-z0-9]{36,255})\b",
        r"\b(?<v>github_pat_[A-Za-z0-9_]{50,255})\b",
        r"\b(?<v>glpat-[A-Za-z0-9_\-]{20,})",
        r"\b(?<v>sk-(?:ant-|proj-|or-)?[A-Za-z0-9_\-]{20,})",
        r"\b(?<v>AIza[0-9A-Za-z_\-]{35})",
        r"\b(?<v>xox[abeprs]-[A-Za-z0-9\-]{10,})",
        r"\b(?<v>(?:sk|rk)_live_[0-9A-Za-z]{16,})\b",
        r"\b(?<v>npm_[A-Za-z0-9]{36})\b",
        r"\b(?<v>pypi-[A-Za-z0-9_\-]{50,})",
        r"\b(?<v>hf_[A-Za-z0-9]{30,})\b",
        r"\b(?<v>eyJ[A-Za-z0-9_\-]{10,}\.eyJ[A-Za-z0-9_\-]{10,}\.[A-Za-z0-9_\-]{10,})",
        r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----(?<v>[A-Za-z0-9+/=\s\\n]+)-----END",
        // user:password@host
        r"[a-z][a-z0-9+.\-]*://[^\s/:@]+:(?<v>[^\s/:@{}$<>]{4,})@",
        // name = "value", where the name says what it is.
        r#"(?i)(?:password|passwd|secret|token|api_?key|access_?key|private_?key|client_?secret|auth_?key)["']?\s*(?::|=|:=|=>)\s*["'](?<v>[^\s"'$<>{}]{8,})["']"#,
        // NAME=value in a file of variables.
        r"(?m)^\s*(?:export\s+)?[A-Z0-9_]*(?:PASSWORD|SECRET|TOKEN|API_?KEY|ACCESS_?KEY)[A-Z0-9_]*=(?<v>[^\s$<>{}']{8,})\s*$",
    ]
    .iter()
    .filter_map(|form| Regex::new(form).ok())
    .collect()
});

/// Texts without any of these have no secret of a known form: most files are done with one look.
static HINTS: LazyLock<Option<aho_corasick::AhoCorasick>> = LazyLock::new(|| {
    aho_corasick::AhoCorasick::builder()
        .ascii_case_insensitive(true)
        .build([
            "akia",
            "asia",
            "ghp_",
            "gho_",
            "ghu_",
            "ghs_",
            "ghr_",
            "github_pat_",
            "glpat-",
            "sk-",
            "aiza",
            "xox",
            "_live_",
            "npm_",
            "pypi-",
            "hf_",
            "eyj",
            "private key",
            "://",
            "passw",
            "secret",
            "token",
            "key",
        ])
        .ok()
});

/// Masks secrets for one round.
#[derive(Debug, Default)]
pub struct Masker {
    /// Random: a mask tells nothing of its secret, not even to one who guesses.
    names: RandomState,
    /// Mask to secret.
    known: Mutex<HashMap<String, String>>,
}

impl Masker {
    /// `text` with every secret replaced.
    #[must_use]
    pub fn mask(&self, text: &str) -> String {
        let mut out = text.to_owned();
        if HINTS.as_ref().is_some_and(|hints| !hints.is_match(text)) {
            return out;
        }
        for form in FORMS.iter() {
            if !form.is_match(&out) {
                continue;
            }
            let masked = form.replace_all(&out, |found: &Captures<'_>| {
                let (whole, value) = (&found[0], &found["v"]);
                if !is_secret(value) {
                    return whole.to_owned();
                }
                let at = found.name("v").map_or(0, |v| v.start()) - found.get(0).map_or(0, |w| w.start());
                format!("{}{}{}", &whole[..at], self.name(value), &whole[at + value.len()..])
            });
            out = masked.into_owned();
        }
        out
    }

    fn name(&self, secret: &str) -> String {
        // Line breaks stay, so that every line keeps its number.
        let breaks = "\n".repeat(secret.matches('\n').count());
        let name = format!("{MASK}{:08x}", self.names.hash_one(secret) & 0xffff_ffff);
        let mut known = self.known.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if breaks.is_empty() {
            known.insert(name.clone(), secret.to_owned());
        }
        name + &breaks
    }

    /// How many secrets were masked.
    #[must_use]
    pub fn count(&self) -> usize {
        self.known.lock().unwrap_or_else(std::sync::PoisonError::into_inner).len()
    }

    /// Turns masks in quoted code and in fixes back, so that they match the text. What people read keeps them.
    pub fn reveal(&self, answer: &mut Answer) {
        let known = self.known.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if known.is_empty() {
            return;
        }
        let back = |text: &mut String| {
            if text.contains(MASK) {
                for (mask, secret) in known.iter() {
                    *text = text.replace(mask, secret);
                }
            }
        };
        for finding in &mut answer.findings {
            finding.anchors.iter_mut().filter_map(|a| a.quote.as_mut()).for_each(back);
            finding.fixes.iter_mut().for_each(|f| back(&mut f.diff));
        }
    }
}

/// Not a placeholder, a path or code that reads the secret from elsewhere.
fn is_secret(value: &str) -> bool {
    let v = value.to_ascii_lowercase();
    let placeholder =
        ["example", "placeholder", "changeme", "change_me", "your_", "your-", "xxxx", "****", "...", "masked_secret_"]
            .iter()
            .any(|w| v.contains(w));
    let one_char = value.bytes().all(|b| value.as_bytes().first() == Some(&b));
    !placeholder && !one_char && !value.contains('(') && !value.starts_with(['/', '.'])
}

/// What may be sent, and how.
#[derive(Debug, Clone, Default)]
pub struct Sending {
    /// Masks secrets; `None` when the user turned it off.
    pub masker: Option<std::sync::Arc<Masker>>,
    /// Files that agents outside the machine never see.
    pub never: globset::GlobSet,
}

impl Sending {
    /// Masks, and keeps back nothing.
    #[must_use]
    pub fn masked() -> Self {
        Self { masker: Some(std::sync::Arc::default()), never: globset::GlobSet::empty() }
    }

    /// Masks, and keeps back files that match one of `patterns`: a name at any depth, a folder with all in it, or
    /// a path from the top where it begins with `/`.
    ///
    /// # Errors
    /// The pattern that cannot be read: nothing is sent where it is unclear what must not be.
    pub fn keeping_back(patterns: &[String]) -> Result<Self, String> {
        let mut never = globset::GlobSetBuilder::new();
        for pattern in patterns {
            let plain = pattern.trim().trim_end_matches('/');
            let forms = match plain.strip_prefix('/') {
                Some(anchored) => vec![anchored.to_owned(), format!("{anchored}/**")],
                None => vec![plain.to_owned(), format!("{plain}/**"), format!("**/{plain}"), format!("**/{plain}/**")],
            };
            for form in forms {
                never.add(globset::Glob::new(&form).map_err(|_| pattern.clone())?);
            }
        }
        let never = never.build().map_err(|e| e.to_string())?;
        Ok(Self { never, ..Self::masked() })
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
}

#[cfg(test)]
mod tests {
    use super::*;
    use finding::AgentName;

    #[test]
    fn secrets_of_every_form_are_masked_and_names_stay() {
        let github = format!("ghp_{}", "a1B2".repeat(9));
        let table = [
            ("aws = AKIAIOSFODNN7ABCDEFG;", "AKIAIOSFODNN7ABCDEFG"),
            (&*format!("x {github} y"), &*github),
            ("password = \"hunter2hunter2\"", "hunter2hunter2"),
            ("\"api_key\": \"0123456789abcdef\"", "0123456789abcdef"),
            ("DATABASE_PASSWORD=s3cr3t-enough\n", "s3cr3t-enough"),
            ("postgres://me:p4ssw0rd@db/x", "p4ssw0rd"),
            ("-----BEGIN RSA PRIVATE KEY-----\nMIIE\nabc=\n-----END RSA PRIVATE KEY-----", "MIIE\nabc="),
        ];
        for (text, secret) in table {
            let masker = Masker::default();
            let masked = masker.mask(text);
            assert!(!masked.contains(secret), "{masked}");
            assert!(masked.contains(MASK), "{masked}");
            assert_eq!(masked.lines().count(), text.lines().count(), "{masked}");
            assert_eq!(masked, masker.mask(text), "the same secret has the same name");
            let name = text.split(['=', ':', '-']).next().unwrap();
            assert!(masked.starts_with(name) || text.starts_with('x'), "{masked}");
        }
    }

    #[test]
    fn what_is_no_secret_stays() {
        let table = [
            "password = os.environ[\"PASSWORD\"]",
            "token = \"your_token_here\"",
            "password: \"${DB_PASSWORD}\"",
            "let key = \"name\";",
            "secret = get_secret(\"path\")",
            "https://example.org/a:b",
            "fn token(&self) -> &str { \"x\" }",
        ];
        for text in table {
            assert_eq!(Masker::default().mask(text), text);
        }
    }

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
        let masker = Masker::default();
        let text = "let password = \"hunter2hunter2\";";
        let masked = masker.mask(text);
        let raw = serde_json::json!({"findings": [{"title": &masked, "path": "a", "quote": &masked, "fix": &masked}]});
        let mut answer = crate::answer::from_value(&raw, &AgentName::new("a")).unwrap().answer;
        masker.reveal(&mut answer);
        let Anchor { quote, .. } = &answer.findings[0].anchors[0];
        assert_eq!((quote.as_deref(), answer.findings[0].fixes[0].diff.as_str()), (Some(text), text));
        assert_eq!(answer.findings[0].title, masked, "what people read never shows the secret");
    }
}
