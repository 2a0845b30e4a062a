"""Compares the measured figures with the goals for the resampler."""

import dataclasses
import statistics

import quality
import speed
import subjects

FIRST = "44.1 -> 16"

# What the best known plan of two stages takes at the measured peak of the machine that the goals were written on, in us.
LIMITS = {"AVX2": (76, 1.5, 115), "AVX-512": (38, 1.8, 68)}


@dataclasses.dataclass
class Goal:
    what: str
    wanted: str
    measured: str
    met: bool
    margin: str
    stretch: str = ""
    best: str = ""  # the same of the fastest passes


def most(what, value, limit, unit="", digits=2):
    """A goal of at most limit."""
    return Goal(what, f"<= {limit:g}{unit}", f"{value:.{digits}f}{unit}", value <= limit, share(value, limit))


def share(value, limit):
    part = abs(value / limit - 1)
    return f"{part:.0%} {'over' if value > limit else 'to spare'}"


def least_db(what, value, limit):
    return Goal(what, f">= {limit} dB", f"{value:.1f} dB", value >= limit, f"{abs(value - limit):.1f} dB {'to spare' if value >= limit else 'short'}")


def all_goals(result):
    timed, fastest = (of_speed(result["speed"][which]) for which in ("cells", "best"))
    for goal, other in zip(timed, fastest, strict=True):
        goal.best = other.measured
    return [*timed, *sound(result["quality"]), *first_call(result["first"])]


def of_speed(cells):
    return [*limit(cells), *peers(cells), *chunks(cells)]


def limit(cells):
    """Against the arithmetic limit: as it was on the reference machine, and as it is on this one."""
    ours = {"AVX2": subjects.NARROW_HIGH, "AVX-512": subjects.HIGH}
    for peak in subjects.PEAKS:
        us, times, absolute = LIMITS[peak.label]
        taken = cells[ours[peak.label].label][FIRST]["batch"]
        yield most(f"{FIRST} batch, {peak.label}", statistics.median(taken), absolute, " us", 0)
        if peak.label in cells:
            here = speed.ratio(taken, cells[peak.label][FIRST]["batch"])
            yield most(f"the same, in units of this machine's {peak.label} peak", here, times, " x")


def peers(cells):
    """Against soxr HQ streaming and rubato: like with like, but for soxr's batch, which pays for tables every time."""
    rivals = [s.label for s in (subjects.SOXR, subjects.RUBATO) if s.label in cells]
    if not rivals:
        return
    for pair in cells[subjects.HIGH.label]:
        for mode in ("batch", "4096"):
            against = [cells[r][pair]["4096" if r == subjects.SOXR.label else mode] for r in rivals]
            for s in dict.fromkeys([subjects.NARROW_HIGH, subjects.HIGH]):
                value = speed.ratio(cells[s.label][pair][mode], *against)
                what = f"{pair} {mode}, {kernel(s)}, against the best of {' and '.join(rivals)}"
                goal = most(what, value, 1 if pair == FIRST else 1.5, " x")
                if pair != FIRST:
                    goal.stretch = f"; stretch, 1 x, {'met' if value <= 1 else 'not met'}"
                yield goal


def kernel(subject):
    return "AVX2" if subject == subjects.NARROW_HIGH and subjects.WIDE else "fastest kernel"


def chunks(cells):
    for s in dict.fromkeys([subjects.NARROW_HIGH, subjects.HIGH]):
        for pair, modes in cells[s.label].items():
            yield most(f"{pair} in 480-sample chunks against batch, {kernel(s)}", speed.ratio(modes["480"], modes["batch"]), 1.2, " x")


def sound(figures):
    """The worst of all pairs."""
    high, very_high = figures[subjects.HIGH.label], figures[subjects.VERY_HIGH.label]
    yield most("high: ripple to 0.9 Nyquist", max(f["ripple_db"] for f in high.values()), 0.001, " dB", 5)
    yield least_db("high: alias and image rejection", min(map(quality.rejection, high.values())), 125)
    worst = max(f["thdn_db"] for f in high.values())
    yield Goal("high: THD+N", "<= -135 dB", f"{worst:.1f} dB", worst <= -135, f"{abs(worst + 135):.1f} dB {'to spare' if worst <= -135 else 'short'}")
    yield most("high: deviation from linear phase", max(f["bend_deg"] for f in high.values()), 0.01, " degrees", 6)
    yield most("high: delay", max(abs(f["delay"]) for f in high.values()), 0.001, " output samples", 6)
    off = max(abs(n) for f in (*high.values(), *very_high.values()) for n in f["length_off"])
    yield Goal("high, very_high: exact length", "0 off", f"{off} off", off == 0, "")
    yield most(f"high: latency of {FIRST}", high[FIRST]["latency"], 320, " input samples", 0)
    yield least_db("very_high: alias and image rejection", min(map(quality.rejection, very_high.values())), 150)


def first_call(first):
    worst = max(first, key=lambda pair: first[pair]["extra_us"])
    yield most(f"first call of a new pair, more than a later one (worst: {worst})", first[worst]["extra_us"], 1000, " us", 0)
