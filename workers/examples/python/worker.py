#!/usr/bin/python3
"""A worker in Python: it approves every task of a department, or with --suspend first asks for time.

Written from proto/binglian/v1/PROTOCOL.md alone, to show that another language needs no more than
ZeroMQ and protobuf (Debian: python3-zmq, python3-protobuf, protobuf-compiler, libprotobuf-c-dev).

    worker.py --department fire --connect tcp://127.0.0.1:7701 [--identity fire-1.key] [--count 10]
"""
import argparse
import importlib
import pathlib
import random
import re
import signal
import subprocess
import sys
import tempfile
import time

import zmq

PROTOCOL = 1
SILENCES = 3  # heartbeats without a word: the broker is gone
WELCOME_S = 5
PAUSE_FIRST_S, PAUSE_MAX_S = 0.1, 10
STOP_S = 4  # for decisions to be acknowledged after SIGTERM


def load_messages(proto, folder):
    """Generates the messages into a folder of their own and imports them."""
    files = sorted(str(path) for path in proto.glob("binglian/v1/*.proto"))
    subprocess.run(
        ["protoc", f"--python_out={folder}", f"-I{proto}", "-I/usr/include", *files,
         "protobuf-c/protobuf-c.proto"], check=True)
    sys.path.insert(0, folder)
    return (importlib.import_module("binglian.v1.transport_pb2"),
            importlib.import_module("binglian.v1.task_pb2"),
            importlib.import_module("binglian.v1.command_pb2"),
            importlib.import_module("google.protobuf.struct_pb2"))


def load_identity(file):
    """The four texts of a key file, which is YAML of the simplest kind."""
    lines = pathlib.Path(file).read_text(encoding="utf-8").splitlines()
    pairs = (re.match(r"(\w+):\s*(.*\S)", line) for line in lines)
    return {pair[1]: pair[2].strip("'\"") for pair in pairs if pair}


class Lost(Exception):
    """The connection is worth nothing any more: dial again."""


class Connection:
    """One DEALER, and who spoke when."""

    def __init__(self, context, endpoint, identity):
        self.socket = context.socket(zmq.DEALER)
        self.socket.linger = 1000
        self.socket.immediate = 1  # nothing queues to a dead link
        if identity:
            self.socket.curve_serverkey = identity["broker_key"].encode()
            self.socket.curve_publickey = identity["public_key"].encode()
            self.socket.curve_secretkey = identity["secret_key"].encode()
        self.socket.connect(endpoint)
        self.heard = self.said = time.monotonic()

    def say(self, frame):
        if not self.socket.poll(WELCOME_S * 1000, zmq.POLLOUT):
            raise Lost("nobody is there")
        self.socket.send(frame.SerializeToString())
        self.said = time.monotonic()

    def hear(self, kind, seconds):
        """The next frame, or None."""
        if not self.socket.poll(max(0, int(seconds * 1000)), zmq.POLLIN):
            return None
        self.heard = time.monotonic()
        frame = kind.FromString(self.socket.recv())
        if frame.HasField("disconnect"):
            raise Lost(f"{frame.disconnect.code}: {frame.disconnect.reason}")
        return frame


class Worker:
    def __init__(self, options, messages):
        self.options = options
        self.wire, self.task, self.command, self.struct = messages
        self.suspended = set()  # tasks for which time was asked
        self.identity = load_identity(options.identity) if options.identity else None
        self.context = zmq.Context()
        self.decisions = {}  # attempt → decision that is not acknowledged
        self.tasks = {}      # attempt → name of the task, for the next hello
        self.acknowledged = 0
        self.stopping = False

    def hello(self):
        return self.wire.Hello(
            protocol_min=PROTOCOL, protocol_max=PROTOCOL, program="worker.py",
            department=self.options.department, principal="worker/python")

    def find_workers(self):
        """Asks the one address that everybody is told where workers go."""
        front = Connection(self.context, self.options.connect, self.identity)
        try:
            front.say(self.wire.ClientFrame(hello=self.hello()))
            frame = front.hear(self.wire.BrokerFrame, WELCOME_S)
            if frame is None or not frame.HasField("welcome"):
                raise Lost("no welcome")
        finally:
            front.socket.close()
        dialled = re.match(r"tcp://(.*):", self.options.connect)
        return frame.welcome.workers.replace("*", dialled[1] if dialled else "*")

    def join(self, connection):
        hello = self.hello()
        hello.credit = self.options.concurrency
        for attempt, name in self.tasks.items():
            hello.held.add(task=name, attempt=attempt)
        connection.say(self.wire.WorkerFrame(hello=hello))
        frame = connection.hear(self.wire.TaskFrame, WELCOME_S)
        if frame is None or not frame.HasField("welcome"):
            raise Lost("no welcome")
        granted = {grant.attempt: grant.now for grant in frame.welcome.granted}
        self.tasks = {granted.get(old, old): name for old, name in self.tasks.items()}
        self.decisions = {granted.get(old, old): kept for old, kept in self.decisions.items()}
        self.send_decisions(connection, self.decisions)  # what was not granted is answered too
        self.take(connection, frame)  # a welcome may bring the first tasks along
        return frame.welcome.heartbeat_ms / 1000

    def send_decisions(self, connection, attempts):
        frame = self.wire.WorkerFrame()
        for attempt in attempts:
            self.decisions[attempt].attempt = attempt
            frame.decisions.append(self.decisions[attempt])
        if frame.decisions:
            connection.say(frame)

    def decide(self, task):
        """The work itself."""
        form = self.struct.Struct.FromString(task.form)
        print(f"{task.task} {task.attempt}: {len(form.fields)} fields", flush=True)
        if self.options.suspend and task.task not in self.suspended:
            self.suspended.add(task.task)  # an act instead of a decision: the task comes back
            act = self.command.Command(suspend=self.command.Suspend(
                kind=self.options.suspend, notice="告-1", approver=self.options.approver))
            return self.task.Decision(act=act)
        return self.task.Decision(decision=self.task.Decision.APPROVE, opinion="同意")

    def take(self, connection, frame):
        for acknowledgement in frame.acknowledgements:
            code = acknowledgement.refusal.code
            if code in ("unavailable", "full"):
                continue  # nothing was done; the decision is sent again with the next heartbeat
            if self.decisions.pop(acknowledgement.attempt, None) is not None:
                self.acknowledged += code == ""
            self.tasks.pop(acknowledgement.attempt, None)
        fresh = [task for task in frame.tasks if task.attempt not in self.tasks]
        for task in fresh:
            self.tasks[task.attempt] = task.task
            self.decisions[task.attempt] = self.decide(task)
        self.send_decisions(connection, [task.attempt for task in fresh])

    def is_done(self):
        return self.options.count and self.acknowledged >= self.options.count

    def serve(self, connection):
        """Until the connection is lost, the work is done, or somebody wants us to stop."""
        heartbeat = self.join(connection)
        while not self.stopping and not self.is_done():
            now = time.monotonic()
            if now - connection.heard > SILENCES * heartbeat:
                raise Lost("silence")
            if now - connection.said > heartbeat / 2:
                connection.say(self.wire.WorkerFrame(ping=True))
                self.send_decisions(connection, self.decisions)
            frame = connection.hear(self.wire.TaskFrame, heartbeat / 4)
            if frame is not None:
                self.take(connection, frame)
        self.leave(connection)

    def leave(self, connection):
        """No new tasks; what was decided is still acknowledged."""
        connection.say(self.wire.WorkerFrame(goodbye=True))
        end = time.monotonic() + STOP_S
        while self.decisions and time.monotonic() < end:
            frame = connection.hear(self.wire.TaskFrame, 0.1)
            if frame is not None:
                connection.say(self.wire.WorkerFrame(
                    given_back=[task.attempt for task in frame.tasks]))
                del frame.tasks[:]
                self.take(connection, frame)

    def run(self):
        pause = PAUSE_FIRST_S
        while not self.stopping and not self.is_done():
            connection = None
            try:
                endpoint = self.find_workers()
                connection = Connection(self.context, endpoint, self.identity)
                pause = PAUSE_FIRST_S
                self.serve(connection)
            except Lost as why:
                print(f"worker.py: {why}", file=sys.stderr, flush=True)
                time.sleep(pause * random.uniform(0.5, 1))
                pause = min(2 * pause, PAUSE_MAX_S)
            finally:
                if connection is not None:
                    connection.socket.close()
        self.context.term()


def main():
    proto = pathlib.Path(__file__).resolve().parents[3] / "proto"
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--department", required=True)
    parser.add_argument("--connect", required=True, help="the broker's --listen address")
    parser.add_argument("--identity", help="key pair of `binglian key new`; without it plain")
    parser.add_argument("--concurrency", type=int, default=10, help="tasks at once")
    parser.add_argument("--count", type=int, default=0, help="stop after so many; 0: at SIGTERM")
    parser.add_argument("--suspend", help="kind of stop to ask for before each decision")
    parser.add_argument("--approver", default="", help="post that approves the stop")
    parser.add_argument("--proto", type=pathlib.Path, default=proto, help="folder of the messages")
    options = parser.parse_args()

    with tempfile.TemporaryDirectory() as folder:
        worker = Worker(options, load_messages(options.proto, folder))

        def stop(_number, _frame):
            worker.stopping = True

        signal.signal(signal.SIGTERM, stop)
        signal.signal(signal.SIGINT, stop)
        worker.run()


if __name__ == "__main__":
    main()
