---What installs the server on this machine.
local M = {}

---The same lines as those of the VS Code client (install.ts), the fastest first.
local LINES = {
  "uv tool install deep-review",
  "pipx install deep-review",
  "npm install -g deep-review",
  "brew install deep-review/tap/deep-review",
  "cargo install deep-review",
}

---The line of the first program that is here. Mason puts what it installs on Neovim's own path.
---@return string
function M.line()
  if vim.api.nvim_get_commands({}).MasonInstall then
    return ":MasonInstall deep-review"
  end
  for _, line in ipairs(LINES) do
    local program = line:match("^%S+") --[[@as string]]
    if vim.fn.executable(program) == 1 then
      return line
    end
  end
  return "with uv, pipx, npm, brew or cargo, of which none is here"
end

return M
