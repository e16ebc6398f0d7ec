---A mission's questions, put to the person at this editor.

local client = require("orchestrator.client")

local M = {}

local WORDS = { allow = "Allow", always = "Allow always, in this mission", deny = "Deny" }

---@param server vim.lsp.Client
---@param mission orchestrator.Mission
---@param question orchestrator.QuestionView
---@param answer? orchestrator.Answer
---@param text string
local function reply(server, mission, question, answer, text)
  if answer then
    local params = { missionId = mission.id, questionId = question.id, answer = answer, text = text }
    client.request(server, "permission/reply", params, function(result)
      client.say(("answered %s: %s"):format(result.answer, question.text))
    end)
  end
end

---Answer the question that waits; without an answer the person is asked for one.
---@param server vim.lsp.Client
---@param mission orchestrator.Mission
---@param answer? string "allow", "always" or "deny"
---@param text string Words that go with it, such as why.
function M.answer(server, mission, answer, text)
  if answer and not WORDS[answer] then
    client.say(":TaskApprove [allow|always|deny] [WORDS…]", vim.log.levels.WARN)
    return
  end
  client.request(server, "mission/status", { missionId = mission.id }, function(status)
    local question = status.questions[1]
    if not question then
      client.say("nothing waits for an answer")
    elseif answer then
      reply(server, mission, question, answer --[[@as orchestrator.Answer]], text)
    else
      local choices = question.kind == "permission" and { "allow", "always", "deny" } or { "allow", "deny" }
      local function format_item(choice)
        return WORDS[choice]
      end
      vim.ui.select(choices, { prompt = question.text, format_item = format_item }, function(choice)
        reply(server, mission, question, choice, "")
      end)
    end
  end)
end

return M
