-- What is reviewed without being checked out: a pull request of a stand-in forge, a commit, what is staged.
package.path = vim.env.PLUGIN .. "/tests/?.lua;" .. package.path
local t = require("support")

-- The forge, and what leads git to it.
local forge = vim.system({ vim.env.PLUGIN .. "/../../tests/forge", vim.env.WORK })
t.eventually("the forge", function()
  return vim.uv.fs_stat(vim.env.WORK .. "/forge.json")
end)
local told = vim.json.decode(table.concat(vim.fn.readfile(vim.env.WORK .. "/forge.json"), "\n"))
for name, value in pairs(told.environment) do
  vim.env[name] = value
end
t.source()
require("deep-review").setup({
  cmd = { vim.env.SERVER, "lsp" },
  settings = { review = { auto = "off" }, forge = "github" },
})

local DOCUMENT = "deep-review://pr-7/src/pool.py"

local function head()
  return vim.trim(vim.system({ "git", "rev-parse", "--abbrev-ref", "HEAD" }, { text = true }):wait().stdout)
end

---@param pick fun(items: table[]): table?
---@return string[] lines what was offered
local function choosing(pick, act)
  local original, lines = vim.ui.select, {}
  vim.ui.select = function(items, options, choose)
    lines = vim.tbl_map(options.format_item or tostring, items)
    vim.ui.select = original
    choose(pick(items))
  end
  act()
  t.eventually("a choice", function()
    return #lines > 0
  end)
  return lines
end

t.edit("src/pool.py")

t.case("the open pull requests are offered with who, when, what is asked and how the checks did", function()
  local lines = choosing(function(items)
    return items[3]
  end, function()
    vim.cmd("DeepReview pr")
  end)
  t.equal(#lines, 3)
  assert(lines[3]:find("^#7 Limit the pool · @ada · .+ ago · your review is asked for · checks passed$"), lines[3])
  assert(lines[2]:find("draft", 1, true) and lines[1]:find("checks failed", 1, true), vim.inspect(lines))
end)

t.case("its files are read in buffers that cannot be changed, beside what they were", function()
  t.eventually("the documents", function()
    return #vim.fn.getqflist() == 3
  end)
  t.equal(#vim.api.nvim_tabpage_list_wins(0), 2)
  assert(vim.wo.diff and vim.api.nvim_buf_get_name(0):find("^deep%-review://pr%-7/"), vim.api.nvim_buf_get_name(0))
  assert(not vim.bo.modifiable and vim.bo.readonly)
  vim.cmd.edit(DOCUMENT)
  assert(t.text():find("def give(self, connection)", 1, true))
  t.equal(vim.bo.filetype, "python")
  t.equal(head(), "main")
end)

t.case("its findings are there, with hover, and are decided as any other", function()
  t.eventually("the findings", function()
    return vim.iter(vim.diagnostic.get(0)):any(function(one)
      return one.message:find("limit", 1, true)
    end)
  end)
  local found
  t.eventually("the finding in the list", function()
    found = vim.iter(require("deep-review").findings()):find(function(finding)
      return finding.uri == DOCUMENT and finding.title:find("limit", 1, true) and finding.range
    end)
    return found
  end)
  vim.fn.cursor(found.range.start.line + 1, 1)
  vim.cmd("DeepReview show " .. found.label)
  t.eventually("the explanation", function()
    return vim.iter(vim.api.nvim_list_wins()):any(function(win)
      local lines = vim.api.nvim_buf_get_lines(vim.api.nvim_win_get_buf(win), 0, -1, false)
      return vim.api.nvim_win_get_config(win).relative ~= "" and table.concat(lines, "\n"):find("limit", 1, true)
    end)
  end)
  vim.cmd("fclose!")
  vim.cmd.edit(DOCUMENT)
  vim.cmd("DeepReview fix " .. found.label)
  t.eventually("no fix of what is not checked out", function()
    return t.said(("no finding '%s' fits"):format(found.label))
  end)
  vim.cmd("DeepReview dismiss " .. found.label .. " later")
  t.eventually("it is dismissed", function()
    return not vim.iter(vim.diagnostic.get(0)):any(function(one)
      return one.code == found.label
    end)
  end)
end)

t.case("it is opened in a worktree, and checked out only with a yes where there are changes", function()
  vim.cmd("DeepReview worktree")
  t.eventually("the worktree", function()
    return vim.fn.getcwd():find("sample%-pr%-7$")
  end)
  assert(vim.uv.fs_stat("src/pool.py"))
  local worktree = vim.fn.getcwd()
  t.equal(head(), "pool-limits")
  vim.cmd.tabclose()
  vim.system({ "git", "worktree", "remove", "--force", worktree }):wait()
  vim.cmd.edit(DOCUMENT)
  vim.fn.writefile({ "changed" }, "src/emoji.py")
  local lines = choosing(function() end, function()
    vim.cmd("DeepReview checkout")
  end)
  t.equal(lines, { "Check out with my changes", "Cancel" })
  t.equal(head(), "main")
  vim.system({ "git", "checkout", "--quiet", "--", "." }):wait()
  vim.cmd("DeepReview checkout")
  t.eventually("it is checked out", function()
    return t.said("it is checked out, on")
  end)
  vim.system({ "git", "switch", "--quiet", "main" }):wait()
end)

t.case("it is closed, and its buffers go", function()
  vim.cmd.edit(DOCUMENT)
  vim.cmd("DeepReview close")
  t.eventually("no buffer of it", function()
    return vim.fn.bufexists(DOCUMENT) == 0
  end)
end)

t.case("a pull request by its address, a commit from the list, a branch, what is staged", function()
  vim.cmd("DeepReview pr " .. told.page)
  t.eventually("the pull request", function()
    return vim.api.nvim_buf_get_name(0):find("^deep%-review://pr%-7/")
  end)
  vim.cmd("tabonly | edit src/pool.py")
  local lines = choosing(function(items)
    return items[1]
  end, function()
    vim.cmd("DeepReview commit")
  end)
  assert(lines[1]:find("Start a pool", 1, true), vim.inspect(lines))
  -- The work tree has its files as they are in it: they are its own.
  t.eventually("the commit", function()
    return vim.fn.getqflist({ title = 0 }).title:find("Start a pool", 1, true)
  end)
  vim.cmd("tabonly | edit src/pool.py")
  vim.cmd("DeepReview target pool-limits")
  t.eventually("the branch", function()
    return vim.api.nvim_buf_get_name(0):find("^deep%-review://pool%-limits/")
  end)
  vim.fn.writefile({ 'BANNER = "staged"' }, "src/emoji.py")
  vim.system({ "git", "add", "src/emoji.py" }):wait()
  vim.cmd("tabonly | edit src/pool.py")
  vim.cmd("DeepReview staged")
  -- What is staged is what the work tree has: its own file is opened.
  t.eventually("what is staged", function()
    return vim.api.nvim_buf_get_name(0):find("src/emoji.py$") and vim.wo.diff
  end)
  vim.cmd("DeepReview target")
  assert(t.said("say what: :DeepReview target"))
end)

forge:kill(15)
t.finish()
