---What is reviewed without being checked out: chosen from a list, read in read-only buffers (`deep-review://…`), and checked
---out where that is wanted.
local M = {}

local function client()
  return require("deep-review.client")
end

---@class deep-review.Visit what `deepReview.open` answers
---@field root string
---@field title string
---@field base string
---@field files deep-review.VisitFile[]

---@class deep-review.VisitFile a file that it changes: one of the two addresses is there
---@field path string
---@field uri? string
---@field baseUri? string
---@field added integer
---@field removed integer

---How long a text is waited for, in ms: a jump to a line needs it to be there.
local PATIENCE = 10000

---The root of what a buffer shows, where that is not checked out.
---@param bufnr? integer
---@return string?
function M.root(bufnr)
  local name = vim.api.nvim_buf_get_name(bufnr or 0):match("^deep%-review://([^/]+)/.")
  return name and "deep-review:/" .. name:gsub("^base%.", "")
end

---Fills a read-only buffer by its address. Called for `BufReadCmd`.
---@param bufnr integer
---@param uri string
function M.read(bufnr, uri)
  local text = client().text(uri, PATIENCE)
  vim.bo[bufnr].modifiable = true
  vim.bo[bufnr].buftype = "nofile"
  vim.bo[bufnr].swapfile = false
  vim.bo[bufnr].undofile = false
  local lines = vim.split(text or "", "\n")
  if #lines > 1 and lines[#lines] == "" then
    table.remove(lines)
  end
  vim.api.nvim_buf_set_lines(bufnr, 0, -1, false, lines)
  vim.bo[bufnr].modified = false
  vim.bo[bufnr].modifiable = false
  vim.bo[bufnr].readonly = true
  vim.bo[bufnr].filetype = vim.filetype.match({ buf = bufnr, filename = uri:gsub("^.*/", "") }) or ""
  local here = client().get()
  if text and here and not uri:find("^deep%-review://base%.") then
    vim.lsp.buf_attach_client(bufnr, here.id)
  end
end

---@param uri? string
---@return string
local function name_of(uri)
  return uri and vim.uri_to_fname(uri) or ""
end

---One changed file beside what it was.
---@param file? deep-review.VisitFile
local function show(file)
  if not file then
    return
  end
  vim.cmd.tabnew()
  vim.cmd.edit({ vim.fn.fnameescape(name_of(file.uri or file.baseUri)), magic = { file = false } })
  if file.uri and file.baseUri then
    vim.cmd.diffthis()
    vim.cmd("leftabove vertical new")
    vim.cmd.edit({ vim.fn.fnameescape(name_of(file.baseUri)), magic = { file = false } })
    vim.cmd.diffthis()
    vim.cmd.wincmd("p")
  end
end

---Opens a target, lists its files, and has it reviewed.
---@param target string as on the command line: `pr:7`, an address, `commit:REV`, `A..B`, a branch, `--staged`
function M.open(target)
  client().tell(("opening %s"):format(target))
  client().execute("deepReview.open", { target = target, uri = client().here() }, function(visit)
    ---@cast visit deep-review.Visit
    for _, bufnr in ipairs(vim.api.nvim_list_bufs()) do
      if vim.api.nvim_buf_is_loaded(bufnr) and M.root(bufnr) == visit.root then
        M.read(bufnr, vim.api.nvim_buf_get_name(bufnr))
      end
    end
    if #visit.files == 0 then
      client().notify(("%s changes nothing that can be reviewed"):format(visit.title), vim.log.levels.WARN)
      return
    end
    local items = vim.tbl_map(function(file)
      local text = ("+%d -%d"):format(file.added, file.removed)
      return { filename = name_of(file.uri or file.baseUri), lnum = 1, text = text }
    end, visit.files)
    vim.fn.setqflist({}, " ", { title = ("%s, compared with %s"):format(visit.title, visit.base), items = items })
    show(visit.files[1])
    client().review({ root = visit.root })
  end)
end

---How long ago a time was, in words.
---@param at? string RFC 3339, UTC
---@return string
local function ago(at)
  local day = vim.fn.strptime("%Y-%m-%d", (at or ""):sub(1, 10))
  if day == 0 then
    return ""
  end
  local days = math.max(0, math.floor((os.time() - day) / 86400))
  return days == 0 and "today" or days == 1 and "yesterday" or ("%d days ago"):format(days)
end

---@param words string[]
---@return string
local function line(words)
  return table.concat(
    vim.tbl_filter(function(word)
      return word ~= ""
    end, words),
    " · "
  )
end

---A pull request that is named, or one of those that are open.
---@param args string[]
function M.pull_request(args)
  if args[1] then
    M.open(args[1]:find("^https?://") and args[1] or "pr:" .. args[1]:gsub("^#", ""))
    return
  end
  client().ask("deepReview/pullRequests", { uri = client().here() }, function(result)
    vim.ui.select(result.pullRequests, {
      prompt = "Review which pull request of " .. result.site .. "?",
      format_item = function(pull)
        return line({
          ("#%d %s"):format(pull.number, pull.title),
          "@" .. pull.author,
          ago(pull.opened),
          pull.askedOfMe and "your review is asked for" or "",
          pull.draft and "draft" or "",
          pull.checks and "checks " .. pull.checks or "",
        })
      end,
    }, function(pull)
      if pull then
        M.open("pr:" .. pull.number)
      end
    end)
  end)
end

---A commit that is named, or one of the newest.
---@param args string[]
function M.commit(args)
  if args[1] then
    M.open("commit:" .. args[1])
    return
  end
  client().ask("deepReview/commits", { uri = client().here() }, function(result)
    vim.ui.select(result.commits, {
      prompt = "Review which commit?",
      format_item = function(commit)
        return line({ commit.id:sub(1, 8) .. " " .. commit.subject, commit.author, ago(commit.at) })
      end,
    }, function(commit)
      if commit then
        M.open("commit:" .. commit.id)
      end
    end)
  end)
end

---Checks out what the buffer shows: here, or in a worktree beside. Never over what is not committed without a yes.
---@param worktree boolean
---@param carry? boolean
function M.check_out(worktree, carry)
  local root = M.root()
  if not root then
    client().notify("this buffer shows nothing that is not checked out", vim.log.levels.WARN)
    return
  end
  local argument = { root = root, worktree = worktree, carryChanges = carry or false }
  client().execute("deepReview.checkOut", argument, function(done)
    if done.folder then
      vim.cmd.tabnew()
      vim.cmd.tcd(vim.fn.fnameescape(done.folder))
      client().tell(("it is in %s, where this tab page works"):format(done.folder))
    elseif done.dirty then
      local yes = "Check out with my changes"
      vim.ui.select({ yes, "Cancel" }, {
        prompt = ("not committed: changes in %d file(s)"):format(done.dirty),
      }, function(choice)
        if choice == yes then
          M.check_out(false, true)
        end
      end)
    else
      client().tell(("it is checked out, on %s"):format(done.branch or "no branch"))
      vim.cmd.checktime()
    end
  end)
end

---Forgets what the buffer shows, and its buffers.
function M.close()
  local root = M.root()
  if not root then
    client().notify("this buffer shows nothing that is not checked out", vim.log.levels.WARN)
    return
  end
  client().execute("deepReview.close", { root = root }, function()
    for _, bufnr in ipairs(vim.api.nvim_list_bufs()) do
      if M.root(bufnr) == root then
        vim.api.nvim_buf_delete(bufnr, { force = true })
      end
    end
  end)
end

return M
