use std::collections::BTreeMap;
use std::path::Path;

/// What a program finds in its environment: only what is named here or by its adapter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Environment {
    variables: BTreeMap<String, String>,
}

/// What every program gets where we have it: to find other programs and its own files, to speak the user's
/// language, and to reach the network the way the user does. No variable here holds a credential, but for a
/// proxy's address, which the program cannot do without.
const BASE: &[&str] = &[
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "LANG",
    "LC_ALL",
    "LC_CTYPE",
    "TZ",
    "XDG_CONFIG_HOME",
    "XDG_CACHE_HOME",
    "XDG_DATA_HOME",
    "XDG_STATE_HOME",
    "HTTPS_PROXY",
    "https_proxy",
    "HTTP_PROXY",
    "http_proxy",
    "ALL_PROXY",
    "all_proxy",
    "NO_PROXY",
    "no_proxy",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "NODE_EXTRA_CA_CERTS",
    // Windows cannot start much without these.
    "SystemRoot",
    "SystemDrive",
    "ComSpec",
    "PATHEXT",
    "USERPROFILE",
    "USERNAME",
    "APPDATA",
    "LOCALAPPDATA",
    "ProgramData",
    "ProgramFiles",
    "ProgramFiles(x86)",
    "HOMEDRIVE",
    "HOMEPATH",
];

impl Environment {
    /// The base variables of our own environment.
    #[must_use]
    pub fn base() -> Self {
        let variables = BASE.iter().filter_map(|name| Some(((*name).to_owned(), std::env::var(name).ok()?))).collect();
        Self { variables }.set("TERM", "dumb").set("NO_COLOR", "1")
    }

    /// Passes on a variable of our own environment, if it is there.
    #[must_use]
    pub fn pass(self, name: &str) -> Self {
        match std::env::var(name) {
            Ok(value) => self.set(name, value),
            Err(_) => self,
        }
    }

    /// Sets a variable.
    #[must_use]
    pub fn set(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.variables.insert(name.into(), value.into());
        self
    }

    /// The value of a variable.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str)
    }

    pub(super) fn with_tmp(self, folder: &Path) -> Self {
        match folder.to_str() {
            Some(folder) => self.set("TMPDIR", folder).set("TMP", folder).set("TEMP", folder),
            None => self,
        }
    }

    pub(super) fn into_variables(self) -> BTreeMap<String, String> {
        self.variables
    }
}
