---Completion of arguments: missions, tasks of the mission that is meant, answers.

local client = require("orchestrator.client")
local missions = require("orchestrator.missions")

local M = {}

local TAKES_NO_TASK = { TaskStatus = true, TaskApprove = true, TaskRetry = true, TaskSummary = true }
local LIMIT_MS = 1000

---@param mission_id string
---@return string[]
local function tasks(mission_id)
  local running, ids = client.running(), nil
  if not running then return {} end
  local function keep(plan)
    ids = vim.tbl_map(function(task) return task.id end, plan.tasks or {})
  end
  client.request(running, "plan/get", { missionId = mission_id }, keep, keep)
  vim.wait(LIMIT_MS, function() return ids end, 5)
  return ids or {}
end

---What may stand at the place of the cursor.
---@param lead string
---@param line string
---@return string[]
function M.complete(lead, line)
  local words = vim.split(line, "%s+", { trimempty = true })
  local command = (words[1] or ""):gsub("^.*[^%a]", "")
  local place = #words - (lead == "" and 0 or 1)
  local named = place >= 2 and missions.get(words[2]) or nil
  local mission, found = named or missions.newest(), {}
  if place == 1 then
    for _, known in ipairs(missions.list()) do
      table.insert(found, known.id)
    end
  end
  if place == 1 or (place == 2 and named) then
    if command == "TaskApprove" then
      vim.list_extend(found, { "allow", "always", "deny" })
    elseif mission and not TAKES_NO_TASK[command] then
      vim.list_extend(found, tasks(mission.id))
    end
  end
  return vim.tbl_filter(function(word) return vim.startswith(word, lead) end, found)
end

return M
