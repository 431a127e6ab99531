"""The whole life of a case, told: each workflow that we ship through its hardest course, in a hall
of real processes under a clock that is set, by what clerks, officers and applicants type.

Each test prints its timeline as the hall shows it, and what was refused, to whom and why. No
workflow that we ship goes up to a higher authority, so no story does.
"""

import base64
import datetime
import json
import pathlib
import unittest

from story import Days, Story, moment, wait_until

CLERK, MANAGER = "clerk/hall-01", "manager/hall-04"
OWNER, PHONE = "11010519491231002X", "13800000000"
SECRETS = (OWNER, PHONE, "6222000011112222")
RESTAURANT = {
    "shop_name": "老张面馆", "credit_code": "91350100M000100Y43", "owner_id": OWNER, "phone": PHONE,
    "address": "解放路 1 号", "area": 320.5, "decorated": True, "fumes": True, "drainage": True,
    "tobacco": True, "sign_text": "老张面馆",
}
PARENT = {"name": "李四", "id": OWNER, "phone": PHONE}
NEWBORN = {
    "mother_name": "王芳", "mother_id": OWNER, "mother_phone": PHONE, "child_name": "李小宝",
    "child_sex": "男", "birth_date": "2026-04-20", "birth_place": "县妇幼保健院", "follows": "mother",
    "wants_insurance": True, "wants_card": True, "wants_benefit": True, "wants_guidance": True,
    "account": "6222000011112222",
}
HOUSE = {
    "unit_number": "350102001001GB00001", "title_number": "闽(2020)0001", "house_area": 98.5,
    "house_address": "五一路 2 号", "sellers": [{"name": "王五", "id": OWNER}], "price": 1000000,
    "buyers": [{"name": "李四", "id": OWNER}], "buyer_phone": PHONE, "mortgaged": True,
    "lender": "县农商行", "loan": 500000, "meters": ["water", "power"],
}
COMPANY = {
    "name": "滨江科技有限公司", "kind": "limited", "address": "滨江路 3 号", "scope": "软件开发",
    "capital": 1000000, "shareholders": [{"name": "李四", "id": OWNER, "share": 100}],
    "representative": "李四", "representative_id": OWNER, "representative_phone": PHONE,
    "staff": [{"name": "王芳", "id": OWNER, "wage": 5000}], "bank_branch": "滨江支行",
}
COMPANY_PAPERS = {"articles": "articles.pdf", "owners_ids": "ids.pdf", "appointments": "posts.pdf",
                  "premises_proof": "house.pdf"}
EMPLOYEE = {
    "employer": "滨江科技有限公司", "employer_code": "91350100M000100Y43", "clerk_phone": PHONE,
    "employee": "王芳", "employee_id": OWNER, "employee_phone": PHONE, "household": "local",
    "post": "程序员", "contract_from": "2026-10-08", "wage": 8000, "moves_file": True,
    "file_location": "省人才中心", "wants_card": True, "fund": True,
}
RETIRED = {
    "person": "李四", "person_id": OWNER, "person_phone": PHONE, "filed_by": "person",
    "retires_on": "2026-05-31", "kind": "normal", "born_by_file": "1966-05-31",
    "work_began": "1986-07-01", "pension_account": "6222000011112222", "withdraws_fund": True,
    "fund_account": "6222000011112222",
}
CODE = "2026-350102-48"
FIRM = {"name": "滨江开发公司", "id": "91350100M000100Y43", "phone": PHONE}
PROJECT = {"project_code": CODE, "project_name": "滨江产业园"}
LAND = {
    "procedure": "filing", "funding": "private", "investment": 90000000, "owner_name": "滨江开发公司",
    "owner_code": "91350100M000100Y43", "contact": "李四", "contact_phone": PHONE, "site": "滨江路",
    "land_area": 30000, "new_land": True, "use": "厂房", "floor_area": 50000, "eia": "report",
    "heritage": True,
}
LAND_PAPERS = ("owner_licence", "project_report", "boundary_map", "eia_document")
DESIGN = {
    "contact": "李四", "contact_phone": PHONE, "land_permit_no": "地-1", "designer": "省设计院",
    "designer_grade": "甲级", "plot_ratio": 1.8, "shelter_area": 900, "fire_lanes": "环形车道",
}
PERMIT = {
    "contact": "李四", "contact_phone": PHONE, "planning_permit_no": "建-1",
    "contract_price": 60000000,
    "firms": [{"role": "build", "name": "省一建", "code": "91350100M000100Y43"}], "tendered": True,
    "special_building": True, "connections": ["water", "power"],
}
ACCEPTANCE = {
    "contact": "李四", "contact_phone": PHONE, "building_permit_no": "施-1", "completed": "2026-11-20",
    "buildings": [{"name": "1 号楼", "built_area": 50000}], "fire_class": "special", "shelter": True,
}


class StoryTest(unittest.TestCase):
    maxDiff = None

    def story(self, title, begins):
        story = Story(title, begins)
        story.__enter__()
        self.addCleanup(story.__exit__, None, None, None)
        return story

    # --- W3 ---------------------------------------------------------------------------------------

    def test_w3_restaurant(self):
        """Filed online in the Spring Festival, corrected at night, visited by three departments;
        one department sleeps, one is stopped, one is promised to and lied to, one is taken back."""
        s = self.story("W3", "2026-02-17 10:00")
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
                         "works_acceptance": "decided", "fire_check": "revoked",
                         "signboard": "decided",
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
        self.assertEqual(s.item(n, "eia_record")["state"],
                         "delivered")  # an e-licence delivers itself

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
        s.refused("delivery-way", "window, post, e_licence", CLERK, "task", "deliver", task,
                  "--way",
                  "self_service")
        s.act(CLERK, "task", "deliver", task, "--way", "window", "--ready")
        self.assertEqual(s.item(n, "food_permit")["state"], "delivering")

    def w3_drainage_is_stopped(self, s, n):
        d, task, officer = s.days, n + ".drainage_permit", "officer/hurd/hurd-02"
        accepted = s.wait(n, "accepted")["moment"]
        s.at("2026-03-03 16:00")
        words = ("--notice", "特告2026-7", "--approver", "hurd-80")
        s.refused("stop-kind", "test", officer, "task", "suspend", task, "--kind", "hearing",
                  *words)
        s.refused("notice-required", "", officer, "task", "suspend", task, "--kind", "test")
        s.refused("stop-long", "10 working days", officer, "task", "suspend", task, "--kind",
                  "test",
                  "--at-most", "11WD", *words)
        s.refused("other-department", "hurd", "officer/fire/fire-01", "task", "suspend", task,
                  "--kind",
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
        extend = ("officer/amr/amr-80", "task", "extend", n, "--by", "5WD", "--reason", "案情复杂")
        s.refused("approver-required", "government", *extend)
        s.refused("approver-may-not", "county-01", *extend, "--approver", "amr-90")
        s.act(*extend, "--approver", "county-01")
        self.assertEqual(s.due(n, clock="legal"),
                         d.due(accepted, 45 + 5, (moment("2026-03-03 16:00").date(), cap.date())))
        s.refused("extension-once", "已经延期一次", "officer/amr/amr-80", "task", "extend", n, "--by",
                  "1WD", "--approver", "county-01", "--reason", "再延")

        s.at("2026-03-09 09:00")  # the announced three days were over on Friday, and nobody resumed
        resumed = s.wait(n, "resumed", "drainage_permit")
        self.assertTrue(resumed["by_cap"])
        self.assertEqual(resumed["moment"], cap)
        stop = (moment("2026-03-03 16:00").date(), cap.date())
        self.assertEqual(s.due(n, "drainage_permit"), d.due(accepted, 5, stop))
        tacit = s.overdue(n, "signboard")  # urban had said nothing by Friday
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

    # --- W4 ---------------------------------------------------------------------------------------

    def test_w4_newborn(self):
        """Filed on a Friday afternoon before Labour Day with two papers to come; the police say
        nothing to three urgings, an officer is away, silence answers a question, a card is made."""
        s = self.story("W4", "2026-04-24 16:30")
        d = s.days
        s.worker("nhc", "--items", "birth_record,vaccination", "--decide", "approve")
        s.worker("hospital", "--decide", "approve")
        n = s.submit(CLERK, "newborn", NEWBORN, applicant=PARENT, materials={
            "parents_ids": "ids.pdf", "household_book": "book.pdf", "marriage_licence": "later",
            "bills": "later"})
        start = s.wait(n, "submitted")["moment"]
        self.assertEqual(s.due(n), d.due(start, 12))
        self.assertEqual(s.due(n, clock="legal"), d.due(start, 45))
        self.assertEqual(s.due(n, "birth_record"),
                         d.half(start))  # an hour on Friday, the rest on Monday
        self.assertEqual(d.half(start).date(), moment("2026-04-27 11:00").date())
        s.wait(n, "decided", "birth_certificate")
        self.assertEqual(s.due(n, "household"), d.due(start, 2))
        self.assertEqual(s.due(n, "benefit"), moment("2026-05-12 17:30"))
        self.assertEqual(d.due(start, 10), moment("2026-05-12 17:30"))  # Saturday the 9th is worked
        self.w4_is_urged_and_asked(s, n)
        self.w4_nobody_answers(s, n)
        self.w4_benefit(s, n)
        self.w4_card(s, n)
        self.end(s, {n: {"birth_record": "delivered", "birth_certificate": "delivered",
                         "vaccination": "delivered", "household": "decided", "medical_insurance":
                         "delivered", "social_card": "delivered", "benefit": "decided",
                         "guidance": "withdrawn"}})

    def w4_is_urged_and_asked(self, s, n):
        d, task, first = s.days, n + ".benefit", "officer/nhsa/nhsa-01"
        s.at("2026-04-27 09:00")
        s.refused("urge-denied", "监督人员", CLERK, "urge", n + ".household", "--level", "urge",
                  "--text", "请办")
        s.act(CLERK, "urge", n + ".household", "--level", "remind", "--text", "请尽快办理")
        s.at("2026-04-28 10:00")
        s.refused("consult-whom", "nhsa", first, "task", "consult", task, "--department", "nhsa",
                  "--question", "参保状态")
        s.act(first, "task", "consult", task, "--department", "tax", "--question", "缴费记录是否齐全")
        asked = s.wait(n, "consulted", "benefit")
        self.assertEqual(datetime.datetime.fromisoformat(asked["limit"]["due_at"]), d.due(s.now, 5))
        self.assertEqual(d.due(s.now, 5), moment("2026-05-08 17:30"))
        s.refused("consulted-already", "tax", first, "task", "consult", task, "--department", "tax",
                  "--question", "再问")
        s.act(first, "task", "approve", task, "--opinion", "齐全")

    @staticmethod
    def risen(s, n):
        """The reminder, and what it rose to; the ladder's own urgings are others."""
        events = [row["event"] for row in s.events(n, "urged")]
        chain = [event for event in events if event["urged"]["urging"]["level"] == "remind"][:1]
        while chain:
            number = chain[-1]["urged"]["urging"]["number"]
            after = [event for event in events if event["urged"].get("raised_from") == number]
            if not after:
                break
            chain += after
        return chain

    def w4_nobody_answers(self, s, n):
        """An urging rises with each silence, by a working day; only who is urged may answer."""
        d = s.days
        first = d.due(moment("2026-04-27 09:00"), 1)
        s.at("2026-04-30 10:00")
        chain = wait_until(lambda: len(found := self.risen(s, n)) == 3 and found,
                           "it has risen twice")
        rises = [(event["urged"]["urging"]["level"], event["urged"]["urging"]["to"],
                  datetime.datetime.fromisoformat(event["at"]),
                  datetime.datetime.fromisoformat(event["urged"]["urging"]["reply_by"]))
                 for event in chain]
        last = str(chain[-1]["urged"]["urging"]["number"])
        self.assertEqual(rises[0][3], first)
        self.assertEqual(rises[1:], [("urge", "department_head", first, d.due(first, 1)),
                                     ("order", "supervision", d.due(first, 1), d.due(first, 2))])
        self.assertEqual(s.overdue(n, "household")["moment"],
                         d.due(s.wait(n, "submitted")["moment"], 2))
        s.refused("reply-denied", "监督部门", "officer/tax/tax-01", "reply", n, "--number", last,
                  "--text", "不知道")
        s.act("officer/psb/psb-90", "reply", n, "--number", last, "--text", "今日办结")
        s.worker("psb", "--decide", "approve")
        s.wait(n, "decided", "household")
        self.assertEqual(s.due(n, "medical_insurance"), d.due(s.now, 1))
        s.act(CLERK, "withdraw", n + ".guidance", "--consent", "撤件-2")

    def w4_benefit(self, s, n):
        """The tax office was silent over the holidays; the settling officer is away, and his
        deputy, who has reviewed it, settles for him: nobody asked for four eyes here."""
        task, first, settles = n + ".benefit", "officer/nhsa/nhsa-01", "officer/nhsa/nhsa-02"
        s.absent("nhsa", "nhsa-02", "2026-05-06 08:30", "2026-05-11 17:30")
        s.at("2026-05-07 09:00")
        s.refused("consultation-open", "tax", first, "task", "approve", task)
        gap = s.overdue(n, "household", "supplement")  # the licence of marriage has not come
        self.assertNotIn("follows", gap)                   # and nobody sends the parents home
        s.at("2026-05-09 09:00")  # a worked Saturday
        consent = s.overdue(n, "benefit", "opinion")
        self.assertEqual((consent["follows"], consent["moment"]),
                         ("consent", moment("2026-05-08 17:30")))
        s.act(first, "task", "approve", task, "--opinion", "代 nhsa-02 结算")
        self.assertEqual(s.wait(n, "decided", "benefit")["with_gap"], True)
        s.refused("gap-open", "尚未补齐", settles, "task", "deliver", task, "--way", "window")
        s.act(CLERK, "supplement", n, "--material", "bills=" + s.hall.file("bills.pdf", "x"),
              "--material", "marriage_licence=" + s.hall.file("m.pdf", "x"))
        self.assertEqual(s.item(n, "birth_record")["state"], "delivered")  # with the last paper
        s.act(CLERK, "task", "deliver", n + ".vaccination", n + ".birth_certificate", "--way",
              "e_licence")
        s.worker("nhsa", "--items", "medical_insurance", "--decide", "approve")
        s.wait(n, "decided", "medical_insurance")

    def w4_card(self, s, n):
        """The card is being made for the whole announced time: the promise stands, the law runs on.
        Then it is collected, by appointment, on a Saturday that nobody works."""
        d, task, officer = s.days, n + ".social_card", "officer/hrss/hrss-02"
        started = s.wait(n, "decided", "household")["moment"]
        self.assertEqual(s.due(n, "social_card"), d.due(started, 5))
        legal = s.due(n, "social_card", "legal")
        s.at("2026-05-09 10:00")
        s.act(officer, "task", "suspend", task, "--kind", "card_making", "--notice", "制卡-1",
              "--approver", "hrss-80")
        cap = d.due(s.now, 10)
        stop = s.now.date(), cap.date()
        s.at("2026-05-25 09:00")
        self.assertEqual(s.wait(n, "resumed", "social_card")["moment"], cap)
        self.assertEqual(cap, moment("2026-05-22 17:30"))
        self.assertEqual(s.due(n, "social_card"), d.due(started, 5, stop))
        self.assertEqual(s.due(n, "social_card", "legal"), legal)
        self.assertEqual(legal, d.due(started, 20))
        s.worker("hrss", "--items", "social_card", "--decide", "approve")
        s.wait(n, "decided", "social_card")
        self.assertEqual(s.due(n, "social_card", "deliver"), d.due(s.now, 10))
        s.act(CLERK, "task", "deliver", task, "--way", "window", "--ready")
        self.assertFalse(d.works(moment("2026-05-30 09:00").date()))
        s.act(MANAGER, "booking", "plan", "w3", "2026-05-30", "--slot", "09:00-10:00=1")
        s.act(CLERK, "booking", "book", "w3", "2026-05-30", "09:00", "--name", "李四", "--id", OWNER,
              "--mode", "appointment", "--application", n)
        s.refused("booking-full", "09:00", CLERK, "booking", "book", "w3", "2026-05-30", "09:00",
                  "--name", "王五")
        s.at("2026-05-30 09:10")
        s.act(CLERK, "booking", "change", "w3", "2026-05-30", "1", "arrived")
        s.act(CLERK, "task", "deliver", task, "--way", "window", "--receipt", "QS-8")

    # --- W5 ---------------------------------------------------------------------------------------

    def test_w5_house_transfer(self):
        """The sale is not found and then it is; a court holds the house while a notice runs;
        whoever reviewed may not enter it; two buyers, ranked by the order of acceptance."""
        s = self.story("W5", "2026-09-14 09:00")
        d = s.days
        papers = {"identities": "ids.pdf", "sale_contract": "sale.pdf", "title_deed": "deed.pdf",
                  "loan_contract": "loan.pdf"}
        s.worker("tax", "--decide", "approve")
        rejects = s.worker("hurd", "--decide", "reject")
        n = s.submit(CLERK, "house_transfer", HOUSE, applicant=PARENT, materials=papers)
        s.wait(n, "decided", "tax")
        s.wait(n, "decided", "sale_check")
        blocked = {"transfer": "blocked", "mortgage": "blocked", "utilities": "blocked",
                   "sale_check": "decided", "tax": "delivered"}
        self.assertEqual(s.states(n), blocked)
        self.assertEqual(s.show(n)["state"], "closed")  # the one licence that was granted is out
        rejects.stop()
        self.w5_the_denial_is_overturned(s, n)
        later = s.submit(CLERK, "house_transfer", {**HOUSE, "mortgaged": False, "meters": []},
                         applicant=PARENT, materials=papers)
        s.wait(later, "decided", "sale_check")
        s.wait(later, "decided", "tax")
        ranks = [int(row["event"]["seq"]) for number in (n, later) for row in s.events(number)
                 if any(change.get("ordered") for what in row["event"].values()
                        if isinstance(what, dict) for change in what.get("changes", []))]
        self.assertEqual(len(ranks), 2)
        self.assertEqual(ranks, sorted(ranks))
        self.w5_a_court_holds_it(s, n)
        self.w5_four_eyes(s, n)
        s.refused("consent-required", "书面意思表示", CLERK, "withdraw", later)
        s.act(CLERK, "withdraw", later, "--consent", "撤件-3", "--reason", "不买了")
        self.assertEqual(s.show(later)["state"], "closed")  # two of its items are granted
        self.end(s, {n: {"sale_check": "delivered", "tax": "delivered", "transfer": "delivered",
                         "mortgage": "delivered", "utilities": "delivered"},
                     later: {"sale_check": "delivered", "tax": "delivered", "transfer": "withdrawn",
                             "mortgage": "not_needed", "utilities": "not_needed"}})

    def w5_the_denial_is_overturned(self, s, n):
        s.at("2026-09-15 10:00")
        task = n + ".sale_check"
        s.refused("role", "", CLERK, "reopen", task, "--reason", "复议")
        s.refused("post-may-not", "hurd-90", "officer/hurd/hurd-04", "reopen", task, "--reason",
                  "复议")
        s.act("officer/hurd/hurd-90", "reopen", task, "--reason", "行政复议决定撤销")
        self.assertEqual(s.states(n)["transfer"], "pending")
        self.assertEqual(s.show(n)["state"], "partly_done")
        s.worker("hurd", "--decide", "approve")
        s.wait(n, "decided", "sale_check", count=2)
        self.assertEqual(s.due(n, "transfer"), s.days.due(s.now, 3))

    def w5_a_court_holds_it(self, s, n):
        d, task, officer = s.days, n + ".transfer", "officer/dnr/dnr-02"
        started = s.wait(n, "decided", "sale_check")["moment"]
        s.at("2026-09-16 11:00")
        words = ("--notice", "法院协执-9", "--approver", "dnr-80")
        s.act(officer, "task", "suspend", task, "--kind", "judicial_hold", *words)
        hold = moment("2026-09-16 11:00").date(), moment("2026-10-09 10:00").date()
        s.at("2026-09-28 09:00")
        s.refused("stop-open", "已因此暂停", officer, "task", "suspend", task, "--kind", "judicial_hold",
                  *words)
        s.act(officer, "task", "suspend", task, "--kind", "public_notice", "--at-most", "10WD",
              *words)
        cap = d.due(s.now, 10)
        notice = s.now.date(), cap.date()
        self.assertEqual(cap, moment("2026-10-17 17:30") - datetime.timedelta(days=1))
        s.at("2026-10-09 10:00")
        s.refused("stop-ambiguous", "指明编号", officer, "task", "resume", task)
        s.act(officer, "task", "resume", task, "--number", "1", "--reason", "解除查封")
        self.assertEqual(s.item(n, "transfer")["state"], "suspended")
        s.at("2026-10-19 09:00")
        resumed = s.wait(n, "resumed", "transfer", count=2)
        self.assertEqual((resumed["by_cap"], resumed["moment"]), (True, cap))
        self.assertEqual(s.due(n, "transfer"), d.due(started, 3, hold,
                                                     notice))  # the union, not the sum
        self.assertEqual(s.due(n, "transfer", "legal"), d.due(started, 30,
                                                              notice))  # no court stops it

    def w5_four_eyes(self, s, n):
        task = n + ".transfer"
        reviews, enters = "officer/dnr/dnr-02", "officer/dnr/dnr-04"
        s.at("2026-10-19 09:30")
        s.act(reviews, "task", "approve", task, "--opinion", "无查封")
        s.refused("four-eyes", "dnr-01、dnr-03、dnr-04", reviews, "task", "approve", task)
        s.act(enters, "task", "return", task, "--reason", "查封核查截图缺失")
        s.refused("no-earlier-step", "", reviews, "task", "return", task, "--reason", "再退")
        s.act(reviews, "task", "approve", task, "--opinion", "已补截图")
        s.refused("reason-required", "理由", enters, "task", "reject", task)
        s.act(enters, "task", "approve", task, "--document", "闽2026-1")
        s.worker("dnr", "--items", "mortgage", "--decide", "approve")
        s.worker("utility", "--decide", "approve")
        s.wait(n, "decided", "mortgage")
        s.wait(n, "decided", "utilities")
        s.act(CLERK, "task", "deliver", task, "--way", "e_licence")

    # --- W1 ---------------------------------------------------------------------------------------

    def test_w1_company(self):
        """Taken on paper before the Spring Festival while the system was down, entered after it;
        the address was promised, and is false. Others: silence that accepts, a name that is
        taken, the wrong organ."""
        s = self.story("W1", "2026-02-24 09:00")
        d = s.days
        stated = moment("2026-02-14 16:00")  # a worked Saturday
        paper = {"stated_receipt": stated.isoformat(), "commitments": ["registration"]}
        file = s.submission("company_startup", COMPANY, applicant=PARENT, materials=COMPANY_PAPERS,
                            **paper)
        s.refused("stated-by-manager", "大厅负责人", CLERK, "submit", file)
        file = s.submission("company_startup", COMPANY, applicant=PARENT, materials=COMPANY_PAPERS,
                            **{**paper, "stated_receipt": "2026-01-20T09:00:00+08:00"})
        s.refused("stated-old", "30 天", MANAGER, "submit", file)
        n = s.submit(MANAGER, "company_startup", COMPANY, applicant=PARENT,
                     materials=COMPANY_PAPERS,
                     **paper)
        self.assertTrue(s.wait(n, "submitted")["paper"])
        self.assertEqual(datetime.datetime.fromisoformat(s.show(n)["effective_at"]), stated)
        self.assertEqual(s.due(n), d.due(stated, 2))  # counted from the paper
        self.assertEqual(s.item(n, "registration")["result"], "granted")  # on the promise, at once
        self.w1_the_others_run(s, n, stated)
        silent = self.w1_silence_accepts(s)
        taken = self.w1_the_name_is_taken(s)
        wrong = self.w1_wrong_organ(s)
        self.w1_the_address_is_false(s, n, stated)
        after = {name: "blocked" for name in ("seal", "tax_profile", "bank_account",
                                              "social_insurance",
                                              "medical_insurance", "housing_fund")}
        self.end(s, {n: {"registration": "revoked", "seal": "decided", "tax_profile": "decided",
                         "social_insurance": "delivered", "medical_insurance": "delivered",
                         "housing_fund": "delivered", "bank_account": "decided"},
                     silent: {**after, "registration": "terminated"}, taken: {**after,
                                                                              "registration":
                     "decided"}, wrong: {**after, "registration": "refused"}})

    def w1_the_others_run(self, s, n, started):
        d = s.days
        self.assertEqual(s.due(n, "seal"), d.half(started))
        self.assertEqual(s.item(n, "bank_account")["state"], "pending")
        s.worker("hrss", "--items", "social_insurance", "--decide", "approve")
        s.worker("nhsa", "--items", "medical_insurance", "--decide", "approve")
        s.worker("hpf", "--items", "housing_fund", "--decide", "approve")
        s.worker("tax", "--decide", "approve")
        s.at("2026-02-24 12:30")
        s.worker("psb", "--items", "seal", "--decide", "approve")
        sealed = s.wait(n, "decided", "seal")["moment"]
        self.assertEqual(s.due(n, "bank_account"), d.due(sealed, 1))
        s.worker("pboc_bank", "--decide", "approve")
        s.wait(n, "decided", "bank_account")
        wait = ("social_insurance", "medical_insurance", "housing_fund", "tax_profile")
        for item in wait:
            s.wait(n, "decided", item)
        self.assertEqual(s.show(n)["state"], "completed")

    def w1_silence_accepts(self, s):
        """Worked examples 10 and 11: filed on a day off, nobody says anything for five days."""
        d = s.days
        s.at("2026-02-28 19:00")
        n = s.submit("clerk/online", "company_startup", COMPANY, "--receive-only", mode="online",
                     applicant={**PARENT, "name": "沉默公司"}, materials=COMPANY_PAPERS)
        received = d.effective(s.now)
        self.assertEqual(received, moment("2026-03-02 08:30"))
        self.assertEqual(s.due(n, "registration", "notify"), d.due(s.now, 5))
        s.at("2026-03-10 09:00")
        deemed = s.overdue(n, "registration", "notify")
        self.assertEqual((deemed["follows"], deemed["moment"]), ("deemed", d.due(received, 5)))
        self.assertEqual(s.due(n, clock="legal"), d.due(received, 20))  # since the day of receipt
        self.assertEqual(s.due(n), d.due(received, 2))
        self.assertEqual(s.overdue(n, "registration")["moment"], d.half(received))
        self.assertEqual(s.show(n)["light"], "red")
        s.refused("notify-late", "", CLERK, "notify", n + ".registration", "--material", "articles")
        s.refused("nothing-to-return", "", CLERK, "return", n + ".registration", "--reason", "退")
        s.act("supervisor/x", "terminate", n + ".registration", "--reason", "申请人已注销")
        return n

    def w1_the_name_is_taken(self, s):
        """A denial that blocks all that need it, and ends the whole."""
        worker = s.worker("amr", "--items", "registration", "--decide", "reject")
        n = s.submit(CLERK, "company_startup", COMPANY, applicant=PARENT, materials=COMPANY_PAPERS)
        s.wait(n, "decided", "registration")
        self.assertEqual(s.show(n)["state"], "completed")
        worker.stop()
        return n

    def w1_wrong_organ(self, s):
        n = s.submit(CLERK, "company_startup", COMPANY, "--receive-only", applicant=PARENT,
                     materials=COMPANY_PAPERS)
        twin = s.submit(CLERK, "company_startup", COMPANY, "--receive-only", applicant=PARENT,
                        materials=COMPANY_PAPERS)
        warning = s.answer["warnings"][0]
        self.assertEqual(warning["rule"], "duplicate-open")
        self.assertIn(n, json.dumps(warning))
        s.act(CLERK, "withdraw", twin, "--consent", "撤件-4")
        self.assertEqual(s.show(twin)["state"], "withdrawn")
        s.refused("redirect-required", "应当申请的机关", CLERK, "refuse", n, "--reason", "wrong_organ",
                  "--text", "不属本大厅")
        s.refused("department-unknown", "民政局", CLERK, "refuse", n, "--reason", "wrong_organ",
                  "--redirect-to", "民政局", "--text", "不属本大厅")
        s.refused("notify-first", "", CLERK, "refuse", n, "--reason", "incomplete", "--text",
                  "材料不全")
        s.act(CLERK, "refuse", n, "--reason", "wrong_organ", "--redirect-to", "dnr", "--text",
              "不属本大厅")
        refused = s.wait(n, "refused")
        self.assertEqual((refused["redirect_to"], s.show(n)["state"]), ("dnr", "refused"))
        return n

    def w1_the_address_is_false(self, s, n, stated):
        task = n + ".registration"
        self.assertEqual(s.due(n, "registration", "check"), s.days.due(stated, 30))
        s.at("2026-03-20 10:00")
        s.act("officer/amr/amr-01", "task", "check", task, "--passed", "no", "--opinion", "住所不实")
        s.refused("nothing-to-check", "", "officer/amr/amr-01", "task", "check", task, "--passed",
                  "yes")

    # --- W6 ---------------------------------------------------------------------------------------

    def test_w6_hiring(self):
        """Filed before the contract begins; a notice of holidays moves what is due; the file never
        comes; the case goes on under a new version of its workflow, and back."""
        s = self.story("W6", "2026-09-21 09:00")
        d = s.days
        n = s.submit(CLERK, "hiring", EMPLOYEE, applicant=PARENT, materials={
            "labour_contract": "contract.pdf", "id_card": "id.pdf", "file_notice": "later"})
        self.assertEqual(s.states(n)["employment"], "pending")
        self.assertEqual(s.due(n, "personal_file"), d.due(s.now, 15))
        wait = s.now.date(), moment("2026-10-08 08:30").date()  # the employer's own time
        self.assertEqual(s.due(n), d.due(s.now, 15, wait))
        self.assertEqual(s.due(n, "personal_file", "supplement"), d.due(s.now, 10))
        self.w6_a_notice_of_holidays(s, n)
        self.w6_the_day_has_come(s, n)
        self.w6_another_version(s, n)
        self.end(s, {n: {"employment": "delivered", "social_insurance": "delivered",
                         "medical_insurance": "delivered", "personal_file": "returned",
                         "social_card": "decided", "housing_fund": "delivered"}})

    def w6_a_notice_of_holidays(self, s, n):
        """The Monday after the National Day is given off: every open limit over it moves."""
        start = s.now
        was = s.due(n, "personal_file"), s.due(n, "personal_file", "legal"), s.due(n)
        s.at("2026-09-24 10:00")
        with open(s.hall.workflows + "/calendars/cn.yaml", encoding="utf-8") as file:
            text = file.read().replace("10-01..10-07]\n    workdays: [01-04, 02-14",
                                       "10-01..10-07, 10-12]\n    workdays: [01-04, 02-14")
        notice = s.hall.file("cn.yaml", text)
        s.refused("role", "管理员", CLERK, "calendar", "publish", notice)
        s.ask("administrator/x", "calendar", "publish", notice)
        s.days = d = Days(notice)
        recomputed = s.wait(n, "recomputed")
        moves = {(move["clock"].get("whole"), move["clock"].get("legal"),
                  move["clock"].get("kind")):
                 (move["was"], move["is"]) for move in recomputed["moves"]}
        self.assertEqual(moves[None, None, None], (was[0].isoformat(), d.due(start,
                                                                             15).isoformat()))
        wait = start.date(), moment("2026-10-08 08:30").date()
        self.assertEqual(moves[True, None, None],
                         (was[2].isoformat(), d.due(start, 15, wait).isoformat()))
        self.assertEqual(s.due(n, "personal_file"), d.due(start, 15))
        self.assertEqual(s.due(n, "personal_file", "legal"), d.due(start, 20))
        self.assertEqual(s.due(n, "personal_file", "supplement"), d.due(start, 10))
        self.assertLess(was[0], s.due(n, "personal_file"))

    def w6_the_day_has_come(self, s, n):
        d = s.days
        s.worker("nhsa", "--items", "medical_insurance", "--decide", "approve")
        s.worker("hpf", "--items", "housing_fund", "--decide", "approve")
        s.worker("hrss", "--items", "employment,social_insurance", "--decide", "approve")
        self.assertEqual(s.states(n)["medical_insurance"], "pending")
        s.at("2026-10-08 09:00")
        opened = s.wait(n, "opened", "employment")
        self.assertEqual(opened["moment"], moment("2026-10-08 08:30"))
        self.assertEqual(s.due(n, "employment"), d.half(opened["moment"]))
        for item in ("employment", "social_insurance", "medical_insurance", "housing_fund"):
            s.wait(n, "decided", item)
        card = s.wait(n, "decided", "social_insurance")["moment"]
        self.assertEqual(s.due(n, "social_card"), d.due(card, 5))
        self.assertEqual(d.due(card, 5), moment("2026-10-15 17:30"))  # 9, Saturday 10, 13, 14, 15

    def w6_another_version(self, s, n):
        d, start = s.days, s.wait(n, "submitted")["moment"]
        card = s.wait(n, "decided", "social_insurance")["moment"]
        with open(s.hall.workflows + "/hiring.yaml", encoding="utf-8") as file:
            text = file.read().replace("version: 1", "version: 2", 1).replace(
                "promise: 5 working days        # making",
                "promise: 3 working days        # making")
        s.ask("administrator/x", "workflow", "publish", s.hall.file("hiring2.yaml", text))
        words = ("workflow", "migrate", "hiring", "--reason", "提速", n)
        verdict = s.act("administrator/x", *words, "--to", "2", "--dry-run")["items"]
        self.assertEqual([row["can"] for row in verdict], [True])
        s.ask("administrator/x", *words, "--to", "2")
        self.assertEqual(s.show(n)["version"], 2)
        self.assertEqual(s.due(n, "social_card"), d.due(card, 3))
        s.ask("administrator/x", *words, "--to", "1")
        self.assertEqual(s.due(n, "social_card"), d.due(card, 5))
        s.at("2026-10-14 09:00")
        late = s.overdue(n, "personal_file",
                         "supplement")  # ten days, and the sealed file has not come
        self.assertEqual((late["follows"], late["moment"]), ("returned", d.due(start, 10)))
        s.refused("nothing-to-return", "", CLERK, "return", n + ".personal_file", "--reason", "再退")
        s.worker("hrss", "--items", "social_card", "--decide", "approve")
        s.wait(n, "decided", "social_card")
        self.assertEqual(s.show(n)["state"], "completed")

    def test_w6_retirement(self):
        """Filed before the day; reviewed for eight days, shown to the public for five, decided by
        somebody else; the pension waits for the day, which is a Sunday."""
        s = self.story("W6", "2026-04-13 09:00")
        d = s.days
        n = s.submit(CLERK, "retirement", RETIRED, applicant=PARENT, materials={
            "identity_card": "id.pdf", "original_file": "file.pdf"})
        task, reviews, decides = n + ".conditions", "officer/hrss/hrss-03", "officer/hrss/hrss-04"
        self.assertEqual(s.due(n, "conditions"), d.due(s.now, 15))
        start = s.now
        s.worker("psb", "--items", "identity", "--decide", "approve")
        s.at("2026-04-24 10:00")
        s.act(reviews, "task", "claim", task)
        s.refused("claimed", "hrss-03", decides, "task", "transfer", task, "--to", "hrss-04")
        s.act(reviews, "task", "approve", task, "--opinion", "档案属实")
        self.assertEqual(s.overdue(n, "conditions", "step")["moment"], d.due(start,
                                                                             8))  # a day late,
        self.assertEqual(s.item(n, "conditions")["promise"].get("overdue"),
                         None)  # and in time as a whole
        words = ("--kind", "public_notice", "--notice", "公示-1", "--approver", "hrss-80")
        s.act(decides, "task", "suspend", task, *words)
        cap = d.due(s.now, 5)
        stop = s.now.date(), cap.date()
        self.assertEqual(cap, moment("2026-05-06 17:30"))
        s.at("2026-05-07 09:00")
        self.assertEqual(s.wait(n, "resumed", "conditions")["moment"], cap)
        self.assertEqual(s.due(n, "conditions"), d.due(start, 15, stop))
        self.assertEqual(s.due(n, "conditions", "legal"), d.due(start, 20, stop))
        wait = start.date(), d.opening(moment("2026-05-31 08:30").date()).date()  # his own time
        self.assertEqual(s.due(n, clock="legal"), d.due(start, 45, stop, wait))
        s.refused("four-eyes", "hrss-04", reviews, "task", "approve", task)
        s.act(decides, "task", "approve", task, "--document", "退-1")
        s.wait(n, "decided", "conditions")
        self.assertEqual(s.states(n)["pension"], "pending")
        s.at("2026-06-01 09:00")
        opened = s.wait(n, "opened", "pension")["moment"]
        self.assertEqual(opened, d.opening(moment("2026-05-31 00:00").date()))
        self.assertEqual(s.due(n, "pension"), d.due(opened, 15))
        s.worker("hrss", "--items", "pension", "--decide", "approve")
        s.worker("nhsa", "--items", "medical", "--decide", "approve")
        s.worker("hpf", "--decide", "approve")
        for item in ("pension", "medical", "fund_seal", "fund_payment"):
            s.wait(n, "decided", item)
        self.end(s, {n: {"identity": "delivered", "conditions": "decided", "pension": "decided",
                         "medical": "delivered", "fund_seal": "delivered",
                         "fund_payment": "delivered"}})

    # --- W2 ---------------------------------------------------------------------------------------

    def test_w2_construction(self):
        """A major project over its four stages, with one who follows it: two stops that lie over
        one another, a tender, a review by experts, opinions that silence gives,
        an extension by the county,
        one visit of four departments."""
        s = self.story("W2", "2026-09-11 15:00")
        s.act("supervisor/x", "project", "open", CODE, "--title", "滨江产业园", "--tracker", "dr-01",
              "--milestone", "land=2026-10-15 供地", "--milestone", "permit=2027-01-29 开工")
        courses = {}
        land = self.w2_land(s, courses)
        self.w2_design(s, courses)
        self.w2_permit(s, courses)
        self.w2_acceptance(s, courses)
        self.w2_the_environment_is_late(s, land)
        self.w2_the_project(s, courses)
        self.end(s, courses)

    def stage(self, s, workflow, form, materials, *words):
        """One stage is filed."""
        return s.submit(CLERK, workflow, {**PROJECT, **form}, *words, applicant=FIRM, project=CODE,
                        materials={name: name + ".pdf" for name in materials})

    def w2_land(self, s, courses):
        d = s.days
        s.at("2026-09-14 09:00")
        start = s.now
        s.refused("project-unknown", "XM-0", CLERK, "submit", s.submission(
            "construction_land", {**PROJECT, **LAND}, applicant=FIRM, project="XM-0", materials={
                name: name + ".pdf" for name in LAND_PAPERS}))
        n = self.stage(s, "construction_land", LAND, LAND_PAPERS)
        s.worker("dr", "--items", "filing", "--decide", "approve")
        s.wait(n, "decided", "filing")
        self.assertEqual(s.due(n, "eia_report"), d.due(start, 20))
        review, decide = "officer/dnr/dnr-01", "officer/dnr/dnr-03"
        task, eia = n + ".site_opinion", n + ".eia_report"
        s.act(review, "task", "approve", task, "--opinion", "符合国土空间规划")
        s.act(review, "task", "recall", task, "--reason", "附图有误")
        s.act(review, "task", "approve", task, "--opinion", "附图已换")
        s.refused("four-eyes", "dnr-02、dnr-03、dnr-04", review, "task", "approve", task)
        s.at("2026-09-18 10:00")
        s.refused("stop-kind", "expert_review, public_notice", "officer/eco/eco-01", "task",
                  "suspend",
                  eia, "--kind", "hearing", "--notice", "听-1", "--approver", "eco-80")
        self.stop(s, eia, "expert_review", "eco")
        s.act(decide, "task", "approve", task, "--document", "预审-1")
        s.worker("dnr", "--items", "land_permit", "--decide", "approve")
        s.wait(n, "decided", "land_permit")  # the contract is there, and the site was agreed
        s.at("2026-09-21 09:00")  # the Sunday before was worked
        opinion = s.overdue(n, "heritage_opinion")
        self.assertEqual((opinion["follows"], opinion["moment"]), ("tacit",
                                                                   moment("2026-09-20 17:30")))
        self.assertEqual(d.due(start, 5), moment("2026-09-20 17:30"))
        s.at("2026-10-09 09:30")
        self.stop(s, eia, "public_notice", "eco")
        s.at("2026-10-12 10:00")
        s.act("officer/eco/eco-01", "task", "resume", eia, "--number", "1")
        s.at("2026-10-16 10:00")
        s.act("officer/eco/eco-01", "task", "resume", eia)
        stops = ((moment("2026-09-18").date(), moment("2026-10-12").date()),
                 (moment("2026-10-09").date(), moment("2026-10-16").date()))
        self.assertEqual(s.due(n, "eia_report"), d.due(start, 20, *stops))  # worked example 14
        self.assertEqual(d.between(stops[0][0], stops[1][1]), 16)
        whole = stops[1][1] - stops[0][0]  # a limit in days shifts by days
        self.assertEqual(s.due(n, "eia_report", "legal"),
                         d.close(start.date() + datetime.timedelta(days=60) + whole))
        self.assertEqual(s.due(n), d.due(start, 20, *stops))
        courses[n] = {"filing": "delivered", "approval": "not_needed", "feasibility": "not_needed",
                      "site_opinion": "decided", "land_permit": "decided", "eia_report": "decided",
                      "eia_table": "not_needed", "soil_conservation": "not_needed",
                      "flood_impact": "not_needed", "heritage_opinion": "delivered",
                      "seismic_opinion": "not_needed", "weather_opinion": "not_needed"}
        return n

    def stop(self, s, task, kind, department, *words):
        """An officer stops a clock, and the head of his section approves."""
        s.act(f"officer/{department}/{department}-01", "task", "suspend", task, "--kind", kind,
              "--notice",
              f"特告-{kind}", "--approver", f"{department}-80", *words)

    def w2_design(self, s, courses):
        """While the environment is still being reviewed, the next stage has begun."""
        d = s.days
        s.at("2026-10-19 09:00")
        start = s.now
        n = self.stage(s, "construction_design", DESIGN, ("design_text", "general_plan"))
        task, reviews, decides = n + ".design_review", "officer/dnr/dnr-03", "officer/dnr/dnr-01"
        s.act(reviews, "task", "consult", task, "--department", "transport", "--question",
              "出入口是否合适",
              "--limit", "3WD")
        self.assertEqual(datetime.datetime.fromisoformat(
            s.wait(n, "consulted")["limit"]["due_at"]), d.due(start, 3))
        s.refused("not-consulted", "您部门", "officer/fire/fire-01", "task", "opine",
                  task + ".opinion-1", "--consent", "yes")
        s.act("officer/transport/transport-01", "task", "opine", task + ".opinion-1", "--consent",
              "yes",
              "--opinion", "合适")
        s.act(reviews, "task", "approve", task)
        self.stop(s, task, "public_notice", "dnr", "--at-most", "7ND")
        s.at("2026-10-27 09:00")
        cap = s.wait(n, "resumed", "design_review")
        self.assertEqual(cap["moment"], d.close((start + datetime.timedelta(days=7)).date()))
        stop = start.date(), cap["moment"].date()
        self.assertEqual(s.due(n, "design_review"), d.due(start, 7, stop))
        self.assertEqual(s.due(n, "design_review", "legal"), d.due(start,
                                                                   20))  # the law does not stop
        self.assertEqual(s.overdue(n, "fire_opinion")["follows"], "tacit")
        s.act(decides, "task", "approve", task)
        s.worker("dnr", "--items", "planning_permit", "--decide", "approve")
        s.wait(n, "decided", "planning_permit")
        s.worker("cad", "--items", "shelter_opinion", "--decide",
                 "reject")  # an objection is a result
        s.wait(n, "decided", "shelter_opinion")
        self.assertEqual(s.show(n)["state"], "completed")
        courses[n] = {"design_review": "decided", "quality_opinion": "delivered",
                      "fire_opinion": "delivered",
                      "shelter_opinion": "decided", "green_opinion": "not_needed",
                      "traffic_opinion": "not_needed", "planning_permit": "decided"}

    def w2_permit(self, s, courses):
        """A tender of forty days at the most, a review by experts of twenty, then the permit."""
        d = s.days
        s.at("2026-10-28 09:00")
        start = s.now
        n = self.stage(s, "construction_permit", PERMIT, ("working_drawings", "geology",
                                                          "safety_plan",
                                                          "tender_documents"))
        officer = "officer/trading/trading-01"
        s.act(officer, "task", "suspend", n + ".tender", "--kind", "tender", "--notice", "招标公告-1",
              "--approver", "trading-02")
        self.stop(s, n + ".fire_design", "expert_review", "hurd", "--at-most", "5WD")
        s.at("2026-11-06 10:00")
        experts = start.date(), d.due(start, 5).date()
        self.assertEqual(s.wait(n, "resumed", "fire_design")["moment"], d.due(start, 5))
        self.assertEqual(s.due(n, "fire_design"), d.due(start, 7, experts))
        s.refused("approver-required", "government", "officer/hurd/hurd-80", "task", "extend", n,
                  "--reason", "规模大")
        s.act("officer/hurd/hurd-80", "task", "extend", n, "--by", "10WD", "--approver",
              "county-01",
              "--reason", "规模大")
        s.worker("review_body", "--decide", "approve")
        s.worker("hurd", "--items", "fire_design,permit", "--decide", "approve")
        s.worker("utility", "--decide", "approve")
        for item in ("drawing_review", "fire_design", "connections"):
            s.wait(n, "decided", item)
        self.assertEqual(s.states(n)["permit"], "pending")
        s.at("2026-11-25 10:00")
        s.act(officer, "task", "resume", n + ".tender", "--reason", "中标公示期满")
        tender = start.date(), s.now.date()
        self.assertEqual(s.due(n, "tender"), d.due(start, 2, tender))
        self.assertEqual(s.due(n, clock="legal"), d.due(start, 45 + 10, tender))
        self.assertEqual(s.due(n), d.due(start, 15, tender))
        s.worker("trading", "--decide", "approve")
        s.wait(n, "decided", "permit")
        courses[n] = {"drawing_review": "delivered", "fire_design": "decided",
                      "tender": "delivered",
                      "permit": "decided", "connections": "delivered"}

    def w2_acceptance(self, s, courses):
        """Four departments come on one day, and one of them finds nobody there at first."""
        s.at("2026-11-30 09:00")
        n = self.stage(s, "construction_acceptance", ACCEPTANCE, (
            "survey_result", "completion_report", "fire_test", "shelter_report", "archive_list",
            "warranty"))
        s.refused("visit-time", "将来", "officer/hurd/hurd-01", "visit", "set",
                  n + ".fire_acceptance",
                  "--at", "2026-11-27T09:30", "--officer", "hurd-01,dnr-03")
        s.act("officer/hurd/hurd-01", "visit", "set", n + ".fire_acceptance", "--at",
              "2026-12-01T09:30",
              "--place", "滨江产业园", "--officer", "hurd-01,dnr-03,cad-01,archive-01", "--confirmed")
        visit = s.wait(n, "visit_set")["visit"]
        self.assertEqual(len(visit["items"]), 4)  # all that go to the site go together
        s.at("2026-12-01 11:00")
        s.act("officer/dnr/dnr-03", "visit", "end", n, "--number", "1", "--result", "missed",
              "--text",
              "无人接待")
        s.act(CLERK, "visit", "set", n + ".planning_check", "--at", "2026-12-02T09:30", "--officer",
              "hurd-01,dnr-03,cad-01,archive-01", "--confirmed")
        s.at("2026-12-02 16:00")
        s.act("officer/hurd/hurd-01", "visit", "end", n, "--number", "2", "--result", "held")
        s.worker("cad", "--items", "shelter_acceptance", "--decide", "approve")
        s.worker("archive", "--items", "archive_acceptance", "--decide", "approve")
        s.worker("dnr", "--items", "planning_check,first_registration", "--decide", "approve")
        s.worker("hurd", "--items", "fire_acceptance,joint_acceptance,completion_filing",
                 "--decide",
                 "approve")
        s.wait(n, "decided", "first_registration")
        self.assertEqual(s.show(n)["state"], "completed")
        courses[n] = {"planning_check": "delivered", "fire_acceptance": "decided",
                      "shelter_acceptance":
                      "delivered", "archive_acceptance": "delivered", "joint_acceptance": "decided",
                      "completion_filing": "delivered", "first_registration": "decided"}

    def w2_the_environment_is_late(self, s, n):
        """The report of the first stage is still out: its tracker urges, nobody answers."""
        d = s.days
        stops = tuple(moment("2026-" + a).date() for a in ("09-18", "10-16"))
        due = d.due(moment("2026-09-14 09:00"), 20, stops)
        self.assertEqual(s.overdue(n, "eia_report")["moment"], due)
        self.assertEqual(s.events(n, "escalated", "eia_report")[-1]["event"]["escalated"]["to"],
                         "accountability")
        s.refused("extension-none", "", "officer/eco/eco-90", "task", "extend", n + ".eia_report")
        s.refused("urge-denied", "", "tracker/dr-02", "urge", n + ".eia_report", "--level",
                  "remind",
                  "--text", "请办")
        s.act("tracker/dr-01", "urge", n + ".eia_report", "--level", "remind", "--text", "请办",
              "--limit",
              "4WH")
        asked = [row["event"]["urged"]["urging"] for row in s.events(n, "urged")
                 if row["event"]["urged"]["urging"]["level"] == "remind"][-1]
        self.assertEqual(datetime.datetime.fromisoformat(asked["reply_by"]).replace(microsecond=0),
                         d.minutes(s.now, 240))
        s.at("2026-12-04 09:00")
        s.wait(n, "urged", count=2)
        s.worker("eco", "--decide", "approve")
        s.wait(n, "decided", "eia_report")
        self.assertEqual(s.show(n)["state"], "completed")

    def w2_the_project(self, s, courses):
        view = s.act("tracker/dr-01", "project", "show", CODE)
        self.assertEqual(sorted(row["number"] for row in view["applications"]), sorted(courses))
        self.assertEqual([late.get("milestone") for late in view["lates"]], ["land"])
        s.refused("project-other-tracker", "dr-01", "tracker/dr-02", "project", "milestone", CODE,
                  "land",
                  "--reached")
        s.act("tracker/dr-01", "project", "milestone", CODE, "land", "--reached")
        s.act("supervisor/x", "project", "close", CODE)
        s.lines.append(s.ask("supervisor/x", "project", "show", CODE))

    # --- what holds at the end --------------------------------------------------------------------

    def end(self, s, courses):
        """The states are as told, in the dump too; the store verifies; nobody's number leaked."""
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
        print("\n".join(s.lines), flush=True)


if __name__ == "__main__":
    unittest.main()
