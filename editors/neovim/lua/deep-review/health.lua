---`:checkhealth deep-review`
local M = {}

local health = vim.health

local function binary(command)
  local path = vim.fn.exepath(command)
  if path == "" then
    health.error(("the program '%s' was not found"):format(command), {
      "Install it: " .. require("deep-review.install").line(),
      "or set its path: require('deep-review').setup{ cmd = { '/path/to/deep-review', 'lsp' } }",
    })
    return nil
  end
  local result = vim.system({ path, "--version" }, { text = true, timeout = 5000 }):wait()
  if result.code ~= 0 then
    health.error(("'%s --version' ended with %d"):format(path, result.code), { vim.trim(result.stderr or "") })
    return nil
  end
  health.ok(("%s (%s)"):format(vim.trim(result.stdout or ""), path))
  return path
end

local function agents(path)
  local result = vim.system({ path, "agents" }, { text = true, timeout = 30000, cwd = vim.fn.getcwd() }):wait()
  for line in vim.gsplit(vim.trim(result.stdout or ""), "\n", { trimempty = true }) do
    health.info(line)
  end
  if result.code ~= 0 then
    health.warn("'deep-review agents' ended with " .. result.code, { vim.trim(result.stderr or "") })
  end
end

local function repository()
  local root = vim.fs.root(vim.fn.getcwd(), ".git")
  if root then
    health.ok("repository: " .. root)
  else
    health.warn("no git repository in " .. vim.fn.getcwd(), { "Open a file of a repository: findings belong to one." })
  end
end

local function clients()
  local running = vim.lsp.get_clients({ name = "deep-review" })
  if #running == 0 then
    health.info("the server is not running; it starts with the first file of a repository")
  end
  for _, client in ipairs(running) do
    health.ok(("the server runs for %s"):format(client.root_dir or "?"))
  end
end

local function configuration(path)
  local result = vim.system({ path, "config" }, { text = true, timeout = 5000, cwd = vim.fn.getcwd() }):wait()
  if result.code == 0 then
    health.ok("the configuration is valid ('deep-review config' prints it)")
  else
    health.error("the configuration is not valid", { vim.trim(result.stderr or "") })
  end
end

function M.check()
  health.start("deep-review")
  if vim.fn.has("nvim-0.10") == 1 then
    local version = vim.version() ---@diagnostic disable-line: call-non-callable
    health.ok("Neovim " .. tostring(version))
  else
    health.error("Neovim 0.10 or newer is needed")
    return
  end
  repository()
  clients()
  local path = binary(require("deep-review.config").effective().cmd[1])
  if path then
    configuration(path)
    health.start("deep-review: agents")
    agents(path)
  end
end

return M
