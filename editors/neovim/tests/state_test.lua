-- What is shown is the newest answer of the server, whichever comes last.
package.path = vim.env.PLUGIN .. "/tests/?.lua;" .. package.path
local t = require("support")
t.source()

local waiting = {}
local client = {
  id = 4711,
  request = function(...)
    for _, value in ipairs({ ... }) do
      if type(value) == "function" then
        table.insert(waiting, value)
      end
    end
    return true, 1
  end,
}
vim.lsp.get_client_by_id = function()
  return client
end
local taken = {}
require("deep-review.state").replace = function(_, repositories)
  table.insert(taken, repositories[1])
end

t.case("an older answer that comes late is not taken", function()
  local changed = require("deep-review.client").handlers["deepReview/roundChanged"]
  for _ = 1, 3 do
    changed(nil, nil, { client_id = client.id })
  end
  for _, number in ipairs({ 2, 1, 3 }) do
    waiting[number](nil, { repositories = { number } })
  end
  t.equal(taken, { 2, 3 })
end)

t.case("a review that was asked for and is over before it was seen to run is told of once", function()
  local announce = require("deep-review.announce")
  local function round(number)
    local newest = number > 0 and { number = number, verdict = "Merge as is" } or nil
    return { root = "/sample", name = "sample", running = false, agents = {}, findings = {}, round = newest }
  end
  for _, case in ipairs({
    { asked = 0, now = 1, told = 1 },
    { asked = 1, now = 2, told = 1 },
    { asked = 2, now = 2, told = 0 },
    { now = 3, told = 1 },
    { now = 4, told = 0 },
  }) do
    if case.asked then
      announce.asked({ round(case.asked) })
    end
    t.equal(#announce.news(round(case.asked or 2), round(case.now)), case.told)
  end
end)

t.case("a review that was under way before the first word came is told of once, and what was there is not", function()
  local news = require("deep-review.announce").news
  local function texts(before, now)
    return vim.tbl_map(function(one)
      return one.text
    end, news(before, now))
  end
  local running = { name = "sample", running = true, agents = {}, findings = {} }
  local idle = { name = "sample", running = false, agents = {}, findings = {}, round = { number = 1, verdict = "Merge as is" } }
  t.equal(texts(nil, running), { "reviewing sample" })
  t.equal(texts(running, running), {})
  t.equal(texts(nil, idle), {})
  t.equal(texts(idle, running), { "reviewing sample" })
end)

t.finish()
