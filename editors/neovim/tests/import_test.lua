-- What was written elsewhere, in the editor: a colleague's Markdown review and a linter's SARIF, each with a quick fix.
package.path = vim.env.PLUGIN .. "/tests/?.lua;" .. package.path
local t = require("support")

local review = {
  "## Important Issues",
  "",
  "1. **The list of waiters is shared** — `pool.py:90` (important, regression)",
  "",
  "```python",
  "    def __init__(self, size, waiting=[]):",
  "```",
  "",
  "A default is made once, for all pools.",
  "",
  "Fix:",
  "",
  "```diff",
  "-    def __init__(self, size, waiting=[]):",
  "+    def __init__(self, size, waiting=()):",
  "```",
}
-- Columns in UTF-16 units: each of the two emoji before the place counts as two.
local linter = {
  runs = {
    {
      tool = { driver = { name = "Lint" } },
      columnKind = "utf16CodeUnits",
      results = {
        {
          level = "warning",
          message = { text = "Unused name" },
          locations = {
            {
              physicalLocation = {
                artifactLocation = { uri = "src/emoji.py" },
                region = { startLine = 1, startColumn = 42, endColumn = 47, snippet = { text = "LIMIT" } },
              },
            },
          },
          fixes = {
            {
              description = { text = "Remove it" },
              artifactChanges = {
                {
                  artifactLocation = { uri = "src/emoji.py" },
                  replacements = {
                    { deletedRegion = { startLine = 1, startColumn = 40, endColumn = 52 }, insertedContent = { text = "" } },
                  },
                },
              },
            },
          },
        },
      },
    },
  },
}

---Applies the fix of the finding as a user does, and undoes it.
---@param file string
---@param title string
---@param after string
local function fixed_and_undone(file, title, after)
  local buffer = t.edit(file)
  local before = t.text(buffer)
  local found
  t.eventually("the finding", function()
    found = t.diagnostic(buffer, title)
    return found
  end)
  vim.api.nvim_win_set_cursor(0, { found.lnum + 1, found.col })
  vim.lsp.buf.code_action({
    apply = true,
    filter = function(action)
      return action.kind == "quickfix" and action.title:find("Apply fix", 1, true) ~= nil
    end,
  })
  t.eventually("the text with the fix", function()
    return t.text(buffer) == after
  end)
  t.eventually("no finding", function()
    return t.diagnostic(buffer, title) == nil
  end)
  vim.cmd.undo()
  t.equal(t.text(buffer), before)
  t.eventually("the finding again", function()
    return t.diagnostic(buffer, title)
  end)
end

t.case("both are imported as one round", function()
  local markdown, sarif = vim.env.WORK .. "/colleague.md", vim.env.WORK .. "/lint.sarif"
  vim.fn.writefile(review, markdown)
  vim.fn.writefile({ vim.json.encode(linter) }, sarif)
  local imported = vim.system({ vim.env.SERVER, "import", markdown, sarif, "--base", "main" }):wait()
  t.equal({ imported.code, imported.stderr:match("(%d+) of them placed") }, { 0, "2" })
end)

t.load()

t.case("a report's fix is applied where its quoted code is now", function()
  local before = table.concat(vim.fn.readfile("src/pool.py"), "\n")
  fixed_and_undone("src/pool.py", "The list of waiters is shared", (before:gsub("waiting=%[%]", "waiting=()")))
end)

t.case("a linter's fix is applied at its columns, behind emoji", function()
  fixed_and_undone("src/emoji.py", "Unused name", 'BANNER = "🎉 welcome 🎉"; print(BANNER)')
end)

t.finish()
