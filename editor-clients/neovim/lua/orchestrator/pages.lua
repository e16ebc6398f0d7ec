---Texts that are read once: a log, a diff, a summary, each in a scratch buffer in a split; `q` closes it.

local client = require("orchestrator.client")

local M = {}

---@param name string
---@param filetype string
---@param text string
---@return integer buffer
local function show(name, filetype, text)
  local buffer = vim.fn.bufadd("orchestrator://" .. name)
  if vim.fn.bufwinid(buffer) == -1 then
    vim.cmd.sbuffer(buffer)
  else
    vim.api.nvim_set_current_win(vim.fn.bufwinid(buffer))
  end
  vim.bo[buffer].buftype, vim.bo[buffer].bufhidden, vim.bo[buffer].swapfile = "nofile", "wipe", false
  vim.bo[buffer].modifiable = true
  vim.api.nvim_buf_set_lines(buffer, 0, -1, false, vim.split(text, "\n"))
  vim.bo[buffer].modifiable, vim.bo[buffer].filetype = false, filetype
  vim.keymap.set("n", "q", "<cmd>close<cr>", { buffer = buffer, nowait = true })
  return buffer
end

---What happened to a task; of a mission with one task the name can be left out.
---@param server vim.lsp.Client
---@param mission orchestrator.Mission
---@param task_id? string
function M.log(server, mission, task_id)
  if not task_id then
    client.request(server, "plan/get", { missionId = mission.id }, function(plan)
      if #plan.tasks == 1 then
        M.log(server, mission, plan.tasks[1].id)
      else
        client.say((":TaskLog TASK, one of %d; the completion lists them"):format(#plan.tasks), vim.log.levels.WARN)
      end
    end)
    return
  end
  client.request(server, "task/log", { missionId = mission.id, taskId = task_id }, function(result)
    local lines = {}
    for _, entry in ipairs(result.entries) do
      table.insert(lines, os.date("%H:%M:%S", math.floor(entry.at)) .. "  " .. (entry.text:gsub("\n", " ")))
    end
    show(mission.id .. "/" .. task_id .. ".log", "log", table.concat(lines, "\n"))
  end)
end

---@param server vim.lsp.Client
---@param mission orchestrator.Mission
---@param task_id? string
function M.diff(server, mission, task_id)
  client.request(server, "mission/diff", { missionId = mission.id, taskId = task_id }, function(result)
    if result.diff == "" then
      client.say("nothing is changed")
      return
    end
    local cut = result.isCut and "\n(the rest is left out: `orchestrator diff` writes it whole)" or ""
    show(mission.id .. "/" .. (task_id or "all") .. ".diff", "diff", result.diff .. cut)
  end)
end

---@param server vim.lsp.Client
---@param mission orchestrator.Mission
function M.summary(server, mission)
  client.request(server, "mission/summary", { missionId = mission.id }, function(result)
    show(mission.id .. "/summary.md", "markdown", result.markdown)
  end)
end

return M
