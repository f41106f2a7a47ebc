-- A user's session, from the review to the fixed file and back.
package.path = vim.env.PLUGIN .. "/tests/?.lua;" .. package.path
local t = require("support")
t.load()

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

t.case("the status line counts", function()
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

t.case("the report in a split", function()
  vim.cmd("DeepReview report")
  t.eventually("the report", function()
    return vim.bo.filetype == "markdown" and t.text():find("LIMIT is never used", 1, true)
  end)
  assert(not vim.bo.modifiable)
  vim.cmd.bwipeout()
end)

t.case("agents and rounds are listed", function()
  vim.cmd("DeepReview agents")
  t.eventually("the agents", function()
    return t.text():find("Claude (recorded)", 1, true)
  end)
  vim.cmd.bwipeout()
  local offered
  vim.ui.select = function(items)
    offered = items
  end
  vim.cmd("DeepReview rounds")
  t.eventually("the rounds", function()
    return offered and #offered >= 1
  end)
end)

t.case("findings survive :edit and a restart of the server", function()
  vim.api.nvim_set_current_buf(t.edit("src/emoji.py"))
  vim.cmd("edit!")
  t.eventually("after :edit", function()
    return t.diagnostic(0, "LIMIT")
  end)
  for _, client in ipairs(vim.lsp.get_clients({ name = "deep-review" })) do
    client:stop(true)
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

t.finish()
