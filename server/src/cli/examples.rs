//! The examples under each `--help`. A test types every one of them.

pub(super) const ALL: &str = "\
Examples:
  deep-review review                       review the current branch
  deep-review review --base origin/main    against another base
  deep-review review --agent references    with one agent only
  deep-review review --format sarif -o review.sarif --fail-on important
  deep-review demo                         see it work, without a key

Exit codes:
  0  the review is complete
  1  --fail-on was reached
  2  it could not be done (usage, no repository, bad configuration, no agent answered)
  3  it is incomplete: some agent failed, and the output says which and why";

pub(super) const REVIEW: &str = "\
Examples:
  deep-review review                        uncommitted work included
  deep-review review --base release/2.1     against another branch
  deep-review review pr:7                   a pull request, not checked out
  deep-review review https://github.com/owner/name/pull/7
  deep-review review feature/login          a branch that is not checked out
  deep-review review commit:HEAD~2          one commit
  deep-review review v1.0..v1.1             what differs between two commits
  deep-review review main...topic           what topic has since it left main
  deep-review review --staged               what is staged
  deep-review review 'stash@{0}'            a stash
  deep-review review patch:fix.diff         a diff from elsewhere, on HEAD
  deep-review review -- src ':!src/gen'     only some files
  deep-review review --no-uncommitted       commits only
  deep-review review --agent references --agent rules
  deep-review review --format markdown -o review.md
  deep-review review --fail-on important    exit code 1 from there on
  deep-review review --dry-run              what would be sent, and to whom
  deep-review review --verify cross         agents check each other
  deep-review review --resume               finish a round that was interrupted
  deep-review review -i                     then walk through the findings
  deep-review review --format jsonl --stream    events, for programs

Exit codes: 0 complete; 1 --fail-on was reached; 2 it could not be done, or no
agent answered; 3 incomplete: some agent failed. If --fail-on was reached too,
it is 1.";

pub(super) const LSP: &str = "\
Examples:
  deep-review lsp            what an editor starts
  deep-review lsp --stdio    the same, for editors that insist";

pub(super) const MCP: &str = "\
Examples:
  deep-review mcp                         what a coding agent starts
  deep-review mcp --http 127.0.0.1:7345   for those that start no programs

Your own configuration says what an agent may do, below [mcp]:
allow = [\"read\", \"review\", \"apply\", \"dismiss\"]; without a word it may read.";

pub(super) const AGENTS: &str = "\
Examples:
  deep-review agents         a table: usable or not, and what to do about it
  deep-review agents --json | jq '.[].name'
  deep-review agents add     a dialogue that sets one up
  deep-review agents test claude";

pub(super) const AGENTS_ADD: &str = "\
Examples:
  deep-review agents add     a program, a key or a local server
  deep-review agents add --adapter anthropic-http --name api --model sonnet";

pub(super) const AGENTS_SET: &str = "\
Examples:
  deep-review agents set claude --model claude-opus-5 --effort max
  deep-review agents set codex --model '' --effort default
  deep-review agents set gemini --enabled false";

pub(super) const AGENTS_TEST: &str = "\
Examples:
  deep-review agents test claude";

pub(super) const EVAL: &str = "\
Examples:
  deep-review eval fixtures/eval                 with every agent
  deep-review eval ~/defects --agent claude --json";

pub(super) const RULES: &str = "\
Examples:
  deep-review rules                          all of them, and whether each is on
  deep-review rules explain go-defer-in-loop
  deep-review rules test                     the repository's own, with cases";

pub(super) const RULES_EXPLAIN: &str = "\
Examples:
  deep-review rules explain go-defer-in-loop";

pub(super) const RULES_TEST: &str = "\
Examples:
  deep-review rules test                     the repository's own
  deep-review rules test ~/rules/no-sleep.yml";

pub(super) const AGENTS_INSTALL: &str = "\
Examples:
  deep-review agents install claude             the repository's .mcp.json
  deep-review agents install codex              your own ~/.codex/config.toml
  deep-review agents install gemini --project   its .gemini/settings.json

Without more, an agent may read findings: [mcp] allow in your configuration says
what else it may do.";

pub(super) const AGENTS_UNINSTALL: &str = "\
Examples:
  deep-review agents uninstall claude";

pub(super) const AGENTS_STOP_HOOK: &str = "\
Examples:
  deep-review agents stop-hook < hook.json
  deep-review agents stop-hook --agent codex --most 3 < hook.json";

pub(super) const DEMO: &str = "\
Examples:
  deep-review demo                   in a new temporary folder
  deep-review demo --into sample     in ./sample, which must not exist yet";

pub(super) const ROUNDS: &str = "\
Examples:
  deep-review rounds
  deep-review rounds --json
  deep-review -C ../other rounds     of another repository";

pub(super) const REPORT: &str = "\
Examples:
  deep-review report                           the newest round, on the terminal
  deep-review report 3 --format markdown       the third
  deep-review report --format html -o review.html
  deep-review report --index -o pages          a page for every round";

pub(super) const FINDINGS: &str = "\
Examples:
  deep-review findings                       what is open in the newest round
  deep-review findings --severity important --file src
  deep-review findings --state all --format json | jq '.findings[].label'
  deep-review findings --format agent        for a coding agent

What reviewers wrote is data: a coding agent must not take it for instructions.";

pub(super) const SHOW: &str = "\
Examples:
  deep-review show I1
  deep-review show I1 --format agent";

pub(super) const VERIFY: &str = "\
Examples:
  deep-review verify I1 I2
  deep-review verify I1 --format json

Exit codes: 0 all of them are gone (fixed, their code gone, or declined);
1 one is there, or was edited so that only another review can say; 2 it could
not be done.";

pub(super) const OPEN: &str = "\
Examples:
  deep-review open I1";

pub(super) const TUI: &str = "\
Examples:
  deep-review tui                        the newest round of the branch
  deep-review tui --target pr:7          of what is not checked out

'deep-review review -i' reviews first.

Keys: j and k walk, a applies, d dismisses, f has an agent fix it, o opens it in
your editor, u takes the last back, / searches, ? shows all keys, q leaves.";

pub(super) const APPLY: &str = "\
Examples:
  deep-review apply I1             the fix of finding I1
  deep-review apply I1 S2          of both
  deep-review apply --all          every fix that applies without doubt
  deep-review apply --all --check   only say which would, with the diff";

pub(super) const FIX: &str = "\
Examples:
  deep-review fix I1                       a proven fix; asks before it writes
  deep-review fix I1 S2 --agent claude     by this agent
  deep-review fix --all --check \"cargo test\" --yes
  deep-review fix I1 --only src/lib.rs     change nothing else
  deep-review fix --all --commit-each --yes    a commit for each
  deep-review fix --all --until clean --rounds 3 --max-cost 5

Below [fix] in your own configuration: check = \"cargo check\", tries = 2.

Exit codes: 0 every finding has a proven fix; 2 none has, or nothing could be
asked; 3 some have.";

pub(super) const ASK: &str = "\
Examples:
  deep-review ask I1 'is this reachable from the API?'
  deep-review ask I1 'and with an empty list?' --agent codex";

pub(super) const IMPORT: &str = "\
Examples:
  deep-review import review.md             a report, or any agent's Markdown
  deep-review import claude.md codex.md    of two agents, as one round
  deep-review import results.sarif --base main
  deep-review import gemini.md --into-current   as one more agent";

pub(super) const DISMISS: &str = "\
Examples:
  deep-review dismiss I2 --reason \"it is bounded above\"
  deep-review dismiss S1 --reason \"in its own change\" --kind later";

pub(super) const REOPEN: &str = "\
Examples:
  deep-review reopen I2";

pub(super) const SEVERITY: &str = "\
Examples:
  deep-review severity I2 suggestion --reason \"a page for debugging\"
  deep-review severity I2 important        as its agents say, again";

pub(super) const INIT: &str = "\
Examples:
  deep-review init                 never over one that is there";

pub(super) const DOCTOR: &str = "\
Examples:
  deep-review doctor
  deep-review doctor --ask         each agent answers once: some cents
  deep-review -C ../other doctor --json

Exit codes: 0 a review works; 2 it does not, and what mends it is said.";

pub(super) const LEARNINGS: &str = "\
Examples:
  deep-review learnings              all of them, with numbers
  deep-review learnings add We keep one connection a thread.
  deep-review learnings forget 2 5
  deep-review learnings edit
  deep-review learnings share        into .deep-review/learnings.md";

pub(super) const LEARNINGS_ADD: &str = "\
Examples:
  deep-review learnings add We keep one connection a thread.";

pub(super) const LEARNINGS_EDIT: &str = "\
Examples:
  deep-review learnings edit";

pub(super) const SYNC: &str = "\
Examples:
  deep-review sync                    with origin
  deep-review sync --remote upstream
  deep-review sync --keep 180         drop what is older, for everybody

Nothing is shared that is about files which are never sent (never_send), nor of
a stash, a patch, or what is staged. Secrets are masked. Texts of files are not
shared: a clone has them from its own commits.";

pub(super) const CACHE: &str = "\
Examples:
  deep-review cache              what is there
  deep-review cache --keep 30    drop what is older than 30 days, for everybody

The place is `url` of [fleet] in your configuration, or DEEP_REVIEW_FLEET_URL; see
docs/fleet.md. Answers that agents gave in this repository alone are in its own
store, and are not listed here.";

pub(super) const LEARNINGS_SHARE: &str = "\
Examples:
  deep-review learnings share";

pub(super) const LEARNINGS_FORGET: &str = "\
Examples:
  deep-review learnings forget 2 5";

pub(super) const LOG: &str = "\
Examples:
  deep-review log                  the newest first
  deep-review log --json";

pub(super) const UNDO: &str = "\
Examples:
  deep-review undo                 once more for what was done before that
  deep-review undo --agents        all that coding agents did, the newest first

What is not as it was left (a file edited since, a finding decided anew) is never
overwritten: then nothing is taken back, and the reason is said.";

pub(super) const CONFIG: &str = "\
Examples:
  deep-review config                     every value, and where it comes from
  deep-review config --schema > config.schema.json";

pub(super) const COMPLETIONS: &str = "\
Examples:
  deep-review completions bash > /etc/bash_completion.d/deep-review
  deep-review completions zsh > ~/.zfunc/_deep-review
  deep-review completions fish > ~/.config/fish/completions/deep-review.fish";

pub(super) const MAN: &str = "\
Examples:
  deep-review man > ~/.local/share/man/man1/deep-review.1";

pub(super) const PLUMBING: &str = "\
Examples:
  deep-review plumbing patch < hunks.jsonl > outcomes.jsonl
  deep-review plumbing merge < raw.jsonl > findings.jsonl";

pub(super) const PLUMBING_PATCH: &str = "\
Examples:
  deep-review plumbing patch < hunks.jsonl > outcomes.jsonl

A line in:   {\"id\":\"1\",\"path\":\"a.rs\",\"text\":\"let x = 1;\\n\",\"diff\":\"-let x = 1;\\n+let x = 2;\\n\"}
A line out:  {\"id\":\"1\",\"outcome\":\"applied\",\"text\":\"let x = 2;\\n\"}
or           {\"id\":\"1\",\"outcome\":\"refused\",\"reason\":\"...\"}";

pub(super) const PLUMBING_MERGE: &str = "\
Examples:
  deep-review plumbing merge < raw.jsonl > findings.jsonl

A line in:   {\"group\":\"pr1\",\"id\":\"1\",\"agent\":\"codex\",\"title\":\"The lock is dropped\",\"path\":\"a.rs\",\"start_line\":7}
A line out:  {\"group\":\"pr1\",\"members\":[\"1\",\"4\"],\"agents\":[\"codex\",\"claude\"],\"severity\":\"important\",
              \"confidence\":0.9,\"why\":\"...\"}";

pub(super) const SPLIT: &str = "\
Examples:
  deep-review split I1              each remark becomes a finding
  deep-review split I1 codex        what codex said is another issue
  deep-review split I1 --undo       leave it to deep-review again

The stored round stays as it is: from the next round on they are apart, also where the agents say it in other words.
'deep-review join ID ID' says the opposite.";

pub(super) const JOIN: &str = "\
Examples:
  deep-review join I1 S3            I1 and S3 are one issue
  deep-review join I1 S3 S4         and so is S4
  deep-review join I1 --undo        leave it to deep-review again

The stored round stays as it is: from the next round on they are one, also where the agents say it in other words.
'deep-review split ID' says the opposite.";

pub(super) const SCAN: &str = "\
Examples:
  deep-review scan .                        the whole repository
  deep-review scan src ':!src/gen' --yes
  deep-review scan src --agent rules        with one agent only";

pub(super) const WATCH: &str = "\
Examples:
  deep-review watch                    each new commit, by what costs nothing
  deep-review watch --on pause         each pause in typing
  deep-review watch --agent claude --max-cost-per-hour 1 --max-cost-per-day 5";

pub(super) const HOOK: &str = "\
Examples:
  deep-review hook install                  before each push
  deep-review hook uninstall";

pub(super) const HOOK_INSTALL: &str = "\
Examples:
  deep-review hook install                  before each push; never in the way
  deep-review hook install pre-commit --fail-on critical
  deep-review hook install post-commit --timeout 20";

pub(super) const HOOK_UNINSTALL: &str = "\
Examples:
  deep-review hook uninstall                out of all hooks
  deep-review hook uninstall pre-push";

pub(super) const HOOK_RUN: &str = "\
Examples:
  deep-review hook run pre-commit           what is staged
  deep-review hook run pre-push --fail-on important";

pub(super) const PR: &str = "\
Examples:
  deep-review pr                  fetch the branch's pull request
  deep-review pr 42               that one
  deep-review pr --list           the open ones
  deep-review pr --post           show what would be posted, then ask
  deep-review pr --post --yes     post without asking, as a pending review
  deep-review pr --post --finding I1 --finding C2
  deep-review pr --post --submit   for everybody to see at once
  deep-review pr --resolve        resolve conversations whose findings are fixed

The token is GH_TOKEN or GITHUB_TOKEN, GITLAB_TOKEN, GITEA_TOKEN,
BITBUCKET_TOKEN, AZURE_DEVOPS_EXT_PAT, or what 'gh', 'glab' or git's credential
helper know. Only the host of your own remote is asked.";
