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

function M.load()
  vim.cmd.runtime("plugin/deep-review.lua")
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

function M.finish()
  for _, client in ipairs(vim.lsp.get_clients()) do
    client:stop()
  end
  vim.wait(3000, function()
    return #vim.lsp.get_clients() == 0
  end, 20)
  print(("%d passed, %d failed"):format(M.passed, M.failed))
  vim.cmd(M.failed == 0 and "qall!" or "cquit 1")
end

---@param what string
---@param test fun(): any
function M.eventually(what, test)
  if not vim.wait(20000, function()
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
