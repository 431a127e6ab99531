"""What faults.so is to do to a broker: the plan that it maps, and how it is put before the C library."""

import mmap
import struct

from hall import BUILD

NONE, SEND, RECEIVE, SYNC = range(4)


class Faults:
    """For the broker of this hall, from its next start on."""

    def __init__(self, hall):
        path = hall.path("faults")
        with open(path, "wb") as file:
            file.write(bytes(16))
        with open(path, "r+b") as file:
            self.plan = mmap.mmap(file.fileno(), 16)
        hall.environment = {"LD_PRELOAD": BUILD + "/lib/libfaults.so", "BINGLIAN_FAULTS": path,
                            "ASAN_OPTIONS": "verify_asan_link_order=0"}

    def arm(self, call, left=0, error=0):
        self.plan[:] = struct.pack("4i", call, left, error, 0)

    def was_met(self):
        return struct.unpack("4i", self.plan[:])[3] > 0
