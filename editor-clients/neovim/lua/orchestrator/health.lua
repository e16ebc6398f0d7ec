---`:checkhealth orchestrator`: what is found, what is missing, and how to mend it.

local M = {}

local LIMIT_MS = 20000

---@param arguments string[]
---@return string? output nil when the program can't be run or does not end well
local function run(arguments)
  local is_started, process = pcall(vim.system, arguments, { text = true, timeout = LIMIT_MS })
  if not is_started then return nil end
  local ended = process:wait()
  return ended.code == 0 and ended.stdout or nil
end

---@param program string
---@return boolean
local function check_program(program)
  if vim.fn.executable(program) == 0 then
    vim.health.error(("%q was not found on PATH"):format(program), {
      require("orchestrator.client").INSTALL,
      'or name it: vim.g.orchestrator = { cmd = { "/path/to/orchestrator", "serve" } }',
    })
    return false
  end
  local version = run({ program, "--version" })
  if not version then
    vim.health.error(("%s does not run"):format(vim.fn.exepath(program)), { "run it in a terminal to see why" })
    return false
  end
  vim.health.ok(("%s (%s)"):format(vim.trim(version), vim.fn.exepath(program)))
  return true
end

local function check_connection()
  local client = require("orchestrator.client").running()
  if not client then
    vim.health.info("no server is connected here; it starts with code in a workspace, or with :Task")
    return
  end
  local ours = (client.server_capabilities.experimental or {}).orchestrator or {}
  vim.health.ok(("connected to server %s, process %s, workspace %s"):format(ours.serverVersion, ours.pid, ours.workspace))
end

---Called by `:checkhealth`.
function M.check()
  vim.health.start("orchestrator")
  if vim.fn.has("nvim-0.10") == 1 then
    vim.health.ok("Neovim " .. tostring(vim.version()))
  else
    vim.health.error("Neovim 0.10 or newer is needed")
  end
  local program = (require("orchestrator.config").get().cmd or {})[1] or ""
  if not check_program(program) then return end
  check_connection()
  local report = run({ program, "doctor", "--workspace", vim.fn.getcwd() })
  if report then
    vim.health.info("orchestrator doctor says:\n" .. vim.trim(report))
  else
    vim.health.warn("orchestrator doctor found a problem", { ("run: %s doctor"):format(program) })
  end
end

return M
