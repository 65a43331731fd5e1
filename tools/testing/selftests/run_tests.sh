#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# usage: run_tests.sh [PATTERN]
# Runs the tests that a guest can run by itself, in the guest that this is, and
# reports like the kernel's kselftest. XPV_DISK names a disk to overwrite;
# without it, tests of disks skip. XPV_LONG=1 runs the tests in their long form.

cd "$(dirname "$0")" || exit 1

time_limit() {
	limit=$(sed -n '/^[^#]/q; s/^# time: *//p' "$1")
	echo "${limit:-60}"
}

# Reports TEST as result NUMBER; its own output is indented as diagnostics.
run_one() {
	echo "# selftests: $2"
	timeout "$(time_limit "$2")" sh "$2" >"$output" 2>&1 </dev/null
	status=$?
	sed 's/^/# /' "$output"
	case $status in
	0) echo "ok $1 selftests: $2" ;;
	4) echo "ok $1 selftests: $2 # SKIP" ;;
	124 | 143) echo "not ok $1 selftests: $2 # TIMEOUT" ;;
	*) echo "not ok $1 selftests: $2 # exit=$status" ;;
	esac
	[ $status -eq 0 ] || [ $status -eq 4 ] || failed=1
}

tests=$(grep -l '^# runs: guest' ./*/*.sh | sed 's,^\./,,' | grep -e "${1:-.}")
[ -n "$tests" ] || { echo "run_tests.sh: no test matches $1" >&2; exit 1; }
output=$(mktemp)
trap 'rm -f "$output"' EXIT
failed=0
number=0

echo 'TAP version 13'
echo "1..$(echo "$tests" | wc -l)"
for test in $tests; do
	number=$((number + 1))
	run_one $number "$test"
done
exit $failed
