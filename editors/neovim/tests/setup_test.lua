-- What someone meets who has just installed the plugin: the README's init.lua, the help, the health report, and what is
-- said when something is missing.
package.path = vim.env.PLUGIN .. "/tests/?.lua;" .. package.path
local t = require("support")

---The lines of the health report, once it is there.
local function health()
  vim.cmd("checkhealth deep-review")
  t.eventually("the report", function()
    return t.text():find("repository", 1, true)
  end)
  local report = t.text()
  vim.cmd.bwipeout({ bang = true })
  return report
end

t.case("below 0.10 the command says what is needed", function()
  local has = vim.fn.has
  vim.fn.has = function()
    return 0
  end
  t.source()
  vim.fn.has = has
  vim.cmd("DeepReview review")
  assert(t.said("deep-review needs Neovim 0.10 or newer"), vim.inspect(t.messages))
  vim.api.nvim_del_user_command("DeepReview")
  vim.g.loaded_deep_review = nil
end)

t.case("the plugin loads nothing until it is used", function()
  t.source()
  local loaded = vim.tbl_filter(function(name)
    return vim.startswith(name, "deep-review")
  end, vim.tbl_keys(package.loaded))
  table.sort(loaded)
  local expected = {}
  if vim.fn.has("nvim-0.12") == 1 then
    expected = { "deep-review.client", "deep-review.config" } -- `vim.lsp.enable` reads the configuration at once
  elseif vim.fn.has("nvim-0.11") == 0 then
    expected = { "deep-review.client" } -- there is no `vim.lsp.enable`: this waits for the first file instead
  end
  t.equal(loaded, expected)
  t.equal(vim.fn.exists(":DeepReview"), 2)
end)

t.case("a program that is missing is named, with what to do", function()
  -- A machine on which uv is there, and nothing else that installs programs.
  local bin = vim.env.WORK .. "/only-uv"
  vim.fn.mkdir(bin, "p")
  vim.uv.fs_symlink("/bin/true", bin .. "/uv")
  vim.env.PATH = bin .. ":/usr/bin:/bin"
  vim.cmd("DeepReview review")
  t.eventually("the message", function()
    return t.said("the program 'deep-review' was not found. Install it (uv tool install deep-review), or set its path")
  end)
  local report = health()
  assert(report:find("ERROR the program 'deep-review' was not found", 1, true), report)
  assert(report:find("Install it: uv tool install deep-review", 1, true), report)
end)

t.case("what installs the program is what is on the machine", function()
  local line = require("deep-review.install").line
  local path, bin = vim.env.PATH, vim.env.WORK .. "/installers"
  vim.fn.mkdir(bin, "p")
  vim.env.PATH = bin
  t.equal(line(), "with uv, pipx, npm, brew or cargo, of which none is here")
  for _, step in ipairs({
    { "cargo", "cargo install deep-review" },
    { "npm", "npm install -g deep-review" },
    { "uv", "uv tool install deep-review" },
  }) do
    vim.uv.fs_symlink("/bin/true", bin .. "/" .. step[1])
    t.equal(line(), step[2])
  end
  vim.api.nvim_create_user_command("MasonInstall", "", {})
  t.equal(line(), ":MasonInstall deep-review")
  vim.api.nvim_del_user_command("MasonInstall")
  vim.env.PATH = path
end)

t.case("wrong options are named", function()
  local _, message = pcall(require("deep-review").setup, { picekr = "telescope" })
  assert(message:find("unknown option 'picekr'", 1, true), message)
  _, message = pcall(require("deep-review").setup, "telescope")
  assert(message:find("takes a table", 1, true), message)
end)

t.case("an unknown subcommand is answered with those there are", function()
  vim.cmd("DeepReview reveiw")
  assert(t.said("there is no ':DeepReview reveiw'; there are: add-agent, agents, ask, cancel"), vim.inspect(t.messages))
end)

t.case("completion: subcommands, branches, reasons, files", function()
  local complete = function(line)
    return vim.fn.getcompletion(line, "cmdline")
  end
  t.equal(complete("DeepReview fi"), { "findings", "fix", "fix-all" })
  assert(vim.tbl_contains(complete("DeepReview review "), "main"), vim.inspect(complete("DeepReview review ")))
  t.equal(complete("DeepReview dismiss I1 wo"), { "wont-fix" })
  t.equal(complete("DeepReview import src/po"), { "src/pool.py" })
end)

t.case("outside of a repository it says so", function()
  require("deep-review").setup({ cmd = { vim.env.SERVER, "lsp" } })
  local here = vim.fn.getcwd()
  vim.fn.chdir(vim.env.WORK)
  vim.cmd("DeepReview review")
  assert(t.said("no git repository here"), vim.inspect(t.messages))
  assert(health():find("WARNING no git repository", 1, true))
  vim.fn.chdir(here)
end)

t.case("a configuration that is not valid is an error of the health report", function()
  local file = vim.env.XDG_CONFIG_HOME .. "/deep-review/config.toml"
  local valid = vim.fn.readfile(file)
  vim.fn.writefile({ "agent = 1" }, file)
  local report = health()
  vim.fn.writefile(valid, file)
  assert(report:find("ERROR the configuration is not valid", 1, true), report)
end)

t.case("the README's init.lua works by copy and paste", function()
  -- As the README says: the folder's path put in, nothing else.
  local readme = table.concat(vim.fn.readfile(vim.env.PLUGIN .. "/README.md"), "\n")
  local init = assert(readme:match("```lua\n(vim%.opt%.runtimepath.-)```"), "the block is in the README")
  t.session((init:gsub("/path/to/deep%-review/editors/neovim", (vim.env.PLUGIN:gsub("%%", "%%%%")))), {}, "]r")
end)

t.case("the health report of a working set-up", function()
  t.edit("src/pool.py")
  local report = health()
  for _, part in ipairs({
    "OK deep-review ",
    "OK repository: ",
    "OK the server runs for ",
    "OK the configuration is valid",
    "Claude (recorded)",
  }) do
    assert(report:find(part, 1, true), part .. " is not in\n" .. report)
  end
end)

t.case("the help has its tags, and every subcommand", function()
  local doc = vim.env.WORK .. "/doc"
  vim.fn.mkdir(doc)
  vim.uv.fs_copyfile(vim.env.PLUGIN .. "/doc/deep-review.txt", doc .. "/deep-review.txt")
  vim.cmd.helptags(doc) -- an error for a tag that is there twice
  vim.opt.runtimepath:append(vim.env.WORK)
  for _, tag in ipairs({ "deep-review", ":DeepReview", "deep-review-mappings", "deep-review.statusline()", "DeepReviewChanged" }) do
    vim.cmd.help(tag)
    t.equal(vim.bo.buftype, "help")
  end
  local help = t.text()
  vim.cmd.helpclose()
  for _, name in ipairs(require("deep-review.commands").complete("", "DeepReview ")) do
    assert(help:find(":DeepReview[%[%]!]* %[?" .. vim.pesc(name)), name .. " is not in the help")
  end
  for name in help:gmatch("<Plug>%((.-)%)") do
    assert(vim.fn.maparg(("<Plug>(%s)"):format(name), "n") ~= "", name .. " is no mapping")
  end
end)

t.finish()
