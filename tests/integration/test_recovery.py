"""How long a hall is without its broker after a kill -9, with a hundred thousand items open: from the
start of the new process to the first acknowledgement, for a clerk who is there all the time.
"""

import statistics
import time
import unittest

from hall import Hall, content
from wire import Peer, proto

APPLICATIONS = 20000  # of five items each: none has a worker, so all stay open
KILLS = 15
MEDIAN_MS, MOST_MS = 100, 500
RETRY_MS = 5  # how often a clerk's connection is tried again


class Clerk(Peer):
    """Asks again and again until there is an answer."""

    def __init__(self, endpoint):
        super().__init__(endpoint, "client")
        self.socket.disconnect(endpoint)
        self.socket.reconnect_ivl = RETRY_MS
        self.socket.connect(endpoint)

    def first_answer(self, request):
        self.hello()
        self.send(commands=[proto.Command(tag=1, request_id=request, submit=proto.Submit(
            workflow="five", content=content({"name": "店"})))])
        return self.wait_for("answers")[0]


class RecoveryTest(unittest.TestCase):
    def test_first_acknowledgement(self):
        with Hall(plain=True) as hall:
            hall.start_broker()
            hall.cli("load", "--workflow", "five", "--applications", str(APPLICATIONS),
                     "--in-flight", "1024", "-o", "json")
            took = []
            for number in range(KILLS):
                hall.broker.kill()
                with Clerk(hall.endpoint) as clerk:
                    begun = time.monotonic()
                    broker = hall.launch_broker()
                    answer = clerk.first_answer(f"after-{number}")
                    took.append((time.monotonic() - begun) * 1000)
                    self.assertFalse(answer.HasField("refusal"), answer)
                    self.assertTrue(broker.is_running())
            print(f"{APPLICATIONS * 5} open items, {KILLS} kills: first acknowledgement after "
                  f"{statistics.median(took):.0f} ms (median), {max(took):.0f} ms at most", flush=True)
            self.assertLess(statistics.median(took), MEDIAN_MS)
            self.assertLess(max(took), MOST_MS)


if __name__ == "__main__":
    unittest.main()
