---Settings: `vim.g.orchestrator`, a table, or `require("orchestrator").setup {…}`. Nothing has to be set.

---@class orchestrator.Options
---@field cmd? string[] How the server is started.
---@field filetypes? string[] Files of these types get diagnostics while one edits them; {} for none.
---@field root_markers? string[] A folder that holds one of these is a workspace.
---@field host? string Where sessions run: "builtin", "scripted:FILE", …; left out: as the server is configured.
---@field approval? orchestrator.ApprovalMode "plan": missions wait until their plan is approved.
---@field trust? boolean Let missions run commands that were only found in the workspace; `:Task!` does so once.
---@field notify? boolean Say with `vim.notify` how missions go.

local M = {}

local NAMES = { "cmd", "filetypes", "root_markers", "host", "approval", "trust", "notify" }

---@type orchestrator.Options
local defaults = {
  cmd = { "orchestrator", "serve" },
  filetypes = vim.split(
    "bash c cpp cs css elixir go haskell html java javascript javascriptreact json kotlin lua php python ruby rust scala sh "
      .. "solidity swift typescript typescriptreact yaml",
    " "
  ),
  root_markers = { ".opencode", ".git", "pyproject.toml", "package.json", "Cargo.toml", "go.mod" },
  trust = false,
  notify = true,
}

---@type orchestrator.Options
local given = {}

---Keep what a person sets; unknown names are said.
---@param options orchestrator.Options
function M.set(options)
  for name in pairs(options) do
    if not vim.tbl_contains(NAMES, name) then
      vim.notify(("orchestrator: there is no option %q; see :help orchestrator-options"):format(name), vim.log.levels.WARN)
    end
  end
  given = options
end

---The settings in force: defaults, then `vim.g.orchestrator`, then `setup`.
---@return orchestrator.Options
function M.get()
  return vim.tbl_extend("force", defaults, vim.g.orchestrator or {}, given)
end

return M
