"""The whole life of a case, told: each workflow that we ship through its hardest course, in a hall of
real processes under a clock that is set, by what clerks, officers and applicants type.

Each test prints its timeline as the hall shows it; `STORY=1 python3 test_story.py` to read them.
"""

import base64
import datetime
import json
import os
import pathlib
import unittest

from story import Story, moment

CLERK, MANAGER = "clerk/hall-01", "manager/hall-04"
OWNER, PHONE = "11010519491231002X", "13800000000"
SECRETS = (OWNER, PHONE)
RESTAURANT = {
    "shop_name": "老张面馆", "credit_code": "91350100M000100Y43", "owner_id": OWNER, "phone": PHONE,
    "address": "解放路 1 号", "area": 320.5, "decorated": True, "fumes": True, "drainage": True,
    "tobacco": True, "sign_text": "老张面馆",
}


class StoryTest(unittest.TestCase):
    maxDiff = None

    def tell(self, title, begins, **words):
        story = Story(title, begins, **words)
        story.__enter__()
        self.addCleanup(story.__exit__, None, None, None)
        return story

    # --- W3 ---------------------------------------------------------------------------------------

    def test_w3_restaurant(self):
        """Filed online in the Spring Festival, corrected at night, visited by three departments; one
        department sleeps, one is stopped, one is promised to and lied to, one is taken back."""
        s = self.tell("W3", "2026-02-17 10:00")
        s.worker("eco", "--decide", "approve")
        s.worker("amr", "--items", "business_licence", "--decide", "approve")
        materials = {"lease": "lease.pdf", "layout_plan": "plan.pdf", "works_report": "works.pdf",
                     "health_cert": "later"}
        n = s.submit("clerk/online", "restaurant", RESTAURANT, "--receive-only", mode="online",
                     applicant={"name": "张三", "id": OWNER, "phone": PHONE}, materials=materials,
                     commitments=["fire_check"])
        self.w3_before_acceptance(s, n)
        self.w3_food_permit(s, n)
        self.w3_drainage_is_stopped(s, n)
        self.w3_hurd_sleeps(s, n)
        self.w3_fire_was_promised(s, n)
        self.end(s, {n: {"business_licence": "decided", "food_permit": "delivered",
                         "works_acceptance": "decided", "fire_check": "revoked", "signboard": "decided",
                         "eia_record": "delivered", "drainage_permit": "decided",
                         "tobacco_permit": "withdrawn"}})

    def w3_before_acceptance(self, s, n):
        d = s.days
        view = s.show(n)
        self.assertEqual(view["state"], "submitted")
        self.assertEqual(datetime.datetime.fromisoformat(view["effective_at"]),
                         d.effective(s.now))  # 行政许可法 第三十二条: five days from then
        self.assertEqual(d.effective(s.now), moment("2026-02-24 08:30"))
        self.assertEqual(s.due(n, "signboard", "notify"), d.due(s.now, 5))
        self.assertEqual(d.due(s.now, 5), moment("2026-03-02 17:30"))

        s.at("2026-02-25 09:10")
        s.refused("material-not-listed", "sign_contract", CLERK, "notify", n, "--material",
                  "sign_photo,sign_contract", "--text", "缺")
        s.act(CLERK, "notify", n, "--material", "sign_photo", "--text", "缺店招效果图")
        self.assertEqual(s.item(n, "signboard")["state"], "correcting")
        self.assertEqual(s.due(n, "signboard", "correction"), d.due(s.now, 15))
        s.at("2026-02-25 09:20")
        s.act(CLERK, "accept", n, "--gap", "--reason", "承诺五日内补交健康证明")
        accepted = s.wait(n, "accepted")["moment"]
        self.assertEqual(s.due(n), d.due(accepted, 10))
        self.assertEqual(s.due(n, clock="legal"), d.due(accepted, 45))
        self.assertEqual(s.due(n, "business_licence"), d.half(accepted))
        self.assertEqual(s.due(n, "works_acceptance"), d.due(accepted, 5))
        self.assertEqual(s.due(n, "food_permit"), d.due(accepted, 7))
        self.assertEqual(s.due(n, "food_permit", "supplement"), d.due(accepted, 5))
        self.assertEqual(s.wait(n, "decided", "eia_record")["result"], "granted")
        self.assertEqual(s.item(n, "eia_record")["state"], "delivered")  # an e-licence delivers itself

        s.at("2026-02-26 09:00")
        s.act(CLERK, "notify", n + ".signboard", "--material", "sign_photo", "--text", "再缺")
        self.assertTrue(s.wait(n, "notified", count=2)["breach"])
        s.at("2026-02-27 19:30")  # a Friday evening; the Saturday is worked
        s.act(CLERK, "correct", n, "--material", "sign_photo=" + s.hall.file("sign.jpg", "x"))
        self.assertEqual(s.due(n, "signboard"), moment("2026-03-06 17:30"))
        self.assertEqual(d.due(s.now, 5), moment("2026-03-06 17:30"))

    def w3_food_permit(self, s, n):
        d, task = s.days, n + ".food_permit"
        review, visit, visit2, decide, head = ("officer/amr/amr-" + post
                                               for post in ("01", "05", "06", "07", "80"))
        s.at("2026-02-28 08:40")
        s.act(review, "task", "claim", task)
        s.refused("claimed", "amr-01", decide, "task", "approve", task)
        s.refused("post-may-not", "amr-01、amr-02、amr-07", visit, "task", "approve", task)
        s.act(review, "task", "approve", task, "--opinion", "材料齐全")
        s.at("2026-02-28 09:30")
        s.refused("recall-not-yours", "amr-01", "officer/amr/amr-02", "task", "recall", task,
                  "--reason", "看错")
        s.act(review, "task", "recall", task, "--reason", "点错")
        self.assertEqual(s.item(n, "food_permit")["desk"]["step"], "review")
        s.act(review, "task", "approve", task, "--opinion", "材料齐全")

        s.at("2026-03-02 09:00")
        s.refused("visit-officers", "二至二十名", CLERK, "visit", "set", task, "--at",
                  "2026-03-03T09:30", "--officer", "amr-05")
        s.act(CLERK, "visit", "set", task, "--item", "signboard", "--at", "2026-03-03T09:30",
              "--place", "解放路 1 号", "--officer", "amr-05,urban-01", "--confirmed")
        self.assertEqual(len(s.wait(n, "visit_set")["visit"]["items"]), 2)
        s.refused("visit-not-yet", "时间未到", CLERK, "visit", "end", n, "--number", "1", "--result",
                  "held")
        s.at("2026-03-03 11:00")
        s.act(visit, "visit", "end", n, "--number", "1", "--result", "held", "--text", "符合")
        s.absent("amr", "amr-05", "2026-03-03 11:30", "2026-03-06 17:30", deputy="amr-01")
        s.at("2026-03-03 14:10")
        s.act(visit2, "task", "approve", task, "--opinion", "现场符合")
        s.refused("signed-already", "您已签署", visit2, "task", "approve", task)
        s.refused("post-may-not", "inspector", "officer/amr/amr-02", "task", "approve", task)
        s.act(review, "task", "approve", task, "--opinion", "代 amr-05 签")
        signed = s.wait(n, "step_signed", "food_permit", count=4)
        self.assertEqual((signed["post"], signed["officer"]), ("amr-05", "李文静"))
        s.at("2026-03-03 15:00")
        s.act(decide, "task", "return", task, "--step", "visit", "--reason", "现场照片不清")
        self.assertEqual(s.item(n, "food_permit")["desk"]["round"], 2)
        s.act(visit2, "task", "approve", task)
        s.act(review, "task", "approve", task)
        s.refused("signers-none", "签署岗位", decide, "task", "sign", task)
        s.act(head, "task", "sign", task, "--add", "amr-80", "--reason", "重大")
        s.act(decide, "task", "approve", task, "--document", "JY-1")
        self.assertEqual(s.item(n, "food_permit")["state"], "reviewing")
        s.act(head, "task", "approve", task, "--document", "JY-1")
        self.assertEqual(s.wait(n, "decided", "food_permit")["result"], "granted")
        self.assertEqual(s.due(n, "food_permit", "deliver"), d.due(s.now, 10))

        s.refused("gap-open", "尚未补齐", CLERK, "task", "deliver", task, "--way", "window")
        s.act(CLERK, "supplement", n, "--material", "health_cert=" + s.hall.file("h.pdf", "x"))
        s.refused("delivery-way", "window, post, e_licence", CLERK, "task", "deliver", task, "--way",
                  "self_service")
        s.act(CLERK, "task", "deliver", task, "--way", "window", "--ready")
        self.assertEqual(s.item(n, "food_permit")["state"], "delivering")

    def w3_drainage_is_stopped(self, s, n):
        d, task, officer = s.days, n + ".drainage_permit", "officer/hurd/hurd-02"
        accepted = s.wait(n, "accepted")["moment"]
        s.at("2026-03-03 16:00")
        words = ("--notice", "特告2026-7", "--approver", "hurd-80")
        s.refused("stop-kind", "test", officer, "task", "suspend", task, "--kind", "hearing", *words)
        s.refused("notice-required", "", officer, "task", "suspend", task, "--kind", "test")
        s.refused("stop-long", "10 working days", officer, "task", "suspend", task, "--kind", "test",
                  "--at-most", "11WD", *words)
        s.refused("other-department", "hurd", "officer/fire/fire-01", "task", "suspend", task, "--kind",
                  "test", *words)
        s.act(officer, "task", "suspend", task, "--kind", "test", "--at-most", "3WD", *words)
        cap = d.due(s.now, 3)
        self.assertEqual(cap, moment("2026-03-06 17:30"))
        self.assertTrue(s.wait(n, "warned", "drainage_permit")["by_stop"])  # it was the last day
        item = s.item(n, "drainage_permit")
        self.assertEqual((item["state"], item["light"]), ("suspended", "blue"))
        self.assertEqual(datetime.datetime.fromisoformat(item["stops"][0]["ends_at"]), cap)

        s.at("2026-03-04 09:00")
        s.refused("consent-required", "书面意思表示", CLERK, "withdraw", n + ".tobacco_permit")
        s.act(CLERK, "withdraw", n + ".tobacco_permit", "--reason", "不再卖烟", "--consent", "撤件-1")
        s.refused("extension-none", "没有规定延期", "officer/amr/amr-80", "task", "extend",
                  n + ".food_permit", "--by", "1WD")
        s.refused("approver-required", "government", "officer/amr/amr-80", "task", "extend", n,
                  "--by", "5WD")
        s.act("officer/amr/amr-80", "task", "extend", n, "--by", "5WD", "--approver", "县政府",
              "--reason", "案情复杂")
        self.assertEqual(s.due(n, clock="legal"),
                         d.due(accepted, 45 + 5, (moment("2026-03-03 16:00").date(), cap.date())))
        s.refused("extension-once", "已经延期一次", "officer/amr/amr-80", "task", "extend", n, "--by",
                  "1WD", "--approver", "县政府", "--reason", "再延")

        s.at("2026-03-09 09:00")  # the announced three days were over on Friday, and nobody resumed
        resumed = s.wait(n, "resumed", "drainage_permit")
        self.assertTrue(resumed["by_cap"])
        self.assertEqual(resumed["moment"], cap)
        stop = (moment("2026-03-03 16:00").date(), cap.date())
        self.assertEqual(s.due(n, "drainage_permit"), d.due(accepted, 5, stop))
        tacit = s.wait(n, "overdue", "signboard")  # urban had said nothing by Friday
        self.assertEqual((tacit["follows"], tacit["moment"]), ("tacit", moment("2026-03-06 17:30")))
        s.worker("hurd", "--items", "drainage_permit", "--decide", "approve")
        s.wait(n, "decided", "drainage_permit")

    def w3_hurd_sleeps(self, s, n):
        d = s.days
        accepted = s.wait(n, "accepted")["moment"]
        due = d.due(accepted, 5)
        s.at("2026-03-12 09:00")
        s.wait(n, "escalated", "works_acceptance", count=4)
        rungs = [(row["event"]["escalated"]["to"], row["event"]["at"])
                 for row in s.events(n, "escalated", "works_acceptance")]
        self.assertEqual([(to, datetime.datetime.fromisoformat(at)) for to, at in rungs],
                         [("section_head", due), ("department_head", d.due(due, 1)),
                          ("supervision", d.due(due, 3)), ("accountability", d.due(due, 5))])
        self.assertEqual(due, moment("2026-03-03 17:30"))  # the Saturday was worked
        self.assertEqual(s.show(n)["light"], "red")
        s.worker("hurd", "--items", "works_acceptance", "--decide", "approve")
        s.wait(n, "decided", "works_acceptance")

    def w3_fire_was_promised(self, s, n):
        d, task, officer = s.days, n + ".fire_check", "officer/fire/fire-01"
        item = s.item(n, "fire_check")  # at once, on the written promise: nobody had to decide
        self.assertEqual((item["state"], item["result"]), ("decided", "granted"))
        granted = s.wait(n, "decided", "works_acceptance")["moment"]
        s.at("2026-03-24 10:00")
        self.assertEqual(s.due(n, "fire_check", "check"), d.due(granted, 20))
        s.refused("text-required", "理由", officer, "task", "check", task, "--passed", "no")
        s.act(officer, "task", "check", task, "--passed", "no", "--opinion", "疏散通道不符承诺")
        s.act(CLERK, "task", "deliver", n + ".food_permit", "--way", "window", "--receipt", "QS-7")

    # --- what holds at the end --------------------------------------------------------------------

    def end(self, s, courses):
        """The states are as told, in the dump too; the store verifies; nobody's number has leaked."""
        for number, states in courses.items():
            self.assertEqual(s.states(number), states)
            s.tell(number)
        dump = [json.loads(line) for line in s.hall.cli("store", "dump", s.hall.data).splitlines()]
        self.assertEqual({number: {row["item"]: row["state"] for row in dump
                                   if row["kind"] == "item" and row["app"] == number}
                          for number in courses}, courses)
        s.hall.cli("store", "verify", s.hall.data)
        public = [*s.lines, json.dumps([row for row in dump if row["kind"] != "audit"]),
                  *(json.dumps(s.show(number), ensure_ascii=False) for number in courses)]
        stored = [base64.b64decode(row["body"]) for row in dump if row["kind"] == "audit"]
        logs = [path.read_bytes() for path in pathlib.Path(s.hall.folder).glob("*.log")]
        self.assertGreater(len(stored), 10)
        for secret in SECRETS:
            self.assertFalse([text for text in public if secret in text], secret)
            self.assertFalse([body for body in stored + logs if secret.encode() in body], secret)
        if os.environ.get("STORY"):
            print("\n".join(s.lines), flush=True)


if __name__ == "__main__":
    unittest.main()
