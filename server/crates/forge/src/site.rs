//! Which forge a remote is at.

use finding::{CommitId, LineRange};
use std::fmt;

/// What runs at a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// GitHub and GitHub Enterprise Server.
    GitHub,
    /// GitLab.
    GitLab,
    /// Gitea and Forgejo.
    Gitea,
    /// Bitbucket Cloud.
    Bitbucket,
    /// Azure DevOps, Services and Server.
    Azure,
}

/// A repository at a forge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Site {
    /// What runs there.
    pub kind: Kind,
    /// The host, with its port where it is not the usual one.
    pub host: String,
    /// `owner/name`; at GitLab there may be groups in between, at Azure it is `organization/project/name`.
    pub project: String,
    /// The address of the API, without a slash at its end.
    pub api: String,
}

impl fmt::Display for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.host, self.project)
    }
}

impl Site {
    /// The repository that a remote's address means. What runs at a host is known by its name, or is `told`.
    /// `None` for addresses of another kind, and for hosts that nobody knows.
    ///
    /// The API is asked over HTTPS, except where the remote itself is plain HTTP on this machine.
    #[must_use]
    pub fn of(url: &str, told: Option<Kind>) -> Option<Self> {
        let (scheme, host, project) = parts(url)?;
        let kind = told.or_else(|| known(&host))?;
        let (host, project) = match kind {
            Kind::Azure => of_azure(host, &project)?,
            _ => (host, project),
        };
        let api = match kind {
            Kind::GitHub if host == "github.com" => "https://api.github.com".to_owned(),
            Kind::GitHub if host.ends_with(".ghe.com") => format!("https://api.{host}"),
            Kind::GitHub => format!("{scheme}://{host}/api/v3"),
            Kind::GitLab => format!("{scheme}://{host}/api/v4"),
            Kind::Gitea => format!("{scheme}://{host}/api/v1"),
            Kind::Bitbucket if host == "bitbucket.org" => "https://api.bitbucket.org/2.0".to_owned(),
            Kind::Bitbucket => format!("{scheme}://{host}/2.0"),
            Kind::Azure => format!("{scheme}://{host}"),
        };
        Some(Self { kind, host, project, api })
    }

    /// The host of a remote's address, whatever runs there.
    #[must_use]
    pub fn host_of(url: &str) -> Option<String> {
        parts(url).map(|(_, host, _)| host)
    }

    /// `owner/name` of a remote's address, whatever runs there.
    #[must_use]
    pub fn project_of(url: &str) -> Option<String> {
        let (_, host, project) = parts(url)?;
        let is_of_azure = known(&host) == Some(Kind::Azure) || project.contains("_git/");
        if is_of_azure { of_azure(host, &project).map(|(_, project)| project) } else { Some(project) }
    }

    /// Whether it is one of the forges that everybody knows, at which nobody else can put a host of theirs.
    #[must_use]
    pub fn is_well_known(&self) -> bool {
        const ALL: [&str; 6] =
            ["github.com", "gitlab.com", "codeberg.org", "gitea.com", "bitbucket.org", "dev.azure.com"];
        ALL.contains(&self.host.as_str())
    }

    /// Whether it is the same repository: names are told apart by letters alone.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        self.host == other.host && self.project.eq_ignore_ascii_case(&other.project)
    }

    /// The page of some lines of a file in a commit.
    #[must_use]
    pub fn permalink(&self, commit: &CommitId, path: &str, lines: Option<LineRange>) -> String {
        let path: Vec<String> = path.split('/').map(super::encoded).collect();
        let (path, project) = (path.join("/"), &self.project);
        let (first, last) = lines.map_or((0, 0), |l| (l.start(), l.end()));
        let scheme = if self.api.starts_with("http://") { "http" } else { "https" };
        let root = format!("{scheme}://{}", self.host);
        let mark = |one: &str, two: &str| match lines {
            None => String::new(),
            Some(_) if first == last => format!("#{one}{first}"),
            Some(_) => format!("#{one}{first}{two}{last}"),
        };
        match self.kind {
            Kind::GitHub => format!("{root}/{project}/blob/{commit}/{path}{}", mark("L", "-L")),
            Kind::GitLab => format!("{root}/{project}/-/blob/{commit}/{path}{}", mark("L", "-")),
            Kind::Gitea => format!("{root}/{project}/src/commit/{commit}/{path}{}", mark("L", "-L")),
            Kind::Bitbucket => format!("{root}/{project}/src/{commit}/{path}{}", mark("lines-", ":")),
            Kind::Azure => {
                let (organization, name) = project.rsplit_once('/').unwrap_or(("", project));
                let at = match lines {
                    Some(_) => format!("&line={first}&lineEnd={last}&lineStartColumn=1&lineEndColumn=1000"),
                    None => String::new(),
                };
                format!("{root}/{organization}/_git/{name}?path=/{path}&version=GC{commit}{at}")
            }
        }
    }

    /// The environment variables in which a token for this host is looked for.
    pub(super) fn token_variables(&self) -> &'static [&'static str] {
        match self.kind {
            Kind::GitHub if self.host == "github.com" || self.host.ends_with(".ghe.com") => {
                &["GH_TOKEN", "GITHUB_TOKEN"]
            }
            Kind::GitHub => &["GH_ENTERPRISE_TOKEN", "GITHUB_ENTERPRISE_TOKEN"],
            Kind::GitLab => &["GITLAB_TOKEN"],
            Kind::Gitea => &["GITEA_TOKEN"],
            Kind::Bitbucket => &["BITBUCKET_TOKEN", "BITBUCKET_ACCESS_TOKEN"],
            Kind::Azure => &["AZURE_DEVOPS_EXT_PAT", "AZURE_DEVOPS_TOKEN", "SYSTEM_ACCESSTOKEN"],
        }
    }

    /// The repository's owner and name; the last part is the name.
    pub(super) fn owner_and_name(&self) -> (&str, &str) {
        self.project.rsplit_once('/').unwrap_or(("", &self.project))
    }

    /// Whether it is on this machine.
    pub(super) fn is_local(&self) -> bool {
        is_loopback(&self.host)
    }
}

fn known(host: &str) -> Option<Kind> {
    let first = host.split('.').next().unwrap_or("");
    match host {
        "github.com" => Some(Kind::GitHub),
        "gitlab.com" => Some(Kind::GitLab),
        "codeberg.org" | "gitea.com" => Some(Kind::Gitea),
        "bitbucket.org" => Some(Kind::Bitbucket),
        "dev.azure.com" | "ssh.dev.azure.com" => Some(Kind::Azure),
        _ if host.ends_with(".visualstudio.com") => Some(Kind::Azure),
        _ if host.ends_with(".ghe.com") || first == "github" => Some(Kind::GitHub),
        _ if first == "gitlab" => Some(Kind::GitLab),
        _ if first == "gitea" || first == "forgejo" => Some(Kind::Gitea),
        _ => None,
    }
}

/// The host that is asked and `organization/project/name`, of `organization/project/_git/name`, `v3/organization/…` (ssh)
/// and `project/_git/name` at `organization.visualstudio.com`.
fn of_azure(host: String, project: &str) -> Option<(String, String)> {
    let parts: Vec<&str> = project.split('/').filter(|part| *part != "_git").collect();
    let old = host.strip_suffix(".visualstudio.com").filter(|o| !o.contains('.')).map(str::to_owned);
    let host = if host == "ssh.dev.azure.com" || old.is_some() { "dev.azure.com".to_owned() } else { host };
    let named = |organization: &str, project: &str, name: &str| format!("{organization}/{project}/{name}");
    let project = match (&old, &parts[..]) {
        (None, ["v3", organization, project, name] | [organization, project, name]) => {
            named(organization, project, name)
        }
        // A repository that is called as its project.
        (None, [organization, name]) => named(organization, name, name),
        (Some(organization), [project, name] | ["DefaultCollection", project, name]) => {
            named(organization, project, name)
        }
        (Some(organization), [name]) => named(organization, name, name),
        _ => return None,
    };
    Some((host, project))
}

/// Scheme of the API, host (with port) and project of `https://host/a/b.git`, `ssh://git@host:22/a/b`, `git@host:a/b`.
fn parts(url: &str) -> Option<(&'static str, String, String)> {
    let (scheme, rest) = match url.split_once("://") {
        Some(("https", rest)) => ("https", rest),
        Some(("http", rest)) => ("http", rest),
        Some(("ssh" | "git+ssh" | "git", rest)) => ("ssh", rest),
        Some(_) => return None,
        // "C:\x" and "./x" are no hosts.
        None => {
            let (host, path) = url.split_once(':').filter(|(host, _)| host.len() > 1 && !host.contains(['/', '\\']))?;
            return finish("ssh", host, path);
        }
    };
    let (host, path) = rest.split_once('/')?;
    finish(scheme, host, path)
}

fn finish(scheme: &str, host: &str, path: &str) -> Option<(&'static str, String, String)> {
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host).to_ascii_lowercase();
    let (name, port) = host.rsplit_once(':').unwrap_or((&host, ""));
    // The port of ssh says nothing of the API's; the ssh of github.com may be at another host.
    let host = match (scheme, name, port) {
        ("ssh", "ssh.github.com", _) => "github.com".to_owned(),
        ("ssh", name, _) | ("https", name, "443") => name.to_owned(),
        _ => host.clone(),
    };
    let project = path.trim_matches('/');
    let project = project.strip_suffix(".git").unwrap_or(project);
    let ok = |text: &str| {
        !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-~+%".contains(&b)) && text != ".."
    };
    let safe_host = host.bytes().all(|b| b.is_ascii_alphanumeric() || b".-:".contains(&b)) && !host.is_empty();
    if !safe_host || !project.contains('/') || !project.split('/').all(ok) {
        return None;
    }
    let scheme = if scheme == "http" && is_loopback(&host) { "http" } else { "https" };
    Some((scheme, host, project.to_owned()))
}

fn is_loopback(host: &str) -> bool {
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    name == "localhost" || name.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_remote_says_which_api_is_asked() {
        for (url, want) in [
            ("https://github.com/o/r.git", "https://api.github.com o/r"),
            ("https://user:secret@github.com/o/r", "https://api.github.com o/r"),
            ("git@github.com:o/r.git", "https://api.github.com o/r"),
            ("ssh://git@ssh.github.com:443/o/r.git", "https://api.github.com o/r"),
            ("ssh://git@gitlab.example.org:2222/a/b/c.git/", "https://gitlab.example.org/api/v4 a/b/c"),
            ("https://codeberg.org/o/r", "https://codeberg.org/api/v1 o/r"),
            ("https://github.example.org:8443/o/r", "https://github.example.org:8443/api/v3 o/r"),
            ("https://x.ghe.com/o/r", "https://api.x.ghe.com o/r"),
            ("http://github.example.org/o/r", "https://github.example.org/api/v3 o/r"),
            ("https://github.com.evil.example/o/r", "https://github.com.evil.example/api/v3 o/r"),
            ("https://bitbucket.org/w/r.git", "https://api.bitbucket.org/2.0 w/r"),
            ("git@bitbucket.org:w/r.git", "https://api.bitbucket.org/2.0 w/r"),
            ("https://me@dev.azure.com/o/p%20q/_git/r", "https://dev.azure.com o/p%20q/r"),
            ("https://dev.azure.com/o/_git/r", "https://dev.azure.com o/r/r"),
            ("git@ssh.dev.azure.com:v3/o/p/r", "https://dev.azure.com o/p/r"),
            ("https://o.visualstudio.com/p/_git/r", "https://dev.azure.com o/p/r"),
            ("https://o.visualstudio.com/DefaultCollection/p/_git/r", "https://dev.azure.com o/p/r"),
            ("https://example.org/o/r", ""),
            ("https://github.com/only", ""),
            ("https://github.com/o/../r", ""),
            ("https://github.com/o/r?x=1", ""),
            ("/srv/git/o/r.git", ""),
            ("C:\\git\\o\\r", ""),
            ("file:///srv/o/r", ""),
            ("", ""),
        ] {
            let got = Site::of(url, None).map(|s| format!("{} {}", s.api, s.project)).unwrap_or_default();
            assert_eq!(got, want, "{url}");
        }
        let local = Site::of("http://127.0.0.1:8080/o/r.git", Some(Kind::Gitea)).unwrap();
        assert_eq!((local.api.as_str(), local.is_local()), ("http://127.0.0.1:8080/api/v1", true));
    }

    #[test]
    fn a_place_in_a_commit_has_a_page_at_every_forge() {
        let commit = CommitId::new("abc");
        let lines = Some(LineRange::new(2, 3));
        for (url, want) in [
            ("https://github.com/o/r", "https://github.com/o/r/blob/abc/a%20b/c.rs#L2-L3"),
            ("https://gitlab.com/g/s/r", "https://gitlab.com/g/s/r/-/blob/abc/a%20b/c.rs#L2-3"),
            ("https://codeberg.org/o/r", "https://codeberg.org/o/r/src/commit/abc/a%20b/c.rs#L2-L3"),
            ("https://bitbucket.org/w/r", "https://bitbucket.org/w/r/src/abc/a%20b/c.rs#lines-2:3"),
            (
                "https://dev.azure.com/o/p/_git/r",
                "https://dev.azure.com/o/p/_git/r?path=/a%20b/c.rs&version=GCabc&line=2&lineEnd=3&lineStartColumn=1&lineEndColumn=1000",
            ),
        ] {
            assert_eq!(Site::of(url, None).unwrap().permalink(&commit, "a b/c.rs", lines), want);
        }
        let one = Site::of("https://github.com/o/r", None).unwrap();
        assert_eq!(one.permalink(&commit, "c", Some(LineRange::line(2))), "https://github.com/o/r/blob/abc/c#L2");
        assert_eq!(one.permalink(&commit, "c", None), "https://github.com/o/r/blob/abc/c");
    }

    #[test]
    fn the_token_of_github_com_is_not_for_hosts_that_look_like_it() {
        let evil = Site::of("https://github.com.evil.example/o/r", None).unwrap();
        assert!(!evil.token_variables().contains(&"GITHUB_TOKEN"));
    }
}
