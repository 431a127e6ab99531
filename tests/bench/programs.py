"""Builds and runs the programs of the benchmarks. Each prints what it measured as one JSON object."""
import fcntl
import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
TARGETS = ("binglian", "binglian-broker", "binglian-worker",
           "bench-floor", "bench-fanout", "bench-cycle")
RUN_SECONDS_MAX = 1800  # a run that takes longer hangs: a million applications take minutes


class Failed(Exception):
    """A program that ended badly, or did not end."""


def build_folder():
    """The Release build: $BINGLIAN_BUILD, or the one that tests/run makes."""
    return Path(os.environ.get("BINGLIAN_BUILD") or ROOT / "build").resolve()


def _call(*command):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode != 0:
        raise Failed(f"{done.stdout[-4000:]}\n{command[0]}: exit status {done.returncode}")


def build(folder):
    """Builds what is missing. Refuses a build with sanitizers: its figures mean nothing."""
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        cache = folder / "CMakeCache.txt"
        if not cache.exists():
            _call("cmake", "-G", "Ninja", "-S", str(ROOT), "-B", str(folder),
                  "-DCMAKE_BUILD_TYPE=Release")
        if "\nCMAKE_BUILD_TYPE:STRING=Release\n" not in cache.read_text():
            raise Failed(f"{folder} is no Release build; set BINGLIAN_BUILD to one")
        _call("ninja", "-C", str(folder), *TARGETS)


def file_system(folder):
    return subprocess.run(("df", "--output=fstype", folder), capture_output=True,
                          text=True).stdout.split()[-1]


def scratch_parent():
    """Where stores are made: short, for paths of sockets are; on a disk, for in memory a sync
    costs nothing."""
    choices = [os.environ.get("TMPDIR"), "/tmp", "/var/tmp"]
    folders = [folder for folder in choices if folder and os.path.isdir(folder)]
    return next((folder for folder in folders if file_system(folder) != "tmpfs"), folders[0])


class Programs:
    """The programs of one build, with a scratch folder for their stores. A context manager."""

    def __init__(self, folder):
        self.bin = folder / "bin"
        self.parent = scratch_parent()

    def __enter__(self):
        self._scratch = tempfile.TemporaryDirectory(prefix="binglian-bench-", dir=self.parent)
        self.scratch = Path(self._scratch.name)
        self.workflows = self.scratch / "workflows"
        shutil.copytree(ROOT / "workflows" / "calendars", self.workflows / "calendars")
        shutil.copy(ROOT / "workflows" / "departments.yaml", self.workflows)
        shutil.copy(HERE / "fanout5.yaml", self.workflows)
        return self

    def __exit__(self, *_):
        self._scratch.cleanup()

    def start(self, name, *options):
        command = [str(self.bin / name), *(str(option) for option in options)]
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def finish(self, process):
        """What a program has measured."""
        name = Path(process.args[0]).name
        try:
            out, err = process.communicate(timeout=RUN_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            process.kill()
            raise Failed(f"{name} hangs: {' '.join(process.args[1:])}") from None
        if process.returncode != 0:
            raise Failed(f"{name}: exit status {process.returncode}\n{err[-4000:]}{out[-1000:]}")
        return json.loads(out)

    def floor(self, applications, *options):
        """The same work without the engine."""
        with tempfile.TemporaryDirectory(dir=self.scratch) as data:
            return self.finish(self.start("bench-floor", "-n", applications, "-d", data, *options))

    def start_engine(self, applications, data, *options):
        return self.start("bench-fanout", "-n", applications, "-d", data, "-b", self.bin,
                          "-f", self.workflows, *options)

    def engine(self, applications, *options, data=None):
        """The work through the engine, in a fresh store unless `data` names one."""
        if data is not None:
            return self.finish(self.start_engine(applications, data, *options))
        with tempfile.TemporaryDirectory(dir=self.scratch) as fresh:
            return self.finish(self.start_engine(applications, fresh, *options))

    def preload(self, applications):
        """A store that has so many applications, a tenth of them open."""
        data = self.scratch / f"store-{applications}"
        data.mkdir()
        self.finish(self.start("bench-cycle", "-n", applications, "-o", 10, "-d", data,
                               ROOT / "workflows"))
        return data
