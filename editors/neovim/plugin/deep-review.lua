-- Defines the command and the <Plug> mappings; loads no more than Neovim asks for until one is used or a file is opened.
if vim.g.loaded_deep_review then
  return
end
vim.g.loaded_deep_review = true

if vim.fn.has("nvim-0.10") == 0 then
  vim.api.nvim_create_user_command("DeepReview", function()
    vim.notify("deep-review needs Neovim 0.10 or newer", vim.log.levels.ERROR)
  end, { nargs = "*" })
  return
end

vim.api.nvim_create_user_command("DeepReview", function(args)
  require("deep-review.commands").run(args.fargs, args)
end, {
  nargs = "*",
  bang = true,
  desc = "Review the branch and work on the findings",
  complete = function(lead, line)
    return require("deep-review.commands").complete(lead, line)
  end,
})

-- What is reviewed without being checked out is read in buffers of its own; reports have no folder in their names.
vim.api.nvim_create_autocmd("BufReadCmd", {
  group = vim.api.nvim_create_augroup("deep-review-read", {}),
  pattern = "deep-review://*/*",
  callback = function(args)
    require("deep-review.targets").read(args.buf, args.match)
  end,
})

for _, name in ipairs({ "review", "cancel", "findings", "next", "prev", "fix", "fix-all", "preview", "dismiss", "reopen", "report", "show" }) do
  vim.keymap.set("n", ("<Plug>(deep-review-%s)"):format(name), ("<Cmd>DeepReview %s<CR>"):format(name), {
    desc = "deep-review: " .. name,
  })
end

-- On by default: without the plugin manager calling setup() a review must work too. `vim.g.deep_review_enable = false`
-- before this file is read leaves it to the user.
if vim.g.deep_review_enable ~= false then
  if vim.fn.has("nvim-0.11") == 1 then
    vim.lsp.enable("deep-review")
  else
    require("deep-review.client").enable()
  end
end
