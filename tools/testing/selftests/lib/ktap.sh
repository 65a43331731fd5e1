# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
# Test results as KTAP, with the names, output and exit codes of the kernel's
# own tools/testing/selftests/kselftest/ktap_helpers.sh.

KTAP_TESTNO=1
KTAP_CNT_PASS=0
KTAP_CNT_FAIL=0
KTAP_CNT_SKIP=0

KSFT_PASS=0
KSFT_FAIL=1
KSFT_SKIP=4
KSFT_NUM_TESTS=0

ktap_print_header() {
	echo 'TAP version 13'
}

# ktap_print_msg TEXT...: a diagnostic line
ktap_print_msg() {
	echo "# $*"
}

# ktap_set_plan COUNT
ktap_set_plan() {
	KSFT_NUM_TESTS=$1
	echo "1..$KSFT_NUM_TESTS"
}

# ktap_skip_all REASON...: instead of a plan; exit with $KSFT_SKIP after it
ktap_skip_all() {
	echo "1..0 # SKIP $*"
}

__ktap_test() {
	echo "$1 $KTAP_TESTNO $2${3:+ # $3}"
	KTAP_TESTNO=$((KTAP_TESTNO + 1))
}

# ktap_test_pass DESCRIPTION
ktap_test_pass() {
	__ktap_test ok "$1"
	KTAP_CNT_PASS=$((KTAP_CNT_PASS + 1))
}

# ktap_test_fail DESCRIPTION
ktap_test_fail() {
	__ktap_test 'not ok' "$1"
	KTAP_CNT_FAIL=$((KTAP_CNT_FAIL + 1))
}

# ktap_test_skip DESCRIPTION [REASON]
ktap_test_skip() {
	__ktap_test ok "$1" "SKIP${2:+ $2}"
	KTAP_CNT_SKIP=$((KTAP_CNT_SKIP + 1))
}

# ktap_test_result DESCRIPTION COMMAND...: pass if the command succeeds. What
# the command prints is shown as diagnostics.
ktap_test_result() {
	__description=$1
	shift
	if __output=$("$@" 2>&1); then
		__ktap_diagnostics "$__output"
		ktap_test_pass "$__description"
	else
		__status=$?
		__ktap_diagnostics "$__output"
		ktap_print_msg "\`$*\` failed with status $__status"
		ktap_test_fail "$__description"
		return 1
	fi
}

__ktap_diagnostics() {
	[ -z "$1" ] || echo "$1" | sed 's/^/# /'
}

# ktap_exit_fail_msg TEXT...: give up; the missing results fail the test
ktap_exit_fail_msg() {
	echo "Bail out! $*"
	exit $KSFT_FAIL
}

ktap_print_totals() {
	echo "# Totals: pass:$KTAP_CNT_PASS fail:$KTAP_CNT_FAIL xfail:0 xpass:0 skip:$KTAP_CNT_SKIP error:0"
}

# ktap_finished: the end of every test
ktap_finished() {
	ktap_print_totals
	if [ $((KTAP_CNT_PASS + KTAP_CNT_SKIP)) -ne "$KSFT_NUM_TESTS" ]; then
		exit $KSFT_FAIL
	fi
	if [ $KTAP_CNT_PASS -eq 0 ] && [ $KTAP_CNT_SKIP -gt 0 ]; then
		exit $KSFT_SKIP
	fi
	exit $KSFT_PASS
}
