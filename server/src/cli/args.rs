//! What the command line takes, and its help.

use super::examples;
use clap::{Args, Parser, Subcommand, ValueEnum};
use config::{RoundEffort, Verify};
use finding::{Dial, DismissReason, Severity};
use import::ErrorFormat;
use report::Format;
use std::net::SocketAddr;
use std::path::PathBuf;

/// Several agents review your branch at once; their merged findings come with fixes that apply.
#[derive(Debug, Parser)]
#[command(name = "deep-review", version, after_help = examples::ALL, max_term_width = 100)]
pub struct Cli {
    /// Work as if started in this folder.
    #[arg(short = 'C', long, global = true, value_name = "FOLDER")]
    pub(super) directory: Option<PathBuf>,
    /// Whose rounds are meant: a branch, pr:N, commit:REV, A..B, stash@{N}, --staged, … as `review` takes them. Default:
    /// the branch that is checked out.
    #[arg(long, global = true, value_name = "TARGET", allow_hyphen_values = true)]
    pub(super) target: Option<String>,
    /// When to use colours.
    #[arg(long, global = true, value_enum, default_value_t = Color::Auto)]
    pub(super) color: Color,
    /// When places are links to their files.
    #[arg(long, global = true, value_enum, default_value_t = Hyperlinks::Auto)]
    pub(super) hyperlinks: Hyperlinks,
    #[command(subcommand)]
    pub(super) command: Option<Command>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Color {
    /// On a terminal, unless NO_COLOR is set.
    Auto,
    Always,
    Never,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Hyperlinks {
    /// On a terminal that is known to have them and is of this machine.
    Auto,
    Always,
    Never,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Review the current branch, or something else that need not be checked out: a pull request, a commit, a range, a
    /// branch, a stash, what is staged, a patch.
    #[command(after_help = examples::REVIEW)]
    Review(Box<ReviewArgs>),
    /// Run the language server on standard input and output.
    #[command(after_help = examples::LSP)]
    Lsp(LspArgs),
    /// Run a server of the Model Context Protocol, for coding agents: on standard input and output, or on an address.
    #[command(after_help = examples::MCP)]
    Mcp(McpArgs),
    /// Say which agents there are, which are usable, and why not; give a coding agent the tools of deep-review.
    #[command(after_help = examples::AGENTS)]
    Agents(AgentsArgs),
    /// Review branches with known defects, and say what each agent found, missed and raised for nothing.
    #[command(after_help = examples::EVAL)]
    Eval(EvalArgs),
    /// Make a sample repository and review it with what needs no key.
    #[command(after_help = examples::DEMO)]
    Demo(DemoArgs),
    /// List the rounds of the branch.
    #[command(after_help = examples::ROUNDS)]
    Rounds(RoundsArgs),
    /// Write a round again, in any format.
    #[command(after_help = examples::REPORT)]
    Report(ReportArgs),
    /// List the findings of the round, with their places in the files as they are now.
    #[command(after_help = examples::FINDINGS)]
    Findings(FindingsArgs),
    /// Show one finding whole: what was said, the code, and what each fix would do.
    #[command(after_help = examples::SHOW)]
    Show(ShowArgs),
    /// Say whether findings are gone, as far as the files prove it. Exit code 1 if one is not.
    #[command(after_help = examples::VERIFY)]
    Verify(VerifyArgs),
    /// Open a finding's place in the editor that VISUAL or EDITOR names.
    #[command(after_help = examples::OPEN)]
    Open(OpenArgs),
    /// Walk through the round's findings on the terminal: read, apply, dismiss, have fixed, open in your editor.
    #[command(after_help = examples::TUI)]
    Tui(TuiArgs),
    /// Apply fixes to the working tree.
    #[command(after_help = examples::APPLY)]
    Apply(ApplyArgs),
    /// Have an agent fix findings in a copy, and prove each fix: it has its place, parses, passes your check, and another
    /// agent agrees. Nothing is written without your yes.
    #[command(after_help = examples::FIX)]
    Fix(FixArgs),
    /// Ask the agent that raised a finding about it; question and answer are kept with the finding.
    #[command(after_help = examples::ASK)]
    Ask(AskArgs),
    /// Take reviews that were written elsewhere in as a round: deep-review Markdown or JSON, SARIF, rdjson, GitHub
    /// review comments, any agent's Markdown.
    #[command(after_help = examples::IMPORT)]
    Import(ImportArgs),
    /// Fetch the branch's pull request, so that reports have its number, title, author and unresolved comments; with
    /// --post, post the round as review comments.
    #[command(after_help = examples::PR)]
    Pr(PrArgs),
    /// Review files as they are, with no change to compare; what that is expected to cost is said before.
    #[command(after_help = examples::SCAN)]
    Scan(ScanArgs),
    /// Review each new commit, each pause in typing or each push, and say it in one line.
    #[command(after_help = examples::WATCH)]
    Watch(WatchArgs),
    /// Have git's hooks review; take that back.
    #[command(after_help = examples::HOOK)]
    Hook(HookArgs),
    /// Decline a finding; later rounds remember.
    #[command(after_help = examples::DISMISS)]
    Dismiss(DismissArgs),
    /// Open a finding again.
    #[command(after_help = examples::REOPEN)]
    Reopen(ReopenArgs),
    /// Give a finding another severity; later rounds remember.
    #[command(after_help = examples::SEVERITY)]
    Severity(SeverityArgs),
    /// Make several findings of one; later rounds remember.
    #[command(after_help = examples::SPLIT)]
    Split(SplitArgs),
    /// Make one finding of several; later rounds remember.
    #[command(after_help = examples::JOIN)]
    Join(JoinArgs),
    /// List what decisions taught: lines that agents and later rounds are given; add, edit, forget, share them.
    #[command(after_help = examples::LEARNINGS)]
    Learnings(LearningsArgs),
    /// Share rounds, decisions, what was said about findings, and learnings with a team through git, below
    /// refs/deep-review/; take in what others shared.
    #[command(after_help = examples::SYNC)]
    Sync(SyncArgs),
    /// List the answers that runners on several machines share, and drop old ones.
    #[command(after_help = examples::CACHE)]
    Cache(CacheArgs),
    /// Say what was done on this branch: dismissals, splits, joins, fixes, imports.
    #[command(after_help = examples::LOG)]
    Log(LogArgs),
    /// Take the last of that back: decisions, and the text of files that nobody changed since.
    #[command(after_help = examples::UNDO)]
    Undo(UndoArgs),
    /// List the rules of the built-in agents; explain one; test one's own.
    #[command(after_help = examples::RULES)]
    Rules(RulesArgs),
    /// Write a .deep-review.toml to start from.
    #[command(after_help = examples::INIT)]
    Init(FormatArgs),
    /// Say what stands in the way of a review here, and what mends it.
    #[command(after_help = examples::DOCTOR)]
    Doctor(DoctorArgs),
    /// Print the effective configuration and where each value came from.
    #[command(after_help = examples::CONFIG)]
    Config(ConfigArgs),
    /// Print completions for a shell.
    #[command(after_help = examples::COMPLETIONS)]
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
        #[command(flatten)]
        format: FormatArgs,
    },
    /// Print the manual page.
    #[command(after_help = examples::MAN)]
    Man(FormatArgs),
    /// Single steps, for scripts: JSON lines in, JSON lines out.
    #[command(subcommand, after_help = examples::PLUMBING)]
    Plumbing(Plumbing),
}

impl Command {
    /// The name of a command that does something or says something, and has no document of its own, with how it is to say
    /// what it did.
    pub(super) fn saying(&self) -> Option<(&'static str, FormatArgs)> {
        Some(match self {
            Self::Agents(AgentsArgs { command: Some(command), .. }) => match command {
                AgentsCommand::Add(args) => ("agents add", args.format),
                AgentsCommand::Set(args) => ("agents set", args.format),
                AgentsCommand::Test { format, .. } => ("agents test", *format),
                AgentsCommand::Install(args) => ("agents install", args.format),
                AgentsCommand::Uninstall(args) => ("agents uninstall", args.format),
                AgentsCommand::StopHook(_) => return None,
            },
            Self::Hook(HookArgs { command }) => match command {
                HookCommand::Install(args) => ("hook install", args.format),
                HookCommand::Uninstall { format, .. } => ("hook uninstall", *format),
                HookCommand::Run(args) => ("hook run", args.format),
            },
            Self::Learnings(LearningsArgs { command: Some(command), .. }) => match command {
                LearningsCommand::Add { format, .. } => ("learnings add", *format),
                LearningsCommand::Forget { format, .. } => ("learnings forget", *format),
                LearningsCommand::Edit(format) => ("learnings edit", *format),
                LearningsCommand::Share(format) => ("learnings share", *format),
            },
            Self::Rules(RulesArgs { command: Some(command), .. }) => match command {
                RulesCommand::Explain { format, .. } => ("rules explain", *format),
                RulesCommand::Test { format, .. } => ("rules test", *format),
            },
            Self::Pr(args) if !args.list => ("pr", args.format),
            Self::Demo(args) => ("demo", args.format),
            Self::Open(args) => ("open", args.format),
            Self::Apply(args) => ("apply", args.format),
            Self::Ask(args) => ("ask", args.format),
            Self::Watch(args) => ("watch", args.format),
            Self::Dismiss(args) => ("dismiss", args.format),
            Self::Reopen(args) => ("reopen", args.format),
            Self::Severity(args) => ("severity", args.format),
            Self::Split(args) => ("split", args.format),
            Self::Join(args) => ("join", args.format),
            Self::Undo(args) => ("undo", args.format),
            Self::Init(format) => ("init", *format),
            Self::Completions { format, .. } => ("completions", *format),
            Self::Man(format) => ("man", *format),
            _ => return None,
        })
    }
}

#[derive(Debug, Clone, Copy, Subcommand)]
pub(super) enum Plumbing {
    /// Place and apply suggested hunks: `{"id","path","text","start_line"?,"end_line"?,"diff"}` a line.
    #[command(after_help = examples::PLUMBING_PATCH)]
    Patch,
    /// Merge raw findings: `{"group","id","agent","severity"?,"title","body"?,"path"?,"start_line"?,"end_line"?}` a line.
    #[command(after_help = examples::PLUMBING_MERGE)]
    Merge,
}

#[derive(Debug, Default, Args)]
pub(super) struct LspArgs {
    /// Accepted because many clients pass it; standard input and output are always used.
    #[arg(long)]
    pub(super) stdio: bool,
}

#[derive(Debug, Default, Args)]
pub(super) struct TuiArgs {}

#[derive(Debug, Default, Args)]
pub(super) struct McpArgs {
    /// Listen at this address of this machine instead (127.0.0.1:7345; port 0 takes a free one). Each request has to bring
    /// the token: that of DEEP_REVIEW_MCP_TOKEN, or the one that is printed.
    #[arg(long, value_name = "ADDRESS")]
    pub(super) http: Option<SocketAddr>,
}

#[derive(Debug, Default, Args)]
pub(super) struct ReviewArgs {
    /// What to review: pr:N or a pull request's address, commit:REV, A..B, A...B, a branch, stash@{N}, patch:FILE (- for
    /// standard input). Default: the branch that is checked out.
    #[arg(value_name = "TARGET")]
    pub(super) what: Option<String>,
    /// Review what is staged.
    #[arg(long, conflicts_with_all = ["what", "unstaged"])]
    pub(super) staged: bool,
    /// Review what is not staged, new files too.
    #[arg(long, conflicts_with = "what")]
    pub(super) unstaged: bool,
    /// Only these files: pathspecs as git takes them, `:!x` leaves x out.
    #[arg(last = true, value_name = "PATHS")]
    pub(super) paths: Vec<String>,
    /// Review each part of the branch for itself, the branches that end on the way or else each commit, and carry what
    /// stands of it to the top.
    #[arg(long, conflicts_with_all = ["staged", "unstaged", "stream", "dry_run", "resume"])]
    pub(super) stack: bool,
    /// The remote that a pull request is at. Default: upstream, origin, then the others.
    #[arg(long, value_name = "NAME")]
    pub(super) remote: Option<String>,
    /// What runs on the remote's host, where its name does not tell.
    #[arg(long, value_enum)]
    pub(super) forge: Option<ForgeKind>,
    /// The branch, tag or commit to compare with. Default: the remote's default branch.
    #[arg(long, value_name = "REF")]
    pub(super) base: Option<String>,
    /// Review with this agent only; may be repeated.
    #[arg(long = "agent", value_name = "NAME")]
    pub(super) agents: Vec<String>,
    /// How to write the round. Default: text.
    #[arg(long, short, value_name = "FORMAT", value_parser = review_format_parser())]
    pub(super) format: Option<ReviewFormat>,
    /// Print what happens as it happens, an event a line; with --format jsonl.
    #[arg(long, requires = "format", conflicts_with_all = ["output", "dry_run"])]
    pub(super) stream: bool,
    /// Walk through the findings on the terminal when the round is done, as `tui` does.
    #[arg(long, short, conflicts_with_all = ["format", "output", "dry_run", "stream"])]
    pub(super) interactive: bool,
    /// Write to this file instead of standard output.
    #[arg(long, short, value_name = "FILE")]
    pub(super) output: Option<PathBuf>,
    /// End with exit code 1 if a finding of this severity or a graver one is open.
    #[arg(long, value_name = "SEVERITY", value_parser = severity)]
    pub(super) fail_on: Option<Severity>,
    /// Review staged, unstaged and untracked work too (the default).
    #[arg(long, overrides_with = "no_uncommitted")]
    pub(super) uncommitted: bool,
    /// Review commits only.
    #[arg(long)]
    pub(super) no_uncommitted: bool,
    /// How long an agent may take, in seconds.
    #[arg(long, value_name = "SECONDS")]
    pub(super) timeout: Option<u64>,
    /// How thorough the round is: quick (agents think little, none checks another), normal (as configured), deep
    /// (agents think as hard as they can, and check each other).
    #[arg(long, value_name = "EFFORT", value_parser = effort)]
    pub(super) effort: Option<RoundEffort>,
    #[command(flatten)]
    pub(super) dial: DialArgs,
    /// Whether agents check each other's findings: off, cross (each finding that one agent alone raised, by
    /// another one), lead (the same, and one agent writes the summary and settles disputes).
    #[arg(long, value_name = "MODE", value_parser = verify)]
    pub(super) verify: Option<Verify>,
    /// The agent that leads; with --verify lead.
    #[arg(long, value_name = "NAME")]
    pub(super) lead: Option<String>,
    /// Most US dollars for the round.
    #[arg(long, value_name = "USD")]
    pub(super) max_cost: Option<f64>,
    /// Most tokens for the round, read and written.
    #[arg(long, value_name = "N")]
    pub(super) max_tokens: Option<u64>,
    /// What agents are to do, look for or leave, besides what the configuration says; @FILE reads it from a file.
    #[arg(long, value_name = "TEXT|@FILE")]
    pub(super) instructions: Option<String>,
    /// What the change is about, for agents to check it against; @FILE reads it from a file.
    #[arg(long, value_name = "TEXT|@FILE")]
    pub(super) background: Option<String>,
    /// Ask the forge for the branch's pull request first: agents are told its description, the issues that it is to
    /// resolve, and what people said of it. `pull_request = true` in your configuration does so always.
    #[arg(long, visible_alias = "pr")]
    pub(super) pull_request: bool,
    /// Ask every agent about everything, whatever it answered before.
    #[arg(long, visible_alias = "no-cache")]
    pub(super) fresh: bool,
    /// Finish the newest round, which was interrupted: agents that had answered are not asked again.
    #[arg(long, conflicts_with = "fresh")]
    pub(super) resume: bool,
    /// Print exactly what would be sent to whom, and start nothing.
    #[arg(long)]
    pub(super) dry_run: bool,
    /// Let the repository run its own code in linters that need it.
    #[arg(long)]
    pub(super) trusted: bool,
}

/// How much is shown. Reports have everything.
#[derive(Debug, Default, Clone, Copy, Args)]
pub(super) struct DialArgs {
    /// Show findings of this severity and graver ones; how many are hidden is said.
    #[arg(long, value_name = "SEVERITY", value_parser = severity)]
    min_severity: Option<Severity>,
    /// Show findings whose confidence is at least this, 0 to 1.
    #[arg(long, value_name = "SHARE", value_parser = share)]
    min_confidence: Option<f64>,
    /// Show so many suggestions, the best ones.
    #[arg(long, value_name = "N")]
    max_suggestions: Option<usize>,
}

impl From<DialArgs> for Dial {
    fn from(args: DialArgs) -> Self {
        let DialArgs { min_severity, min_confidence, max_suggestions } = args;
        Self { min_severity, min_confidence, max_suggestions }
    }
}

#[derive(Debug, Default, Args)]
pub(super) struct AgentsArgs {
    #[command(flatten)]
    pub(super) format: FormatArgs,
    /// Say how each did in all rounds of this repository.
    #[arg(long)]
    pub(super) record: bool,
    /// As if the repository were trusted to run its own code.
    #[arg(long)]
    pub(super) trusted: bool,
    #[command(subcommand)]
    pub(super) command: Option<AgentsCommand>,
}

#[derive(Debug, Subcommand)]
pub(super) enum AgentsCommand {
    /// Ask a few questions, write an agent into your configuration, and test it with one small call. With --adapter nothing
    /// is asked.
    #[command(after_help = examples::AGENTS_ADD)]
    Add(AddArgs),
    /// Change an agent's model, how hard it thinks, or whether it takes part, in your configuration; the rest of the file stays
    /// as you wrote it.
    #[command(after_help = examples::AGENTS_SET)]
    Set(SetArgs),
    /// Have an agent review a change of three lines: whether it works, how long it takes, and what that costs.
    #[command(after_help = examples::AGENTS_TEST)]
    Test {
        /// Its name, as `deep-review agents` lists it.
        name: String,
        #[command(flatten)]
        format: FormatArgs,
    },
    /// Give a coding agent the tools of `deep-review mcp`: shows what is written into which file, and asks.
    #[command(after_help = examples::AGENTS_INSTALL)]
    Install(InstallArgs),
    /// Take out again exactly what install wrote.
    #[command(after_help = examples::AGENTS_UNINSTALL)]
    Uninstall(InstallArgs),
    /// What a coding agent runs when it wants to stop: hands open findings back to it, a limited number of times. Reads
    /// the hook's JSON from standard input.
    #[command(after_help = examples::AGENTS_STOP_HOOK)]
    StopHook(StopHookArgs),
}

/// The answers to the questions of `agents add`.
#[derive(Debug, Default, Args)]
pub(super) struct AddArgs {
    /// How the agent is spoken to: anthropic-http, openai-http, gemini-http, chat-http, claude, codex, …
    #[arg(long, value_name = "ADAPTER", requires = "name")]
    pub(super) adapter: Option<String>,
    /// Its name.
    #[arg(long, value_name = "NAME", requires = "adapter")]
    pub(super) name: Option<String>,
    /// Its model.
    #[arg(long, value_name = "MODEL", requires = "adapter")]
    pub(super) model: Option<String>,
    /// The server's address.
    #[arg(long, value_name = "URL", requires = "adapter")]
    pub(super) url: Option<String>,
    /// The environment variable that holds the key; never the key itself.
    #[arg(long, value_name = "VARIABLE", requires = "adapter")]
    pub(super) key_env: Option<String>,
    #[command(flatten)]
    pub(super) format: FormatArgs,
}

/// What is to be different of an agent.
#[derive(Debug, Default, Args)]
#[group(required = true, multiple = true, args = ["model", "effort", "enabled"])]
pub(super) struct SetArgs {
    /// Its name, as `deep-review agents` lists it.
    pub(super) name: String,
    /// Its model; an empty one is its own choice.
    #[arg(long, value_name = "MODEL")]
    pub(super) model: Option<String>,
    /// How hard it thinks: low, medium, high, max; default is its own choice.
    #[arg(long, value_name = "EFFORT", value_parser = ["low", "medium", "high", "max", "default"])]
    pub(super) effort: Option<String>,
    /// Whether it takes part in reviews.
    #[arg(long, value_name = "true|false")]
    pub(super) enabled: Option<bool>,
    #[command(flatten)]
    pub(super) format: FormatArgs,
}

#[derive(Debug, Args)]
pub(super) struct EvalArgs {
    /// A folder of branches with known defects: a folder each, with `case.toml`, `before/` and `after/`.
    pub(super) folder: PathBuf,
    /// With this agent only; may be repeated. Default: every agent that judges and can be used.
    #[arg(long = "agent", value_name = "NAME")]
    pub(super) agents: Vec<String>,
    #[command(flatten)]
    pub(super) format: FormatArgs,
}

#[derive(Debug, Args)]
pub(super) struct InstallArgs {
    /// Which one.
    #[arg(value_enum)]
    pub(super) agent: CodingAgent,
    /// Into the repository's settings instead of the user's, where the agent has both.
    #[arg(long)]
    pub(super) project: bool,
    /// Without asking.
    #[arg(long, short)]
    pub(super) yes: bool,
    #[command(flatten)]
    pub(super) format: FormatArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "lower")]
pub(super) enum CodingAgent {
    Claude,
    Codex,
    Gemini,
    Cursor,
    VsCode,
    Windsurf,
    Zed,
}

#[derive(Debug, Args)]
pub(super) struct StopHookArgs {
    /// Most findings that are handed back at a time.
    #[arg(long, value_name = "N", default_value_t = 5)]
    pub(super) most: usize,
    /// How often a session is kept from stopping, at most.
    #[arg(long, value_name = "N", default_value_t = 2)]
    pub(super) rounds: u32,
    /// Findings of this severity or a graver one.
    #[arg(long, value_name = "SEVERITY", value_parser = severity, default_value = "important")]
    pub(super) severity: Severity,
    /// Review with this agent; may be repeated. Default: those that cost nothing.
    #[arg(long = "agent", value_name = "NAME")]
    pub(super) agents: Vec<String>,
}

#[derive(Debug, Args)]
pub(super) struct RulesArgs {
    #[command(flatten)]
    pub(super) format: FormatArgs,
    #[command(subcommand)]
    pub(super) command: Option<RulesCommand>,
}

#[derive(Debug, Subcommand)]
pub(super) enum RulesCommand {
    /// Say what a rule finds, why that is a mistake, and how to silence it.
    #[command(after_help = examples::RULES_EXPLAIN)]
    Explain {
        /// The rule's id, as `deep-review rules` lists it.
        id: String,
        #[command(flatten)]
        format: FormatArgs,
    },
    /// Test rules against their cases (`*-test.yml`): `.deep-review/rules` without a path.
    #[command(after_help = examples::RULES_TEST)]
    Test {
        /// Files or folders of rules.
        paths: Vec<PathBuf>,
        #[command(flatten)]
        format: FormatArgs,
    },
}

#[derive(Debug, Args)]
pub(super) struct DemoArgs {
    /// Make the sample in this folder, which must not exist yet. Default: a new temporary one.
    #[arg(long, value_name = "FOLDER")]
    pub(super) into: Option<PathBuf>,
    #[command(flatten)]
    pub(super) format: FormatArgs,
}

#[derive(Debug, Args)]
pub(super) struct RoundsArgs {
    #[command(flatten)]
    pub(super) format: FormatArgs,
}

#[derive(Debug, Args)]
pub(super) struct ReportArgs {
    /// The round's number. Default: the newest.
    pub(super) round: Option<u32>,
    /// Write a page for each round of the branch, and one that lists them, into the folder of --output. Default: a
    /// folder beside the stored rounds.
    #[arg(long, conflicts_with_all = ["round", "format"])]
    pub(super) index: bool,
    /// How to write it. Default: text.
    #[arg(long, short, value_name = "FORMAT", value_parser = format_parser())]
    pub(super) format: Option<Format>,
    /// Write to this file instead of standard output.
    #[arg(long, short, value_name = "FILE")]
    pub(super) output: Option<PathBuf>,
}

/// How findings are written for whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum ListFormat {
    /// For people.
    Text,
    /// One document.
    Json,
    /// One document a line.
    Jsonl,
    /// Compact text for coding agents.
    Agent,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum StateChoice {
    /// What asks for something to be done.
    Open,
    /// What is in the files as it should be.
    Fixed,
    /// What was declined.
    Dismissed,
    /// What was about code that is gone.
    Outdated,
    All,
}

impl From<StateChoice> for Option<ops::StateName> {
    fn from(choice: StateChoice) -> Self {
        match choice {
            StateChoice::Open => Some(ops::StateName::Open),
            StateChoice::Fixed => Some(ops::StateName::Fixed),
            StateChoice::Dismissed => Some(ops::StateName::Dismissed),
            StateChoice::Outdated => Some(ops::StateName::Outdated),
            StateChoice::All => None,
        }
    }
}

#[derive(Debug, Args)]
pub(super) struct FindingsArgs {
    /// The round's number. Default: the newest.
    pub(super) round: Option<u32>,
    /// Those in this state.
    #[arg(long, value_enum, default_value_t = StateChoice::Open)]
    pub(super) state: StateChoice,
    /// Those of this severity or a graver one.
    #[arg(long, value_name = "SEVERITY", value_parser = severity)]
    pub(super) severity: Option<Severity>,
    /// Those with a place in this file or folder, from the top of the repository.
    #[arg(long, value_name = "PATH")]
    pub(super) file: Option<String>,
    /// Those that this agent raised.
    #[arg(long, value_name = "NAME")]
    pub(super) agent: Option<String>,
    /// Those at lines that you changed last: not committed yet, or by a commit of git's user.email on this branch.
    #[arg(long)]
    pub(super) mine: bool,
    #[command(flatten)]
    pub(super) dial: DialArgs,
    /// Those too that the configuration hides (min_severity, min_confidence, max_suggestions).
    #[arg(long, conflicts_with_all = ["min_severity", "min_confidence", "max_suggestions"])]
    pub(super) all: bool,
    /// How to write them.
    #[arg(long, short, value_enum, default_value_t = ListFormat::Text)]
    pub(super) format: ListFormat,
}

#[derive(Debug, Args)]
pub(super) struct ShowArgs {
    /// The finding, by label (I1) or id.
    #[arg(value_name = "ID")]
    pub(super) id: String,
    /// The round's number. Default: the newest.
    #[arg(long, value_name = "NUMBER")]
    pub(super) round: Option<u32>,
    /// How to write it.
    #[arg(long, short, value_enum, default_value_t = ListFormat::Text)]
    pub(super) format: ListFormat,
}

#[derive(Debug, Args)]
pub(super) struct VerifyArgs {
    /// The findings, by label (I1) or id.
    #[arg(value_name = "ID", required = true)]
    pub(super) ids: Vec<String>,
    /// Ask those who raised what is not proved to be gone, one finding at a time. Everything else stands as it is.
    #[arg(long)]
    pub(super) ask: bool,
    /// How to write what is proved.
    #[arg(long, short, value_enum, default_value_t = ListFormat::Text)]
    pub(super) format: ListFormat,
}

#[derive(Debug, Args)]
pub(super) struct OpenArgs {
    /// The finding, by label (I1) or id.
    #[arg(value_name = "ID")]
    pub(super) id: String,
    #[command(flatten)]
    pub(super) format: FormatArgs,
}

#[derive(Debug, Args)]
pub(super) struct ApplyArgs {
    /// The findings, by label (I1) or id.
    #[arg(value_name = "ID", required_unless_present = "all")]
    pub(super) ids: Vec<String>,
    /// Every open finding whose fix applies without doubt.
    #[arg(long, conflicts_with = "ids")]
    pub(super) all: bool,
    /// Only say whether they would apply, and print what would change.
    #[arg(long)]
    pub(super) check: bool,
    #[command(flatten)]
    pub(super) format: FormatArgs,
}

#[derive(Debug, Args)]
pub(super) struct FixArgs {
    /// The findings, by label (I1) or id.
    #[arg(value_name = "ID", required_unless_present = "all")]
    pub(super) ids: Vec<String>,
    /// Every open finding, the gravest first, each in what became of the code before it.
    #[arg(long, conflicts_with = "ids")]
    pub(super) all: bool,
    /// The agent that writes the fixes. Default: the first of those that raised the finding.
    #[arg(long, value_name = "NAME")]
    pub(super) agent: Option<String>,
    /// The shell command that says whether the code is right, run in the copy without and with each fix. Default: as
    /// configured below [fix].
    #[arg(long, value_name = "COMMAND")]
    pub(super) check: Option<String>,
    /// Run no check.
    #[arg(long, conflicts_with = "check")]
    pub(super) no_check: bool,
    /// How often a finding is tried, each time told why the fix before was not taken. Default: 2.
    #[arg(long, value_name = "NUMBER")]
    pub(super) tries: Option<u32>,
    /// Go on until nothing is left to be fixed: fix, review what changed, fix what is new; all of it in a copy.
    #[arg(long, value_enum, value_name = "WHEN", requires = "all")]
    pub(super) until: Option<Until>,
    /// With --until, most rounds of fixes.
    #[arg(long, value_name = "NUMBER", default_value_t = 3, requires = "until")]
    pub(super) rounds: u32,
    /// Change only this file, by its path from the top of the repository; may be repeated.
    #[arg(long, value_name = "FILE")]
    pub(super) only: Vec<String>,
    /// Ask anew, whatever was proven before.
    #[arg(long)]
    pub(super) fresh: bool,
    /// Apply what is proven, without asking.
    #[arg(long, short)]
    pub(super) yes: bool,
    /// Apply also what changes tests, what the CI runs, or files of the check.
    #[arg(long)]
    pub(super) allow_test_edits: bool,
    /// Commit what is applied: those files, and nothing else.
    #[arg(long, conflicts_with = "commit_each")]
    pub(super) commit: bool,
    /// Commit each fix by itself.
    #[arg(long)]
    pub(super) commit_each: bool,
    /// Most US dollars that this may cost.
    #[arg(long, value_name = "DOLLARS")]
    pub(super) max_cost: Option<f64>,
    /// Seconds that an agent may take for one call.
    #[arg(long, value_name = "SECONDS")]
    pub(super) timeout: Option<u64>,
    #[command(flatten)]
    pub(super) format: FormatArgs,
}

/// When fixing ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Until {
    /// When no open finding is left.
    Clean,
}

#[derive(Debug, Args)]
pub(super) struct AskArgs {
    /// The finding, by label (I1) or id.
    #[arg(value_name = "ID")]
    pub(super) id: String,
    /// What you want to know.
    #[arg(value_name = "QUESTION", required = true)]
    pub(super) question: Vec<String>,
    /// Whom to ask. Default: the first of those that raised the finding and answer questions.
    #[arg(long, value_name = "NAME")]
    pub(super) agent: Option<String>,
    /// Most US dollars that this may cost.
    #[arg(long, value_name = "DOLLARS")]
    pub(super) max_cost: Option<f64>,
    #[command(flatten)]
    pub(super) format: FormatArgs,
}

#[derive(Debug, Args)]
pub(super) struct ImportArgs {
    /// The reviews. Those that are no whole report become one round together.
    #[arg(value_name = "FILE", required = true)]
    pub(super) files: Vec<PathBuf>,
    /// Read lines by this format, as Vim's errorformat writes it: '%f:%l:%c: %m'. Default: the format is told by what is in
    /// the file.
    #[arg(long, value_name = "FORMAT")]
    pub(super) errorformat: Option<ErrorFormat>,
    /// Take them as more agents of the newest round: a new round has what both say, merged.
    #[arg(long)]
    pub(super) into_current: bool,
    /// What the branch is compared with.
    #[arg(long, value_name = "REF")]
    pub(super) base: Option<String>,
    /// How to write the round. Default: text.
    #[arg(long, short, value_name = "FORMAT", value_parser = format_parser())]
    pub(super) format: Option<Format>,
    /// Write to this file instead of standard output.
    #[arg(long, short, value_name = "FILE")]
    pub(super) output: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct PrArgs {
    /// The pull request, by number or address. Default: the open one of the current branch.
    #[arg(value_name = "NUMBER")]
    pub(super) number: Option<String>,
    /// List the open pull requests.
    #[arg(long, conflicts_with_all = ["number", "post", "resolve"])]
    pub(super) list: bool,
    #[command(flatten)]
    pub(super) format: FormatArgs,
    /// Post the round's open findings as review comments, with suggestions: as a pending review, which you submit at the
    /// forge. None is posted twice.
    #[arg(long)]
    pub(super) post: bool,
    /// Post only this finding, by label or id; may be repeated.
    #[arg(long = "finding", value_name = "ID", requires = "post")]
    pub(super) findings: Vec<String>,
    /// Have everybody see it at once.
    #[arg(long, requires = "post")]
    pub(super) submit: bool,
    /// Resolve the conversations of ours whose findings are fixed.
    #[arg(long)]
    pub(super) resolve: bool,
    /// Without asking.
    #[arg(long, short)]
    pub(super) yes: bool,
    /// Which round to post. Default: the newest.
    #[arg(long, value_name = "NUMBER", requires = "post")]
    pub(super) round: Option<u32>,
    /// The remote that the pull request is at. Default: upstream, origin, then the others.
    #[arg(long, value_name = "NAME")]
    pub(super) remote: Option<String>,
    /// What runs on the remote's host, where its name does not tell.
    #[arg(long, value_enum)]
    pub(super) forge: Option<ForgeKind>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "lower")]
pub(super) enum ForgeKind {
    GitHub,
    GitLab,
    /// Forgejo too.
    Gitea,
    /// Bitbucket Cloud.
    Bitbucket,
    /// Azure DevOps.
    Azure,
}

impl From<ForgeKind> for forge::Kind {
    fn from(kind: ForgeKind) -> Self {
        match kind {
            ForgeKind::GitHub => Self::GitHub,
            ForgeKind::GitLab => Self::GitLab,
            ForgeKind::Gitea => Self::Gitea,
            ForgeKind::Bitbucket => Self::Bitbucket,
            ForgeKind::Azure => Self::Azure,
        }
    }
}

#[derive(Debug, Args)]
pub(super) struct ScanArgs {
    /// Files and folders: pathspecs as git takes them, `:!x` leaves x out.
    #[arg(value_name = "PATHS", required = true)]
    pub(super) paths: Vec<String>,
    /// Review with this agent only; may be repeated.
    #[arg(long = "agent", value_name = "NAME")]
    pub(super) agents: Vec<String>,
    /// Most US dollars for it.
    #[arg(long, value_name = "USD")]
    pub(super) max_cost: Option<f64>,
    /// Do not ask whether that may be spent.
    #[arg(long, short)]
    pub(super) yes: bool,
    /// How to write the round. Default: text.
    #[arg(long, short, value_name = "FORMAT", value_parser = format_parser())]
    pub(super) format: Option<Format>,
    /// Write to this file instead of standard output.
    #[arg(long, short, value_name = "FILE")]
    pub(super) output: Option<PathBuf>,
    /// End with exit code 1 if a finding of this severity or a graver one is open.
    #[arg(long, value_name = "SEVERITY", value_parser = severity)]
    pub(super) fail_on: Option<Severity>,
    /// Let the repository run its own code in linters that need it.
    #[arg(long)]
    pub(super) trusted: bool,
}

/// What a review is made of, when it happens.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum WatchFor {
    /// Each new commit.
    #[default]
    Commit,
    /// Each pause in typing, with uncommitted work.
    Pause,
    /// Each push.
    Push,
}

impl From<WatchFor> for ops::watch::WatchFor {
    fn from(on: WatchFor) -> Self {
        match on {
            WatchFor::Commit => Self::Commit,
            WatchFor::Pause => Self::Pause,
            WatchFor::Push => Self::Push,
        }
    }
}

#[derive(Debug, Default, Args)]
pub(super) struct WatchArgs {
    /// What is waited for.
    #[arg(long, value_enum, default_value_t = WatchFor::Commit)]
    pub(super) on: WatchFor,
    /// How long nothing may be typed before it is a pause, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 10)]
    pub(super) pause: u64,
    /// Review with this agent; may be repeated. Default: the built-in agents and linters, which cost nothing.
    #[arg(long = "agent", value_name = "NAME")]
    pub(super) agents: Vec<String>,
    /// Most US dollars in an hour, all rounds of the repository counted.
    #[arg(long, value_name = "USD")]
    pub(super) max_cost_per_hour: Option<f64>,
    /// Most US dollars in a day, all rounds of the repository counted.
    #[arg(long, value_name = "USD")]
    pub(super) max_cost_per_day: Option<f64>,
    /// Review what is there now too.
    #[arg(long)]
    pub(super) now: bool,
    /// End after so many reviews.
    #[arg(long, value_name = "N")]
    pub(super) rounds: Option<u32>,
    #[command(flatten)]
    pub(super) format: FormatArgs,
}

#[derive(Debug, Args)]
pub(super) struct HookArgs {
    #[command(subcommand)]
    pub(super) command: HookCommand,
}

#[derive(Debug, Subcommand)]
pub(super) enum HookCommand {
    /// Put a review into hooks. Default: pre-push.
    #[command(after_help = examples::HOOK_INSTALL)]
    Install(HookInstall),
    /// Take it out again; of all hooks if none is named.
    #[command(after_help = examples::HOOK_UNINSTALL)]
    Uninstall {
        /// Of these hooks.
        #[arg(value_enum)]
        names: Vec<HookName>,
        #[command(flatten)]
        format: FormatArgs,
    },
    /// What a hook calls: a review in one line, which stands in nobody's way unless it is told to.
    #[command(after_help = examples::HOOK_RUN)]
    Run(HookRun),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum HookName {
    /// The branch's commits, before they are pushed.
    PrePush,
    /// What is staged, before it is committed.
    PreCommit,
    /// The commit, when it is there.
    PostCommit,
}

impl HookName {
    /// The name of its script.
    pub(super) fn file(self) -> &'static str {
        match self {
            Self::PrePush => "pre-push",
            Self::PreCommit => "pre-commit",
            Self::PostCommit => "post-commit",
        }
    }
}

#[derive(Debug, Args)]
pub(super) struct HookInstall {
    /// Which hooks.
    #[arg(value_enum)]
    pub(super) names: Vec<HookName>,
    /// Have the hook fail if a finding of this severity or a graver one is open. Default: it never does.
    #[arg(long, value_name = "SEVERITY", value_parser = severity)]
    pub(super) fail_on: Option<Severity>,
    /// How long it may take, in seconds. Default: 60.
    #[arg(long, value_name = "SECONDS")]
    pub(super) timeout: Option<u64>,
    /// Review with this agent; may be repeated. Default: the built-in agents and linters, which cost nothing.
    #[arg(long = "agent", value_name = "NAME")]
    pub(super) agents: Vec<String>,
    #[command(flatten)]
    pub(super) format: FormatArgs,
}

#[derive(Debug, Args)]
pub(super) struct HookRun {
    /// Which hook.
    #[arg(value_enum)]
    pub(super) name: HookName,
    /// End with exit code 1 if a finding of this severity or a graver one is open.
    #[arg(long, value_name = "SEVERITY", value_parser = severity)]
    pub(super) fail_on: Option<Severity>,
    /// How long it may take, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    pub(super) timeout: u64,
    /// Review with this agent; may be repeated.
    #[arg(long = "agent", value_name = "NAME")]
    pub(super) agents: Vec<String>,
    #[command(flatten)]
    pub(super) format: FormatArgs,
}

#[derive(Debug, Args)]
pub(super) struct DismissArgs {
    /// The finding, by label (I1) or id.
    #[arg(value_name = "ID")]
    pub(super) id: String,
    /// Why, in your own words.
    #[arg(long, value_name = "TEXT")]
    pub(super) reason: String,
    /// What kind of reason it is.
    #[arg(long, value_enum, default_value_t = DismissKind::FalsePositive)]
    pub(super) kind: DismissKind,
    #[command(flatten)]
    pub(super) format: FormatArgs,
}

#[derive(Debug, Args)]
pub(super) struct ReopenArgs {
    /// The finding, by label (I1) or id.
    #[arg(value_name = "ID")]
    pub(super) id: String,
    #[command(flatten)]
    pub(super) format: FormatArgs,
}

#[derive(Debug, Args)]
pub(super) struct SeverityArgs {
    /// The finding, by label (I1) or id.
    #[arg(value_name = "ID")]
    pub(super) id: String,
    /// What it is from now on: critical, important or suggestion. What its agents say takes that back.
    #[arg(value_name = "SEVERITY", value_parser = severity)]
    pub(super) severity: Severity,
    /// Why, in your own words.
    #[arg(long, value_name = "TEXT")]
    pub(super) reason: Option<String>,
    #[command(flatten)]
    pub(super) format: FormatArgs,
}

#[derive(Debug, Args)]
pub(super) struct SplitArgs {
    /// The finding, by label (I1) or id.
    #[arg(value_name = "ID")]
    pub(super) id: String,
    /// The agents whose remarks are another issue than the rest. Default: each remark is one.
    #[arg(value_name = "AGENT")]
    pub(super) agents: Vec<String>,
    /// Take back that the finding was split off, or is to be split.
    #[arg(long, conflicts_with = "agents")]
    pub(super) undo: bool,
    #[command(flatten)]
    pub(super) format: FormatArgs,
}

#[derive(Debug, Args)]
pub(super) struct JoinArgs {
    /// The findings, by label (I1) or id.
    #[arg(value_name = "ID", required = true)]
    pub(super) ids: Vec<String>,
    /// Take back that these findings were joined, or are to be.
    #[arg(long)]
    pub(super) undo: bool,
    #[command(flatten)]
    pub(super) format: FormatArgs,
}

#[derive(Debug, Args)]
pub(super) struct DoctorArgs {
    /// Ask each agent that reviews once, about a change of three lines; it may cost a few cents.
    #[arg(long)]
    pub(super) ask: bool,
    #[command(flatten)]
    pub(super) format: FormatArgs,
}

#[derive(Debug, Args)]
pub(super) struct LearningsArgs {
    #[command(flatten)]
    pub(super) format: FormatArgs,
    #[command(subcommand)]
    pub(super) command: Option<LearningsCommand>,
}

#[derive(Debug, Subcommand)]
pub(super) enum LearningsCommand {
    /// Add one in your own words.
    #[command(after_help = examples::LEARNINGS_ADD)]
    Add {
        /// What agents are to know.
        #[arg(required = true)]
        words: Vec<String>,
        #[command(flatten)]
        format: FormatArgs,
    },
    /// Forget some.
    #[command(after_help = examples::LEARNINGS_FORGET)]
    Forget {
        /// Their numbers, as `deep-review learnings` lists them.
        #[arg(required = true)]
        numbers: Vec<usize>,
        #[command(flatten)]
        format: FormatArgs,
    },
    /// Open their file in the editor that VISUAL or EDITOR names.
    #[command(after_help = examples::LEARNINGS_EDIT)]
    Edit(FormatArgs),
    /// Write them into .deep-review/learnings.md of the work tree, for everybody.
    #[command(after_help = examples::LEARNINGS_SHARE)]
    Share(FormatArgs),
}

#[derive(Debug, Args)]
pub(super) struct SyncArgs {
    /// The remote to share with. Default: origin, or the only one.
    #[arg(long, value_name = "NAME")]
    pub(super) remote: Option<String>,
    /// Drop what is older than so many days from what is shared, for everybody. What a clone has stays there.
    #[arg(long, value_name = "DAYS")]
    pub(super) keep: Option<u32>,
    #[command(flatten)]
    pub(super) format: FormatArgs,
}

#[derive(Debug, Args)]
pub(super) struct CacheArgs {
    /// Drop the answers that were put there more than so many days ago, for everybody; 0 drops all.
    #[arg(long, value_name = "DAYS")]
    pub(super) keep: Option<u32>,
    #[command(flatten)]
    pub(super) format: FormatArgs,
}

/// How a command says what it did, or what there is.
#[derive(Debug, Default, Clone, Copy, Args)]
pub(super) struct FormatArgs {
    /// How to write it.
    #[arg(long, value_enum, default_value_t = Plain::Text)]
    format: Plain,
    /// The same as --format json.
    #[arg(long, conflicts_with = "format")]
    json: bool,
}

impl FormatArgs {
    pub(super) fn is_json(self) -> bool {
        self.json || self.format == Plain::Json
    }
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum Plain {
    /// For people.
    #[default]
    Text,
    /// One document, in the form of docs/schemas.
    Json,
}

#[derive(Debug, Args)]
pub(super) struct LogArgs {
    #[command(flatten)]
    pub(super) format: FormatArgs,
}

#[derive(Debug, Args)]
pub(super) struct UndoArgs {
    /// Take back all that coding agents did on the branch, instead of the last that anybody did.
    #[arg(long)]
    pub(super) agents: bool,
    #[command(flatten)]
    pub(super) format: FormatArgs,
}

#[derive(Debug, Args)]
pub(super) struct ConfigArgs {
    /// Print the JSON Schema of the configuration file instead.
    #[arg(long)]
    pub(super) schema: bool,
    #[command(flatten)]
    pub(super) format: FormatArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum DismissKind {
    /// It is not true.
    FalsePositive,
    /// It is true and stays.
    WontFix,
    /// It is true and will be done another time.
    Later,
}

impl From<DismissKind> for DismissReason {
    fn from(kind: DismissKind) -> Self {
        match kind {
            DismissKind::FalsePositive => Self::FalsePositive,
            DismissKind::WontFix => Self::WontFix,
            DismissKind::Later => Self::Later,
        }
    }
}

/// How `review` writes a round.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ReviewFormat {
    /// As a document, at the end.
    Document(Format),
    /// As events, while it runs.
    Events,
}

fn review_format_parser() -> impl clap::builder::TypedValueParser<Value = ReviewFormat> {
    use clap::builder::{PossibleValuesParser, TypedValueParser};
    const EVENTS: &str = "jsonl";
    PossibleValuesParser::new(Format::ALL.map(Format::name).into_iter().chain([EVENTS])).try_map(|name| match &*name {
        EVENTS => Ok(ReviewFormat::Events),
        name => name.parse::<Format>().map(ReviewFormat::Document).map_err(|e| e.to_string()),
    })
}

fn format_parser() -> impl clap::builder::TypedValueParser<Value = Format> {
    use clap::builder::{PossibleValuesParser, TypedValueParser};
    PossibleValuesParser::new(Format::ALL.map(Format::name))
        .try_map(|name| name.parse::<Format>().map_err(|e| e.to_string()))
}

fn verify(word: &str) -> Result<Verify, String> {
    Verify::from_word(word).ok_or_else(|| "it is one of off, cross, lead".into())
}

fn effort(word: &str) -> Result<RoundEffort, String> {
    RoundEffort::from_word(word).ok_or_else(|| "it is one of quick, normal, deep".into())
}

fn share(word: &str) -> Result<f64, String> {
    word.parse().ok().filter(|n| (0.0..=1.0).contains(n)).ok_or_else(|| "it is a number from 0 to 1".into())
}

fn severity(word: &str) -> Result<Severity, String> {
    match word.to_ascii_lowercase().as_str() {
        "critical" => Ok(Severity::Critical),
        "important" => Ok(Severity::Important),
        "suggestion" => Ok(Severity::Suggestion),
        _ => Err("it is one of critical, important, suggestion".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_arguments_are_consistent() {
        Cli::command().debug_assert();
    }

    /// The words of a command line as a shell has them: up to a comment or a redirection, quotes taken off.
    fn words(line: &str) -> Vec<String> {
        let line = line.trim_start();
        let command = line.split_once("   ").map_or(line, |(command, _)| command);
        let mut words = vec![String::new()];
        let mut quoted = false;
        for c in command.chars() {
            match c {
                '"' => quoted = !quoted,
                ' ' if !quoted => words.push(String::new()),
                c => words.last_mut().unwrap().push(c),
            }
        }
        words.retain(|w| !w.is_empty());
        let end = words.iter().position(|w| matches!(w.as_str(), "|" | ">" | "<")).unwrap_or(words.len());
        words.truncate(end);
        words
    }

    #[test]
    fn every_help_has_examples_that_can_be_typed() {
        let mut commands = vec![Cli::command()];
        let mut seen = 0;
        while let Some(mut command) = commands.pop() {
            let help = command.render_long_help().to_string();
            let examples = help.split_once("\nExamples:\n").unwrap_or_else(|| panic!("no examples in:\n{help}")).1;
            let lines: Vec<&str> = examples.lines().take_while(|l| !l.is_empty()).collect();
            assert!(!lines.is_empty(), "{help}");
            for line in lines {
                assert!(line.len() <= 80, "it is wrapped on a narrow terminal: {line}");
                let words = words(line);
                let name = command.get_name();
                assert!(words[0] == "deep-review", "{line}");
                assert!(name == "deep-review" || words.iter().any(|w| w == name), "{name}: {line}");
                if let Err(e) = Cli::try_parse_from(&words) {
                    panic!("{line}: {e}");
                }
                seen += 1;
            }
            commands.extend(command.get_subcommands().filter(|c| c.get_name() != "help").cloned());
        }
        assert!(seen > 30, "{seen}");
    }
}
