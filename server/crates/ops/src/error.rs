use finding::LinkKind;
use std::path::PathBuf;

/// Why an operation was not done: what happened, and where. What to do about it is said by the door, in its own words.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpsError {
    /// Reviews that start by themselves may not cost more for now.
    #[error("${hour:.2} were spent in the last hour, ${day:.2} in the last day")]
    Spent {
        /// US dollars in the last hour.
        hour: f64,
        /// In the last day.
        day: f64,
    },
    /// Nobody has reviewed the branch.
    #[error("there is no round on this branch yet")]
    NoRound,
    /// The branch has no round of that number or id.
    #[error("there is no round '{name}' on this branch")]
    UnknownRound {
        /// As it was asked for.
        name: String,
    },
    /// The round has no finding of that name.
    #[error("round {round} has no finding '{name}'")]
    UnknownFinding {
        /// As it was asked for.
        name: String,
        /// Where it was looked for.
        round: u32,
    },
    /// The name is the beginning of more than one id.
    #[error("'{name}' is the beginning of several ids; give more of it")]
    AmbiguousFinding {
        /// As it was asked for.
        name: String,
    },
    /// Secrets in what was to be written cannot be masked.
    #[error("nothing was written: its secrets cannot be masked: {0}")]
    Mask(serde_json::Error),
    /// Findings were to be named, and none was.
    #[error("name the findings; nothing was named")]
    NothingNamed,
    /// The finding has no fix of that number.
    #[error("{label} has no fix number {number}: it has {count}")]
    UnknownFix {
        /// The finding.
        label: String,
        /// 0-based, as it was asked for.
        number: usize,
        /// How many it has.
        count: usize,
    },
    /// Nothing is in the reason for which a finding was to be dismissed.
    #[error("the reason is empty; say why the finding is declined")]
    NoReason,
    /// The finding has that severity already.
    #[error("{label} is {severity} already")]
    SeverityAsItIs {
        /// The finding.
        label: String,
        /// The severity.
        severity: finding::Severity,
    },
    /// The reason is too long to be a reason.
    #[error("the reason has {bytes} bytes, more than the {most} that are kept; say it shorter")]
    LongReason {
        /// How long it is.
        bytes: usize,
        /// The most.
        most: usize,
    },
    /// The finding was merged from one remark.
    #[error("{label} is one remark of one agent; there is nothing to split")]
    OneRemark {
        /// The finding.
        label: String,
    },
    /// The remarks have the same words at the same place.
    #[error("the remarks of {labels} are worded alike, so that nothing could tell them apart later")]
    AlikeRemarks {
        /// The findings.
        labels: String,
    },
    /// The agent has not raised the finding.
    #[error("'{agent}' has no part in {label}; it was raised by {by}")]
    NoPart {
        /// As it was asked for.
        agent: String,
        /// The finding.
        label: String,
        /// Who raised it.
        by: String,
    },
    /// Every agent of the finding was named as the ones to split off.
    #[error("that is everybody who raised {label}; name only those whose remark is another issue")]
    Everybody {
        /// The finding.
        label: String,
    },
    /// One finding alone cannot be joined.
    #[error("{label} alone is one finding already; name the findings that are the same issue")]
    OneFinding {
        /// The finding.
        label: String,
    },
    /// Nobody has said what is to be taken back.
    #[error("nobody has {} {labels}, so there is nothing to take back", if *kind == LinkKind::Split { "split" } else { "joined" })]
    NothingToTakeBack {
        /// What was to be taken back.
        kind: LinkKind,
        /// The findings.
        labels: String,
    },
    /// It was done all the same.
    #[error("it was done, but not written into the log, so that it cannot be taken back: {source}")]
    NotLogged {
        /// What the system said.
        source: store::StoreError,
    },
    /// It was done all the same.
    #[error("it was done, but what it teaches was not written down: {source}")]
    NotLearnt {
        /// What the system said.
        source: store::StoreError,
    },
    /// There is no learning of that number.
    #[error("there is no learning number {number}: there are {count}; nothing was forgotten")]
    UnknownLearning {
        /// 1-based, as it was asked for.
        number: usize,
        /// How many there are.
        count: usize,
    },
    /// A learning without words.
    #[error("there are no words to be learnt")]
    NothingToLearn,
    /// A file of the work tree cannot be read.
    #[error(transparent)]
    ReadTree(#[from] super::ReadError),
    /// A file of the work tree cannot be written.
    #[error(transparent)]
    WriteTree(#[from] super::WriteError),
    /// A limit of cost is not an amount of money.
    #[error("{value} is no limit for the cost: it is a number of US dollars, 0 or more")]
    BadLimit {
        /// As it was given.
        value: f64,
    },
    /// No file was named.
    #[error("name the reviews to import, as files")]
    NoFiles,
    /// A file could not be written.
    #[error("failed to write {}: {source}", path.display())]
    Write {
        /// Which.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A review could not be taken in.
    #[error("{0:#}")]
    Import(anyhow::Error),
    /// A pull request is needed that is open.
    #[error("pull request #{number} is not open, so nothing is posted to it")]
    NotOpen {
        /// Its number.
        number: u64,
    },
    /// The pull request's last commit was never fetched.
    #[error("pull request #{number} ends with commit {head}, which is not in this clone")]
    UnknownHead {
        /// The pull request.
        number: u64,
        /// The commit, shortened.
        head: String,
    },
    /// A pull request whose page is at a host to which no remote leads.
    #[error("no remote of this clone leads to {host}, where {address} is")]
    ForeignPage {
        /// The host.
        host: String,
        /// The page.
        address: String,
    },
    /// None of the places where a forge keeps a pull request's commits had them.
    #[error("the commits of pull request #{number} could not be fetched: {why}")]
    NotFetched {
        /// Its number.
        number: u64,
        /// What git said last.
        why: String,
    },
    /// What was named cannot be reviewed.
    #[error(transparent)]
    BadTarget(#[from] git::BadTarget),
    /// A diff could not be read.
    #[error("failed to read the patch {name}: {source}")]
    Patch {
        /// Its file.
        name: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// Without a branch, the pull request has to be named.
    #[error("HEAD is on no branch; give the pull request's number")]
    Detached,
    /// An agent was named that has no part in the round.
    #[error("'{agent}' has no part in round {round}; it was reviewed by {agents}")]
    NotInRound {
        /// As it was asked for.
        agent: String,
        /// Which round.
        round: u32,
        /// Who has.
        agents: String,
    },
    /// An agent was asked for that is not there.
    #[error(transparent)]
    UnknownAgent(#[from] review::UnknownAgent),
    /// The configuration names an agent that is not there.
    #[error(transparent)]
    MisnamedAgent(#[from] review::MisnamedAgent),
    /// The configuration cannot be read.
    #[error(transparent)]
    Config(#[from] config::ConfigError),
    /// Git cannot be read.
    #[error(transparent)]
    Git(#[from] git::GitError),
    /// The store cannot be used.
    #[error(transparent)]
    Store(#[from] store::StoreError),
    /// The work tree is gone.
    #[error(transparent)]
    Unreachable(#[from] super::Unreachable),
    /// Fixes are made in the text that is checked out.
    #[error("what was reviewed is not checked out, and an agent mends only what is; check it out first")]
    NotCheckedOut,
    /// Nobody can mend a finding.
    #[error(transparent)]
    NotTried(#[from] fix::NotTried),
    /// The user's checks cannot be told apart.
    #[error(transparent)]
    BadPattern(#[from] fix::BadPattern),
    /// What agents are to be given cannot be found out.
    #[error(transparent)]
    Review(#[from] review::ReviewError),
    /// A file has changes that are not those of the fix.
    #[error("{path} has changes that are not committed, which a commit of the fix would take along")]
    NotClean {
        /// The file.
        path: finding::RepoPath,
    },
    /// An agent was asked about a finding and gave no answer.
    #[error(transparent)]
    NotConsulted(#[from] review::NotConsulted),
    /// There is no copy to work in.
    #[error("{0}")]
    NoCopy(finding::Failure),
    /// Nothing was asked.
    #[error("the question is empty")]
    NoQuestion,
    /// Nobody to share with.
    #[error("{}", no_remote(wanted.as_deref(), names))]
    NoRemote {
        /// The remote that was named.
        wanted: Option<String>,
        /// Those that there are.
        names: Vec<String>,
    },
    /// Others shared something each time that this was to be.
    #[error("others push to '{remote}' at this moment, again and again; nothing of here was shared")]
    OthersPush {
        /// The remote.
        remote: String,
    },
    /// Whose lines are the user's own cannot be said.
    #[error("git has no user.email here, so that no line is known to be yours")]
    NoEmail,
    /// The forge cannot be asked.
    #[error(transparent)]
    Forge(#[from] forge::ForgeError),
}

impl OpsError {
    /// Whether what was asked for is at fault, and not the state of things: asking in another way is the remedy.
    #[must_use]
    pub fn is_argument(&self) -> bool {
        matches!(
            self,
            Self::UnknownRound { .. }
                | Self::UnknownFinding { .. }
                | Self::AmbiguousFinding { .. }
                | Self::NothingNamed
                | Self::UnknownFix { .. }
                | Self::NoReason
                | Self::UnknownLearning { .. }
                | Self::NothingToLearn
                | Self::LongReason { .. }
                | Self::SeverityAsItIs { .. }
                | Self::NoPart { .. }
                | Self::Everybody { .. }
                | Self::OneFinding { .. }
                | Self::BadLimit { .. }
                | Self::NoRemote { .. }
                | Self::NoFiles
                | Self::BadTarget(_)
                | Self::ForeignPage { .. }
                | Self::UnknownAgent(_)
                | Self::NoQuestion
                | Self::NotTried(fix::NotTried::CannotMend(_))
                | Self::NotInRound { .. }
        )
    }
}

fn no_remote(wanted: Option<&str>, names: &[String]) -> String {
    let there = if names.is_empty() { "there is none".to_owned() } else { format!("there are {}", names.join(", ")) };
    match wanted {
        Some(wanted) => format!("there is no remote '{wanted}'; {there}"),
        None => format!("there is no remote 'origin' to share with; {there}"),
    }
}
