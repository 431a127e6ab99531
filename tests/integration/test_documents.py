"""The papers that an applicant gets: what they say, their square, and that a reprint is the same."""

import os
import subprocess
import tempfile
import unittest

from hall import Hall
from test_gateway import Client, RESTAURANT

HOSTILE = "张三\u202e丰\n受理通知书<b>&%s"
LINK = "https://hall.example/progress/{number}?code={code}"


def text_of(pdf):
    """What `pdftotext` finds, without the breaks of lines."""
    done = subprocess.run(["pdftotext", "-layout", "-", "-"], input=pdf, capture_output=True, check=True)
    return "".join(done.stdout.decode().split())


def square_of(pdf):
    with tempfile.TemporaryDirectory() as folder:
        name = os.path.join(folder, "page")
        subprocess.run(["pdftoppm", "-r", "150", "-png", "-singlefile", "-", name], input=pdf, check=True)
        found = subprocess.run(["zbarimg", "-q", "--raw", name + ".png"], capture_output=True, check=True)
    return found.stdout.decode().strip()


class DocumentsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.hall = Hall()
        cls.hall.__enter__()
        cls.addClassCleanup(cls.hall.__exit__, None, None, None)
        cls.hall.start_broker("--workflows", os.path.join(os.path.dirname(__file__), "../../workflows"))
        cls.hall.start_gateway("--rate", "100000", "--progress-link", LINK)
        cls.clerk = Client(cls.hall, cls.hall.token("clerk-1", "clerk"))
        cls.supervisor = Client(cls.hall, cls.hall.token("supervisor-1", "supervisor"))
        cls.officer = Client(cls.hall, cls.hall.token("officer-1", "officer", "--department", "psb",
                                                      "--post", "psb-01"))
        cls.number = cls.submit("papers", "张三丰")

    @classmethod
    def submit(cls, key, name):
        body = {"workflow": "restaurant", "content": {
            "applicant": {"name": name, "id": "11010519491231002X", "phone": "13800000000"},
            "form": RESTAURANT,
            "materials": [{"id": i, "file": "f.pdf"} for i in ("lease", "layout_plan", "id_card",
                                                                "food_safety_rules", "health_cert")]}}
        status, _, answer = cls.clerk.post("/v1/applications", body, Idempotency_Key=key)
        known = {"lease", "layout_plan", "id_card", "food_safety_rules", "health_cert"}
        if status == 422:  # only those that this version of the workflow asks for
            wrong = {e["pointer"].rsplit("/", 1)[-1] for e in answer["errors"]}
            body["content"]["materials"] = [m for m in body["content"]["materials"]
                                            if m["id"] in known - wrong]
            status, _, answer = cls.clerk.post("/v1/applications", body, Idempotency_Key=key)
        assert status == 201, answer
        return answer["application"]

    def path(self, number=None):
        return "/v1/applications/%s/documents" % (number or self.number)

    def paper(self, client, kind, number=None, query=""):
        status, _, papers = client.get(self.path(number))
        self.assertEqual(200, status, papers)
        found = [p for p in papers["items"] if p["kind"] == kind]
        self.assertEqual(1, len(found), papers)
        status, headers, pdf = client.get("%s/%s%s" % (self.path(number), found[0]["id"], query))
        self.assertEqual((200, "application/pdf"), (status, headers["Content-Type"]), pdf)
        self.assertTrue(pdf.startswith(b"%PDF-"))
        return pdf

    def test_acceptance(self):
        pdf = self.paper(self.clerk, "acceptance")
        if os.environ.get("BINGLIAN_KEEP"):
            with open(os.environ["BINGLIAN_KEEP"], "wb") as file:
                file.write(pdf)
        text = text_of(pdf)
        for said in ("受理通知书", self.number, "张三丰", "承诺时限", "工作日", "申请材料", "场所使用证明",
                     "行政许可法", "查询码"):
            self.assertIn(said, text)
        _, _, view = self.clerk.get("/v1/applications/" + self.number)
        self.assertEqual(LINK.format(number=self.number, code=view["query_code"]), square_of(pdf))

    def test_receipt_of_eighty_millimetres(self):
        pdf = self.paper(self.clerk, "acceptance", query="?paper=receipt")
        if os.environ.get("BINGLIAN_KEEP"):
            with open(os.environ["BINGLIAN_KEEP"] + ".receipt", "wb") as file:
                file.write(pdf)
        done = subprocess.run(["pdfinfo", "-"], input=pdf, capture_output=True, check=True).stdout.decode()
        self.assertIn("Pages:           1\n", done)
        self.assertIn("Page size:       226.77", done)
        self.assertIn("受理通知书", text_of(pdf))
        self.assertIn(self.number, square_of(pdf))

    def test_a_reprint_is_the_same_paper(self):
        first = self.paper(self.clerk, "acceptance")
        self.assertEqual(first, self.paper(self.clerk, "acceptance"))
        self.assertEqual(0, self.hall.gateway.stop())
        self.hall.start_gateway("--rate", "100000", "--progress-link", LINK)
        type(self).clerk = Client(self.hall, self.clerk.token)
        type(self).supervisor = Client(self.hall, self.supervisor.token)
        type(self).officer = Client(self.hall, self.officer.token)
        self.assertEqual(first, self.paper(self.clerk, "acceptance"))

    def test_names_are_for_those_at_the_windows(self):
        text = text_of(self.paper(self.supervisor, "acceptance"))
        self.assertNotIn("张三丰", text)
        self.assertNotIn("查询码", text)
        status, _, _ = self.officer.get(self.path())
        self.assertEqual(404, status)

    def test_a_hostile_name_is_a_name(self):
        number = self.submit("hostile", HOSTILE.replace("\n", ""))
        text = text_of(self.paper(self.clerk, "acceptance", number))
        self.assertNotIn("\u202e", text)
        self.assertIn("<b>&%s", text)

    def test_papers_that_are_not_there(self):
        for document in ("acceptance-999999", "grant-1", "none"):
            status, _, problem = self.clerk.get("%s/%s" % (self.path(), document))
            self.assertEqual((404, "not-found"), (status, problem["code"]))
        status, _, _ = self.clerk.get(self.path() + "/acceptance-1?paper=poster")
        self.assertEqual(400, status)

    def test_withdrawal(self):
        number = self.submit("withdrawn", "李四")
        _, headers, _ = self.clerk.get("/v1/applications/" + number)
        status, _, answer = self.clerk.post("/v1/applications/%s:withdraw" % number,
                                            {"reason": "不再开店", "consent": "撤-1"},
                                            If_Match=headers["ETag"])
        self.assertEqual(200, status, answer)
        text = text_of(self.paper(self.clerk, "withdrawal", number))
        for said in ("撤回申请确认书", "不再开店", "撤-1", "李四"):
            self.assertIn(said, text)


if __name__ == "__main__":
    unittest.main()
