"""The broker's sockets fail at the first call from now on, then at the second, the third, under load.
Whoever lost his connection comes back by himself; nothing acknowledged is lost, nothing is decided
twice.
"""

import errno
import os
import time
import unittest

from faults import RECEIVE, SEND, Faults
from hall import Hall, wait_until
from loaded import Loaded, acknowledged

SECONDS = int(os.environ.get("BINGLIAN_TORTURE_SECONDS", "10"))  # of each loop


class CallsTest(unittest.TestCase):
    def test_send(self):
        self.loop(SEND)

    def test_receive(self):
        self.loop(RECEIVE)

    def loop(self, call):
        with Hall(plain=True) as hall:
            faults = Faults(hall)
            loaded = Loaded(hall, in_flight=2)
            loaded.wait_for_progress(50)
            end, number = time.monotonic() + SECONDS, 0
            while time.monotonic() < end:
                for error in (errno.ECONNRESET, errno.EPIPE if call == SEND else errno.ETIMEDOUT):
                    faults.arm(call, number, error)
                    wait_until(faults.was_met, "a failed call", 30)
                    loaded.wait_for_progress(20)
                number += 1
            loaded.wait_for_progress(100)
            loaded.stop()
            _, journal, found = loaded.check()
            self.assertEqual(found[:20], [])
            submits, decides = acknowledged(journal)
            print(f"failed calls up to the {number}th; acknowledged {submits} applications, "
                  f"{decides} decisions", flush=True)
            self.assertGreater(number, 3)
            self.assertGreater(min(submits, decides), 20)


if __name__ == "__main__":
    unittest.main()
