---What the user is told of a review: that it began, that an agent failed, and what came of it.
local M = {}

---By root, the number of the newest round when a review was asked for: it may be over before it is seen to run.
---@type table<string, integer>
local asked = {}

---@param repository deep-review.Repository
---@return integer
local function number(repository)
  return repository.round and repository.round.number or 0
end

---A review was asked for, of some of these.
---@param repositories deep-review.Repository[]
function M.asked(repositories)
  for _, repository in ipairs(repositories) do
    asked[repository.root] = number(repository)
  end
end

---@param repository? deep-review.Repository
---@return table<string, deep-review.Agent>
local function by_name(repository)
  local agents = {}
  for _, agent in ipairs(repository and repository.agents or {}) do
    agents[agent.name] = agent
  end
  return agents
end

---@param repository deep-review.Repository
---@return string
local function counted(repository)
  local count, closed = { critical = 0, important = 0, suggestion = 0 }, 0
  for _, finding in ipairs(repository.findings) do
    if finding.state == "open" then
      count[finding.severity] = count[finding.severity] + 1
    else
      closed = closed + 1
    end
  end
  local text = ("%d critical, %d important, %d suggestions"):format(count.critical, count.important, count.suggestion)
  text = repository.hidden and ("%s; %s"):format(text, repository.hidden) or text
  return closed == 0 and text or ("%s; %d closed"):format(text, closed)
end

---What is new in a repository since it was last told of. Of what was there when the editor started, only that a review is under
---way: it may have begun before the first word of the server came.
---@param before? deep-review.Repository
---@param now deep-review.Repository
---@return { text: string, level: integer }[]
function M.news(before, now)
  local news, levels = {}, vim.log.levels
  if now.running and not (before and before.running) then
    table.insert(news, { text = "reviewing " .. now.name, level = levels.INFO })
  end
  if not before then
    return news
  end
  if now.running or before.running then
    local agents = by_name(before)
    for _, agent in ipairs(now.agents) do
      local was = agents[agent.name]
      -- One that was cancelled with all others is told of at the end.
      if now.running and agent.state == "failed" and (not was or was.state == "running") then
        table.insert(news, { text = ("%s failed: %s"):format(agent.label, agent.message or "?"), level = levels.WARN })
      end
    end
  end
  local over = before.running or asked[now.root] and number(now) > asked[now.root]
  if over and not now.running and now.round then
    asked[now.root] = nil
    local failed = {}
    for _, agent in ipairs(now.agents) do
      if agent.state == "failed" then
        table.insert(failed, agent.label)
      end
    end
    local text = ("round %d: %s (%s)"):format(now.round.number, counted(now), now.round.verdict)
    if #failed > 0 then
      text = ("%s; incomplete: %s"):format(text, table.concat(failed, ", "))
    end
    table.insert(news, { text = text, level = #failed > 0 and levels.WARN or levels.INFO })
  end
  return news
end

---@param before? deep-review.Repository[]
---@param now deep-review.Repository[]
function M.tell(before, now)
  local known = {}
  for _, repository in ipairs(before or {}) do
    known[repository.root] = repository
  end
  for _, repository in ipairs(now) do
    for _, one in ipairs(M.news(known[repository.root], repository)) do
      require("deep-review.client").tell(one.text, one.level)
    end
  end
end

return M
