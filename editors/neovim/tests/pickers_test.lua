-- The real pickers, each in a Neovim of its own: :DeepReview findings, what one says, Enter. PICKERS lists the folders of
-- those that are there, `name=folder:folder`, one in a line; for the others session_test.lua has stand-ins.
package.path = vim.env.PLUGIN .. "/tests/?.lua;" .. package.path
local t = require("support")

local nvim = vim.env.NVIM_PROGRAM or vim.v.progpath

local child
---Runs Lua in the other Neovim.
local function there(code, ...)
  return vim.rpcrequest(child, "nvim_exec_lua", code, { ... })
end

local function keys(text)
  vim.rpcrequest(child, "nvim_input", text)
end

---The text of all windows: what the user sees, and what is scrolled away.
local function windows()
  return there([[
    local lines = {}
    for _, window in ipairs(vim.api.nvim_tabpage_list_wins(0)) do
      vim.list_extend(lines, vim.api.nvim_buf_get_lines(vim.api.nvim_win_get_buf(window), 0, -1, false))
    end
    return table.concat(lines, "\n")
  ]])
end

local function shows(text)
  return windows():find(text, 1, true) ~= nil
end

local function start(folders)
  local command = { nvim, "--clean", "--headless", "--embed", "--cmd", "set columns=280 lines=50 noswapfile hidden shortmess+=I" }
  child = vim.fn.jobstart(command, { rpc = true })
  vim.rpcrequest(child, "nvim_ui_attach", 280, 50, {})
  there(
    [[
    local plugin, server, folders = ...
    for _, folder in ipairs(folders) do
      vim.opt.runtimepath:append(folder)
      vim.cmd.runtime({ "plugin/**/*.vim", bang = true })
      vim.cmd.runtime({ "plugin/**/*.lua", bang = true })
    end
    vim.opt.runtimepath:append(plugin)
    vim.cmd.runtime("plugin/deep-review.lua")
    require("deep-review").setup({ cmd = { server, "lsp" }, settings = { review = { auto = "off" } } })
    vim.cmd.edit("src/pool.py")
    ]],
    vim.env.PLUGIN,
    vim.env.SERVER,
    folders
  )
  t.eventually("the server is attached", function()
    return there("local c = vim.lsp.get_clients({ name = 'deep-review' })[1] return c ~= nil and c.initialized == true")
  end)
  there("vim.cmd('DeepReview review')")
  t.eventually("the findings of all agents", function()
    return there("return #require('deep-review').findings() >= 4 and require('deep-review').statusline():match('^C') ~= nil")
  end)
end

local SETUPS = { snacks = "require('snacks').setup({ picker = { enabled = true } })" }

---What a user does: opens the picker, types what a finding says, Enter.
local function choose(name, folders)
  start(folders)
  there(SETUPS[name] or "")
  keys(":DeepReview findings<CR>")
  t.eventually("the picker with the findings and their agents", function()
    return shows("LIMIT is never used (Gemini (recorded))") and shows("greet() accepts None")
  end)
  -- What is typed before the prompt takes it would be lost.
  t.eventually("the picker's prompt", function()
    return there("return ({ i = true, t = true })[vim.api.nvim_get_mode().mode:sub(1, 1)] == true")
  end)
  -- A whole phrase: a picker matches letters anywhere, in the name of the folder too, which is another one each time.
  keys("LIMIT is never used")
  t.eventually("filtered", function()
    return shows("LIMIT is never used") and not shows("greet() accepts None")
  end)
  keys("<CR>")
  t.eventually("at the finding's place", function()
    return there("return vim.api.nvim_buf_get_name(0):find('src/emoji.py', 1, true) ~= nil and vim.bo.buftype == ''")
  end)
  t.equal(there("return vim.fn.line('.')"), 1)
end

-- fzf-lua starts v:progpath again, which is the loader where Neovim was unpacked beside the system.
local unpacked = vim.v.progpath:find("/ld-linux", 1, true) ~= nil

for line in vim.gsplit(vim.env.PICKERS or "", "\n", { trimempty = true }) do
  local name, folders = line:match("^(.-)=(.*)$")
  if name == "fzf-lua" and unpacked then
    print("not run with this Neovim: fzf-lua")
  else
    t.case("the real " .. name .. " shows the findings, and goes to the chosen one", function()
      choose(name, vim.split(folders, ":"))
    end)
    if child then
      vim.fn.jobstop(child)
    end
  end
end

t.finish()
