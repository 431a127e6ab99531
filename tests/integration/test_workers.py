"""Departments served by programs of all kinds, from the application to its end."""

import json
import signal
import unittest

from hall import Hall, application, proto_state, query, submit, wait_completed, wait_until
from wire import SOURCE, proto

PYTHON = "/usr/bin/python3"
PYTHON_WORKER = [PYTHON, "-B", SOURCE + "/workers/examples/python/worker.py"]
OTHERS = ["amr", "hurd", "eco", "urban"]
GRANTED, DENIED = (proto.Item.Result.Value(name) for name in ("GRANTED", "DENIED"))

# Long-lived programs for --pipe: they keep tasks until they have two, and answer the later first.
PIPE = """
import json, sys
while True:
    tasks = [sys.stdin.readline(), sys.stdin.readline()]
    if not all(tasks):
        sys.exit()
    for line in reversed(tasks):
        task = json.loads(line)
        print(json.dumps({"task": task["task"], "attempt": task["attempt"],
                          "decision": "approve", "opinion": task["form"]["name"]}), flush=True)
"""

# For --exec: fails once for each application, then rejects.
EXEC = """
import json, os, sys
task = json.load(sys.stdin)
mark = sys.argv[1] + "/" + task["application"]
if not os.path.exists(mark):
    open(mark, "w").close()
    sys.exit("the register is away")
json.dump({"attempt": task["attempt"], "decision": "reject", "reason": "面积不符"}, sys.stdout)
"""

# For --exec: a channel that fails once, and then says to whom it has sent.
SMS = """
import json, os, sys
text = sys.stdin.read()
task, mark = json.loads(text), sys.argv[1] + "/mark"
if not os.path.exists(mark):
    open(mark, "w").close()
    sys.exit("no signal")
with open(sys.argv[1] + "/task.json", "w") as file:
    file.write(text)
receipt = "SMS-" + task["to"]["name"] + "-" + task["to"]["phone"]
json.dump({"decision": "approve", "outcome": {"number": receipt}}, sys.stdout)
"""

RULES = """
rules:
  - {when: "form.name.contains('黑')", decision: reject, reason: 名称不予登记}
  - {decision: approve, opinion: 同意, outcome: {number: 消-001}}
"""


def results(view):
    return {item.id: item.result for item in view.items}


class WorkersTest(unittest.TestCase):
    def serve_with_python(self, plain):
        with Hall(plain=plain) as hall:
            hall.start_broker()
            python = hall.start_other(PYTHON_WORKER, "fire")
            for department in OTHERS:
                hall.start_worker(department, "--decide", "approve", "--concurrency", "10")
            with hall.peer() as peer:
                numbers = [submit(peer, "five", {"name": f"面馆{i}"}, f"r{i}").application
                           for i in range(20)]
                for number in numbers:
                    view = wait_completed(peer, number)
                    self.assertEqual(set(results(view).values()), {GRANTED})
            self.assertEqual(python.stop(), 0, python.said())

    def test_python_with_keys(self):
        self.serve_with_python(plain=False)

    def test_python_plain(self):
        self.serve_with_python(plain=True)

    def test_python_goes_on_after_the_broker_was_killed(self):
        with Hall() as hall:
            hall.start_broker()
            hall.start_other(PYTHON_WORKER, "fire")
            for department in OTHERS:
                hall.start_worker(department, "--decide", "approve")
            for round_ in range(2):
                with hall.peer() as peer:
                    wait_completed(peer, submit(peer, "five", {"name": "面馆"},
                                                f"r{round_}").application, 30)
                hall.broker.kill()
                hall.start_broker()
            with hall.peer() as peer:
                wait_completed(peer, submit(peer, "five", {"name": "面馆"}, "last").application, 30)

    def test_exec_pipe_and_rules(self):
        with Hall() as hall:
            hall.start_broker()
            pipe, execute = hall.file("pipe.py", PIPE), hall.file("exec.py", EXEC)
            hall.start_worker("amr", "--decide", "approve")
            hall.start_worker("hurd", "--decide", "approve")
            hall.start_worker("eco", "--pipe", f"{PYTHON} '{pipe}'", "--concurrency", "2")
            hall.start_worker("urban", "--exec", f"{PYTHON} {execute} '{hall.folder}'")
            hall.start_worker("fire", "--decide", hall.file("rules.yaml", RULES))
            with hall.peer() as peer:
                numbers = [submit(peer, "five", {"name": name}, name).application
                           for name in ("白店", "黑店")]
                views = [wait_completed(peer, number, 30) for number in numbers]
            for view, fire in zip(views, (GRANTED, DENIED)):
                self.assertEqual(results(view), {
                    "amr_item": GRANTED, "hurd_item": GRANTED, "eco_item": GRANTED,
                    "urban_item": DENIED, "fire_item": fire})
            documents = [item.document for item in views[0].items if item.id == "fire_item"]
            self.assertEqual(documents, ["消-001"])

    def test_sigterm_finishes_what_has_begun(self):
        with Hall() as hall:
            hall.start_broker()
            journal = hall.path("journal")
            for department in OTHERS:
                hall.start_worker(department, "--decide", "approve")
            worker = hall.start_worker("fire", "--decide", "approve", "--delay", "1s",
                                       "--concurrency", "1", "--journal", journal)
            with hall.peer() as peer:
                first = submit(peer, "five", {"name": "一"}, "a").application
                second = submit(peer, "five", {"name": "二"}, "b").application
                wait_until(lambda: self.held(peer) == [1], "a task is held")
                self.assertEqual(worker.stop(), 0)
                wait_completed(peer, first)
                self.assertNotEqual(application(peer, second).state, proto_state("COMPLETED"))
                hall.start_worker("fire", "--decide", "approve")
                wait_completed(peer, second)
            with open(journal, encoding="utf-8") as file:
                acts = [json.loads(line) for line in file]
            self.assertEqual([(act["phase"], act["app"], act["item"]) for act in acts],
                             [("invoke", first, "fire_item"), ("ok", first, "fire_item")])
            self.assertGreater(acts[1]["seq"], 0)

    def held(self, peer):
        """How many tasks each worker of fire has."""
        answer = query(peer, workers=proto.ListWorkers(department="fire"))
        return [worker.held for worker in answer.workers]

    def test_applicants_are_told(self):
        """A channel fails, is tried again, and says at last that it has sent the notice."""
        with Hall() as hall:
            with open(hall.workflows + "/five.yaml", "a", encoding="utf-8") as file:
                file.write("notices: [sms]\n")
            hall.start_broker()
            program = hall.file("sms.py", SMS)
            with hall.peer() as peer:
                number = submit(peer, "five", {"name": "面馆"}, "r").application
                rows = hall.cli("notice", "list", "--channel", "sms", "-o", "json")["items"]
                self.assertEqual([(row["task"], row["notice"]["kind"]) for row in rows],
                                 [(number + ".notice-1", "acceptance")])
                hall.start_worker("sms", "--exec", f"{PYTHON} '{program}' '{hall.folder}'")

                def told():
                    return hall.cli("notice", "list", "-o", "json")["items"] == []
                wait_until(told, "the notice left", 30)
                events = [row["event"] for row in
                          hall.cli("events", number, "-o", "json")["items"]]
                failed = [event["notice_failed"] for event in events if "notice_failed" in event]
                sent = [event["notice_sent"] for event in events if "notice_sent" in event]
                self.assertEqual((len(failed), failed[0]["number"]), (1, 1))
                self.assertEqual(sent, [{"number": 1, "receipt": "SMS-张三-13800000000"}])
                with open(hall.path("task.json"), encoding="utf-8") as file:
                    task = json.load(file)
                self.assertEqual((task["step"], "form" in task, sorted(task["to"])),
                                 ("notice", False, ["name", "phone"]))

    def test_a_notice_that_cannot_be_sent(self):
        with Hall() as hall:
            with open(hall.workflows + "/five.yaml", "a", encoding="utf-8") as file:
                file.write("notices: [sms]\n")
            hall.start_broker()
            hall.start_worker("sms", "--decide", "reject")
            with hall.peer() as peer:
                number = submit(peer, "five", {"name": "面馆"}, "r").application

                def incidents():
                    return hall.cli("incident", "list", "-o", "json")["items"]
                wait_until(incidents, "an incident")
                self.assertEqual([row["task"] for row in incidents()], [number + ".notice-1"])
                self.assertEqual(incidents()[0]["department"], "sms")
                hall.cli("incident", "resolve", number + ".notice-1", "--reason", "已电话告知")
                self.assertEqual(incidents(), [])

    def test_acts_in_place_of_decisions(self):
        """They are answered like decisions, for the task or without one."""
        with Hall() as hall:
            hall.start_broker()
            hall.identity("fire-1", "worker", "fire")
            with hall.peer() as peer, hall.peer("worker", "fire-1", credit=3,
                                                department="fire") as worker:
                number = submit(peer, "five", {"name": "面馆"}, "r").application
                task = worker.wait_for("tasks")[0]
                self.assertEqual(task.item, "fire_item")
                act = proto.Command(accept=proto.Accept())  # the window has accepted: refused
                worker.send(decisions=[proto.Decision(attempt=task.attempt, act=act)])
                answer = worker.wait_for("acknowledgements")[0]
                self.assertEqual((answer.attempt, answer.refusal.code), (task.attempt, "refused"))
                worker.send(commands=[proto.Command(tag=7, application=number,
                                                    accept=proto.Accept(item="amr_item"))])
                answer = worker.wait_for("answers")[0]
                self.assertEqual((answer.tag, answer.refusal.code != ""), (7, True))
                worker.send(commands=[proto.Command(tag=8, application=number, decide=proto.Decide(
                    item="fire_item", result=GRANTED))])
                self.assertEqual(worker.wait_for("answers")[0].refusal.code, "denied")
                for act in (proto.Command(), proto.Command(fail=proto.Fail())):
                    worker.send(decisions=[proto.Decision(attempt=task.attempt, act=act)])
                    self.assertEqual(worker.wait_for("acknowledgements")[0].refusal.rule, "verdict")

    def test_a_worker_takes_no_more_than_its_credit(self):
        with Hall() as hall:
            hall.start_broker()
            hall.start_worker("fire", "--decide", "approve", "--delay", "60s", "--concurrency", "3")
            with hall.peer() as peer:
                for i in range(10):
                    submit(peer, "five", {"name": "x"}, f"r{i}")
                wait_until(lambda: self.held(peer) == [3], "three are held")
                answer = query(peer, departments=proto.ListDepartments())
                fire = [one for one in answer.departments if one.id == "fire"]
                self.assertEqual((fire[0].held, fire[0].workers), (3, 1))
            hall.workers[0].signal(signal.SIGKILL)


if __name__ == "__main__":
    unittest.main()
