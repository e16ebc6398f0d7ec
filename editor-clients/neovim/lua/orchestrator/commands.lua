---What the commands do: find the mission that is meant, ask the server, say or show the answer.

local client = require("orchestrator.client")
local config = require("orchestrator.config")
local missions = require("orchestrator.missions")
local pages = require("orchestrator.pages")
local telling = require("orchestrator.telling")

---@alias orchestrator.Call vim.api.keyset.create_user_command.command_args
---@alias orchestrator.Act fun(server: vim.lsp.Client, mission: orchestrator.Mission, words: string[])

---Take a mission's id from the front of the words, where there is one; else the newest mission is meant.
---@param words string[]
---@return orchestrator.Mission? mission
---@return string[] rest
local function target(words)
  local first = words[1] or ""
  if missions.get(first) or first:match("^m%-%x+$") then
    return missions.get(first) or { id = first, text = first, questions = {} }, vim.list_slice(words, 2)
  end
  return missions.newest(), words
end

---A command about a mission.
---@param act orchestrator.Act
---@return fun(call: orchestrator.Call)
local function about(act)
  return function(call)
    local server = client.here()
    if not server then return end
    missions.learn(server, function()
      local mission, words = target(call.fargs)
      if mission then
        act(server, mission, words)
      else
        client.say("there is no mission here; :Task starts one", vim.log.levels.WARN)
      end
    end)
  end
end

---A command that asks one method of a mission, or of the one task that is named, and says how it went.
---@param verb string
---@param has_task_method boolean Whether tasks have a method of their own.
---@param said fun(result: any, name: string): string
local function asks(verb, has_task_method, said)
  return about(function(server, mission, words)
    local method = (words[1] and has_task_method and "task/" or "mission/") .. verb
    client.request(server, method, { missionId = mission.id, taskId = words[1] }, function(result)
      client.say(said(result, words[1] or telling.title(mission)))
      vim.cmd.checktime()
    end)
  end)
end

---The lines that a range names, as context of a mission.
---@param call orchestrator.Call
---@param root string
---@return orchestrator.ContextItem[]
local function context(call, root)
  local name = vim.api.nvim_buf_get_name(0)
  if call.range == 0 or not vim.startswith(name, root .. "/") then return {} end
  return { { path = name:sub(#root + 2), firstLine = call.line1, lastLine = call.line2 } }
end

---@param text string
---@param call orchestrator.Call
local function start(text, call)
  local server = vim.trim(text) ~= "" and client.here()
  if not server then return end
  if vim.bo.modified then
    client.say("this buffer is not written; the mission works on what is on disk", vim.log.levels.WARN)
  end
  local options = config.get()
  local params = { text = text, context = context(call, server.config.root_dir), trust = call.bang or options.trust }
  params.host, params.approval = options.host, options.approval
  client.request(server, "mission/start", params, function(result) telling.started({ id = result.missionId, text = text }, result.queuePosition) end)
end

local M = {}

---@param call orchestrator.Call
function M.start(call)
  if call.args ~= "" then
    start(call.args, call)
    return
  end
  vim.ui.input({ prompt = "Mission: " }, function(text) start(text or "", call) end)
end

M.stop = asks("stop", true, function(result, name)
  local kept = #(result.kept or {}) > 0 and ("; the work in %d file(s) is kept"):format(#result.kept) or ""
  return ("%s: %s%s"):format(result.status or "stopped", name, kept)
end)
M.pause = asks("pause", true, function(_, name) return name .. " is held" end)
M.resume = asks("resume", true, function(_, name) return name .. " goes on" end)
M.retry = asks("retry", false, function(_, name) return "tried again: " .. name end)
M.undo = asks("undo", false, function(result, name)
  return ("undone: %d file(s) are as they were before %s"):format(#result.paths, name)
end)

M.status = about(function(_, mission) require("orchestrator.status").open(mission.id) end)
M.approve = about(function(server, mission, words)
  require("orchestrator.asking").answer(server, mission, words[1], table.concat(words, " ", 2))
end)
M.steer = about(function(server, mission, words)
  if #words < 2 then
    client.say(":TaskSteer TASK WORDS…  says something to whoever works on a task", vim.log.levels.WARN)
    return
  end
  local params = { missionId = mission.id, taskId = words[1], text = table.concat(words, " ", 2) }
  client.request(server, "task/steer", params, function() client.say(words[1] .. " is told at its next step") end)
end)
M.log = about(function(server, mission, words) pages.log(server, mission, words[1]) end)
M.diff = about(function(server, mission, words) pages.diff(server, mission, words[1]) end)
M.summary = about(pages.summary)

return M
