---Shows a fix as a diff before it is applied.
local M = {}

---@param bufnr integer
---@param edits lsp.TextEdit[]
---@return string[]
local function edited(bufnr, edits)
  local scratch = vim.api.nvim_create_buf(false, true)
  vim.api.nvim_buf_set_lines(scratch, 0, -1, false, vim.api.nvim_buf_get_lines(bufnr, 0, -1, false))
  vim.lsp.util.apply_text_edits(edits, scratch, "utf-16")
  local lines = vim.api.nvim_buf_get_lines(scratch, 0, -1, false)
  vim.api.nvim_buf_delete(scratch, { force = true })
  return lines
end

---A workspace edit in either of its two forms, by file.
---@param edit lsp.WorkspaceEdit
---@return { uri: string, edits: lsp.TextEdit[] }[]
local function by_file(edit)
  local files = {}
  for uri, edits in pairs(edit.changes or {}) do
    table.insert(files, { uri = uri, edits = edits })
  end
  for _, change in ipairs(edit.documentChanges or {}) do
    if change.textDocument then
      table.insert(files, { uri = change.textDocument.uri, edits = change.edits })
    end
  end
  table.sort(files, function(a, b)
    return a.uri < b.uri
  end)
  return files
end

---The unified diff of a workspace edit against the buffers' text.
---@param edit lsp.WorkspaceEdit
---@return string[]
function M.diff(edit)
  local out = {}
  for _, file in ipairs(by_file(edit)) do
    local bufnr = vim.uri_to_bufnr(file.uri)
    vim.fn.bufload(bufnr)
    local before = table.concat(vim.api.nvim_buf_get_lines(bufnr, 0, -1, false), "\n") .. "\n"
    local after = table.concat(edited(bufnr, file.edits), "\n") .. "\n"
    local name = vim.fn.fnamemodify(vim.uri_to_fname(file.uri), ":.")
    vim.list_extend(out, { "--- " .. name, "+++ " .. name })
    local diff = vim.diff(before, after) --[[@as string]]
    vim.list_extend(out, vim.split(diff, "\n", { trimempty = true }))
  end
  return out
end

---@param edit lsp.WorkspaceEdit
---@param title string
---@param apply fun()
function M.open(edit, title, apply)
  local lines = M.diff(edit)
  if #lines == 0 then
    lines = { "(no change)" }
  end
  local bufnr = vim.api.nvim_create_buf(false, true)
  vim.api.nvim_buf_set_lines(bufnr, 0, -1, false, lines)
  vim.bo[bufnr].filetype = "diff"
  vim.bo[bufnr].modifiable = false
  vim.bo[bufnr].bufhidden = "wipe"
  local width = math.min(math.max(60, unpack(vim.tbl_map(vim.fn.strdisplaywidth, lines))), vim.o.columns - 4)
  local height = math.min(#lines, math.max(1, vim.o.lines - 6))
  local window = vim.api.nvim_open_win(bufnr, true, {
    relative = "editor",
    row = math.floor((vim.o.lines - height) / 2) - 1,
    col = math.floor((vim.o.columns - width) / 2),
    width = width,
    height = height,
    border = "rounded",
    title = " " .. title .. " ",
    footer = " <CR> apply   q close ",
    style = "minimal",
  })
  local function close()
    if vim.api.nvim_win_is_valid(window) then
      vim.api.nvim_win_close(window, true)
    end
  end
  for key, action in pairs({
    ["<CR>"] = function()
      close()
      apply()
    end,
    q = close,
    ["<Esc>"] = close,
  }) do
    vim.keymap.set("n", key, action, { buffer = bufnr, nowait = true })
  end
end

return M
