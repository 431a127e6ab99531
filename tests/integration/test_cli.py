"""binglian(1) as people and scripts use it: what it prints, and how it ends."""

import glob
import json
import os
import subprocess
import tempfile
import unittest

from hall import Hall, program, wait_until, query
from wire import SOURCE, proto

OK, FAILED, USAGE, NOT_FOUND, DENIED, CONFLICT, INVALID, NO_ANSWER, OTHERWISE = range(9)

# Dates that were worked out by hand from the holiday notices.
CALENDAR = [
    ({"start": "2026-03-02", "days": 5}, "2026-03-09", 0),
    ({"start": "2026-03-06", "days": 1}, "2026-03-09", 0),
    ({"start": "2025-09-24", "days": 10}, "2025-10-14", 0),  # two worked weekend days
    ({"start": "2025-09-24", "days": 20}, "2025-10-28", 0),
    ({"start": "2025-12-15", "days": 45}, "2026-02-24", 0),  # New Year and Spring Festival
    ({"start": "2026-02-13", "days": 1}, "2026-02-14", 0),  # a worked Saturday
    ({"start": "2026-02-14", "days": 5}, "2026-02-28", 0),
    ({"start": "2026-09-14", "days": 10, "suspensions": [["2026-09-18", "2026-10-12"]]},
     "2026-10-20", 12),
    ({"start": "2026-09-14", "days": 10,
      "suspensions": [["2026-09-18", "2026-10-12"], ["2026-10-09", "2026-10-16"]]},
     "2026-10-26", 16),  # together, not one after the other
    ({"start": "2026-02-09", "days": 10, "suspensions": [["2026-02-12", "2026-02-25"]]},
     "2026-03-05", 4),
]


def run(*words, stdin=None, folder=SOURCE, **environment):
    done = subprocess.run([program("binglian"), *words], input=stdin, cwd=folder, timeout=60,
                          capture_output=True, encoding="utf-8",
                          env={**os.environ, "LANG": "C.UTF-8", "NO_COLOR": "1", **environment})
    return done.returncode, done.stdout, done.stderr


class OfflineTest(unittest.TestCase):
    """What needs no broker."""

    def assert_ends(self, status, *words, says="", **more):
        ended, out, err = run(*words, **more)
        self.assertEqual(ended, status, out + err)
        self.assertIn(says, out + err)
        return out

    def test_calendar_batch(self):
        questions = "".join(json.dumps(question) + "\n" for question, _, _ in CALENDAR)
        answers = self.assert_ends(OK, "calendar", "explain", "--batch", "-",
                                   stdin=questions).splitlines()
        self.assertEqual(len(answers), len(CALENDAR))
        for answer, (question, due, shift) in zip(map(json.loads, answers), CALENDAR):
            with self.subTest(question):
                self.assertEqual(answer["due"], due + "T17:30:00+08:00")
                self.assertEqual(answer["shift"], shift)
                self.assertEqual(answer["day0"], question["start"])
                self.assertEqual(len(answer["counted"]), question["days"])

    def test_a_bad_line_of_a_batch_does_not_stop_the_others(self):
        good = '{"start":"2026-03-02","days":5}'
        for bad in ("x", "[]", "{}", '{"start":"2026-02-30","days":1}',
                    '{"start":"2026-03-02","days":-1}', '{"start":"2026-03-02","days":1e99}',
                    '{"start":"2026-03-02","days":5,"suspensions":[["a","b"]]}',
                    '{"start":"2026-03-02","days":5,"suspensions":7}',
                    '{"start":"2026-03-02","days":5,"suspensions":[["2026-03-03",4]]}',
                    '{"start":"2026-03-02","days":5,"suspensions":["2026-03-03"]}',
                    '{"start":"2026-03-02","days":5,"suspension":[]}',
                    '{"start":"2026-03-02","days":5,"days":6}',
                    '{"start":"2026-03-02","days":5,"limit":"6WD"}',
                    '{"start":"2026-03-02","days":5,"extend":1}'):
            with self.subTest(bad):
                answers = self.assert_ends(INVALID, "calendar", "explain", "--batch", "-",
                                           stdin=f"{bad}\n{good}\n").splitlines()
                self.assertIn("error", json.loads(answers[0]))
                self.assertEqual(json.loads(answers[1])["due"], "2026-03-09T17:30:00+08:00")

    def test_calendar_explain(self):
        answer = json.loads(self.assert_ends(
            OK, "calendar", "explain", "--calendar", "cn", "--accept", "2025-12-15", "--limit",
            "45 working days", "--extend", "15 working days", "-o", "json"))
        self.assertEqual(answer["due"], "2026-03-16T17:30:00+08:00")
        self.assertFalse(answer["provisional"])
        self.assert_ends(INVALID, "calendar", "explain", "--accept", "2025-12-15", "--limit",
                         "5 workdays")
        self.assert_ends(INVALID, "calendar", "explain", "--accept", "today", "--limit", "5WD",
                         says="binglian: “today”不是可用的日期；请写 2026-11-30")
        self.assert_ends(INVALID, "calendar", "explain", "--accept", "today", "--limit", "5WD",
                         "--lang", "en", says='binglian: "today" is no date')

    def test_the_workflows_are_valid(self):
        files = glob.glob(SOURCE + "/workflows/*.yaml")
        self.assertGreaterEqual(len(files), 4)
        self.assert_ends(OK, "workflow", "validate", *files)
        self.assert_ends(OK, "calendar", "check", *glob.glob(SOURCE + "/workflows/calendars/*.yaml"))
        for name in ("five", "six"):
            self.assert_ends(OK, "workflow", "validate", "--workflows", SOURCE + "/workflows",
                             f"{SOURCE}/tests/integration/workflows/{name}.yaml")

    def test_bad_definitions_are_refused_with_a_place(self):
        for text in glob.glob(SOURCE + "/tests/unit/definitions/*.txt"):
            with open(text, encoding="utf-8") as file:
                expected = file.read()
            if ": error: " not in expected or any(
                    words in expected for words in ("nobody's name", "too few posts")):
                continue  # the departments that we ship have posts enough, with names
            name = os.path.basename(text)[:-4] + ".yaml"
            with self.subTest(name):
                ended, out, err = run("workflow", "validate", name, "--workflows",
                                      SOURCE + "/workflows",
                                      folder=SOURCE + "/tests/unit/definitions")
                self.assertEqual(ended, INVALID)
                self.assertRegex(out + err, rf"(?m)^{name}:\d+:\d+: error: .* \[E-[A-Z-]+\]$")

    def test_a_calendar_upon_nothing_is_refused_with_a_place(self):
        with tempfile.TemporaryDirectory() as folder:
            with open(folder + "/county.yaml", "w", encoding="utf-8") as file:
                file.write("calendar: county\nbase: nowhere\n")
            self.assert_ends(INVALID, "calendar", "check", folder + "/county.yaml", "--workflows",
                             SOURCE + "/workflows", says="county.yaml:2:7: error: ")

    def test_a_file_that_is_too_large_is_refused_with_a_place(self):
        with tempfile.TemporaryDirectory() as folder:
            with open(folder + "/large.yaml", "w", encoding="utf-8") as file:
                file.write("#" * (8 << 20) + "\n")
            self.assert_ends(INVALID, "workflow", "validate", folder + "/large.yaml",
                             says="large.yaml:1:1: error: ")

    def test_a_graph_and_a_simulation(self):
        graph = self.assert_ends(OK, "workflow", "graph", "workflows/restaurant.yaml")
        self.assertTrue(graph.startswith("<svg ") and "营业执照" in graph)
        self.assert_ends(OK, "workflow", "simulate", "workflows/restaurant.yaml", "--accept",
                         "2026-11-23", "--set", "area=320", says="2026-12-02")
        for what, finish in (("fire+3", "2026-12-03"), ("expert_review", "2026-12-21"),
                             ("food_permit=2WD", "2026-11-30")):
            with self.subTest(what):
                self.assert_ends(OK, "workflow", "simulate", "workflows/restaurant.yaml",
                                 "--accept", "2026-11-23", "--set", "area=320", "--what-if", what,
                                 says=f"{finish} 17:30")
        self.assert_ends(OK, "workflow", "simulate", "workflows/restaurant.yaml", "--accept",
                         "2026-11-21T12:00", says="2026-11-23 08:30")  # a Saturday
        self.assertEqual(self.assert_ends(
            INVALID, "workflow", "simulate", "workflows/restaurant.yaml", "--what-if", "fire+x"), "")

    def test_dates_that_are_too_late_to_reckon_with(self):
        self.assert_ends(INVALID, "calendar", "explain", "--accept", "9999-12-30", "--limit", "5WD",
                         "--lang", "en", says="9999-12-30 is too late")
        self.assert_ends(INVALID, "workflow", "simulate", "workflows/restaurant.yaml", "--accept",
                         "9999-12-30", "--lang", "en", says="9999-12-30 is too late")

    def test_a_difference_of_files(self):
        words = ("workflow", "diff", "workflows/restaurant.yaml", "workflows/newborn.yaml")
        self.assert_ends(OK, *words, "--workflows", "workflows")
        self.assert_ends(OK, *words)
        with tempfile.TemporaryDirectory() as folder:
            os.mkdir(folder + "/calendars")
            with open(folder + "/departments.yaml", "w", encoding="utf-8") as file:
                file.write("departments:\n  other: {title: 别处}\n")
            self.assert_ends(INVALID, *words, "--workflows", folder)

    def test_conditions(self):
        self.assertEqual(json.loads(self.assert_ends(
            OK, "workflow", "eval", "1 + 2 > 2.5 && 'a' in ['a']", "-o", "json")), {"value": True})
        self.assertIn("error", json.loads(run("workflow", "eval", "1 / 0", "-o", "json")[1]))

    def test_help(self):
        self.assert_ends(OK, "--help", says="submit")
        self.assert_ends(OK, "help", "submit", says="submit")
        self.assert_ends(OK, "--lang", "en", "help", says="usage")
        self.assert_ends(OK, "version", says="0.1.0")
        self.assert_ends(OK, "help", "E-DURATION", says="working days")
        self.assert_ends(OK, "help", "conditions", "--lang", "en", says="unsigned integers (1u)")
        for shell in ("bash", "zsh", "fish"):
            self.assertIn("binglian", self.assert_ends(OK, "completion", shell))

    def test_usage(self):
        for words in ((), ("sumbit",), ("submit",), ("show",), ("show", "x", "y"), ("--nothing",),
                      ("list", "--light", "purple"), ("list", "-o", "xml"), ("workflow",),
                      ("load", "--applications", "many")):
            with self.subTest(words):
                self.assert_ends(USAGE, *words)
        self.assert_ends(USAGE, "sumbit", says="submit")
        self.assert_ends(USAGE, "list", "--ligth", "red", says="没有选项 --ligth；是不是 --light？")
        self.assert_ends(USAGE, "list", "--ligth", "red", "--lang", "en", says="did you mean --light?")
        self.assert_ends(USAGE, "list", "--ligth", "red", LANG="en_GB.UTF-8", says="did you mean")

    def test_a_bad_submission_is_refused_with_its_file(self):
        self.assert_ends(INVALID, "submit", "-", stdin='{"workflow": "x", "form": []}',
                         says="-: form: error: expected a mapping")
        self.assert_ends(INVALID, "submit", "-", stdin="workflow: x\nform: []\n",
                         says="-:2:7: error: expected a mapping")

    def test_nobody_answers(self):
        self.assert_ends(NO_ANSWER, "list", "--connect", "tcp://127.0.0.1:9", "--timeout", "1")
        self.assert_ends(USAGE, "list", BINGLIAN_CONNECT="", BINGLIAN_DATA="")


class HallTest(unittest.TestCase):
    """With a hall, whose departments answer at once."""

    @classmethod
    def setUpClass(cls):
        cls.hall = Hall().__enter__()
        cls.addClassCleanup(cls.hall.__exit__, None, None, None)
        cls.hall.start_broker()
        for department in ("amr", "fire", "hurd", "eco"):
            cls.hall.start_worker(department, "--decide", "approve")
        for paper in ("lease", "layout_plan"):
            cls.hall.file(paper + ".pdf", "%PDF-1.4\n")

    def application(self, name="application.yaml", **changes):
        """A file to submit."""
        fields = {"workflow": "restaurant", "shop_name": "老张面馆", "area": "320.5",
                  "credit_code": "91350100M000100Y43", "lease": "lease.pdf", **changes}
        return self.hall.file(name, """workflow: {workflow}
applicant: {{name: 张三, phone: "13800000000"}}
form: {{shop_name: {shop_name}, credit_code: {credit_code}, owner_id: 11010519491231002X,
       phone: "13800000000", area: {area}, decorated: true}}
materials: {{lease: {lease}, layout_plan: layout_plan.pdf}}
""".format(**fields))

    def approve(self, post, task):
        """An officer's approval, as soon as it is his turn."""
        identity = self.hall.identity(post, "officer", "amr", post)

        def is_approved():
            try:
                self.hall.cli("task", "approve", task, "--opinion", "同意", identity=identity)
            except AssertionError:
                return False
            return True

        wait_until(is_approved, f"the turn of {post}")

    def test_from_submission_to_the_end(self):
        self.hall.identity("clerk", "clerk")
        answer = self.hall.cli("submit", self.application(), "-o", "json",
                               identity=self.hall.identities["clerk"])
        number = answer["application"]
        self.assertRegex(number, r"^CY-\d{8}-\d{4}$")
        self.assertRegex(answer["promise_at"], r"^\d{4}-\d\d-\d\dT17:30:00\+08:00$")
        for post in ("amr-01", "amr-05", "amr-06", "amr-07"):  # review, a visit of two, decision
            self.approve(post, number + ".food_permit")
        self.hall.cli("watch", number, "--until", "completed")
        view = self.hall.cli("show", number, "-o", "json")
        self.assertEqual((view["number"], view["state"], view["light"]),
                         (number, "completed", "grey"))
        self.assertEqual({item["id"]: item["state"] for item in view["items"]}, {
            "business_licence": "decided", "food_permit": "decided", "works_acceptance": "decided",
            "fire_check": "decided", "signboard": "not_needed", "eia_record": "not_needed",
            "drainage_permit": "not_needed", "tobacco_permit": "not_needed"})
        self.assertNotIn("张三", json.dumps(view, ensure_ascii=False))  # masked
        events = self.hall.cli("events", number, "-o", "json")["items"]
        self.assertEqual(len(events), 8)  # a submission, three signatures on the way, four decisions
        self.assertIn(number, self.hall.cli("list"))

    def test_the_same_key_is_the_same_application(self):
        words = ("submit", self.application(), "--key", "once", "-o", "json")
        first, again = self.hall.cli(*words), self.hall.cli(*words)
        self.assertEqual(first["application"], again["application"])
        self.hall.cli("submit", self.application(area="99"), "--key", "once", status=CONFLICT)

    def test_the_example_of_the_help_is_taken(self):
        lines = run("help", "submission")[1].splitlines()
        begin = next(i for i, line in enumerate(lines) if line.startswith("workflow:"))
        end = next(i for i, line in enumerate(lines) if line.startswith("materials:"))
        example = self.hall.file("example.yaml", "\n".join(lines[begin:end + 1]) + "\n")
        os.makedirs(self.hall.path("files"), exist_ok=True)
        for paper in ("lease", "plan"):
            self.hall.file(f"files/{paper}.pdf", "%PDF-1.4\n")
        self.assertIn("application", self.hall.cli("submit", example, "-o", "json"))

    def test_submissions_that_are_wrong(self):
        for changes, says in (({"credit_code": "91350100M000100Y44"}, "credit_code"),
                              ({"area": "0"}, "area"), ({"area": "big"}, "area"),
                              ({"shop_name": "面" * 61}, "shop_name")):
            with self.subTest(changes):
                self.assertIn(says, self.hall.cli("submit", self.application(**changes),
                                                  status=INVALID))
        self.hall.cli("submit", self.application(workflow="resturant"), status=NOT_FOUND)
        self.hall.cli("submit", self.hall.file("bad.yaml", "workflow: [\n"), status=INVALID)
        self.assertIn("bad.yaml:1:1", self.hall.cli(
            "submit", self.hall.file("bad.yaml", "wrokflow: restaurant\n"), status=INVALID))
        with open(self.hall.path("latin.yaml"), "wb") as file:
            file.write(b"workflow: caf\xe9\n")
        self.hall.cli("submit", self.hall.path("latin.yaml"), status=INVALID)
        self.hall.cli("submit", self.hall.path("nowhere.yaml"), status=NOT_FOUND)

    def test_papers_that_cannot_be_read(self):
        os.makedirs(self.hall.path("folder.pdf"), exist_ok=True)
        said = self.hall.cli("submit", self.application(lease="folder.pdf"), status=INVALID)
        self.assertRegex(said, r"application.yaml:5:20: error: material lease: "
                         r".*/folder.pdf: .*no file.* \[E-FILE\]")

    def test_papers_that_lie_on_the_counter(self):
        self.assertRegex(self.hall.cli("submit", self.application(lease="nowhere.pdf")), "^CY-")

    def test_what_is_not_there(self):
        for words in (("show", "CY-20260101-0001"), ("events", "CY-20260101-0001"),
                      ("watch", "CY-20260101-0001"), ("workflow", "show", "nothing"),
                      ("key", "revoke", "nobody")):
            with self.subTest(words):
                self.hall.cli(*words, status=NOT_FOUND)

    def test_who_may(self):
        self.hall.identity("tracker", "tracker")
        tracker = self.hall.identities["tracker"]
        self.hall.cli("submit", self.application(), identity=tracker, status=DENIED)
        self.hall.cli("key", "list", identity=tracker, status=DENIED)
        self.hall.cli("workflow", "publish", SOURCE + "/workflows/newborn.yaml", identity=tracker,
                      status=DENIED)

    def test_a_key_from_its_making_to_its_end(self):
        file = self.hall.path("window-3.identity")
        self.hall.cli("key", "new", "window-3", "--role", "clerk", "--out", file)
        self.assertEqual(os.stat(file).st_mode & 0o777, 0o600)
        self.hall.cli("list", identity=file)
        self.assertIn("window-3", self.hall.cli("key", "list"))
        self.hall.cli("key", "revoke", "window-3")
        self.hall.cli("list", "--timeout", "2", identity=file, status=NO_ANSWER)

    def test_lists_in_every_format(self):
        self.hall.cli("submit", self.application())
        self.assertIsInstance(self.hall.cli("list", "-o", "json")["items"], list)
        for line in self.hall.cli("list", "-o", "jsonl").splitlines():
            json.loads(line)
        self.assertIn(",", self.hall.cli("list", "-o", "csv").splitlines()[0])
        self.assertIn("workflow: restaurant", self.hall.cli("list", "-o", "yaml"))
        for words in (("worker", "list"), ("department", "list"), ("workflow", "list"),
                      ("incident", "list"), ("key", "list"),
                      ("calendar", "show", "2026", "--workflows", self.hall.workflows)):
            with self.subTest(words):
                self.assertTrue(self.hall.cli(*words, "-o", "json") is not None)

    def test_publishing_a_second_version(self):
        with open(SOURCE + "/tests/integration/workflows/five.yaml", encoding="utf-8") as file:
            text = file.read()
        changed = text.replace("promise: 5 working days", "promise: 6 working days")
        self.hall.cli("workflow", "publish", self.hall.file("again.yaml", changed), status=CONFLICT)
        self.hall.cli("workflow", "publish", self.hall.file(
            "again.yaml", changed.replace("version: 1", "version: 2")))
        self.assertIn("6", self.hall.cli("workflow", "diff", "five", "1", "2"))
        self.hall.cli("workflow", "publish", self.hall.file("bad.yaml", text.replace("amr", "arm")),
                      status=INVALID)

    def test_a_simulation_of_what_is_published(self):
        """Its calendar is the hall's where this machine has none."""
        os.makedirs(self.hall.path("elsewhere"), exist_ok=True)
        self.assertIn("2026-12-02", self.hall.cli(
            "workflow", "simulate", "restaurant", "--accept", "2026-11-23", "--set", "area=320",
            "--workflows", self.hall.path("elsewhere")))

    def test_a_load_fills_in_every_form_that_we_ship(self):
        for path in sorted(glob.glob(SOURCE + "/workflows/*.yaml")):
            name = os.path.basename(path)[:-5]
            if name != "departments":
                with self.subTest(name):
                    measured = self.hall.cli("load", "--workflow", name, "--applications", "10",
                                             "-o", "json")
                    self.assertEqual(measured["acknowledged"], 10)

    def test_a_load_of_a_workflow_with_conditions(self):
        measured = self.hall.cli("load", "--workflow", "restaurant", "--applications", "50", "-o",
                                 "json")
        self.assertEqual((measured["acknowledged"], measured["refused"], measured["unknown"]),
                         (50, 0, 0))

    def test_a_store_on_this_machine(self):
        self.hall.cli("submit", self.application())
        self.hall.cli("store", "verify", self.hall.data)
        for line in self.hall.cli("store", "dump", self.hall.data).splitlines():
            json.loads(line)
        self.hall.cli("store", "stats", self.hall.data)
        self.hall.cli("store", "verify", "/nowhere", status=NOT_FOUND)

    def watch_until(self, is_seen, *words):
        """Watches everything while an application is submitted, until its line is seen."""
        watch = subprocess.Popen([program("binglian"), "watch", "--all", *words, "--data",
                                  self.hall.data, "--identity", self.hall.data + "/admin.identity"],
                                 stdout=subprocess.PIPE, encoding="utf-8",
                                 env={**os.environ, "LANG": "C.UTF-8"})
        with self.hall.peer() as peer:
            wait_until(lambda: query(peer, status=proto.GetStatus()).status.clients >= 2, "a watcher")
            number = self.hall.cli("submit", self.application(), "-o", "json")["application"]
            seen = next((line for line in watch.stdout if is_seen(line, number)), None)
        watch.terminate()
        watch.communicate(timeout=10)
        self.assertEqual(watch.returncode, 0)
        return seen

    def test_somebody_watches(self):
        """Everything, as lines, until he has had enough."""
        self.assertIsNotNone(self.watch_until(
            lambda line, number: json.loads(line).get("application") == number, "-o", "jsonl"))

    def test_somebody_watches_with_titles(self):
        line = self.watch_until(lambda line, number: number in line and "准予" in line)
        self.assertRegex(line, "(营业执照|食品经营许可|消防).* 准予")


class CourseTest(unittest.TestCase):
    """What people do around a case, and what show says of it."""

    def setUp(self):
        self.hall = Hall().__enter__()
        self.addCleanup(self.hall.__exit__, None, None, None)
        self.hall.start_broker()
        self.hall.start_worker("amr", "--decide", "approve")
        for paper in ("lease", "layout_plan"):
            self.hall.file(paper + ".pdf", "%PDF-1.4\n")
        file = self.hall.file("application.yaml", """workflow: restaurant
applicant: {name: 张三, phone: "13800000000"}
form: {shop_name: 老张面馆, credit_code: 91350100M000100Y43, owner_id: 11010519491231002X,
       phone: "13800000000", area: 320.5}
materials: {lease: lease.pdf, layout_plan: layout_plan.pdf}
""")
        self.number = self.hall.cli("submit", file, "-o", "json")["application"]
        self.fire = self.hall.identity("fire-01", "officer", "fire", "fire-01")

    def show(self, *words):
        return self.hall.cli("show", self.number, "--lang", "zh", *words)

    def task(self, act, *words, item="fire_check", identity=None, **more):
        return self.hall.cli("task", act, f"{self.number}.{item}", *words,
                             identity=identity or self.fire, **more)

    def test_a_stop_shows_both_countdowns_and_who_resumes(self):
        self.task("suspend", "--kind", "expert_review", "--at-most", "15WD", "--notice", "特告2026-7",
                  "--approver", "fire-80")
        self.assertRegex(self.show(), "暂停中（专家评审）：.* 恢复；暂停还剩 1[45] 个工作日，办理还剩 ")
        refused = self.task("approve", "--lang", "zh", status=CONFLICT)
        self.assertIn("恢复计时", refused)  # what is possible instead
        self.task("resume", "--reason", "评审结束")
        self.assertIn("曾暂停（专家评审）", self.show())

    def test_a_step_and_what_comes_next(self):
        review = self.hall.identity("amr-01", "officer", "amr", "amr-01")
        wait_until(lambda: "待审查人领取" in self.show(), "the first step")
        self.task("claim", item="food_permit", identity=review)
        self.assertIn("环节 审查：amr-01", self.show())
        self.task("transfer", "--to", "amr-07", "--reason", "回避", item="food_permit", identity=review)
        self.assertIn("环节 审查：amr-07", self.show())
        self.assertRegex(self.show(), r"下一步：.*，最迟 \d{4}-\d\d-\d\d 17:30\n")

    def test_an_opinion_a_visit_and_an_urging(self):
        self.task("consult", "--department", "urban", "--question", "是否符合规划")
        self.assertIn("意见：待答复，截止 ", self.show())
        urban = self.hall.identity("urban-01", "officer", "urban", "urban-01")
        self.hall.cli("task", "opine", f"{self.number}.fire_check.opinion-1", "--consent", "yes",
                      "--opinion", "符合", identity=urban)
        self.assertIn("意见：同意", self.show())
        self.hall.cli("urge", self.number, "--level", "urge", "--text", "请尽快办理")
        self.assertIn("督办：", self.show())

    def test_why_it_is_due_then(self):
        days = self.hall.cli("show", self.number, "fire_check", "--why-due", "-o", "json")["items"]
        self.assertEqual(days[0]["reason"], "day-zero")
        self.assertEqual((days[-1]["reason"], days[-1]["count"]), ("due", 5))
        self.assertEqual([day["count"] for day in days if day.get("count")], [1, 2, 3, 4, 5])
        whole = self.show("--why-due").splitlines()
        self.assertEqual(len(whole) - 1, len(self.hall.cli("show", self.number, "--why-due", "-o",
                                                           "json")["items"]))
        self.assertIn("到期日", whole[-1])
        legal = self.hall.cli("show", self.number + ".fire_check", "--why-due", "--legal", "-o", "json")
        self.assertGreater(len(legal["items"]), len(days))

    def test_the_applicant_withdraws(self):
        wait_until(lambda: "待审查人领取" in self.show(), "the licence")
        self.hall.cli("withdraw", self.number, "--reason", "不再经营", "--consent", "撤-3")
        self.assertEqual(self.show().count("已撤回"), 2)
        self.assertIn("下一步：大厅窗口须送达营业执照的结果", self.show())  # it was granted before
        refused = self.task("approve", "--lang", "zh", status=CONFLICT)
        self.assertIn("现在可以：备注", refused)


if __name__ == "__main__":
    unittest.main()
