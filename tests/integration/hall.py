"""A whole hall of real processes on loopback, in a folder of its own that is gone afterwards.

    with Hall() as hall:
        hall.start_broker()
        hall.start_worker("fire", "--decide", "approve")
        number = hall.cli("submit", file)["application"]

Ports are whatever is free. Nothing sleeps for a time: wait_until asks until the answer is yes.
"""

import json
import os
import shutil
import signal
import subprocess
import tempfile
import time

import zmq

from wire import SOURCE, Identity, Peer, proto

BUILD = os.environ.get("BINGLIAN_BUILD", SOURCE + "/build-debug")
TESTS = SOURCE + "/tests/integration"
STOP_SECONDS = 5  # what a daemon has after SIGTERM


def program(name):
    return f"{BUILD}/bin/{name}"


def wait_until(question, what, seconds=10):
    """Asks until the answer is true, and returns it."""
    end = time.monotonic() + seconds
    while True:
        answer = question()
        if answer:
            return answer
        if time.monotonic() > end:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(0.002)


class Daemon:
    """A process of the hall; what it logs is in a file."""

    def __init__(self, words, log, good=(0, -signal.SIGKILL), environment=None):
        self.words, self.log, self.good = words, log, good  # exit statuses that are no failure
        with open(log, "a", encoding="utf-8") as file:
            self.process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=file,
                                            stderr=file, env={**os.environ, **(environment or {})})

    def is_running(self):
        return self.process.poll() is None

    def signal(self, number):
        self.process.send_signal(number)

    def kill(self):
        """As a power cut would."""
        self.process.kill()
        self.process.wait()

    def stop(self):
        """Asks it to stop and returns its exit status."""
        if self.is_running():
            self.process.send_signal(signal.SIGCONT)
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(STOP_SECONDS + 1)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"{self.words[0]} did not stop within {STOP_SECONDS} s:\n"
                                 + self.said()) from None

    def had_not_begun(self):
        """Was it stopped before it could say that it catches the signal?"""
        return self.process.returncode == -signal.SIGTERM and self.said() == ""

    def said(self):
        with open(self.log, encoding="utf-8", errors="replace") as file:
            return file.read()


class Hall:
    def __init__(self, plain=False):
        self.plain = plain
        self.folder = tempfile.mkdtemp(prefix="binglian-test-")
        self.data = self.folder + "/data"
        self.workflows = self.folder + "/workflows"
        self.broker, self.workers, self.endpoint, self.identities = None, [], None, {}
        self.gateway, self.http = None, None
        self.count = 0
        self.environment = {}  # of the broker, beside our own

    def __enter__(self):
        shutil.copytree(SOURCE + "/workflows", self.workflows)
        for name in os.listdir(TESTS + "/workflows"):
            shutil.copy(f"{TESTS}/workflows/{name}", self.workflows)
        return self

    def __exit__(self, kind, error, trace):
        try:
            daemons = [self.gateway, *self.workers, self.broker]
            statuses = [(daemon, daemon.stop()) for daemon in daemons if daemon]
            for daemon, status in statuses:
                if error is None and status not in daemon.good and not daemon.had_not_begun():
                    raise AssertionError(f"{daemon.words} ended with {status}:\n{daemon.said()}")
        finally:
            if error is not None:
                for daemon in [self.broker, self.gateway, *self.workers]:
                    if daemon:
                        print(f"--- {' '.join(daemon.words)}\n{daemon.said()[-3000:]}", flush=True)
            shutil.rmtree(self.folder, ignore_errors=True)

    def path(self, name):
        return f"{self.folder}/{name}"

    def file(self, name, text):
        """Writes a file and returns its path."""
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)
        return self.path(name)

    # --- processes ---

    def launch_broker(self, *words):
        """Starts it, again where it was if it ran before, and waits for nothing."""
        listen = self.endpoint or "tcp://127.0.0.1:*"
        self.broker = Daemon([program("binglian-broker"), "--data", self.data, "--listen", listen,
                              "--workflows", self.workflows, *(["--plain"] if self.plain else []),
                              *words], self.path("broker.log"), environment=self.environment)
        return self.broker

    def start_broker(self, *words):
        """The same, and waits until it serves."""
        ready = self.data + "/endpoint"
        if os.path.exists(ready):
            os.unlink(ready)
        self.launch_broker(*words)
        wait_until(lambda: os.path.exists(ready) or not self.broker.is_running(), "broker ready", 30)
        if not self.broker.is_running():
            raise AssertionError("the broker did not start:\n" + self.broker.said())
        with open(ready, encoding="utf-8") as file:
            self.endpoint = file.read().strip()
        return self.broker

    def start_worker(self, department, *words, identity=None):
        """Starts one; `words` say who decides."""
        return self.start_other([program("binglian-worker")], department, *words, identity=identity)

    def start_other(self, command_line, department, *words, identity=None):
        """The same with a program in place of binglian-worker that takes its options."""
        if not self.plain:
            identity = identity or self.identity(f"{department}-1", "worker", department)
            words = ("--identity", identity, *words)
        return self.start_program([*command_line, "--department", department, "--connect",
                                   self.endpoint, *words], f"worker-{department}")

    def start_program(self, words, name):
        """Any process that is to be stopped with the hall."""
        self.count += 1
        self.workers.append(Daemon(words, self.path(f"{name}-{self.count}.log")))
        return self.workers[-1]

    def start_gateway(self, *words):
        """Starts it, again where it was if it ran before, and waits until it serves."""
        ready = self.data + "/http"
        listen = self.http.removeprefix("http://") if self.http else "127.0.0.1:0"
        if os.path.exists(ready):
            os.unlink(ready)
        if not self.plain:
            words = ("--identity", self.identity("gateway", "gateway"), *words)
        self.gateway = Daemon([program("binglian-gateway"), "--data", self.data, "--broker",
                               self.endpoint, "--http", listen, *words], self.path("gateway.log"))
        wait_until(lambda: os.path.exists(ready) or not self.gateway.is_running(), "gateway", 30)
        if not self.gateway.is_running():
            raise AssertionError("the gateway did not start:\n" + self.gateway.said())
        with open(ready, encoding="utf-8") as file:
            self.http = file.read().strip()
        return self.gateway

    def token(self, name, role, *words):
        """A bearer token of an account that is made with it."""
        self.cli("user", "add", name, "--role", role, *words)
        return self.cli("token", "new", name, "--name", "test").strip()

    def identity(self, name, role, department="", post=""):
        """The file of a key that the broker knows; made at the first call. None where it runs
        --plain."""
        if self.plain:
            return None
        if name not in self.identities:
            self.identities[name] = self.make_identity(name)
            key = Identity(self.identities[name]).public.decode()
            with self.peer(identity="admin") as admin:
                answer = command(admin, grant_key=proto.GrantKey(key=proto.Key(
                    name=name, role=getattr(proto.Key, role.upper()), department=department, post=post,
                    public_key=key)))
            assert not answer.HasField("refusal"), answer
        return self.identities[name]

    def make_identity(self, name):
        """A key that nobody knows yet."""
        public, secret = (key.decode() for key in zmq.curve_keypair())
        path = self.file(name + ".identity", "")
        os.chmod(path, 0o600)
        broker = Identity(self.data + "/admin.identity").broker.decode()
        return self.file(name + ".identity", f"name: {name}\npublic_key: '{public}'\n"
                         f"secret_key: '{secret}'\nbroker_key: '{broker}'\n")

    def peer(self, side="client", identity="admin", **fields):
        """A stranger's connection, after its hello."""
        peer = Peer(self.endpoint_of(side), side, self.load_identity(identity))
        peer.hello(**fields)
        return peer

    def endpoint_of(self, side):
        if side == "client":
            return self.endpoint
        with open(self.data + "/endpoint.workers", encoding="utf-8") as file:
            return file.read().strip()

    def load_identity(self, name):
        if self.plain or name is None:
            return None
        return Identity(self.data + "/admin.identity" if name == "admin" else self.identities[name])

    def cli(self, *words, identity="admin", status=0, stdin=None):
        """Runs binglian(1): its JSON where it writes JSON, else its text; the error where a status
        other than 0 is expected."""
        assert self.broker.is_running(), self.broker.said()
        environment = dict(os.environ, BINGLIAN_DATA=self.data, LANG="C.UTF-8", NO_COLOR="1")
        if not self.plain:
            environment["BINGLIAN_IDENTITY"] = (self.data + "/admin.identity" if identity == "admin"
                                                else identity)
        run = subprocess.run([program("binglian"), *words], env=environment, input=stdin, timeout=60,
                             capture_output=True, encoding="utf-8")
        if run.returncode != status:
            raise AssertionError(f"binglian {' '.join(words)} ended with {run.returncode}, not "
                                 f"{status}:\n{run.stdout}{run.stderr}")
        if status != 0:
            return run.stderr
        return json.loads(run.stdout) if "json" in words else run.stdout


def command(peer, tag=1, seconds=10, **fields):
    """Sends one command and returns its answer."""
    peer.send(commands=[proto.Command(tag=tag, **fields)])
    answer = peer.wait_for("answers", seconds)[0]
    assert answer.tag == tag, answer
    return answer


def query(peer, tag=1, **fields):
    peer.send(queries=[proto.Query(tag=tag, **fields)])
    return peer.wait_for("query_answers")[0]


def content(form, materials=(), name="张三"):
    """The packed content of a submission; materials are names of files that are said to be there."""
    from google.protobuf import struct_pb2

    packed = struct_pb2.Struct()
    packed.update(form)
    return proto.Content(
        applicant=proto.Applicant(name=name, phone="13800000000"),
        form=packed.SerializeToString(deterministic=True),  # the same twice is the same bytes
        materials=[proto.Material(id=id, file=id + ".pdf", hash=bytes(32), bytes=1)
                   for id in materials]).SerializeToString()


def submit(peer, workflow, form, request, **words):
    """Submits and returns the answer."""
    return command(peer, request_id=request,
                   submit=proto.Submit(workflow=workflow, content=content(form, **words)))


def application(peer, number):
    answer = query(peer, application=proto.GetApplication(number=number, events=True))
    assert not answer.HasField("refusal"), answer
    return answer.applications[0]


def wait_completed(peer, number, seconds=10):
    def done():
        view = application(peer, number)
        return view if view.state == proto_state("COMPLETED") else None
    return wait_until(done, f"{number} completed", seconds)


def proto_state(name):
    return proto.Application.State.Value(name)
