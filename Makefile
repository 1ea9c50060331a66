# edgeopt: run `make help` for what each target does.

SWIFT ?= swift
PREFIX ?= /usr/local
BINARY = .build/release/edgeopt
RELEASE = -c release --product edgeopt
TESTING = -c release -Xswiftc -enable-testing --scratch-path .build-tests
SANITIZED = -c debug --sanitize=address --scratch-path .build-asan

# In CI a warning in the release build is an error.
ifdef STRICT
RELEASE += -Xswiftc -warnings-as-errors -Xcc -Werror
endif

.DEFAULT_GOAL := build
.PHONY: help build demo test test-long deps build-deps venv install dist lint format bench bench-quantize build-tests \
	swift-tests fuzz-long fuzz-asan clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

deps: ## installs the Debian packages that are missing (asks for sudo when needed); nothing when all are there
	@Scripts/deps.sh

build-deps:
	@Scripts/deps.sh --build

build: build-deps ## the release program, .build/release/edgeopt
	@$(SWIFT) build $(RELEASE)

demo: build ## builds, then shows the main verbs and a recipe on the example model of the repository
	@Scripts/demo.sh $(BINARY)

test: deps venv ## sets up what the tests need, then runs all of them
	@Scripts/test.sh

test-long: deps venv ## the nightly form: ten times the random models, 20,000 damaged files
	@Scripts/test.sh --long

venv: deps ## the Python environment (.venv) of the reference tests
	@Scripts/venv.sh

build-tests: deps
	@$(SWIFT) build --build-tests $(TESTING)

swift-tests: build-tests ## the Swift tests alone
	@$(SWIFT) test --skip-build --disable-xctest $(TESTING)

fuzz-long: build-tests ## 20,000 damaged and hostile model files through the import
	@EDGEOPT_FUZZ_FILES=20000 $(SWIFT) test --skip-build --disable-xctest $(TESTING) --filter Fuzz

fuzz-asan: deps ## the fuzz corpus under the address sanitizer
	@$(SWIFT) build --build-tests $(SANITIZED)
	@log=$$(ASAN_OPTIONS=detect_leaks=0 $(SWIFT) test --skip-build --disable-xctest $(SANITIZED) --filter Fuzz 2>&1); \
	status=$$?; printf '%s\n' "$$log"; \
	printf '%s' "$$log" | grep -q 'run with [1-9]' || { echo 'no fuzz test ran'; exit 1; }; exit $$status

install: build ## installs the program under PREFIX (/usr/local)
	install -d $(DESTDIR)$(PREFIX)/bin
	install -m 755 $(BINARY) $(DESTDIR)$(PREFIX)/bin/edgeopt

dist: build-deps ## dist/edgeopt: one file that needs only glibc, libstdc++ and libm
	@Scripts/dist.sh

lint: ## checks the formatting of all Swift code
	@$(SWIFT) format lint --recursive --strict Package.swift Sources Tests

format: ## formats all Swift code
	@$(SWIFT) format format --in-place --recursive Package.swift Sources Tests

bench: build venv ## measures speed and memory beside ONNX Runtime (10 minutes); writes Benchmarks/results.json
	@.venv/bin/python Benchmarks/bench.py $(BINARY)

bench-quantize: build venv ## int8 beside other tools (20 minutes; Benchmarks/setup.sh installs them); writes Benchmarks/README.md
	@.venv/bin/python Benchmarks/quantize.py $(BINARY)

clean: ## removes everything that was built
	rm -rf .build .build-* dist
