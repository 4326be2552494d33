-- The same GET again and again.
dofile(os.getenv("WRK_SCRIPTS") .. "/report.lua")
