"""Broker and workers are killed with -9 under load, again and again. Then the journals of all who
took part are held against the store: nothing acknowledged is lost, nothing is decided twice, events
have no gap, each deadline is still there.

    BINGLIAN_KILL_SECONDS=600 BINGLIAN_SEED=7 python3 test_kill.py
"""

import os
import random
import time
import unittest

from hall import Hall
from loaded import Loaded, acknowledged

SECONDS = int(os.environ.get("BINGLIAN_KILL_SECONDS", "40"))
SEED = int(os.environ.get("BINGLIAN_SEED", str(int(time.time()))))
KILLS_MIN = min(24, SECONDS // 2)
LINES_BETWEEN = 400  # of the journals, at most, from one kill to the next


class Killing(Loaded):
    """A hall under load, and who is killed in it."""

    def __init__(self, hall, seed):
        self.random, self.kills = random.Random(seed), 0
        super().__init__(hall)

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
            self.wait_for_progress(self.random.randint(1, LINES_BETWEEN))
            self.kill_one()
            if self.kills % 10 == 0:
                dumps.append(self.dump(f"dump-{self.kills}.jsonl"))
        return dumps


class KillTest(unittest.TestCase):
    def test_nothing_is_lost(self):
        print(f"seed {SEED}", flush=True)
        with Hall() as hall:
            killing = Killing(hall, SEED)
            dumps = killing.run(SECONDS)
            killing.wait_for_progress(LINES_BETWEEN)
            killing.stop()
            dump, journal, faults = killing.check(dumps)
            self.assertEqual(faults[:20], [])
            submits, decides = acknowledged(journal)
            print(f"{killing.kills} kills; acknowledged: {submits} applications, "
                  f"{decides} decisions; {len(dump.events)} events", flush=True)
            self.assertGreaterEqual(killing.kills, KILLS_MIN)
            self.assertGreater(min(submits, decides), 100)


if __name__ == "__main__":
    unittest.main()
