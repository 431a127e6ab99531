"""Deadlines over jumps of the clock and restarts: never missed, never told twice, and always at
their own moment, however late somebody looks."""

import unittest

from hall import Hall, application, query, submit, wait_until
from wire import proto

DAY_US = 24 * 60 * 60 * 1000000
GREY, RED = proto.Light.Value("GREY"), proto.Light.Value("RED")


class DeadlinesTest(unittest.TestCase):
    def setUp(self):
        self.hall = Hall(plain=True)
        self.hall.__enter__()
        self.addCleanup(self.hall.__exit__, None, None, None)
        self.clock = self.hall.file("clock", "0\n")

    def start(self):
        self.hall.start_broker("--test-clock", self.clock)

    def jump(self, days):
        self.hall.file("clock", f"{days * DAY_US}\n")

    def events(self, peer, number):
        answer = query(peer, events=proto.GetEvents(number=number))
        return [view.event for view in answer.events]

    def overdue(self, peer, number):
        return [event for event in self.events(peer, number) if event.HasField("overdue")]

    def assert_told_once(self, peer, view):
        """Each of the five items and the whole, promise and legal: red once, at its own moment."""
        clocks = {}
        for event in self.overdue(peer, view.number):
            name = event.overdue.clock
            key = "whole" if name.whole else view.items[name.item].id, name.legal
            self.assertNotIn(key, clocks)
            clocks[key] = event.at
        due = {("whole", False): view.promise.due_at, ("whole", True): view.legal.due_at}
        for item in view.items:
            due[item.id, False], due[item.id, True] = item.promise.due_at, item.legal.due_at
        self.assertEqual(clocks, due)

    def test_a_jump_while_it_runs(self):
        self.start()
        with self.hall.peer() as peer:
            number = submit(peer, "five", {"name": "x"}, "r").application
            view = application(peer, number)
            self.assertEqual(self.overdue(peer, number), [])
            self.jump(60)
            wait_until(lambda: len(self.overdue(peer, number)) == 12, "twelve clocks are red")
            self.assert_told_once(peer, view)
            self.assertEqual(application(peer, number).light, RED)
            red = query(peer, applications=proto.ListApplications(light=RED)).applications
            self.assertEqual([one.number for one in red], [number])

    def test_a_jump_while_it_is_dead(self):
        self.start()
        with self.hall.peer() as peer:
            views = [application(peer, submit(peer, "five", {"name": "x"}, f"r{i}").application)
                     for i in range(20)]
        self.hall.broker.kill()
        self.jump(60)
        self.start()
        with self.hall.peer() as peer:
            for view in views:
                wait_until(lambda n=view.number: len(self.overdue(peer, n)) == 12, "all are red")
                self.assert_told_once(peer, view)
        self.hall.broker.kill()
        self.start()
        with self.hall.peer() as peer:
            for view in views:  # once is enough
                self.assert_told_once(peer, view)

    def test_a_jump_backwards(self):
        self.jump(30)
        self.start()
        with self.hall.peer() as peer:
            first = submit(peer, "five", {"name": "x"}, "a")
            self.jump(0)
            second = submit(peer, "five", {"name": "y"}, "b")
            self.assertFalse(second.HasField("refusal"))
            self.assertGreaterEqual(second.promise_at, first.promise_at)
            times = [event.at for number in (first.application, second.application)
                     for event in self.events(peer, number)]
            self.assertEqual(times, sorted(times))
            self.assertEqual(self.overdue(peer, first.application), [])

    def test_an_overdue_item_is_still_decided(self):
        self.start()
        with self.hall.peer() as peer:
            number = submit(peer, "five", {"name": "x"}, "r").application
            self.jump(4)
            wait_until(lambda: self.overdue(peer, number), "red")
            for department in ("amr", "fire", "hurd", "eco", "urban"):
                self.hall.start_worker(department, "--decide", "approve")
            wait_until(lambda: application(peer, number).light == GREY, "completed")
            red = len(self.overdue(peer, number))
            self.jump(60)
            submit(peer, "five", {"name": "y"}, "s")
            later = self.overdue(peer, number)[red:]  # what has ended is left alone
            self.assertTrue(all(event.overdue.clock.kind == proto.ClockName.DELIVER
                                for event in later))


if __name__ == "__main__":
    unittest.main()
