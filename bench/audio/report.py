"""Writes bench/AUDIO.md from the figures."""

import statistics

import goals
import speed
import subjects

HOW = """\
One second of mono float32 noise; microseconds per second of audio, the median of the rounds, in brackets the time as a
multiple of `remotemedia high` in the same round (above 1: slower than ours), and after the stroke the fastest pass of all, which
is what holds on a machine that has other work too. In every round all resamplers convert a cell right
after each other. **batch**: a second converted as a stream of its own, with its end, tables cached (soxr can't keep them, nor
libswresample for most ratios: they design their filter for every stream). **4096**, **480**: a second as part of one long
stream, in chunks of that many samples.

Sound, by an analyser of its own (`bench/audio/quality.py`), which has samples alone to go by: **THD+N** of 997 Hz at -1 dBFS;
**ripple**, the largest deviation from 0 dB up to 0.9 of the lower Nyquist frequency; **alias** and **image**, how far the largest
line of that kind is below the tones from 1.02 Nyquist on, and up to 0.98; **latency**, the input samples whose sound
isn't out yet, at most, fed one by one; **delay** of the sound in output samples; **length**, how many samples the output is longer
than exact, for six lengths.
"""


def write(path, result):
    parts = ["# Resamplers beside each other", "", provenance(result), HOW]
    for src, dst in result["pairs"]:
        parts += [f"## {speed.name(src, dst)} kHz", "", *pair_table(result, speed.name(src, dst)), ""]
    parts += ["## Goals", "", *goal_table(result), ""]
    if "claims" in result:
        parts += ["## What audio/resample claims", "", *claims(result["claims"]), ""]
    path.write_text("\n".join(parts).rstrip() + "\n")


def provenance(result):
    m = result["machine"]
    load = result["speed"]["load"]
    wide = [spread for cells in result["speed"]["cells"].values() for modes in cells.values() for spread in map(speed.spread, modes.values())]
    peak = "".join(
        f" {label} peak: {goals.LIMITS['AVX2'][0] * 63.7 / statistics.median(cells[goals.FIRST]['batch']):.1f} G multiply-adds/s."
        for label, cells in result["speed"]["cells"].items()
        if label in goals.LIMITS
    )
    lines = [
        f"Written by `make bench-audio` ({m['command']}) on {m['date']}, commit {m['commit']}.",
        "",
        f"- machine: {m['cpu']}, {m['cores']} cores, {m['system']}.{peak}",
        f"- load average: {min(load):.1f} to {max(load):.1f} during the {len(load)} rounds;"
        f" the rounds of a cell lie {statistics.median(wide):.0%} apart in the median, {max(wide):.0%} at most",
        *(f"- {line}" for line in m["versions"]),
        *(f"- skipped: {label}" for label in m["skipped"]),
        "",
    ]
    return "\n".join(lines)


def pair_table(result, pair):
    yield "| resampler | batch | 4096 | 480 | THD+N dB | ripple dB | alias dB | image dB | latency | delay | length |"
    yield "|---|---|---|---|---|---|---|---|---|---|---|"
    cells, best = result["speed"]["cells"], result["speed"]["best"]
    for s in subjects.ALL:
        if s.label not in cells:
            continue
        times = [
            f"{timing(cells[s.label][pair][mode], cells[subjects.HIGH.label][pair][mode])} / {best[s.label][pair][mode][0]:,.0f}"
            for mode in speed.MODES.values()
        ]
        yield "| " + " | ".join([s.label, *times, *figures(result["quality"][s.label][pair])]) + " |"


def timing(taken, ours):
    us = statistics.median(taken)
    return f"{us:,.0f} ({speed.ratio(taken, ours):.2f})"


def figures(f):
    alias = "-" if f["alias_db"] is None else f"{f['alias_db']:.0f}"
    image = "-" if f["image_db"] is None else f"{f['image_db']:.0f}"
    low, high = f["length_off"]
    length = "exact" if low == high == 0 else f"{low:+d} to {high:+d}"
    delay = f"{f['delay']:.2f}"
    return f"{f['thdn_db']:.0f}", f"{f['ripple_db']:.4f}", alias, image, f"{f['latency']:,.0f}", delay.replace("-0.00", "0.00"), length


def goal_table(result):
    rows = goals.all_goals(result)
    yield f"{sum(g.met for g in rows)} of {len(rows)} met. Quality is the worst of all pairs. The goals in us were written for a processor with"
    yield "peaks of 63.7 (AVX2) and 127 (AVX-512) G multiply-adds/s; the ratio to this machine's own peak is what holds everywhere."
    first = result["first"]
    yield f"The first call of a process, which also makes the prototype of its quality, took {statistics.median(f['process_us'] for f in first.values()):,.0f} us in the median;"
    yield "there is no goal for it."
    yield ""
    yield "| what | goal | measured | | by | fastest passes |"
    yield "|---|---|---|---|---|---|"
    for g in rows:
        yield f"| {g.what} | {g.wanted} | {g.measured} | {'met' if g.met else '**not met**'} | {g.margin}{g.stretch} | {g.best} |"


def claims(found):
    yield f"`audio/resample/testdata/quality.json` has {found['checked']} rows; each was measured again by the analyser, which uses other"
    yield "signals and, for THD+N, another method."
    for title, lines in (
        ("Promises of the class that don't hold", found["broken"]),
        ("More than 1 dB apart", found["apart"]),
        ("Lines that are neither image nor alias (roundings of float32), yet higher than the class's rejection", found["spurs"]),
    ):
        yield ""
        yield f"{title}: {len(lines) or 'none'}."
        if lines:
            yield ""
        yield from (f"- {line}" for line in lines)


