# SPDX-License-Identifier: GPL-2.0
#
# The front door: every target is one line here and a script that does it.
# The modules themselves are described in Kbuild.

# The kernel to build for: the running one, or else the newest installed one.
KDIR ?= $(or $(wildcard /lib/modules/$(shell uname -r)/build),$(lastword \
	$(shell ls -dv /lib/modules/*/build 2>/dev/null)))
# The kernel that the rig boots.
RIG := tools/testing/rig/rig
rig-kdir = $(shell $(RIG) kdir)
# T: pattern of system tests (make qemu), seconds per target (make fuzz).
T ?=

.DEFAULT_GOAL := help

help: ## what can be made
	@echo "Targets:"
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1|\2/p' $(MAKEFILE_LIST) | \
		while IFS='|' read -r t d; do printf '  %-14s %s\n' "$$t" "$$d"; done
	@echo "Variables:"
	@echo "  KDIR=DIR       kernel build tree for modules and install ($(KDIR))"
	@echo "  T=PATTERN      the system tests that make qemu runs"
	@echo "  T=SECONDS      the time that make fuzz gives each target"

modules: ## build the modules for KDIR into build/modules-RELEASE/
	@scripts/install-deps build
	@scripts/build-modules "$(KDIR)"

install: modules ## install them to /lib/modules/RELEASE/updates
	@scripts/install-modules "$(KDIR)"

uninstall: ## remove them, which gives the kernel's own drivers back
	@scripts/install-modules --remove "$(KDIR)"

demo: ## boot a Xen host with a guest and show our drivers at work
	@scripts/install-deps build rig
	@$(RIG) setup
	@scripts/build-modules "$(rig-kdir)"
	@$(RIG) demo

check: ## all the tests in their short form: static, unit, fuzz, qemu
	@scripts/check

check-all: ## all the tests in their long form, and a build inside a kernel tree
	@scripts/check --all

static: ## W=1, sparse, checkpatch, kernel-doc, cppcheck, Coccinelle
	@scripts/install-deps build static
	@scripts/static

unit: ## the pure files in user space, under ASan and UBSan
	@scripts/install-deps unit
	@$(MAKE) --no-print-directory -C tools/testing/unit

fuzz: ## libFuzzer on the parsers, T seconds each
	@scripts/install-deps unit
	@$(MAKE) --no-print-directory -C tools/testing/fuzz $(if $(T),T=$(T))

qemu: ## the system tests, or those that match T=PATTERN
	@scripts/install-deps build rig
	@$(RIG) setup
	@scripts/build-modules "$(rig-kdir)"
	@$(RIG) run $(T)

qemu-shell: ## a shell on the emulated Xen host, with our modules
	@scripts/install-deps build rig
	@$(RIG) setup
	@scripts/build-modules "$(rig-kdir)"
	@$(RIG) shell

bench: ## compare with the kernel's own drivers
	@scripts/bench

clean: ## remove what was built
	rm -rf build

.PHONY: help modules install uninstall demo check check-all static unit fuzz \
	qemu qemu-shell bench clean
