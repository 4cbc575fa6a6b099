-- Script for wrk: posts the lines of a file in turn, counts answers that are no reply, prints JSON at the end.
-- Arguments: the file (query, tab, body); the mean pause in milliseconds after an answer; a file to which
-- every twentieth answer is written, each followed by a line with a tab.
local deliveries, next_one, pause, seen, sample = {}, 0, 0, 0, nil
local thread_of_all
bad = 0

function setup(thread) thread_of_all = thread end

function init(arguments)
  pause = tonumber(arguments[2])
  sample = io.open(arguments[3], "w")
  for line in io.lines(arguments[1]) do
    local tab = line:find("\t", 1, true)
    deliveries[#deliveries + 1] = wrk.format(
      "POST", "/wechat?" .. line:sub(1, tab - 1), { ["Content-Type"] = "text/xml" }, line:sub(tab + 1))
  end
end

-- wrk pauses for whole milliseconds only: round at random, so that the mean is right.
function delay() return math.floor(math.random() * 2 * pause + math.random()) end

function request()
  next_one = next_one % #deliveries + 1
  return deliveries[next_one]
end

function response(status, headers, body)
  if status ~= 200 or not body:find("<xml>", 1, true) then
    bad = bad + 1
  end
  seen = seen + 1
  if seen % 20 == 0 then
    sample:write(body, "\n\t\n")
    sample:flush()
  end
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '{"requests": %d, "seconds": %.3f, "p50": %.2f, "p99": %.2f, "bad": %d}\n',
    summary.requests, summary.duration / 1e6, latency:percentile(50) / 1000, latency:percentile(99) / 1000,
    thread_of_all:get("bad") + errors.connect + errors.read + errors.write + errors.timeout))
end
