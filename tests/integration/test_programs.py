"""How the daemons start, refuse to start, and stop."""

import os
import signal
import socket
import stat
import subprocess
import time
import unittest

from hall import (STOP_SECONDS, Hall, application, content, program, query, submit, wait_completed,
                  wait_until)
from wire import Identity, Peer, proto

USAGE, DATA, HELD, CANNOT_CREATE, CONFIGURATION = 64, 65, 69, 73, 78


def run(name, *words):
    done = subprocess.run([program(name), *words], capture_output=True, encoding="utf-8", timeout=30)
    return done.returncode, done.stdout + done.stderr


class ProgramsTest(unittest.TestCase):
    def setUp(self):
        self.hall = Hall(plain=True)
        self.hall.__enter__()
        self.addCleanup(self.hall.__exit__, None, None, None)

    def assert_ends(self, status, name, *words, says=""):
        ended, said = run(name, *words)
        self.assertEqual(ended, status, said)
        self.assertIn(says, said)

    def broker(self, *words):
        return ("binglian-broker", "--data", self.hall.data, *words)

    # --- how it refuses to start ---

    def test_usage(self):
        for words in ((), ("--listne", "x"), ("--data", "x"), ("--listen", "tcp://127.0.0.1:*"),
                      ("--data", self.hall.data, "--listen", "tcp://127.0.0.1:*", "more")):
            with self.subTest(words):
                self.assert_ends(USAGE, "binglian-broker", *words)
        for words in ((), ("--department", "fire"), ("--department", "fire", "--connect", "x"),
                      ("--departmnet", "fire")):
            with self.subTest(words):
                ended, said = run("binglian-worker", *words)
                self.assertIn(ended, (USAGE, CONFIGURATION), said)

    def test_help_and_version(self):
        for name in ("binglian-broker", "binglian-worker", "binglian"):
            self.assert_ends(0, name, "--help", says=name)
        for name in ("binglian-broker", "binglian-worker"):
            self.assert_ends(0, name, "--version", says=name)

    def test_plain_stays_on_the_machine(self):
        for words in (("--listen", "tcp://0.0.0.0:*"), ("--listen", "tcp://10.0.0.7:7701"),
                      ("--listen", "tcp://*:7701"),
                      ("--listen", "tcp://127.0.0.1:*", "--workers", "tcp://0.0.0.0:*"),
                      ("--listen", "tcp://127.0.0.1:*", "--publish", "tcp://192.0.2.1:7702")):
            with self.subTest(words):
                self.assert_ends(CONFIGURATION, *self.broker("--plain", *words), says="plain")
        self.assert_ends(CONFIGURATION, "binglian-worker", "--department", "fire", "--connect",
                         "tcp://192.0.2.1:7701", "--decide", "approve")

    def test_configuration(self):
        for text in ("lisen: tcp://127.0.0.1:7701\n", "listen: [1]\n", "listen: 'x\n", "{}\n",
                     "data: x\nlisten: carrier-pigeon://home\n", "data: x\ndata: y\n"):
            with self.subTest(text):
                file = self.hall.file("broker.yaml", text)
                self.assert_ends(CONFIGURATION, "binglian-broker", "--config", file)
        self.assert_ends(CONFIGURATION, "binglian-broker", "--config", "/nowhere/broker.yaml")
        file = self.hall.file("broker.yaml", "data: x\nlisen: tcp://127.0.0.1:7701\n")
        self.assert_ends(CONFIGURATION, "binglian-broker", "--config", file,
                         says=f"{file}:2:1: error: ")

    def test_an_address_that_is_taken(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            self.assert_ends(CONFIGURATION, *self.broker(
                "--plain", "--listen", f"tcp://127.0.0.1:{taken.getsockname()[1]}"))

    def test_workflows_that_are_not_there(self):
        self.assert_ends(CONFIGURATION, *self.broker(
            "--plain", "--listen", "tcp://127.0.0.1:*", "--workflows", "/nowhere"))

    def test_a_second_broker_on_the_same_store(self):
        self.hall.start_broker()
        self.assert_ends(HELD, *self.broker("--plain", "--listen", "tcp://127.0.0.1:*"))
        with self.hall.peer() as peer:
            self.assertEqual(query(peer, status=proto.GetStatus()).status.version, "0.1.0")

    def test_a_store_that_cannot_be_written(self):
        self.assert_ends(CANNOT_CREATE, "binglian-broker", "--data", "/proc/nothing", "--plain",
                         "--listen", "tcp://127.0.0.1:*")

    def test_a_damaged_store(self):
        self.hall.start_broker()
        self.assertEqual(self.hall.broker.stop(), 0)
        with open(self.hall.data + "/data.mdb", "r+b") as file:
            file.write(os.urandom(8192))
        self.assert_ends(DATA, *self.broker("--plain", "--listen", "tcp://127.0.0.1:*"))

    def test_a_damaged_journal_of_a_worker(self):
        self.assert_ends(CANNOT_CREATE, "binglian-worker", "--department", "fire", "--connect",
                         "tcp://127.0.0.1:9", "--decide", "approve", "--journal", "/nowhere/j")

    # --- how it lives and stops ---

    def test_configuration_that_is_right(self):
        file = self.hall.file("broker.yaml", f"data: {self.hall.data}\nlisten: tcp://127.0.0.1:*\n"
                              f"workflows: {self.hall.workflows}\nplain: true\nlog_level: debug\n")
        self.hall.start_broker("--config", file)
        with self.hall.peer() as peer:
            published = query(peer, publications=proto.ListPublications()).publications
            files = [f for _, _, names in os.walk(self.hall.workflows) for f in names
                     if f.endswith(".yaml")]
            self.assertEqual(len(published), len(files))

    def test_an_ipc_endpoint(self):
        endpoint = f"ipc://{self.hall.folder}/broker"
        self.hall.endpoint = endpoint
        self.hall.start_broker()
        for department in ("amr", "hurd", "eco", "urban", "fire"):
            self.hall.start_worker(department, "--decide", "approve")
        with self.hall.peer() as peer:
            wait_completed(peer, submit(peer, "five", {"name": "x"}, "r").application)

    def test_sigterm_under_load(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            self.hall.start_broker()
            worker = self.hall.start_worker("fire", "--decide", "approve", "--concurrency", "100")
            with self.hall.peer() as peer:
                wait_until(lambda: query(peer, workers=proto.ListWorkers()).workers, "a worker")
                peer.send(commands=[proto.Command(
                    tag=i, request_id=f"{number}-{i}",
                    submit=proto.Submit(workflow="five", content=content({"name": "x"})))
                    for i in range(500)])
                peer.wait_for("answers")
                for daemon in (self.hall.broker, worker):
                    begun = time.monotonic()
                    daemon.signal(number)
                    self.assertEqual(daemon.process.wait(STOP_SECONDS), 0, daemon.said())
                    self.assertLess(time.monotonic() - begun, STOP_SECONDS)

    def test_a_restart_keeps_everything(self):
        self.hall.start_broker()
        with self.hall.peer() as peer:
            answer = submit(peer, "five", {"name": "x"}, "r")
        self.assertEqual(self.hall.broker.stop(), 0)
        self.hall.start_broker()
        with self.hall.peer() as peer:
            again = submit(peer, "five", {"name": "x"}, "r")
            self.assertEqual((again.application, again.event, again.repeated),
                             (answer.application, answer.event, True))

    def test_a_full_store_refuses_and_goes_on(self):
        """Nothing that was acknowledged is lost, questions are answered, and room is made by a
        restart with a larger map."""
        config = self.hall.file("broker.yaml", "map_mib: 2\n")
        self.hall.start_broker("--config", config)
        taken, refusal = [], None
        with self.hall.peer() as peer:
            while refusal is None and len(taken) < 20000:
                answer = submit(peer, "five", {"name": "名" * 60}, f"r{len(taken)}")
                if answer.HasField("refusal"):
                    refusal = answer.refusal.code
                else:
                    taken.append(answer.application)
            self.assertEqual(refusal, "full")
            self.assertGreater(len(taken), 100)
            self.assertEqual(query(peer, status=proto.GetStatus()).status.applications, len(taken))
        self.assertEqual(self.hall.broker.stop(), 0)
        self.hall.file("broker.yaml", "map_mib: 64\n")
        self.hall.start_broker("--config", config)
        with self.hall.peer() as peer:
            self.assertEqual(application(peer, taken[-1]).number, taken[-1])
            self.assertFalse(submit(peer, "five", {"name": "x"}, "more").HasField("refusal"))

    def test_a_changed_workflow_of_the_same_version_is_not_taken(self):
        """It is a line in the log, and the start goes on."""
        self.hall.start_broker()
        self.hall.broker.stop()
        path = self.hall.workflows + "/five.yaml"
        with open(path, encoding="utf-8") as file:
            text = file.read()
        with open(path, "w", encoding="utf-8") as file:
            file.write(text.replace("promise: 5 working days", "promise: 6 working days"))
        self.hall.start_broker()
        self.assertIn("publish.refused", self.hall.broker.said())

    def test_sighup_keeps_it_running(self):
        self.hall.start_broker()
        worker = self.hall.start_worker("fire", "--decide", "approve")
        wait_until(lambda: "broker.connected" in worker.said(), "worker connected")
        for daemon in (self.hall.broker, worker):
            daemon.signal(signal.SIGHUP)
        wait_until(lambda: "broker.reloaded" in self.hall.broker.said(), "reloaded")
        self.assertTrue(worker.is_running())

    def test_sd_notify(self):
        path = self.hall.path("notify")
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
            manager.bind(path)
            manager.settimeout(10)
            os.environ["NOTIFY_SOCKET"] = path
            try:
                self.hall.start_broker()
            finally:
                del os.environ["NOTIFY_SOCKET"]
            self.assertIn(b"READY=1", manager.recv(4096))
            self.hall.broker.signal(signal.SIGTERM)
            self.assertIn(b"STOPPING=1", manager.recv(4096))

    def test_keys_are_for_their_owner_only(self):
        with Hall() as hall:
            hall.start_broker()
            for name in ("admin.identity", "broker.identity"):
                mode = stat.S_IMODE(os.stat(f"{hall.data}/{name}").st_mode)
                self.assertEqual(mode, 0o600, name)
            os.chmod(hall.data + "/admin.identity", 0o644)
            ended, said = run("binglian-worker", "--department", "fire", "--connect", hall.endpoint,
                              "--identity", hall.data + "/admin.identity", "--decide", "approve")
            self.assertEqual(ended, CONFIGURATION, said)

    def test_two_halls_have_two_keys(self):
        with Hall() as one, Hall() as other:
            one.start_broker()
            other.start_broker()
            stranger = Identity(one.data + "/admin.identity")
            stranger.broker = Identity(other.data + "/admin.identity").broker
            with Peer(other.endpoint, "client", stranger) as peer:
                peer.send(hello=proto.Hello(protocol_min=1, protocol_max=1))
                self.assertIsNone(peer.receive(0.3))


if __name__ == "__main__":
    unittest.main()
