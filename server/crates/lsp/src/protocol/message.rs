//! Messages as they come in, before the framework reads them: it gives up for good at the first that it cannot read.
//! Pure.

use super::uri::{Spellings, normalize};
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Value, json};
use std::borrow::Cow;
use std::fmt;
use tower_lsp::jsonrpc::{Id, Request, Response};

/// Largest message in bytes. A larger one is passed over without being kept.
pub(crate) const MAX_MESSAGE: u64 = 32 << 20;

/// What is not JSON, or is nested too deeply.
const PARSE_ERROR: i32 = -32700;
/// What is JSON and no message.
const INVALID_REQUEST: i32 = -32600;

/// What becomes of a message.
#[derive(Debug, PartialEq)]
pub(crate) enum Checked<'b> {
    /// The framework can read it.
    PassOn(Cow<'b, [u8]>),
    /// It is answered with this error.
    Refuse(Value),
}

/// As the framework reads it.
#[derive(Deserialize)]
#[serde(untagged)]
#[expect(dead_code, reason = "only whether it can be read counts")]
enum Message {
    Response(Response),
    Request(Request),
}

/// What a message is an answer or a question by, whatever the rest of it is.
#[derive(Deserialize, Default)]
struct Envelope {
    #[serde(default)]
    id: Value,
}

/// Checks a body, and writes the addresses in it as the standard has them; how the client wrote them is kept in
/// `spellings`.
pub(crate) fn check<'b>(body: &'b [u8], spellings: &Spellings) -> Checked<'b> {
    let mended = mend_surrogates(body);
    if is_right(&mended) {
        return Checked::PassOn(mended);
    }
    // A batch is no message of this protocol.
    if let Err(e) = serde_json::from_slice::<Message>(&mended) {
        return Checked::Refuse(refusal(&mended, &e));
    }
    let Ok(mut value) = serde_json::from_slice::<Value>(&mended) else { return Checked::PassOn(mended) };
    if normalize_addresses(&mut value, spellings) {
        return Checked::PassOn(Cow::Owned(value.to_string().into_bytes()));
    }
    Checked::PassOn(mended)
}

/// Whether it is a request or a notification that the framework can read, with each address as the standard has it: what
/// nearly every message is. Nothing is built for that, however long the message.
fn is_right(body: &[u8]) -> bool {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Call<'b> {
        #[serde(borrow)]
        jsonrpc: Cow<'b, str>,
        #[serde(borrow)]
        method: Cow<'b, str>,
        #[serde(default, rename = "id")]
        _id: Option<Id>,
        #[serde(default, rename = "params")]
        _params: Option<Walk>,
    }
    serde_json::from_slice::<Call<'_>>(body).is_ok_and(|call| call.jsonrpc == "2.0" && !call.method.is_empty())
}

/// Walks through any JSON, and fails at the first address that has to be written anew.
#[derive(Default)]
struct Walk {
    /// Whether a text is an address here.
    is_address: bool,
}

impl<'de> Deserialize<'de> for Walk {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Self::default().deserialize(from)
    }
}

impl<'de> DeserializeSeed<'de> for Walk {
    type Value = Self;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Self, D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Walk {
    type Value = Self;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self, E> {
        if self.is_address && normalize(text).is_some() {
            return Err(E::custom("an address to be written anew"));
        }
        Ok(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self, A::Error> {
        while items.next_element::<Self>()?.is_some() {}
        Ok(self)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Self, A::Error> {
        while let Some(Key { is_address }) = fields.next_key()? {
            fields.next_value_seed(Self { is_address })?;
        }
        Ok(self)
    }
}

/// The name of a field, of which only this is wanted.
struct Key {
    is_address: bool,
}

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Name;
        impl Visitor<'_> for Name {
            type Value = Key;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("a name")
            }

            fn visit_str<E>(self, name: &str) -> Result<Key, E> {
                Ok(Key { is_address: is_address(name) })
            }
        }
        from.deserialize_str(Name)
    }
}

/// The answer to a message of which only the beginning is known, because it is too large.
pub(crate) fn too_large(beginning: &[u8], length: u64) -> Value {
    let id = id_in(beginning);
    let why = format!("the message has {length} bytes, more than the {MAX_MESSAGE} that are read");
    error(id, INVALID_REQUEST, &why)
}

/// The answer to bytes that are no message's header.
pub(crate) fn no_header() -> Value {
    error(Value::Null, PARSE_ERROR, "a message begins with `Content-Length: ` and a number")
}

fn refusal(body: &[u8], why: &serde_json::Error) -> Value {
    let id = serde_json::from_slice::<Envelope>(body).unwrap_or_default().id;
    let is_json = serde_json::from_slice::<serde::de::IgnoredAny>(body).is_ok();
    match serde_json::from_slice::<Value>(body) {
        Ok(_) => error(id, INVALID_REQUEST, "this is no message of JSON-RPC 2.0"),
        Err(e) if is_json => error(id, PARSE_ERROR, &format!("the message cannot be read: {e}")),
        Err(_) => error(Value::Null, PARSE_ERROR, &format!("the message is no JSON: {why}")),
    }
}

fn error(id: Value, code: i32, message: &str) -> Value {
    let id = if id.is_number() || id.is_string() { id } else { Value::Null };
    json!({ "jsonrpc": "2.0", "id": id, "error": { "code": code, "message": message } })
}

/// The id of a message that is cut off, where it stands before the parameters, as most clients write it.
fn id_in(beginning: &[u8]) -> Value {
    let text = String::from_utf8_lossy(beginning);
    let head = text.split("\"params\"").next().unwrap_or_default();
    let Some((_, after)) = head.split_once("\"id\"") else { return Value::Null };
    let value = after.trim_start().trim_start_matches(':');
    serde_json::Deserializer::from_str(value).into_iter::<Value>().next().and_then(Result::ok).unwrap_or_default()
}

/// Replaces escapes of half a surrogate pair, as `JSON.stringify` writes them, by that of U+FFFD, which has the same
/// length in UTF-16.
fn mend_surrogates(body: &[u8]) -> Cow<'_, [u8]> {
    if memchr::memmem::find(body, b"\\u").is_none() {
        return Cow::Borrowed(body);
    }
    let unit = |at: usize| -> Option<u16> {
        let escape = body.get(at..at + 6)?;
        let digits = std::str::from_utf8(escape.strip_prefix(b"\\u")?).ok()?;
        u16::from_str_radix(digits, 16).ok().filter(|_| digits.bytes().all(|b| b.is_ascii_hexdigit()))
    };
    let mut out = Cow::Borrowed(body);
    let mut at = 0;
    while let Some(found) = memchr::memchr(b'\\', &body[at..]) {
        at += found;
        at += match (unit(at), unit(at + 6)) {
            (Some(0xd800..0xdc00), Some(0xdc00..0xe000)) => 12,
            (Some(0xd800..0xe000), _) => {
                out.to_mut()[at + 2..at + 6].copy_from_slice(b"fffd");
                6
            }
            (Some(_), _) => 6,
            (None, _) => 2,
        };
        if at >= body.len() {
            break;
        }
    }
    out
}

/// Whether any address had to be written anew.
fn normalize_addresses(value: &mut Value, spellings: &Spellings) -> bool {
    let mut any = false;
    match value {
        Value::Array(items) => {
            for item in items {
                any |= normalize_addresses(item, spellings);
            }
        }
        Value::Object(fields) => {
            for (key, field) in fields {
                any |= match field {
                    Value::String(text) => is_address(key) && normalize_address(text, spellings),
                    other => normalize_addresses(other, spellings),
                };
            }
        }
        _ => {}
    }
    any
}

fn normalize_address(text: &mut String, spellings: &Spellings) -> bool {
    let Some(normal) = normalize(text) else { return false };
    spellings.remember(&normal, text);
    *text = normal;
    true
}

fn is_address(key: &str) -> bool {
    key == "uri" || key == "href" || key.ends_with("Uri")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn checked(body: &str) -> Result<Value, (Value, i64)> {
        match check(body.as_bytes(), &Spellings::default()) {
            Checked::PassOn(body) => Ok(serde_json::from_slice(&body).unwrap()),
            Checked::Refuse(answer) => Err((answer["id"].clone(), answer["error"]["code"].as_i64().unwrap())),
        }
    }

    #[test]
    fn what_is_no_message_is_answered_by_its_id() {
        let deep =
            format!(r#"{{"jsonrpc":"2.0","id":7,"method":"x","params":{}{}}}"#, "[".repeat(200), "]".repeat(200));
        for (body, id, code) in [
            ("{}", json!(null), -32600),
            ("[]", json!(null), -32600),
            (r#"[{"jsonrpc":"2.0","id":1,"method":"shutdown"}]"#, json!(null), -32600),
            ("null", json!(null), -32600),
            ("", json!(null), -32700),
            ("nonsense", json!(null), -32700),
            (r#"{"jsonrpc":"2.0","id":1,"method":"#, json!(null), -32700),
            (r#"{"jsonrpc":"2.0","id":1.5,"method":"shutdown"}"#, json!(1.5), -32600),
            (r#"{"jsonrpc":"2.0","id":[],"method":"shutdown"}"#, json!(null), -32600),
            (r#"{"jsonrpc":"1.0","id":"a","method":"shutdown"}"#, json!("a"), -32600),
            (r#"{"id":3,"method":"shutdown"}"#, json!(3), -32600),
            (r#"{"jsonrpc":"2.0","id":4,"method":5}"#, json!(4), -32600),
            (r#"{"jsonrpc":"2.0","id":5,"method":"a","method":"b"}"#, json!(5), -32600),
            (r#"{"jsonrpc":"2.0","id":6,"id":6,"method":"a"}"#, json!(null), -32600),
            (deep.as_str(), json!(7), -32700),
        ] {
            assert_eq!(checked(body), Err((id, code)), "{body}");
        }
        let invalid = check(b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"\xff\"}", &Spellings::default());
        assert!(matches!(invalid, Checked::Refuse(_)), "{invalid:?}");
    }

    #[test]
    fn half_a_surrogate_pair_becomes_a_character_of_its_length() {
        for (escaped, text) in [
            (r"a\ud83db", "a\u{fffd}b"),
            (r"\udc00\ud83d", "\u{fffd}\u{fffd}"),
            (r"\ud83d\ude00", "😀"),
            (r"\ud83d\ud83d\ude00", "\u{fffd}😀"),
            (r"\\ud83d", "\\ud83d"),
            (r"\\\ud83d", "\\\u{fffd}"),
            (r"\u00e9\n", "é\n"),
            (r"\uD83D", "\u{fffd}"),
        ] {
            let message = checked(&format!(r#"{{"jsonrpc":"2.0","method":"x","params":{{"text":"{escaped}"}}}}"#));
            assert_eq!(message.map(|m| m["params"]["text"].clone()), Ok(json!(text)), "{escaped}");
        }
    }

    #[test]
    fn addresses_are_written_as_the_standard_has_them_and_nothing_else_is() {
        let spellings = Spellings::default();
        let body = r#"{"jsonrpc":"2.0","method":"x","params":{"text":"file:///[a]","textDocument":{"uri":"file:///p/[id]/ü.ts"}}}"#;
        let Checked::PassOn(body) = check(body.as_bytes(), &spellings) else { panic!() };
        let message: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(message["params"]["textDocument"]["uri"], "file:///p/%5Bid%5D/%C3%BC.ts");
        assert_eq!(message["params"]["text"], "file:///[a]");
        let out =
            json!({ "uri": "file:///p/%5Bid%5D/%C3%BC.ts", "target": "file:///p/%5Bid%5D/%C3%BC.ts#L3" }).to_string();
        let spelt: Value = serde_json::from_slice(&spellings.restore(out.as_bytes())).unwrap();
        assert_eq!(spelt, json!({ "uri": "file:///p/[id]/ü.ts", "target": "file:///p/[id]/ü.ts#L3" }));
    }

    #[test]
    fn the_id_of_a_message_that_is_too_large_is_found_where_it_stands_first() {
        for (beginning, id) in [
            (r#"{"jsonrpc":"2.0","id":12,"method":"a","params":{"#, json!(12)),
            (r#"{"jsonrpc":"2.0", "id" : "b" ,"method":"a"#, json!("b")),
            (r#"{"jsonrpc":"2.0","method":"a","params":{"id":3"#, json!(null)),
            (r#"{"jsonrpc":"2.0","id":"#, json!(null)),
        ] {
            assert_eq!(too_large(beginning.as_bytes(), 1 << 40)["id"], id, "{beginning}");
        }
    }

    fn any_json() -> impl Strategy<Value = String> {
        let leaf = prop_oneof![
            Just("null".to_owned()),
            any::<i64>().prop_map(|n| n.to_string()),
            any::<f32>().prop_map(|n| n.to_string()),
            r#""[a-z\\u0-9d]{0,12}""#.prop_map(String::from),
            Just(r#""2.0""#.to_owned()),
            Just(r#""\ud83d""#.to_owned()),
        ];
        leaf.prop_recursive(4, 32, 6, |inner| {
            let key = prop_oneof![
                Just("id"),
                Just("method"),
                Just("jsonrpc"),
                Just("params"),
                Just("result"),
                Just("error"),
                Just("uri")
            ];
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(|items| format!("[{}]", items.join(","))),
                prop::collection::vec((key, inner), 0..6).prop_map(|fields| {
                    let fields: Vec<String> =
                        fields.into_iter().map(|(key, value)| format!("\"{key}\":{value}")).collect();
                    format!("{{{}}}", fields.join(","))
                }),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_passed_on_can_be_read_and_what_is_refused_is_answered(
            body in prop_oneof![any_json().prop_map(String::into_bytes), prop::collection::vec(any::<u8>(), 0..60)],
        ) {
            if is_right(&body) {
                let mut value = serde_json::from_slice::<Value>(&body).unwrap();
                prop_assert!(!normalize_addresses(&mut value, &Spellings::default()));
            }
            match check(&body, &Spellings::default()) {
                Checked::PassOn(body) => prop_assert!(serde_json::from_slice::<Message>(&body).is_ok()),
                Checked::Refuse(answer) => {
                    let id = &answer["id"];
                    prop_assert!(id.is_null() || id.is_number() || id.is_string(), "{}", answer);
                    prop_assert!(answer["error"]["code"].as_i64().is_some_and(|code| code < 0), "{}", answer);
                }
            }
        }
    }
}
