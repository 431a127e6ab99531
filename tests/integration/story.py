"""A hall in which a story is told under a clock of its own: a moment is set, somebody does
something at the command line, and what it led to is compared with what was worked out here.

The days are reckoned from the calendar's file by the rules of the law alone (domain.md 4): nothing
is asked of the program that is to be tested.
"""

import datetime
import json
import os
import re
import subprocess
import time

import yaml

from hall import BUILD, Hall, command, program, wait_until
from wire import SOURCE, proto

ZONE = datetime.timezone(datetime.timedelta(hours=8))
DAY = datetime.timedelta(days=1)
MICROSECOND = datetime.timedelta(microseconds=1)


def moment(text):
    """2026-03-02 09:10 at the hall."""
    return datetime.datetime.fromisoformat(text).replace(tzinfo=ZONE)


class Days:
    """The working days of a calendar file, and what follows from them."""

    def __init__(self, file):
        with open(file, encoding="utf-8") as stream:
            calendar = yaml.safe_load(stream)
        self.holidays, self.workdays = set(), set()
        for year, rules in calendar["years"].items():
            self.holidays |= self.dates(year, rules["holidays"])
            self.workdays |= self.dates(year, rules["workdays"])
        self.fixed, self.published = calendar["fixed"], set(calendar["years"])
        day = calendar["hours"][0]["day"]
        self.hours = [[datetime.time.fromisoformat(end) for end in part.split("-")] for part in day]

    @staticmethod
    def dates(year, ranges):
        dates = set()
        for words in ranges:
            ends = [datetime.date.fromisoformat(f"{year}-{end}") for end in str(words).split("..")]
            dates |= {ends[0] + DAY * i for i in range((ends[-1] - ends[0]).days + 1)}
        return dates

    def works(self, day):
        if day.year not in self.published:  # till its notice comes
            return day.weekday() < 5 and day not in self.dates(day.year, self.fixed)
        return day not in self.holidays and (day.weekday() < 5 or day in self.workdays)

    def add(self, day, count):
        """The count-th working day strictly after the day."""
        while count > 0:
            day += DAY
            count -= self.works(day)
        return day

    def between(self, first, last):
        """How many working days there are after the first, up to and with the last."""
        return sum(self.works(first + DAY * i) for i in range(1, (last - first).days + 1))

    def at(self, day, time_of_day):
        return datetime.datetime.combine(day, time_of_day, ZONE)

    def close(self, day):
        return self.at(day, self.hours[-1][1])

    def opening(self, day):
        """Of the first working day from this one on."""
        return self.at(day if self.works(day) else self.add(day, 1), self.hours[0][0])

    def effective(self, now):
        """When something that is done now counts as done: in office hours."""
        day = now.date()
        if not self.works(day) or now > self.close(day):
            return self.opening(self.add(day, 1))
        for begin, end in self.hours:
            if now <= self.at(day, end):
                return max(now, self.at(day, begin))
        raise AssertionError(now)

    def due(self, start, days, *stops):
        """The close of the last of so many days. A stop is (from, to) and their days do not count:
        each once, however many stops lie over it."""
        first, stopped = self.effective(start).date(), set()
        for begin, end in sorted(stops):
            if begin <= self.add(first, days + len(stopped)):  # else it was over before
                after = (begin + DAY * i for i in range(1, (end - begin).days + 1))
                stopped |= {day for day in after if self.works(day)}
        return self.close(self.add(first, days + len(stopped)))

    def minutes(self, start, count):
        """So many minutes of office time later."""
        now, left = self.effective(start), datetime.timedelta(minutes=count)
        while True:
            for begin, end in ((self.at(now.date(), b), self.at(now.date(), e))
                               for b, e in self.hours):
                begin = max(begin, now)
                if begin + left <= end:
                    return begin + left
                left -= max(end - begin, datetime.timedelta())
            now = self.opening(self.add(now.date(), 1))

    def half(self, start):
        """Half a working day: half of the day's minutes."""
        whole = sum((self.at(datetime.date.min, e) - self.at(datetime.date.min, b)
                     for b, e in self.hours), datetime.timedelta())
        return self.minutes(start, whole / MICROSECOND / 60e6 / 2)


def rules():
    """How the program words each of its refusals, as patterns: by the table it makes them from."""
    with open(SOURCE + "/engine/core/sentence.c", encoding="utf-8") as file:
        table = file.read()
    patterns = {}
    for rule, words in re.findall(r'\{ "([a-z-]+)", \{ "((?:[^"\\]|\\.)*)"', table):
        pattern = re.escape(words).replace("<", "(?:").replace(">", ")?")
        patterns.setdefault(rule, re.sub(r"\\\{\w+\\\}", ".*", pattern))
    return patterns


class Story:
    """One hall, one calendar, one course of events."""

    rules = rules()

    def __init__(self, title, begins):
        self.hall, self.begins, self.lines = Hall(plain=True), begins, [f"=== {title}"]
        self.answer = None  # of the last submission
        self.clock = self.hall.path("clock")
        self.days = Days(SOURCE + "/workflows/calendars/cn.yaml")

    def __enter__(self):
        self.hall.__enter__()
        self.at(self.begins)
        self.hall.start_broker("--test-clock", self.clock)
        return self

    def __exit__(self, kind, error, trace):
        self.hall.__exit__(kind, error, trace)

    # --- time ---

    def at(self, text):
        """The clock of the hall is set; it is returned as the moment it was set to."""
        self.now = moment(text) if isinstance(text, str) else text
        offset = self.now.timestamp() - time.time()
        os.replace(self.hall.file("clock.new", f"{int(offset * 1000000)}\n"), self.clock)
        return self.now

    # --- people ---

    def run(self, who, *words, stdin=None):
        """Types a command, at the hall's moment."""
        environment = dict(os.environ, BINGLIAN_DATA=self.hall.data, LANG="C.UTF-8", NO_COLOR="1",
                           LD_PRELOAD=BUILD + "/lib/libclock.so", BINGLIAN_CLOCK=self.clock,
                           ASAN_OPTIONS="verify_asan_link_order=0")
        return subprocess.run([program("binglian"), *words, "--as", who], env=environment,
                              timeout=60, input=stdin, capture_output=True, encoding="utf-8")

    def ask(self, who, *words, stdin=None):
        """Types a command that is done, and returns what it prints."""
        run = self.run(who, *words, stdin=stdin)
        assert run.returncode == 0, (self.now, who, words, run.returncode, run.stdout, run.stderr)
        return json.loads(run.stdout) if "json" in words else run.stdout

    def act(self, who, *words):
        """Does something and returns the answer."""
        return self.ask(who, *words, "-o", "json")

    def refused(self, rule, words, who, *command):
        """It is not allowed, and says by which rule, who may, and what else is possible."""
        run = self.run(who, *command, "--lang", "zh")
        said = run.stderr
        assert run.returncode != 0, f"{command} was allowed: {run.stdout}{said}"
        assert re.search("binglian: " + self.rules[rule] + r" \[[a-z-]+\]", said), (rule, said)
        assert words in said, (words, said)
        self.lines.append(f"{self.now:%Y-%m-%d %H:%M}  ✗ {who}: {said.strip()}")

    def submission(self, workflow, form, **rest):
        """The file of an application."""
        document = {"workflow": workflow, "form": form, **rest}
        for material in rest.get("materials", {}).values():
            if material != "later":
                self.hall.file(material, "%PDF-1.4\n")
        return self.hall.file("submission.yaml", yaml.safe_dump(document, allow_unicode=True))

    def submit(self, who, workflow, form, *words, **rest):
        """Hands in an application and returns its number."""
        self.answer = self.act(who, "submit", self.submission(workflow, form, **rest), *words)
        return self.answer["application"]

    def worker(self, department, *words):
        """The department's program."""
        return self.hall.start_worker(department, *words)

    def absent(self, department, post, begins, ends, deputy=""):
        """The post is vacant; its deputy stands in."""
        begin, end = (int(moment(day).timestamp()) * 1000000 for day in (begins, ends))
        absence = proto.Absence(department=department, post=post, deputy=deputy, to=end,
                                **{"from": begin})
        with self.hall.peer() as peer:
            answer = command(peer, set_absence=proto.SetAbsence(absence=absence))
        assert not answer.HasField("refusal"), answer

    # --- what is seen ---

    def show(self, number, who="administrator/x"):
        return self.ask(who, "show", number, "-o", "json")

    def item(self, number, item):
        view = self.show(number)
        return next(one for one in view["items"] if one["id"] == item)

    def states(self, number):
        """Item → state."""
        return {one["id"]: one["state"] for one in self.show(number)["items"]}

    def due(self, number, item=None, clock="promise"):
        """When a countdown of an item, or of the whole, is over; waits until it has begun."""
        def begun():
            view = self.item(number, item) if item else self.show(number)
            return view.get(clock)
        return datetime.datetime.fromisoformat(wait_until(begun, f"{clock} of {item or number}")["due_at"])

    def events(self, number, what=None, item=None):
        """Its events; of one kind, of one item."""
        rows = self.ask("administrator/x", "events", number, "-o", "json")["items"]
        return [row for row in rows
                if (what is None or what in row["event"])
                and (item is None or row.get("item") == item)]

    def wait(self, number, what, item=None, count=1):
        """Waits until there are so many events of a kind, and returns the last."""
        found = wait_until(lambda: (rows := self.events(number, what, item)) and len(rows) >= count
                           and rows, f"{what} of {number}.{item}")
        event = found[-1]["event"]
        return {**event[what], "moment": datetime.datetime.fromisoformat(event["at"])}

    def overdue(self, number, item, kind=None):
        """The event that one of an item's limits was over: its promise, or what `kind` says."""
        def found():
            rows = [row["event"] for row in self.events(number, "overdue", item)]
            return [event for event in rows if event["overdue"]["clock"].get("kind") == kind
                    and "legal" not in event["overdue"]["clock"]]
        event = wait_until(found, f"{kind} of {number}.{item} overdue")[-1]
        return {**event["overdue"], "moment": datetime.datetime.fromisoformat(event["at"])}

    def tell(self, number):
        """The timeline as the hall prints it."""
        self.lines.append(self.ask("administrator/x", "show", number, "--lang", "zh"))
        self.lines.append(self.ask("administrator/x", "events", number, "--lang", "zh"))
