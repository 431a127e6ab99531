"""What stands around a case, from the command line: a major project over its applications, referrals,
appointments, urging, and cases that go on under another version of their workflow."""

import json
import os
import subprocess
import unittest

from hall import Hall, program

CODE = "2026-350102-48"
SUBMISSION = """
workflow: five
applicant: {name: 张三, phone: "13800000000"}
project: %s
form: {name: 老张面馆}
"""


class Office(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.hall = Hall()
        cls.hall.__enter__()
        cls.hall.start_broker()
        cls.cli = staticmethod(cls.hall.cli)

    @classmethod
    def tearDownClass(cls):
        cls.hall.__exit__(None, None, None)

    def submit(self, code):
        return self.cli("submit", self.hall.file("a.yaml", SUBMISSION % code), "-o", "json")

    def watched(self, count):
        """What the first events of the project are, as somebody who watches it is told."""
        watch = subprocess.Popen([program("binglian"), "watch", "--project", CODE, "-o", "jsonl"],
                                 stdout=subprocess.PIPE, encoding="utf-8",
                                 env=dict(os.environ, BINGLIAN_DATA=self.hall.data,
                                          BINGLIAN_IDENTITY=self.hall.data + "/admin.identity"))
        try:
            events = [json.loads(watch.stdout.readline())["event"] for _ in range(count)]
        finally:
            watch.terminate()
            watch.communicate()
        kinds = ("project_opened", "submitted", "project_joined", "project_tracked")
        return [kind for event in events for kind in kinds if kind in event]

    def test_a_project_over_its_applications(self):
        self.cli("project", "open", CODE, "--title", "滨江产业园", "--tracker", "dr-01",
                 "--milestone", "land=2099-12-31 供地")
        self.assertIn("exists", self.cli("project", "open", CODE, "--title", "x", "--tracker", "y",
                                         status=5))
        number = self.submit(CODE)["application"]
        project = self.cli("project", "show", CODE, "-o", "json")
        self.assertEqual([a["number"] for a in project["applications"]], [number])
        self.assertEqual(project["project"]["tracker"], "dr-01")
        self.assertEqual(self.watched(3), ["project_opened", "submitted", "project_joined"])
        self.cli("project", "track", CODE, "dr-02", "--reason", "调动")
        self.cli("project", "milestone", CODE, "land", "--reached")
        self.assertIn("1", self.cli("project", "close", CODE, status=5))
        self.cli("project", "close", CODE, "--reason", "终止")
        self.assertEqual(self.cli("project", "list", "--open", "-o", "json")["items"], [])

    def test_who_is_away_has_a_deputy(self):
        self.cli("absence", "set", "fire/fire-01", "--from", "2098-12-01", "--to", "2098-12-06",
                 "--deputy", "fire-02")
        row, = self.cli("absence", "list", "--department", "fire", "-o", "json")["items"]
        self.assertEqual((row["post"], row["deputy"]), ("fire-01", "fire-02"))
        self.assertEqual(row["from"], "2098-12-01T00:00:00+08:00")
        self.cli("absence", "set", "fire", "--from", "2098-12-01", "--to", "2098-12-06", status=2)
        self.cli("absence", "set", "fire/fire-77", "--from", "2098-12-01", "--to", "2098-12-06",
                 status=3)
        self.cli("absence", "end", "fire/fire-01")
        self.assertEqual(self.cli("absence", "list", "-o", "json")["items"], [])

    def test_a_referral_is_handed_over(self):
        made = self.cli("referral", "make", "fire", "询问手续", "--asked", "hall-03", "-o", "json")
        rows = self.cli("referral", "list", "-o", "json")["items"]
        self.assertEqual([row["id"] for row in rows], [made["id"]])
        self.cli("referral", "hand-over", made["id"])
        self.assertEqual(self.cli("referral", "list", "-o", "json")["items"], [])

    def test_places_are_taken_one_by_one(self):
        self.cli("booking", "plan", "w3", "2099-12-05", "--slot", "09:00-10:00=1",
                 "--slot", "10:00-11:00=1")
        self.cli("booking", "book", "w3", "2099-12-05", "09:00", "--name", "张三", "--dry-run")
        self.cli("booking", "book", "w3", "2099-12-05", "09:00", "--name", "张三")
        self.assertIn("10:00", self.cli("booking", "book", "w3", "2099-12-05", "09:00", "--name",
                                        "李四", status=5))
        free = self.cli("booking", "list", "--from", "2099-12-05", "--to", "2099-12-05", "--free",
                        "-o", "json")["items"]
        self.assertEqual([row["from"] for row in free], ["10:00"])
        self.cli("booking", "change", "w3", "2099-12-05", "1", "cancelled")

    def test_an_urging_is_answered(self):
        number = self.submit('""')["application"]
        self.cli("urge", number, "--level", "order", "--text", "请尽快办理")
        shown = self.cli("show", number, "-o", "json")
        self.assertEqual(shown["urgings"][0]["number"], 1)
        self.cli("reply", number, "--number", "1", "--text", "今日办结")
        self.assertNotIn("urgings", self.cli("show", number, "-o", "json"))

    def test_a_case_goes_on_under_another_version(self):
        number = self.submit('""')["application"]
        with open(self.hall.workflows + "/five.yaml", encoding="utf-8") as file:
            text = file.read().replace("version: 1", "version: 2", 1)
        self.cli("workflow", "publish", self.hall.file("five2.yaml", text))
        verdicts = self.cli("workflow", "migrate", "five", "--to", "2", "--reason", "修订",
                            "--dry-run", number, "-o", "json")["items"]
        self.assertEqual([(row["application"], row["can"]) for row in verdicts], [(number, True)])
        self.assertEqual(self.cli("show", number, "-o", "json")["version"], 1)
        self.cli("workflow", "migrate", "five", "--to", "2", "--reason", "修订", number)
        self.assertEqual(self.cli("show", number, "-o", "json")["version"], 2)
        self.cli("workflow", "migrate", "five", "--to", "1", "--reason", "迁回", number)
        self.assertEqual(json.dumps(self.cli("show", number, "-o", "json")["version"]), "1")


if __name__ == "__main__":
    unittest.main()
