# Weaver for Swift: the commands of everyday life. `make help` lists them.
#
# Swift is expected on the PATH; what else a bare Debian lacks is installed by `make deps`, which the others call.

SWIFT ?= swift
SCRATCH := $(CURDIR)/.build
CONFIG ?= Examples/Lemon/weaver.toml

# The macro plugin is always built in debug, once: building swift-syntax optimised takes many minutes more and makes no
# application faster. The release build gets the finished plugin instead (see Package.swift).
PLUGIN := $(SCRATCH)/plugin/WeaverMacros-tool
PLUGIN_SOURCES := Package.swift $(wildcard Sources/WeaverMacros/*.swift Sources/WeaverMacros/*/*.swift)
# For tests that run the compiler.
export WEAVER_PLUGIN := $(PLUGIN)
WITH_PLUGIN := -Xswiftc -load-plugin-executable -Xswiftc $(PLUGIN)\#WeaverMacros
RELEASE := -c release --scratch-path $(SCRATCH) $(WITH_PLUGIN)
NESTED := --scratch-path $(SCRATCH)
# Tests look into modules, which optimised builds allow only when they are told to.
TESTABLE := -c release --scratch-path $(CURDIR)/.build-testing $(WITH_PLUGIN) -Xswiftc -enable-testing
SWIFT_FILES = git ls-files --cached --others --exclude-standard '*.swift'
# SwiftPM keeps one plan for each scratch path and may take that of the package built before for this one's ("No target
# named ... in build description"): it is made anew where packages take turns.
FORGET_PLAN = @rm -f $(SCRATCH)/*.yaml $(SCRATCH)/*/*/description.json
# What the benchmark is measured beside, which takes minutes to build: only "bench" with --peers does.
PEERS := $(CURDIR)/.build-peers/bin
# The sanitizers have to instrument what is fuzzed, so it is built apart.
FUZZ_SCRATCH := $(CURDIR)/.build-fuzz
FUZZER := -c release --scratch-path $(FUZZ_SCRATCH) -Xswiftc -sanitize=fuzzer,address -Xswiftc -parse-as-library
STEP = @printf '\n== %s\n'

.DEFAULT_GOAL := help
.PHONY: help run test test-release lint bench fuzz docs format deps release clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

run: release ## Build optimised and run the example: weaver multi deploy Examples/Lemon/weaver.toml (or CONFIG=...)
	@exec $(SCRATCH)/release/weaver multi deploy $(CONFIG)

release: deps $(PLUGIN)
	$(STEP) "building weaver and Lemon, optimised"
	$(FORGET_PLAN)
	WEAVER_PREBUILT_MACROS=1 $(SWIFT) build $(RELEASE) --product weaver
	$(FORGET_PLAN)
	WEAVER_PREBUILT_MACROS=1 $(SWIFT) build $(RELEASE) --package-path Examples/Lemon --product Lemon

$(PLUGIN): $(PLUGIN_SOURCES)
	$(STEP) "building the macro plugin"
	$(SWIFT) build $(NESTED) --product WeaverMacros
	@mkdir -p $(@D) && cp $(SCRATCH)/debug/WeaverMacros-tool $@

# The Python of the tests: what it needs from PyPI, and the pipe protocol's messages.
PYTHON := $(CURDIR)/.build-python
$(PYTHON)/ready: Tests/Fixtures/Python/requirements.txt Sources/WeaverProtocol/weaver.proto
	$(STEP) "preparing Python"
	rm -rf $(PYTHON)
	python3 -m venv $(PYTHON)
	$(PYTHON)/bin/pip install --quiet --disable-pip-version-check -r Tests/Fixtures/Python/requirements.txt
	protoc --python_out=$(PYTHON) --proto_path=Sources/WeaverProtocol weaver.proto
	@touch $@

# They compute for long, or run compilers, and would keep every core from tests that time something out.
LONG := AssignerSimulationTests|AssignerTests|RecordedLoadTests|HotKeySketchTests|HyperLogLogTests|MatrixTests|DiscoveryTests|DocumentationTests

test: deps $(PYTHON)/ready ## Build and run every test
	$(STEP) "tests of the benchmark's harness"
	$(SWIFT) test --scratch-path $(CURDIR)/.build-harness --package-path Benchmarks/Harness
	$(STEP) "building Lemon and its tests"
	$(FORGET_PLAN)
	$(SWIFT) build $(NESTED) --package-path Examples/Lemon --build-tests
	$(STEP) "tests of Lemon"
	$(SWIFT) test $(NESTED) --package-path Examples/Lemon --skip-build
	$(STEP) "building HummingbirdShop and its tests"
	$(FORGET_PLAN)
	$(SWIFT) build $(NESTED) --package-path Examples/HummingbirdShop --build-tests
	$(STEP) "tests of HummingbirdShop"
	$(SWIFT) test $(NESTED) --package-path Examples/HummingbirdShop --skip-build
	$(STEP) "building the package and its tests"
	$(FORGET_PLAN)
	$(SWIFT) build $(NESTED) --build-tests
	@# Lemon's bundle must not pass for the package's, which share a folder.
	@$(SWIFT) test list $(NESTED) --skip-build 2>/dev/null | grep -q '^WeaverCoreTests' || \
		{ echo "weaver: the package's tests are not what would run"; exit 1; }
	$(STEP) "tests of the package"
	$(SWIFT) test $(NESTED) --skip-build --skip IntegrationTests --skip '$(LONG)'
	$(STEP) "simulations, and tests that run the compiler"
	$(SWIFT) test $(NESTED) --skip-build --filter '$(LONG)'
	$(STEP) "tests of the real binaries"
	WEAVER_BINARIES=$(SCRATCH)/debug WEAVER_PYTHON=$(PYTHON) $(SWIFT) test $(NESTED) --skip-build --filter IntegrationTests

test-release: release $(PYTHON)/ready ## Run the tests of optimised builds, but for those of the macros
	$(STEP) "building the package and its tests, optimised"
	WEAVER_PREBUILT_MACROS=1 $(SWIFT) build $(TESTABLE) --build-tests
	$(STEP) "tests of the package, optimised"
	WEAVER_PREBUILT_MACROS=1 $(SWIFT) test $(TESTABLE) --skip-build --skip IntegrationTests --skip '$(LONG)'
	$(STEP) "simulations, optimised"
	WEAVER_PREBUILT_MACROS=1 $(SWIFT) test $(TESTABLE) --skip-build --filter '$(LONG)'
	$(STEP) "tests of the real binaries, optimised"
	$(FORGET_PLAN)
	WEAVER_PREBUILT_MACROS=1 $(SWIFT) build $(RELEASE) --product UnrulyApp
	$(FORGET_PLAN)
	WEAVER_PREBUILT_MACROS=1 $(SWIFT) build $(RELEASE) --package-path Examples/HummingbirdShop --product HummingbirdShop
	WEAVER_BINARIES=$(SCRATCH)/release WEAVER_PYTHON=$(PYTHON) WEAVER_PREBUILT_MACROS=1 \
		$(SWIFT) test $(TESTABLE) --skip-build --filter IntegrationTests

lint: ## Check the format of all Swift files
	@$(SWIFT_FILES) | xargs $(SWIFT) format lint --strict --parallel

format: ## Format all Swift files
	@$(SWIFT_FILES) | xargs $(SWIFT) format --in-place --parallel

# Only the benchmark itself writes to standard output, so that its JSON can be piped.
bench: ## Run a benchmark: make bench ARGS="call --peers --json"
	@$(MAKE) --no-print-directory release >&2
	$(STEP) "building the benchmark, optimised" >&2
	$(FORGET_PLAN)
	@WEAVER_PREBUILT_MACROS=1 $(SWIFT) build $(RELEASE) --package-path Benchmarks >&2
	@$(if $(findstring --peers,$(ARGS)),$(MAKE) --no-print-directory -C Benchmarks/Peers BIN=$(PEERS) >&2)
	@WEAVER_PEERS=$(PEERS) $(SCRATCH)/release/weaver-bench $(ARGS)

# What strangers send (heads, bodies, preface, exchange) is fuzzed for 30 CPU minutes or 10 million runs after it has
# changed, apart from CI; a case that is found goes into Fuzz/Cases, where the tests replay it:
#     make fuzz TARGET=exchange ARGS="-max_total_time=1800 -max_len=2048"
fuzz: deps ## Fuzz a target: make fuzz TARGET=frames ARGS="-max_total_time=60" (Tests/FuzzTargets has the names)
	$(STEP) "building the fuzzer"
	WEAVER_LAYERS=loop $(SWIFT) build $(FUZZER) --package-path Fuzz
	@mkdir -p $(FUZZ_SCRATCH)/corpus/$(TARGET)
	cd $(FUZZ_SCRATCH) && WEAVER_FUZZ_TARGET=$(TARGET) ./release/weaver-fuzz -malloc_limit_mb=64 -timeout=5 \
		$(ARGS) corpus/$(TARGET) $(CURDIR)/Fuzz/Cases/$(TARGET)

# The catalog with the symbols that come with an import of WeaverRuntime, and pages of the other two products.
DOCS := $(SCRATCH)/docs
DOCUMENTED := WeaverRuntime WeaverEmbedding WeaverTesting
docs: deps ## Make the site of the documentation, in .build/docs/site
	$(STEP) "building what is documented"
	$(FORGET_PLAN)
	@set -e; for module in $(DOCUMENTED); do $(SWIFT) build $(NESTED) --target $$module; done
	$(STEP) "making the site"
	@rm -rf $(DOCS)
	@set -e; target=$$($(SWIFT) -print-target-info | sed -n 's/.*"triple": "\(.*\)",/\1/p' | head -n 1); \
	for module in $(DOCUMENTED); do \
		mkdir -p $(DOCS)/symbols/$$module; \
		swift-symbolgraph-extract -module-name $$module -minimum-access-level public -skip-synthesized-members \
			-target $$target -I $(SCRATCH)/debug/Modules -I Sources/CUV -output-dir $(DOCS)/symbols/$$module \
			$(foreach map,CWeaverSection CWeaverTesting CTOML,-Xcc -fmodule-map-file=$(SCRATCH)/debug/$(map).build/module.modulemap) \
			-experimental-allowed-reexported-modules=WeaverCore,WeaverLoop; \
		catalog=Sources/$$module/$$module.docc; [ -d $$catalog ] || catalog=; \
		docc convert $$catalog --additional-symbol-graph-dir $(DOCS)/symbols/$$module --fallback-display-name $$module \
			--fallback-bundle-identifier $$module --output-dir $(DOCS)/$$module.doccarchive --warnings-as-errors; \
	done
	docc merge $(DOCUMENTED:%=$(DOCS)/%.doccarchive) --output-path $(DOCS)/site \
		--synthesized-landing-page-name "Weaver for Swift"
	@echo "see it with: python3 -m http.server -d $(DOCS)/site, at /documentation"

deps:
	@sh .ci/deps

clean: ## Delete everything that was built
	rm -rf $(SCRATCH) .build-*
