---Options, and the server's configuration made from them.
local M = {}

---@class deep-review.Options
---@field cmd? string[] the server's command line; default: `{ "deep-review", "lsp" }`
---@field settings? table the server's settings (section `deepReview`)
---@field picker? "auto"|"telescope"|"fzf-lua"|"snacks"|"select" what `:DeepReview findings` opens
---@field preview? boolean whether `fix` shows the diff before it applies
---@field notify? boolean whether the beginning and the end of a review, and what came of a command, are told by |vim.notify|
---@field float? boolean whether `next` and `prev` show the finding in a float
---@field order? "place"|"severity" how `next` and `prev` go
local defaults = {
  cmd = { "deep-review", "lsp" },
  settings = {},
  picker = "auto",
  preview = false,
  notify = true,
  float = true,
  order = "place",
}

---@type deep-review.Options
M.options = vim.deepcopy(defaults)

---@param options? deep-review.Options
function M.set(options)
  if options ~= nil and type(options) ~= "table" then
    error("deep-review: setup{} takes a table", 0)
  end
  for key in pairs(options or {}) do
    if defaults[key] == nil then
      error(("deep-review: unknown option '%s' (known: %s)"):format(key, table.concat(vim.fn.sort(vim.tbl_keys(defaults)), ", ")), 0)
    end
  end
  M.options = vim.tbl_deep_extend("force", vim.deepcopy(defaults), options or {})
end

---@return { cmd: string[] } a `vim.lsp.Config` (from Neovim 0.11 on), and what `vim.lsp.start` takes but for the root
function M.lsp()
  return {
    cmd = assert(M.options.cmd),
    root_markers = { ".git" },
    -- Findings belong to a repository: a lone file has none.
    workspace_required = true,
    settings = { deepReview = M.options.settings },
    -- The settings come along, so that nothing starts by itself before they are known.
    init_options = { trusted = true, deepReview = M.options.settings },
    handlers = require("deep-review.client").handlers,
  }
end

---The configuration in effect: from Neovim 0.11 on with what the user's own `vim.lsp.config()` says.
---@return { cmd: string[] }
function M.effective()
  if vim.fn.has("nvim-0.11") == 1 then
    return vim.lsp.config["deep-review"] ---@diagnostic disable-line: undefined-field
  end
  return M.lsp()
end

return M
