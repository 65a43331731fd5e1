# SPDX-License-Identifier: GPL-2.0
"""Runs the unit tests of a Python file as scripts/run-unit wants it: in TAP."""

import unittest


class TapResult(unittest.TestResult):
    def _say(self, verdict: str, test: unittest.TestCase, details: str = "") -> None:
        for line in details.splitlines():
            print(f"# {line}")
        print(f"{verdict} {self.testsRun} {test.id().partition('.')[2]}")

    def addSuccess(self, test):
        super().addSuccess(test)
        self._say("ok", test)

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self._say("not ok", test, self.failures[-1][1])

    def addError(self, test, err):
        super().addError(test, err)
        self._say("not ok", test, self.errors[-1][1])


def main() -> int:
    """Run the tests of the file that is being executed; its exit status."""
    suite = unittest.defaultTestLoader.loadTestsFromName("__main__")
    print(f"TAP version 13\n1..{suite.countTestCases()}")
    return 0 if suite.run(TapResult()).wasSuccessful() else 1
