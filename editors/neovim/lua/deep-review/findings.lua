---The list of findings: quickfix, location list, pickers, jumping.
local state = require("deep-review.state")

local M = {}

local TYPES = { critical = "E", important = "W", suggestion = "I" }

---@param finding deep-review.Finding
local function text(finding)
  return ("%s %s (%s)"):format(finding.label, finding.title, state.agents(finding))
end

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

---@param where "quickfix"|"loclist"
function M.list(where)
  local what = { title = "deep-review", items = M.items(state.open()) }
  if where == "loclist" then
    local here = vim.uri_from_bufnr(0)
    what.items = M.items(vim.tbl_filter(function(finding)
      return finding.uri == here
    end, state.open()))
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
---@param picker "auto"|"telescope"|"fzf-lua"|"snacks"|"select"
function M.open_picker(picker)
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
      vim.fn.setqflist({}, " ", { title = "deep-review", items = M.items(state.open()) })
      open(loaded)
      return
    end
  end
  if picker ~= "auto" and picker ~= "select" then
    require("deep-review.client").notify(("the picker '%s' is not installed"):format(picker), vim.log.levels.WARN)
  end
  M.pick(state.open(), "Findings", M.reveal)
end

---@param a { uri: string, line: integer }
---@param b { uri: string, line: integer }
local function before(a, b)
  if a.uri ~= b.uri then
    return a.uri < b.uri
  end
  return a.line < b.line
end

---The open finding after or before a place, in order of file and line, going round at the end.
---@param findings deep-review.Finding[]
---@param from { uri: string, line: integer }
---@param step 1|-1
---@return deep-review.Finding?
function M.neighbour(findings, from, step)
  local placed = {}
  for _, finding in ipairs(findings) do
    if finding.uri and finding.range then
      table.insert(placed, { uri = finding.uri, line = finding.range.start.line, finding = finding })
    end
  end
  table.sort(placed, before)
  if step == 1 then
    for _, place in ipairs(placed) do
      if before(from, place) then
        return place.finding
      end
    end
    return placed[1] and placed[1].finding
  end
  for index = #placed, 1, -1 do
    if before(placed[index], from) then
      return placed[index].finding
    end
  end
  return placed[#placed] and placed[#placed].finding
end

---@param step 1|-1
function M.jump(step)
  local from = { uri = vim.uri_from_bufnr(0), line = vim.fn.line(".") - 1 }
  local finding = M.neighbour(state.open(), from, step)
  if finding then
    M.reveal(finding)
    vim.api.nvim_echo({ { text(finding) } }, false, {})
  else
    require("deep-review.client").notify("no open finding")
  end
end

---The finding that is meant: the one named, else the one at the cursor, else one the user picks.
---@param label? string `I1`
---@param fits fun(finding: deep-review.Finding): boolean
---@param act fun(finding: deep-review.Finding)
function M.with(label, fits, act)
  local candidates = vim.tbl_filter(fits, state.open())
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
    require("deep-review.client").notify(("no open finding '%s' fits"):format(label), vim.log.levels.WARN)
  else
    M.pick(candidates, "Which finding?", act)
  end
end

return M
