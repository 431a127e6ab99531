"""The tree is what its layout says: includes run one way, and nothing lies about."""

import glob
import os
import re
import subprocess
import unittest

from wire import SOURCE

# A folder uses its own headers and those of folders before it.
FOLDERS = ["base", "schema", "deadline", "definition", "core", "store", "log", "wire", "broker",
           "client", "gateway", "cli", "web"]
# These reach the broker over the wire only; a department's machine holds no store.
NOT_FOR = {"client": {"broker"}, "gateway": {"broker"}, "cli": {"broker"}, "web": {"broker"},
           "workers": {"core", "store", "log", "broker", "gateway", "cli", "web"}}
GENERATED = {"binglian", "google"}  # from proto/
PURE = {"schema", "deadline", "definition", "core"}
IMPURE = {"lmdb.h", "zmq.h", "time.h", "sys/time.h", "unistd.h"}
TOP = {"CMakeLists.txt", "LICENSE", "README.md", "deploy", "engine", "proto", "tests", "workers",
       "workflows"}

INCLUDE = re.compile(r'^#include ("([a-z_]+)/[^"]*"|<([^>]*)>)', re.MULTILINE)


def wrong_includes(folder, text):
    """What a file of this folder includes and should not."""
    allowed = set(FOLDERS[:FOLDERS.index(folder) + 1]) if folder in FOLDERS else {*FOLDERS, "sdk",
                                                                                  "daemon"}
    allowed -= NOT_FOR.get(folder, set())
    for whole, ours, system in INCLUDE.findall(text):
        if ours and ours not in allowed | GENERATED:
            yield whole
        if folder in PURE and system in IMPURE:
            yield whole


def tracked():
    """Files of the repository; of a folder without git, all files."""
    run = subprocess.run(["git", "-C", SOURCE, "ls-files", "-z"], capture_output=True)
    if run.returncode != 0:
        return [os.path.relpath(path, SOURCE) for path in glob.glob(SOURCE + "/**", recursive=True)
                if os.path.isfile(path) and not re.match(r"build|__pycache__",
                                                         os.path.relpath(path, SOURCE))]
    return [name for name in run.stdout.decode().split("\0")
            if name and os.path.exists(f"{SOURCE}/{name}")]


class TreeTest(unittest.TestCase):
    def test_includes_run_one_way(self):
        wrong = []
        for path in (glob.glob(SOURCE + "/engine/*/*.[ch]") + glob.glob(SOURCE + "/workers/*/*.[ch]")):
            name = os.path.relpath(path, SOURCE)
            folder = "workers" if name.startswith("workers") else name.split("/")[1]
            with open(path, encoding="utf-8") as file:
                wrong += [f"{name}: {include}" for include in wrong_includes(folder, file.read())]
        self.assertEqual(wrong, [])

    def test_the_test_of_includes_can_fail(self):
        for folder, line in (("base", '#include "schema/json.h"'), ("core", '#include "store/read.h"'),
                             ("cli", '#include "broker/front.h"'), ("core", "#include <time.h>"),
                             ("workers", '#include "store/read.h"')):
            with self.subTest(folder=folder, line=line):
                self.assertEqual(len(list(wrong_includes(folder, f"\n{line}\n"))), 1)
        self.assertEqual(list(wrong_includes("cli", '#include "store/read.h"\n#include <time.h>')), [])

    def test_nothing_else_stands_at_the_top(self):
        top = {name.split("/")[0] for name in tracked()}
        self.assertEqual({name for name in top - TOP if not name.startswith(".")}, set())

    def test_nothing_built_is_tracked(self):
        built = re.compile(r"(^|/)(build[^/]*|__pycache__)/|\.(o|a|so|mdb|pyc|pb-c\.[ch])$")
        self.assertEqual([name for name in tracked() if built.search(name)], [])

    def test_scripts_can_be_run(self):
        for name in tracked():
            with open(f"{SOURCE}/{name}", "rb") as file:
                script = file.read(2) == b"#!"
            self.assertEqual(script, os.access(f"{SOURCE}/{name}", os.X_OK), name)

    def test_every_package_is_explained(self):
        """Each library that the build needs stands in the README."""
        with open(SOURCE + "/deploy/packages", encoding="utf-8") as file:
            packages = [line.split()[1] for line in file if line[:1] not in "#\n"]
        with open(SOURCE + "/README.md", encoding="utf-8") as file:
            readme = file.read()
        self.assertEqual([name for name in packages if f"`{name}`" not in readme], [])


if __name__ == "__main__":
    unittest.main()
