"""Departments work side by side, and one that stands still holds up nobody else."""

import signal
import time
import unittest

from hall import Hall, application, proto_state, query, submit, wait_completed, wait_until
from wire import proto

FIVE = ["amr", "fire", "hurd", "eco", "urban"]
TASK = "200ms"
LITTLE_MORE_MS = 400  # one after another they would take 1000
FORM = {"name": "老张面馆"}


def start(hall, departments):
    hall.start_broker()
    workers = {department: hall.start_worker(department, "--decide", "approve", "--delay", TASK,
                                             "--concurrency", "20")
               for department in departments}
    with hall.peer() as peer:
        wait_until(lambda: len(query(peer, workers=proto.ListWorkers()).workers)
                   == len(departments), "all workers connected")
    return workers


def took_ms(peer, view):
    return (application(peer, view.number).ended_at - view.submitted_at) / 1000


class ConcurrencyTest(unittest.TestCase):
    def test_five_departments_take_little_more_than_one(self):
        with Hall() as hall:
            start(hall, FIVE)
            with hall.peer(identity="admin") as peer:
                begun = time.monotonic()
                number = submit(peer, "five", FORM, "one").application
                view = wait_completed(peer, number)
                self.assertLess((time.monotonic() - begun) * 1000, LITTLE_MORE_MS)
                self.assertGreaterEqual(took_ms(peer, view), 200)
                self.assertEqual([item.result for item in view.items],
                                 [proto.Item.Result.Value("GRANTED")] * 5)

    def test_a_stopped_department_delays_only_its_own(self):
        with Hall() as hall:
            workers = start(hall, FIVE + ["tobacco"])
            workers["tobacco"].signal(signal.SIGSTOP)
            with hall.peer() as peer:
                waiting = [submit(peer, "six", FORM, f"six-{i}").application for i in range(30)]
                for i in range(10):
                    view = wait_completed(peer, submit(peer, "five", FORM, f"five-{i}").application)
                    self.assertLess(took_ms(peer, view), LITTLE_MORE_MS)
                for number in waiting:  # the other five have done their part of these, too
                    wait_until(lambda n=number: self.decided(peer, n) == 5, "five items decided")
                    self.assertNotEqual(application(peer, number).state, proto_state("COMPLETED"))
                workers["tobacco"].signal(signal.SIGCONT)
                for number in waiting:
                    wait_completed(peer, number, 20)

    def decided(self, peer, number):
        decided = proto.Item.State.Value("DECIDED")
        return sum(item.state == decided for item in application(peer, number).items)


if __name__ == "__main__":
    unittest.main()
