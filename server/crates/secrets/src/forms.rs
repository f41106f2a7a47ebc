//! Secrets that their place tells of: addresses, headers, options of known commands, hashes of passwords.

use super::{Kind, Secret, values};
use aho_corasick::{AhoCorasick, AhoCorasickKind};
use regex::Regex;
use std::sync::{LazyLock, OnceLock};

/// What a value of a form has to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Is {
    /// The form leaves no doubt.
    Any,
    /// Not a placeholder and not read from elsewhere.
    Given,
    /// Letters with digits or signs besides.
    Mixed,
    /// Random besides.
    Strong,
}

struct Form {
    /// A text without it has no secret of this form; in lower case.
    hint: &'static str,
    /// Its group `v` is the secret.
    form: &'static str,
    is: Is,
    kind: Kind,
}

const fn form(hint: &'static str, form: &'static str, is: Is, kind: Kind) -> Form {
    Form { hint, form, is, kind }
}

use Is::{Any, Given, Mixed, Strong};
use Kind::{Access, Hash, Issued, PrivateKey};

#[rustfmt::skip]
static FORMS: &[Form] = &[
    // Addresses. A password may hold most characters, and the last `@` ends it.
    form("://", r#"[A-Za-z][A-Za-z0-9+.\-]*://[^\s:/@"'`<>{}\\$]*:(?<v>[^\s"'`<>/@]+(?:@[^\s"'`<>/@]*)*?)@[\w\[{.$%(-]"#, Given, Access),
    form("://", r#"(?:postgres(?:ql)?|mysql|mariadb|mongodb(?:\+srv)?|rediss?|amqps?|ftp|smtps?|ldaps?)(?:\+\w+)?://[^\s:/@"'`<>{}\\$]*:(?<v>[^\s"'`<>]+)@[\w\[{.$%(-]"#, Given, Access),
    form("://", r#"://(?<v>[A-Za-z0-9_\-]{20,})@"#, Strong, Access),
    form("jdbc:oracle", r#"jdbc:oracle:\w+:[^\s/@"':]+/(?<v>[^\s@"']+)@"#, Given, Access),
    form("hooks.slack.com", r"hooks\.slack\.com/(?:services|workflows|triggers)/(?<v>[A-Za-z0-9+/_]{20,})", Any, Issued("Slack")),
    form("/api/webhooks/", r"discord(?:app)?\.com/api/webhooks/\d+/(?<v>[\w-]{30,})", Any, Issued("Discord")),
    form("/webhook", r"webhook\.office\.com/webhookb2/(?<v>[^\s\x22'<>]{30,})", Any, Issued("Microsoft Teams")),
    form("discord", r"\b(?<v>[MNO][A-Za-z\d_-]{23,27}\.[A-Za-z\d_-]{6}\.[A-Za-z\d_-]{27,})", Strong, Issued("Discord")),
    form(":aa", r"\b(?<v>\d{8,10}:AA[\w-]{33})\b", Any, Issued("Telegram")),
    form("-us", r"\b(?<v>[0-9a-f]{32}-us\d{1,2})\b", Any, Issued("Mailchimp")),
    form("sk", r"\b(?<v>SK[0-9a-f]{32})\b", Strong, Issued("Twilio")),
    form("pat", r"\b(?<v>pat[A-Za-z0-9]{14}\.[0-9a-f]{64})\b", Any, Issued("Airtable")),
    form("8q~", r"(?<v>[\w~.-]{3}8Q~[\w~.-]{31,34})", Any, Issued("Azure")),
    form("atlasv1", r"\b(?<v>[A-Za-z0-9]{14}\.atlasv1\.[\w-]{60,})", Any, Issued("Terraform Cloud")),
    form("eyj", r"\b(?<v>eyJ[A-Za-z0-9_\-]{10,}\.eyJ[A-Za-z0-9_\-]{10,}\.[A-Za-z0-9_\-]{10,})", Any, Access),
    form("eyj", r"\b(?<v>eyJ[A-Za-z0-9_\-]{10,}\.[A-Za-z0-9_\-]*\.[A-Za-z0-9_\-]{10,}\.[A-Za-z0-9_\-]{10,}\.[A-Za-z0-9_\-]{10,})", Any, Access),
    form("sig", r"(?i)[?&;](?:sig|x-amz-signature|x-goog-signature)=(?<v>[A-Za-z0-9%+/=_\-]{20,})", Any, Access),
    form("x-amz-security-token", r"(?i)x-amz-security-token=(?<v>[A-Za-z0-9%+/=_\-]{20,})", Any, Access),
    form("?", r"[?&](?:key|code|auth|sid|session|k)=(?<v>[A-Za-z0-9%+/=_\-.~]{16,})", Strong, Access),
    form("otpauth", r"(?i)otpauth://[^\s]*[?&]secret=(?<v>[A-Z2-7=]{8,})", Any, Access),

    form("@tcp(", r#"[\w.-]:(?<v>[^\s"'`@/]+)@tcp\("#, Given, Access),
    form("@unix(", r#"[\w.-]:(?<v>[^\s"'`@/]+)@unix\("#, Given, Access),

    // Calls that take a name and a password, or a key, by their places.
    form("auth", r#"(?i)(?:\bauth\s*=\s*\(|basic_?auth\w*\(|digestauth\()\s*(?:\w+\s*=\s*)?["'][^"'\n]*["']\s*,\s*(?:Some\(\s*)?["'](?<v>[^"'\n]+)["']"#, Mixed, Access),
    form("credential", r#"(?i)(?:network|username\w*)credentials?\(\s*["'][^"'\n]*["']\s*,\s*["'](?<v>[^"'\n]+)["']"#, Mixed, Access),
    form("usernamepassword", r#"UsernamePassword\w*\(\s*["'][^"'\n]*["']\s*,\s*["'](?<v>[^"'\n]+)["']"#, Mixed, Access),
    form("passwordauthentication", r#"PasswordAuthentication\(\s*["'][^"'\n]*["']\s*,\s*["'](?<v>[^"'\n]+)["']"#, Mixed, Access),
    form("login", r#"(?i)\b(?:log_?in|sign_?in|authenticate)(?:_as)?\(\s*["'][^"'\n]*["']\s*,\s*["'](?<v>[^"'\s]+)["']"#, Mixed, Access),
    form("signin", r#"(?i)\bsignin\w*\(\s*["'][^"'\n]*["']\s*,\s*["'](?<v>[^"'\s]+)["']"#, Mixed, Access),
    form("authenticate", r#"(?i)\bauthenticate\(\s*["'][^"'\n]*["']\s*,\s*["'](?<v>[^"'\s]+)["']"#, Mixed, Access),
    form("pdo", r#"\bPDO\(\s*[^,\n]+,\s*["'][^"'\n]*["']\s*,\s*["'](?<v>[^"'\n]+)["']"#, Given, Access),
    form("connect", r#"(?i)\b(?:mysqli?\w*|pg|dbi->|oci_?|odbc_?|mssql_?|sqlsrv_?|ldap_?)p?connect(?:ion)?\(\s*[^,\n]+,\s*["'][^"'\n]*["']\s*,\s*["'](?<v>[^"'\n]+)["']"#, Given, Access),
    form("getconnection", r#"getConnection\(\s*[^,\n]+,\s*["'][^"'\n]*["']\s*,\s*["'](?<v>[^"'\n]+)["']"#, Given, Access),
    form("ldap", r#"(?i)\b(?:simple_?)?bind(?:_s)?\(\s*["']\w+=[^"'\n]*["']\s*,\s*["'](?<v>[^"'\n]+)["']"#, Given, Access),
    // A type that is made of the secret.
    form("secret", r#"\b(?:[A-Z]\w*)?Secret(?:String|Box|Str|Vec|Bytes|Value|Text)?(?:::<[^>\n]*>)?(?:::|\.)?(?:new|from|of|from_str)?\(\s*["'](?<v>[^"'\n]+)["']"#, Mixed, Access),
    form("securestring", r#"SecureString(?:::|\.)?\w*\(\s*["'](?<v>[^"'\n]+)["']"#, Mixed, Access),
    form("hmac", r#"(?i)hmac(?:_?sha\d+)?\w*\(\s*["']\w+["']\s*,\s*["'](?<v>[^"'\n]{8,})["']"#, Mixed, Access),
    form("hmac", r#"\bhmac\.new\(\s*b?["'](?<v>[^"'\n]{8,})["']"#, Mixed, Access),
    form("jwt", r#"(?i)\bjwt\w*\.(?:sign|verify|encode|decode)\([^,\n]+,\s*b?["'](?<v>[^"'\n]{8,})["']"#, Mixed, Access),
    form("convertto-securestring", r#"(?i)ConvertTo-SecureString\s+(?:-String\s+)?["'](?<v>[^"'\n]+)["']"#, Given, Access),
    form("buildconfigfield", r#"(?i)buildConfigField[ (]+["']\w+["'],\s*["']\w*(?:key|token|secret|password)\w*["'],\s*["'](?:\\?")?(?<v>[^"'\\\n]+)"#, Mixed, Access),
    form("resvalue", r#"(?i)resValue[ (]+["']\w+["'],\s*["']\w*(?:key|token|secret|password)\w*["'],\s*["'](?<v>[^"'\\\n]+)"#, Mixed, Access),
    form("variable", r#"(?i)variable\s+"[^"\n]*(?:password|passwd|secret|token|api_?key)"\s*\{[^}]*?\bdefault\s*=\s*"(?<v>[^"\n]{4,})""#, Given, Access),

    // A field for a password that is filled in.
    form("password", r#"(?i)password[^\n]{0,24}?["'\])]+\s*(?:,\s*(?:with:\s*)?|with\s+|\)?\s*\.(?:type|fill|send_?keys|set_?value|clear_and_type|press_sequentially)\(\s*)["'](?<v>[^"'\s]+)["']"#, Mixed, Access),
    form("expect", r#"(?i)expect[^\n]*assword[^\n]*\n\s*send\s+(?:--\s+)?"(?<v>[^"\\\n]+)"#, Given, Access),

    // Prose.
    form("password", r"(?i)\bpass(?:word|wort|phrase|code)\b[\s:=|*]{0,5}(?:(?:is|to|of|ist)\b)?[\s:=|*]{0,5}`(?<v>[^`\s]+)`", Mixed, Access),
    form(" is ", r#"(?i)\b(?:api[ _-]?key|access[ _-]?key|token|secret|password)\s+is:?\s+["'`]?(?<v>[^\s"'`]{12,})"#, Strong, Access),

    // Headers.
    form("authorization", r#"(?i)authorization["']?\]?\s*[:=,]\s*["'`]?(?:basic|bearer|token|apikey|api-key|digest|ssws|negotiate)\s+(?<v>[A-Za-z0-9+/=_\-.~:]{8,})"#, Given, Access),
    form("bearer", r"(?i)\bbearer\s+(?<v>[A-Za-z0-9._~+/\-]{16,}=*)", Strong, Access),
    form("basic", r"\b[Bb]asic\s+(?<v>[A-Za-z0-9+/]{12,}={0,2})", Strong, Access),
    form("ssws", r"\bSSWS\s+(?<v>[\w-]{20,})", Any, Access),
    form("cookie", r"(?i)cookie:\s*[^\n]*?(?:sess|sid|auth|token)\w*=(?<v>[^;\s\x22']{16,})", Strong, Access),

    // Commands.
    form("curl", r#"\bcurl\b[^\n]*?\s(?:-u|--user|-U|--proxy-user)[\s=]*["']?[^\s:"']*:(?<v>[^\s"']+)"#, Given, Access),
    form("http", r#"\b(?:https?|xh)\s[^\n]*?(?:-a|--auth)[\s=]+["']?[^\s:"']*:(?<v>[^\s"']+)"#, Given, Access),
    form("wget", r#"\bwget\b[^\n]*?--(?:http-|ftp-|proxy-)?password[\s=]+["']?(?<v>[^\s"']+)"#, Given, Access),
    form("sshpass", r#"\bsshpass\s+(?:-\w\s+)*?-p\s*["']?(?<v>[^\s"']+)"#, Given, Access),
    form("mysql", r#"\bmysql(?:dump|admin|import|show|check)?\s[^\n]*?\s-p["']?(?<v>[^\s"'-][^\s"']*)"#, Given, Access),
    form("mysql", r#"\bmysql(?:dump|admin|import|show|check)?\s+-p["']?(?<v>[^\s"'-][^\s"']*)"#, Given, Access),
    form("mariadb", r#"\bmariadb(?:-dump|-admin)?\s[^\n]*?-p["']?(?<v>[^\s"'-][^\s"']*)"#, Given, Access),
    form("docker login", r#"\bdocker login\b[^\n]*?\s-p[\s=]+["']?(?<v>[^\s"']+)"#, Given, Access),
    form("podman login", r#"\bpodman login\b[^\n]*?\s-p[\s=]+["']?(?<v>[^\s"']+)"#, Given, Access),
    form("az login", r#"\baz login\b[^\n]*?\s-p[\s=]+["']?(?<v>[^\s"']+)"#, Given, Access),
    form("oc login", r#"\boc login\b[^\n]*?\s-p[\s=]+["']?(?<v>[^\s"']+)"#, Given, Access),
    form("redis-cli", r#"\bredis-cli\b[^\n]*?\s(?:-a|--pass)[\s=]+["']?(?<v>[^\s"']+)"#, Given, Access),
    form("mongo", r#"\bmongo(?:sh|dump|restore|import|export)?\b[^\n]*?\s-p[\s=]+["']?(?<v>[^\s"']+)"#, Given, Access),
    form("ldap", r#"\bldap\w+\b[^\n]*?\s-w\s*["']?(?<v>[^\s"']+)"#, Given, Access),
    form("smb", r#"\b(?:smbclient|rpcclient|mount\.cifs)\b[^\n]*?\s-U\s*["']?[^\s%"']+%(?<v>[^\s"']+)"#, Given, Access),
    form("sqlcmd", r#"\b(?:sqlcmd|bcp)\b[^\n]*?\s-P\s*["']?(?<v>[^\s"']+)"#, Given, Access),
    form("sqlplus", r#"\bsqlplus\b[^\n]*?\s["']?\w+/(?<v>[^\s@"'/]+)"#, Given, Access),
    form("openssl", r#"\bopenssl\b[^\n]*?\s-pass(?:in|out)?\s+["']?pass:(?<v>[^\s"']+)"#, Given, Access),
    form("openssl enc", r#"\bopenssl enc\b[^\n]*?\s-k\s+["']?(?<v>[^\s"']+)"#, Given, Access),
    form("htpasswd", r#"\bhtpasswd\s+-\w*b\w*\s+(?:-\w+\s+)*\S+\s+\S+\s+["']?(?<v>[^\s"']+)"#, Given, Access),
    form("chpasswd", r#"echo\s+(?:-\w+\s+)?["']?[\w-]+:(?<v>[^\s"':|]+)["']?\s*\|\s*(?:sudo\s+)?chpasswd"#, Given, Access),
    form("sudo -s", r#"echo\s+(?:-\w+\s+)?["']?(?<v>[^\s"'|]+)["']?\s*\|\s*sudo\s+-S"#, Given, Access),
    form("-stdin", r#"(?:echo|printf|<<<)\s+(?:-\w+\s+)?["']?(?<v>[^\s"'|%]+)["']?\s*\|[^\n]*--(?:pass\w*|token|secret|key)-stdin"#, Given, Access),
    form("--with-token", r#"(?:echo|printf)\s+(?:-\w+\s+)?["']?(?<v>[^\s"'|%]+)["']?\s*\|[^\n]*--with-token"#, Given, Access),
    form("net user", r#"(?i)\bnet user\s+\w+\s+["']?(?<v>[^\s"'/]+)"#, Given, Access),
    form("plink", r#"\b(?:plink|pscp|psftp)\b[^\n]*?\s-pw\s+["']?(?<v>[^\s"']+)"#, Given, Access),
    form("zip", r#"\b(?:un)?zip\b[^\n]*?\s-P\s+["']?(?<v>[^\s"']+)"#, Given, Access),
    form("7z", r#"\b7z\w*\s+[a-z]\b[^\n]*?\s-p["']?(?<v>[^\s"']+)"#, Given, Access),
    form("keytool", r#"\b(?:keytool|jarsigner)\b[^\n]*?\s-(?:store|key|dest\w*|src\w*)pass\s+["']?(?<v>[^\s"']+)"#, Given, Access),
    form("-p", r#"["']mysql\w*["'][^\n\]]*["']-p(?<v>[^\s"'-][^"'\n]*)["']"#, Given, Access),
    form("unlock-keychain", r#"\bunlock-keychain\b[^\n]*?\s-p\s*["']?(?<v>[^\s"']+)"#, Given, Access),
    form("-keychain", r#"\b(?:create|set)-keychain\S*[^\n]*?\s-p\s*["']?(?<v>[^\s"']+)"#, Given, Access),
    form("user", r#"\b(?:useradd|usermod)\b[^\n]*?\s-p\s*["']?(?<v>[^\s"']+)"#, Given, Access),
    form("schtasks", r#"(?i)\bschtasks\s[^\n]*?/rp\s+["']?(?<v>[^\s"']+)"#, Given, Access),
    form("net use", r#"(?i)\bnet use\s[^\n/]*?\\\\\S+\s+["']?(?<v>[^\s"'/*]+)["']?\s+/user"#, Given, Access),
    form("net use", r#"(?i)\bnet use\s[^\n]*?/user:\S+\s+["']?(?<v>[^\s"'/*]+)"#, Given, Access),
    form("set $", r#"\bset\s+\$\w*(?:key|token|secret|passw\w+|credential)\s+["']?(?<v>[^\s"';$]+)"#, Mixed, Access),
    form("configure set", r#"\bconfigure set\s+\S*(?:secret|token|password)\S*\s+["']?(?<v>[^\s"']+)"#, Given, Access),
    form("config set", r#"(?i)\bconfig set\s+\S*(?:secret|token|password)[^\s=]*[\s=]+["']?(?<v>[^\s"'=]+)"#, Given, Access),
    form("secret set", r#"\bsecret set\s+\w+\s[^\n]*?(?:--body|-b)[\s=]+["']?(?<v>[^\s"']+)"#, Mixed, Access),
    form("vault ", r#"\bvault (?:kv put|kv patch|write)\s[^\n]*?\s\w*(?:pass\w*|secret|token|key)=["']?(?<v>[^\s"'@]+)"#, Given, Access),
    form("rootpw", r#"(?m)^\s*rootpw\s+(?:--(?:plaintext|iscrypted|allow-ssh)\s+)*["']?(?<v>[^\s"'-][^\s"']*)"#, Given, Access),
    form("--plaintext", r#"--plaintext\s+["']?(?<v>[^\s"'-][^\s"']*)"#, Given, Access),
    form("-u", r#"\b(?:svn|hg|mosquitto_\w+|wget|ab)\b[^\n]*?\s(?:--password|-P|-A)[\s=]+["']?(?:\w+:)?(?<v>[^\s"']+)"#, Strong, Access),
    form("identified", r#"(?i)\bidentified\s+(?:with\s+\w+\s+)?by\s+(?:password\s+)?["'](?<v>[^"'\n]+)["']"#, Given, Access),

    // Files of credentials.
    form(":", r"(?m)^[\w.*-]+:(?:\d{4,5}|\*):[\w.*-]+:[\w.*-]+:(?<v>[^\s:]+)$", Given, Access),
    form("machine", r"(?s)\bmachine\s+\S+\s+login\s+\S+\s+password\s+(?<v>[^\s\x22'\\]+)", Given, Access),
    form("login", r"\bdefault\s+login\s+\S+\s+password\s+(?<v>[^\s\x22'\\]+)", Given, Access),
    form("requirepass", r#"(?m)^\s*requirepass\s+["']?(?<v>[^\s"']+)"#, Given, Access),
    form("masterauth", r#"(?m)^\s*masterauth\s+["']?(?<v>[^\s"']+)"#, Given, Access),
    form(".docker", r#"\.docker(?:configjson|cfg)["']?\s*[:=]\s*["']?(?<v>[A-Za-z0-9+/=]{20,})"#, Any, Access),
    form("community", r"(?m)^\s*snmp-server community (?<v>\S+)", Given, Access),
    form("community", r"(?m)^\s*r[ow]community6?\s+(?<v>\S+)", Given, Access),
    form("password ", r"(?m)^\s*(?:username \S+ |enable |\s*)(?:privilege \d+ )?(?:password|secret) [05789] (?<v>\S+)", Given, Access),
    form("secret ", r"(?m)^\s*(?:username \S+ |enable |\s*)(?:privilege \d+ )?(?:password|secret) [05789] (?<v>\S+)", Given, Access),
    form("key ", r"(?m)^\s*(?:[\w-]+ )+key [057] (?<v>[0-9A-F]{8,}|\$\d\$\S+)", Any, Access),
    form("kty", r#""(?:d|p|q|dp|dq|qi|k)"\s*:\s*"(?<v>[A-Za-z0-9_-]{16,})""#, Any, PrivateKey),
    form("<d", r"<(?:D|DP|DQ|P|Q|InverseQ)>(?<v>[A-Za-z0-9+/=]{16,})</", Any, PrivateKey),

    // Hashes of passwords.
    form("$2", r"(?<v>\$2[abxy]\$\d\d\$[./A-Za-z0-9]{53})", Any, Hash),
    form("$", r"(?<v>\$(?:1|5|6|7|y|gy|apr1|sha1|scrypt|pbkdf2(?:-sha\d+)?|argon2(?:id|i|d))\$[./A-Za-z0-9=,$+-]{20,})", Any, Hash),
    form("{s", r"(?<v>\{S?SHA(?:256|512)?\}[A-Za-z0-9+/=]{20,})", Any, Hash),
    form("pbkdf2_", r"(?<v>pbkdf2_sha\d+\$\d+\$[A-Za-z0-9]+\$[A-Za-z0-9+/=]{20,})", Any, Hash),
];

static HINTS: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
    AhoCorasick::builder()
        .kind(Some(AhoCorasickKind::DFA))
        .ascii_case_insensitive(true)
        .build(FORMS.iter().map(|f| f.hint))
        .ok()
});

/// The forms' expressions, each made when a text first hints at it.
static READ: LazyLock<Vec<OnceLock<Option<Regex>>>> = LazyLock::new(|| vec![OnceLock::new(); FORMS.len()]);

pub(super) fn find(text: &str, found: &mut Vec<Secret>) {
    let Some(hints) = HINTS.as_ref() else { return };
    let mut hinted = vec![false; FORMS.len()];
    for hint in hints.find_overlapping_iter(text) {
        hinted[hint.pattern().as_usize()] = true;
    }
    for (at, form) in FORMS.iter().enumerate().filter(|(at, _)| hinted[*at]) {
        let Some(regex) = READ[at].get_or_init(|| Regex::new(form.form).ok()) else { continue };
        let values = regex.captures_iter(text).filter_map(|c| c.name("v"));
        found.extend(values.filter(|v| form.takes(v.as_str())).map(|v| Secret { bytes: v.range(), kind: form.kind }));
    }
}

impl Form {
    fn takes(&self, value: &str) -> bool {
        match self.is {
            Is::Any => true,
            Is::Given => values::is_given(value) && !values::is_field_word(value),
            Is::Mixed => {
                value.len() >= 4 && values::is_given(value) && !values::is_field_word(value) && values::is_mixed(value)
            }
            Is::Strong => values::is_given(value) && values::is_strong(value),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_is_a_regex_with_its_value() {
        for form in FORMS {
            let regex = Regex::new(form.form).unwrap();
            assert!(regex.capture_names().flatten().any(|n| n == "v"), "{}", form.form);
            assert_eq!(form.hint, form.hint.to_lowercase());
        }
    }
}
