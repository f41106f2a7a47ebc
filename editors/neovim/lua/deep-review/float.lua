---A finding whole, in a float beside its line: what it is about, who says so, how it can be fixed.
local M = {}

---The width of a float's text at most.
local WIDTH = 80

---Which one was asked for last: one that is answered later than another is not shown over it.
local newest = 0

---@param finding deep-review.Finding
---@param markdown string
---@param position? string "3 of 12"
---@return string[]
local function lines(finding, markdown, position)
  local state = require("deep-review.state")
  local facts = { finding.label, finding.severity, state.agents(finding) }
  if finding.state ~= "open" then
    table.insert(facts, finding.state)
  end
  if position then
    table.insert(facts, position)
  end
  local text = { "**" .. finding.title .. "**", table.concat(facts, " · "), "" }
  return vim.list_extend(text, vim.split(markdown, "\n"))
end

---@param finding deep-review.Finding
---@param position? string
---@param focus? boolean whether the float is gone into, to scroll in it
function M.open(finding, position, focus)
  local buffer = vim.api.nvim_get_current_buf()
  newest = newest + 1
  local this = newest
  require("deep-review.client").explain(finding, function(markdown)
    if this ~= newest or not focus and vim.api.nvim_get_current_buf() ~= buffer then
      return -- one has gone on
    end
    local _, window = vim.lsp.util.open_floating_preview(lines(finding, markdown, position), "markdown", {
      border = "rounded",
      max_width = math.min(WIDTH, vim.o.columns - 4),
      max_height = math.max(5, math.floor(vim.o.lines * 0.6)),
      focus_id = "deep-review",
      focusable = true,
      focus = focus == true,
      close_events = { "CursorMoved", "CursorMovedI", "BufHidden", "InsertCharPre" },
    })
    if focus and vim.api.nvim_win_is_valid(window) then
      vim.api.nvim_set_current_win(window)
    end
  end)
end

return M
