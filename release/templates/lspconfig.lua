---@brief
---
--- @HOMEPAGE@
---
--- Several AI agents review your branch at once; their merged findings are diagnostics, their fixes are code actions. Built-in
--- checkers review without a key, and nothing is sent then.
---
--- Install it by one of:
--- ```sh
--- uv tool install deep-review
--- npm install -g deep-review
--- cargo install deep-review
--- ```
---
--- It runs beside the language's own server, in every file of a git repository.

---@type vim.lsp.Config
return {
  cmd = { 'deep-review', 'lsp' },
  root_markers = { '.git' },
  workspace_required = true,
}
