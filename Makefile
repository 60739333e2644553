PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# What `make bench` measures beside: each in an environment of its own, by its own requirements.
RIVALS := .venv-bench
CONTENDERS := ours floor thesis litserve bentoml
PIP := $(BIN)/python deploy/pip_install.py --constraint constraints.txt
LOCKED := $(BIN)/python deploy/pip_install.py --require-hashes --requirement deploy/requirements.txt
ITSELF := $(BIN)/python deploy/pip_install.py --no-index --no-deps --no-build-isolation --editable .
# python-ldap comes as source.
CAN_COMPILE_LDAP := printf '\043include <ldap.h>\n\043include <sasl/sasl.h>\n' | $(CC) -E - >/dev/null 2>&1
# An environment knows its folder by its path. One of a checkout that was moved or copied is made anew.
ifneq ($(wildcard $(VENV)/pyvenv.cfg),)
ifeq ($(shell grep -sF "$(CURDIR)/$(VENV)" $(VENV)/pyvenv.cfg),)
$(info This checkout was moved: making $(VENV) anew.)
$(shell rm -rf $(VENV))
endif
endif

# What the short faults leave to `make attack`, `make soak` and `make feed-load`: minutes of waiting, and they have half an hour with all checks.
LONG_ONLY := test_memory test_growth test_feed_load

.DEFAULT_GOAL := help
.PHONY: help serve docs demo test check lint types format audit bench bench-short bench-parts feed-load profile model ablation validation-truth faults attack soak page-check screenshots ward-demo fuzz certs secrets \
	lock sbom image-check host-check bundle bundle-check clean

help: ## Show what there is to make
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

serve: $(VENV)/serving ## Install, and serve on 127.0.0.1:8000; the guide is built beside it, for /guide
	@mkdir -p build
	@($(MAKE) --no-print-directory docs OLDER=--if-older >build/guide.log 2>&1 || \
		echo "The guide could not be built (build/guide.log says why): /guide has none. The service goes on.") & true
	@exec $(BIN)/fcv serve

docs: $(VENV)/docs ## Build the guide into build/guide, which the service answers under /guide
	@$(BIN)/python deploy/guide.py $(OLDER)

demo: $(VENV)/examples ## Install, and show one prediction from sign-in to answer, and a bed that is fed row by row
	@$(BIN)/python examples/demo.py

test: $(VENV)/dev ## Install the rest, and run the tests
	@$(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder

check: lint types audit test ## All that a change must pass

lint: $(VENV)/dev
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/hadolint Dockerfile

types: $(VENV)/dev
	@$(BIN)/mypy

audit: $(VENV)/dev ## Ask whether advisories name a version that is deployed, where a source of them is reachable
	@$(BIN)/python deploy/audit.py

format: $(VENV)/dev ## Format the code
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

bench: $(VENV)/dev $(CONTENDERS:%=$(RIVALS)/%/installed) ## Measure beside what people would use instead (half an hour; needs wrk, nginx), then the parts
	@PYTHONPATH=tests/e2e $(BIN)/python -m bench.contest $(BENCH)
	@$(MAKE) --no-print-directory bench-parts

bench-short: $(VENV)/dev $(CONTENDERS:%=$(RIVALS)/%/installed) ## The same in some minutes, to see that all works: into build/bench
	@PYTHONPATH=tests/e2e $(BIN)/python -m bench.contest --short $(BENCH)

bench-parts: $(VENV)/dev ## Measure a request beside json.loads of its body, its record, a batch, HL7 messages, Bundles of FHIR, the ward's page, and the start
	@$(BIN)/python -m bench.request
	@$(BIN)/python -m bench.ledger
	@$(BIN)/python -m bench.alerts
	@$(BIN)/python -m bench.batch
	@$(BIN)/python -m bench.hl7
	@$(BIN)/python -m bench.fhir
	@$(BIN)/python -m bench.service
	@$(BIN)/python -m bench.ward
	@PYTHONPATH=tests:tests/e2e $(BIN)/python -m bench.feed.costs
	@PYTHONPATH=tests:tests/e2e $(BIN)/python -m bench.feed.costs --postgresql

feed-load: $(VENV)/dev ## Let beds post for up to 20 minutes, and write docs/scale.md: make feed-load LOAD=ward, city, sqlite, hl7, hl7-129 or beside
	@PYTHONPATH=tests:tests/e2e $(BIN)/python -m bench.feed --write $(LOAD)

profile: $(VENV)/dev $(RIVALS)/ours/installed ## Write bench/profile.md and its flame graphs: where the time of a request goes
	@PYTHONPATH=tests/e2e $(BIN)/python -m bench.profile

model: $(VENV)/dev ## Make the shipped model again, with its report, ablation and gallery (about 15 minutes)
	@$(BIN)/fcv reference --out build/model
	@examples/gallery.sh $(BIN)/fcv build/model
	@FCV_MODELS_DIR=build/model/models $(BIN)/fcv ablation --model fcv-sim --out build/model/ablation.json

ablation: $(VENV)/dev ## Take from the simulator, in turn, each thing that it was made to do, and ask the shipped model (minutes)
	@mkdir -p build
	@$(BIN)/fcv ablation --model fcv-sim --out build/ablation.json

validation-truth: $(VENV)/dev ## Hold a validation's intervals, drift and memory against what is known of simulated patients (an hour)
	@$(BIN)/python -m bench.validation

faults: $(VENV)/dev ## Load the service, and see that nothing is lost (minutes)
	@$(BIN)/python -m pytest tests/faults --override-ini addopts=--strict-markers -s $(if $(FAULTS_SHORT),$(LONG_ONLY:%=--ignore=tests/faults/%.py))

page-check: $(VENV)/dev ## Look at the ward's pages in Chromium at every width, and write bench/ward.md: what they cost (a quarter of an hour)
	@$(BIN)/python -m pytest tests/page --override-ini addopts=--strict-markers -s

screenshots: $(VENV)/dev ## Take the pictures of docs/ward.md anew, of a made-up ward (Chromium)
	@PYTHONPATH=.:tests:tests/e2e:tests/page $(BIN)/python tests/page/screenshots.py

ward-demo: $(VENV)/dev ## Serve a made-up ward of 12 beds on the loopback to look at in a browser, and say how to sign in
	@PYTHONPATH=.:tests:tests/e2e:tests/page $(BIN)/python tests/page/ward_demo.py

fuzz: $(VENV)/dev ## Send spoilt bodies to the service: make fuzz MINUTES=10
	@$(PIP) --editable '.[fuzz]'
	@$(BIN)/python tests/fuzz/fuzz.py $(MINUTES)

attack: $(VENV)/dev ## Attack services that it starts itself, on the loopback, and print what came of it (15 minutes; LONG=1: an hour)
	@PYTHONPATH=.:tests:tests/e2e:tests/wire:tests/attack $(BIN)/python tests/attack/hl7_mutations.py 100000
	@PYTHONPATH=.:tests:tests/e2e:tests/attack $(BIN)/python tests/attack/attack.py $(if $(LONG),--long)

soak: $(VENV)/dev ## Load everything at once for half an hour, and see that nothing grows: make soak MINUTES=1 to try (nginx)
	@PYTHONPATH=.:tests:tests/e2e $(BIN)/python tests/faults/soak.py --minutes $(or $(MINUTES),30)

certs: ## Make a LAN's certificate authority and a certificate: make certs NAMES="fcv.hospital.lan 10.0.0.5"; GATEWAY=NAME for an HL7 gateway's
	@GATEWAY="$(GATEWAY)" deploy/certs.sh $(NAMES)

secrets: ## Make the secrets and settings that docker-compose.yml and swarm.yml need
	@deploy/secrets.sh

image-check: $(VENV)/dev ## Build the images with buildah, and run them (as root, minutes)
	@deploy/image-check.sh

lock: ## Write the hashes of what is deployed anew, from pyproject.toml and constraints.txt
	@PYTHON=$(PYTHON) deploy/lock.sh

sbom: $(VENV)/release ## Write the bill of materials of what is deployed, as CycloneDX JSON
	@$(BIN)/python deploy/sbom.py

bundle: $(VENV)/release $(VENV)/docs ## Make one archive for a LAN without internet: make bundle ARCH=aarch64 for another machine
	@PYTHON=$(BIN)/python deploy/bundle.sh $(ARCH)

bundle-check: ## Install that archive with the network off, and ask what it serves (root)
	@tests/bundle/check.sh $$(ls -t dist/fcv-mlapi-*-$$(uname -m).tar.gz | head -1)

host-check: $(VENV)/dev ## Boot a systemd of its own and run the service in it as on a bare host (root, systemd-container)
	@$(BIN)/python -m pytest tests/host --override-ini addopts=--strict-markers -s

clean: ## Remove the environment and all caches; instance/, logs/ and models/ stay
	rm -rf $(VENV) $(RIVALS) build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or later is needed; make PYTHON=python3.11 ... names one.")'
	@$(PYTHON) -m venv $(VENV)

$(VENV)/serving: pyproject.toml deploy/requirements.txt | $(VENV)/bin/python
	@echo "Installing what serving needs ..."
	@$(LOCKED)
	@$(ITSELF)
	@touch $@

$(VENV)/release: pyproject.toml constraints.txt | $(VENV)/serving
	@echo "Installing what a release is made with ..."
	@$(PIP) --editable '.[release]'
	@touch $@

$(VENV)/docs: deploy/requirements-docs.txt | $(VENV)/serving
	@echo "Installing what the guide is built with ..."
	@$(BIN)/python deploy/pip_install.py --require-hashes --requirement $<
	@touch $@

$(VENV)/examples: pyproject.toml constraints.txt | $(VENV)/bin/python
	@echo "Installing what the examples need ..."
	@$(PIP) --editable '.[examples]'
	@touch $@ $(VENV)/serving

$(VENV)/dev: pyproject.toml constraints.txt | $(VENV)/bin/python
	@echo "Installing what the tests need (TensorFlow is large: some minutes) ..."
	@$(PIP) --editable '.[dev]'
	@if $(CAN_COMPILE_LDAP); then $(PIP) --editable '.[ldap]'; else \
	  echo "python-ldap is left out, and its tests: it takes gcc libc6-dev libldap2-dev libsasl2-dev."; fi
	@touch $@ $(VENV)/docs $(VENV)/examples $(VENV)/serving $(VENV)/release

$(RIVALS)/%/installed: bench/contenders/%/requirements.txt constraints.txt | $(VENV)/bin/python
	@echo "Making the environment of $* ..."
	@$(BIN)/python -m venv --clear $(@D)
	@$(@D)/bin/pip --disable-pip-version-check install --quiet --requirement $<
	@touch $@
