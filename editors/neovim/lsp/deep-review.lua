-- Read by `vim.lsp.enable("deep-review")`; a user's own `vim.lsp.config("deep-review", …)` is merged over it.
return require("deep-review.config").lsp()
