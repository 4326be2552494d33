# run     serve on HTTPS from here; DATA=folder and LISTEN="ssl:8443 tcp:8080:interface=127.0.0.1" change where
# check   ruff, mypy, import-linter, house rules: under two minutes
# test    every test but the measurements; installs what it needs: under fifteen minutes
# conform other people's clients against the daemon (a part of test)
# proof   the wheel, installed and confined as under systemd, under load and trouble for ten minutes
# bench   davd and its peers, measured: files, calendars and contacts, then the ladder of loads;  ladder  that alone (LADDER_SECONDS=3 for a quick look)
# linear  200 histories of eight clients against one and two processes, killed now and then, checked for an order
# steps   how long each kind of large request holds the reactor at a time
# calls   renew the numbers of function calls that a request of each kind may take
# format  let ruff lay out the code;  map, conf  write docs/map.md, and the files of conf/ and pages made from code;  venv  only install;  clean  remove what these made

# The tests start davd hundreds of times; without its bytecode each start would compile all of it again.
unexport PYTHONDONTWRITEBYTECODE

VENV ?= .venv
DATA ?= davd-data
LISTEN ?=
PYTEST ?= $(VENV)/bin/python -m pytest
PYTEST_FLAGS ?=
JOBS ?= 3

export VENV
# Where Debian keeps nginx, apache2 and mount.davfs
test conform bench ladder linear: export PATH := $(PATH):/usr/sbin:/sbin
.PHONY: run venv venv-test programs check check-code check-layout check-types check-floors check-house test conform proof bench \
    ladder linear steps calls format map conf clean

run: venv
	@exec $(VENV)/bin/twistd --nodaemon --pidfile= --reactor uvloop davd --data '$(DATA)' \
	    $(foreach endpoint,$(LISTEN),--listen '$(endpoint)') $(if $(filter 0,$(shell id -u)),--allow-root)

venv:
	@tools/venv.sh core

venv-test:
	@tools/venv.sh test

programs: venv-test
	@tools/test-programs.sh

# All of the checks run, whatever the first of them says.
check: venv-test
	@$(MAKE) --no-print-directory --keep-going check-code check-layout check-types check-floors check-house

check-code:
	$(VENV)/bin/ruff check .

check-layout:
	$(VENV)/bin/ruff format --check .

check-types:
	$(VENV)/bin/mypy

check-floors:
	$(VENV)/bin/lint-imports

check-house:
	$(PYTEST) -q -m "not planted" tests/house
	$(VENV)/bin/python tools/make_monitoring.py --check
	$(VENV)/bin/python tools/make_davctl.py --check

test: programs
# Status 5 is that of a run in which nothing was chosen, as with PYTEST_FLAGS="-k lock": one of the two must be more.
	@set -x; \
	$(PYTEST) -m alone $(PYTEST_FLAGS) tests/faults; alone=$$?; \
	$(PYTEST) -n $(JOBS) --dist loadfile --no-loadscope-reorder -m "not alone" $(PYTEST_FLAGS) tests; others=$$?; \
	[ $$others -eq 5 ] && exit $$alone; [ $$alone -eq 0 -o $$alone -eq 5 ] && exit $$others; exit $$alone

conform: programs
	$(PYTEST) -v $(PYTEST_FLAGS) tests/conformance

proof: venv-test
	$(VENV)/bin/python -m tests.conformance.proof

bench: programs
	$(VENV)/bin/python -m tests.performance
	$(VENV)/bin/python -m tests.performance.groupware
	$(VENV)/bin/python -m tests.performance.ladder

ladder: programs
	$(VENV)/bin/python -m tests.performance.ladder

linear: programs
	$(VENV)/bin/python -m tests.faults.linear 200

steps: venv-test
	$(VENV)/bin/python -m tests.dav.longest_steps sqlite

calls: venv-test
	$(VENV)/bin/python -m tests.performance.calls --write

format: venv-test
	$(VENV)/bin/ruff check --fix .
	$(VENV)/bin/ruff format .

map: venv-test
	$(VENV)/bin/python tools/make_map.py

conf: venv-test
	$(VENV)/bin/python tools/make_conf.py
	$(VENV)/bin/python tools/make_monitoring.py
	$(VENV)/bin/python tools/make_davctl.py

clean:
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis \
	    tests/conformance/npm/node_modules twisted/plugins/dropin.cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
