"""A relay between clients and a broker that can do to their connections what a network does: cut them,
or leave them half open, so that neither end hears of the other and nobody is told.
"""

import selectors
import socket
import threading

CHUNK = 65536


class Relay:
    """Listens on a free port of loopback and passes on to `target` ("tcp://127.0.0.1:7701")."""

    def __init__(self, target):
        host, port = target.removeprefix("tcp://").rsplit(":", 1)
        self.target = (host, int(port))
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.endpoint = "tcp://127.0.0.1:%d" % self.listener.getsockname()[1]
        self.selector = selectors.DefaultSelector()
        self.wake, self.told = socket.socketpair()
        self.orders, self.pairs, self.silent = [], {}, set()
        self.cuts = self.half_open = 0
        self.selector.register(self.listener, selectors.EVENT_READ)
        self.selector.register(self.told, selectors.EVENT_READ)
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.running = True
        self.thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.order(self.stop)
        self.thread.join()

    def order(self, act):
        self.orders.append(act)
        self.wake.send(b"!")

    def cut(self):
        """Every connection ends at once."""
        self.order(self.cut_now)

    def silence(self):
        """Every connection stays open and carries nothing more; new ones work."""
        self.order(self.silence_now)

    # --- of the thread alone ---

    def run(self):
        while self.running:
            for key, _ in self.selector.select():
                if key.fileobj is self.listener:
                    self.accept()
                elif key.fileobj is self.told:
                    self.told.recv(CHUNK)
                    while self.orders:
                        self.orders.pop(0)()
                elif key.fileobj in self.pairs:
                    self.carry(key.fileobj)

    def accept(self):
        here, _ = self.listener.accept()
        try:
            there = socket.create_connection(self.target)
        except OSError:
            here.close()
            return
        for one, other in ((here, there), (there, here)):
            self.pairs[one] = other
            self.selector.register(one, selectors.EVENT_READ)

    def carry(self, one):
        try:
            data = one.recv(CHUNK)
            if data:
                self.pairs[one].sendall(data)
                return
        except OSError:
            pass
        self.drop(one)

    def drop(self, one):
        other = self.pairs.pop(one)
        self.pairs.pop(other)
        for end in (one, other):
            self.selector.unregister(end)
            end.close()

    def cut_now(self):
        while self.pairs:
            self.drop(next(iter(self.pairs)))
            self.cuts += 1

    def silence_now(self):
        for one, other in list(self.pairs.items()):
            if one in self.pairs:
                self.pairs.pop(one)
                self.pairs.pop(other)
                for end in (one, other):
                    self.selector.unregister(end)
                    self.silent.add(end)  # kept open, never read
                self.half_open += 1

    def stop(self):
        self.cut_now()
        for end in self.silent:
            end.close()
        for end in (self.listener, self.told, self.wake):
            end.close()
        self.selector.close()
        self.running = False
