"""A copy made while a hall works: it is the whole store at one event, it does not stop anybody, and
a broker that starts from it goes on from there.
"""

import json
import os
import shutil
import subprocess
import unittest

import checker
from hall import Hall, program, application, submit, wait_until
from loaded import Loaded, acknowledged
from wire import proto


def store(*words, status=0):
    run = subprocess.run([program("binglian"), "store", *words, "-o", "json"], capture_output=True,
                         encoding="utf-8", timeout=120)
    assert run.returncode == status, f"{words} ended with {run.returncode}: {run.stdout}{run.stderr}"
    return json.loads(run.stdout) if status == 0 else run.stderr


def until(journal, event):
    """The journal as if all that was acknowledged after an event had an outcome unknown."""
    for kind in (journal.submits, journal.decides):
        for one in kind:
            if one.phase == "ok" and one.answer["seq"] > event:
                one.phase = "info"
    journal.queries = [query for query in journal.queries if query["last"] <= event]
    return journal


class BackupTest(unittest.TestCase):
    def test_hot_backup(self):
        with Hall() as hall:
            loaded = Loaded(hall)
            loaded.wait_for_progress(300)
            before = loaded.journal_bytes()
            copy = hall.path("copy")
            made = store("backup", hall.data, copy, "--rate", "4")
            self.assertGreater(loaded.journal_bytes(), before)  # nobody stood still
            loaded.wait_for_progress(100)
            loaded.stop()
            dump, journal, faults = loaded.check()
            self.assertEqual(faults[:20], [])
            self.assertGreater(len(dump.events), made["event"])

            self.assertEqual(store("check", copy)["event"], made["event"])
            restored = hall.path("restored")
            self.assertEqual(store("restore", copy, restored)["chain"], made["chain"])
            copied = checker.Dump(checker.read_lines(loaded.dump("copy.jsonl", restored)))
            self.assertEqual(len(copied.events), made["event"])
            self.assertEqual(copied.audit[-1]["hash"], made["chain"])
            faults = checker.check(copied, until(journal, made["event"]))
            self.assertEqual(faults[:20], [])
            self.assertGreater(min(acknowledged(journal)), 10)

            shutil.rmtree(hall.data)  # the machine is gone; its copy takes over, with its keys
            os.rename(restored, hall.data)
            hall.start_broker()
            hall.start_worker("fire", "--decide", "approve")
            with hall.peer() as peer:
                form = {"name": "后来的店"}
                answer = submit(peer, "five", form, "after-the-copy")
                self.assertFalse(answer.HasField("refusal"), answer)
                self.assertGreater(answer.event, made["event"])
                wait_until(lambda: any(item.state == proto.Item.DECIDED for item in
                                       application(peer, answer.application).items), "a decision")

    def test_refusals(self):
        with Hall(plain=True) as hall:
            hall.start_broker()
            copy = hall.path("copy")
            store("backup", hall.data, copy)
            store("backup", hall.data, copy, status=5)  # there is one already
            store("restore", copy, hall.data, status=5)
            store("backup", hall.path("nowhere"), hall.path("other"), status=3)
            store("restore", hall.workflows, hall.path("new"), status=3)  # no copy
            self.assertFalse(os.listdir(hall.path("new")))
            with open(copy + "/data.mdb", "r+b") as file:
                file.seek(-100, os.SEEK_END)
                byte = file.read(1)
                file.seek(-100, os.SEEK_END)
                file.write(bytes([byte[0] ^ 1]))
            self.assertIn("data.mdb", store("restore", copy, hall.path("new"), status=1))
            store("check", copy, status=1)


if __name__ == "__main__":
    unittest.main()
