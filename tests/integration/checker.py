"""Compares what clients and workers were told with what the store holds.

It trusts nobody: it reads the journals (`binglian load --journal`, `binglian-worker --journal`) and
the dump (`binglian store dump`), and shares no code with the engine.

    python3 checker.py DUMP.jsonl JOURNAL.jsonl... [--earlier DUMP.jsonl]...

Prints one line for each fault and exits 1 if there is any. test_checker.py plants each kind.
"""

import argparse
import base64
import collections
import hashlib
import json
import sys

NO_CLOCK = {"pending", "received", "decided", "terminated", "not_needed", "blocked", "refused",
            "returned", "withdrawn", "correcting", "delivering", "delivered", "revoked"}
ENDED = {"completed", "closed", "refused", "returned", "withdrawn"}
NO_HASH = "00" * 32


def read_lines(path):
    """A file of JSON lines. A last line that a killed process left unfinished is dropped."""
    with open(path, encoding="utf-8") as file:
        lines = file.read().split("\n")
    for number, line in enumerate(lines, 1):
        if not line:
            continue
        try:
            yield json.loads(line)
        except ValueError:
            if number == len(lines):  # no newline after it: it was being written
                return
            raise ValueError(f"{path}:{number}: not JSON: {line[:80]}") from None


class Dump:
    """The store as `binglian store dump` prints it."""

    def __init__(self, lines):
        self.apps, self.items, self.events, self.audit = {}, {}, [], []
        self.timers = collections.defaultdict(list)
        for line in lines:
            kind = line["kind"]
            if kind == "app":
                self.apps[line["app"]] = line
            elif kind == "item":
                self.items[line["app"], line["item"]] = line
            elif kind == "event":
                self.events.append(line)
            elif kind == "timer":
                self.timers[line["app"]].append(line)
            elif kind == "audit":
                self.audit.append(line)
        self.event = {event["seq"]: event for event in self.events}


class Operation:
    """What somebody asked, when, and how it ended as he saw it."""

    def __init__(self, line):
        self.invoked = line["t"]
        self.asked = line
        self.phase, self.answer, self.ended = "info", None, None

    def end(self, line):
        self.phase, self.answer, self.ended = line["phase"], line, line["t"]


class Journal:
    """All journals together: operations, and queries as they were answered."""

    def __init__(self, lines):
        self.submits, self.decides, self.queries = [], [], []
        open_now = {}
        for line in lines:
            if line["op"] == "query":
                self.queries.append(line)
                continue
            name = line.get("proc"), line["op"], line["id"]
            if line["phase"] == "invoke":
                operation = open_now[name] = Operation(line)
                (self.submits if line["op"] == "submit" else self.decides).append(operation)
            elif name in open_now:
                open_now[name].end(line)


def events_have_no_gap(dump, journal):
    for number, event in enumerate(sorted(dump.events, key=lambda event: event["seq"]), 1):
        if event["seq"] != number:
            yield f"event {number} is missing or there twice (found {event['seq']})"
            return


def submits_are_kept(dump, journal):
    """Every acknowledged application is there, once, whole, under its own key and event."""
    of_key = {}
    items = collections.Counter(app for app, _ in dump.items)
    for submit in journal.submits:
        if submit.phase != "ok":
            continue
        key, app, seq = submit.asked["key"], submit.answer["app"], submit.answer["seq"]
        stored, event = dump.apps.get(app), dump.event.get(seq)
        if of_key.setdefault(key, app) != app:
            yield f"request {key} made two applications: {of_key[key]} and {app}"
        if stored is None:
            yield f"application {app} was acknowledged and is lost"
        elif stored["key"] != key:
            yield f"application {app} was acknowledged for {key} and is stored for {stored['key']}"
        elif items[app] != submit.answer["items"]:
            yield f"application {app} has {items[app]} items of {submit.answer['items']}"
        if event is None or event["app"] != app:
            yield f"event {seq}, acknowledged for {app}, is not that application's"


def nothing_is_invented(dump, journal):
    """Every application was asked for, and no two come from one request."""
    asked = {submit.asked["key"] for submit in journal.submits}
    seen = {}
    for app, line in dump.apps.items():
        if line["key"] not in asked:
            yield f"nobody submitted application {app}"
        if seen.setdefault(line["key"], app) != app:
            yield f"request {line['key']} made two applications: {seen[line['key']]} and {app}"


def decisions_are_kept(dump, journal):
    """Every acknowledged decision counts, as it was made."""
    for decide in journal.decides:
        if decide.phase != "ok":
            continue
        app, item, seq = decide.asked["app"], decide.asked["item"], decide.answer["seq"]
        lease = decide.answer.get("lease", decide.asked["lease"])
        stored, event = dump.items.get((app, item)), dump.event.get(seq)
        mine = [made for made in (stored or {}).get("decisions", []) if made["lease"] == lease]
        if not mine:
            yield f"{app}.{item}: the decision of attempt {lease} was acknowledged and is lost"
        elif not mine[0]["effective"] or mine[0]["decision"] != decide.asked["decision"]:
            yield f"{app}.{item}: attempt {lease} decided {decide.asked['decision']}, not {mine[0]}"
        if event is None or (event["app"], event["item"]) != (app, item):
            yield f"event {seq}, acknowledged for {app}.{item}, is not that item's"


def nothing_is_decided_twice(dump, journal):
    acknowledged = collections.defaultdict(set)
    for decide in journal.decides:
        if decide.phase == "ok":
            lease = decide.answer.get("lease", decide.asked["lease"])
            acknowledged[decide.asked["app"], decide.asked["item"]].add(lease)
    for (app, item), leases in acknowledged.items():
        if len(leases) > 1:
            yield f"{app}.{item}: decisions of two attempts were acknowledged: {sorted(leases)}"
    for (app, item), line in dump.items.items():
        effective = [made for made in line["decisions"] if made["effective"]]
        if len(effective) > 1:
            yield f"{app}.{item}: decided twice in the store"
        if (line["state"] == "decided") != (len(effective) == 1):
            yield f"{app}.{item}: {line['state']} with {len(effective)} decisions"
    events = collections.Counter(
        (event["app"], event["item"]) for event in dump.events if event["type"] == "decided")
    for (app, item), count in events.items():
        if count > 1:
            yield f"{app}.{item}: {count} events say that it was decided"


def decisions_were_made(dump, journal):
    """No decision in the store without a worker who made it."""
    made = {(decide.asked["app"], decide.asked["item"]): set() for decide in journal.decides}
    for decide in journal.decides:
        made[decide.asked["app"], decide.asked["item"]].add(decide.asked["decision"])
    for (app, item), line in dump.items.items():
        for decision in line["decisions"]:
            if decision["decision"] not in made.get((app, item), ()):
                yield f"{app}.{item}: nobody decided {decision['decision']}"


def deadlines_are_there(dump, journal):
    """Open work has a deadline, and a timer that comes no later; ended work has none."""
    newest = max((event["at_ms"] for event in dump.events), default=0)
    for app, line in dump.apps.items():
        least = 0 if line["state"] in ENDED else 1
        most = 0 if line["state"] in ENDED - {"completed"} else 1  # its outcomes may wait for delivery
        if not least <= len(dump.timers.get(app, [])) <= most:
            yield f"{app} is {line['state']} and has {len(dump.timers.get(app, []))} timers"
    for (app, item), stored in dump.items.items():
        if stored["state"] not in NO_CLOCK:
            yield from deadline_of_item(app, item, stored, dump.timers.get(app, []), newest)
    for app in dump.timers:
        if app not in dump.apps:
            yield f"a timer of {app}, which is not there"


def deadline_of_item(app, item, stored, timers, newest):
    if stored["promise_ms"] is None or stored["deadline_ms"] != stored["promise_ms"]:
        yield f"{app}.{item} is open and has no deadline"
        return
    ahead = [due for due in (stored["promise_ms"], stored["legal_ms"]) if due and due > newest]
    if ahead and timers and timers[0]["at_ms"] > min(ahead):
        yield f"{app}.{item} is due before the timer of its application"


def queries_saw_what_stays(dump, journal):
    """What a query showed is still there."""
    newest = max(dump.event, default=0)
    for query in journal.queries:
        if query["last"] > newest:
            yield f"a query saw event {query['last']}; the newest is {newest}"
        if query["app"] not in dump.apps:
            yield f"a query saw application {query['app']}, which is not there"


def time_runs_one_way(dump, journal):
    """Who was answered before another asked has the smaller event number."""
    done = [op for op in journal.submits + journal.decides if op.phase == "ok"]
    ends = sorted(done, key=lambda op: op.ended)
    highest, next_end = 0, 0
    for op in sorted(done, key=lambda op: op.invoked):
        while next_end < len(ends) and ends[next_end].ended < op.invoked:
            highest = max(highest, ends[next_end].answer["seq"])
            next_end += 1
        if op.answer["seq"] <= highest:
            yield f"event {op.answer['seq']} was asked for after {highest} was acknowledged"


def chain_is_whole(dump, journal):
    before = NO_HASH
    for link in dump.audit:
        if link["prev"] != before:
            yield f"the chain is broken before batch {link['seq']}"
        body = base64.b64decode(link["body"])
        if link["alg"] != "blake2b-256":
            yield f"batch {link['seq']}: unknown algorithm {link['alg']}"
        elif hashlib.blake2b(bytes.fromhex(link["prev"]) + body,
                             digest_size=32).hexdigest() != link["hash"]:
            yield f"batch {link['seq']} is not what was chained"
        before = link["hash"]


def nothing_has_moved(earlier, dump):
    """Applications, deadlines and events of an earlier dump are still what they were."""
    for app in earlier.apps:
        if app not in dump.apps:
            yield f"application {app} is gone since the earlier dump"
    for (app, item), line in earlier.items.items():
        now = dump.items.get((app, item), {})
        for name in ("promise_ms", "legal_ms"):
            if line[name] is not None and now.get(name) != line[name]:
                yield f"{app}.{item}: {name} was {line[name]} and is {now.get(name)}"
    for event in earlier.events:
        if dump.event.get(event["seq"]) != event:
            yield f"event {event['seq']} is not what it was in the earlier dump"


RULES = (events_have_no_gap, submits_are_kept, nothing_is_invented, decisions_are_kept,
         nothing_is_decided_twice, decisions_were_made, deadlines_are_there,
         queries_saw_what_stays, time_runs_one_way, chain_is_whole)


def check(dump, journal, earlier=()):
    """All faults, as sentences."""
    faults = [fault for rule in RULES for fault in rule(dump, journal)]
    return faults + [fault for old in earlier for fault in nothing_has_moved(old, dump)]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("dump")
    parser.add_argument("journals", nargs="+")
    parser.add_argument("--earlier", action="append", default=[])
    words = parser.parse_args()
    journal = Journal(line for path in words.journals for line in read_lines(path))
    dump = Dump(read_lines(words.dump))
    faults = check(dump, journal, [Dump(read_lines(path)) for path in words.earlier])
    for fault in faults:
        print(fault)
    print(f"{len(dump.apps)} applications, {len(dump.events)} events, "
          f"{len(journal.submits)} submissions, {len(journal.decides)} decisions, "
          f"{len(faults)} faults", file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
