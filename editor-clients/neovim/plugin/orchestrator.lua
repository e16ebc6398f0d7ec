-- Defines the commands and starts the server for code; everything else is loaded when it is first needed.

if vim.g.loaded_orchestrator then return end
vim.g.loaded_orchestrator = true

if vim.fn.has("nvim-0.10") == 0 then
  vim.api.nvim_echo({ { "orchestrator needs Neovim 0.10 or newer", "WarningMsg" } }, true, {})
  return
end

local COMMANDS = {
  Task = { "start", "start a mission, with a range about these lines, with ! trusting the commands found here" },
  TaskStop = { "stop", "stop a mission or a task" },
  TaskPause = { "pause", "hold a mission or a task" },
  TaskResume = { "resume", "let it go on" },
  TaskRetry = { "retry", "try an ended mission again" },
  TaskStatus = { "status", "watch a mission" },
  TaskApprove = { "approve", "answer what a mission asks" },
  TaskSteer = { "steer", "say something to a task" },
  TaskUndo = { "undo", "take back what a mission or a task wrote" },
  TaskLog = { "log", "what happened to a task" },
  TaskDiff = { "diff", "what a mission or a task changed" },
  TaskSummary = { "summary", "the story of a mission" },
}

for name, command in pairs(COMMANDS) do
  local is_start = name == "Task"
  vim.api.nvim_create_user_command(name, function(call) require("orchestrator.commands")[command[1]](call) end, {
    desc = "Orchestrator: " .. command[2],
    nargs = "*",
    bang = is_start,
    range = is_start or nil,
    complete = not is_start and function(...) return require("orchestrator.complete").complete(...) end or nil,
  })
end

vim.api.nvim_create_autocmd("FileType", {
  group = vim.api.nvim_create_augroup("orchestrator", {}),
  callback = function(event) require("orchestrator.client").attach(event.buf) end,
})
