"""The gateway as its callers see it: real processes, and every route with every role."""

import datetime
import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import unittest
from xml.etree import ElementTree

from hall import Hall, program, wait_until

ROLES = {"clerk": (), "tracker": (), "supervisor": (), "manager": (), "administrator": (),
         "officer": ("--department", "fire", "--post", "fire-01")}
FORM = {"name": "老张面馆"}
RESTAURANT = {"shop_name": "老张面馆", "credit_code": "91350100M000100Y43",
              "owner_id": "11010519491231002X", "phone": "13800000000", "address": "人民路 8 号",
              "area": 120.5, "kitchen": 60, "seats": 80, "decorated": False, "kinds": ["热食"],
              "food_safety_officer": "张三", "fumes": False}


class Client:
    """Speaks as one account, or as nobody."""

    def __init__(self, hall, token=None, language=None):
        self.address = hall.http.removeprefix("http://")
        self.token, self.language = token, language

    def connect(self, timeout=20):
        return http.client.HTTPConnection(self.address, timeout=timeout)

    def send(self, method, path, body=None, **headers):
        """Returns status, headers and body: read as JSON where it is."""
        connection = self.connect()
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.token:
            headers.setdefault("Authorization", "Bearer " + self.token)
        if self.language:
            headers["Accept-Language"] = self.language
        if isinstance(body, dict):
            body = json.dumps(body)
            headers.setdefault("Content-Type", "application/json")
        if isinstance(body, str):
            body = body.encode()
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        text = answer.read()
        connection.close()
        if "json" in (answer.headers["Content-Type"] or ""):
            text = json.loads(text) if text else None
        return answer.status, answer.headers, text

    def get(self, path, **headers):
        return self.send("GET", path, **headers)

    def post(self, path, body=None, **headers):
        return self.send("POST", path, body, **headers)

    def submit(self, key, form=None, **headers):
        return self.post("/v1/applications", submission(form or FORM), Idempotency_Key=key, **headers)


def submission(form, workflow="five"):
    return {"workflow": workflow, "content": {"applicant": {"name": "张三丰", "id": "11010519491231002X", "phone": "13800000000"},
                                              "form": form}}


def events_of(response, count):
    """Reads server-sent events until there are so many: [(id, event, data)]."""
    events, fields = [], {}
    while len(events) < count:
        line = response.readline()
        if not line:
            break
        line = line.decode().rstrip("\n")
        if line == "" and "data" in fields:
            events.append((int(fields.get("id", 0)), fields["event"], json.loads(fields["data"])))
            fields = {}
        elif ": " in line:
            name, value = line.split(": ", 1)
            fields[name] = value
    return events


class GatewayTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.hall = Hall()
        cls.hall.__enter__()
        cls.addClassCleanup(cls.hall.__exit__, None, None, None)
        cls.hall.start_broker()
        cls.hall.start_gateway("--rate", "100000", "--public-rate", "100000")
        cls.clients = {role: Client(cls.hall, cls.hall.token(role + "-1", role, *words))
                       for role, words in ROLES.items()}
        cls.nobody = Client(cls.hall)
        cls.clerk, cls.administrator = cls.clients["clerk"], cls.clients["administrator"]
        status, _, answer = cls.clerk.submit("of-all-tests")
        assert status == 201, answer
        cls.number = answer["application"]

    # --- the table ---

    def operations(self):
        _, _, document = self.nobody.get("/openapi.json")
        for path, methods in document["paths"].items():
            for method, operation in methods.items():
                yield path, method.upper(), operation

    def test_an_applicant_is_found_without_an_address(self):
        """By the number of his papers, which stands in a body and in no address."""
        _, _, page = self.clerk.get("/v1/applications?limit=200")
        seen = {case["number"] for case in page["items"]}
        status, _, found = self.clerk.post("/v1/applications:find", {"applicant": "11010519491231002X"})
        self.assertEqual(status, 200, found)
        self.assertTrue(found["items"])
        self.assertLessEqual({case["number"] for case in found["items"]}, seen)
        _, _, none = self.clerk.post("/v1/applications:find", {"applicant": "110105194912310021"})
        self.assertEqual(none["items"], [])
        status, _, problem = self.clerk.get("/v1/applications?applicant=11010519491231002X")
        self.assertEqual((status, problem["type"]), (400, "/problems/applicant-in-address"))

    def test_every_route_with_every_role(self):
        """Who may is told apart from who may not by the same table that the document shows."""
        fill = {"file": "main.js", "number": self.number, "task": self.number + ".fire_item", "id": "none",
                "version": "latest", "workflow": "none", "code": "none", "name": "none",
                "department": "fire", "post": "none", "referral": "1", "window": "none",
                "date": "2026-12-01", "document": "none", "year": "2026"}
        count = 0
        for path, method, operation in self.operations():
            public = operation.get("security") == []
            address = re.sub(r"\{(\w+)\}", lambda match: fill[match[1]], path)
            if path in ("/v1/stream", "/metrics") or (path, method) == ("/v1/session", "DELETE"):
                continue
            for role, client in [("nobody", self.nobody), *self.clients.items()]:
                with self.subTest(role=role, method=method, path=path):
                    status, _, answer = client.send(method, address, {} if method == "POST" else None)
                    count += 1
                    if public:
                        self.assertNotIn(status, (403, 405), answer)
                    elif role == "nobody":
                        self.assertEqual(status, 401, answer)
                    elif role not in operation["x-roles"]:
                        self.assertEqual(status, 403, answer)
                        self.assertEqual(answer["type"], "/problems/role-may-not")
                    else:
                        self.assertNotIn(status, (401, 405, 500, 502, 503, 504), answer)
                        if status == 403:  # the route is open to him, this row is not
                            self.assertTrue(answer["detail"])
        self.assertGreater(count, 200)

    def test_metrics(self):
        status, _, text = self.nobody.get("/metrics")
        self.assertEqual(status, 200)
        lines = text.decode().splitlines()
        for line in lines:
            self.assertRegex(line, r'^(# (HELP|TYPE) binglian_\w+ .+|binglian_\w+(\{[^{}]*(\{\w+\}[^{}]*)*\})? [0-9.e+-]+)$')
        names = {line.split()[2] for line in lines if line.startswith("# TYPE")}
        self.assertLessEqual({"binglian_applications_open", "binglian_store_used_bytes",
                              "binglian_http_request_duration_seconds"}, names)
        self.assertIn('binglian_items_open{department="fire"}', text.decode())
        self.assertNotIn(self.number, text.decode())
        if shutil.which("promtool"):
            check = subprocess.run(["promtool", "check", "metrics"], input=text, check=False,
                                   capture_output=True)
            self.assertEqual((check.returncode, check.stderr), (0, b""))

    # --- reading ---

    def test_a_write_is_seen_at_once(self):
        for i in range(20):
            _, _, answer = self.clerk.submit(f"seen-{i}")
            status, headers, view = self.clerk.get("/v1/applications/" + answer["application"])
            self.assertEqual(status, 200)
            self.assertEqual(view["number"], answer["application"])
            self.assertEqual(headers["Content-Type"], "application/json")

    def test_etag(self):
        path = "/v1/applications/" + self.number
        _, headers, view = self.clerk.get(path)
        self.assertTrue(headers["ETag"].startswith(f'"{view["revision"]}.'))
        status, again, body = self.clerk.get(path, If_None_Match=headers["ETag"])
        self.assertEqual((status, again["ETag"], body), (304, headers["ETag"], None))
        self.assertEqual(self.clerk.get(path, If_None_Match='"1.x"')[0], 200)

    def test_pages_of_a_list(self):
        numbers = {self.clerk.submit(f"page-{i}")[2]["application"] for i in range(5)}
        seen, after, pages = [], "", 0
        while pages == 0 or after:
            status, _, page = self.clerk.get(f"/v1/applications?limit=2&after={after}")
            self.assertEqual(status, 200, page)
            seen += [view["number"] for view in page["items"]]
            if pages == 1:  # what comes in between moves nothing
                self.clerk.submit("page-between")
            after, pages = page.get("next", ""), pages + 1
        self.assertLessEqual(numbers, set(seen))
        self.assertEqual(len(seen), len(set(seen)))
        for query, pointer in [("limit=x", "/limit"), ("light=purple", "/light"), ("colour=red", ""),
                               ("limit=-1", "/limit"), ("limit=1&limit=2", "")]:
            with self.subTest(query):
                status, headers, problem = self.clerk.get("/v1/applications?" + query)
                self.assertEqual((status, headers["Content-Type"]), (400, "application/problem+json"))
                self.assertTrue(any(pointer in error.get("pointer", "") for error in problem["errors"]))

    def test_cursors_are_the_gateways_own(self):
        """A cursor goes on for whom it was made, in the list it was made for, and not otherwise."""
        for i in range(3):
            self.assertEqual(self.clerk.submit(f"sealed-{i}")[0], 201)
        first = self.clerk.get("/v1/applications?limit=1")[2]
        cursor, seen = first["next"], first["items"][0]["number"]
        second = self.clerk.get("/v1/applications?limit=1&after=" + cursor)[2]["items"][0]["number"]
        self.assertNotEqual(second, seen)
        self.assertEqual(self.clerk.submit("sealed-later")[0], 201)
        again = self.clerk.get("/v1/applications?limit=1&after=" + cursor)[2]
        self.assertEqual(again["items"][0]["number"], second)
        bent = cursor[:-2] + ("AA" if cursor[-2:] != "AA" else "BB")
        supervisor = self.clients["supervisor"]
        for client, path in ((self.clerk, "/v1/applications?after=" + bent),
                             (self.clerk, "/v1/applications?after=00ff"),
                             (self.clerk, "/v1/tasks?after=" + cursor),
                             (supervisor, "/v1/applications?after=" + cursor)):
            status, headers, problem = client.get(path)
            self.assertEqual((status, headers["Content-Type"]), (400, "application/problem+json"), path)
            error = problem["errors"][0]
            self.assertEqual((error["code"], error["pointer"]), ("cursor-malformed", "/after"))
            self.assertTrue(error["message"] and error["message_en"])

    def test_a_trace_passes_through(self):
        trace = "4bf92f3577b34da6a3ce929d0e0e4736"
        parent = f"00-{trace}-00f067aa0ba902b7-01"
        status, headers, problem = self.clerk.get("/v1/applications/none", traceparent=parent, tracestate="a=1,b=2")
        self.assertGreaterEqual(status, 400)
        self.assertEqual((headers["traceparent"], headers["tracestate"]), (parent, "a=1,b=2"))
        self.assertEqual((headers["X-Trace-Id"], problem["trace_id"]), (trace, trace))
        for bad in (parent + "-x", f"00-{'0' * 32}-00f067aa0ba902b7-01", f"00-{trace}-00f067aa0ba902bX-01"):
            _, headers, problem = self.clerk.get("/v1/applications/none", traceparent=bad, tracestate="a=1")
            self.assertIsNone(headers["traceparent"])
            self.assertIsNone(headers["tracestate"])
            self.assertNotEqual(problem["trace_id"], trace)
            self.assertEqual(problem["trace_id"], headers["X-Trace-Id"])

    def test_filters(self):
        view = self.clerk.get("/v1/applications/" + self.number)[2]
        due = view["promise"]["due_at"].replace("+", "%2B")
        later = "2099-01-01T00:00:00%2B08:00"
        for query, found in (("workflow=five", True), ("workflow=six", False),
                             ("state=" + view["state"], True), ("state=withdrawn", False),
                             ("project=none", False), ("window=none", False),
                             (f"due_from={due}", True), (f"due_to={due}", False),
                             (f"due_from={later}", False), (f"due_to={later}", True),
                             ("open=true", True), ("overdue=true", False), ("light=green", True),
                             ("department=fire", True), ("department=tax", False)):
            with self.subTest(query):
                numbers, after = set(), ""
                while after is not None:
                    status, _, page = self.clerk.get(f"/v1/applications?limit=200&{query}&after={after}")
                    self.assertEqual(status, 200, page)
                    numbers |= {entry["number"] for entry in page["items"]}
                    after = page.get("next")
                self.assertEqual(self.number in numbers, found)

    def test_a_department_sees_its_own(self):
        officer = self.clients["officer"]
        view = officer.get("/v1/applications/" + self.number)[2]
        self.assertEqual([item["id"] for item in view["items"]], ["fire_item"])
        self.assertNotIn("query_code", view)
        for event in officer.get(f"/v1/applications/{self.number}/events")[2]["items"]:
            self.assertIn(event.get("item", "fire_item"), "fire_item")

    def check_bpmn(self, text):
        """Every flow joins two nodes that name it, and every node but the ends has both."""
        model = "{http://www.omg.org/spec/BPMN/20100524/MODEL}"
        process = ElementTree.fromstring(text).find(model + "process")
        nodes = {node.get("id"): node for node in process
                 if node.tag not in (model + "sequenceFlow", model + "laneSet")}
        ids = [element.get("id") for element in process.iter() if element.get("id")]
        self.assertEqual(len(ids), len(set(ids)))
        flows = process.findall(model + "sequenceFlow")
        for flow in flows:
            for end, tag in (("sourceRef", "outgoing"), ("targetRef", "incoming")):
                named = [each.text for each in nodes[flow.get(end)].findall(model + tag)]
                self.assertIn(flow.get("id"), named)
        for id, node in nodes.items():
            self.assertEqual(node.find(model + "incoming") is None, id == "start")
            self.assertEqual(node.find(model + "outgoing") is None, id == "end")
            inner = {each.get("id") for each in node}
            for flow in node.findall(model + "sequenceFlow"):
                self.assertLessEqual({flow.get("sourceRef"), flow.get("targetRef")}, inner)
        for lane in process.iter(model + "flowNodeRef"):
            self.assertIn(lane.text, nodes)

    def test_workflows(self):
        _, _, list_ = self.clerk.get("/v1/workflows")
        self.assertIn("restaurant", [entry["id"] for entry in list_["items"]])
        status, _, definition = self.clerk.get("/v1/workflows/restaurant/versions/latest")
        self.assertEqual((status, definition["workflow"]), (200, "restaurant"))
        _, headers, form = self.clerk.get("/v1/workflows/restaurant/versions/1/form")
        self.assertEqual(headers["Content-Type"], "application/schema+json")
        self.assertEqual(form["properties"]["area"]["type"], "number")
        self.assertIn("shop_name", form["required"])
        status, headers, svg = self.clerk.get("/v1/workflows/restaurant/versions/1/graph.svg")
        self.assertTrue(status == 200 and svg.startswith(b"<svg"))
        self.assertTrue(self.clerk.get(f"/v1/applications/{self.number}/graph.svg")[2].startswith(b"<svg"))
        for entry in list_["items"]:
            self.check_bpmn(self.clerk.get(f"/v1/workflows/{entry['id']}/versions/latest/bpmn")[2])
        source = self.clerk.get("/v1/workflows/restaurant/versions/1/source")[2]
        self.assertIn(b"workflow: restaurant", source)
        for path in ("/v1/workflows/none/versions/1", "/v1/workflows/restaurant/versions/77",
                     "/v1/workflows/restaurant/versions/x"):
            self.assertEqual(self.clerk.get(path)[0], 404)
        status, _, report = self.clerk.post("/v1/workflows:validate", "workflow: x\nversions: 1\n",
                                            Content_Type="application/yaml")
        self.assertEqual((status, report["ok"] if "ok" in report else False), (200, False))
        self.assertTrue(all(remark["line"] > 0 for remark in report["remarks"] if "line" in remark))
        status, _, trial = self.clerk.post("/v1/workflows:simulate", {
            "workflow": "restaurant", "accept": "2026-11-23T09:00:00+08:00", "set": ["area=320.5"]})
        self.assertEqual(status, 200, trial)
        self.assertEqual(trial["promise"], "2026-12-07T17:30:00+08:00")

    def test_a_year_of_a_calendar(self):
        """As the notice of the State Council's General Office for 2026 has it."""
        status, headers, year = self.clients["officer"].get("/v1/calendars/cn/years/2026")
        self.assertEqual(status, 200, year)
        days = {day["date"]: day for day in year["days"]}
        self.assertEqual((len(year["days"]), len(days)), (365, 365))
        self.assertEqual(year["workdays"], sum(day.get("worked", False) for day in year["days"]))
        self.assertNotIn("provisional", year)
        self.assertTrue(year["sources"])
        for date, kind in (("2026-10-01", "holiday"), ("2026-10-10", "makeup"),
                           ("2026-11-28", "weekend"), ("2026-11-30", "workday")):
            with self.subTest(date):
                self.assertEqual(days[date]["kind"], kind)
                self.assertTrue(days[date]["title"]["zh"] and days[date]["title"]["en"])
                hours = ["08:30-12:00", "14:00-17:30"] if kind in ("workday", "makeup") else None
                self.assertEqual(days[date].get("hours"), hours)
        status, again, _ = self.clerk.get("/v1/calendars/cn/years/2026", If_None_Match=headers["ETag"])
        self.assertEqual((status, again["ETag"]), (304, headers["ETag"]))
        later = self.clerk.get("/v1/calendars/cn/years/2036")[2]
        self.assertTrue(later["provisional"])
        self.assertEqual((len(later["days"]), later.get("sources")), (366, None))
        for path in ("none/years/2026", "cn/years/2041", "cn/years/x", "cn/years/02026"):
            self.assertEqual(self.clerk.get("/v1/calendars/" + path)[0], 404)

    def agenda(self, client, path, **headers):
        """The events of a calendar, unfolded: {uid: {property: value}}."""
        status, answered, text = client.get(path, **headers)
        self.assertEqual((status, answered["Content-Type"]), (200, "text/calendar; charset=utf-8"), text)
        self.assertEqual(text.count(b"\n"), text.count(b"\r\n"))
        self.assertTrue(all(len(line) <= 75 for line in text.split(b"\r\n")))
        events = {}
        for event in text.decode().replace("\r\n ", "").split("BEGIN:VEVENT\r\n")[1:]:
            fields = dict(line.split(":", 1) for line in event.split("\r\n") if line)
            self.assertNotIn(fields["UID"], events)
            events[fields["UID"]] = fields
        return events, text.decode()

    def test_deadlines_as_a_calendar(self):
        view = self.clerk.get("/v1/applications/" + self.number)[2]
        due = datetime.datetime.fromisoformat(view["promise"]["due_at"]).astimezone(datetime.timezone.utc)
        events, text = self.agenda(self.clerk, "/v1/applications.ics")
        event = events[self.number + "@binglian"]
        self.assertEqual(event["DTSTART"], due.strftime("%Y%m%dT%H%M%SZ"))
        self.assertEqual(event["SUMMARY"], f"{self.number} {view['title']['zh']}")
        for secret in ("张三丰", "张", "11010519491231002X", "13800000000"):
            self.assertNotIn(secret, text)
        again, _ = self.agenda(self.clerk, "/v1/applications.ics", Accept_Language="en")
        self.assertEqual(event["UID"], again[self.number + "@binglian"]["UID"])
        for query in ("project=none", "window=none"):
            self.assertEqual(self.agenda(self.clerk, "/v1/applications.ics?" + query)[0], {})
        self.assertEqual(self.agenda(self.clients["tracker"], "/v1/applications.ics")[0], {})
        tasks = self.clients["officer"].get("/v1/tasks?post=fire-01&limit=200")[2]["items"]
        own, text = self.agenda(self.clients["officer"], "/v1/tasks.ics")
        self.assertEqual({event["SUMMARY"].split()[0] for event in own.values()},
                         {task["application"] for task in tasks if "due_at" in task.get("promise", {})})
        self.assertNotIn("张", text)
        self.assertEqual(self.clerk.get("/v1/tasks.ics")[0], 403)

    def evaluate(self, form, client=None, **more):
        content = {"form": form, **more.pop("content", {})}
        status, _, answer = (client or self.clerk).post("/v1/workflows:evaluate", {
            "workflow": "restaurant", "accept": "2026-11-23T09:00:00+08:00", "content": content, **more})
        self.assertEqual(status, 200, answer)
        return answer

    def test_a_form_half_filled_in(self):
        """What is asked, wrong, needed and due follows from the answers so far, and nothing is kept."""
        def states(answer):
            return {item["item"]: item["state"] for item in answer["items"]}

        before = self.clerk.get("/v1/events?limit=1")[2]
        empty = self.evaluate({})
        self.assertNotIn("errors", empty)
        self.assertIn("/content/form/area", [each["pointer"] for each in empty["missing"]])
        self.assertEqual(states(empty)["fire_check"], "not_needed")
        large = self.evaluate({"area": 320.5, "decorated": "maybe", "owner_id": "110105194912310021"})
        self.assertEqual(states(large)["fire_check"], "runs")
        self.assertEqual(large["promise"], "2026-12-07T17:30:00+08:00")
        due = {item["item"]: item.get("due") for item in large["items"]}
        self.assertEqual(due["fire_check"], "2026-11-30T17:30:00+08:00")
        wrong = {each["pointer"]: each for each in large["errors"]}
        self.assertEqual(set(wrong), {"/content/form/owner_id", "/content/form/decorated"})
        self.assertTrue(all(each["message"] and each["message_en"] for each in wrong.values()))
        self.assertNotIn("110105194912310021", json.dumps(large))
        asked = {field["name"] for field in large["fields"] if field.get("asked")}
        self.assertIn("fire_equipment", asked)
        self.assertNotIn("fire_equipment", {field["name"] for field in empty["fields"] if field.get("asked")})
        materials = {material["id"]: material for material in empty["materials"]}
        self.assertTrue(materials["lease"]["required"])
        applicant = {"applicant": {"name": "张三丰", "phone": "13800000000"},
                     "materials": [{"id": material["id"]} for material in empty["materials"]
                                   if material.get("required")]}
        whole = self.evaluate(RESTAURANT, content=applicant)
        self.assertTrue(whole.get("complete"), whole)
        self.assertNotIn("missing", whole)
        for bad in ({"workflow": "none"}, {"workflow": "restaurant", "version": 77}):
            self.assertEqual(self.clerk.post("/v1/workflows:evaluate", bad)[0], 404)
        refused = self.evaluate(RESTAURANT, content=applicant, commitments=["none"])
        self.assertEqual([each["pointer"] for each in refused["errors"]], ["/commitments/0"])
        self.assertEqual(self.clerk.get("/v1/events?limit=1")[2], before)
        with open(self.hall.path("gateway.log"), encoding="utf-8") as log:
            self.assertNotIn("110105194912310021", log.read())

    def test_drafts(self):
        """A draft is its owner's alone, is not overwritten unread, and there are not too many."""
        path = "/v1/drafts/new-1"
        form = {"form": {"shop_name": "老张面馆", "area": 12}}
        body = {"workflow": "restaurant", "title": "老张", "content": form}
        self.assertEqual(self.clerk.get(path)[0], 404)
        status, headers, draft = self.clerk.send("PUT", path, body)
        self.assertEqual((status, draft["revision"], draft["content"]["form"]), (200, 1, form["form"]))
        first = headers["ETag"]
        status, headers, draft = self.clerk.get(path)
        self.assertEqual((status, headers["ETag"], headers["Cache-Control"]), (200, first, "no-store"))
        self.assertEqual(self.clerk.get(path, If_None_Match=first)[0], 304)
        for match in ({}, {"If_Match": '"7.x"'}, {"If_Match": "x"}):
            status, _, problem = self.clerk.send("PUT", path, body, **match)
            self.assertEqual((status, problem["type"]), (412, "/problems/draft-stale"))
        status, headers, draft = self.clerk.send("PUT", path, {**body, "title": "老李"}, If_Match=first)
        self.assertEqual((status, draft["revision"]), (200, 2))
        self.assertEqual(self.clerk.send("PUT", path, body, If_Match=first)[0], 412)
        [listed] = self.clerk.get("/v1/drafts")[2]["items"]
        self.assertEqual((listed["title"], "content" in listed), ("老李", False))
        for other in (self.administrator, self.clients["manager"]):
            self.assertEqual(other.get(path)[0], 404)
            self.assertFalse(other.get("/v1/drafts")[2].get("items"))
            self.assertEqual(other.send("DELETE", path)[0], 404)
        self.assertEqual(self.clerk.send("PUT", "/v1/drafts/a.b", body)[0], 422)
        large = {**body, "content": {"form": {"shop_name": "x" * 70000}}}
        status, _, problem = self.clerk.send("PUT", "/v1/drafts/large", large)
        self.assertEqual((status, problem["type"]), (413, "/problems/draft-large"))
        tracker = self.clients["tracker"]
        for i in range(50):
            self.assertEqual(tracker.send("PUT", f"/v1/drafts/d{i}", body)[0], 200)
        status, _, problem = tracker.send("PUT", "/v1/drafts/d50", body)
        self.assertEqual(problem["type"], "/problems/drafts-many")
        self.assertEqual(self.clerk.send("DELETE", path)[0], 204)
        self.assertEqual(self.clerk.get(path)[0], 404)
        with open(self.hall.path("gateway.log"), encoding="utf-8") as log:
            self.assertNotIn("老张面馆", log.read())

    def test_publishing_is_seen_at_once(self):
        with open(self.hall.workflows + "/five.yaml", encoding="utf-8") as file:
            text = file.read().replace("workflow: five", "workflow: fresh")
        status, _, answer = self.administrator.post("/v1/workflows", text, Content_Type="application/yaml")
        self.assertEqual(status, 200, answer)
        self.assertEqual(self.clerk.get("/v1/workflows/fresh/versions/1")[0], 200)
        status, _, answer = self.clerk.post("/v1/applications", submission(FORM, "fresh"),
                                            Idempotency_Key="fresh-1")
        self.assertEqual(status, 201, answer)

    # --- writing ---

    def test_idempotency(self):
        status, headers, first = self.clerk.submit("twice")
        self.assertEqual((status, headers["Location"]), (201, "/v1/applications/" + first["application"]))
        status, headers, again = self.clerk.submit("twice")
        self.assertEqual((status, headers["Idempotency-Replayed"]), (201, "true"))
        self.assertEqual(again["application"], first["application"])
        status, _, problem = self.clerk.submit("twice", {"name": "别的"})
        self.assertEqual((status, problem["type"]), (422, "/problems/request-reused"))
        other = self.administrator.submit("twice")[2]  # the key is the caller's own
        self.assertNotEqual(other["application"], first["application"])
        long = self.clerk.submit("k" * 255)[2]
        self.assertEqual(self.clerk.submit("k" * 255)[2]["application"], long["application"])
        for bad in (None, "", "k" * 256, "a b"):
            with self.subTest(bad):
                headers = {} if bad is None else {"Idempotency_Key": bad}
                status, _, problem = self.clerk.post("/v1/applications", submission(FORM), **headers)
                self.assertEqual((status, problem["type"]), (400, "/problems/idempotency-key"))

    def test_refusals_are_problems(self):
        status, headers, problem = self.clerk.submit("refused", {"name": 7, "nam": "x"})
        self.assertEqual((status, headers["Content-Type"]), (422, "application/problem+json"))
        self.assertIn("/content/form/name", [error["pointer"] for error in problem["errors"]])
        self.assertTrue(all(error["message"] and error["message_en"] for error in problem["errors"]))
        english = Client(self.hall, self.clerk.token, "en-GB,en;q=0.9")
        self.assertNotEqual(english.submit("refused", {"name": 7})[2]["title"], problem["title"])
        self.assertEqual(len(problem["trace_id"]), 32)
        trace = "0af7651916cd43dd8448eb211c80319c"
        problem = self.clerk.submit("refused", {"name": 7}, traceparent=f"00-{trace}-b7ad6b7169203331-01")[2]
        self.assertEqual(problem["trace_id"], trace)

    def test_if_match(self):
        """What was read has to be what is decided on."""
        number = self.clerk.submit("matched")[2]["application"]
        supervisor, path = self.clients["supervisor"], f"/v1/tasks/{number}.fire_item:terminate"
        _, headers, view = supervisor.get("/v1/applications/" + number)
        status, _, problem = supervisor.post(path, {"reason": "申请人已注销"})
        self.assertEqual((status, problem["type"]), (428, "/problems/if-match-required"))
        for bad in ('W/"1"', '"x"', "1", '"99999999999.1"'):
            self.assertEqual(supervisor.post(path, {"reason": "x"}, If_Match=bad)[0], 412)
        status, _, answer = supervisor.post(path, {"reason": "申请人已注销"}, If_Match=headers["ETag"])
        self.assertEqual(status, 200, answer)
        other = f"/v1/tasks/{number}.amr_item:terminate"
        status, _, problem = supervisor.post(other, {"reason": "x"}, If_Match=headers["ETag"])
        self.assertEqual((status, problem["type"]), (412, "/problems/revision-stale"))
        self.assertGreater(int(problem["revision"]), view["revision"])
        for reason in ("一", "二", "三"):  # however often the same was shown just before
            before = supervisor.get("/v1/applications/" + number)[2]
            self.assertEqual(supervisor.get("/v1/applications/" + number)[2], before)
            supervisor.post(f"/v1/applications/{number}:comment", {"text": reason})
            after = supervisor.get("/v1/applications/" + number)[2]
            self.assertGreater(after["revision"], before["revision"])
        self.assertEqual(supervisor.post(other, {"reason": "x"}, If_Match="*")[0], 200)

    def test_batch(self):
        """Each ticked task has its own outcome."""
        number = self.clerk.submit("batched")[2]["application"]
        supervisor = self.clients["supervisor"]
        tasks = [f"{number}.{item}" for item in ("fire_item", "no_item", "amr_item")]
        body = {"tasks": tasks, "verb": "terminate", "body": {"reason": "申请人已注销"}}
        status, _, answer = supervisor.post("/v1/tasks:batch", body, Idempotency_Key="batch-1")
        self.assertEqual(status, 200, answer)
        self.assertEqual([outcome["task"] for outcome in answer["items"]], tasks)
        self.assertEqual([outcome.get("done", False) for outcome in answer["items"]],
                         [True, False, True])
        self.assertTrue(answer["items"][1]["problem"]["detail"])
        again = supervisor.post("/v1/tasks:batch", body, Idempotency_Key="batch-1")[2]
        self.assertEqual([outcome.get("event") for outcome in again["items"]],
                         [outcome.get("event") for outcome in answer["items"]])
        self.assertEqual(self.clerk.post("/v1/tasks:batch", body)[0], 403)
        for wrong in ({**body, "verb": "eat"}, {**body, "tasks": []}, {**body, "body": {"x": 1}},
                      {**body, "tasks": ["x"] * 201}):
            self.assertEqual(supervisor.post("/v1/tasks:batch", wrong)[0], 422)

    def test_urging_several(self):
        numbers = [self.clerk.submit(f"pressed-{i}")[2]["application"] for i in range(2)]
        supervisor, ticked = self.clients["supervisor"], [numbers[0], "none", numbers[1]]
        body = {"numbers": ticked, "body": {"level": "urge", "text": "请尽快办理"}}

        def urged():
            return ["urged" in json.dumps(supervisor.get(f"/v1/applications/{number}/events")[2])
                    for number in numbers]

        for path, found in (("?dry_run=true", [False, False]), ("", [True, True])):
            status, _, answer = supervisor.post("/v1/applications:urge" + path, body)
            self.assertEqual(status, 200, answer)
            self.assertEqual([outcome["task"] for outcome in answer["items"]], ticked)
            self.assertEqual([outcome.get("done", False) for outcome in answer["items"]],
                             [True, False, True], answer)
            self.assertTrue(answer["items"][1]["problem"]["detail"])
            self.assertEqual(urged(), found)
        for wrong in ({**body, "numbers": []}, {**body, "body": {"x": 1}}):
            self.assertEqual(supervisor.post("/v1/applications:urge", wrong)[0], 422)

    def test_who_acted_stands_in_the_events(self):
        event = self.clerk.get(f"/v1/applications/{self.number}/events")[2]["items"][0]["event"]
        self.assertEqual(event["actor"]["principal"], "gateway")
        self.assertEqual((event["actor"]["on_behalf_of"], event["actor"]["role"]), ("clerk-1", "clerk"))

    # --- people at their desks ---

    def test_officers_decide(self):
        """A permit from the window over three desks to its decision, each by his own account."""
        worker = self.hall.start_worker("amr", "--decide", "approve")
        desks = {post: Client(self.hall, self.hall.token(post, "officer", "--department", "amr",
                                                         "--post", post))
                 for post in ("amr-07", "amr-05", "amr-06")}
        papers = [{"id": id, "file": id + ".pdf", "hash": "A" * 43 + "=", "bytes": "1"}
                  for id in ("lease", "layout_plan")]
        body = {"workflow": "restaurant", "content": {
            "applicant": {"name": "张三", "id": "11010519491231002X", "phone": "13800000000"},
            "form": RESTAURANT, "materials": papers}}
        status, _, answer = self.clerk.post("/v1/applications", body, Idempotency_Key="restaurant-1")
        self.assertEqual(status, 201, answer)
        task = answer["application"] + ".food_permit"

        def at(post, step):
            list_ = desks[post].get(f"/v1/tasks?post={post}&limit=200")[2]["items"]
            return next((t for t in list_ if t["task"] == f"{task}.{step}"), None)

        def act(post, step, verb="approve", **body):
            wait_until(lambda: at(post, step), f"{step} at {post}", 20)
            path = f"/v1/tasks/{task}.{step}"
            status, headers, view = desks[post].get(path)
            self.assertEqual((status, view["task"]), (200, f"{task}.{step}"))
            self.assertIn("shop_name", view["form"])
            self.assertNotIn("owner_id", view["form"])  # not among the department's fields
            return desks[post].post(f"{path}:{verb}", body, If_Match=headers["ETag"])

        status, _, problem = self.clients["officer"].post(  # of another department
            f"/v1/tasks/{task}.review:approve", {}, If_Match="*")
        self.assertEqual(status, 403, problem)
        self.assertEqual(self.clients["officer"].get(f"/v1/tasks/{task}.review")[0], 404)
        status, _, problem = act("amr-07", "review", "reject", opinion="x")
        self.assertIn(status, (409, 422), problem)  # a denial wants its reason
        for post, step in (("amr-07", "review"), ("amr-05", "visit"), ("amr-06", "visit"),
                           ("amr-07", "decide")):
            status, _, answer = act(post, step, opinion="同意")
            self.assertEqual(status, 200, answer)
        view = self.clerk.get("/v1/applications/" + answer["application"])[2]
        item = next(item for item in view["items"] if item["id"] == "food_permit")
        self.assertEqual(item["result"], "granted")
        events = self.clerk.get(f"/v1/applications/{answer['application']}/events")[2]["items"]
        people = {event["event"]["actor"].get("on_behalf_of") for event in events
                  if event.get("item") == "food_permit" and "actor" in event["event"]}
        self.assertLessEqual(set(desks), people)
        self.assertEqual(worker.stop(), 0)

    # --- accounts ---

    def test_session(self):
        self.administrator.post("/v1/accounts", {"account": {"name": "anna", "role": "clerk"},
                                                 "password": "correct horse"})
        status, headers, session = self.nobody.post("/v1/session", {"name": "anna",
                                                                    "password": "correct horse"})
        self.assertEqual(status, 200, session)
        cookie = headers["Set-Cookie"]
        for part in ("HttpOnly", "SameSite=Strict", "Path=/"):
            self.assertIn(part, cookie)
        page = {"Cookie": cookie.split(";")[0]}
        status, _, again = self.nobody.get("/v1/session", **page)
        self.assertEqual((status, again["account"]["name"], again["csrf"]), (200, "anna", session["csrf"]))
        key = {"Idempotency_Key": "by-page", "Content-Type": "application/json"}
        for shown, expected in ((None, 403), ("x" * 43, 403), (session["csrf"], 201)):
            headers = dict(page, **key, **({"X-CSRF-Token": shown} if shown else {}))
            self.assertEqual(self.nobody.post("/v1/applications", submission(FORM), **headers)[0], expected)
        shown = {**page, "X-CSRF-Token": session["csrf"]}
        self.assertEqual(self.nobody.post("/v1/accounts/anna:password", {"password": "another horse"},
                                          **shown)[0], 403)
        self.assertEqual(self.nobody.post("/v1/accounts/anna:password",
                                          {"password": "another horse", "old": "correct horse"},
                                          **shown)[0], 204)
        self.assertEqual(self.nobody.get("/v1/session", **page)[0], 401)  # the old session is over
        _, headers, session = self.nobody.post("/v1/session", {"name": "anna", "password": "another horse"})
        page = {"Cookie": headers["Set-Cookie"].split(";")[0], "X-CSRF-Token": session["csrf"]}
        self.assertEqual(self.nobody.send("DELETE", "/v1/session", **page)[0], 204)
        self.assertEqual(self.nobody.get("/v1/session", **page)[0], 401)
        self.assertEqual(self.administrator.send("DELETE", "/v1/accounts/anna")[0], 204)
        self.assertEqual(self.nobody.post("/v1/session", {"name": "anna",
                                                          "password": "another horse"})[0], 401)

    def test_lockout(self):
        self.administrator.post("/v1/accounts", {"account": {"name": "locked", "role": "clerk"},
                                                 "password": "correct horse"})
        for _ in range(5):
            self.assertEqual(self.nobody.post("/v1/session", {"name": "locked",
                                                              "password": "wrong"})[0], 401)
        status, _, problem = self.nobody.post("/v1/session", {"name": "locked",
                                                              "password": "correct horse"})
        self.assertEqual((status, problem["type"]), (429, "/problems/account-locked"))
        self.hall.cli("user", "password", "locked")
        accounts = self.administrator.get("/v1/accounts")[2]["items"]
        self.assertNotIn("locked_until", next(a for a in accounts if a["name"] == "locked"))

    def test_tokens(self):
        status, _, issued = self.clerk.post("/v1/tokens", {"name": "board", "read_only": True, "days": 1})
        self.assertEqual(status, 201)
        reader = Client(self.hall, issued["secret"])
        self.assertEqual(reader.get("/v1/applications")[0], 200)
        self.assertEqual(reader.submit("read-only")[0], 403)
        self.assertEqual(self.clerk.post("/v1/tokens", {"name": "x", "account": "administrator-1"})[0], 403)
        tokens = self.clerk.get("/v1/tokens")[2]["items"]
        self.assertEqual({token["account"] for token in tokens}, {"clerk-1"})
        self.assertNotIn(issued["secret"], json.dumps(tokens))
        path = "/v1/tokens/" + issued["token"]["id"]
        self.assertEqual(self.clients["tracker"].send("DELETE", path)[0], 404)
        self.assertEqual(self.clerk.send("DELETE", path)[0], 204)
        self.assertEqual(reader.get("/v1/applications")[0], 401)
        for bad in ("", "Bearer", "Bearer x", "Basic eDp5", "Bearer " + "x" * 4000):
            self.assertEqual(self.nobody.get("/v1/applications", Authorization=bad)[0], 401)

    def test_accounts_from_the_command_line(self):
        hall = self.hall
        password = hall.file("password", "correct horse\n")
        hall.cli("user", "add", "bert", "--role", "clerk", "--title", "张伯", "--password-file", password)
        accounts = hall.cli("user", "list", "-o", "json")["items"]
        self.assertEqual(next(a for a in accounts if a["name"] == "bert")["title"], "张伯")
        login = {"name": "bert", "password": "correct horse"}
        self.assertEqual(self.nobody.post("/v1/session", login)[0], 200)
        issued = hall.cli("token", "new", "bert", "--read-only", "--days", "2", "-o", "json")
        bert = Client(hall, issued["secret"])
        self.assertEqual(bert.get("/v1/session")[2]["account"]["name"], "bert")
        self.assertIn(issued["token"]["id"],
                      [token["id"] for token in hall.cli("token", "list", "-o", "json")["items"]])
        hall.cli("token", "revoke", issued["token"]["id"])
        self.assertEqual(bert.get("/v1/session")[0], 401)
        hall.cli("user", "remove", "bert")
        self.assertEqual(self.nobody.post("/v1/session", login)[0], 401)
        for words, status in ((("user", "remove", "bert"), 3), (("token", "new", "bert"), 3),
                              (("token", "revoke", "none"), 3), (("user", "password", "bert"), 3),
                              (("user", "add", "bert"), 2), (("user", "add", "Bert", "--role", "clerk"), 6),
                              (("user", "add", "clerk-1", "--role", "clerk"), 5),
                              (("user", "add", "x", "--role", "officer"), 6),
                              (("user", "add", "x", "--role", "clerk", "--password-file",
                                hall.file("short", "short")), 2)):
            with self.subTest(words):
                self.assertTrue(hall.cli(*words, status=status))

    def test_slow_clients_hold_up_nobody(self):
        host, port = self.nobody.address.split(":")
        slow = [socket.create_connection((host, int(port))) for _ in range(300)]
        for peer in slow:
            peer.sendall(b"POST /v1/session HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
        begun = time.monotonic()
        for _ in range(20):
            self.assertEqual(self.clerk.get("/v1/applications/" + self.number)[0], 200)
        self.assertLess(time.monotonic() - begun, 5)
        for peer in slow:
            peer.close()

    def test_accounts_are_checked(self):
        for account, rule in (({"name": "Anna", "role": "clerk"}, None),
                              ({"name": "x", "role": "gateway"}, "account-role"),
                              ({"name": "x", "role": "worker"}, "account-role"),
                              ({"name": "x", "role": "officer"}, "account-department"),
                              ({"name": "clerk-1", "role": "clerk"}, "account-exists")):
            with self.subTest(account):
                status, _, problem = self.administrator.post(
                    "/v1/accounts", {"account": account, "password": "correct horse"})
                self.assertIn(status, (409, 422))
                self.assertIn(rule or "", problem["type"])
        status, _, problem = self.administrator.post(
            "/v1/accounts", {"account": {"name": "short", "role": "clerk"}, "password": "short"})
        self.assertEqual(status, 422)

    def test_an_account_is_changed_and_disabled(self):
        path = "/v1/accounts/moved"
        status, _, answer = self.administrator.post(
            "/v1/accounts", {"account": {"name": "moved", "role": "clerk"}, "password": "correct horse"})
        self.assertEqual(status, 201, answer)
        login = {"name": "moved", "password": "correct horse"}
        _, headers, _ = self.nobody.post("/v1/session", login)
        cookie = headers["Set-Cookie"].split(";")[0]
        self.assertEqual(self.nobody.get("/v1/session", Cookie=cookie)[0], 200)
        token = Client(self.hall, self.administrator.post(
            "/v1/tokens", {"name": "t", "account": "moved"})[2]["secret"])
        status, _, account = self.administrator.send(
            "PUT", path, {"role": "officer", "department": "fire", "post": "fire-01"})
        self.assertEqual((status, account["role"], account["department"]), (200, "officer", "fire"))
        self.assertEqual(self.nobody.get("/v1/session", Cookie=cookie)[0], 401)
        self.assertEqual(token.get("/v1/session")[2]["account"]["role"], "officer")
        status, _, problem = self.administrator.send("PUT", path, {"role": "officer"})
        self.assertEqual((status, problem["type"]), (422, "/problems/account-department"))
        status, _, account = self.administrator.send("PUT", path, {"role": "clerk", "disabled": True})
        self.assertEqual((status, account["disabled"]), (200, True))
        self.assertEqual(self.nobody.post("/v1/session", login)[0], 401)
        self.assertEqual(token.get("/v1/session")[0], 401)
        own = self.administrator.get("/v1/session")[2]["account"]["name"]
        status, _, problem = self.administrator.send("PUT", "/v1/accounts/" + own, {"role": "clerk"})
        self.assertEqual((status, problem["type"]), (409, "/problems/account-own"))
        self.assertEqual(self.administrator.send("PUT", "/v1/accounts/none", {"role": "clerk"})[0], 404)

    # --- without an account ---

    def test_progress(self):
        code = self.clerk.get("/v1/applications/" + self.number)[2]["query_code"]
        path = f"/public/v1/progress/{self.number}?code="
        for written in (code, code.lower(), code[:4] + "-" + code[4:]):
            status, _, progress = self.nobody.get(path + written)
            self.assertEqual((status, progress["number"]), (200, self.number))
        text = json.dumps(progress, ensure_ascii=False)
        self.assertNotIn("张", text)
        self.assertNotIn("clerk-1", text)
        wrong = self.nobody.get(path + "00000000")
        missing = self.nobody.get(f"/public/v1/progress/WB-20200101-000001?code={code}")
        for answer in (wrong, missing, self.nobody.get(path[:-6])):
            self.assertEqual((answer[0], answer[2]["type"]), (404, "/problems/progress-unknown"))

    # --- bad input ---

    def test_bad_bodies(self):
        nested = "[" * 100000
        for body, statuses in (("{", (400,)), ("[]", (400, 422)), ("null", (400, 422)), ("\xff", (400,)),
                               ('{"workflow":"five","workflow":"six"}', (400,)),
                               ('{"workflow":7}', (422,)), ('{"workflows":"five"}', (422,)),
                               ('{"workflow":"five","content":{"form":%s' % nested, (400,)),
                               ('{"workflow":"a\\u0000b"}', (400, 422)),
                               ('{"workflow":"five"} x', (400,))):
            with self.subTest(body[:40]):
                status, headers, problem = self.clerk.post(
                    "/v1/applications", body.encode("latin-1"), Content_Type="application/json",
                    Idempotency_Key="bad-body")
                self.assertIn(status, statuses, problem)
                self.assertEqual(headers["Content-Type"], "application/problem+json")
        self.assertEqual(self.clerk.post("/v1/applications", "a=b", Content_Type="text/plain",
                                         Idempotency_Key="bad-type")[0], 415)

    def test_large_bodies(self):
        connection = self.clerk.connect()
        connection.putrequest("POST", "/v1/applications")
        connection.putheader("Authorization", "Bearer " + self.clerk.token)
        connection.putheader("Content-Length", str(1 << 40))
        connection.endheaders()
        self.assertEqual(connection.getresponse().status, 413)
        connection.close()

        def chunks():
            for _ in range(200):
                yield b"x" * 65536
        try:
            status = self.clerk.send("POST", "/v1/applications", chunks(), Idempotency_Key="large")[0]
        except (OSError, http.client.HTTPException):
            status = 413
        self.assertEqual(status, 413)
        self.assertEqual(self.nobody.get("/livez")[0], 200)

    def raw(self, data, seconds=5):
        """What comes back for bytes that may be no HTTP at all."""
        host, port = self.nobody.address.split(":")
        with socket.create_connection((host, int(port)), timeout=seconds) as peer:
            try:
                peer.sendall(data)
                return peer.recv(65536)
            except OSError:
                return b""

    def test_bad_requests(self):
        for data in (b"\x00" * 5000, b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"\r\n" * 1000,
                     b"GET /" + b"a" * 100000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
                     b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X-A: b\r\n" * 100000 + b"\r\n",
                     b"GET / HTTP/1.1\r\nHost: x\r\n" + b"A" * 100000 + b": b\r\n\r\n",
                     b"POST /v1/session HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
                     b"POST /v1/session HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
                     b"GET /v1/applications/%00 HTTP/1.1\r\nHost: x\r\n\r\n" * 50,
                     b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"):
            with self.subTest(data[:30]):
                answer = self.raw(data)
                self.assertTrue(answer == b"" or re.match(rb"HTTP/1\.[01] (4|5)\d\d ", answer), answer[:60])
        for path in ("/..", "/v1/../../etc/passwd", "/v1/applications/..", "/v1/applications/%2e%2e",
                     "/v1/applications/a%2Fb", "/v1//applications", "/V1/applications", "/v1/tasks/x:none"):
            with self.subTest(path):
                self.assertEqual(self.clerk.get(path)[0], 404)
        status, headers, _ = self.clerk.send("PUT", "/v1/applications", "x")
        self.assertEqual((status, sorted(headers["Allow"].split(", "))), (405, ["GET", "POST"]))
        self.assertEqual(self.clerk.get("/v1/applications?after=%FF%FE")[0], 400)
        self.assertEqual(self.nobody.get("/livez")[0], 200)

    # --- events ---

    def listen(self, client, last=None, query=""):
        connection = client.connect(timeout=40)
        headers = {"Authorization": "Bearer " + client.token}
        if last is not None:
            headers["Last-Event-ID"] = str(last)
        connection.request("GET", "/v1/stream" + query, headers=headers)
        response = connection.getresponse()
        self.assertEqual(response.status, 200)
        self.assertEqual(response.headers["Content-Type"], "text/event-stream")
        return connection, response

    def test_stream(self):
        before = self.clerk.get("/v1/status")[2]["newest_event"]
        connection, response = self.listen(self.clerk)
        numbers = [self.clerk.submit(f"stream-{i}")[2]["application"] for i in range(10)]
        mine = []
        while len(mine) < 10:
            mine += [e for e in events_of(response, 1) if e[2]["application"] in numbers]
        self.assertEqual([event[1] for event in mine], ["submitted"] * 10)
        ids = [event[0] for event in mine]
        self.assertEqual(ids, sorted(set(ids)))
        connection.close()
        connection, response = self.listen(self.clerk, int(before))
        again = []
        while len(again) < 10:
            again += [e for e in events_of(response, 1) if e[2]["application"] in numbers]
        self.assertEqual(again, mine)
        connection.close()
        connection, response = self.listen(self.clerk, query="?application=" + numbers[3] + "&after=1")
        self.assertEqual(events_of(response, 1)[0][0], mine[3][0])
        connection.close()
        connection, response = self.listen(self.clerk, 1 << 60)
        self.assertEqual(events_of(response, 1)[0][1], "reset")
        connection.close()
        self.assertEqual(self.clerk.get("/v1/stream", Last_Event_ID="x")[0], 400)

    def test_streams_of_one_account_are_bounded(self):
        streams = [self.listen(self.clients["manager"]) for _ in range(16)]
        self.assertEqual(self.clients["manager"].get("/v1/stream")[0], 503)
        for connection, _ in streams:
            connection.close()


class ProgramTest(unittest.TestCase):
    """How it starts, or says why not."""

    def run_with(self, *words, **environment):
        done = subprocess.run([program("binglian-gateway"), *words], timeout=60, check=False,
                              capture_output=True, encoding="utf-8",
                              env={**os.environ, **environment})
        return done.returncode, done.stdout + done.stderr

    def test_command_line(self):
        for word in ("--help", "--version", "--openapi"):
            self.assertEqual(self.run_with(word)[0], 0)
        needed = ("--data", "/nowhere", "--broker", "tcp://127.0.0.1:1")
        for words in ((), ("--what",), ("x",), needed, ("--http",), (*needed, "--http", "127.0.0.1:0", "x"),
                      ("--connections", "-1", *needed), ("--log-level", "loud", *needed)):
            with self.subTest(words):
                status, said = self.run_with(*words)
                self.assertEqual(status, 64, said)
                self.assertIn("binglian-gateway", said)

    def test_configuration(self):
        with Hall() as hall:
            hall.start_broker()
            hall.identity("gateway", "gateway")
            good = f"data: {hall.data}\nbroker: {hall.endpoint}\nidentity: {hall.path('gateway.identity')}\n"
            for text, status in (("data: [\n", 78), ("date: x\n", 78), (good, 78),
                                 (good + "http: nowhere\n", 78), (good + "http: 1.2.3.4:99999\n", 78),
                                 (good + "http: 192.0.2.1:80\n", 69), (good + "rate: many\n", 78)):
                with self.subTest(text[-20:]):
                    ended, said = self.run_with("--config", hall.file("gateway.yaml", text))
                    self.assertEqual(ended, status, said)
            self.assertEqual(self.run_with("--config", "/nowhere")[0], 78)
            file = hall.file("gateway.yaml", good + "http: nowhere\nlog_level: error\n")
            self.assertEqual(self.run_with("--config", file, BINGLIAN_GATEWAY_RATE="x")[0], 78)
            os.environ["BINGLIAN_GATEWAY_HTTP"] = "127.0.0.1:0"  # comes before the file
            try:
                gateway = hall.start_program([program("binglian-gateway"), "--config", file], "gateway")
                wait_until(lambda: os.path.exists(hall.data + "/http"), "ready", 20)
            finally:
                del os.environ["BINGLIAN_GATEWAY_HTTP"]
            with open(hall.data + "/http", encoding="utf-8") as ready:
                hall.http = ready.read().strip()
            nobody = Client(hall)
            nobody.get("/livez")
            self.assertNotIn(" http ", gateway.said())  # log_level is error
            hall.file("gateway.yaml", good + "http: nowhere\nlog_level: info\n")
            gateway.signal(signal.SIGHUP)
            wait_until(lambda: nobody.get("/livez")[0] == 200 and " http " in gateway.said(), "reloaded")
            status, said = self.run_with("--data", hall.data, "--broker", hall.endpoint, "--http",
                                         hall.http.removeprefix("http://"))
            self.assertEqual(status, 69, said)

    def test_no_store_yet(self):
        """It waits for the broker to make it, and can be stopped meanwhile."""
        with tempfile.TemporaryDirectory() as folder:
            gateway = subprocess.Popen([program("binglian-gateway"), "--data", folder + "/none", "--broker",
                                        "tcp://127.0.0.1:1", "--http", "127.0.0.1:0"],
                                       stderr=subprocess.DEVNULL)
            time.sleep(0.5)
            self.assertIsNone(gateway.poll())
            gateway.terminate()
            self.assertEqual(gateway.wait(5), 78)


class TroubleTest(unittest.TestCase):
    """What happens when a process is gone, or somebody asks too often."""

    def test_rates(self):
        with Hall() as hall:
            hall.start_broker()
            hall.start_gateway("--rate", "5", "--public-rate", "3")
            clerk, nobody = Client(hall, hall.token("c", "clerk")), Client(hall)
            for client, most in ((clerk, 5), (nobody, 3)):
                answers = [client.get("/v1/applications") for _ in range(most + 1)]
                self.assertEqual([answer[0] == 429 for answer in answers], [False] * most + [True])
                self.assertGreater(int(answers[-1][1]["Retry-After"]), 0)
                self.assertIn(f"q={most};w=60", answers[0][1]["RateLimit-Policy"])
            self.assertEqual([nobody.get("/livez")[0] for _ in range(10)], [200] * 10)

    def test_broker_and_gateway_go_and_come(self):
        with Hall() as hall:
            hall.start_broker()
            hall.start_gateway()
            clerk, nobody = Client(hall, hall.token("c", "clerk")), Client(hall)
            number = clerk.submit("before")[2]["application"]
            connection = clerk.connect(timeout=60)
            connection.request("GET", "/v1/stream?after=1",
                               headers={"Authorization": "Bearer " + clerk.token})
            response = connection.getresponse()
            seen = events_of(response, 1)
            while seen[-1][2].get("application") != number:
                seen += events_of(response, 1)

            hall.broker.kill()
            wait_until(lambda: nobody.get("/readyz")[0] == 503, "not ready", 20)
            self.assertEqual(nobody.get("/livez")[0], 200)
            status, headers, view = clerk.get("/v1/applications/" + number)
            self.assertEqual((status, view["number"]), (200, number))
            self.assertGreaterEqual(int(headers["Age"]), 2)
            status, headers, problem = clerk.submit("while-away")
            self.assertEqual((status, problem["type"]), (503, "/problems/broker-away"))
            self.assertGreater(int(headers["Retry-After"]), 0)
            self.assertEqual(clerk.get("/v1/status")[0], 200)

            hall.start_broker()
            wait_until(lambda: nobody.get("/readyz")[0] == 200, "ready", 20)
            later = clerk.submit("while-away")[2]["application"]
            more = events_of(response, 1)
            while more[-1][2].get("application") != later:
                more += events_of(response, 1)
            ids = [event[0] for event in seen + more]
            self.assertEqual(ids, sorted(set(ids)))  # no repeat
            self.assertEqual(ids, list(range(ids[0], ids[-1] + 1)))  # no gap

            threading.Timer(0.2, hall.gateway.kill).start()
            self.assertEqual(events_of(response, 1000), [])
            connection.close()
            hall.gateway.process.wait()
            hall.start_gateway()
            self.assertEqual(clerk.submit("while-away")[2]["application"], later)
            connection = clerk.connect(timeout=60)
            connection.request("GET", "/v1/stream", headers={"Authorization": "Bearer " + clerk.token,
                                                             "Last-Event-ID": str(ids[-2])})
            self.assertEqual(events_of(connection.getresponse(), 1)[0], more[-1])
            begun = time.monotonic()
            self.assertEqual(hall.gateway.stop(), 0)  # with a listener and all
            self.assertLess(time.monotonic() - begun, 5)
            connection.close()

    def test_a_gateway_is_nobody_by_itself(self):
        """Its key alone may neither write nor ask nor grant keys."""
        from hall import command, query
        from wire import proto
        with Hall() as hall:
            hall.start_broker()
            hall.identity("gateway", "gateway")
            anna = proto.Actor(on_behalf_of="anna", role=proto.Key.ADMINISTRATOR)
            with hall.peer(identity="gateway") as gateway:
                retire = proto.Retire(workflow="none", version=1)
                self.assertEqual(command(gateway, retire=retire).refusal.code, "denied")
                self.assertEqual(query(gateway, status=proto.GetStatus()).refusal.code, "denied")
                clerk = proto.Actor(on_behalf_of="anna", role=proto.Key.CLERK)
                self.assertEqual(command(gateway, retire=retire, actor=clerk).refusal.code, "denied")
                self.assertNotEqual(command(gateway, retire=retire, actor=anna).refusal.code, "denied")
                key = proto.GrantKey(key=proto.Key(name="x", role=proto.Key.ADMINISTRATOR,
                                                   public_key="a" * 40))
                self.assertEqual(command(gateway, grant_key=key, actor=anna).refusal.code, "denied")
                worker = proto.Actor(on_behalf_of="fire-1", department="fire", role=proto.Key.WORKER)
                self.assertEqual(command(gateway, retire=retire, actor=worker).refusal.code, "denied")
                self.assertFalse(query(gateway, status=proto.GetStatus(), actor=clerk).HasField("refusal"))
            hall.identity("window", "clerk")
            with hall.peer(identity="window") as window:  # nobody else speaks for others
                self.assertEqual(command(window, retire=retire, actor=anna).refusal.code, "denied")


class PagesTest(unittest.TestCase):
    """The files of the pages: none but those, for anybody, and nothing from elsewhere runs."""

    def test_pages(self):
        with Hall() as hall:
            os.mkdir(hall.path("web"))
            files = {"index.html": b"<p>hall", "a-1.js": b"go()", "a-1.js.gz": b"small", "no.txt": b"x"}
            for name, text in files.items():
                with open(hall.path("web/" + name), "wb") as file:
                    file.write(text)
            hall.start_broker()
            hall.start_gateway("--web", hall.path("web"))
            nobody = Client(hall)
            status, headers, text = nobody.get("/")
            self.assertEqual((status, text), (200, files["index.html"]))
            self.assertIn("script-src 'self';", headers["Content-Security-Policy"])
            self.assertNotIn("unsafe", headers["Content-Security-Policy"])
            status, headers, text = nobody.get("/pages/a-1.js")
            self.assertEqual((status, text), (200, files["a-1.js"]))
            self.assertIn("immutable", headers["Cache-Control"])
            status, headers, text = nobody.get("/pages/a-1.js", Accept_Encoding="br, gzip")
            self.assertEqual((headers["Content-Encoding"], text), ("gzip", files["a-1.js.gz"]))
            for path in ("no.txt", "a-1.js.gz", "b.js", "..%2fdata%2fhttp", "%2e%2e", "%00.js"):
                with self.subTest(path):
                    self.assertIn(nobody.get("/pages/" + path)[0], (400, 404))

    def test_a_folder_without_pages_is_said_at_the_start(self):
        with Hall() as hall:
            hall.start_broker()
            with self.assertRaisesRegex(AssertionError, "has no pages"):
                hall.start_gateway("--web", hall.folder)
            self.assertEqual(hall.gateway.stop(), 78)
            hall.gateway = None

if __name__ == "__main__":
    unittest.main()
