---The open findings as a source of trouble.nvim, which finds this file by its place: `:Trouble deep_review`.
local M = {}

M.config = {
  modes = {
    deep_review = {
      desc = "deep-review: open findings",
      events = { "User DeepReviewChanged" },
      source = "deep_review",
      groups = { { "filename", format = "{file_icon} {filename} {count}" } },
      sort = { "severity", "filename", "pos" },
      format = "{severity_icon|item.severity} {text} {pos}",
    },
  },
}

local SEVERITIES = {
  critical = vim.diagnostic.severity.ERROR,
  important = vim.diagnostic.severity.WARN,
  suggestion = vim.diagnostic.severity.INFO,
}

---What is about the whole branch has no place to go to: it is in the report.
---@param answer fun(items: table[])
---@param context? { main?: { buf: integer } } the window that the list is about
function M.get(answer, context)
  -- It is there whenever trouble.nvim reads this file.
  local new = require("trouble.item").new ---@diagnostic disable-line: unresolved-require
  local items = {}
  local main = context and context.main
  for _, finding in ipairs(require("deep-review").findings(main and main.buf)) do
    if finding.state == "open" and finding.uri then
      local range = finding.range or { start = { line = 0, character = 0 }, ["end"] = { line = 0, character = 0 } }
      table.insert(
        items,
        new({
          source = "deep_review",
          id = finding.id,
          filename = vim.uri_to_fname(finding.uri),
          pos = { range.start.line + 1, 0 },
          end_pos = { range["end"].line + 1, 0 },
          severity = SEVERITIES[finding.severity],
          text = require("deep-review.findings").text(finding),
          item = finding,
        })
      )
    end
  end
  answer(items)
end

return M
