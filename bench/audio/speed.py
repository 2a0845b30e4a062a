"""Measures speed: in every round each subject converts each pair in each mode once, those of one cell right after each other,
so that whatever else the machine does meets all of them alike."""

import os
import statistics

import subjects

MODES = {0: "batch", 4096: "4096", 480: "480"}


def measure(compared, pairs, rounds, ms, tell):
    """Returns {"cells": {label: {pair: {mode: [us per round]}}}, "best": the same with the fastest pass of all rounds,
    "load": [one-minute load average per round]}."""
    cells, best, load = {}, {}, []
    for number in range(rounds):
        tell(f"speed, round {number + 1} of {rounds}, load average {os.getloadavg()[0]:.1f}")
        load.append(os.getloadavg()[0])
        for src, dst in pairs:
            for chunk, mode in MODES.items():
                extra = [p for p in subjects.PEAKS if p.present()] if (src, dst) == pairs[0] else []
                for s in [*compared, *extra]:
                    median, least = s.time(src, dst, chunk, ms)
                    cell(cells, s, src, dst).setdefault(mode, []).append(median)
                    fastest = cell(best, s, src, dst).setdefault(mode, [least])
                    fastest[0] = min(fastest[0], least)
    return {"cells": cells, "best": best, "load": load}


def cell(cells, subject, src, dst):
    return cells.setdefault(subject.label, {}).setdefault(name(src, dst), {})


def name(src, dst):
    return f"{src / 1000:g} -> {dst / 1000:g}"


def ratio(numerators, *denominators):
    """The median over the rounds of a time against the least of others, all of the same round."""
    return statistics.median(n / min(d) for n, *d in zip(numerators, *denominators))


def spread(values):
    """How far the rounds lie apart, in parts of their median."""
    return (max(values) - min(values)) / statistics.median(values)
