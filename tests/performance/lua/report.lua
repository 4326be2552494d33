-- Prints one JSON line with exact figures at the end of a run; the other scripts load it first.
-- A script that counts answers itself keeps the number in the global `wanted` of its thread.
local threads = {}

function setup(thread)
   table.insert(threads, thread)
end

function done(summary, latency, requests)
   local wanted = -1
   for _, thread in ipairs(threads) do
      local count = thread:get("wanted")
      if count then
         wanted = math.max(wanted, 0) + count
      end
   end
   local errors = summary.errors
   io.write(string.format(
      '\nREPORT {"requests": %d, "microseconds": %d, "bytes": %.0f, "p50": %d, "p95": %d, "p99": %d, "p999": %d, ' ..
      '"wanted": %d, ' ..
      '"errors": {"connect": %d, "read": %d, "write": %d, "status": %d, "timeout": %d}}\n',
      summary.requests, summary.duration, summary.bytes, latency:percentile(50), latency:percentile(95),
      latency:percentile(99), latency:percentile(99.9), wanted,
      errors.connect, errors.read, errors.write, errors.status, errors.timeout))
end
