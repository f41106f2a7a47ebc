//! External linters: they run on the changed files, and what they say of changed lines is kept, with their fixes.
//! Nothing is sent anywhere and no model runs.

mod formats;

use super::process::{self, End, Limits, Program, Ran, Scratch};
use super::{AgentSettings, Availability, Brief, LinterFormat, Outcome, Session, Surroundings, detect, failure};
use finding::{AgentInfo, AgentKind, AgentName, Failure, FailureKind, RawFinding, RepoPath};
use formats::LinterRun;
use futures_util::future::BoxFuture;
use std::path::PathBuf;
use std::time::Duration;

/// A linter of which we know how to call it.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) name: &'static str,
    pub(super) format: LinterFormat,
    command: &'static [&'static str],
    /// Endings of the files that it reads; all for none.
    pub(super) endings: &'static [&'static str],
    /// Whether nothing in the repository makes it run code or fetch anything.
    pub(super) inert: bool,
}

/// Where a repository keeps rules for semgrep. Without any, semgrep would fetch some and report what it did.
const SEMGREP_RULES: [&str; 3] = [".semgrep.yml", ".semgrep.yaml", ".semgrep"];

/// `{files}` stands for the changed files, `{semgrep-rules}` for where the repository has them. Only inert ones are found
/// by themselves.
pub(super) const KNOWN: &[Known] = &[
    Known {
        name: "ruff",
        format: LinterFormat::Ruff,
        command: &["ruff", "check", "--output-format", "json", "--no-cache", "--force-exclude", "{files}"],
        endings: &["py", "pyi", "ipynb"],
        inert: true,
    },
    Known {
        name: "shellcheck",
        format: LinterFormat::Shellcheck,
        command: &["shellcheck", "--format", "json1", "{files}"],
        endings: &["sh", "bash", "bats", "ksh"],
        inert: true,
    },
    Known {
        name: "biome",
        format: LinterFormat::Biome,
        command: &["biome", "lint", "--reporter", "json", "--max-diagnostics", "500", "{files}"],
        endings: &["js", "jsx", "ts", "tsx", "json", "css", "mjs", "cjs"],
        inert: true,
    },
    Known {
        name: "eslint",
        format: LinterFormat::Eslint,
        command: &["eslint", "--format", "json", "{files}"],
        endings: &["js", "jsx", "ts", "tsx", "mjs", "cjs", "vue"],
        inert: false,
    },
    Known {
        name: "clippy",
        format: LinterFormat::Clippy,
        command: &["cargo", "clippy", "--quiet", "--all-targets", "--message-format", "json"],
        endings: &["rs"],
        inert: false,
    },
    Known {
        name: "golangci-lint",
        format: LinterFormat::GolangciLint,
        command: &["golangci-lint", "run", "--output.json.path", "stdout", "./..."],
        endings: &["go"],
        inert: false,
    },
    Known {
        name: "semgrep",
        format: LinterFormat::Semgrep,
        command: &[
            "semgrep",
            "scan",
            "--json",
            "--metrics",
            "off",
            "--disable-version-check",
            "--config",
            "{semgrep-rules}",
            "{files}",
        ],
        endings: &[],
        inert: false,
    },
];

/// A configured linter.
#[derive(Debug)]
pub(super) struct Linter {
    pub(super) name: AgentName,
    pub(super) settings: AgentSettings,
    pub(super) surroundings: Surroundings,
}

impl Linter {
    fn known(&self) -> Option<&'static Known> {
        let format = self.settings.format;
        KNOWN.iter().find(|k| k.name == self.name.as_str() && format.is_none_or(|f| f == k.format)).or_else(|| {
            let by_format: Vec<&Known> = KNOWN.iter().filter(|k| format == Some(k.format)).collect();
            by_format.first().copied()
        })
    }

    fn format(&self) -> Result<LinterFormat, Failure> {
        self.settings.format.or(self.known().map(|k| k.format)).ok_or_else(|| {
            Failure::new(FailureKind::NotAllowed, "what it prints is not configured")
                .with_remedy(format!("set `format` of the agent '{}'", self.name))
        })
    }

    fn command(&self) -> Vec<String> {
        match (self.settings.command.as_slice(), self.known()) {
            // Only the path of a known one is given.
            ([path], Some(known)) => {
                std::iter::once(path.clone()).chain(known.command[1..].iter().map(|a| (*a).to_owned())).collect()
            }
            ([], Some(known)) => known.command.iter().map(|a| (*a).to_owned()).collect(),
            (own, _) => own.to_vec(),
        }
    }

    /// A linter that may run the repository's code needs the user's trust and the real folder with what the
    /// repository installed there; the others read the checkout.
    fn is_inert(&self) -> bool {
        self.known().is_some_and(|k| k.inert) && self.settings.command.len() <= 1
    }

    fn ready(&self) -> Result<(PathBuf, Vec<String>, LinterFormat), Failure> {
        let format = self.format()?;
        let mut command = self.command();
        let name = command.first().map(String::as_str).unwrap_or_default();
        let path = detect::find_program(name).ok_or_else(|| {
            Failure::new(FailureKind::NotInstalled, format!("there is no program '{name}'"))
                .with_remedy(format!("install {name}, or turn the agent '{}' off", self.name))
        })?;
        if !self.is_inert() && !self.surroundings.trusted {
            return Err(Failure::new(
                FailureKind::NotAllowed,
                "it can run code of the repository, and the repository is not trusted",
            )
            .with_remedy("trust this repository in your own configuration if you would build and run it anyway"));
        }
        if let Some(rules) = command.iter_mut().find(|arg| *arg == "{semgrep-rules}") {
            let root = self.surroundings.root.as_deref();
            let here = SEMGREP_RULES.iter().find(|name| root.is_some_and(|root| root.join(name).exists()));
            *rules = here.map(|name| (*name).to_owned()).ok_or_else(|| {
                Failure::new(FailureKind::NotAllowed, "the repository has no rules for it").with_remedy(
                    "put rules into .semgrep.yml or .semgrep/, or set `command` with a --config of your own",
                )
            })?;
        }
        Ok((path, command, format))
    }

    async fn run(&self, brief: &Brief, session: &Session) -> Result<Outcome, Failure> {
        let (path, command, format) = self.ready()?;
        let files = self.files(brief);
        let mut outcome = Outcome::default();
        if files.is_empty() {
            outcome.answer.notes.push("no changed file is of its language".into());
            return Ok(outcome);
        }
        let folder = match (&self.surroundings.root, self.is_inert()) {
            (Some(root), false) => root.clone(),
            _ => brief.checkout.folder(&brief.snapshot, &brief.sending).await?.to_owned(),
        };
        session.doing(format!("checking {} files", files.len()));
        let program = self.program(path, &command[1..], &files, folder.clone());
        let limits = Limits { idle: Duration::from_secs(600), ..self.settings.limits() };
        let scratch = Scratch::new()?;
        let ran = process::run(&program, limits, &scratch, &session.cancel, |_| ()).await;
        let run = LinterRun { agent: &self.name, root: &folder, snapshot: &brief.snapshot };
        let found = remarks(format, ran, run)?;
        let all = found.len();
        outcome.answer.findings = found.into_iter().filter(|f| is_on_changed_lines(brief, f)).collect();
        let elsewhere = all - outcome.answer.findings.len();
        if elsewhere > 0 {
            outcome.answer.notes.push(format!("{elsewhere} remarks on lines that did not change were left out"));
        }
        outcome.answer.covered = files.into_iter().cloned().collect();
        Ok(outcome)
    }

    /// The changed files of its language.
    fn files<'b>(&self, brief: &'b Brief) -> Vec<&'b RepoPath> {
        let endings = self.known().map_or(&[][..], |k| k.endings);
        let is_its = |p: &&RepoPath| endings.is_empty() || p.extension().is_some_and(|e| endings.contains(&e));
        brief.changed().filter(|f| f.new.is_some()).map(|f| &f.path).filter(is_its).collect()
    }

    fn program(&self, path: PathBuf, arguments: &[String], files: &[&RepoPath], folder: PathBuf) -> Program {
        let mut args = Vec::new();
        for arg in arguments {
            if arg == "{files}" {
                // Never an option, whatever a file is called.
                args.extend(files.iter().map(|f| format!("./{f}")));
            } else {
                args.push(arg.clone());
            }
        }
        let mut environment = self.settings.environment();
        for name in ["CARGO_HOME", "RUSTUP_HOME", "GOPATH", "GOROOT", "GOCACHE", "GOFLAGS", "GOMODCACHE"] {
            environment = environment.pass(name);
        }
        Program { path, args, environment, folder: Some(folder), input: String::new() }
    }
}

/// What a linter that ran found. Linters end with 1 when they found something: what they printed decides.
fn remarks(format: LinterFormat, ran: Ran, run: LinterRun<'_>) -> Result<Vec<RawFinding>, Failure> {
    let code = match ran.end {
        End::Exited(code) => code,
        End::Signalled(signal) => {
            return Err(Failure::new(FailureKind::Crashed, format!("it was killed by signal {signal}")));
        }
        End::Failed(failure) => return Err(failure),
    };
    let read = formats::read(format, &ran.stdout, run);
    let found = read.map_err(|unreadable| if code == 0 { unreadable } else { failure::of_exit(code, &ran.stderr) })?;
    if found.is_empty() && code > 1 {
        return Err(failure::of_exit(code, &ran.stderr));
    }
    Ok(found)
}

fn is_on_changed_lines(brief: &Brief, finding: &RawFinding) -> bool {
    finding.main_anchor().is_some_and(|anchor| {
        let file = brief.snapshot.file(&anchor.path);
        file.is_some_and(|file| anchor.lines.is_none_or(|lines| file.touches(lines)))
    })
}

impl super::Agent for Linter {
    fn info(&self) -> AgentInfo {
        let label = self.settings.label.clone().unwrap_or_else(|| self.name.to_string());
        AgentInfo { name: self.name.clone(), label, kind: AgentKind::Linter }
    }

    fn availability<'a>(&'a self) -> BoxFuture<'a, Availability> {
        Box::pin(async move {
            match self.ready() {
                Ok((path, ..)) => Availability::Usable(path.display().to_string()),
                Err(failure) => Availability::Unusable(failure),
            }
        })
    }

    fn review<'a>(&'a self, brief: &'a Brief, session: &'a Session) -> BoxFuture<'a, Outcome> {
        Box::pin(async move { self.run(brief, session).await.unwrap_or_else(Outcome::failed) })
    }
}

#[cfg(test)]
mod tests;
