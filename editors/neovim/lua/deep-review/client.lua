---The connection to the server.
local M = {}

local NAME = "deep-review"

local function notify(message, level)
  vim.notify("deep-review: " .. message, level or vim.log.levels.INFO)
end
M.notify = notify

---Asks for the whole state again: what is shown is never patched together from events.
---@param client vim.lsp.Client
local function refresh(client)
  client:request("deepReview/findings", vim.empty_dict(), function(error, result)
    if error then
      vim.lsp.log.warn("deep-review", error.message)
    elseif result then
      require("deep-review.state").replace(client.id, result.repositories)
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
    if client and client.name == NAME and client:is_stopped() then
      require("deep-review.state").replace(client.id, nil)
    end
  end,
})

---@param bufnr? integer
---@return vim.lsp.Client?
function M.get(bufnr)
  return vim.lsp.get_clients({ name = NAME, bufnr = bufnr or 0 })[1] or vim.lsp.get_clients({ name = NAME })[1]
end

---The client, started for the working folder if there is none yet (no file is open, say); with a message when it cannot be.
---@return vim.lsp.Client?
local function ensure()
  local client = M.get()
  if client then
    return client
  end
  local command = vim.lsp.config[NAME].cmd[1]
  if vim.fn.executable(command) == 0 then
    notify(
      ("the program '%s' was not found. Install it (cargo install deep-review), or set its path: require('deep-review').setup{ cmd = { '/path/to/deep-review', 'lsp' } }"):format(
        command
      ),
      vim.log.levels.ERROR
    )
    return nil
  end
  local root = vim.fs.root(0, ".git") or vim.fs.root(vim.fn.getcwd(), ".git")
  if not root then
    notify("no git repository here", vim.log.levels.ERROR)
    return nil
  end
  local config = vim.tbl_extend("force", vim.lsp.config[NAME], { name = NAME, root_dir = root })
  local id = vim.lsp.start(config, { attach = false })
  return id and vim.lsp.get_client_by_id(id)
end

---Runs a command of the server; its refusal is shown, because it says what to do.
---@param command string
---@param argument table
---@param done? fun(result: any)
function M.execute(command, argument, done)
  local client = ensure()
  if not client then
    return
  end
  if next(argument) == nil then
    argument = vim.empty_dict()
  end
  client:request("workspace/executeCommand", { command = command, arguments = { argument } }, function(error, result)
    if error then
      notify(error.message, vim.log.levels.ERROR)
    elseif done then
      done(result)
    end
  end)
end

return M
