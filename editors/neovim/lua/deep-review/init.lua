---Several agents review the branch at once; their findings are diagnostics, their fixes code actions.
---
---What the editor does already (diagnostics, code actions, hover, code lens) stays the editor's. This plugin starts the
---server and adds what LSP has no words for: rounds, reports, the list of findings, dismissing.
local M = {}

---Optional: everything works without it.
---@param options? deep-review.Options
function M.setup(options)
  local config = require("deep-review.config")
  config.set(options)
  if vim.fn.has("nvim-0.11") == 1 then
    vim.lsp.config("deep-review", config.lsp())
  end
  require("deep-review.client").enable()
end

---A short text for the status line: progress while a round runs, else the counts of open findings.
---@return string
function M.statusline()
  return require("deep-review.state").statusline()
end

---The same, for status-line plugins: `sections = { lualine_x = { require("deep-review").status } }`.
---@return string
function M.status()
  return M.statusline()
end

---The findings of the newest round of the buffer's repository.
---@param bufnr? integer default: the current buffer
---@return deep-review.Finding[]
function M.findings(bufnr)
  return require("deep-review.state").findings(bufnr)
end

return M
