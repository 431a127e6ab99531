"""A hall under load, and what may happen to its machines: processes stop and go on, are told to end,
the disk fills, the power goes, connections break or stay half open. Afterwards the journals of all
who took part are held against the store (checker.py): nothing acknowledged is lost, nothing is
decided twice.

    BINGLIAN_TORTURE_SECONDS=600 BINGLIAN_SEED=7 python3 test_torture.py

What needs a mount runs as root only, and says so where it cannot.
"""

import fcntl
import itertools
import os
import random
import signal
import struct
import subprocess
import time
import unittest

from hall import Hall, submit, wait_until
from loaded import Loaded, acknowledged
from relay import Relay

SECONDS = int(os.environ.get("BINGLIAN_TORTURE_SECONDS", "8"))  # of each kind of trouble
SEED = int(os.environ.get("BINGLIAN_SEED", str(int(time.time()))))
SILENCE = 6  # after which a peer is gone
EXT4_IOC_SHUTDOWN = 0x8004587D
NO_LOG_FLUSH = 2  # what was not synced is lost, as in a power cut
UNKNOWN_OUTCOME, SAID_ENOUGH = 74, 20


def run(*words):
    return subprocess.run(words, capture_output=True, encoding="utf-8", check=False)


class Mount:
    """A file system of the test's own; None where it cannot be had."""

    def __init__(self, folder, *words):
        self.folder = folder
        os.mkdir(folder)
        done = run("mount", *words, folder)
        if done.returncode != 0:
            raise unittest.SkipTest(f"needs root and a mount: {done.stderr.strip()}")

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        run("umount", "--lazy", self.folder)


class TortureTest(unittest.TestCase):
    def setUp(self):
        print(f"seed {SEED}", flush=True)
        self.random = random.Random(SEED)

    def check(self, loaded, at_least=50, strangers=()):
        """`strangers`: requests of our own, which stand in no journal."""
        dump, journal, faults = loaded.check()
        ours = {f"nobody submitted application {app}" for app, line in dump.apps.items()
                if line["key"] in strangers}
        self.assertEqual([fault for fault in faults if fault not in ours][:SAID_ENOUGH], [])
        submits, decides = acknowledged(journal)
        print(f"{self.id().rsplit('.', 1)[1]}: acknowledged {submits} applications, {decides} "
              f"decisions; {len(dump.events)} events", flush=True)
        self.assertGreater(min(submits, decides), at_least)

    def until(self, seconds=SECONDS):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            yield

    def test_stopped_and_continued(self):
        """Workers, and now and then the broker, stand still for longer than a lease."""
        with Hall() as hall:
            loaded = Loaded(hall, in_flight=4)
            loaded.wait_for_progress(100)
            for turn, _ in enumerate(self.until()):
                _, worker = self.random.choice(loaded.workers)
                one = hall.broker if turn % 3 == 2 else worker
                one.signal(signal.SIGSTOP)
                self.stand_still(SILENCE + 1.5)
                one.signal(signal.SIGCONT)
                loaded.wait_for_progress(20)
            loaded.stop()
            self.check(loaded)

    def stand_still(self, seconds):
        end = time.monotonic() + seconds
        wait_until(lambda: time.monotonic() > end, "the lease is over", seconds + 5)

    def test_told_to_end(self):
        """SIGTERM under load: everybody ends within five seconds and with status 0."""
        with Hall() as hall:
            loaded = Loaded(hall)
            for _ in self.until():
                loaded.wait_for_progress(self.random.randint(1, 200))
                if self.random.random() < 0.5:
                    self.assertEqual(hall.broker.stop(), 0, hall.broker.said())
                    hall.start_broker()
                else:
                    at = self.random.randrange(len(loaded.workers))
                    department, worker = loaded.workers[at]
                    status = worker.stop()
                    self.assertTrue(status == 0 or worker.had_not_begun(), worker.said())
                    loaded.workers[at] = loaded.start_worker(department)
            loaded.wait_for_progress(100)
            loaded.stop()
            self.check(loaded)

    def test_broken_connections(self):
        """The load's connections are cut, or stay half open, again and again."""
        with Hall() as hall:
            hall.start_broker()
            with Relay(hall.endpoint) as relay:
                loaded = Loaded(hall, endpoint=relay.endpoint)
                for _ in self.until():
                    loaded.wait_for_progress(self.random.randint(20, 200))
                    if self.random.random() < 0.3:
                        relay.silence()
                    else:
                        relay.cut()
                loaded.wait_for_progress(100)
                loaded.stop()
                self.assertGreater(relay.cuts, 0)
                print(f"{relay.cuts} cut, {relay.half_open} half open", flush=True)
            self.check(loaded)

    def test_full_disk(self):
        """The store's disk fills: work is refused, nothing ends, and it goes on when there is room."""
        with Hall(plain=True) as hall, Mount(hall.data, "-t", "tmpfs", "-o", "size=6m", "none") as disk:
            loaded = Loaded(hall, in_flight=8)
            wait_until(lambda: "commit.full" in hall.broker.said(), "a full disk", 60)
            with hall.peer() as peer:
                numbers = itertools.count()
                wait_until(lambda: submit(peer, "five", {"name": "店" * 60}, f"full-{next(numbers)}")
                           .refusal.code == "full", "a refusal")
            self.assertTrue(hall.broker.is_running())
            self.assertEqual(run("mount", "-o", "remount,size=256m", disk.folder).returncode, 0)
            loaded.load.stop()
            loaded.load = loaded.start_load()
            loaded.wait_for_progress(200)
            loaded.stop()
            self.check(loaded, strangers={f"full-{number}" for number in range(next(numbers))})

    def test_power_cut(self):
        """The file system stops between any two writes, and comes back with what was synced."""
        with Hall(plain=True) as hall:
            image = hall.file("disk.img", "")
            os.truncate(image, 256 << 20)
            if run("mkfs.ext4", "-q", "-F", image).returncode != 0:
                raise unittest.SkipTest("needs mkfs.ext4")
            cuts = 0
            with Mount(hall.data, "-o", "loop", image) as disk:
                loaded = Loaded(hall)
                for _ in self.until():
                    loaded.wait_for_progress(self.random.randint(1, 300))
                    if not self.cut_power(hall, disk, image):
                        loaded.stop()
                        raise unittest.SkipTest("the file system cannot be shut down")
                    cuts += 1
                    hall.start_broker()
                loaded.wait_for_progress(100)
                loaded.stop()
                self.check(loaded)
            print(f"{cuts} power cuts", flush=True)

    def cut_power(self, hall, disk, image):
        folder = os.open(disk.folder, os.O_RDONLY)
        try:
            fcntl.ioctl(folder, EXT4_IOC_SHUTDOWN, struct.pack("I", NO_LOG_FLUSH))
        except OSError:
            return False
        finally:
            os.close(folder)
        status = hall.broker.process.wait(30)  # its next commit fails: nobody is told anything
        self.assertEqual(status, UNKNOWN_OUTCOME, hall.broker.said()[-2000:])
        self.assertEqual(run("umount", disk.folder).returncode, 0)
        done = run("mount", "-o", "loop", image, disk.folder)  # the journal is played
        self.assertEqual(done.returncode, 0, done.stderr)
        return True


if __name__ == "__main__":
    unittest.main()
