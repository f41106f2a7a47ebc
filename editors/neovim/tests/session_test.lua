-- A user's session, from the review to the fixed file and back.
package.path = vim.env.PLUGIN .. "/tests/?.lua;" .. package.path
local t = require("support")
t.load()

-- Which subcommands this session used; the last case wants all of them.
local used = {}
local commands = require("deep-review.commands")
local run = commands.run
commands.run = function(args, info)
  used[args[1] or "review"] = true
  run(args, info)
end

-- As it is before cases add agents of their own.
local CONFIG = vim.env.XDG_CONFIG_HOME .. "/deep-review/config.toml"
local config = vim.fn.readfile(CONFIG)

local LIMIT = "limit" -- the finding of Claude and Codex that has a fix
local kinds = {}
vim.api.nvim_create_autocmd("LspProgress", {
  callback = function(args)
    table.insert(kinds, args.data.params.value.kind)
  end,
})

local pool = t.edit("src/pool.py")

local function limit()
  for _, diagnostic in ipairs(vim.diagnostic.get(pool)) do
    if (diagnostic.source or ""):find("Claude", 1, true) and diagnostic.message:find(LIMIT, 1, true) then
      return diagnostic
    end
  end
end

t.case("a review shows findings with severity and the agents' names", function()
  vim.cmd("DeepReview review")
  t.eventually("the merged finding", function()
    local found = limit()
    return found and found.source:find("Codex", 1, true)
  end)
  local found = assert(limit())
  assert(found.severity <= vim.diagnostic.severity.WARN, "a disputed critical is at least a warning")
  assert(found.lnum >= 14 and found.lnum <= 17, "at its lines")
end)

t.case("progress is begun, reported and ended", function()
  t.eventually("the round is over", function()
    return not require("deep-review").statusline():find("review", 1, true)
  end)
  local begun, ended = 0, 0
  for _, kind in ipairs(kinds) do
    begun = begun + (kind == "begin" and 1 or 0)
    ended = ended + (kind == "end" and 1 or 0)
  end
  assert(begun > 0, "progress was begun")
  t.eventually("as many ends as begins", function()
    begun, ended = 0, 0
    for _, kind in ipairs(kinds) do
      begun = begun + (kind == "begin" and 1 or 0)
      ended = ended + (kind == "end" and 1 or 0)
    end
    return begun == ended
  end)
end)

t.case("the beginning and the end are told, with what came of it", function()
  assert(t.said("deep-review: reviewing sample"), vim.inspect(t.messages))
  t.eventually("the end", function()
    return t.said("deep-review: round 1: 0 critical, 2 important, 2 suggestions (")
  end)
end)

t.case("the status line counts", function()
  t.equal(require("deep-review").status(), require("deep-review").statusline())
  assert(require("deep-review").statusline():match("^C%d+ I%d+ S%d+"), require("deep-review").statusline())
end)

t.case("findings of all files are in the quickfix list", function()
  vim.cmd("DeepReview findings quickfix")
  local files = {}
  for _, item in ipairs(vim.fn.getqflist()) do
    files[vim.fn.bufname(item.bufnr):match("[^/]+$") or ""] = true
  end
  vim.cmd.cclose()
  assert(files["pool.py"] and files["windows.py"] and files["emoji.py"], vim.inspect(files))
end)

t.case("the quickfix list can have one severity alone", function()
  vim.cmd("DeepReview findings quickfix suggestion")
  local some = vim.fn.getqflist()
  vim.cmd.cclose()
  vim.cmd("DeepReview findings quickfix")
  vim.cmd.cclose()
  assert(#some == 2 and #vim.fn.getqflist() == 4, vim.inspect(some))
end)

t.case("mine are those at lines that git's user changed last", function()
  local function mine(email, words)
    vim.fn.system({ "git", "config", "user.email", email })
    vim.fn.setqflist({}, "r", { title = "none yet", items = {} })
    vim.cmd("DeepReview findings quickfix " .. words)
  end
  local function listed(title, count)
    t.eventually(("%d in %s"):format(count, title), function()
      return vim.fn.getqflist({ title = 0 }).title == title and #vim.fn.getqflist() == count
    end)
    vim.cmd.cclose()
  end
  mine("ada@example.org", "mine")
  listed("deep-review: mine", 4)
  mine("ada@example.org", "suggestion mine")
  listed("deep-review: suggestion, mine", 2)
  mine("bo@example.org", "mine")
  listed("deep-review: mine", 0)
  mine("", "mine")
  t.eventually("why not", function()
    return t.said("git has no user.email here")
  end)
  vim.fn.system({ "git", "config", "--unset", "user.email" })
  vim.cmd("DeepReview findings quickfix")
  vim.cmd.cclose()
end)

t.case("the location list has those of this file alone", function()
  vim.api.nvim_set_current_buf(pool)
  vim.cmd("DeepReview findings loclist")
  vim.cmd.lclose()
  local items = vim.fn.getloclist(0)
  assert(#items >= 1 and #items < #vim.fn.getqflist(), vim.inspect(items))
  for _, item in ipairs(items) do
    t.equal(item.bufnr, pool)
  end
end)

t.case("without a picker, vim.ui.select has the findings, and goes to the chosen one", function()
  local original, offered = vim.ui.select, nil
  vim.ui.select = function(items, options, choose)
    offered = vim.tbl_map(options.format_item, items)
    choose(vim.iter(items):find(function(finding)
      return finding.title:find("LIMIT", 1, true)
    end))
  end
  vim.cmd("DeepReview findings select")
  vim.ui.select = original
  assert(#offered >= 3 and table.concat(offered, "\n"):find("Gemini (recorded)", 1, true), vim.inspect(offered))
  t.equal(vim.fn.expand("%:t"), "emoji.py")
  vim.api.nvim_set_current_buf(pool)
end)

-- Stand-ins with the functions that are called: which one is opened, with what. pickers_test.lua has the real ones.
t.case("a picker that is installed is given the findings", function()
  local opened
  local function picker(name)
    return function(options)
      opened = { name = name, options = options, items = vim.fn.getqflist() }
    end
  end
  local stand_ins = {
    { "telescope.builtin", "telescope", { quickfix = picker("telescope") } },
    { "fzf-lua", "fzf-lua", { quickfix = picker("fzf-lua") } },
    { "snacks", "snacks", { picker = { qflist = picker("snacks") } } },
  }
  for _, entry in ipairs(stand_ins) do
    local module, name, stand_in = unpack(entry)
    package.loaded[module] = stand_in
    for _, option in ipairs({ "auto", name }) do
      opened = nil
      require("deep-review.config").options.picker = option
      vim.cmd("DeepReview findings")
      assert(opened and opened.name == name and #opened.items >= 3, name .. " with picker = " .. option)
    end
    package.loaded[module] = nil
  end
  require("deep-review.config").options.picker = "telescope"
  local original = vim.ui.select
  vim.ui.select = function(items)
    opened = items
  end
  vim.cmd("DeepReview findings")
  vim.ui.select = original
  require("deep-review.config").options.picker = "auto"
  assert(t.said("'telescope' is not installed") and #opened >= 3, "a missing picker is named, and the built-in one opens")
end)

t.case("edits move the diagnostics", function()
  local before = assert(limit()).lnum
  vim.api.nvim_buf_set_lines(pool, 0, 0, false, { "# one", "# two" })
  t.eventually("two lines further", function()
    local found = limit()
    return found and found.lnum == before + 2
  end)
  vim.cmd.undo()
  t.eventually("back again", function()
    local found = limit()
    return found and found.lnum == before
  end)
end)

t.case("a code action applies the fix, undo brings the finding back", function()
  local before = t.text(pool)
  local found = assert(limit())
  vim.api.nvim_win_set_cursor(0, { found.lnum + 1, found.col })
  vim.lsp.buf.code_action({
    apply = true,
    filter = function(action)
      return action.kind == "quickfix"
          and action.title:find("Apply fix", 1, true) ~= nil
          and action.title:find("Check first", 1, true) ~= nil
        or action.kind == "quickfix" and action.title:find("Claude", 1, true) ~= nil and action.title:find("Apply fix", 1, true) ~= nil
    end,
  })
  local after =
    '        if len(self.free) >= self.size:\n            raise OverflowError("pool is full")\n        self.free.append(connection)'
  t.eventually("the buffer as expected", function()
    return t.text(pool):find(after, 1, true)
  end)
  t.eventually("the finding is gone", function()
    return limit() == nil
  end)
  vim.cmd.undo()
  t.equal(t.text(pool), before)
  t.eventually("the finding is back", limit)
end)

t.case("fix by label, with a preview first", function()
  local label
  t.eventually("it can be applied again", function()
    local finding = t.finding("limit")
    label = finding and finding.state == "open" and finding.fixable and finding.label
    return label
  end)
  local before = t.text(pool)
  vim.cmd("DeepReview preview " .. label)
  t.eventually("the preview", function()
    return vim.bo.filetype == "diff"
  end)
  assert(t.text():find("+        self.free.append(connection)", 1, true), t.text())
  vim.api.nvim_feedkeys(vim.keycode("<CR>"), "x", false)
  t.eventually("applied", function()
    return t.text(pool) ~= before
  end)
  vim.api.nvim_set_current_buf(pool)
  vim.cmd.undo()
  t.eventually("open again", limit)
end)

t.case("next and previous go round", function()
  local start = vim.api.nvim_win_get_cursor(0)
  local seen = {}
  for _ = 1, #vim.fn.getqflist() do
    vim.cmd("DeepReview next")
    seen[vim.fn.expand("%:t") .. ":" .. vim.fn.line(".")] = true
  end
  assert(vim.tbl_count(seen) >= 3, vim.inspect(seen))
  vim.cmd("DeepReview prev")
  local said = vim.fn.execute("messages")
  local position = said:match(".*(%d of 4): [IS]%d")
  assert(position, said)
  local float
  t.eventually("the float", function()
    float = vim.iter(vim.api.nvim_list_wins()):find(function(window)
      return vim.api.nvim_win_get_config(window).relative ~= ""
    end)
    return float
  end)
  local shown = t.text(vim.api.nvim_win_get_buf(float))
  assert(shown:find(position, 1, true) and shown:find("Use `None`", 1, true), shown)
  vim.api.nvim_win_close(float, true)
  vim.api.nvim_set_current_buf(pool)
  vim.api.nvim_win_set_cursor(0, start)
end)

t.case("two windows on one buffer show the same", function()
  vim.cmd.vsplit()
  t.equal(#vim.diagnostic.get(0), #vim.diagnostic.get(pool))
  vim.cmd.only()
end)

t.case("a file with CRLF: fixed with its own line ends, undone cleanly", function()
  local windows = t.edit("src/windows.py")
  t.equal(vim.bo.fileformat, "dos")
  local before = t.text(windows)
  local finding
  t.eventually("its finding", function()
    finding = t.finding("greet()")
    return finding and finding.fixable
  end)
  vim.cmd("DeepReview fix " .. finding.label)
  t.eventually("fixed", function()
    return t.text(windows) == 'def greet(name):\n    return "hello " + name'
  end)
  t.equal(vim.bo.fileformat, "dos")
  vim.cmd.undo()
  t.equal(t.text(windows), before)
end)

t.case("a file with emoji: columns are right", function()
  local emoji = t.edit("src/emoji.py")
  local found
  t.eventually("its finding", function()
    found = t.diagnostic(emoji, "LIMIT")
    return found
  end)
  assert(found.end_col <= #vim.api.nvim_buf_get_lines(emoji, 0, 1, false)[1], vim.inspect(found))
  vim.cmd("DeepReview fix " .. t.finding("LIMIT").label)
  t.eventually("fixed", function()
    return t.text(emoji) == 'BANNER = "🎉 welcome 🎉"; print(BANNER)'
  end)
  vim.cmd.undo()
end)

t.case("dismiss, with a reason", function()
  vim.api.nvim_set_current_buf(pool)
  local label = assert(t.finding("limit")).label
  vim.cmd(("DeepReview dismiss %s wont-fix by design"):format(label))
  t.eventually("dismissed", function()
    return limit() == nil and t.finding(label) and t.finding(label).state == "dismissed"
  end)
end)

t.case("what became of it is said, and it is taken back", function()
  local label = assert(t.finding("limit")).label
  t.eventually("the word", function()
    return t.said(("%s was dismissed"):format(label))
  end)
  vim.cmd("DeepReview reopen " .. label)
  t.eventually("open again", function()
    return limit() and t.said(label .. " is open again")
  end)
end)

t.case("a finding whole, in a float that is gone into", function()
  local label = assert(t.finding("limit")).label
  vim.cmd("DeepReview show " .. label)
  t.eventually("the float", function()
    return vim.api.nvim_win_get_config(0).relative ~= ""
  end)
  local shown = t.text()
  for _, part in ipairs({ "stays over its limit", "Codex (recorded)", "Check first", "+        self.free.append" }) do
    assert(shown:find(part, 1, true), part .. " is not in\n" .. shown)
  end
  vim.api.nvim_win_close(0, true)
  vim.api.nvim_set_current_buf(pool)
end)

t.case("the report in a split", function()
  vim.cmd("DeepReview report")
  t.eventually("the report", function()
    return vim.bo.filetype == "markdown" and t.text():find("LIMIT is never used", 1, true)
  end)
  assert(not vim.bo.modifiable)
  t.equal(vim.wo.foldmethod, "expr")
  assert(vim.fn.foldlevel(vim.fn.search("^### ", "n")) > 1, "sections fold")
  vim.fn.search("src/emoji.py:1")
  vim.api.nvim_feedkeys("gf", "mx", false)
  t.equal(vim.fn.expand("%:t"), "emoji.py")
  vim.cmd("silent! bwipeout deep-review://report")
  vim.cmd.only()
end)

t.case("the report in the browser", function()
  local original, opened = vim.ui.open, nil
  vim.ui.open = function(path)
    opened = path
  end
  vim.cmd("DeepReview report html")
  t.eventually("it is opened", function()
    return opened
  end)
  vim.ui.open = original
  assert(table.concat(vim.fn.readfile(opened), "\n"):find("LIMIT is never used", 1, true), opened)
end)

t.case("agents and rounds are listed", function()
  vim.cmd("DeepReview agents")
  t.eventually("the agents", function()
    return t.text():find("%*%*Claude %(recorded%)%*%*: reviewed, %d+ s, 2 findings") and t.text():find("✓ **Claude (recorded)**", 1, true)
  end)
  vim.cmd.bwipeout()
  local original, offered = vim.ui.select, nil
  vim.ui.select = function(items, _, choose)
    offered = items
    choose(items[1])
  end
  vim.cmd("DeepReview rounds")
  t.eventually("the rounds, and the report of the chosen one", function()
    return offered and #offered >= 1 and vim.bo.filetype == "markdown" and t.text():find("Claude", 1, true)
  end)
  vim.ui.select = original
  vim.cmd.bwipeout()
end)

t.case("fix-all asks, and applies every fix that is certain", function()
  vim.api.nvim_set_current_buf(t.edit("src/emoji.py"))
  local original, asked = vim.ui.select, nil
  vim.ui.select = function(_, options, choose)
    asked = options.prompt
    choose("Cancel")
  end
  vim.cmd("DeepReview fix-all")
  vim.ui.select = original
  assert(asked and asked:find("every fix", 1, true), "it asks")
  assert(t.text():find("LIMIT", 1, true), "nothing without a yes")
  vim.cmd("DeepReview! fix-all")
  t.eventually("both files are fixed", function()
    local windows = vim.fn.bufnr("src/windows.py")
    return not t.text():find("LIMIT", 1, true) and windows > 0 and not t.text(windows):find("== None", 1, true)
  end)
  t.eventually("how many", function()
    return t.said("fixes were applied: ")
  end)
  vim.cmd("silent! bufdo undo")
end)

t.case("findings survive :edit and a restart of the server", function()
  vim.api.nvim_set_current_buf(t.edit("src/emoji.py"))
  vim.cmd("edit!")
  t.eventually("after :edit", function()
    return t.diagnostic(0, "LIMIT")
  end)
  for _, client in ipairs(vim.lsp.get_clients({ name = "deep-review" })) do
    vim.lsp.stop_client(client.id, true)
  end
  t.eventually("stopped", function()
    return #vim.lsp.get_clients({ name = "deep-review" }) == 0
  end)
  vim.cmd("edit!")
  t.eventually("after a restart", function()
    return t.diagnostic(0, "LIMIT")
  end)
end)

t.case("another branch shows its own findings", function()
  vim.system({ "git", "switch", "--quiet", "main" }):wait()
  vim.cmd("checktime")
  t.eventually("none on main", function()
    return t.diagnostic(0, "LIMIT") == nil
  end)
  vim.system({ "git", "switch", "--quiet", "pool-limits" }):wait()
  vim.cmd("edit!")
  t.eventually("back on the branch", function()
    return t.diagnostic(0, "LIMIT")
  end)
end)

t.case("a report is imported", function()
  local file = vim.env.WORK .. "/review.rdjson"
  local place = { path = "src/pool.py", range = { start = { line = 11, column = 9 } } }
  local diagnostic = { message = "Compare with `is`", location = place, severity = "WARNING" }
  vim.fn.writefile({ vim.json.encode({ source = { name = "tool" }, diagnostics = { diagnostic } }) }, file)
  t.edit("src/pool.py")
  vim.cmd("DeepReview import " .. file)
  t.eventually("its finding", function()
    local found = t.diagnostic(0, "Compare with")
    return found and found.lnum == 10
  end)
end)

t.case("cancel ends the round and the agents' processes, and says that it is incomplete", function()
  local file = t.add_waiting_agent()
  vim.api.nvim_set_current_buf(pool)
  vim.cmd("edit!")
  vim.cmd("DeepReview review")
  t.eventually("the agent is asked, and the status line shows progress", function()
    return vim.fn.filereadable(file) == 1 and #vim.fn.readfile(file) == 1 and require("deep-review").statusline():match("^review %d+/%d+$")
  end)
  local process = tonumber(vim.fn.readfile(file)[1])
  vim.cmd("DeepReview cancel waiting")
  t.eventually("the status line says that it is incomplete", function()
    return require("deep-review").statusline():match("^C%d+ I%d+ S%d+ !$")
  end)
  t.eventually("its process is gone", function()
    return vim.uv.kill(process, 0) ~= 0
  end)
  t.eventually("it is told", function()
    return t.said("incomplete: Waiting")
  end)
  t.eventually("what the others said is kept", function()
    return t.diagnostic(pool, "Compare with") or t.diagnostic(pool, "mutable") or #vim.diagnostic.get(pool) > 0
  end)
end)

t.case("an agent that failed is asked again, and all are cancelled", function()
  local file = vim.env.WORK .. "/waiting.pid"
  vim.fn.delete(file)
  vim.cmd("DeepReview retry")
  t.eventually("it is asked", function()
    return vim.fn.filereadable(file) == 1 and #vim.fn.readfile(file) == 1
  end)
  vim.cmd("DeepReview cancel")
  t.eventually("the end", function()
    return not require("deep-review").statusline():find("review", 1, true)
  end)
end)

t.case("the log of an agent", function()
  vim.cmd("DeepReview log waiting")
  t.eventually("what it did", function()
    return t.text():find("it was cancelled", 1, true)
  end)
  vim.cmd.bwipeout()
end)

t.case("an agent is set up and tested in a terminal", function()
  for command, says in pairs({ ["add-agent"] = "Which agent?", ["test-agent codex"] = "codex works: Codex (recorded) answered" }) do
    vim.cmd("DeepReview " .. command)
    vim.cmd.stopinsert()
    t.equal(vim.bo.buftype, "terminal")
    t.eventually(says, function()
      return t.text():gsub("\n", " "):find(says, 1, true)
    end)
    vim.cmd("bwipeout!")
  end
  vim.api.nvim_set_current_buf(pool)
end)

t.case("the server is restarted, and the findings are there again", function()
  local id = assert(vim.lsp.get_clients({ name = "deep-review" })[1]).id
  vim.cmd("DeepReview restart")
  t.eventually("another one", function()
    local client = vim.lsp.get_clients({ name = "deep-review" })[1]
    return client and client.id ~= id and #require("deep-review").findings() > 0
  end)
end)

t.case("the log is opened", function()
  vim.cmd("DeepReview log")
  assert(vim.api.nvim_buf_get_name(0):find("lsp%.log$"), vim.api.nvim_buf_get_name(0))
  vim.cmd.tabclose()
end)

t.case("agents that cannot be asked say so", function()
  -- None that could be asked, and would wait.
  vim.fn.writefile(config, CONFIG)
  vim.api.nvim_set_current_buf(pool)
  -- A server that was restarted may not have told of this file yet.
  local label
  t.eventually("a finding", function()
    label = (vim.diagnostic.get(pool)[1] or {}).code
    return label
  end)
  local original, said = vim.notify, {}
  vim.notify = function(message)
    table.insert(said, message)
  end
  vim.cmd("DeepReview ask " .. label .. " is it reachable?")
  t.eventually("why there is no answer", function()
    return said[1]
  end)
  vim.cmd("DeepReview write-fix " .. label)
  vim.notify = original
end)

t.case("a finding is given another severity", function()
  local function severity()
    for _, diagnostic in ipairs(vim.diagnostic.get(pool)) do
      if diagnostic.message:find("appends before", 1, true) then
        return diagnostic.severity, diagnostic.code
      end
    end
  end
  local before, label = severity()
  vim.cmd(("DeepReview severity %s suggestion a page for debugging"):format(label))
  t.eventually("the new severity", function()
    return severity() == vim.diagnostic.severity.INFO
  end)
  assert(before ~= vim.diagnostic.severity.INFO)
end)

t.case("every subcommand was used", function()
  -- Those that are about what is not checked out have a test of their own.
  for _, name in ipairs({ "pr", "commit", "staged", "target", "checkout", "worktree", "close" }) do
    used[name] = true
  end
  for _, name in ipairs(commands.complete("", "DeepReview ")) do
    assert(used[name], name .. " was not used")
  end
end)

t.finish()
