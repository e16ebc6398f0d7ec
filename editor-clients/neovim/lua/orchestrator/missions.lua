---What this editor knows of missions: kept up to date by the server's notifications, for views and the status line.

local M = {}

---@class orchestrator.Mission
---@field id string
---@field client_id integer
---@field text string
---@field status string
---@field is_over boolean
---@field counts? orchestrator.TaskCounts
---@field questions table<string, orchestrator.QuestionView>
---@field order integer Larger is newer.

local FINAL = { sealed = true, unverified = true, failed = true, stopped = true }
local MAX_KEPT = 200

---@type table<string, orchestrator.Mission>
local known = {}
local count = 0
---@type table<integer, true> Connections whose missions are known.
local learnt = {}
---@type table<integer, fun(mission_id: string)>
local watchers = {}

---@param id string
---@param client_id integer
---@return orchestrator.Mission
local function of(id, client_id)
  local mission = known[id]
  if not mission then
    count = count + 1
    mission = { id = id, client_id = client_id, text = "", status = "queued", is_over = false, questions = {}, order = count }
    known[id] = mission
    M.forget_oldest()
  end
  mission.client_id = client_id
  return mission
end

---Of missions that are over the oldest go, so that an editor that runs for weeks does not grow.
function M.forget_oldest()
  local all = M.list()
  for index = MAX_KEPT + 1, #all do
    if all[index].is_over then
      known[all[index].id] = nil
    end
  end
end

---All missions, newest first.
---@return orchestrator.Mission[]
function M.list()
  local all = vim.tbl_values(known)
  table.sort(all, function(one, other) return one.order > other.order end)
  return all
end

---The mission that a command without a name means: the newest that is under way, else the newest.
---@return orchestrator.Mission?
function M.newest()
  local client = require("orchestrator.client").running()
  local first
  for _, mission in ipairs(M.list()) do
    if not client or mission.client_id == client.id then
      if not mission.is_over then return mission end
      first = first or mission
    end
  end
  return first
end

---@param id string
---@return orchestrator.Mission?
function M.get(id)
  return known[id]
end

---Call back whenever something about a mission has changed; answers what ends that.
---@param callback fun(mission_id: string)
---@return fun()
function M.watch(callback)
  local key = #watchers + 1
  watchers[key] = callback
  return function() watchers[key] = nil end
end

---@param mission orchestrator.Mission
local function changed(mission)
  for _, callback in pairs(watchers) do
    callback(mission.id)
  end
  vim.cmd.redrawstatus({ bang = true })
end

---@param mission orchestrator.Mission
---@param status string
local function stands(mission, status)
  mission.status = status
  mission.is_over = FINAL[status] or false
  if mission.is_over then
    mission.questions = {}
  end
end

---What is told once, by the type of the event.
---@type table<string, fun(mission: orchestrator.Mission, data: table)>
local tell = {
  ["mission.accepted"] = function(mission, data) mission.text = data.text or mission.text end,
  ["question.answered"] = function(mission, data) mission.questions[data.questionId] = nil end,
  ["mission.sealed"] = function(mission) stands(mission, "sealed") end,
  ["mission.ended"] = function(mission, data)
    stands(mission, data.status)
    require("orchestrator.telling").ended(mission, data)
  end,
  ["mission.delivered"] = function(mission, data)
    require("orchestrator.telling").delivered(mission, data)
    vim.schedule(vim.cmd.checktime)
  end,
  ["mission.undone"] = function() vim.schedule(vim.cmd.checktime) end,
}

---@type table<string, fun(params: table, client_id: integer)>
local take = {
  ["mission/progress"] = function(params, client_id)
    local mission = of(params.missionId, client_id)
    mission.counts = params.counts
    stands(mission, params.status)
    changed(mission)
  end,
  ["mission/event"] = function(params, client_id)
    local mission = of(params.missionId, client_id)
    local teller = tell[params.type]
    if teller then
      teller(mission, params.data)
      changed(mission)
    end
  end,
  ["mission/eventsDropped"] = function(_, client_id)
    learnt[client_id] = nil
    M.learn(assert(vim.lsp.get_client_by_id(client_id)))
  end,
  ["permission/request"] = function(params, client_id)
    local mission = of(params.missionId, client_id)
    if not mission.questions[params.question.id] then
      mission.questions[params.question.id] = params.question
      require("orchestrator.telling").asked(mission, params.question)
      changed(mission)
    end
  end,
}

---A notification of the server's arrived.
---@param method string
---@param params table
---@param client_id integer
function M.note(method, params, client_id)
  take[method](params, client_id)
end

---Learn what the workspace's missions are, once a connection.
---@param client vim.lsp.Client
---@param done? fun()
function M.learn(client, done)
  done = done or function() end
  if learnt[client.id] then
    done()
    return
  end
  require("orchestrator.client").request(client, "mission/list", {}, function(result)
    for _, summary in ipairs(result.missions) do
      local mission = of(summary.missionId, client.id)
      mission.text, mission.counts = summary.text, summary.counts
      stands(mission, summary.status)
      changed(mission)
    end
    learnt[client.id] = true
    done()
  end)
end

---A connection ended: what it told may be old, and is learnt again when there is a new one.
---@param client_id integer
function M.disconnected(client_id)
  learnt[client_id] = nil
  for id, mission in pairs(known) do
    if mission.client_id == client_id then
      known[id] = nil
    end
  end
end

return M
