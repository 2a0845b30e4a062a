"""Compares audio/resample with other resamplers and writes bench/AUDIO.md; scripts/bench-audio.sh builds and starts it.

The raw figures go to build/bench-audio/result.json.
"""

import argparse
import datetime
import json
import os
import pathlib
import platform
import subprocess
import sys

import claims
import quality
import report
import selftest
import speed
import subjects

PAIRS = [(44100, 16000), (48000, 16000), (16000, 48000), (44100, 48000), (48000, 44100), (8000, 16000)]


def tell(text):
    print(text, file=sys.stderr, flush=True)


def output(*command):
    try:
        return subprocess.run(command, capture_output=True, text=True, cwd=subjects.ROOT, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""


def machine(compared):
    state = " with changes" if output("git", "status", "--porcelain", "audio/resample", "bench/audio") else ""
    return {
        "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
        "command": " ".join(["scripts/bench-audio.sh", *sys.argv[1:]]),
        "commit": (output("git", "rev-parse", "--short", "HEAD") or "unknown") + state,
        "cpu": cpu(),
        "cores": os.cpu_count(),
        "system": f"{platform.system()} {platform.machine()}",
        "versions": [", ".join(dict.fromkeys(s.version() for s in compared)), compilers()],
        "skipped": [s.label for s in subjects.ALL if s not in compared],
    }


def cpu():
    """The model, with the family that says which core it is where the name doesn't."""
    try:
        text = pathlib.Path("/proc/cpuinfo").read_text()
    except OSError:
        return platform.processor() or "unknown processor"
    fields = dict(reversed([[part.strip() for part in line.split(":", 1)] for line in text.splitlines() if ":" in line]))
    named = [f"{name} {fields[key]}" for name, key in (("family", "cpu family"), ("model", "model")) if key in fields]
    return " ".join([fields.get("model name", "unknown processor"), *named])


def compilers():
    lines = [output(*command).splitlines()[:1] for command in (("cc", "--version"), ("rustc", "--version"))]
    return ", ".join(line for found in lines for line in found)


def measure_quality(compared):
    figures = {}
    for s in compared:
        tell(f"quality of {s.label}")
        figures[s.label] = {speed.name(*pair): quality.measure(s, *pair) for pair in PAIRS}
    return figures


def measure_first(rounds):
    """What the first call of a pair takes more than a later one: the median of several processes."""
    found = {}
    for src, dst in PAIRS:
        runs = sorted((subjects.HIGH.first(src, dst) for _ in range(rounds)), key=lambda r: r["first_us"] - r["later_us"])
        middle = runs[len(runs) // 2]
        found[speed.name(src, dst)] = {**middle, "extra_us": middle["first_us"] - middle["later_us"]}
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7, help="rounds of the speed measurement, 5 or more (default: 7)")
    parser.add_argument("--ms", type=int, default=30, help="time of one measurement in ms (default: 30)")
    parser.add_argument("--no-claims", action="store_true", help="don't check audio/resample/testdata/quality.json")
    parser.add_argument("--output", type=pathlib.Path, default=subjects.ROOT / "bench" / "AUDIO.md", help="the report")
    options = parser.parse_args()
    if options.rounds < 5 or options.ms < 1:
        parser.error("at least 5 rounds of 1 ms")

    selftest.run()
    compared = [s for s in subjects.ALL if s.present()]
    result = {"pairs": PAIRS, "machine": machine(compared)}
    result["speed"] = speed.measure(compared, PAIRS, options.rounds, options.ms, tell)
    result["first"] = measure_first(options.rounds)
    result["quality"] = measure_quality(compared)
    if not options.no_claims:
        result["claims"] = claims.compare(tell)
    (subjects.OUT / "result.json").write_text(json.dumps(result, indent=1) + "\n")
    report.write(options.output, result)
    tell(f"written: {options.output}")


if __name__ == "__main__":
    main()
