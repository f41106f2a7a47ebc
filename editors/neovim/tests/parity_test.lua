-- The tables of docs/editors.md: what VS Code's palette has and the subcommands that do it here; no row for nothing, and
-- nothing without a row.
package.path = vim.env.PLUGIN .. "/tests/?.lua;" .. package.path
local t = require("support")
t.source()

local function read(path)
  return table.concat(vim.fn.readfile(vim.env.PLUGIN .. "/" .. path), "\n")
end

---The rows of the table of commands: what VS Code calls it, and the subcommand here (or why there is none).
local function rows()
  local found = {}
  for line in vim.gsplit(read("../../docs/editors.md"), "\n") do
    local title, here = line:match("^| Deep Review: ([^|]-) | ([^|]-) |")
    if title then
      found[title] = here
    end
  end
  return found
end

t.case("every command of VS Code's palette has a row", function()
  local manifest = vim.json.decode(read("../vscode/package.json"))
  local texts = vim.json.decode(read("../vscode/package.nls.json"))
  local hidden = {}
  for _, rule in ipairs(manifest.contributes.menus.commandPalette) do
    hidden[rule.command] = rule.when == "false"
  end
  local table_of, titles = rows(), {}
  for _, command in ipairs(manifest.contributes.commands) do
    if not hidden[command.command] then
      local title = texts[command.title:gsub("%%", "")]
      titles[title] = true
      assert(table_of[title], title .. " has no row in docs/editors.md")
    end
  end
  for title in pairs(table_of) do
    assert(titles[title], title .. " of docs/editors.md is none of VS Code's commands")
  end
end)

t.case("every row names a subcommand that there is, and every subcommand is named", function()
  local named = {}
  for title, here in pairs(rows()) do
    local names = 0
    for name in here:gmatch("`:DeepReview!? ([%w-]+)") do
      named[name], names = true, names + 1
    end
    assert(names > 0 or here:match("^none: "), title .. ": " .. here)
  end
  local there = require("deep-review.commands").complete("", "DeepReview ")
  for _, name in ipairs(there) do
    assert(named[name], name .. " has no row in docs/editors.md")
    named[name] = nil
  end
  t.equal(named, {})
end)

t.finish()
