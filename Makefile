# Qingxi: every target makes its own set-up in .venv; `make` alone prints this help.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready
UNIT   ?= boards/esp32/units/qiaotou.toml
JOBS   ?= 3

.DEFAULT_GOAL := help
.PHONY: help run image flash console stick sbom test lint bench campaign clean

help:
	@echo "make                            this help"
	@echo "make run [UNIT=file]            simulate the example unit for 7 days, results in out/run/"
	@echo "make image UNIT=file            build the flash image of a unit in out/image.bin"
	@echo "make flash PORT=dev UNIT=file   make a board into a unit: write, verify, start, record"
	@echo "make console PORT=dev           talk to a board"
	@echo "make stick                      a folder for a USB stick: flash boards where there is no network"
	@echo "make sbom                       what the product is made of, as CycloneDX: out/sbom.json"
	@echo "make test                       all tests, on CPython and on the real MicroPython virtual machine"
	@echo "make lint                       ruff and mypy"
	@echo "make bench [ONLY=name]          benchmarks against the alternatives: all, or one"
	@echo "make campaign                   the long fault campaigns"
	@echo "make clean                      remove .venv, build/ and out/"

$(READY): pyproject.toml
	@command -v $(PYTHON) >/dev/null || { echo "missing: $(PYTHON); install Python 3.11 or newer, or say make PYTHON=/path/to/python3"; exit 3; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "missing: Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) -V)"; exit 3; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { echo "missing: the venv module; on Debian: apt-get install python3-venv"; exit 3; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "setting up $(VENV) (once) ..." >&2
	@$(BIN)/python -m pip install -q --disable-pip-version-check -e '.[dev]'
	@$(BIN)/python -m host_tools.unitkit.upackages
	@touch $@

run: $(READY)
	@$(BIN)/qingxi sim run sim/scenarios/week.toml --unit "$(UNIT)" --out out/run

image: $(READY)
	@$(BIN)/qingxi image build --unit "$(UNIT)" --out out/image.bin

flash: $(READY)
	@test -n "$(PORT)" || { echo "说明串口 · say which port: make flash PORT=/dev/ttyUSB0 UNIT=file"; exit 2; }
	@$(BIN)/qingxi flash --port "$(PORT)" --unit "$(UNIT)"

console: $(READY)
	@test -n "$(PORT)" || { echo "说明串口 · say which port: make console PORT=/dev/ttyUSB0"; exit 2; }
	@$(BIN)/qingxi console --port "$(PORT)"

stick: $(READY)
	@$(BIN)/python -m host_tools.records.stick out/stick

sbom: $(READY)
	@$(BIN)/python -m host_tools.records.sbom out/sbom.json

test: $(READY)
	@$(BIN)/python -m pytest -n $(JOBS) --dist worksteal -m "not campaign" --durations=10 tests

lint: $(READY)
	@$(BIN)/ruff check .
	@$(BIN)/mypy

bench: $(READY)
	@$(BIN)/python -m host_tools.bench $(ONLY)

campaign: $(READY)
	@$(BIN)/python -m pytest -n $(JOBS) -m campaign tests

clean:
	rm -rf $(VENV) build out
