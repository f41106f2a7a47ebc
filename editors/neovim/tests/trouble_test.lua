-- The source of trouble.nvim: the real one where TROUBLE names its folder, else a stand-in for what the source calls.
package.path = vim.env.PLUGIN .. "/tests/?.lua;" .. package.path
local t = require("support")
t.load()
vim.cmd.edit("src/pool.py")
t.eventually("the server is attached", function()
  local client = vim.lsp.get_clients({ name = "deep-review" })[1]
  return client ~= nil and client.initialized == true
end)
vim.cmd("DeepReview review")
t.eventually("the findings of all agents", function()
  return #require("deep-review").findings() >= 3 and require("deep-review").statusline():match("^C") ~= nil
end)

t.case("the open findings are its items, with severity, place and agents", function()
  package.loaded["trouble.item"] = {
    new = function(item)
      return item
    end,
  }
  local items
  require("trouble.sources.deep_review").get(function(all)
    items = all
  end)
  package.loaded["trouble.item"] = nil
  local limit = vim.iter(items):find(function(item)
    return item.text:find("LIMIT is never used", 1, true) ~= nil
  end)
  t.equal(limit.severity, vim.diagnostic.severity.INFO)
  t.equal(limit.pos, { 1, 0 })
  assert(limit.filename:match("src/emoji.py$") and limit.text:find("Gemini (recorded)", 1, true), vim.inspect(limit))
  t.equal(#items, #require("deep-review.state").open())
end)

if vim.env.TROUBLE and vim.env.TROUBLE ~= "" then
  t.case("the real one shows them, follows what is decided, and goes to the chosen one", function()
    vim.opt.runtimepath:append(vim.env.TROUBLE)
    require("trouble").setup({})
    local function lines()
      for _, window in ipairs(vim.api.nvim_list_wins()) do
        local buffer = vim.api.nvim_win_get_buf(window)
        if vim.bo[buffer].filetype == "trouble" then
          return vim.api.nvim_buf_get_lines(buffer, 0, -1, false), window
        end
      end
      return {}
    end
    local function row(text)
      for number, line in ipairs((lines())) do
        if line:find(text, 1, true) then
          return number
        end
      end
    end
    vim.cmd("Trouble deep_review open focus=true")
    t.eventually("the list with the findings", function()
      return row("LIMIT is never used") ~= nil and row("greet() accepts None") ~= nil
    end)
    vim.cmd.wincmd("p")
    local greet = assert(t.finding("greet() accepts None"))
    local argument = { id = greet.id, root = greet.root, reason = "later", text = "in its own change" }
    require("deep-review.client").execute("deepReview.dismiss", argument)
    t.eventually("what is dismissed is gone", function()
      return row("greet() accepts None") == nil
    end)
    local _, window = lines()
    vim.api.nvim_set_current_win(assert(window))
    vim.fn.cursor(assert(row("LIMIT is never used")), 1)
    vim.api.nvim_feedkeys(vim.keycode("<CR>"), "mx", false)
    t.eventually("at the finding's place", function()
      return vim.api.nvim_buf_get_name(0):find("src/emoji.py", 1, true) ~= nil
    end)
  end)
end

t.finish()
