---The connection to the server.
local M = {}

local NAME = "deep-review"

local function notify(message, level)
  vim.notify("deep-review: " .. message, level or vim.log.levels.INFO)
end
M.notify = notify

---@param client vim.lsp.Client
---@param method string
---@param params table
---@param handler fun(error?: lsp.ResponseError, result: any)
local function request(client, method, params, handler)
  if vim.fn.has("nvim-0.11") == 1 then
    client:request(method, params, handler)
  else
    client.request(method, params, handler) ---@diagnostic disable-line: param-type-mismatch
  end
end

---Tells the user what goes on, where they want to be told.
---@param message string
---@param level? integer
function M.tell(message, level)
  if require("deep-review.config").options.notify then
    notify(message, level)
  end
end

---How often each client was asked, and which of its answers is the newest that was taken.
---@type table<integer, { asked: integer, taken: integer }>
local counts = {}

---Asks for the whole state again: what is shown is never patched together from events. Answers may overtake each other: an
---older one says what is not so any more.
---@param client vim.lsp.Client
local function refresh(client)
  local count = counts[client.id] or { asked = 0, taken = 0 }
  counts[client.id] = count
  count.asked = count.asked + 1
  local number = count.asked
  request(client, "deepReview/findings", vim.empty_dict(), function(error, result)
    if error then
      vim.lsp.log.warn("deep-review", error.message)
    elseif result and number > count.taken then
      count.taken = number
      require("deep-review.state").replace(client.id, result.repositories)
    end
  end)
end

---Asks which findings are at lines that the user changed last, and passes them on by root and id; where that is not known, why
---is told.
---@param done fun(mine: table<string, boolean>)
function M.mine(done)
  local client = M.get()
  if not client then
    return notify("no server is attached to this buffer", vim.log.levels.WARN)
  end
  request(client, "deepReview/findings", { mine = true }, function(error, result)
    local mine, why = {}, error and error.message
    for _, repository in ipairs(result and result.repositories or {}) do
      why = why or repository.mineUnknown
      for _, finding in ipairs(repository.findings) do
        mine[repository.root .. "/" .. finding.id] = finding.mine
      end
    end
    if why then
      notify(why, vim.log.levels.WARN)
    else
      done(mine)
    end
  end)
end

---Handlers of what the server sends beyond the LSP.
M.handlers = {
  ["deepReview/roundChanged"] = function(_, _, context)
    local client = vim.lsp.get_client_by_id(context.client_id)
    if client then
      refresh(client)
    end
  end,
  ["deepReview/answering"] = function(_, answering)
    require("deep-review.answer").hear(answering)
  end,
}

vim.api.nvim_create_autocmd("LspAttach", {
  group = vim.api.nvim_create_augroup("deep-review", {}),
  callback = function(args)
    local client = vim.lsp.get_client_by_id(args.data.client_id)
    if client and client.name == NAME then
      refresh(client)
    end
  end,
})
vim.api.nvim_create_autocmd("LspDetach", {
  group = "deep-review",
  callback = function(args)
    local client = vim.lsp.get_client_by_id(args.data.client_id)
    if client and client.name == NAME and M.stopped(client) then
      counts[client.id] = nil
      require("deep-review.state").replace(client.id, nil)
    end
  end,
})

---@param client vim.lsp.Client
---@return boolean
function M.stopped(client)
  if vim.fn.has("nvim-0.11") == 1 then
    return client:is_stopped()
  end
  return client.is_stopped() ---@diagnostic disable-line: missing-parameter
end

---@param bufnr? integer
---@return vim.lsp.Client?
function M.get(bufnr)
  return vim.lsp.get_clients({ name = NAME, bufnr = bufnr or 0 })[1] or vim.lsp.get_clients({ name = NAME })[1]
end

---@return string? command the program that is to be run, if it cannot be
function M.missing()
  local command = require("deep-review.config").effective().cmd[1] or ""
  return vim.fn.executable(command) == 0 and command or nil
end

---The address of the buffer, where it is a file or a read-only document of ours.
---@return string?
function M.here()
  local uri = vim.uri_from_bufnr(0)
  -- A buffer without a name is no file.
  return (uri:match("^file://.") or uri:match("^deep%-review://[^/]+/.")) and uri or nil
end

---The text of a read-only document; nothing where it is not looked at any more, which is said.
---@param uri string
---@param patience integer milliseconds
---@return string?
function M.text(uri, patience)
  local client = M.get()
  if not client then
    notify(uri .. " is not looked at any more: review it again to see it", vim.log.levels.WARN)
    return nil
  end
  local answer, why
  if vim.fn.has("nvim-0.11") == 1 then
    answer, why = client:request_sync("deepReview/text", { uri = uri }, patience, 0)
  else
    answer, why = client.request_sync("deepReview/text", { uri = uri }, patience, 0) ---@diagnostic disable-line
  end
  if answer and answer.result then
    return answer.result.text
  end
  notify(answer and answer.err and answer.err.message or why or "the server gave no text", vim.log.levels.WARN)
  return nil
end

---@param command string
local function explain_missing(command)
  notify(
    ("the program '%s' was not found. Install it (%s), or set its path: require('deep-review').setup{ cmd = { '/path/to/deep-review', 'lsp' } }"):format(
      command,
      require("deep-review.install").line()
    ),
    vim.log.levels.ERROR
  )
end

---Attaches a buffer of a repository, as `vim.lsp.enable()` does from Neovim 0.11 on.
---@param bufnr integer
function M.attach(bufnr)
  local root = vim.bo[bufnr].buftype == "" and vim.fs.root(bufnr, ".git")
  if root and not M.missing() then
    local config = vim.tbl_extend("force", require("deep-review.config").lsp(), { name = NAME, root_dir = root }) --[[@as vim.lsp.ClientConfig]]
    vim.lsp.start(config, { bufnr = bufnr })
  end
end

---Starts the server with the first file of a repository.
function M.enable()
  if vim.fn.has("nvim-0.11") == 1 then
    vim.lsp.enable(NAME)
    return
  end
  vim.api.nvim_create_autocmd("FileType", {
    group = vim.api.nvim_create_augroup("deep-review-enable", {}),
    callback = function(args)
      M.attach(args.buf)
    end,
  })
end

---The client, started for the working folder if there is none yet (no file is open, say); with a message when it cannot be.
---@return vim.lsp.Client?
local function ensure()
  local client = M.get()
  if client then
    return client
  end
  local missing = M.missing()
  if missing then
    explain_missing(missing)
    return nil
  end
  local root = vim.fs.root(0, ".git") or vim.fs.root(vim.fn.getcwd(), ".git")
  if not root then
    notify("no git repository here", vim.log.levels.ERROR)
    return nil
  end
  local config = vim.tbl_extend("force", require("deep-review.config").effective(), { name = NAME, root_dir = root }) --[[@as vim.lsp.ClientConfig]]
  -- Started for no buffer: there may be none of a file. Below 0.11 `vim.lsp.start` always attaches one.
  local id
  if vim.fn.has("nvim-0.11") == 1 then
    id = vim.lsp.start(config, { attach = false })
  else
    id = vim.lsp.start_client(config) ---@diagnostic disable-line: deprecated
  end
  return id and vim.lsp.get_client_by_id(id)
end

---A finding in words: what it is about, who says so, how it can be fixed.
---@param finding deep-review.Finding
---@param done fun(markdown: string)
function M.explain(finding, done)
  local client = M.get()
  if client then
    request(client, "deepReview/explain", { id = finding.id, root = finding.root }, function(error, result)
      if error then
        notify(error.message, vim.log.levels.ERROR)
      else
        done(result.markdown)
      end
    end)
  end
end

---Ends the server and starts another one for the files that were open in it.
function M.restart()
  local client = M.get()
  if not client then
    ensure()
    return
  end
  local buffers = vim.tbl_keys(client.attached_buffers)
  vim.lsp.stop_client(client.id, true)
  -- Until it is forgotten: below 0.11 a client that is only stopped would be taken for the one of the buffer.
  vim.wait(5000, function()
    return vim.lsp.get_client_by_id(client.id) == nil
  end, 20)
  for _, bufnr in ipairs(buffers) do
    if vim.api.nvim_buf_is_loaded(bufnr) then
      M.attach(bufnr)
    end
  end
  M.tell("the server was restarted")
end

---How often is looked whether a server that was just started has said what it can do, in ms.
local STARTING = 20

---Acts once a client may be asked something: one that was just started may not.
---@param client vim.lsp.Client
---@param act fun()
local function when_ready(client, act)
  if client.initialized then
    act()
  elseif not M.stopped(client) then
    vim.defer_fn(function()
      when_ready(client, act)
    end, STARTING)
  end
end

---Asks the server something of our own; its refusal is shown, because it says what to do.
---@param method string
---@param params table
---@param done fun(result: any)
function M.ask(method, params, done)
  local client = ensure()
  if not client then
    return
  end
  if next(params) == nil then
    params = vim.empty_dict()
  end
  when_ready(client, function()
    request(client, method, params, function(error, result)
      if error then
        notify(error.message, vim.log.levels.ERROR)
      else
        done(result)
      end
    end)
  end)
end

---Runs a command of the server; its refusal is shown, because it says what to do.
---@param command string
---@param argument table
---@param done? fun(result: any)
---@param failed? fun()
function M.execute(command, argument, done, failed)
  local client = ensure()
  if not client then
    return
  end
  if next(argument) == nil then
    argument = vim.empty_dict()
  end
  when_ready(client, function()
    request(client, "workspace/executeCommand", { command = command, arguments = { argument } }, function(error, result)
      if error then
        notify(error.message, vim.log.levels.ERROR)
        if failed then
          failed()
        end
      elseif done then
        done(result)
      end
    end)
  end)
end

---Asks for a review.
---@param argument table
function M.review(argument)
  local client = ensure()
  if client then
    when_ready(client, function()
      require("deep-review.announce").asked(require("deep-review.state").repositories())
      M.execute("deepReview.review", argument)
    end)
  end
end

return M
