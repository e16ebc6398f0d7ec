---The connection to the workspace's server: an ordinary LSP client that also serves the mission methods.

local config = require("orchestrator.config")

local M = {}

M.NAME = "orchestrator"
M.INSTALL = "pip install opencode-orchestrator"
local SHOW, APPROVE = { events = true, progress = true }, { permissions = true, plans = true }
---@type orchestrator.ClientCapabilities
local CAPABILITIES = { protocolVersion = 1, show = SHOW, approve = APPROVE }
local START_LIMIT_MS = 15000
local MAX_RESTARTS = 3
local RESTART_WINDOW_S = 60

---@type table<string, integer> The client of each workspace, from the moment when its server is started.
local ids = {}
---@type table<string, true> Workspaces whose server did not want this client; it is not started again by itself.
local is_refused = {}
local is_leaving = false
local is_missing_told = false
---@type integer[] When the server ended by itself, in seconds.
local crashes = {}

vim.api.nvim_create_autocmd("VimLeavePre", {
  callback = function() is_leaving = true end,
})

---@param text string
---@param level? integer
function M.say(text, level)
  vim.notify("orchestrator: " .. text, level or vim.log.levels.INFO)
end

---What a server's error says to a person: the message, and what to do.
---@param problem lsp.ResponseError
---@return string
function M.words(problem)
  local hint = type(problem.data) == "table" and problem.data.hint or ""
  return hint ~= "" and ("%s; %s"):format(problem.message, hint) or problem.message
end

---The workspace of a buffer, or nil where no folder above it looks like one.
---@param buffer integer
---@return string?
function M.root(buffer)
  return vim.fs.root(buffer, config.get().root_markers or {})
end

---Whether the program of the server can be found; says once how to install it.
---@return boolean
local function is_installed()
  local program = (config.get().cmd or {})[1] or ""
  if vim.fn.executable(program) == 1 then return true end
  if not is_missing_told then
    is_missing_told = true
    M.say(("%q was not found; install it with: %s  (:checkhealth orchestrator)"):format(program, M.INSTALL), vim.log.levels.ERROR)
  end
  return false
end

---@param method string
local function note(method)
  return function(_, params, context) require("orchestrator.missions").note(method, params, context.client_id) end
end

local handlers = {
  ["mission/progress"] = note("mission/progress"),
  ["mission/event"] = note("mission/event"),
  ["mission/eventsDropped"] = note("mission/eventsDropped"),
  ["permission/request"] = note("permission/request"),
}

---Start the server. A refused `initialize` is said in words: Neovim by itself shows a Lua stack for it.
---@param root string
---@param dispatchers vim.lsp.rpc.Dispatchers
---@return vim.lsp.rpc.PublicClient
local function connect(root, dispatchers)
  local rpc = vim.lsp.rpc.start(config.get().cmd or {}, dispatchers, { cwd = root })
  local request = rpc.request
  rpc.request = function(method, params, callback, ...) ---@diagnostic disable-line: duplicate-set-field
    if method ~= "initialize" then return request(method, params, callback, ...) end
    return request(method, params, function(problem, result)
      if not problem then
        callback(problem, result)
        return
      end
      is_refused[root] = true
      M.say("the server refused this editor: " .. M.words(problem), vim.log.levels.ERROR)
      rpc.terminate()
    end, ...)
  end
  return rpc
end

---@param root string
---@return vim.lsp.ClientConfig
local function client_config(root)
  local capabilities = vim.lsp.protocol.make_client_capabilities()
  capabilities.experimental = { orchestrator = CAPABILITIES }
  return {
    name = M.NAME,
    cmd = function(dispatchers) return connect(root, dispatchers) end,
    root_dir = root,
    workspace_folders = { { uri = vim.uri_from_fname(root), name = vim.fs.basename(root) } },
    capabilities = capabilities,
    handlers = handlers,
    on_init = M.on_init,
    on_exit = function(code, signal, id)
      vim.schedule(function() M.on_exit(root, code, signal, id) end)
    end,
  }
end

---The server answered: check that it is one of ours, and learn which missions there are.
---@param client vim.lsp.Client
function M.on_init(client)
  local ours = (client.server_capabilities.experimental or {}).orchestrator
  if not ours then
    M.say("the program that was started is no orchestrator server; look at the option cmd", vim.log.levels.ERROR)
    return
  end
  require("orchestrator.missions").learn(client)
end

---The server's connection ended. One that nobody wanted to end is made anew, with pauses.
---@param root string
---@param code integer
---@param signal integer
---@param id integer
function M.on_exit(root, code, signal, id)
  require("orchestrator.missions").disconnected(id)
  if is_leaving or is_refused[root] or (code == 0 and signal == 0) then
    is_refused[root] = nil
    return
  end
  local now = os.time()
  crashes = vim.tbl_filter(function(at) return now - at < RESTART_WINDOW_S end, crashes)
  table.insert(crashes, now)
  local why = signal ~= 0 and ("signal " .. signal) or ("exit code " .. code)
  if #crashes > MAX_RESTARTS then
    M.say(("the server ended again (%s); :checkhealth orchestrator names its log, :TaskStatus tries once more"):format(why), vim.log.levels.ERROR)
    return
  end
  M.say(("the server ended (%s), starting it again; missions go on where they were"):format(why), vim.log.levels.WARN)
  vim.defer_fn(function()
    M.start(root)
    for _, buffer in ipairs(vim.api.nvim_list_bufs()) do
      if vim.api.nvim_buf_is_loaded(buffer) then
        M.attach(buffer)
      end
    end
  end, 250 * 2 ^ #crashes)
end

---Start the client of a workspace, or answer the one that runs.
---@param root string
---@param buffer? integer Also send this buffer's text to it.
---@return vim.lsp.Client?
function M.start(root, buffer)
  if not is_installed() then return nil end
  local client = M.of_root(root)
  if not client then
    local id = vim.lsp.start_client(client_config(root)) ---@diagnostic disable-line: deprecated
    ids[root] = id
    client = id and vim.lsp.get_client_by_id(id)
  end
  if client and buffer then
    vim.lsp.buf_attach_client(buffer, client.id)
  end
  return client
end

---Give a buffer diagnostics, when it is code in a workspace.
---@param buffer integer
function M.attach(buffer)
  local is_code = vim.bo[buffer].buftype == "" and vim.tbl_contains(config.get().filetypes or {}, vim.bo[buffer].filetype)
  local root = is_code and vim.api.nvim_buf_get_name(buffer) ~= "" and M.root(buffer)
  if root then
    M.start(root, buffer)
  end
end

---The client for the place where a person works: the buffer's workspace, else the current folder.
---@return vim.lsp.Client?
function M.here()
  local client = M.start(M.root(0) or vim.fn.getcwd())
  local is_ready = client
    and vim.wait(START_LIMIT_MS, function() return client.initialized == true or client:is_stopped() end, 10)
  if client and not is_ready then
    M.say(("the server did not answer within %d s"):format(START_LIMIT_MS / 1000), vim.log.levels.ERROR)
  end
  return client and client.initialized and client or nil
end

---The client that runs for the current place, without starting one.
---@return vim.lsp.Client?
function M.running()
  return M.of_root(M.root(0) or vim.fn.getcwd())
end

---@param root string
---@return vim.lsp.Client?
function M.of_root(root)
  local client = ids[root] and vim.lsp.get_client_by_id(ids[root])
  return client and not client:is_stopped() and client or nil
end

---Ask the server; `done` gets the result. An error is said unless `failed` takes it.
---@param client vim.lsp.Client
---@param method string
---@param params table
---@param done fun(result: any)
---@param failed? fun(problem: lsp.ResponseError)
function M.request(client, method, params, done, failed)
  local function answer(problem, result)
    if not problem then
      done(result)
    elseif failed then
      failed(problem)
    else
      M.say(M.words(problem), vim.log.levels.ERROR)
    end
  end
  if next(params) == nil then
    params = vim.empty_dict()
  end
  if vim.fn.has("nvim-0.11") == 1 then
    client:request(method, params, answer)
  else
    client.request(method, params, answer) ---@diagnostic disable-line: param-type-mismatch
  end
end

return M
