"""Broker and workers are killed with -9 under load, again and again. Then the journals of all who
took part are held against the store: nothing acknowledged is lost, nothing is decided twice, events
have no gap, each deadline is still there.

    BINGLIAN_KILL_SECONDS=600 BINGLIAN_SEED=7 python3 test_kill.py
"""

import glob
import os
import random
import signal
import subprocess
import time
import unittest

import checker
from hall import Daemon, Hall, program, wait_until

SECONDS = int(os.environ.get("BINGLIAN_KILL_SECONDS", "40"))
SEED = int(os.environ.get("BINGLIAN_SEED", str(int(time.time()))))
KILLS_MIN = min(24, SECONDS // 2)
DEPARTMENTS = {"amr": 2, "fire": 2, "hurd": 1, "eco": 1, "urban": 1}  # how many workers each
LINES_BETWEEN = 400  # of the journals, at most, from one kill to the next


class Killing:
    """A hall under load, and who is killed in it."""

    def __init__(self, hall, seed):
        self.hall, self.random, self.kills, self.journals = hall, random.Random(seed), 0, 0
        hall.start_broker()
        self.workers = [self.start_worker(department) for department, count in DEPARTMENTS.items()
                        for _ in range(count)]
        self.load = self.start_load()

    def journal(self):
        self.journals += 1
        return self.hall.path(f"journal-{self.journals}.jsonl")

    def start_worker(self, department):
        return department, self.hall.start_worker(department, "--decide", "approve",
                                                  "--concurrency", "20", "--journal", self.journal())

    def start_load(self):
        log = self.hall.path(f"load-{self.journals}.log")
        load = Daemon([program("binglian"), "load", "--connect", self.hall.endpoint, "--identity",
                       self.hall.data + "/admin.identity", "--workflow", "five", "--applications",
                       "10000000", "--in-flight", "32", "--journal", self.journal()], log,
                      good=(0, 1, -signal.SIGKILL))  # 1: we stop it before it is done
        self.hall.workers.insert(0, load)
        return load

    def journal_bytes(self):
        return sum(os.path.getsize(path) for path in glob.glob(self.hall.path("journal-*.jsonl")))

    def wait_for_progress(self):
        """Until the journals have grown by a random number of lines."""
        enough = self.journal_bytes() + self.random.randint(1, LINES_BETWEEN) * 150
        wait_until(lambda: self.journal_bytes() >= enough, "progress after a kill", 30)

    def kill_one(self):
        self.kills += 1
        choice = self.random.random()
        if choice < 0.5:
            self.hall.broker.kill()
            self.hall.start_broker()
        elif choice < 0.9:
            at = self.random.randrange(len(self.workers))
            department, worker = self.workers[at]
            worker.kill()
            self.workers[at] = self.start_worker(department)
        else:
            self.load.kill()
        if not self.load.is_running():
            self.load = self.start_load()

    def run(self, seconds):
        """Kills until the time is over; returns dumps that were taken on the way."""
        end, dumps = time.monotonic() + seconds, []
        while time.monotonic() < end:
            self.wait_for_progress()
            self.kill_one()
            if self.kills % 10 == 0:
                dumps.append(self.dump(f"dump-{self.kills}.jsonl"))
        return dumps

    def dump(self, name):
        path = self.hall.path(name)
        with open(path, "w", encoding="utf-8") as file:
            subprocess.run([program("binglian"), "store", "dump", self.hall.data], stdout=file,
                           check=True)
        return path

    def stop(self):
        """Load first, so that workers still hear what became of their decisions."""
        for daemon in [self.load, *(worker for _, worker in self.workers), self.hall.broker]:
            daemon.stop()


class KillTest(unittest.TestCase):
    def test_nothing_is_lost(self):
        print(f"seed {SEED}", flush=True)
        with Hall() as hall:
            killing = Killing(hall, SEED)
            dumps = killing.run(SECONDS)
            killing.wait_for_progress()
            killing.stop()
            verify = subprocess.run([program("binglian"), "store", "verify", hall.data],
                                    capture_output=True, encoding="utf-8")
            self.assertEqual(verify.returncode, 0, verify.stdout + verify.stderr)
            dump = checker.Dump(checker.read_lines(killing.dump("dump.jsonl")))
            journal = checker.Journal(
                line for path in glob.glob(hall.path("journal-*.jsonl"))
                for line in checker.read_lines(path))
            earlier = [checker.Dump(checker.read_lines(path)) for path in dumps]
            faults = checker.check(dump, journal, earlier)
            self.assertEqual(faults[:20], [])
            acknowledged = [sum(one.phase == "ok" for one in kind)
                            for kind in (journal.submits, journal.decides)]
            print(f"{killing.kills} kills; acknowledged: {acknowledged[0]} applications, "
                  f"{acknowledged[1]} decisions; {len(dump.events)} events", flush=True)
            self.assertGreaterEqual(killing.kills, KILLS_MIN)
            self.assertGreater(min(acknowledged), 100)


if __name__ == "__main__":
    unittest.main()
