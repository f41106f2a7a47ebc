-- What the tests share: cases, waiting for what the user would see, the plugin loaded as a plugin manager would.
local M = { passed = 0, failed = 0 }

vim.opt.runtimepath:append(vim.env.PLUGIN)
package.path = vim.env.PLUGIN .. "/tests/?.lua;" .. package.path
vim.cmd("filetype plugin on")
vim.o.hidden = true
vim.o.swapfile = false
vim.o.columns, vim.o.lines = 160, 50

---Messages shown to the user, newest last.
M.messages = {}
vim.notify = function(message)
  table.insert(M.messages, message)
end

---Loads the plugin as Neovim does at its start.
function M.source()
  vim.cmd.runtime("plugin/deep-review.lua")
end

function M.load()
  M.source()
  require("deep-review").setup({ cmd = { vim.env.SERVER, "lsp" }, settings = { review = { auto = "off" } } })
end

---@param name string
---@param run fun()
function M.case(name, run)
  local ok, trouble = xpcall(run, debug.traceback)
  if ok then
    M.passed = M.passed + 1
    print("ok   " .. name)
  else
    M.failed = M.failed + 1
    print("FAIL " .. name .. "\n" .. trouble .. "\nmessages: " .. vim.inspect(M.messages))
  end
end

---Whether one of the messages to the user has this text.
---@param text string
---@return boolean
function M.said(text)
  return vim.iter(M.messages):any(function(message)
    return message:find(text, 1, true) ~= nil
  end)
end

---Adds an agent that never answers, and says where it writes its process id once it is asked.
---@return string file
function M.add_waiting_agent()
  local file = vim.env.WORK .. "/waiting.pid"
  vim.fn.writefile({
    "[agents.waiting]",
    'adapter = "command"',
    'label = "Waiting"',
    ('command = ["sh", "-c", "echo $$ > %s; exec sleep 600"]'):format(file),
  }, vim.env.XDG_CONFIG_HOME .. "/deep-review/config.toml", "a")
  return file
end

---Starts another Neovim as a user does who has this init.lua and the program on PATH: opens a file, :DeepReview, waits
---for the findings, goes to the next one with a key or with the command.
---@param init string
---@param env? table<string, string>
---@param key? string
function M.session(init, env, key)
  local bin, file, script = vim.env.WORK .. "/bin", vim.fn.tempname() .. ".lua", vim.fn.tempname() .. ".lua"
  vim.fn.mkdir(bin, "p")
  vim.uv.fs_symlink(vim.env.SERVER, bin .. "/deep-review")
  vim.fn.writefile(vim.split(init, "\n"), file)
  local steps = [[
    vim.cmd("DeepReview")
    local there = vim.wait(60000, function()
      return #vim.diagnostic.get(0) > 0 and require("deep-review").statusline():match("^C%d+ I%d+ S%d+") ~= nil
    end, 50)
    assert(there, "no findings")
    vim.fn.cursor(1, 1)
    vim.api.nvim_feedkeys(vim.keycode(KEY), "mx", false)
    print("moved to " .. vim.fn.line("."))
    vim.cmd("qall!")
  ]]
  vim.fn.writefile(
    vim.split(
      steps:gsub("KEY", function()
        return ("%q"):format(key or ":DeepReview next<CR>")
      end),
      "\n"
    ),
    script
  )
  local run = { vim.env.NVIM_PROGRAM or vim.v.progpath, "--headless", "-u", file, "src/pool.py", "-c", "luafile " .. script }
  local all = vim.tbl_extend("force", { PATH = bin .. ":" .. vim.env.PATH }, env or {})
  local result = vim.system(run, { text = true, timeout = 120000, env = all }):wait()
  assert(result.stderr:find("moved to %d+") and not result.stderr:find("moved to 1%D"), vim.inspect(result))
end

function M.finish()
  for _, client in ipairs(vim.lsp.get_clients()) do
    vim.lsp.stop_client(client.id)
  end
  vim.wait(10000, function()
    return #vim.lsp.get_clients() == 0
  end, 20)
  print(("%d passed, %d failed\n"):format(M.passed, M.failed))
  vim.cmd(M.failed == 0 and "qall!" or "cquit 1")
end

---@param what string
---@param test fun(): any
function M.eventually(what, test)
  if not vim.wait(60000, function()
    return test() and true or false
  end, 20) then
    error("not reached: " .. what, 2)
  end
end

function M.equal(actual, expected)
  if not vim.deep_equal(actual, expected) then
    error(("expected %s\n     got %s"):format(vim.inspect(expected), vim.inspect(actual)), 2)
  end
end

---@param file string
---@return integer bufnr
function M.edit(file)
  vim.cmd.edit(file)
  M.eventually("the server is attached to " .. file, function()
    local client = vim.lsp.get_clients({ name = "deep-review", bufnr = 0 })[1]
    return client and client.initialized
  end)
  return vim.api.nvim_get_current_buf()
end

---@param bufnr integer
---@param text string part of the message
---@return vim.Diagnostic?
function M.diagnostic(bufnr, text)
  for _, diagnostic in ipairs(vim.diagnostic.get(bufnr)) do
    if diagnostic.message:find(text, 1, true) then
      return diagnostic
    end
  end
end

---@param bufnr? integer
---@return string
function M.text(bufnr)
  return table.concat(vim.api.nvim_buf_get_lines(bufnr or 0, 0, -1, false), "\n")
end

---@param label_or_title string
---@return deep-review.Finding?
function M.finding(label_or_title)
  for _, finding in ipairs(require("deep-review").findings()) do
    if finding.label == label_or_title or finding.title:find(label_or_title, 1, true) then
      return finding
    end
  end
end

return M
