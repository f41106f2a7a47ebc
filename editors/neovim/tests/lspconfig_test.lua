-- The entry for nvim-lspconfig, as release/manifests writes it: without the plugin, the server is started and its findings are shown.
package.path = vim.env.PLUGIN .. "/tests/?.lua;" .. package.path
local t = require("support")

if vim.fn.has("nvim-0.11") == 1 then
  t.case("nvim-lspconfig's entry starts the server and shows findings", function()
    vim.opt.runtimepath:remove(vim.env.PLUGIN)
    local template = table.concat(vim.fn.readfile(vim.env.PLUGIN .. "/../../release/templates/lspconfig.lua"), "\n")
    local folder, bin = vim.env.WORK .. "/nvim-lspconfig", vim.env.WORK .. "/bin"
    vim.fn.mkdir(folder .. "/lsp", "p")
    vim.fn.writefile(vim.split(template:gsub("@[A-Z_]+@", "x"), "\n"), folder .. "/lsp/deep_review.lua")
    vim.opt.runtimepath:prepend(folder)
    vim.fn.mkdir(bin, "p")
    vim.uv.fs_symlink(vim.env.SERVER, bin .. "/deep-review")
    vim.env.PATH = bin .. ":" .. vim.env.PATH

    vim.lsp.enable("deep_review")
    vim.cmd.edit("src/pool.py")
    t.eventually("the server runs", function()
      return vim.lsp.get_clients({ name = "deep_review" })[1]
    end)
    local client = vim.lsp.get_clients({ name = "deep_review" })[1]
    client:request("workspace/executeCommand", { command = "deepReview.review", arguments = { vim.empty_dict() } })
    t.eventually("a finding of two agents", function()
      return t.diagnostic(0, "appends before")
    end)
  end)
end

t.finish()
