---`:DeepReview` and its subcommands.
local M = {}

local function client()
  return require("deep-review.client")
end

local function findings()
  return require("deep-review.findings")
end

local function any()
  return true
end

local function fixable(finding)
  return finding.fixable
end

---@param finding deep-review.Finding
local function apply(finding)
  client().execute("deepReview.applyFix", { id = finding.id, root = finding.root }, function()
    client().tell(("the fix of %s was applied; u takes it back"):format(finding.label))
  end)
end

---@param finding deep-review.Finding
local function preview(finding)
  client().execute("deepReview.applyFix", { id = finding.id, root = finding.root, dryRun = true }, function(result)
    require("deep-review.preview").open(result.edit, ("%s %s"):format(finding.label, finding.title), function()
      apply(finding)
    end)
  end)
end

local REASONS = {
  { "false-positive", "False positive: it is not true" },
  { "wont-fix", "Won't fix: it is true and stays" },
  { "later", "Later: it is true and will be done another time" },
}

---@param finding deep-review.Finding
---@param reason string
---@param text string
local function dismiss(finding, reason, text)
  local argument = { id = finding.id, root = finding.root, reason = reason, text = text }
  client().execute("deepReview.dismiss", argument, function()
    client().tell(("%s was dismissed; :DeepReview reopen %s takes it back"):format(finding.label, finding.label))
  end)
end

---@param finding deep-review.Finding
local function reopen(finding)
  client().execute("deepReview.reopen", { id = finding.id, root = finding.root }, function()
    client().tell(("%s is open again"):format(finding.label))
  end)
end

---@return deep-review.Finding[]
local function dismissed()
  return vim.tbl_filter(function(finding)
    return finding.state == "dismissed"
  end, require("deep-review.state").findings())
end

---@param finding deep-review.Finding
local function ask_and_dismiss(finding)
  vim.ui.select(REASONS, {
    prompt = ("Dismiss %s %s"):format(finding.label, finding.title),
    format_item = function(reason)
      return reason[2]
    end,
  }, function(reason)
    if not reason then
      return
    end
    vim.ui.input({ prompt = "Why? Later rounds will know (may be empty): " }, function(text)
      if text then
        dismiss(finding, reason[1], text)
      end
    end)
  end)
end

---@param finding deep-review.Finding
local function write_fix(finding)
  client().execute("deepReview.fix", { id = finding.id })
end

local SEVERITIES = { "critical", "important", "suggestion" }

---@param finding deep-review.Finding
---@param severity string
---@param reason string
local function grade(finding, severity, reason)
  local argument = { id = finding.id, root = finding.root, severity = severity, reason = reason }
  client().execute("deepReview.severity", argument, function()
    client().tell(("%s is %s from now on"):format(finding.label, severity))
  end)
end

---@param finding deep-review.Finding
local function ask_and_grade(finding)
  local others = vim.tbl_filter(function(severity)
    return severity ~= finding.severity
  end, SEVERITIES)
  vim.ui.select(others, { prompt = ("Severity of %s %s"):format(finding.label, finding.title) }, function(severity)
    if not severity then
      return
    end
    vim.ui.input({ prompt = "Why? Later rounds will know (may be empty): " }, function(reason)
      if reason then
        grade(finding, severity, reason)
      end
    end)
  end)
end

---What can end a thread, by its key.
local DECISIONS = {
  d = { words = "dismiss", run = ask_and_dismiss },
  f = { words = "have it fixed", run = write_fix },
  s = { words = "change its severity", run = ask_and_grade },
}

---@param finding deep-review.Finding
---@param question string
local function put_question(finding, question)
  local answer = require("deep-review.answer")
  answer.begin(finding)
  client().execute("deepReview.ask", { id = finding.id, question = question }, function(answered)
    answer.finish(finding, answered.by, answered.answer, DECISIONS)
  end, function()
    answer.abandon(finding)
  end)
end

---@param finding deep-review.Finding
local function ask(finding)
  vim.ui.input({ prompt = ("Ask about %s: "):format(finding.label) }, function(question)
    if question and question:find("%S") then
      put_question(finding, question)
    end
  end)
end

---@param lines string[]
---@param filetype string
---@param name string
local function show(lines, filetype, name)
  vim.cmd.new()
  local bufnr = vim.api.nvim_get_current_buf()
  vim.api.nvim_buf_set_lines(bufnr, 0, -1, false, lines)
  vim.bo[bufnr].buftype = "nofile"
  vim.bo[bufnr].bufhidden = "wipe"
  vim.bo[bufnr].swapfile = false
  vim.bo[bufnr].filetype = filetype
  vim.bo[bufnr].modifiable = false
  pcall(vim.api.nvim_buf_set_name, bufnr, name)
end

---A report, where sections fold and `gf` goes to a place of it.
---@param text string
---@param name string
local function show_report(text, name)
  local root = vim.fs.root(0, ".git") or vim.fn.getcwd()
  show(vim.split(text, "\n"), "markdown", name)
  local bufnr = vim.api.nvim_get_current_buf()
  vim.bo[bufnr].path = root
  vim.wo.foldmethod = "expr"
  vim.wo.foldexpr = "getline(v:lnum)=~'^##* ' ? '>'.len(matchstr(getline(v:lnum),'^#*')) : '='"
  vim.wo.foldlevel = 99
  vim.keymap.set("n", "gf", "gF", { buffer = bufnr, desc = "deep-review: go to the place under the cursor" })
end

local function markdown_report()
  client().execute("deepReview.showReport", { format = "markdown", show = false }, function(result)
    show_report(result.text, "deep-review://report")
  end)
end

local function html_report()
  client().execute("deepReview.showReport", { format = "html", show = false }, function(result)
    vim.ui.open(vim.uri_to_fname(result.uri))
  end)
end

---What one agent did or does, in a line.
---@param agent deep-review.Agent
---@return string
local function doing(agent)
  local parts = { agent.state, ("%d s"):format(math.floor((agent.elapsedMs or 0) / 1000)) }
  table.insert(parts, agent.findings == 1 and "1 finding" or ("%d findings"):format(agent.findings or 0))
  if agent.tokens then
    table.insert(parts, ("%d tokens"):format(agent.tokens))
  end
  if agent.costUsd then
    table.insert(parts, ("$%.2f"):format(agent.costUsd))
  end
  if agent.message then
    table.insert(parts, agent.message)
  end
  return ("- **%s**: %s"):format(agent.label, table.concat(parts, ", "))
end

---Who reviewed in the newest round, and who could.
local function agents()
  client().execute("deepReview.agents", {}, function(result)
    local lines = {}
    for _, repository in ipairs(require("deep-review.state").repositories()) do
      if #repository.agents > 0 then
        vim.list_extend(lines, { "# Newest round of " .. repository.name, "" })
        vim.list_extend(lines, vim.tbl_map(doing, repository.agents))
        table.insert(lines, "")
      end
    end
    vim.list_extend(lines, { "# Agents", "" })
    for _, agent in ipairs(result.agents) do
      table.insert(lines, ("- %s **%s**: %s"):format(agent.usable and "✓" or "✗", agent.label, agent.detail))
      if agent.remedy then
        table.insert(lines, "  " .. agent.remedy)
      end
    end
    show(lines, "markdown", "deep-review://agents")
  end)
end

local function rounds()
  client().execute("deepReview.rounds", {}, function(result)
    vim.ui.select(result.rounds, {
      prompt = "Rounds of this branch",
      format_item = function(round)
        return ("Round %d · %s · %s"):format(round.number, round.started, round.verdict)
      end,
    }, function(round)
      if round then
        client().execute("deepReview.showReport", { round = round.id, format = "markdown", show = false }, function(report)
          show_report(report.text, "deep-review://round-" .. round.number)
        end)
      end
    end)
  end)
end

---The names of the agents of the newest round.
---@param fits? fun(agent: deep-review.Agent): boolean
---@return string[]
local function agent_names(fits)
  local names = {}
  for _, repository in ipairs(require("deep-review.state").repositories()) do
    for _, agent in ipairs(repository.agents) do
      if not fits or fits(agent) then
        table.insert(names, agent.name)
      end
    end
  end
  return names
end

local function failed(agent)
  return agent.state == "failed"
end

---The repository that a buffer without a file of it means: the server asks for one where there are several.
---@param argument table
---@return table
local function here(argument)
  argument.uri = client().here()
  return argument
end

---Runs the program in a terminal: what it asks and what it installs is seen.
---@param args string[]
local function in_terminal(args)
  local program = require("deep-review.config").effective().cmd[1]
  vim.cmd.new()
  local command = vim.list_extend({ program }, args)
  if vim.fn.has("nvim-0.11") == 1 then
    vim.fn.jobstart(command, { term = true })
  else
    vim.fn.termopen(command) ---@diagnostic disable-line: deprecated
  end
  vim.cmd.startinsert()
end

---What `review` is given: a base, and `uncommitted` for only that.
---@param args string[]
local function review(args)
  local argument = here({})
  if args[1] == "uncommitted" then
    argument.base, argument.uncommitted = "HEAD", true
  elseif args[1] then
    argument.base = args[1]
  end
  client().review(argument)
end

local function fix_all(_, info)
  local function go()
    client().execute("deepReview.fixAll", {}, function(result)
      local fixes = #result.applied == 1 and "1 fix was" or ("%d fixes were"):format(#result.applied)
      local text = ("%s applied: %s"):format(fixes, table.concat(result.applied, ", "))
      if #result.refused > 0 then
        text = ("%s; refused: %s"):format(text, table.concat(result.refused, "; "))
      end
      client().tell(text)
    end)
  end
  if info.bang then
    go()
    return
  end
  vim.ui.select({ "Apply", "Cancel" }, { prompt = "Apply every fix that applies without doubt?" }, function(choice)
    if choice == "Apply" then
      go()
    end
  end)
end

---@class deep-review.Subcommand
---@field run fun(args: string[], info: table)
---@field complete? fun(): string[]

local function labels(fits)
  return function()
    local found = {}
    for _, finding in ipairs(require("deep-review.state").open()) do
      if fits(finding) then
        table.insert(found, finding.label)
      end
    end
    return found
  end
end

---Decides about the finding of the first word: as the second says and for the reason behind it, or as is asked for.
---@param decide fun(finding: deep-review.Finding, how: string, reason: string)
---@param ask_and_decide fun(finding: deep-review.Finding)
local function decided(decide, ask_and_decide)
  return function(args)
    findings().with(args[1], any, function(finding)
      if args[2] then
        decide(finding, args[2], table.concat(args, " ", 3))
      else
        ask_and_decide(finding)
      end
    end)
  end
end

---@type table<string, deep-review.Subcommand?>
local SUBCOMMANDS = {
  review = {
    run = review,
    complete = function()
      local branches = vim.fn.systemlist({ "git", "branch", "--format=%(refname:short)" })
      return vim.list_extend({ "uncommitted" }, vim.v.shell_error == 0 and branches or {})
    end,
  },
  pr = {
    run = function(args)
      require("deep-review.targets").pull_request(args)
    end,
  },
  commit = {
    run = function(args)
      require("deep-review.targets").commit(args)
    end,
  },
  staged = {
    run = function()
      require("deep-review.targets").open("--staged")
    end,
  },
  target = {
    run = function(args)
      if args[1] then
        require("deep-review.targets").open(args[1])
      else
        client().notify("say what: :DeepReview target BRANCH, A..B, stash@{0}", vim.log.levels.ERROR)
      end
    end,
    complete = function()
      local branches = vim.fn.systemlist({ "git", "branch", "--all", "--format=%(refname:short)" })
      return vim.v.shell_error == 0 and branches or {}
    end,
  },
  checkout = {
    run = function()
      require("deep-review.targets").check_out(false)
    end,
  },
  worktree = {
    run = function()
      require("deep-review.targets").check_out(true)
    end,
  },
  close = {
    run = function()
      require("deep-review.targets").close()
    end,
  },
  cancel = {
    run = function(args)
      client().execute("deepReview.cancel", args[1] and here({ agent = args[1] }) or {})
    end,
    complete = function()
      return agent_names(function(agent)
        return agent.state == "running"
      end)
    end,
  },
  retry = {
    run = function(args)
      local names = args[1] and args or agent_names(failed)
      if #names == 0 then
        client().notify("no agent failed", vim.log.levels.WARN)
        return
      end
      client().review(here({ agents = names }))
    end,
    complete = function()
      return agent_names(failed)
    end,
  },
  show = {
    run = function(args)
      findings().with(args[1], any, function(finding)
        require("deep-review.float").open(finding, nil, true)
      end, require("deep-review.state").findings())
    end,
    complete = labels(any),
  },
  findings = {
    run = function(args)
      findings().asked(args)
    end,
    complete = function()
      return { "quickfix", "loclist", "select", "mine" }
    end,
  },
  next = {
    run = function()
      findings().jump(1)
    end,
  },
  prev = {
    run = function()
      findings().jump(-1)
    end,
  },
  fix = {
    run = function(args)
      local act = require("deep-review.config").options.preview and preview or apply
      findings().with(args[1], fixable, act)
    end,
    complete = labels(fixable),
  },
  preview = {
    run = function(args)
      findings().with(args[1], fixable, preview)
    end,
    complete = labels(fixable),
  },
  ["fix-all"] = { run = fix_all },
  ["write-fix"] = {
    run = function(args)
      findings().with(args[1], any, write_fix)
    end,
    complete = labels(any),
  },
  ask = {
    run = function(args)
      local question = table.concat(args, " ", 2)
      findings().with(args[1], any, function(finding)
        if question:find("%S") then
          put_question(finding, question)
        else
          ask(finding)
        end
      end)
    end,
    complete = labels(any),
  },
  dismiss = { run = decided(dismiss, ask_and_dismiss), complete = labels(any) },
  severity = { run = decided(grade, ask_and_grade), complete = labels(any) },
  reopen = {
    run = function(args)
      findings().with(args[1], any, reopen, dismissed())
    end,
    complete = function()
      return vim.tbl_map(function(finding)
        return finding.label
      end, dismissed())
    end,
  },
  report = {
    run = function(args)
      if args[1] == "html" then
        html_report()
      else
        markdown_report()
      end
    end,
    complete = function()
      return { "markdown", "html" }
    end,
  },
  import = {
    run = function(args)
      if #args == 0 then
        client().notify("say which file: :DeepReview import FILE…", vim.log.levels.ERROR)
        return
      end
      client().execute("deepReview.importReport", {
        files = vim.tbl_map(function(file)
          return vim.fn.fnamemodify(file, ":p")
        end, args),
      })
    end,
    complete = function()
      return vim.fn.getcompletion("", "file")
    end,
  },
  agents = { run = agents },
  rounds = { run = rounds },
  ["add-agent"] = {
    run = function()
      in_terminal({ "agents", "add" })
    end,
  },
  ["test-agent"] = {
    run = function(args)
      if not args[1] then
        client().notify("say which one: :DeepReview test-agent NAME", vim.log.levels.ERROR)
        return
      end
      in_terminal({ "agents", "test", args[1] })
    end,
    complete = agent_names,
  },
  log = {
    run = function(args)
      if args[1] then
        client().execute("deepReview.agentLog", here({ agent = args[1] }), function(result)
          show(vim.split(result.text, "\n"), "text", "deep-review://log-" .. args[1])
        end)
        return
      end
      vim.cmd.tabedit(vim.lsp.log.get_filename())
    end,
    complete = agent_names,
  },
  restart = {
    run = function()
      client().restart()
    end,
  },
}

---@param args string[]
---@param info table as user commands are given it
function M.run(args, info)
  local name = args[1] or "review"
  local subcommand = SUBCOMMANDS[name]
  if subcommand then
    subcommand.run(vim.list_slice(args, 2), info)
  else
    client().notify(
      ("there is no ':DeepReview %s'; there are: %s"):format(name, table.concat(vim.fn.sort(vim.tbl_keys(SUBCOMMANDS)), ", ")),
      vim.log.levels.ERROR
    )
  end
end

---@param lead string the word being completed
---@param line string the whole command line
---@return string[]
function M.complete(lead, line)
  local words = vim.split(line, "%s+", { trimempty = true })
  local position = #words - (lead ~= "" and 1 or 0)
  local candidates = {}
  if position == 1 then
    candidates = vim.fn.sort(vim.tbl_keys(SUBCOMMANDS))
  elseif SUBCOMMANDS[words[2]] and SUBCOMMANDS[words[2]].complete then
    if words[2] == "import" then
      return vim.fn.getcompletion(lead, "file")
    end
    candidates = position == 2 and SUBCOMMANDS[words[2]].complete()
      or words[2] == "dismiss" and position == 3 and { "false-positive", "wont-fix", "later" }
      or words[2] == "findings" and { "critical", "important", "suggestion", "mine" }
      or {}
  end
  return vim.tbl_filter(function(candidate)
    return vim.startswith(candidate:lower(), lead:lower())
  end, candidates)
end

return M
