-- PUT of a new resource each time: the path of the collection and a number, a body of WRK_SIZE octets of its own.
-- Answers with 201 are counted.
dofile(os.getenv("WRK_SCRIPTS") .. "/report.lua")

local size = tonumber(os.getenv("WRK_SIZE"))
local number = 0
wanted = 0
wrk.headers["Content-Type"] = "application/octet-stream"

function request()
   number = number + 1
   local start = string.format("%08d\n", number)
   return wrk.format("PUT", wrk.path .. number, nil, start .. string.rep("x", size - #start))
end

function response(status)
   if status == 201 then
      wanted = wanted + 1
   end
end
