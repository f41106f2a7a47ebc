//! Which values look like secrets, and which are placeholders, names, or read from elsewhere.

/// Whether the value stands there itself: it is neither a placeholder nor read from elsewhere nor a mask.
pub(super) fn is_given(value: &str) -> bool {
    !is_reference(value) && !is_placeholder(value)
}

/// Read from elsewhere: variables, templates, paths, addresses of vaults, calls.
fn is_reference(value: &str) -> bool {
    let inner = value.trim_matches(['"', '\'', '`']);
    let name = |text: &str| {
        !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b':' | b'-'))
    };
    let variable = inner.strip_prefix('$').is_some_and(|rest| {
        rest.starts_with(['{', '('])
            || (name(rest) && rest.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_'))
            || rest.bytes().all(|b| b.is_ascii_digit())
    });
    let has = |parts: &[&str]| parts.iter().any(|p| inner.contains(p));
    let begins = |parts: &[&str]| parts.iter().any(|p| inner.starts_with(p));
    variable
        || has(&["${", "{{", "#{", "$(", "%(", "<%", "\\(", "%s", "%d"])
        || begins(&["/", "./", "../", "~/", "http://", "https://", "file:", "arn:", "op://", "vault:", "ref+", "ssm:"])
        || begins(&["sm://", "env:", "secret:", "@Microsoft.KeyVault", "!", "process.env", "os.environ", "secrets."])
        || (inner.len() > 2 && inner.starts_with('%') && inner.ends_with('%'))
        || (inner.starts_with('<') && inner.contains('>'))
        || (inner.starts_with('{') && inner.ends_with('}') && name(&inner[1..inner.len() - 1]))
        || (inner.starts_with('[') && inner.ends_with(']'))
        || matches!(inner, "%v" | "%q" | "{}" | "{:?}" | "?" | ":password" | "%@")
        || is_call(inner)
}

/// `name(…)`.
fn is_call(value: &str) -> bool {
    value.split_once('(').is_some_and(|(name, rest)| {
        !name.is_empty()
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b':' | b'!' | b'-' | b'>'))
            && (rest.contains(')') || rest.is_empty())
    })
}

const PLACEHOLDERS: &[&str] = &[
    "example",
    "placeholder",
    "changeme",
    "change_me",
    "change-me",
    "change_this",
    "change-this",
    "changethis",
    "your_",
    "your-",
    "yourpassword",
    "yoursecret",
    "yourtoken",
    "yourapikey",
    "yourkey",
    "redacted",
    "masked",
    "hidden",
    "insert",
    "replace",
    "fixme",
    "todo",
    "xxxx",
    "****",
    "....",
    "----",
    "____",
    "…",
    "dummy",
    "sample",
    "not-a-",
    "not_a_",
    "notreal",
    "no-password",
    "a_secret",
    "fake",
];

/// What placeholders begin with.
const PLACEHOLDER_STARTS: &[&str] = &["my_", "my-", "some_", "some-", "your", "the_", "the-"];

const NO_VALUES: &[&str] = &[
    "null",
    "none",
    "nil",
    "true",
    "false",
    "undefined",
    "yes",
    "no",
    "on",
    "off",
    "empty",
    "optional",
    "required",
    "string",
    "str",
    "int",
    "integer",
    "number",
    "bool",
    "boolean",
    "bytes",
    "object",
    "any",
    "text",
    "void",
    "float",
    "default",
    "unset",
    "n/a",
    "self",
    "this",
    "auto",
    "prompt",
    "ask",
    "stdin",
    "env",
    "file",
    "plain",
    "basic",
    "bearer",
    "anonymous",
    "foo",
    "bar",
    "baz",
    "foobar",
    "qux",
    "asdf",
    "value",
    "name",
    "user",
    "username",
    "admin@example.com",
    "type",
    "id",
    "data",
    "test",
    "testing",
    "tbd",
    "char",
    "uuid",
    "email",
    "generated",
    "inherit",
    "write",
    "read",
];

fn is_placeholder(value: &str) -> bool {
    let lower = value.to_ascii_lowercase();
    let bytes = value.as_bytes();
    if lower.contains("masked_secret_") || NO_VALUES.contains(&lower.as_str()) {
        return true;
    }
    // A number of a program's own.
    if lower.len() <= 10 && lower.strip_prefix("0x").is_some_and(is_hex) {
        return true;
    }
    let one_character = bytes.iter().all(|b| Some(b) == bytes.first());
    let begins = !is_mixed(value) && PLACEHOLDER_STARTS.iter().any(|w| lower.starts_with(w));
    one_character || begins || (!is_strong(value) && PLACEHOLDERS.iter().any(|w| lower.contains(w)))
}

/// Words of forms and messages about passwords rather than passwords.
pub(super) fn is_field_word(value: &str) -> bool {
    let lower = value.to_ascii_lowercase();
    let letters: String = lower.chars().filter(char::is_ascii_alphanumeric).collect();
    let exact =
        ["password", "passwd", "pass", "passwort", "pwd", "pw", "secret", "token", "key", "apikey", "accesstoken"];
    if exact.contains(&letters.as_str()) {
        return true;
    }
    let about = [
        "passw",
        "pwd",
        "secret",
        "token",
        "credential",
        "username",
        "login",
        "field",
        "input",
        "label",
        "invalid",
        "error",
        "missing",
        "auth",
        "apikey",
        "api_key",
        "api-key",
        "access",
        "email",
        "header",
        "string",
        "hash",
        "user",
        "confirm",
        "forgot",
        "reset",
        "config",
        "param",
        "session",
        "cookie",
        "prompt",
        "private",
        "public",
        "enabled",
        "disabled",
        "property",
        "identifier",
        "content",
        "keychain",
        "keyring",
        "vault",
        "bearer",
    ];
    about.iter().any(|w| lower.contains(w))
}

/// The longest run of letters and digits.
pub(super) fn longest_run(value: &str) -> usize {
    value.split(|c: char| !c.is_ascii_alphanumeric()).map(str::len).max().unwrap_or(0)
}

/// Has a letter, and a digit or a sign that no identifier has: `hunter2`, `P@ss!`.
pub(super) fn is_mixed(value: &str) -> bool {
    let letter = value.chars().any(char::is_alphabetic);
    let digit = value.bytes().any(|b| b.is_ascii_digit());
    let sign = value.bytes().any(|b| b.is_ascii_punctuation() && !matches!(b, b'_' | b'-' | b'.' | b'/' | b':' | b','));
    letter && (digit || sign)
}

/// Made of words, in one of the ways in which names are written: no part has letters and digits in turns.
pub(super) fn is_wordy(value: &str) -> bool {
    value.split(|c: char| !c.is_ascii_alphanumeric()).all(|part| {
        let word = part.trim_end_matches(|c: char| c.is_ascii_digit());
        let digits = part.len() - word.len();
        word.bytes().all(|b| b.is_ascii_alphabetic()) && digits <= 4 && !is_jumbled(word)
    })
}

/// Letters that no way of writing words explains: capitals in the middle, again and again, or few vowels.
fn is_jumbled(word: &str) -> bool {
    let bytes = word.as_bytes();
    if bytes.len() < 10 {
        return false;
    }
    let humps = bytes.windows(2).filter(|w| w[0].is_ascii_lowercase() && w[1].is_ascii_uppercase()).count();
    let vowels =
        bytes.iter().filter(|b| matches!(b.to_ascii_lowercase(), b'a' | b'e' | b'i' | b'o' | b'u' | b'y')).count();
    humps * 4 > bytes.len() || vowels * 6 < bytes.len()
}

/// Random: letters and digits in turns, or a long run that is no word.
pub(super) fn is_strong(value: &str) -> bool {
    if value.len() < 8 || value.contains(char::is_whitespace) {
        return false;
    }
    let runs = value.split(|c: char| !c.is_ascii_alphanumeric()).filter(|r| r.len() >= 6);
    let random = |run: &str| {
        let bytes = run.as_bytes();
        let turns = bytes.windows(2).filter(|w| w[0].is_ascii_digit() != w[1].is_ascii_digit()).count();
        turns >= 3
            || (turns >= 1 && bytes.len() >= 16 && entropy(bytes) > 3.0)
            || (bytes.len() >= 16 && is_jumbled(run))
    };
    let base64 = value.len() >= 32 && entropy(value.as_bytes()) > 4.0 && has_all_sorts(value) && !value.contains('.');
    base64
        || (value.len() >= 10 || is_hex(value)) && runs.clone().any(random) && entropy(value.as_bytes()) > 2.2
        || (value.len() >= 12 && signs(value) >= 2 && is_mixed(value) && !value.contains(['(', '=', ',', ' ']))
}

/// Capitals, small letters and digits.
fn has_all_sorts(value: &str) -> bool {
    let has = |what: fn(&u8) -> bool| value.as_bytes().iter().any(what);
    has(u8::is_ascii_uppercase) && has(u8::is_ascii_lowercase) && has(u8::is_ascii_digit)
}

fn signs(value: &str) -> usize {
    value
        .bytes()
        .filter(|b| matches!(b, b'!' | b'#' | b'$' | b'%' | b'^' | b'&' | b'*' | b'+' | b'?' | b'~' | b'@'))
        .count()
}

fn is_hex(value: &str) -> bool {
    value.bytes().all(|b| b.is_ascii_hexdigit())
}

/// Bits a character, by Shannon.
fn entropy(bytes: &[u8]) -> f64 {
    let mut counts = [0_u32; 256];
    bytes.iter().for_each(|b| counts[usize::from(*b)] += 1);
    let all = bytes.len() as f64;
    counts.iter().filter(|c| **c > 0).map(|c| f64::from(*c) / all).map(|p| -p * p.log2()).sum()
}
