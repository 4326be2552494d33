-- GET and PROPFIND Depth 0 and 1 in turn: WRK_GET, then WRK_LIST with Depth 0, WRK_GET, WRK_LIST with Depth 1, and over
-- again, WRK_DEPTH requests sent at a time (pipelined). With WRK_ANSWERS, a file whose lines are a status, a space and
-- the path of a file with a right body, every answer is held against these and `wanted` counts the right ones; each
-- connection then pauses WRK_PAUSE milliseconds between requests.
dofile(os.getenv("WRK_SCRIPTS") .. "/report.lua")

local depth = tonumber(os.getenv("WRK_DEPTH"))
local pause = tonumber(os.getenv("WRK_PAUSE") or "0")
local answers = os.getenv("WRK_ANSWERS")
local sent = {}
local turn = 0
local statuses = {}

function init()
   local get = wrk.format("GET", os.getenv("WRK_GET"))
   local body = os.getenv("WRK_BODY")
   local function list(level)
      wrk.headers["Depth"] = level
      wrk.headers["Content-Type"] = "application/xml"
      return wrk.format("PROPFIND", os.getenv("WRK_LIST"), wrk.headers, body)
   end
   local kinds = {get, list("0"), get, list("1")}
   for start = 1, 4 do
      local requests = {}
      for number = 0, depth - 1 do
         requests[#requests + 1] = kinds[(start + number - 1) % 4 + 1]
      end
      sent[start] = table.concat(requests)
   end
end

function request()
   turn = turn % 4 + 1
   return sent[turn]
end

if answers then
   wanted = 0
   for line in io.lines(answers) do
      local status, path = line:match("^(%d+) (.+)$")
      local file = io.open(path, "rb")
      statuses[file:read("*a")] = tonumber(status)
      file:close()
   end

   function response(status, headers, body)
      if statuses[body] == status then
         wanted = wanted + 1
      end
   end

   function delay()
      return pause
   end
end
