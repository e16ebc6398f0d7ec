---The window that shows a mission live: its tasks, what it waits for, and how it ended.

local client = require("orchestrator.client")
local missions = require("orchestrator.missions")

local M = {}

local NAMESPACE = vim.api.nvim_create_namespace("orchestrator.status")
local REFRESH_MS = 150
local FOOTER = " q close  l log  d diff  a answer  s stop  p pause  r resume  u undo "
local KEYS = { l = "TaskLog", d = "TaskDiff", p = "TaskPause", r = "TaskResume", s = "TaskStop", u = "TaskUndo", a = "TaskApprove" }
local OF_TASKS = { l = true, d = true, p = true, r = true, s = true }

local WARN, OK, INFO, FAINT = "DiagnosticWarn", "DiagnosticOk", "DiagnosticInfo", "Comment"
local MARK = { open = { "○", FAINT }, running = { "▸", INFO }, fixing = { "↻", WARN } }
MARK.done, MARK.failed, MARK.struck = { "✓", OK }, { "✗", "DiagnosticError" }, { "–", FAINT }

---@class orchestrator.StatusWindow
---@field mission_id string
---@field buffer integer
---@field window integer
---@field tasks string[] The task of each line, "" for lines of none.
---@field is_due boolean
---@type orchestrator.StatusWindow?
local shown

---@param counts orchestrator.TaskCounts
---@return string
local function bar(counts)
  local width, settled = 24, counts.done + counts.struck
  local full = math.floor(width * settled / counts.total)
  return ("%s%s %d of %d"):format(("█"):rep(full), ("░"):rep(width - full), settled, counts.total)
end

---All lines of the window for a mission: text, highlight group, and the task that a line is about.
---@param status orchestrator.MissionStatusResult
---@return [string, string, string?][]
function M.lines(status)
  local lines = {}
  local function add(text, highlight, task)
    table.insert(lines, { (text:gsub("\n", " ")), highlight, task })
  end
  local iteration = status.iteration > 1 and (", iteration " .. status.iteration) or ""
  add(vim.split(status.text, "\n")[1], "Title")
  add(("%s%s  on %s"):format(status.status, iteration, status.host), FAINT)
  if status.counts.total > 0 then
    add(bar(status.counts), INFO)
  end
  if status.pauseReason ~= "" then
    add("held: " .. status.pauseReason, WARN)
  end
  for _, question in ipairs(status.questions) do
    add("? " .. question.text, WARN)
  end
  add("", FAINT)
  for _, task in ipairs(status.tasks) do
    local mark = task.isPaused and { "‖", WARN } or MARK[task.status]
    local again = task.attemptCount > 1 and (", attempt " .. task.attemptCount) or ""
    local why = task.reason ~= "" and (task.status == "failed" or task.parentId ~= "") and (": " .. task.reason) or ""
    add(("%s %s  %s%s%s"):format(mark[1], task.id, task.title, again, why), mark[2], task.id)
  end
  add("", FAINT)
  if #status.heldBack > 0 then
    add("not trusted to run (:Task! does): " .. table.concat(status.heldBack, ", "), WARN)
  end
  if status.endReason ~= "" then
    add(status.endReason, WARN)
    add(status.endHint, FAINT)
  end
  for _, receipt in ipairs(status.seal and status.seal.receipts or {}) do
    add(("✓ %s  %s  %.1f s"):format(receipt.check, receipt.verdict, receipt.durationS), OK)
  end
  if status.isDelivered then
    add("delivered: " .. status.deliveredPlace, OK)
  end
  return lines
end

---@param view orchestrator.StatusWindow
---@param lines [string, string, string?][]
local function draw(view, lines)
  local texts = vim.tbl_map(function(line) return line[1] end, lines)
  vim.bo[view.buffer].modifiable = true
  vim.api.nvim_buf_set_lines(view.buffer, 0, -1, false, texts)
  vim.bo[view.buffer].modifiable = false
  view.tasks = {}
  for number, line in ipairs(lines) do
    view.tasks[number] = line[3] or ""
    vim.api.nvim_buf_set_extmark(view.buffer, NAMESPACE, number - 1, 0, { end_col = #line[1], hl_group = line[2] })
  end
  local height = vim.api.nvim_win_text_height(view.window, {}).all
  height = math.max(6, math.min(height, math.floor(vim.o.lines * 0.7)))
  vim.api.nvim_win_set_config(view.window, { height = height })
end

---Read the mission anew, at most once in REFRESH_MS.
---@param view orchestrator.StatusWindow
local function refresh(view)
  local function is_open()
    return shown == view and vim.api.nvim_win_is_valid(view.window)
  end
  if view.is_due then return end
  view.is_due = true
  vim.defer_fn(function()
    view.is_due = false
    local server = client.running()
    if server and is_open() then
      client.request(server, "mission/status", { missionId = view.mission_id }, function(status)
        if is_open() then
          draw(view, M.lines(status))
        end
      end)
    end
  end, REFRESH_MS)
end

---@param view orchestrator.StatusWindow
local function map_keys(view)
  vim.keymap.set("n", "q", "<cmd>close<cr>", { buffer = view.buffer, nowait = true })
  for key, command in pairs(KEYS) do
    vim.keymap.set("n", key, function()
      local task = OF_TASKS[key] and view.tasks[vim.fn.line(".")] or ""
      vim.cmd({ cmd = command, args = task ~= "" and { view.mission_id, task } or { view.mission_id } })
    end, { buffer = view.buffer, nowait = true })
  end
end

---@param mission_id string
---@return orchestrator.StatusWindow
local function open_window(mission_id)
  local buffer = vim.api.nvim_create_buf(false, true)
  local width = math.min(100, math.max(40, math.floor(vim.o.columns * 0.8)))
  local window = vim.api.nvim_open_win(buffer, true, {
    relative = "editor",
    width = width, height = 6, row = 2, col = math.floor((vim.o.columns - width) / 2),
    style = "minimal",
    border = "rounded",
    title = " Mission ",
    footer = #FOOTER <= width and FOOTER or " q close ",
  })
  vim.bo[buffer].bufhidden, vim.bo[buffer].filetype = "wipe", "orchestrator"
  vim.wo[window].wrap, vim.wo[window].cursorline = true, true
  return { mission_id = mission_id, buffer = buffer, window = window, tasks = {}, is_due = false }
end

---Open the window, or show another mission in the one that is open.
---@param mission_id string
function M.open(mission_id)
  if shown and vim.api.nvim_win_is_valid(shown.window) then
    shown.mission_id = mission_id
    vim.api.nvim_set_current_win(shown.window)
    refresh(shown)
    return
  end
  local view = open_window(mission_id)
  shown = view
  local unwatch = missions.watch(function(changed)
    if changed == view.mission_id then
      refresh(view)
    end
  end)
  vim.api.nvim_create_autocmd("BufWipeout", { buffer = view.buffer, once = true, callback = unwatch })
  map_keys(view)
  refresh(view)
end

return M
