//! Which names say that their value is secret.

/// What a name says of its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Says {
    /// A password: any word can be one.
    Password,
    /// Perhaps a password (`pass`, `pwd`), perhaps something else (a pass of a compiler, a folder).
    MayBePassword,
    /// A secret or credential.
    Secret,
    /// Words that make a wallet or a phrase.
    Phrase,
    /// A token, which is random.
    Token,
    /// A key, which is random.
    Key,
}

/// Texts without any of these name no secret.
pub(super) const STEMS: [&str; 25] = [
    "pass",
    "pwd",
    "pw",
    "psw",
    "secret",
    "token",
    "key",
    "cred",
    "auth",
    "psk",
    "jwt",
    "bearer",
    "mnemonic",
    "phrase",
    "sid",
    "session",
    "storepw",
    "kennwort",
    "contrase",
    "senha",
    "wachtwoord",
    "parola",
    "haslo",
    "salasana",
    "losenord",
];

/// What follows the word that counts: `PASSWORD_PROD`, `secret_key_base`.
const SUFFIXES: &[&str] = &[
    "dev",
    "development",
    "prod",
    "production",
    "staging",
    "stage",
    "test",
    "testing",
    "live",
    "local",
    "base",
    "value",
    "val",
    "default",
    "old",
    "new",
    "current",
    "primary",
    "secondary",
    "main",
    "backup",
    "ro",
    "rw",
    "data",
    "str",
    "plain",
    "plaintext",
    "raw",
    "b",
    "base",
    "hex",
    "sandbox",
    "override",
];

/// What makes a key one that is secret.
const SECRET_KEYS: &[&str] = &[
    "api",
    "access",
    "secret",
    "private",
    "priv",
    "auth",
    "account",
    "storage",
    "encryption",
    "encrypt",
    "encoding",
    "decryption",
    "decrypt",
    "signing",
    "sign",
    "signature",
    "master",
    "consumer",
    "service",
    "shared",
    "preshared",
    "client",
    "app",
    "application",
    "license",
    "licence",
    "deploy",
    "ssh",
    "jwt",
    "hmac",
    "crypto",
    "cipher",
    "aes",
    "des",
    "subscription",
    "webhook",
    "session",
    "server",
    "root",
    "admin",
    "user",
    "integration",
    "ingest",
    "instrumentation",
    "write",
    "read",
    "wallet",
    "project",
    "cookie",
    "security",
    "token",
    "credential",
    "rsa",
    "tls",
    "ssl",
    "function",
    "functions",
    "host",
    "transfer",
    "openai",
    "anthropic",
    "stripe",
    "sendgrid",
    "mailgun",
    "twilio",
    "datadog",
    "dd",
    "google",
    "maps",
    "github",
    "gitlab",
    "aws",
    "azure",
    "gcp",
    "s",
    "algolia",
    "firebase",
    "gemini",
    "tmdb",
    "weather",
    "newrelic",
    "pagerduty",
    "rollbar",
    "sentry",
    "bugsnag",
    "segment",
    "mixpanel",
    "amplitude",
    "restapi",
    "rest",
];

/// Tokens that are no credentials.
const OTHER_TOKENS: &[&str] = &[
    "page",
    "next",
    "previous",
    "prev",
    "continuation",
    "pad",
    "eos",
    "bos",
    "unk",
    "cls",
    "sep",
    "mask",
    "stop",
    "start",
    "end",
    "first",
    "last",
    "delimiter",
    "sync",
    "cancellation",
    "cancel",
    "public",
    "max",
    "min",
    "num",
    "special",
    "syntax",
    "lexer",
    "parser",
    "string",
    "number",
    "symbol",
    "type",
    "design",
    "color",
    "colour",
    "theme",
    "keyword",
];

/// Words for passwords, at the end of a name: `rootpw`, `DB_ADMINPASS`.
const PASSWORDS: &[&str] = &[
    "password",
    "passwd",
    "passcode",
    "passwort",
    "passwrd",
    "requirepass",
    "masterauth",
    "sshpass",
    "dbpass",
    "rootpw",
    "bindpw",
    "userpass",
    "adminpass",
    "storepass",
    "keypass",
    "smtppass",
    "mailpass",
    "dbpwd",
    "motdepasse",
    "losenord",
];

/// Words of other languages for passwords, which may be something else in a longer word.
const FOREIGN_PASSWORDS: &[&str] =
    &["kennwort", "passe", "contrasena", "contrasea", "senha", "wachtwoord", "parola", "haslo", "salasana"];

/// Keys whose name is written as one word.
const GLUED_KEYS: &[&str] = &[
    "apikey",
    "accesskey",
    "secretkey",
    "privatekey",
    "authkey",
    "accountkey",
    "encryptionkey",
    "signingkey",
    "masterkey",
    "licensekey",
    "appkey",
    "sharedkey",
    "presharedkey",
    "sharedaccesskey",
    "storagekey",
    "apisecretkey",
    "servicekey",
    "sessionkey",
    "clientkey",
    "deploykey",
    "subscriptionkey",
    "primarykey64",
];

/// What a name says of its value; `None` where it says nothing, or that it is no secret.
pub(super) fn says(name: &str) -> Option<Says> {
    let mut words = words(name.strip_prefix("-D").unwrap_or(name));
    while words.len() > 1 && words.last().is_some_and(|w| SUFFIXES.contains(&w.as_str())) {
        words.pop();
    }
    let name = Name {
        last: words.last()?.as_str(),
        before: words.len().checked_sub(2).map(|at| words[at].as_str()),
        words: &words,
    };
    if name.is_password() || name.is_foreign_password() {
        return Some(Says::Password);
    }
    if name.is_phrase() {
        return Some(Says::Phrase);
    }
    if let Some(short) = name.short_password() {
        return Some(short);
    }
    if name.is_secret() {
        return Some(Says::Secret);
    }
    if name.has(&["public", "pub", "foreign", "primary"]) {
        return None;
    }
    if name.is_token() {
        return Some(Says::Token);
    }
    name.is_key().then_some(Says::Key)
}

/// The words of a name, without what follows the one that counts.
struct Name<'w> {
    words: &'w [String],
    last: &'w str,
    /// The word before the last one.
    before: Option<&'w str>,
}

impl Name<'_> {
    fn has(&self, any: &[&str]) -> bool {
        self.words.iter().any(|w| any.contains(&w.as_str()))
    }

    fn ends(&self, with: &[&str]) -> bool {
        with.iter().any(|w| self.last.ends_with(w))
    }

    fn is_password(&self) -> bool {
        self.ends(PASSWORDS) || matches!(self.last, "pswd" | "psw" | "pword" | "pgpass" | "dbpw")
    }

    fn is_foreign_password(&self) -> bool {
        // `senha_do_banco`, `contrasena_de_la_base`: what it is for stands behind it.
        let joint = |w: &String| matches!(w.as_str(), "do" | "da" | "de" | "del" | "della" | "du" | "van");
        let of_something = self.words.iter().position(joint).and_then(|at| self.words[..at].last());
        of_something.is_some_and(|w| FOREIGN_PASSWORDS.contains(&w.as_str()))
            || match self.last {
                "passe" => self.before == Some("de"),
                "parola" => false,
                _ => self.ends(FOREIGN_PASSWORDS),
            }
    }

    fn is_phrase(&self) -> bool {
        self.ends(&["passphrase", "mnemonic"])
            || (self.last == "phrase" && matches!(self.before, Some("pass" | "seed" | "recovery")))
    }

    /// `db_pass` is a password, `pass` may be one, and so may `pw`; `first_pass` is of a compiler.
    fn short_password(&self) -> Option<Says> {
        if !matches!(self.last, "pass" | "pwd" | "pw" | "psk") {
            return None;
        }
        let counts = |w: &str| matches!(w, "first" | "second" | "this" | "self" | "single" | "multi");
        let is_of_something = self.before.is_some_and(|w| !counts(w));
        Some(if is_of_something && self.last != "pw" { Says::Password } else { Says::MayBePassword })
    }

    fn is_secret(&self) -> bool {
        self.ends(&["secret", "secrets"]) || matches!(self.last, "credential" | "credentials" | "creds" | "cred")
    }

    fn is_token(&self) -> bool {
        (self.ends(&["token"]) || matches!(self.last, "bearer" | "jwt" | "sid" | "sessionid" | "session" | "pat"))
            && !self.before.is_some_and(|w| OTHER_TOKENS.contains(&w))
    }

    fn is_key(&self) -> bool {
        let opens = |w: &str| SECRET_KEYS.contains(&w) || w.ends_with("api") || w.ends_with("secret");
        (self.last == "key" && self.before.is_some_and(opens))
            || self.ends(GLUED_KEYS)
            || matches!(self.last, "auth" | "authorization")
    }
}

/// The words of a name in any of the usual ways of writing one, in lower case, without digits at their ends.
fn words(name: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let bytes = name.as_bytes();
    for (at, b) in bytes.iter().enumerate() {
        let next_is_lower = bytes.get(at + 1).is_some_and(u8::is_ascii_lowercase);
        let before = at.checked_sub(1).map(|at| bytes[at]);
        let begins = b.is_ascii_uppercase()
            && before.is_some_and(|p| !p.is_ascii_uppercase() || (p.is_ascii_uppercase() && next_is_lower));
        // Of letters beyond ASCII nothing depends here.
        if (!b.is_ascii_alphanumeric() && b.is_ascii()) || begins {
            end(&mut words, &mut word);
        }
        if b.is_ascii_alphanumeric() {
            word.push(char::from(b.to_ascii_lowercase()));
        }
    }
    end(&mut words, &mut word);
    words
}

fn end(words: &mut Vec<String>, word: &mut String) {
    let plain = word.trim_end_matches(|c: char| c.is_ascii_digit());
    if !plain.is_empty() {
        words.push(plain.to_owned());
    }
    word.clear();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_in_every_way_of_writing_them() {
        use Says::*;
        let table = [
            ("db_password", Some(Password)),
            ("spring.datasource.password", Some(Password)),
            ("POSTGRES_PASSWORD2", Some(Password)),
            ("userPasswordProd", Some(Password)),
            ("$dbPass", Some(Password)),
            ("pwd", Some(MayBePassword)),
            ("pass", Some(MayBePassword)),
            ("--password", Some(Password)),
            ("client-secret", Some(Secret)),
            ("SECRET_KEY_BASE", Some(Key)),
            ("aws_secret_access_key", Some(Key)),
            ("APIKey", Some(Key)),
            ("apikey", Some(Key)),
            ("AccountKey", Some(Key)),
            ("authToken", Some(Token)),
            ("seed_phrase", Some(Phrase)),
            ("senha_do_banco", Some(Password)),
            ("contrasenaDeLaBase", Some(Password)),
            ("point_de_passe_x", None),
            ("password_length", None),
            ("passwordField", None),
            ("aws_access_key_id", None),
            ("public_key", None),
            ("publicKeyToken", None),
            ("nextPageToken", None),
            ("compass", None),
            ("key", None),
            ("primary_key", None),
            ("secretName", None),
            ("monkey", None),
        ];
        for (name, expected) in table {
            assert_eq!(says(name), expected, "{name}");
        }
    }
}
