"""The checker finds what it is there to find: each kind of fault is planted once."""

import base64
import copy
import hashlib
import tempfile
import unittest

import checker


def chain(*bodies):
    links, before = [], checker.NO_HASH
    for number, body in enumerate(bodies, 1):
        after = hashlib.blake2b(bytes.fromhex(before) + body, digest_size=32).hexdigest()
        links.append({"kind": "audit", "seq": number, "alg": "blake2b-256", "prev": before,
                      "body": base64.b64encode(body).decode(), "hash": after})
        before = after
    return links


def item(app, name, state, decisions):
    return {"kind": "item", "app": app, "item": name, "state": state, "deadline_ms": 9000,
            "promise_ms": 9000, "legal_ms": 12000, "decisions": decisions}


def event(seq, app, what, name, at):
    return {"kind": "event", "seq": seq, "app": app, "type": what, "item": name, "at_ms": at}


# Two applications: of A both items are decided, of B one of two.
GOOD_DUMP = [
    {"kind": "app", "app": "A", "key": "ka", "state": "completed"},
    {"kind": "app", "app": "B", "key": "kb", "state": "in_progress"},
    item("A", "x", "decided", [{"lease": "1-1", "decision": "approve", "effective": True}]),
    item("A", "y", "decided", [{"lease": "1-2", "decision": "reject", "effective": True}]),
    item("B", "x", "decided", [{"lease": "2-1", "decision": "approve", "effective": True}]),
    item("B", "y", "accepted", []),
    event(1, "A", "submitted", None, 1000),
    event(2, "B", "submitted", None, 1001),
    event(3, "A", "decided", "x", 1002),
    event(4, "A", "decided", "y", 1003),
    event(5, "B", "decided", "x", 1004),
    {"kind": "timer", "app": "B", "item": "y", "at_ms": 8000},
    *chain(b"one", b"two"),
]


def act(proc, number, op, times, ok, **words):
    """What one operation wrote: it is invoked and, with `ok`, answered."""
    lines = [{"t": times[0], "proc": proc, "id": number, "op": op, "phase": "invoke", **words}]
    if ok is not None:
        lines.append({"t": times[1], "proc": proc, "id": number, "op": op, "phase": "ok", **words,
                      **ok})
    return lines


GOOD_JOURNAL = [
    *act("c", 1, "submit", (10, 20), {"app": "A", "items": 2, "seq": 1}, key="ka"),
    *act("c", 2, "submit", (11, 21), {"app": "B", "items": 2, "seq": 2}, key="kb"),
    *act("w", 1, "decide", (30, 40), {"seq": 3}, app="A", item="x", lease="1-1",
         decision="approve"),
    *act("w", 2, "decide", (31, 41), {"seq": 4}, app="A", item="y", lease="1-2",
         decision="reject"),
    *act("w", 3, "decide", (50, 60), None, app="B", item="x", lease="2-1", decision="approve"),
    {"t": 70, "op": "query", "phase": "ok", "app": "A", "ver": 3, "last": 5},
]


def remove(**words):
    """A fault: the line of the dump that has these values is not there."""
    def plant(dump, journal):
        dump[:] = [line for line in dump if not words.items() <= line.items()]
    return plant


def change(which, **words):
    """A fault: the line of the dump that has the values `which` has others."""
    def plant(dump, journal):
        for line in dump:
            if which.items() <= line.items():
                line.update(words)
    return plant


def add(*lines):
    def plant(dump, journal):
        dump.extend(lines)
    return plant


def answer(number, **words):
    """A fault: the journal's line `number` says something else."""
    def plant(dump, journal):
        journal[number].update(words)
    return plant


def journal_adds(*lines):
    def plant(dump, journal):
        journal.extend(lines)
    return plant


TWICE = [{"lease": "1-1", "decision": "approve", "effective": True},
         {"lease": "1-9", "decision": "approve", "effective": True}]
A_X = {"kind": "item", "app": "A", "item": "x"}
B_Y = {"kind": "item", "app": "B", "item": "y"}

FAULTS = {
    "an event is missing": (remove(kind="event", seq=3), "event 3 is missing"),
    "an event is there twice": (add(event(4, "A", "decided", "y", 1003)), "there twice"),
    "the first event is missing": (remove(kind="event", seq=1), "event 1 is missing"),
    "an application is lost": (remove(kind="app", app="A"), "acknowledged and is lost"),
    "an application has another key": (
        change({"kind": "app", "app": "A"}, key="kz"), "is stored for kz"),
    "an item is lost": (remove(**B_Y), "has 1 items of 2"),
    "an application is not this event's": (answer(1, seq=2), "is not that application's"),
    "one request was given two numbers": (
        journal_adds(*act("d", 1, "submit", (80, 90), {"app": "B", "items": 2, "seq": 6},
                          key="ka")), "made two applications"),
    "one request is stored twice": (
        add({"kind": "app", "app": "C", "key": "ka", "state": "completed"}),
        "made two applications: A and C"),
    "an application out of nothing": (
        add({"kind": "app", "app": "C", "key": "kc", "state": "completed"}), "nobody submitted"),
    "a decision is lost": (change(A_X, decisions=[]), "acknowledged and is lost"),
    "a decision is another attempt's": (
        change(A_X, decisions=[{"lease": "1-7", "decision": "approve", "effective": True}]),
        "attempt 1-1 was acknowledged and is lost"),
    "a decision became its opposite": (
        change(A_X, decisions=[{"lease": "1-1", "decision": "reject", "effective": True}]),
        "decided approve, not"),
    "an acknowledged decision does not count": (
        change(A_X, decisions=[{"lease": "1-1", "decision": "approve", "effective": False}]),
        "decided approve, not"),
    "a decision is not this event's": (answer(5, seq=4), "is not that item's"),
    "two attempts were acknowledged": (
        journal_adds(*act("w", 9, "decide", (80, 90), {"seq": 6}, app="A", item="x", lease="1-9",
                          decision="approve")), "decisions of two attempts"),
    "two decisions count": (change(A_X, decisions=TWICE), "decided twice in the store"),
    "two events decide one item": (add(event(6, "A", "decided", "x", 1005)), "2 events say"),
    "decided without a decision": (change(B_Y, state="decided"), "decided with 0 decisions"),
    "a decision that nobody made": (
        change({"kind": "item", "app": "B", "item": "x"},
               decisions=[{"lease": "2-1", "decision": "reject", "effective": True}]),
        "nobody decided reject"),
    "open without a timer": (remove(kind="timer"), "has 0 timers"),
    "two timers": (add({"kind": "timer", "app": "B", "item": None, "at_ms": 7000}), "has 2 timers"),
    "ended with two timers": (
        add({"kind": "timer", "app": "A", "item": None, "at_ms": 7000},
            {"kind": "timer", "app": "A", "item": None, "at_ms": 7001}), "completed and has 2"),
    "a timer of nobody": (
        add({"kind": "timer", "app": "Z", "item": None, "at_ms": 7000}), "which is not there"),
    "the timer is too late": (change({"kind": "timer"}, at_ms=9001), "before the timer"),
    "a deadline is lost": (change(B_Y, promise_ms=None, deadline_ms=None), "has no deadline"),
    "the deadline is not the promise": (change(B_Y, deadline_ms=9500), "has no deadline"),
    "a query saw what was lost": (answer(-1, last=6), "a query saw event 6"),
    "a query saw an application that was lost": (answer(-1, app="Q"), "a query saw application Q"),
    "numbers run backwards": (answer(4, t=22), None),  # the good history still: a control
    "a later request has an earlier number": (
        journal_adds(*act("e", 1, "submit", (61, 62), {"app": "A", "items": 2, "seq": 1},
                          key="ka")), "was asked for after"),
    "the chain is broken": (change({"kind": "audit", "seq": 2}, prev="11" * 32), "chain is broken"),
    "a batch was changed": (
        change({"kind": "audit", "seq": 1}, body=base64.b64encode(b"0ne").decode()),
        "is not what was chained"),
    "an unknown algorithm": (change({"kind": "audit", "seq": 1}, alg="crc"), "unknown algorithm"),
}

EARLIER_FAULTS = {
    "an application is gone": (remove(kind="app", app="A"), "is gone since"),
    "a deadline has moved": (change(B_Y, promise_ms=9999, deadline_ms=9999), "promise_ms was 9000"),
    "a legal limit has moved": (change(B_Y, legal_ms=1), "legal_ms was 12000"),
    "an event was rewritten": (change({"kind": "event", "seq": 3}, at_ms=5), "event 3 is not what"),
}


def faults_of(plant):
    dump, journal = copy.deepcopy(GOOD_DUMP), copy.deepcopy(GOOD_JOURNAL)
    plant(dump, journal)
    return checker.check(checker.Dump(dump), checker.Journal(journal), [checker.Dump(GOOD_DUMP)])


class CheckerTest(unittest.TestCase):
    def test_a_good_history_has_no_fault(self):
        self.assertEqual(faults_of(lambda dump, journal: None), [])

    def test_a_line_that_a_killed_process_left_unfinished(self):
        with tempfile.NamedTemporaryFile("w", encoding="utf-8") as file:
            file.write('{"a":1}\n{"b":')
            file.flush()
            self.assertEqual(list(checker.read_lines(file.name)), [{"a": 1}])
            file.write("\n{}\n")
            file.flush()
            self.assertRaises(ValueError, list, checker.read_lines(file.name))


def add_tests(table, prefix):
    for name, (plant, sentence) in table.items():
        def test(self, plant=plant, sentence=sentence):
            faults = faults_of(plant)
            if sentence is None:
                self.assertEqual(faults, [])
            else:
                self.assertTrue(any(sentence in fault for fault in faults), faults)
        setattr(CheckerTest, "test_" + prefix + name.replace(" ", "_"), test)


add_tests(FAULTS, "")
add_tests(EARLIER_FAULTS, "earlier_")

if __name__ == "__main__":
    unittest.main()
