-- What agents are asked to do about a finding: to write a fix, which is proven, and to answer a question.
package.path = vim.env.PLUGIN .. "/tests/?.lua;" .. package.path
local t = require("support")
t.load()

local FIX = [[
--- a/src/emoji.py
+++ b/src/emoji.py
@@ -1 +1 @@
-BANNER = "🎉 welcome 🎉"; print(BANNER); LIMIT = 10
+BANNER = "🎉 welcome 🎉"; print(BANNER)  # no limit
]]

local function answers(agent, more)
  local file = ("%s/answers/%s.json"):format(vim.env.WORK, agent)
  local known = vim.json.decode(table.concat(vim.fn.readfile(file), "\n"))
  known.answers = more
  vim.fn.writefile({ vim.json.encode(known) }, file)
end

answers("gemini", { fix = { summary = "Drop it", diff = FIX, files = {} }, ask = { answer = "No: nothing imports it." } })
for _, judge in ipairs({ "claude", "codex" }) do
  answers(judge, { judge = { gone = true, reason = "it is gone", new = {} } })
end

t.case("a review is begun from a buffer without a name", function()
  vim.cmd("DeepReview review")
  t.eventually("the round is over", function()
    return t.said("round 1: ")
  end)
end)

local emoji = t.edit("src/emoji.py")
t.eventually("the finding", function()
  return t.diagnostic(emoji, "LIMIT")
end)

t.case("an agent writes a fix, which is proven and one more of the finding's", function()
  local before = t.text(emoji)
  vim.api.nvim_win_set_cursor(0, { 1, 0 })
  vim.cmd("DeepReview write-fix")
  t.eventually("what was proven", function()
    -- What a server says goes there before 0.12.
    local words = "is proven: placed, parses, Claude"
    return t.said(words) or vim.fn.execute("messages"):find(words, 1, true)
  end)
  t.equal(t.text(emoji), before, "nothing without a yes")
end)

t.case("the agent that raised it answers, in a float", function()
  local original = vim.ui.input
  vim.ui.input = function(_, say)
    say("Does anybody import it?")
  end
  vim.cmd("DeepReview ask")
  vim.ui.input = original
  -- It is shown while it is written; the keys come with its end.
  t.eventually("the whole answer", function()
    for _, window in ipairs(vim.api.nvim_list_wins()) do
      local text = t.text(vim.api.nvim_win_get_buf(window))
      if vim.api.nvim_win_get_config(window).relative ~= "" and text:find("No: nothing imports it.*s change its severity") then
        return true
      end
    end
  end)
end)

t.case("a key ends the thread: its severity is another one", function()
  local select, input = vim.ui.select, vim.ui.input
  vim.ui.select = function(items, _, choose)
    choose(items[1])
  end
  vim.ui.input = function(_, say)
    say("nobody imports it")
  end
  vim.api.nvim_feedkeys("s", "mx", false)
  vim.ui.select, vim.ui.input = select, input
  t.eventually("the new severity", function()
    return t.said("from now on") or vim.fn.execute("messages"):find("from now on", 1, true)
  end)
  for _, window in ipairs(vim.api.nvim_list_wins()) do
    t.equal(vim.api.nvim_win_get_config(window).relative, "", "the float is closed")
  end
end)

t.finish()
