-- The README's recipes for plugin managers, as they are there, with the real managers: vim.pack is in Neovim 0.12;
-- LAZY is the folder of lazy.nvim, where it is there.
package.path = vim.env.PLUGIN .. "/tests/?.lua;" .. package.path
local t = require("support")

---The first block of Lua in the README that has a text.
local function recipe(text)
  local readme = table.concat(vim.fn.readfile(vim.env.PLUGIN .. "/README.md"), "\n")
  for block in readme:gmatch("```lua\n(.-)```") do
    if block:find(text, 1, true) then
      return (block:gsub("/path/to/deep%-review/editors/neovim", (vim.env.PLUGIN:gsub("%%", "%%%%"))))
    end
  end
  error("the README has no recipe with " .. text)
end

if vim.fn.has("nvim-0.12") == 1 then
  t.case("vim.pack installs it from its repository", function()
    -- The repository as it will be on the network: the plugin in its folder. git is told where that is.
    local origin = vim.env.WORK .. "/origin"
    vim.fn.mkdir(origin .. "/editors", "p")
    vim.system({ "cp", "-r", vim.env.PLUGIN, origin .. "/editors/neovim" }):wait()
    local function git(...)
      local done = vim.system({ "git", "-c", "user.name=t", "-c", "user.email=t@example.org", "-C", origin, ... }):wait()
      assert(done.code == 0, done.stderr)
    end
    git("init", "--quiet")
    git("add", ".")
    git("commit", "--quiet", "-m", "All of it")
    local config = vim.env.WORK .. "/gitconfig"
    vim.fn.writefile({ ('[url "file://%s"]'):format(origin), "insteadOf = https://github.com/deep-review/deep-review" }, config)
    -- It asks before it installs: yes.
    local init = "vim.fn.confirm = function() return 1 end\n" .. recipe("vim.pack.add")
    t.session(init, { GIT_CONFIG_GLOBAL = config })
    assert(vim.uv.fs_stat(vim.env.XDG_DATA_HOME .. "/nvim/site/pack/core/opt/deep-review/editors/neovim/plugin"), "not installed")
  end)
end

if (vim.env.LAZY or "") ~= "" then
  t.case("lazy.nvim loads it with the first file", function()
    local spec = recipe("BufReadPre"):gsub("%s+$", "")
    t.session(('vim.opt.runtimepath:prepend(%q)\nrequire("lazy").setup({ %s })'):format(vim.env.LAZY, spec))
  end)
end

t.finish()
