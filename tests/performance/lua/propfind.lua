-- The same PROPFIND Depth 1 again and again; its body comes in the environment.
dofile(os.getenv("WRK_SCRIPTS") .. "/report.lua")

wrk.method = "PROPFIND"
wrk.headers["Depth"] = "1"
wrk.headers["Content-Type"] = "application/xml"
wrk.body = os.getenv("WRK_BODY")
