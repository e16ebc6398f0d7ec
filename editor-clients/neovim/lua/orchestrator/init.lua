---The front door: settings and the status line. Everything works without calling either.

local M = {}

---Set options; see `:help orchestrator-options`.
---@param options? orchestrator.Options
function M.setup(options)
  require("orchestrator.config").set(options or {})
end

---How the newest mission of this workspace stands, in a few characters, "" when there is none under way.
---
---For a status line: `%{v:lua.require'orchestrator'.statusline()}`. It never starts a server.
---@return string
function M.statusline()
  local mission = require("orchestrator.missions").newest()
  if not mission or mission.is_over then return "" end
  local text = mission.status
  if mission.counts and mission.counts.total > 0 then
    text = ("%s %d/%d"):format(text, mission.counts.done, mission.counts.total)
  end
  local open = vim.tbl_count(mission.questions)
  return open > 0 and ("%s ?%d"):format(text, open) or text
end

return M
