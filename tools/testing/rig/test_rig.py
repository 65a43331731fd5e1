#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Tests of what judges the tests, which `make unit` runs."""

import contextlib
import io
import os
import re
import struct
import subprocess
import sys
import tempfile
import threading
import time
import unittest
from pathlib import Path

import cache
import cells
import kernel
import loop
import scan
import tap
import taptest
from cache import RIG, RigError, SELFTESTS


class Tap(unittest.TestCase):
    def judge(self, text: str, status: int = 0) -> tap.Outcome:
        return tap.read(text.splitlines(), status)

    def test_all_passed(self):
        outcome = self.judge("TAP version 13\n1..2\nok 1 a\n# note\nok 2 b")
        self.assertEqual((outcome.passed, outcome.failures), (2, 0))

    def test_a_failure_counts_once(self):
        outcome = self.judge("1..2\nok 1 a\nnot ok 2 b", 1)
        self.assertEqual((outcome.passed, outcome.failures), (1, 1))

    def test_a_failure_is_shown_with_what_was_said_of_it(self):
        lines = "1..3\n# fine\nok 1 a\n# why\nnot ok 2 b\n# more\nok 3 c".splitlines()
        self.assertEqual(tap.failures(lines), [["# why", "not ok 2 b"]])

    def test_a_missing_plan_fails(self):
        self.assertEqual(self.judge("ok 1 a").failures, 1)

    def test_a_plan_that_does_not_fit_fails(self):
        self.assertEqual(self.judge("1..2\nok 1 a").failures, 1)
        self.assertEqual(self.judge("1..1\nok 1 a\nok 2 b").failures, 1)

    def test_numbers_out_of_order_fail(self):
        self.assertEqual(self.judge("1..2\nok 2 a\nok 1 b").failures, 1)

    def test_bail_out_fails(self):
        self.assertEqual(self.judge("1..1\nBail out! no guest", 1).failures, 1)

    def test_an_unexplained_status_fails(self):
        self.assertEqual(self.judge("1..1\nok 1 a", 1).failures, 1)

    def test_skips_give_a_reason(self):
        outcome = self.judge("1..0 # SKIP no disk", 4)
        self.assertEqual((outcome.failures, outcome.skips), (0, ["no disk"]))
        self.assertEqual(self.judge("1..1\nok 1 a # SKIP").failures, 1)
        self.assertEqual(self.judge("1..2\nok 1 a # SKIP no b\nok 2 c").skips, ["a: no b"])


class Lock(unittest.TestCase):
    def test_those_who_wait_go_in_order(self):
        seen = []

        def hold(name):
            with cache.locked("test", "waiting"):
                seen.append(name)
                time.sleep(0.02)

        with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
            os.environ["XPV_CACHE"] = folder
            threads = [threading.Thread(target=hold, args=(name,)) for name in range(6)]
            with cache.locked("test", "waiting"):
                for place, thread in enumerate(threads):
                    thread.start()
                    while len(list(Path(folder, "test.turns").glob("[0-9]*"))) < place + 2:
                        time.sleep(0.001)
            for thread in threads:
                thread.join()
            del os.environ["XPV_CACHE"]
            self.assertFalse(list(Path(folder, "test.turns").glob("[0-9]*")))
        self.assertEqual(seen, sorted(seen))


class Scan(unittest.TestCase):
    def test_complaints_are_found(self):
        for line in ("[ 1.0] WARNING: CPU: 0 PID: 1", "BUG: unable to handle page fault", "(XEN) mm.c:1: bad",
                     "3,1,2,-;INFO: task fio:12 blocked for more than 60 seconds."):
            self.assertEqual(scan.unexpected(line, []), [line])

    def test_the_rest_is_not(self):
        self.assertEqual(scan.unexpected("[ 1.0] vbd vbd-1-51728: connected\nDEBUG: fine", []), [])

    def test_allowed_messages_pass(self):
        self.assertEqual(scan.unexpected("(XEN) known", [re.compile("known")]), [])

    def test_the_list_of_allowed_messages_is_valid(self):
        scan.allowed_messages()


class Kernel(unittest.TestCase):
    def test_the_last_segment_loses_its_zeros(self):
        header = bytearray(64)
        struct.pack_into("<QQ", header, kernel.PROGRAM_HEADERS, 64, 4096)
        struct.pack_into("<HHHH", header, kernel.PROGRAM_HEADER_COUNT, 2, 64, 1, 0)
        segments = [[4, 0, 0, 0, 0, 8, 8, 1], [1, 7, 256, 0, 0, 64, 128, 1]]
        packed = b"".join(kernel.PROGRAM_HEADER.pack(*segment) for segment in segments)
        elf = (bytes(header) + packed).ljust(256, b"\0") + b"text\0more" + bytes(55) + b"sections"
        short = kernel.without_tail(elf)
        self.assertEqual(len(short), 256 + len(b"text\0more"))
        segments[1][5] = 9
        self.assertEqual([list(kernel.PROGRAM_HEADER.unpack_from(short, 64 + 56 * i)) for i in (0, 1)], segments)
        self.assertEqual(short[kernel.SECTION_HEADERS:kernel.SECTION_HEADERS + 8], bytes(8))
        self.assertEqual(short[kernel.SECTION_HEADER_COUNT:64], bytes(4))


class Ask(unittest.TestCase):
    """What waits for a guest's console."""
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.program = Path(cls.folder.name, "ask")
        subprocess.run(["gcc", "-o", cls.program, RIG / "dom0/ask.c"], check=True)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def ready(self, text: str) -> int:
        log = Path(self.folder.name, "log")
        log.write_text(text)
        return subprocess.run([self.program, "--ready", log, "0", "5"], check=False).returncode

    def test_a_guest_that_serves_is_ready(self):
        self.assertEqual(self.ready("6,1,2,-;Run /init\n@ready\n"), 0)

    def test_one_that_panics_is_not(self):
        self.assertEqual(self.ready("6,1,2,-;Run /init\n0,2,3,-;Kernel panic - not syncing\n"), 125)


class Cells(unittest.TestCase):
    def load(self, header: str) -> cells.Test:
        with tempfile.TemporaryDirectory(dir=cells.SELFTESTS) as folder:
            path = Path(folder) / "test.sh"
            path.write_text(f"#!/bin/sh\n{header}\n")
            return cells.load(path)

    def test_a_header_is_read(self):
        test = self.load("# desc: x\n# guest: pv hvm\n# pair: ours/qdisk\n# time: 9")
        self.assertEqual((test.guests, test.pairs, test.time), (("pv", "hvm"), ("ours/qdisk",), 9))

    def test_bad_headers_are_refused(self):
        for header in ("# guest: vm", "# guest: hvm@6.12", "# guest: pv@7", "# pair: ours/theirs", "# time: soon",
                       "# colour: red", "# runs: guest"):
            with self.assertRaises(RigError):
                self.load(header)

    def test_cells_are_named_for_their_matrix(self):
        test = self.load("# guest: pv")
        self.assertTrue(cells.Cell(test, "pv", "ours/ours").name.endswith("/test[pv,ours/ours]"))
        self.assertTrue(cells.Cell(test, "none", "").name.endswith("/test"))

    def test_a_guest_may_have_another_kernel(self):
        test = self.load("# guest: pv@6.12*")
        cell, = cells.span(test, True)
        self.assertTrue(cell.name.endswith("/test[pv@6.12]"))
        values = cell.environment(True)
        self.assertEqual((values["XPV_GUEST"], values["XPV_KERNEL"]), ("pv", "6.12"))
        self.assertEqual(cells.Cell(test, "pv", "").environment(True)["XPV_KERNEL"], "")

    def test_a_kernel_that_is_not_there_is_missed(self):
        test = self.load("# guest: pv@6.12 pv\n# needs: xen-blkfront")
        with tempfile.TemporaryDirectory() as folder:
            os.environ["XPV_CACHE"] = folder
            reasons = [cell.missing(Path(folder)) for cell in cells.span(test, True)]
            (Path(folder) / "headers/6.12/usr/src/linux-headers-6.12.1-amd64").mkdir(parents=True)
            image = Path(folder) / "kernels/6.12/boot/vmlinuz-6.12.1-amd64"
            image.parent.mkdir(parents=True)
            image.touch()
            reasons.append(cells.Cell(test, "pv@6.12", "").missing(Path(folder)))
            del os.environ["XPV_CACHE"]
        self.assertRegex(reasons[0], "no kernel 6.12 in the cache")
        self.assertEqual(reasons[1:], ["", ""])

    def test_what_is_marked_is_for_the_long_form(self):
        test = self.load("# guest: pv hvm*\n# pair: none/ours none/intree*")
        short, long = ({(cell.guest, cell.pair) for cell in cells.span(test, long)} for long in (False, True))
        self.assertEqual(short, {("pv", "none/ours")})
        self.assertEqual(long, {(guest, f"none/{back}") for guest in ("pv", "hvm") for back in ("ours", "intree")})

    def test_the_loop_has_what_asks_for_it(self):
        with self.assertRaises(RigError):
            self.load("# loop: maybe")
        asking = {cell.test.name for cell in cells.find([], long=True) if cell.test.loop}
        self.assertEqual({cell.test.name for cell in loop.find([])}, asking)

    def test_a_driver_is_needed_where_its_end_is_ours(self):
        test = self.load("# needs: fio xen-netfront xen-netback 9pnet_xen")
        with tempfile.TemporaryDirectory() as folder:
            for pair, needed in (("intree/intree", []), ("ours/intree", ["xen-netfront", "9pnet_xen"]),
                                 ("intree/ours", ["xen-netback", "9pnet_xen"]),
                                 ("ours/ours", ["xen-netfront", "xen-netback", "9pnet_xen"])):
                reason = cells.Cell(test, "pv", pair).missing(Path(folder))
                wanted = ["xenbus-mt", *needed] if needed else []
                self.assertEqual(reason, f"no {', '.join(wanted)} in {folder}" if wanted else "")

    def test_all_tests_of_the_checkout_declare_themselves(self):
        for cell in cells.find([], long=True):
            self.assertTrue(cell.test.desc, cell.name)


class Library(unittest.TestCase):
    """What tests are written with, as far as it needs no dom0."""
    def shell(self, script: str, *libraries: str) -> subprocess.CompletedProcess:
        sources = "".join(f". {SELFTESTS}/lib/{name}.sh\n" for name in libraries)
        return subprocess.run(["sh", "-c", sources + script], capture_output=True, text=True, check=False)

    def log_said(self, log: str) -> str:
        return self.shell(f"dmesg() {{ echo '{log}'; }}\n__mark='mark 1'\nlog_said", "dom0").stdout

    def test_what_was_said_before_the_mark_is_left_out(self):
        self.assertEqual(self.log_said("[1] old\n[2] mark 1\n[3] new"), "[3] new\n")

    def test_all_is_left_when_the_mark_is_gone(self):
        self.assertEqual(self.log_said("[2] one\n[3] two"), "[2] one\n[3] two\n")

    def back(self, before: str, after: str, slack: str = "") -> bool:
        counts = f'__census_count() {{ [ "$1" = before ] && echo "{before}" || echo "{after}"; }}\n'
        return self.shell(f"{counts} __census_back grants {slack}", "census").returncode == 0

    def test_a_census_tells_what_is_not_back(self):
        self.assertTrue(self.back("645", "645") and self.back("50", "53", "3"))
        self.assertFalse(self.back("645", "646") or self.back("50", "54", "3"))

    def test_nothing_is_back_that_was_not_counted(self):
        for before, after in (("unknown", "unknown"), ("2", "unknown"), ("unknown", "2"), ("", ""), ("0", "0")):
            self.assertFalse(self.back(before, after), (before, after))


if __name__ == "__main__":
    sys.exit(taptest.main())
