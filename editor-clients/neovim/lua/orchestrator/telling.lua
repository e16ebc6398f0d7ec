---What is said with `vim.notify`: few words, and only what a person waits for.

local M = {}

---Nobody asked just now, so it must not stop their typing with "Press ENTER": one line, and :TaskStatus has the rest.
---@param text string
---@param level? integer
local function say(text, level)
  if require("orchestrator.config").get().notify then
    local room = vim.v.echospace - #"orchestrator: "
    local line = text:gsub("\n", " ")
    local fits = vim.fn.strdisplaywidth(line) <= room
    require("orchestrator.client").say(fits and line or vim.fn.strcharpart(line, 0, math.max(room - 1, 20)) .. "…", level)
  end
end

---The first line of a mission's text, short.
---@param mission orchestrator.Mission
---@return string
function M.title(mission)
  local line = vim.split(mission.text ~= "" and mission.text or mission.id, "\n")[1]
  return #line > 60 and (vim.fn.strcharpart(line, 0, 59) .. "…") or line
end

---@param mission orchestrator.Mission
---@param before integer How many missions run first.
function M.started(mission, before)
  local waits = before > 0 and (", after %d other(s)"):format(before) or ""
  say(("mission started%s: %s  (:TaskStatus)"):format(waits, M.title(mission)))
end

---@param mission orchestrator.Mission
---@param data orchestrator.MissionEnded
function M.ended(mission, data)
  local because = data.reason ~= "" and (": " .. data.reason) or ""
  local hint = (data.hint or "") ~= "" and ("; " .. data.hint) or ""
  say(("%s: %s%s%s"):format(data.status, M.title(mission), because, hint), data.status == "failed" and vim.log.levels.ERROR or vim.log.levels.WARN)
end

---@param mission orchestrator.Mission
---@param data orchestrator.MissionDelivered
function M.delivered(mission, data)
  if #data.keptBack > 0 then
    local files = table.concat(data.keptBack, ", ", 1, math.min(3, #data.keptBack))
    say(("not applied, you changed %s meanwhile; %s"):format(files, data.detail), vim.log.levels.WARN)
  elseif #data.paths == 0 then
    say(("%s: %s; nothing had to be changed"):format(mission.status, M.title(mission)))
  else
    local how = data.mode == "apply" and "written" or ("in a " .. data.mode .. ", " .. data.place)
    say(("%s: %s; %d file%s %s"):format(mission.status, M.title(mission), #data.paths, #data.paths == 1 and "" or "s", how))
  end
end

---@param mission orchestrator.Mission
---@param question orchestrator.QuestionView
function M.asked(mission, question)
  say(("%s waits for you: %s  (:TaskApprove)"):format(M.title(mission), question.text), vim.log.levels.WARN)
end

return M
