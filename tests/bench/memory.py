"""Memory while a million applications pass through: RssAnon of the broker and of the workers."""
import json
import os
import subprocess
import tempfile
import time
from pathlib import Path
from statistics import median

SAMPLE_SECONDS = 0.25
PARTS = 10  # of the run; the first two are warm-up
GROWTH_MAX = 1.10  # of the last part over the third
GROWTH_MIB_MIN = 4  # less than this is no growth: pages that one busy batch takes


def _children(pid):
    try:
        return [int(child) for child in
                Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def _program(pid):
    try:
        return os.path.basename(os.readlink(f"/proc/{pid}/exe"))
    except OSError:
        return ""


def _rss_anon_mib(pid):
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) for line in lines if line.startswith("RssAnon:")) / 1024


def _sample(process):
    """The memory of each kind of program, in MiB; nothing before they run."""
    found = {"binglian-broker": 0.0, "binglian-worker": 0.0}
    for pid in _children(process.pid):
        name = _program(pid)
        if name in found:
            found[name] += _rss_anon_mib(pid)
    return found


def _watch(process):
    """Samples until the program ends. It must not fill its pipes: it prints one line."""
    samples = []
    while True:
        try:
            process.wait(SAMPLE_SECONDS)
            return samples
        except subprocess.TimeoutExpired:
            found = _sample(process)
            if all(found.values()):
                samples.append(found)


def _parts(values):
    """The median of each tenth of the run."""
    edges = [len(values) * part // PARTS for part in range(PARTS + 1)]
    return [median(values[start:end]) for start, end in zip(edges, edges[1:])]


def _verdict(name, values):
    """Prints one program's line; what was measured, and whether it stays flat."""
    parts = _parts(values)
    grows = (parts[-1] > parts[2] * GROWTH_MAX and parts[-1] - parts[2] > GROWTH_MIB_MIN and
             max(parts[-3:]) > max(parts[2:5]))
    print(f"{name:16} first {values[0]:7.1f}  last {values[-1]:7.1f}  max {max(values):7.1f}  "
          f"{'GROWS' if grows else 'flat'}\n{'':16} by tenths of the run: "
          + " ".join(f"{part:.1f}" for part in parts))
    return {"first_mib": round(values[0], 1), "last_mib": round(values[-1], 1),
            "max_mib": round(max(values), 1), "tenths_mib": [round(part, 1) for part in parts],
            "flat": not grows}


def run(programs, applications):
    """Returns whether memory stays flat. Prints first, last and maximum, then one JSON object."""
    load = os.getloadavg()[0]
    started = time.monotonic()
    with tempfile.TemporaryDirectory(dir=programs.scratch) as data:
        process = programs.start_engine(applications, data)
        samples = _watch(process)
        measured = programs.finish(process)
    if len(samples) < 4 * PARTS:
        print(f"too short to tell: {len(samples)} samples; take more applications")
        return False
    print(f"RssAnon in MiB while {applications:,} applications pass "
          f"({time.monotonic() - started:.0f} s, load average {load:.1f})")
    found = {name: _verdict(name, [sample[name] for sample in samples]) for name in samples[0]}
    print(json.dumps({"applications": applications, "apps_per_s": measured["apps_per_s"],
                      "broker": found["binglian-broker"], "workers": found["binglian-worker"]}))
    return all(one["flat"] for one in found.values())
