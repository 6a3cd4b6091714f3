# All the logic is in tools/environment.py, so that Windows needs no make: py -3.11 tools\environment.py run
PYTHON ?= python3

.PHONY: run gui test check docs coverage soak setup lock unit twin system

run gui test check docs coverage setup lock:
	@$(PYTHON) tools/environment.py $@

# make soak LONG="kills mutations": only these
soak:
	@$(PYTHON) tools/environment.py soak $(LONG)

# the tests of one tier
unit twin system:
	@$(PYTHON) tools/environment.py test --tier $@
