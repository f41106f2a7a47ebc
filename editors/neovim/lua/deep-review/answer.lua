---What an agent answers to a question about a finding, in a float, while it is written; a key ends the thread.
local M = {}

---The float of each finding that is asked about, by its id.
---@type table<string, { buffer: integer, window: integer, ended: boolean }>
local floats = {}

---@param id string
local function close(id)
  local float = floats[id]
  floats[id] = nil
  if float and vim.api.nvim_win_is_valid(float.window) then
    vim.api.nvim_win_close(float.window, true)
  end
end

---@param id string
---@param title string
---@return { buffer: integer, window: integer, ended: boolean }
local function open(id, title)
  local known = floats[id]
  if known and vim.api.nvim_win_is_valid(known.window) then
    return known
  end
  local buffer = vim.api.nvim_create_buf(false, true)
  vim.bo[buffer].filetype = "markdown"
  vim.bo[buffer].bufhidden = "wipe"
  local width = math.min(100, vim.o.columns - 4)
  local window = vim.api.nvim_open_win(buffer, false, {
    relative = "cursor",
    row = 1,
    col = 0,
    width = width,
    height = 1,
    border = "rounded",
    style = "minimal",
    title = title,
  })
  vim.wo[window].wrap = true
  vim.wo[window].linebreak = true
  floats[id] = { buffer = buffer, window = window, ended = false }
  return floats[id]
end

---@param float { buffer: integer, window: integer }
---@param text string
local function write(float, text)
  local lines = vim.split(text, "\n")
  vim.bo[float.buffer].modifiable = true
  vim.api.nvim_buf_set_lines(float.buffer, 0, -1, false, lines)
  vim.bo[float.buffer].modifiable = false
  local width = vim.api.nvim_win_get_width(float.window)
  local rows = 0
  for _, line in ipairs(lines) do
    rows = rows + math.max(1, math.ceil(vim.fn.strdisplaywidth(line) / width))
  end
  vim.api.nvim_win_set_height(float.window, math.min(rows, math.max(5, math.floor(vim.o.lines * 0.6))))
end

---Takes what is written so far.
---@param answering { id: string, by: string, text: string }
function M.hear(answering)
  local float = floats[answering.id]
  -- Only what was asked here, and nothing after its end.
  if float and not float.ended and vim.api.nvim_win_is_valid(float.window) then
    write(float, answering.text)
  end
end

---Begins to show an answer.
---@param finding deep-review.Finding
function M.begin(finding)
  close(finding.id)
  write(open(finding.id, (" %s … "):format(finding.label)), "…")
end

---Shows the whole answer, with a key for each decision that can end the thread.
---@param finding deep-review.Finding
---@param by string
---@param answer string
---@param decide table<string, { words: string, run: fun(finding: deep-review.Finding) }> by key
function M.finish(finding, by, answer, decide)
  local float = open(finding.id, "")
  float.ended = true
  local keys = {}
  for key, decision in vim.spairs(decide) do
    table.insert(keys, ("%s %s"):format(key, decision.words))
    vim.keymap.set("n", key, function()
      close(finding.id)
      decision.run(finding)
    end, { buffer = float.buffer, nowait = true, desc = decision.words })
  end
  for _, key in ipairs({ "q", "<Esc>" }) do
    vim.keymap.set("n", key, function()
      close(finding.id)
    end, { buffer = float.buffer, nowait = true })
  end
  write(float, answer .. "\n\n*" .. table.concat(keys, " · ") .. " · q close*")
  vim.api.nvim_win_set_config(float.window, { title = (" %s on %s "):format(by, finding.label) })
  vim.api.nvim_set_current_win(float.window)
end

---Ends it where no answer came.
---@param finding deep-review.Finding
function M.abandon(finding)
  close(finding.id)
end

return M
