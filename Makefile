# SPDX-License-Identifier: GPL-2.0
#
# The front door: every target is a few lines here and a script that does it.
# The modules themselves are described in Kbuild.

# KDIR: the kernel build tree of modules and install. When it is not given,
# scripts/kdir finds one.
# T: pattern of system tests (make qemu) or of cases (make bench), seconds per
# target (make fuzz). COSTS: what make bench prices events with.
T ?=
RIG := tools/testing/rig/rig

build-for-rig = scripts/install-deps build rig tools && $(RIG) setup && \
		scripts/build-modules -W1 -E -g0 "$$($(RIG) kdir)"

.DEFAULT_GOAL := help

help: ## what can be made
	@echo "Targets:"
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1|\2/p' Makefile | \
		while IFS='|' read -r t d; do printf '  %-16s %s\n' "$$t" "$$d"; done
	@echo "Variables:"
	@echo "  KDIR=DIR    the kernel build tree for modules and install; default"
	@echo "              the running kernel's, else the newest installed one"
	@echo "  T=PATTERN   the system tests that qemu runs"
	@echo "  T=PATTERN   the cases that bench measures, such as blk/randread-4k"
	@echo "  COSTS=FILE  the costs that bench projects with"
	@echo "  T=SECONDS   the time that fuzz gives each target"

modules: ## build the modules into build/modules-RELEASE/
	@scripts/install-deps build $(if $(KDIR),,headers)
	@scripts/build-modules $(KDIR)

tools: ## build the command line tool xenpv into build/xenpv/
	@scripts/install-deps tools
	@$(MAKE) --no-print-directory -C tools/xenpv

install: modules tools ## install them to /lib/modules/RELEASE/updates, xenpv to PREFIX/sbin
	@scripts/install-modules $(KDIR)
	@$(MAKE) --no-print-directory -C tools/xenpv install

uninstall: ## remove them, which gives the kernel's own drivers back
	@scripts/install-modules --remove $(KDIR)
	@$(MAKE) --no-print-directory -C tools/xenpv uninstall

demo: ## boot a Xen host with a guest and show the drivers at work
	@$(build-for-rig)
	@$(RIG) demo

check: ## all the tests in their short form
	@scripts/check

check-all: ## all the tests in their long form, and a build in a kernel tree
	@scripts/check --all

static: ## W=1, sparse, checkpatch, kernel-doc, cppcheck, Coccinelle
	@scripts/install-deps build headers static
	@scripts/static

unit: ## the pure files in user space, under ASan and UBSan
	@scripts/install-deps unit
	@$(MAKE) --no-print-directory -C tools/testing/unit

fuzz: ## libFuzzer on the parsers, T=SECONDS each
	@scripts/install-deps unit
	@$(MAKE) --no-print-directory -C tools/testing/fuzz $(if $(T),T=$(T))

qemu: ## the system tests, or those that match T=PATTERN
	@$(build-for-rig)
	@tools/testing/build-module -k "$$($(RIG) kdir)" tools/testing/disk tools/testing/bench/primitives \
		tools/testing/bench/frames
ifneq ($(filter --long,$(T)),)
	@scripts/install-deps source && tools/testing/intree-sock/build "$$($(RIG) kdir)"
	@{ $(RIG) setup 6.12 && scripts/build-modules -W1 -E -g0 "$$(scripts/fetch-headers 6.12)"; } || \
		echo "guests with 6.12 are skipped"
	@$(RIG) setup filesystems || echo "XFS, Btrfs and F2FS are skipped"
	@$(RIG) setup card || echo "QEMU's network card with a network is skipped"
endif
	@$(RIG) run $(T)

loop: ## the system tests that need no Xen, in a kernel that is a process, T=PATTERN
	@scripts/install-deps build rig tools tree && $(RIG) setup
	@kernel=$$(tools/testing/loop/build) && \
		$(RIG) loop --kernel "$$kernel" --modules build/loop/modules $(T)

qemu-shell: ## a shell on the emulated Xen host, with the modules at hand
	@$(build-for-rig)
	@$(RIG) shell

kernel-tree: ## put the suite into a kernel tree and build it there
	@scripts/install-deps build tree
	@scripts/check-kernel-tree

bench: ## compare with the kernel's own drivers, T=PATTERN of cases, COSTS=FILE
	@$(build-for-rig)
	@tools/testing/build-module -k "$$($(RIG) kdir)" tools/testing/bench/frames
ifeq ($(T),restart)
	@$(RIG) run --long --turns bench/restart; status=$$?; \
		sed -n 's/^# | //p' build/logs/latest/bench_restart*/output.tap; exit $$status
else
	@tools/testing/bench/run $(if $(COSTS),--costs $(COSTS)) $(T)
endif

bench-primitives: ## a module that measures what Xen's operations cost on a host
	@scripts/install-deps build $(if $(KDIR),,headers)
	@tools/testing/bench/primitives/build $(KDIR)

clean: ## remove what was built
	rm -rf build

.PHONY: help modules tools install uninstall demo check check-all static unit fuzz \
	loop qemu qemu-shell kernel-tree bench bench-primitives clean
