#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Tests of the arithmetic behind the figures, which `make unit` runs."""

import contextlib
import io
import struct
import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock

BENCH = Path(__file__).resolve().parent
sys.path[:0] = [str(BENCH), str(BENCH.parent / "rig")]

import measure          # noqa: E402
import pair             # noqa: E402
import places           # noqa: E402
import projection       # noqa: E402
import registry         # noqa: E402
import report           # noqa: E402
import symbols          # noqa: E402
import taptest          # noqa: E402
from cache import RigError  # noqa: E402

COSTS = projection.read_costs(BENCH / "costs.tsv")


def counts(**given: float) -> dict[str, float]:
    return {**dict.fromkeys(symbols.NAMES, 0.0), **given}


class Projection(unittest.TestCase):
    def total(self, **given: float) -> tuple[float, float]:
        cost = projection.total(projection.project(counts(**given), COSTS))
        return round(cost.low, 3), round(cost.high, 3)

    def test_nothing_costs_nothing(self):
        self.assertEqual(self.total(), (0, 0))

    def test_guest_types_have_prices_of_their_own(self):
        self.assertEqual(self.total(hypercalls_pv=2), (200, 600))
        self.assertEqual(self.total(hypercalls_hvm=2), (1200, 2400))

    def test_copies_and_clears_are_priced_by_the_page(self):
        self.assertEqual(self.total(xen_copied=1024, kernel_copied=1024, kernel_cleared=2048), (100, 400))

    def test_a_map_and_its_unmap_are_one(self):
        self.assertEqual(self.total(grant_maps=3, grant_unmaps=3), (3000, 6000))

    def test_an_upcall_that_wakes_is_in_the_price_of_waking(self):
        self.assertEqual(self.total(upcalls_pv=1, vcpu_wakes=1), (2000, 5000))
        self.assertEqual(self.total(upcalls_pv=4, vcpu_wakes=1), (2000 + 900, 5000 + 3000))

    def test_xen_s_instructions_are_in_the_price_of_its_calls(self):
        self.assertEqual(self.total(xen_instructions=1e6, kernel_instructions=1000), (200, 400))

    def test_counts_below_nothing_are_noise(self):
        self.assertEqual(self.total(tlb_flushes=-0.01), (0, 0))

    def test_the_worse_ratio_counts(self):
        ratio = projection.ratios(projection.Cost(10, 40), projection.Cost(30, 80))
        self.assertEqual((ratio.low, ratio.high, projection.worse(ratio)), (3, 2, 2))


class Costs(unittest.TestCase):
    def read(self, change) -> dict:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "costs"
            path.write_text(change((BENCH / "costs.tsv").read_text()))
            return projection.read_costs(path)

    def test_a_reader_s_own_are_read(self):
        changed = self.read(lambda text: text.replace("wake\t2000\t5000", "wake\t1\t2.5"))
        self.assertEqual(changed["wake"], projection.Cost(1, 2.5))

    def test_bad_tables_are_refused(self):
        for old, new in (("wake\t2000\t5000", "wake\t5000\t2000"), ("wake\t2000", "wake 2000"),
                         ("wake\t", "woke\t"), ("wake\t", "#wake\t")):
            with self.assertRaises(RigError):
                self.read(lambda text, old=old, new=new: text.replace(old, new))


class Counting(unittest.TestCase):
    def test_start_and_end_of_a_run_cancel(self):
        start, each = 1000, 3
        rows = [counts(event_sends=value) for value in (50, 50 + start + each * 100, 50 + 2 * start + each * 500)]
        self.assertEqual(projection.per_request(rows, [0, 100, 500])["event_sends"], each)

    def test_runs_that_did_nothing_are_refused(self):
        with self.assertRaises(RigError):
            projection.per_request([counts()] * 3, [7, 7, 7])

    def absurd(self, ours: list[int], name: str = "kernel_instructions") -> list[str]:
        rows = [counts(**{"kernel_instructions": value, name: of}) for value, of in zip((0, 1000, 4000), ours)]
        return projection.absurd(rows, [0, 100, 400])

    def test_counts_that_cannot_be_are_refused(self):
        self.assertEqual(self.absurd([0, 1000, 4000]), [])
        self.assertIn("kernel instructions -5", self.absurd([0, 2000, 3000])[0])
        self.assertIn("kernel instructions 270", self.absurd([0, 6000, 66000])[0])
        self.assertIn("tlb_flush -0.20", self.absurd([0, 60, 80], "tlb_flushes")[0])
        self.assertEqual(self.absurd([0, 4, 6], "tlb_flushes"), [])
        self.assertEqual(self.absurd([0, 50000, 60000], "user_instructions")[0], "instructions of programs -200")
        self.assertIn("0 were done in the short run", projection.absurd([counts()] * 3, [7, 7, 9])[0])
        self.assertIn("5 in the long one", projection.absurd([counts()] * 3, [0, 7, 12])[0])

    def test_rows_are_read_and_a_torn_one_is_not(self):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "rows"
            words = list(range(symbols.COUNTERS))
            path.write_bytes(struct.pack(f"={symbols.COUNTERS}Q", *words) + b"torn")
            rows = measure.read_rows(path)
        self.assertEqual(len(rows), 1)
        self.assertEqual(rows[0]["kernel_instructions"], symbols.NAMES.index("kernel_instructions"))

    def test_the_plugin_and_the_runner_agree(self):
        source = (BENCH / "counter.c").read_text()
        names = source.split("enum {")[1].split("FIRST_SYMBOL")[0].replace(",", " ").split()
        self.assertEqual(tuple(name.lower() for name in names), symbols.FIXED)
        self.assertIn(f"COUNTERS = {symbols.COUNTERS}", source)

    def test_tables_of_symbols_are_read(self):
        table = symbols.table("0xffff82d040215210 t common/grant_table.c#gnttab_copy\n"
                              "ffffffff810dcf60 t finish_task_switch.isra.0\nffffffff82b407c0 d err_text\n")
        self.assertEqual(table, {"gnttab_copy": 0xffff82d040215210, "finish_task_switch": 0xffffffff810dcf60})

    def test_an_unknown_kernel_is_refused(self):
        with self.assertRaises(RigError):
            symbols.lines({}, {})


class Walls(unittest.TestCase):
    def test_ratios_are_of_neighbours(self):
        self.assertEqual(projection.pairwise([100, 220, 330], [100, 200, 110]),
                         {"ratio": 1.1, "min": 1.0, "max": 3.0, "runs": 3})

    def test_turns_that_failed_or_stalled_are_left_out(self):
        self.assertEqual(projection.pairwise([100, 100, 0], [50, 50, 50])["runs"], 2)
        self.assertEqual(projection.pairwise([795, 9, 1111], [1214, 10, 1242])["runs"], 2)
        self.assertEqual(projection.pairwise([90, 60, 40], [50, 50, 50])["runs"], 3)
        self.assertEqual(projection.pairwise([0], [50]), {})


class Pairs(unittest.TestCase):
    def test_each_is_whole(self):
        for of_pair in registry.PAIRS:
            names = [case.name for case in of_pair.cases]
            self.assertEqual(len(set(names)), len(names), of_pair.name)
            self.assertTrue((BENCH / "dom0" / f"{of_pair.name}.sh").exists())
            for known in of_pair.published:
                self.assertIn(known.case, names)
            for case in of_pair.cases:
                self.assertEqual(case.floor is None, case.goal is None, case.name)

    def test_the_network_s_script_knows_its_loads(self):
        script = (BENCH / "dom0" / "net.sh").read_text()
        for cell in registry.find(["net/"]):
            kind, *ends = cell.case.load.split(":")
            kind, _, size = kind.partition("-")
            self.assertIn(f"\n{kind}() {{", script)
            self.assertEqual(int(size or 0), cell.case.size)
            self.assertEqual(len(set(ends) & {"dom0", "guest", "peer"}), 2, cell.name)

    def test_the_script_of_folders_knows_its_loads(self):
        script = (BENCH / "dom0" / "9p.sh").read_text()
        for cell in registry.find(["9p/"]):
            kind, cache, jobs = cell.case.load.split(":")
            self.assertIn(f"\n{kind}_() {{", script)
            self.assertTrue(cache in ("none", "mmap", "loose") and int(jobs))

    def test_the_loads_of_sockets_are_netbench_s_or_redis_s(self):
        program = (BENCH / "netbench" / "main.c").read_text()
        script = (BENCH / "dom0" / "sock.sh").read_text()
        for cell in registry.find(["sock/"]):
            load, *ends = cell.case.load.split(":")
            self.assertTrue(f'{{ "{load}", ' in program or f'\t{load}) asking="-t {load} ' in script, load)
            self.assertEqual(set(ends), {"dom0", "guest"}, cell.name)

    def test_patterns_choose_cells(self):
        self.assertEqual({cell.case.name for cell in registry.find(["blk/randread-4k-qd1"])}, {"randread-4k-qd1"})
        with self.assertRaises(RigError):
            registry.find(["tape/"])

    def test_what_shares_a_guest_is_measured_together(self):
        cells = registry.find([])
        groups = measure.groups(cells)
        self.assertEqual(sum(groups, []), cells)
        self.assertEqual(len(groups), len({(cell.pair.name, cell.guest, cell.queues) for cell in cells}))

    def test_pairs_take_turns(self):
        for of_pair in registry.PAIRS:
            cells = registry.find([f"{of_pair.name}/*[[]pvh,1]"])
            self.assertEqual(of_pair.steps("wall", cells), [pair.OURS, of_pair.rival] * of_pair.rounds)
            self.assertIn(pair.NATIVE, of_pair.steps("counts", of_pair.cells()[:1]))

    def test_more_to_measure_gets_more_time(self):
        for of_pair in registry.PAIRS:
            cells = of_pair.cells()[:2]
            self.assertGreater(of_pair.limit("wall", cells), of_pair.limit("wall", cells[:1]))

    def test_rows_are_of_the_case_whose_words_came_with_them(self):
        cells = registry.find(["blk/read-128k[pv,1]", "blk/write-128k[pv,1]"])
        words = [["@mark", step, cell.case.name, str(done)] for step in (pair.OURS, pair.INTREE)
                 for cell in cells for done in (0, 100, 400)]
        rows = [counts(event_sends=value, kernel_instructions=100 * value) for each in (1, 2, 3, 4)
                for value in (0, 100 * each, 400 * each)]
        found, doubtful = measure.by_cell(cells, words, rows)
        self.assertEqual([found[cell.key][step]["event_sends"] for step in (pair.OURS, pair.INTREE)
                          for cell in cells], [1, 2, 3, 4])
        self.assertFalse(doubtful)

    def test_what_cannot_be_is_measured_again(self):
        cells = registry.find(["blk/read-128k[pv,1]", "blk/write-128k[pv,1]"])
        good, bad = counts(event_sends=1), cells[1].key
        boots = [({cells[0].key: {pair.OURS: good}, bad: {pair.OURS: good}}, {bad}),
                 ({bad: {pair.INTREE: good}}, set())]
        with mock.patch.object(measure, "counted", side_effect=boots) as counted:
            found = measure.counts(cells, Path())
        self.assertEqual([call.args[0] for call in counted.call_args_list], [cells, cells[1:]])
        self.assertEqual(found[bad].keys(), {pair.OURS, pair.INTREE})
        with mock.patch.object(measure, "counted", return_value=({}, {bad})) as counted:
            self.assertEqual(measure.counts(cells, Path())[bad], {})
        self.assertEqual(counted.call_count, measure.TRIES)

    def test_counts_outlive_a_host_that_dies_later(self):
        cells, done = registry.find(["blk/read-128k[pv,1]"]), mock.Mock()
        with mock.patch.object(measure, "counts", return_value="counted"), \
                mock.patch.object(measure, "walls", side_effect=RigError("dead")), \
                contextlib.redirect_stdout(io.StringIO()), self.assertRaises(RigError):
            measure.run(cells, Path(), done)
        done.assert_called_once_with(cells, "counted", {})

    def test_records_in_the_tree_are_of_cells(self):
        keys = {cell.key for cell in registry.find([])}
        for entry in report.load():
            self.assertIn(tuple(entry[name] for name in report.KEY), keys)
            report.priced(entry, COSTS)
            report.breakdown([entry], COSTS)


class Places(unittest.TestCase):
    KERNEL = "ffffffff81000000 T first\nffffffff81000100 t second\nffffffff81000100 d no_function\n"

    def functions(self):
        return (places.Functions(self.KERNEL, "ffffffffc0000000 t back\t[xen_netback]"),
                places.Functions(self.KERNEL, "ffffffffc0000000 t front\t[xen_netfront]"))

    def test_a_place_is_of_the_function_at_its_end(self):
        dom0 = self.functions()[0]
        self.assertEqual(dom0.at(0xffffffff81000010), "first")
        self.assertEqual(dom0.at(0xffffffff810000f0), "first")
        self.assertEqual(dom0.at(0xffffffff81000100), "second")
        self.assertEqual(dom0.at(0xffffffffc0000020), "back [xen_netback]")

    def test_what_precedes_all_functions_has_no_name(self):
        self.assertEqual(self.functions()[0].at(0x1000), "?")

    def test_each_end_has_modules_of_its_own(self):
        module, text = 0xffffffffc0000000, 0xffffffff81000000
        marks = [{}, {(0, module): 10, (1, module): 20}, {(0, module): 40, (1, module): 80, (1, text): 60}]
        found = places.per_request(marks, [0, 10, 40], self.functions())
        self.assertEqual(found, {("dom0", "back [xen_netback]"): 1, ("guest", "front [xen_netfront]"): 2,
                                 ("guest", "first"): 3})

    def test_marks_are_read_as_they_are_written(self):
        with tempfile.NamedTemporaryFile("w", suffix="places") as file:
            file.write("mark\nmark\n1 ffffffff81000000 7\n")
            file.flush()
            self.assertEqual(places.read_marks(Path(file.name)), [{}, {(1, 0xffffffff81000000): 7}])


class Reports(unittest.TestCase):
    CELL = registry.find(["blk/randread-4k-qd1[pv,1]"])[0]

    def entry(self, ours: float, speeds: dict) -> dict:
        both = {pair.OURS: counts(kernel_instructions=ours), pair.INTREE: counts(kernel_instructions=2000)}
        return report.record(self.CELL, both, speeds, COSTS)

    def test_a_record_says_what_the_floor_applies_to(self):
        entry = self.entry(1000, {})
        self.assertEqual((entry["ratio"], entry["basis"], entry["wall"]), (2, "projected", {}))

    def test_the_verdict_knows_floor_goal_and_guard(self):
        fast = {pair.OURS: [200.0], pair.INTREE: [100.0]}
        slow = {pair.OURS: [90.0], pair.INTREE: [100.0]}
        self.assertEqual(report.verdict(self.entry(1000, fast)), "goal reached")
        self.assertEqual(report.verdict(self.entry(1500, fast)), "floor held")
        self.assertEqual(report.verdict(self.entry(1900, fast)), "BELOW FLOOR")
        self.assertEqual(report.verdict(self.entry(1900, slow)), "BELOW FLOOR and WALL TOO LOW")

    def test_without_counts_nothing_is_projected(self):
        entry = report.record(self.CELL, {pair.OURS: counts(kernel_instructions=1)}, {}, COSTS)
        self.assertEqual((entry["ratio"], entry["projected"], report.verdict(entry)), (None, None, "INVALID COUNTS"))
        report.table([entry]), report.breakdown([entry], COSTS), report.bars([entry], "ring")

    def test_a_floor_can_be_of_the_wall_clock(self):
        cell = registry.find(["9p/storm[pv,1]"])[0]
        taken = {pair.OURS: counts(kernel_instructions=1000, user_instructions=500),
                 "intree/q9p": counts(kernel_instructions=1000, user_instructions=5000)}
        entry = report.record(cell, taken, {pair.OURS: [400.0], "intree/q9p": [100.0], "ours/q9p": [110.0]}, COSTS)
        self.assertEqual((entry["basis"], entry["ratio"], report.worse(entry)), ("wall", 4, 4))
        self.assertEqual((entry["wall"]["mixed_front"], entry["wall"]["mixed_back"]), (110, None))
        self.assertEqual(report.verdict(entry), "floor held")
        without = report.priced({**entry, "wall": {}}, COSTS)
        self.assertEqual((without["ratio"], report.verdict(without)), (None, "NO SPEED"))

    def limits(self, name: str, **found) -> str:
        """What is said of a cell's limits when these are its counts."""
        cell = next(cell for cell in registry.find(["net/"]) if cell.name == name)
        return report.over(report.record(cell, {pair.OURS: counts(**found)}, {}, COSTS))

    def test_counts_have_limits(self):
        cell = registry.find(["sock/tx-stream[pv,1]"])[0]
        entry = report.record(cell, {pair.OURS: counts(kernel_instructions=1, event_sends=0.5)}, {}, COSTS)
        self.assertIn("event_sends 0.500, OVER 0.031, hc_grant 0.000, within 0.000", report.breakdown([entry], COSTS))
        self.assertEqual(self.limits("net/tx-64b[pv,1]", event_sends=1 / 80, hc_event=1 / 80, hc_timer=3),
                         "hc_grant 0.000, within 0.000, event_sends 0.013, within 0.016, hc_event 0.013, within 0.020")
        self.assertIn("hc_event 0.040, OVER 0.020", self.limits("net/rx-64b[pvh,2]", hc_event=1 / 25))
        self.assertIn("hc_grant 0.062, OVER 0.000", self.limits("net/rx-udp[pv,1]", hc_grant=1 / 16))
        self.assertIn("kernel_copied 262144.000, OVER 196608", self.limits("net/rx-bulk[pv,1]", kernel_copied=4 << 16))
        for of_pair in registry.PAIRS:
            for case in of_pair.cases:
                self.assertLessEqual({name for name, _ in case.limits}, {*symbols.NAMES, *projection.QUANTITIES})

    def test_a_limit_can_be_of_what_has_a_price(self):
        ours = counts(kernel_instructions=1, vcpu_wakes=1, thread_wakes=1.5)
        entry = report.record(self.CELL, {pair.OURS: ours}, {}, COSTS)
        self.assertIn("wake 2.500, OVER 2.000", report.breakdown([entry], COSTS))

    def test_the_table_ends_with_who_is_below(self):
        entries = [self.entry(1900, {}), self.entry(1000, {})]
        self.assertIn("\nbelow their floor: 1 of 2\n  blk/randread-4k-qd1[pv,1] 1.05 of 1.3", report.table(entries))

    def test_the_table_ends_with_mixed_pairs_that_are_slower(self):
        speeds = {pair.INTREE: [100.0], pair.MIXED_FRONT: [110.0], pair.MIXED_BACK: [91.0]}
        self.assertIn("\nmixed pairs that are slower: 1 of 2\n  blk/randread-4k-qd1[pv,1] our backend 0.91",
                      report.table([self.entry(1000, speeds)]))

    def test_a_table_and_a_plot_can_be_made(self):
        entries = [self.entry(1000, {}), self.entry(1000, {pair.OURS: [2.0], pair.INTREE: [1.0]})]
        self.assertEqual(len(report.table(entries).splitlines()), 5)
        self.assertEqual(len(report.breakdown(entries, COSTS).splitlines()), 2 * 6)
        self.assertIn("randread-4k-qd1, 1 ring<", report.bars(entries, "ring"))

    def test_each_pair_has_a_plot_for_each_guest(self):
        entry = self.entry(1000, {})
        with tempfile.TemporaryDirectory() as folder, mock.patch.object(report, "FOLDER", Path(folder)):
            made = report.plots([entry, {**entry, "guest": "pvh"}, {**entry, "pair": "unknown"}])
        self.assertEqual([path.name for path in made], ["blk-pv.svg", "blk-pvh.svg"])

    def test_a_series_has_a_plot_of_its_own(self):
        cells = registry.find(["net/size"])
        speeds = {pair.OURS: [2000.0], pair.INTREE: [1000.0]}
        entries = [report.record(cell, {}, speeds, COSTS) for cell in cells]
        with tempfile.TemporaryDirectory() as folder, mock.patch.object(report, "FOLDER", Path(folder)):
            made = report.plots(entries)
            self.assertEqual([path.name for path in made], ["net-size-pv.svg"])
            self.assertEqual(made[0].read_text().count("<circle"), 2 * len(cells))
            self.assertEqual(report.plots(entries[:1]), [])
        self.assertNotIn("INVALID", report.table(entries))

    def test_a_series_is_not_counted(self):
        with mock.patch.object(measure, "counted") as counted:
            found = measure.counts(registry.find(["net/size"]), Path())
        counted.assert_not_called()
        self.assertFalse(any(found.values()))

    def test_records_of_other_cases_stay(self):
        first = self.entry(1000, {})
        other = {**first, "pair": "later"}
        with tempfile.TemporaryDirectory() as folder, mock.patch.object(report, "FOLDER", Path(folder)), \
                mock.patch.object(report, "JSON", Path(folder) / "bench.json"):
            report.save([other, first])
            kept = report.save([self.entry(500, {})])
        self.assertEqual([(entry["pair"], entry["ratio"]) for entry in kept], [("blk", 4), ("later", 2)])

    def test_what_is_published_is_compared(self):
        entry = {**self.entry(1000, {}), "case": "randread-4k-qd64"}
        self.assertIn("400 to 800 ns a request, published 2500 ns a ring", report.calibration([entry], COSTS))
        self.assertEqual(report.calibration([{**entry, "guest": "pvh"}], COSTS), "")


if __name__ == "__main__":
    sys.exit(taptest.main())
