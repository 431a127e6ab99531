"""The protocol as a stranger speaks it: the messages of proto/ over ZeroMQ, no code of the engine.

`proto` holds the generated classes of all files together: proto.ClientFrame, proto.Task...
"""

import glob
import importlib
import os
import re
import subprocess
import sys
import tempfile
import types

import zmq

SOURCE = os.path.realpath(os.path.join(os.path.dirname(__file__), "..", ".."))


def load_messages():
    """Generates Python classes from proto/ and imports them."""
    with tempfile.TemporaryDirectory() as folder:
        files = sorted(os.path.relpath(path, SOURCE + "/proto")
                       for path in glob.glob(SOURCE + "/proto/binglian/v1/*.proto"))
        subprocess.run(["protoc", f"--python_out={folder}", f"-I{SOURCE}/proto", "-I/usr/include",
                        "protobuf-c/protobuf-c.proto", *files], check=True)
        sys.path.insert(0, folder)
        names = types.SimpleNamespace()
        for file in ["protobuf-c/protobuf-c.proto", *files]:
            module = importlib.import_module(
                re.sub(r"\.proto$", "_pb2", file).replace("-", "_").replace("/", "."))
            for name in module.DESCRIPTOR.message_types_by_name:
                setattr(names, name, getattr(module, name))
            for name in module.DESCRIPTOR.enum_types_by_name:
                setattr(names, name, getattr(module, name))
        sys.path.remove(folder)
    return names


proto = load_messages()


class Identity:
    """A key pair as `binglian key new` writes it."""

    def __init__(self, path):
        with open(path, encoding="utf-8") as file:
            values = dict(re.findall(r'''^(\w+): ["']?(.*?)["']?$''', file.read(), re.MULTILINE))
        self.public, self.secret = values["public_key"].encode(), values["secret_key"].encode()
        self.broker = values.get("broker_key", "").encode()


class Peer:
    """One connection, as a client (side "client") or as a worker (side "worker")."""

    def __init__(self, endpoint, side, identity=None, kind=zmq.DEALER):
        self.frame = proto.ClientFrame if side == "client" else proto.WorkerFrame
        self.reply = proto.BrokerFrame if side == "client" else proto.TaskFrame
        self.socket = zmq.Context.instance().socket(kind)
        self.socket.linger = 0
        if identity is not None:
            self.socket.curve_publickey = identity.public
            self.socket.curve_secretkey = identity.secret
            self.socket.curve_serverkey = identity.broker
        self.monitor = None
        self.socket.connect(endpoint)

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        if self.monitor is not None:
            self.socket.disable_monitor()
            self.monitor.close()
        self.socket.close()

    def watch(self, event):
        """From now on, `saw` tells whether this has happened to the connection."""
        self.monitor = self.socket.get_monitor_socket(event)

    def saw(self, seconds=5):
        return self.monitor.poll(int(seconds * 1000)) != 0

    def send(self, **fields):
        self.socket.send(self.frame(**fields).SerializeToString())

    def send_bytes(self, *parts):
        self.socket.send_multipart(parts)

    def receive(self, seconds=5):
        """The next frame, or None."""
        if self.socket.poll(int(seconds * 1000)) == 0:
            return None
        return self.reply.FromString(self.socket.recv())

    def wait_for(self, field, seconds=5):
        """Frames until one has the field; pings are answered meanwhile."""
        for _ in range(1000):
            frame = self.receive(seconds)
            if frame is None:
                raise AssertionError(f"no {field} within {seconds} s")
            value = getattr(frame, field)
            present = len(value) > 0 if hasattr(value, "__len__") else frame.HasField(field)
            if present:
                return value
        raise AssertionError(f"no {field} among 1000 frames")

    def hello(self, seconds=5, **fields):
        """Says hello and returns the welcome."""
        self.send(hello=proto.Hello(protocol_min=1, protocol_max=1, program="test", **fields))
        return self.wait_for("welcome", seconds)
