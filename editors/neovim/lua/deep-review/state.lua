---What the server last said of every repository. Everything shown is derived from it.
local M = {}

---@class deep-review.Agent
---@field name string
---@field label string
---@field state? "running"|"reviewed"|"failed"
---@field message? string
---@field elapsedMs? integer
---@field findings? integer
---@field tokens? integer
---@field costUsd? number

---@class deep-review.Finding
---@field root string of its repository
---@field id string
---@field label string short name within the round: `I1`
---@field severity "critical"|"important"|"suggestion"
---@field title string
---@field agents deep-review.Agent[]
---@field state "open"|"fixed"|"dismissed"|"outdated"
---@field path? string path in the repository
---@field uri? string
---@field range? lsp.Range where it is in the current text
---@field fixable boolean whether a fix of it applies to the current text

---@class deep-review.Repository
---@field root string
---@field name string
---@field branch? string
---@field running boolean
---@field round? { number: integer, verdict: string, incomplete: boolean }
---@field agents deep-review.Agent[]
---@field findings deep-review.Finding[]
---@field hidden? string how many open findings are not shown, and why

---By client: one client is one server process.
---@type table<integer, deep-review.Repository[]>
local repositories = {}

local ORDER = { critical = 1, important = 2, suggestion = 3 }

---@param client_id integer
---@param list? deep-review.Repository[] none: the client is gone
function M.replace(client_id, list)
  for _, repository in ipairs(list or {}) do
    for _, finding in ipairs(repository.findings) do
      finding.root = repository.root
    end
  end
  local before = repositories[client_id]
  repositories[client_id] = list
  if list then
    require("deep-review.announce").tell(before, list)
  end
  vim.api.nvim_exec_autocmds("User", { pattern = "DeepReviewChanged", modeline = false })
  vim.cmd.redrawstatus({ bang = true })
end

---The repositories of the buffer's client, the one that holds the buffer first.
---@param bufnr? integer
---@return deep-review.Repository[]
local function of_buffer(bufnr)
  local client = require("deep-review.client").get(bufnr)
  return client and repositories[client.id] or {}
end

---@param bufnr? integer
---@return deep-review.Repository[]
function M.repositories(bufnr)
  return of_buffer(bufnr)
end

---@param bufnr? integer
---@return deep-review.Finding[]
function M.findings(bufnr)
  local all = {}
  for _, repository in ipairs(of_buffer(bufnr)) do
    vim.list_extend(all, repository.findings)
  end
  return all
end

---How many open findings are not shown, and why; empty where all are.
---@param bufnr? integer
---@return string
function M.hidden(bufnr)
  local said = {}
  for _, repository in ipairs(of_buffer(bufnr)) do
    table.insert(said, repository.hidden)
  end
  return table.concat(said, "; ")
end

---Open findings, the gravest first, the server's order within.
---@param bufnr? integer
---@return deep-review.Finding[]
function M.open(bufnr)
  local open = {}
  for index, finding in ipairs(M.findings(bufnr)) do
    if finding.state == "open" then
      table.insert(open, { finding, index })
    end
  end
  table.sort(open, function(a, b)
    local x, y = ORDER[a[1].severity], ORDER[b[1].severity]
    if x ~= y then
      return x < y
    end
    return a[2] < b[2]
  end)
  return vim.tbl_map(function(pair)
    return pair[1]
  end, open)
end

---@param finding deep-review.Finding
---@return string
function M.agents(finding)
  return table.concat(
    vim.tbl_map(function(agent)
      return agent.label
    end, finding.agents),
    ", "
  )
end

---@return string
function M.statusline()
  local running, done, total, incomplete, rounds = false, 0, 0, false, 0
  for _, repository in ipairs(of_buffer()) do
    rounds = rounds + (repository.round and 1 or 0)
    incomplete = incomplete or (repository.round ~= nil and repository.round.incomplete)
    if repository.running then
      running = true
      for _, agent in ipairs(repository.agents) do
        total = total + 1
        done = done + (agent.state ~= "running" and 1 or 0)
      end
    end
  end
  if running then
    return ("review %d/%d"):format(done, total)
  elseif rounds == 0 then
    return ""
  end
  local count = { critical = 0, important = 0, suggestion = 0 }
  for _, finding in ipairs(M.open()) do
    count[finding.severity] = count[finding.severity] + 1
  end
  return ("C%d I%d S%d%s"):format(count.critical, count.important, count.suggestion, incomplete and " !" or "")
end

return M
