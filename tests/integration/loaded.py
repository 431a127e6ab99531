"""A hall under load: workers of five departments, `binglian load`, and the journals of all of them.

    with Hall() as hall:
        loaded = Loaded(hall)
        loaded.wait_for_progress(200)
        ...                             # whatever may happen to a hall
        loaded.stop()
        loaded.check()                  # the journals against the store
"""

import glob
import os
import signal
import subprocess

import checker
from hall import Daemon, program, wait_until

DEPARTMENTS = {"amr": 2, "fire": 2, "hurd": 1, "eco": 1, "urban": 1}  # how many workers each
LINE_BYTES = 150  # of a journal, roughly


class Loaded:
    def __init__(self, hall, departments=None, in_flight=32, endpoint=None):
        self.hall, self.journals, self.in_flight = hall, 0, in_flight
        if hall.broker is None:
            hall.start_broker()
        self.endpoint = endpoint or hall.endpoint  # of the load: a relay may stand between
        self.workers = [self.start_worker(department)
                        for department, count in (departments or DEPARTMENTS).items()
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
        identity = [] if self.hall.plain else ["--identity", self.hall.data + "/admin.identity"]
        load = Daemon([program("binglian"), "load", "--connect", self.endpoint, *identity,
                       "--workflow", "five", "--applications", "10000000", "--in-flight",
                       str(self.in_flight), "--journal", self.journal()], log,
                      good=(0, 1, -signal.SIGKILL))  # 1: we stop it before it is done
        self.hall.workers.insert(0, load)
        return load

    def journal_bytes(self):
        return sum(os.path.getsize(path) for path in glob.glob(self.hall.path("journal-*.jsonl")))

    def wait_for_progress(self, lines, seconds=30):
        """Until the journals have grown by so many lines."""
        enough = self.journal_bytes() + lines * LINE_BYTES
        wait_until(lambda: self.journal_bytes() >= enough, "progress", seconds)

    def dump(self, name, data=None):
        path = self.hall.path(name)
        with open(path, "w", encoding="utf-8") as file:
            subprocess.run([program("binglian"), "store", "dump", data or self.hall.data],
                           stdout=file, check=True)
        return path

    def stop(self):
        """Load first, so that workers still hear what became of their decisions."""
        for daemon in [self.load, *(worker for _, worker in self.workers), self.hall.broker]:
            daemon.stop()

    def journal_of_all(self):
        return checker.Journal(line for path in sorted(glob.glob(self.hall.path("journal-*.jsonl")))
                               for line in checker.read_lines(path))

    def check(self, earlier=(), data=None):
        """Holds the journals against the store; returns the dump, the journal and the faults."""
        data = data or self.hall.data
        verify = subprocess.run([program("binglian"), "store", "verify", data], capture_output=True,
                                encoding="utf-8")
        assert verify.returncode == 0, verify.stdout + verify.stderr
        dump = checker.Dump(checker.read_lines(self.dump("dump.jsonl", data)))
        journal = self.journal_of_all()
        earlier = [checker.Dump(checker.read_lines(path)) for path in earlier]
        return dump, journal, checker.check(dump, journal, earlier)


def acknowledged(journal):
    """How many submissions, and how many decisions, were said to be done."""
    return [sum(one.phase == "ok" for one in kind) for kind in (journal.submits, journal.decides)]
