"""Whatever is sent, the answer is a clear error, nothing is lost, and nobody else is disturbed.

One hall serves all these tests. After each of them it must still take an application to its end,
in the same process.
"""

import os
import socket
import unittest

import zmq

from hall import (Hall, application, command, content, proto_state, query, submit, wait_completed,
                  wait_until)
from wire import Identity, Peer, proto

GOOD = {"shop_name": "老张面馆", "credit_code": "91350100M000100Y43", "phone": "13800000000",
        "owner_id": "11010519491231002X", "area": 320.5, "decorated": True}
MATERIALS = ["lease", "layout_plan"]
LONG = 5 << 20  # bytes, over what a connection may send

# What is wrong, the form with it, then code, rule and place of the refusal.
BAD_FORMS = {
    "check digit of an identity number":
        ({"owner_id": "110105194912310021"}, "invalid", "form-cn-id", "form.owner_id"),
    "check digit of a credit code":
        ({"credit_code": "91350100M000100Y44"}, "invalid", "form-uscc", "form.credit_code"),
    "telephone number": ({"phone": "12"}, "invalid", "form-phone", "form.phone"),
    "missing field": ({"shop_name": None}, "invalid", "form-required", "form.shop_name"),
    "number as text": ({"area": "big"}, "invalid", "form-type", "form.area"),
    "number too small": ({"area": 0.5}, "invalid", "form-too-small", "form.area"),
    "number too large": ({"seats": 5001}, "invalid", "form-too-large", "form.seats"),
    "text too long": ({"shop_name": "面" * 61}, "invalid", "form-too-long", "form.shop_name"),
    "unknown field": ({"shop_nmae": "x"}, "invalid", "form-unknown", "form.shop_nmae"),
    "unknown choice": ({"kinds": ["烧烤"]}, "invalid", "form-option", "form.kinds"),
    "no date": ({"opening": "2026-02-30"}, "invalid", "form-date", "form.opening"),
    "not a number": ({"area": float("nan")}, "malformed", "wire", ""),
    "infinite": ({"area": float("inf")}, "malformed", "wire", ""),
}


def form_with(changes):
    form = {**GOOD, **changes}
    return {name: value for name, value in form.items() if value is not None}


class BadInputTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.hall = Hall().__enter__()
        cls.addClassCleanup(cls.hall.__exit__, None, None, None)
        cls.hall.start_broker()
        cls.process = cls.hall.broker.process.pid
        for department in ("amr", "fire", "hurd", "eco", "urban"):
            cls.hall.start_worker(department, "--decide", "approve")
        cls.requests = 0

    def tearDown(self):
        """Nobody else is disturbed."""
        self.assertTrue(self.hall.broker.is_running(), self.hall.broker.said()[-3000:])
        with self.hall.peer() as peer:
            answer = submit(peer, "five", {"name": "x"}, self.request())
            view = wait_completed(peer, answer.application)
            self.assertEqual(view.state, proto_state("COMPLETED"))

    def request(self):
        BadInputTest.requests += 1
        return f"request-{self.requests}"

    def assert_refused(self, answer, code, rule=None, pointer=None):
        self.assertTrue(answer.HasField("refusal"), answer)
        found = [(one.code, one.rule, one.pointer)
                 for one in [answer.refusal, *answer.refusal.others]]
        self.assertTrue(any(code == one[0] and rule in (None, one[1]) and pointer in (None, one[2])
                            for one in found), found)
        self.assertEqual(answer.event if hasattr(answer, "event") else 0, 0)

    def applications(self, peer):
        return query(peer, status=proto.GetStatus()).status.applications

    # --- what is wrong with an application ---

    def test_forms(self):
        with self.hall.peer() as peer:
            before = self.applications(peer)
            for name, (changes, code, rule, pointer) in BAD_FORMS.items():
                with self.subTest(name):
                    self.assert_refused(submit(peer, "restaurant", form_with(changes),
                                               self.request(), materials=MATERIALS),
                                        code, rule, pointer)
            self.assertEqual(self.applications(peer), before)

    def test_all_faults_are_told_at_once(self):
        with self.hall.peer() as peer:
            answer = submit(peer, "restaurant", form_with({"area": 0, "phone": "1"}),
                            self.request(), materials=MATERIALS)
            self.assert_refused(answer, "invalid", "form-too-small", "form.area")
            self.assert_refused(answer, "invalid", "form-phone", "form.phone")
            answer = submit(peer, "restaurant", GOOD, self.request(), materials=["leese"])
            self.assert_refused(answer, "invalid", "material-unknown")
            self.assert_refused(answer, "invalid", "material-required", "materials.lease")
            self.assert_refused(answer, "invalid", "material-required", "materials.layout_plan")

    def test_unknown_workflow(self):
        with self.hall.peer() as peer:
            self.assert_refused(submit(peer, "resturant", GOOD, self.request()), "not-found",
                                "workflow-unknown")

    def test_no_request_id(self):
        with self.hall.peer() as peer:
            self.assert_refused(submit(peer, "restaurant", GOOD, "", materials=MATERIALS),
                                "invalid", "request-id-required")

    def test_text_that_is_not_utf_8(self):
        for name, bad in (("broken", b"\xe9\x9d"), ("surrogate", b"\xed\xa0\x80"), ("NUL", b"\0ab"),
                          ("overlong", b"\xc0\xaf")):
            with self.subTest(name), self.hall.peer() as peer:
                good = content({**GOOD, "shop_name": "@@@"}, MATERIALS)
                bad = bad.ljust(3, b" ")
                self.assert_refused(
                    command(peer, request_id=self.request(), submit=proto.Submit(
                        workflow="restaurant", content=good.replace(b"@@@", bad))), "malformed")

    def test_a_text_of_the_command_that_is_not_utf_8(self):
        with self.hall.peer() as peer:
            frame = proto.ClientFrame(commands=[proto.Command(
                tag=1, request_id=self.request(), submit=proto.Submit(
                    workflow="@@@", content=content(GOOD, MATERIALS)))]).SerializeToString()
            peer.send_bytes(frame.replace(b"@@@", b"\xff\xfe\xfd"))
            self.assert_refused(peer.wait_for("answers")[0], "malformed")

    # --- the same again ---

    def test_the_same_request_twice_is_done_once(self):
        with self.hall.peer() as peer:
            request, before = self.request(), self.applications(peer)
            first = submit(peer, "restaurant", GOOD, request, materials=MATERIALS)
            again = submit(peer, "restaurant", GOOD, request, materials=MATERIALS)
            self.assertEqual((first.application, first.event, first.promise_at),
                             (again.application, again.event, again.promise_at))
            self.assertTrue(again.repeated)
            self.assertEqual(self.applications(peer), before + 1)

    def test_the_same_request_twice_in_one_frame(self):
        with self.hall.peer() as peer:
            before = self.applications(peer)
            twice = proto.Command(request_id=self.request(), submit=proto.Submit(
                workflow="restaurant", content=content(GOOD, MATERIALS)))
            peer.send(commands=[twice, twice])
            answers = []
            while len(answers) < 2:
                answers.extend(peer.wait_for("answers"))
            self.assertEqual(answers[0].application, answers[1].application)
            self.assertEqual(self.applications(peer), before + 1)

    def test_the_same_request_id_with_other_content(self):
        with self.hall.peer() as peer:
            request = self.request()
            first = submit(peer, "restaurant", GOOD, request, materials=MATERIALS)
            self.assert_refused(submit(peer, "restaurant", form_with({"area": 99}), request,
                                       materials=MATERIALS), "request-reused")
            self.assertFalse(first.HasField("refusal"))

    def test_a_refused_request_may_be_tried_again(self):
        with self.hall.peer() as peer:
            request = self.request()
            self.assert_refused(submit(peer, "restaurant", form_with({"area": 0}), request,
                                       materials=MATERIALS), "invalid")
            self.assertFalse(submit(peer, "restaurant", GOOD, request,
                                    materials=MATERIALS).HasField("refusal"))

    # --- bytes ---

    def test_garbage_as_raw_tcp(self):
        """On every socket, before any handshake."""
        for file in ("endpoint", "endpoint.workers", "endpoint.publish"):
            with open(f"{self.hall.data}/{file}", encoding="utf-8") as endpoint:
                port = int(endpoint.read().rsplit(":", 1)[1])
            for garbage in (os.urandom(4096), b"GET / HTTP/1.1\r\n\r\n", b"\xff" * 70000, b"\0", b""):
                with socket.create_connection(("127.0.0.1", port), 5) as connection:
                    try:
                        connection.sendall(garbage)
                        connection.shutdown(socket.SHUT_WR)
                    except OSError:
                        pass  # it may hang up while we speak

    def test_garbage_as_frames(self):
        """Over a connection with a good key, before and after the hello."""
        for side in ("client", "worker"):
            for greet in (False, True):
                identity = "admin" if side == "client" else "fire-1"
                for garbage in ([os.urandom(300)], [b""], [b"", b""], [b"\x0a\xff\xff\xff\xff\x0f"],
                                [b"\x08\x01" * 1000], [os.urandom(30)] * 20,
                                [b"\x12\x02\xff\xff"], [b"\x12" + b"\x80" * 12]):
                    with Peer(self.hall.endpoint_of(side), side,
                              self.hall.load_identity(identity)) as peer:
                        if greet:
                            peer.hello(department="fire" if side == "worker" else "", credit=0)
                        peer.send_bytes(*garbage)
                        peer.receive(0.05)  # whatever it is: it is a frame of ours, or none

    def test_garbage_as_subscriptions(self):
        with open(self.hall.data + "/endpoint.publish", encoding="utf-8") as file:
            endpoint = file.read().strip()
        with Peer(endpoint, "client", self.hall.load_identity("admin"), zmq.XSUB) as peer:
            for garbage in (b"", b"\x01" + os.urandom(200), b"\x00nothing", b"\x07", os.urandom(60)):
                peer.send_bytes(garbage)
            peer.send_bytes(b"\x01")  # everything: the newest number, at least once
            with self.hall.peer() as client:
                submit(client, "restaurant", GOOD, self.request(), materials=MATERIALS)
            self.assertNotEqual(peer.socket.poll(5000), 0)

    def test_what_is_said_before_hello(self):
        with Peer(self.hall.endpoint, "client", self.hall.load_identity("admin")) as peer:
            peer.send(queries=[proto.Query(tag=1, status=proto.GetStatus())])
            self.assertTrue(peer.wait_for("disconnect").code)

    def test_a_protocol_that_nobody_speaks(self):
        with Peer(self.hall.endpoint, "client", self.hall.load_identity("admin")) as peer:
            peer.send(hello=proto.Hello(protocol_min=7, protocol_max=9))
            self.assertIn("protocol", peer.wait_for("disconnect").reason)

    def test_an_oversized_message_ends_the_connection_unread(self):
        with self.hall.peer() as peer:
            peer.watch(zmq.EVENT_DISCONNECTED)
            peer.send_bytes(bytes(LONG))
            self.assertTrue(peer.saw(), "the connection is still there")

    def test_an_oversized_frame(self):
        with self.hall.peer() as peer:
            peer.send_bytes(bytes(2 << 20))
            self.assertEqual(peer.wait_for("disconnect").code, "too-large")

    def test_an_unknown_command(self):
        with self.hall.peer() as peer:
            self.assertTrue(command(peer, request_id=self.request()).HasField("refusal"))

    # --- who it is ---

    def test_an_unknown_key_gets_no_connection(self):
        stranger = Identity(self.hall.make_identity("stranger"))
        for side in ("client", "worker"):
            with Peer(self.hall.endpoint_of(side), side, stranger) as peer:
                peer.watch(zmq.EVENT_HANDSHAKE_FAILED_AUTH)
                peer.send(hello=proto.Hello(protocol_min=1, protocol_max=1))
                self.assertTrue(peer.saw(), "nobody said no")

    def test_without_a_key_nobody_listens(self):
        with Peer(self.hall.endpoint, "client") as peer:
            peer.send(hello=proto.Hello(protocol_min=1, protocol_max=1))
            self.assertIsNone(peer.receive(0.3))

    def test_a_worker_serves_its_own_department_only(self):
        with Peer(self.hall.endpoint_of("worker"), "worker",
                  self.hall.load_identity("fire-1")) as peer:
            peer.send(hello=proto.Hello(protocol_min=1, protocol_max=1, department="amr",
                                        credit=10))
            self.assertEqual(peer.wait_for("disconnect").code, "denied")

    def test_a_clerk_is_no_worker_and_a_worker_no_clerk(self):
        self.hall.identity("clerk", "clerk")
        with Peer(self.hall.endpoint_of("worker"), "worker",
                  self.hall.load_identity("clerk")) as peer:
            peer.send(hello=proto.Hello(protocol_min=1, protocol_max=1, department="fire"))
            self.assertEqual(peer.wait_for("disconnect").code, "denied")
        with Peer(self.hall.endpoint, "client", self.hall.load_identity("fire-1")) as peer:
            peer.send(hello=proto.Hello(protocol_min=1, protocol_max=1))
            said = peer.receive()
            if said.HasField("welcome"):  # it may ask, not submit
                self.assert_refused(submit(peer, "restaurant", GOOD, self.request(),
                                           materials=MATERIALS), "denied")

    def test_a_tracker_may_not_submit(self):
        self.hall.identity("tracker", "tracker")
        with self.hall.peer(identity="tracker") as peer:
            self.assert_refused(submit(peer, "restaurant", GOOD, self.request(),
                                       materials=MATERIALS), "denied")

    # --- decisions ---

    def take_task(self, peer):
        """Connects as the only worker of tobacco and gets a task, whose number it returns too."""
        peer.hello(department="tobacco", credit=1)
        with self.hall.peer() as client:
            number = submit(client, "six", {"name": "x"}, self.request()).application
        return peer.wait_for("tasks")[0], number

    def worker(self):
        self.hall.identity("tobacco-1", "worker", "tobacco")
        return Peer(self.hall.endpoint_of("worker"), "worker",
                    self.hall.load_identity("tobacco-1"))

    def decide(self, peer, **fields):
        peer.send(decisions=[proto.Decision(**fields)])
        return peer.wait_for("acknowledgements")[0]

    def test_stale_and_invented_attempts(self):
        with self.worker() as peer:
            task, number = self.take_task(peer)
            approve = proto.Decision.Verdict.Value("APPROVE")
            for attempt in ("1-99999", "99-1", "", "x", "-1", "1-", "18446744073709551616-1"):
                with self.subTest(attempt):
                    self.assert_refused(self.decide(peer, attempt=attempt, decision=approve),
                                        "stale")
            done = self.decide(peer, task=task.task, attempt=task.attempt, decision=approve)
            self.assertGreater(done.event, 0)
            self.assert_refused(self.decide(peer, attempt=task.attempt, decision=approve), "stale")
            with self.hall.peer() as client:
                self.assertEqual([item.result for item in application(client, number).items
                                  if item.id == "tobacco_item"],
                                 [proto.Item.Result.Value("GRANTED")])

    def test_decisions_that_say_too_little(self):
        with self.worker() as peer:
            task, _ = self.take_task(peer)
            reject = proto.Decision.Verdict.Value("REJECT")
            self.assert_refused(self.decide(peer, attempt=task.attempt), "invalid")
            refused = self.decide(peer, attempt=task.attempt, decision=reject)
            self.assert_refused(refused, "invalid", "reason-required")

    def test_a_task_of_a_worker_that_is_gone_goes_to_another(self):
        with self.worker() as first:
            task, _ = self.take_task(first)
        with self.worker() as second:
            second.hello(department="tobacco", credit=10)
            names = {}
            wait_until(lambda: self.collect(second, names, task.task), "the task again", 20)
            self.assertNotEqual(names[task.task], task.attempt)
            approve = proto.Decision.Verdict.Value("APPROVE")
            self.assert_refused(self.decide(second, attempt=task.attempt, decision=approve),
                                "stale")
            self.assertGreater(self.decide(second, attempt=names[task.task],
                                           decision=approve).event, 0)

    def collect(self, peer, names, wanted):
        """Reads tasks; answers heartbeats so that we are not taken for dead."""
        peer.send(ping=True)
        frame = peer.receive(0.5)
        for task in frame.tasks if frame else ():
            names[task.task] = task.attempt
        return wanted in names


if __name__ == "__main__":
    unittest.main()
