---The list of findings: quickfix, location list, pickers, jumping.
local state = require("deep-review.state")

local M = {}

local TYPES = { critical = "E", important = "W", suggestion = "I" }

---A finding in a line: label, title, agents.
---@param finding deep-review.Finding
---@return string
local function text(finding)
  return ("%s %s (%s)"):format(finding.label, finding.title, state.agents(finding))
end

M.text = text

---@param findings deep-review.Finding[]
---@return table[] as `setqflist()` takes them
function M.items(findings)
  local items = {}
  for _, finding in ipairs(findings) do
    local item = { text = text(finding), type = TYPES[finding.severity], user_data = finding.id }
    if finding.uri then
      item.filename = vim.uri_to_fname(finding.uri)
      item.lnum = finding.range and finding.range.start.line + 1 or 1
      item.end_lnum = finding.range and finding.range["end"].line + 1 or nil
    end
    table.insert(items, item)
  end
  return items
end

---What `:DeepReview findings` is asked for in words: where they are shown, and which of them.
---@param words string[] `quickfix`, `loclist`, `select`; a severity; `mine`
function M.asked(words)
  ---@type string?, string?, boolean?
  local where, severity, is_mine
  for _, word in ipairs(words) do
    if TYPES[word] then
      severity = word
    elseif word == "mine" then
      is_mine = true
    else
      where = word
    end
  end
  local function show(mine)
    local open = vim.tbl_filter(function(finding)
      return (not severity or finding.severity == severity) and (not mine or mine[finding.root .. "/" .. finding.id])
    end, state.open())
    local which = severity and is_mine and severity .. ", mine" or severity or is_mine and "mine" or ""
    if where == "quickfix" or where == "loclist" then
      M.list(where, open, which)
    else
      M.open_picker(where or require("deep-review.config").options.picker or "auto", open)
    end
  end
  if is_mine then
    require("deep-review.client").mine(show)
  else
    show()
  end
end

---@param where "quickfix"|"loclist"
---@param open deep-review.Finding[] those that are listed
---@param which string which ones these are; empty for all
function M.list(where, open, which)
  local title = which == "" and "deep-review" or "deep-review: " .. which
  local hidden = state.hidden()
  title = hidden == "" and title or ("%s (%s)"):format(title, hidden)
  local what = { title = title, items = M.items(open) }
  if where == "loclist" then
    local here = vim.uri_from_bufnr(0)
    what.items = M.items(vim.tbl_filter(function(finding)
      return finding.uri == here
    end, open))
    vim.fn.setloclist(0, {}, " ", what)
    vim.cmd.lopen()
  else
    vim.fn.setqflist({}, " ", what)
    vim.cmd.copen()
  end
end

---@param finding deep-review.Finding
function M.reveal(finding)
  if not finding.uri then
    require("deep-review.commands").run({ "report" }, {})
    return
  end
  vim.lsp.util.show_document({
    uri = finding.uri,
    range = finding.range or { start = { line = 0, character = 0 }, ["end"] = { line = 0, character = 0 } },
  }, "utf-16", { focus = true })
end

---Lets the user choose one of the findings, with the picker that is there.
---@param findings deep-review.Finding[]
---@param prompt string
---@param chosen fun(finding: deep-review.Finding)
function M.pick(findings, prompt, chosen)
  if #findings == 0 then
    require("deep-review.client").notify("no open finding fits")
    return
  end
  vim.ui.select(findings, { prompt = prompt, kind = "deep-review", format_item = text }, function(finding)
    if finding then
      chosen(finding)
    end
  end)
end

---Opens the findings in the user's picker: the quickfix list is what all of them can show.
---@param picker "auto"|"telescope"|"fzf-lua"|"snacks"|"select"|string
---@param findings deep-review.Finding[]
function M.open_picker(picker, findings)
  local pickers = {
    {
      "telescope",
      "telescope.builtin",
      function(module)
        module.quickfix({ prompt_title = "deep-review" })
      end,
    },
    {
      "fzf-lua",
      "fzf-lua",
      function(module)
        module.quickfix({ prompt = "deep-review> " })
      end,
    },
    {
      "snacks",
      "snacks",
      function(module)
        module.picker.qflist({ title = "deep-review" })
      end,
    },
  }
  for _, entry in ipairs(pickers) do
    local name, module, open = unpack(entry)
    local there, loaded = false, nil
    if picker == "auto" or picker == name then
      there, loaded = pcall(require, module)
    end
    if there then
      vim.fn.setqflist({}, " ", { title = "deep-review", items = M.items(findings) })
      open(loaded)
      return
    end
  end
  if picker ~= "auto" and picker ~= "select" then
    require("deep-review.client").notify(("the picker '%s' is not installed"):format(picker), vim.log.levels.WARN)
  end
  M.pick(findings, "Findings", M.reveal)
end

local ORDER = { critical = 1, important = 2, suggestion = 3 }

---@param a { uri: string, line: integer }
---@param b { uri: string, line: integer }
local function before(a, b)
  if a.uri ~= b.uri then
    return a.uri < b.uri
  end
  return a.line < b.line
end

---The open finding after or before a place, going round at the end: in order of file and line, or the gravest first. Also
---which one it is, and of how many.
---@param findings deep-review.Finding[]
---@param from { uri: string, line: integer }
---@param step 1|-1
---@param order? "place"|"severity"
---@return deep-review.Finding?
---@return integer number
---@return integer count
function M.neighbour(findings, from, step, order)
  ---@type { uri: string, line: integer, finding: deep-review.Finding }[]
  local placed = {}
  for _, finding in ipairs(findings) do
    if finding.uri and finding.range then
      table.insert(placed, { uri = finding.uri, line = finding.range.start.line, finding = finding })
    end
  end
  table.sort(placed, function(a, b)
    local x, y = ORDER[a.finding.severity], ORDER[b.finding.severity]
    if order == "severity" and x ~= y then
      return x < y
    end
    return before(a, b)
  end)
  local found = step == 1 and 1 or #placed
  if order == "severity" then
    for index, place in ipairs(placed) do
      if place.uri == from.uri and place.line == from.line and placed[index + step] then
        found = index + step
        break
      end
    end
  else
    for index = step == 1 and 1 or #placed, step == 1 and #placed or 1, step do
      local place = placed[index]
      if place and (step == 1 and before(from, place) or step == -1 and before(place, from)) then
        found = index
        break
      end
    end
  end
  return placed[found] and placed[found].finding, found, #placed
end

---@param step 1|-1
function M.jump(step)
  local options = require("deep-review.config").options
  local from = { uri = vim.uri_from_bufnr(0), line = vim.fn.line(".") - 1 }
  local finding, number, count = M.neighbour(state.open(), from, step, options.order)
  if not finding then
    require("deep-review.client").notify("no open finding has a place")
    return
  end
  M.reveal(finding)
  local position = ("%d of %d"):format(number, count)
  vim.api.nvim_echo({ { position .. ": " .. text(finding) } }, true, {})
  if options.float then
    require("deep-review.float").open(finding, position)
  end
end

---The finding that is meant: the one named, else the one at the cursor, else one the user picks.
---@param label? string `I1`
---@param fits fun(finding: deep-review.Finding): boolean
---@param act fun(finding: deep-review.Finding)
---@param of? deep-review.Finding[] those that are meant; default: the open ones
function M.with(label, fits, act, of)
  local candidates = vim.tbl_filter(fits, of or state.open())
  local here, line = vim.uri_from_bufnr(0), vim.fn.line(".") - 1
  for _, finding in ipairs(candidates) do
    local range = finding.range
    local at_cursor = finding.uri == here and range and range.start.line <= line and line <= range["end"].line
    if label and finding.label == label:upper() or not label and at_cursor then
      act(finding)
      return
    end
  end
  if label then
    require("deep-review.client").notify(("no finding '%s' fits"):format(label), vim.log.levels.WARN)
  else
    M.pick(candidates, "Which finding?", act)
  end
end

return M
