-- Reads LuaCATS annotations and says whether a value is of a class. Loaded by test_lua.py.

local Known = { classes = {}, aliases = {}, is_strict = true }

local function trimmed(text)
  return (text:gsub("^%s+", ""):gsub("%s+$", ""))
end

--- Cuts a type at its outermost bars.
local function alternatives(kind)
  local found, depth, from, quoted = {}, 0, 1, false
  for at = 1, #kind do
    local sign = kind:sub(at, at)
    if sign == '"' then
      quoted = not quoted
    elseif not quoted and sign:match("[(<{]") then
      depth = depth + 1
    elseif not quoted and sign:match("[)>}]") then
      depth = depth - 1
    elseif not quoted and sign == "|" and depth == 0 then
      found[#found + 1] = trimmed(kind:sub(from, at - 1))
      from = at + 1
    end
  end
  found[#found + 1] = trimmed(kind:sub(from))
  return found
end

--- Takes the annotations of one file.
function Known.read(text)
  local class, alias
  for line in text:gmatch("[^\n]+") do
    local name = line:match("^%-%-%-@class (%S+)")
    local field, kind = line:match("^%-%-%-@field (%S+) (.+)$")
    local alias_name, alias_kind = line:match("^%-%-%-@alias (%S+) ?(.*)$")
    local more = line:match("^%-%-%-| (\"[^\"]*\")")
    if name then
      class, alias = {}, nil
      Known.classes[name] = class
    elseif field and class then
      local key = field:gsub('^%["(.*)"%](%??)$', "%1%2")
      class[key:gsub("%?$", "")] = { kind = trimmed(kind:gsub(" # .*$", "")), optional = key:sub(-1) == "?" }
    elseif alias_name then
      class, alias = nil, alias_name
      Known.aliases[alias_name] = alias_kind ~= "" and alternatives(alias_kind) or {}
    elseif more and alias then
      table.insert(Known.aliases[alias], more)
    end
  end
end

local fits

local function fits_class(class, value, path)
  if type(value) ~= "table" then
    return path .. " is no table"
  end
  for key in pairs(value) do
    if Known.is_strict and not class[key] then
      return path .. "." .. tostring(key) .. " is not known"
    end
  end
  for key, field in pairs(class) do
    if value[key] ~= nil or not field.optional then
      local wrong = fits(field.kind, value[key], path .. "." .. key)
      if wrong then
        return wrong
      end
    end
  end
end

local function fits_items(kind, value, path)
  if type(value) ~= "table" then
    return path .. " is no table"
  end
  for key, item in pairs(value) do
    local wrong = fits(kind, item, path .. "[" .. tostring(key) .. "]")
    if wrong then
      return wrong
    end
  end
end

local function fits_one(kind, value, path)
  local inner = kind:match("^%((.*)%)$")
  if inner then
    return fits(inner, value, path)
  end
  if kind == "any" then
    return nil
  end
  if kind:match("%[%]$") then
    return fits_items(kind:sub(1, -3), value, path)
  end
  local values = kind:match("^table<string, (.*)>$")
  if values then
    return fits_items(values, value, path)
  end
  local literal = kind:match('^"(.*)"$')
  if literal then
    return value ~= literal and (path .. " is not " .. kind) or nil
  end
  if Known.classes[kind] then
    return fits_class(Known.classes[kind], value, path)
  end
  if Known.aliases[kind] then
    return fits(table.concat(Known.aliases[kind], "|"), value, path)
  end
  if kind == "integer" then
    return math.type(value) ~= "integer" and (path .. " is no integer") or nil
  end
  if kind == "number" or kind == "string" or kind == "boolean" or kind == "nil" then
    return type(value) ~= kind and (path .. " is no " .. kind) or nil
  end
  return path .. ": the type " .. kind .. " is not known"
end

function fits(kind, value, path)
  local wrong
  for _, one in ipairs(alternatives(kind)) do
    wrong = fits_one(one, value, path)
    if not wrong then
      return nil
    end
  end
  return wrong
end

--- What does not fit, in words; nil when all does. `method` and `part` ("params" or "result") choose the type; where it
--- is strict, no field may be unknown.
function Known.judge(method, part, value, is_strict)
  Known.is_strict = is_strict
  for _, name in ipairs({ "orchestrator.Requests", "orchestrator.Handlers" }) do
    local field = Known.classes[name] and Known.classes[name][method]
    if field then
      local params, result = field.kind:match("^fun%(params: ([^)]*)%):? ?(.*)$")
      return fits(part == "params" and params or result, value, part)
    end
  end
  return "the method " .. method .. " is not known"
end

return Known
