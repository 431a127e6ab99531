"""The two commands of the README as a newcomer types them."""

import os
import re
import signal
import subprocess
import time
import unittest

from hall import wait_until
from wire import SOURCE

QUICKSTART = SOURCE + "/deploy/quickstart"
SECONDS = 10  # once built


def processes_of(text):
    """Processes whose command line has the text in it."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as file:
                if text.encode() in file.read() and int(pid) != os.getpid():
                    found.append(int(pid))
        except OSError:
            pass  # it has ended
    return found


class QuickstartTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        subprocess.run([QUICKSTART], check=True, capture_output=True, timeout=600)  # builds

    def setUp(self):
        """A folder for its temporary files, which is to be empty in the end."""
        self.folder = f"/tmp/binglian-quickstart-{os.getpid()}-{time.monotonic_ns()}"
        os.mkdir(self.folder)
        self.addCleanup(os.rmdir, self.folder)
        self.addCleanup(lambda: self.assertEqual(processes_of(self.folder), []))

    def start(self, *words):
        return subprocess.Popen([QUICKSTART, *words], stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT, encoding="utf-8", start_new_session=True,
                                env={**os.environ, "TMPDIR": self.folder, "LANG": "C.UTF-8"})

    def check(self, text):
        numbers = re.findall(r"^\S*?([A-Z]{2}-\d{8}-0001)\b.*已办结", text, re.MULTILINE)
        self.assertEqual({number[:2] for number in numbers}, {"CY", "QY", "XS"}, text)
        for part in ("消防救援大队", "承诺", "法定", "不需办理", "不予", "全部办结"):
            self.assertIn(part, text)
        self.assertRegex(text, r"├─ 消防救援大队 .* 准予 .* \d{4}-\d\d-\d\d 17:30")

    def test_twice_in_a_row(self):
        for _ in range(2):
            begun = time.monotonic()
            process = self.start()
            text, _ = process.communicate(timeout=60)
            self.assertEqual(process.returncode, 0, text)
            self.assertLess(time.monotonic() - begun, SECONDS)
            self.check(text)

    def test_beside_itself(self):
        both = [self.start(), self.start()]
        for process in both:
            text, _ = process.communicate(timeout=60)
            self.assertEqual(process.returncode, 0, text)
            self.check(text)

    def test_serve_until_ctrl_c(self):
        process = self.start("--serve")
        text = ""
        for line in process.stdout:
            text += line
            if "binglian help" in line:
                break
        self.check(text)
        endpoint = re.search(r"^  export BINGLIAN_CONNECT=(\S+) BINGLIAN_IDENTITY=(\S+)$", text,
                             re.MULTILINE)
        listed = subprocess.run([SOURCE + "/build/bin/binglian", "list", "-o", "csv", "--connect",
                                 endpoint[1], "--identity", endpoint[2]], capture_output=True,
                                encoding="utf-8")
        self.assertEqual(len(listed.stdout.splitlines()), 4, listed)  # a heading and three
        os.killpg(process.pid, signal.SIGINT)
        process.communicate(timeout=20)
        self.assertEqual(process.returncode, 0)

    def test_terminated_half_way(self):
        process = self.start()
        wait_until(lambda: processes_of(self.folder), "processes")
        process.terminate()
        process.communicate(timeout=20)
        self.assertEqual(process.returncode, 128 + signal.SIGTERM)

    def test_wrong_words(self):
        process = self.start("--sevre")
        text, _ = process.communicate(timeout=10)
        self.assertEqual(process.returncode, 64)
        self.assertIn("--serve", text)


if __name__ == "__main__":
    unittest.main()
