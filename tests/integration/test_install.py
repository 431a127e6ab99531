"""What `cmake --install` puts into the system is enough to write a worker and to run a hall."""

import glob
import os
import shutil
import subprocess
import unittest

from hall import BUILD, Hall, program, submit, wait_completed
from wire import SOURCE

BINARIES = ["binglian", "binglian-broker", "binglian-gateway", "binglian-worker"]
SANITIZERS = ["-fsanitize=address,undefined"]  # as the libraries of a Debug build want

APPROVE = """
import json, sys
print(json.dumps({"attempt": json.load(sys.stdin)["attempt"], "decision": "approve"}))
"""


def cache(name):
    with open(BUILD + "/CMakeCache.txt", encoding="utf-8") as file:
        return [line.split("=", 1)[1].strip() for line in file if line.startswith(name + ":")][0]


class InstallTest(unittest.TestCase):
    def test_a_worker_built_from_what_is_installed(self):
        with Hall() as hall:
            root = hall.path("root")
            subprocess.run(["cmake", "--install", BUILD, "--prefix", root], check=True,
                           capture_output=True)
            for name in BINARIES:
                self.assertTrue(os.access(f"{root}/bin/{name}", os.X_OK), name)
            worker = self.compile(root, hall.path("hello-worker"))
            hall.start_broker()
            for department in ("amr", "hurd", "eco", "urban"):
                hall.start_worker(department, "--decide", "approve")
            self.start(hall, worker, root)
            with hall.peer() as peer:
                wait_completed(peer, submit(peer, "five", {"name": "x"}, "r").application)

    def compile(self, root, output):
        """As the comment in the example says."""
        folders = subprocess.run(["find", root, "-name", "pkgconfig"], capture_output=True,
                                 encoding="utf-8", check=True).stdout.split()
        flags = subprocess.run(
            ["pkg-config", "--cflags", "--libs", f"--define-variable=prefix={root}",
             "libbinglian-worker"], check=True, capture_output=True, encoding="utf-8",
            env={**os.environ, "PKG_CONFIG_PATH": ":".join(folders)}).stdout.split()
        debug = SANITIZERS if cache("CMAKE_BUILD_TYPE") == "Debug" else []
        subprocess.run(["cc", *debug, SOURCE + "/workers/examples/hello_worker.c", *flags, "-o",
                        output], check=True)
        return output

    def start(self, hall, worker, root):
        identity = hall.identity("fire-1", "worker", "fire")
        libraries = os.path.dirname(subprocess.run(
            ["find", root, "-name", "libbinglian-worker.so"], capture_output=True,
            encoding="utf-8").stdout.split()[0])
        os.environ["LD_LIBRARY_PATH"] = libraries
        try:
            hall.start_program([worker, "fire", hall.endpoint, identity], "hello-worker")
        finally:
            del os.environ["LD_LIBRARY_PATH"]

    def test_the_examples_of_configuration(self):
        """What the command line says comes before what stands in the file."""
        with Hall() as hall:
            hall.start_broker("--config", SOURCE + "/deploy/config/binglian.yaml")
            for department in ("amr", "hurd", "eco", "urban"):
                hall.start_worker(department, "--decide", "approve")
            hall.start_worker("fire", "--config", SOURCE + "/deploy/config/workers/example.yaml",
                              "--exec", f"/usr/bin/python3 {hall.file('approve.py', APPROVE)}")
            with hall.peer() as peer:
                wait_completed(peer, submit(peer, "five", {"name": "x"}, "r").application)

    def test_the_units(self):
        """Every option of a unit is known to systemd, where it is there to be asked."""
        if shutil.which("systemd-analyze") is None:
            self.skipTest("no systemd")
        for path in glob.glob(SOURCE + "/deploy/systemd/*.service"):
            said = subprocess.run(["systemd-analyze", "verify", path], capture_output=True,
                                  encoding="utf-8").stderr
            said = [line for line in said.splitlines() if "is not executable" not in line
                    and os.path.basename(path).replace("@.", "@i.")[:-8] in line]
            self.assertEqual(said, [])

    def test_programs_do_not_need_the_build_folder(self):
        for name in BINARIES:
            path = subprocess.run(["readelf", "-d", program(name)], capture_output=True,
                                  encoding="utf-8").stdout
            self.assertNotIn("libbinglian", path)


if __name__ == "__main__":
    unittest.main()
