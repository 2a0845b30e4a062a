"""Holds what audio/resample says about its own sound (testdata/quality.json, the table in quality.go) against the analyser."""

import json
import math

import quality
import subjects

# Passband and stopband edges, THD+N, ripple and rejection that a class promises, as documented in quality.go.
CLASSES = {
    "low": (0.80, 1.04, -75, 0.02, 75),
    "medium": (0.85, 1.02, -100, 0.003, 100),
    "high": (0.90, 1.02, -135, 0.001, 125),
    "very_high": (0.91, 1.02, -135, 0.0005, 150),
}
DB = 1.122


def compare(tell):
    """Returns {"checked": count, "apart": [sentence], "broken": [sentence], "spurs": [sentence]}."""
    claimed = json.loads((subjects.ROOT / "audio/resample/testdata/quality.json").read_text())
    found = {"checked": len(claimed), "apart": [], "broken": [], "spurs": []}
    for number, (key, claim) in enumerate(sorted(claimed.items())):
        if number % 12 == 0:
            tell(f"claims, {number} of {len(claimed)}")
        src, dst, name = key.split("-", 2)
        passband, stopband, *promise = CLASSES[name]
        f = quality.measure(subjects.Subject(key, "ours", name), int(src), int(dst), passband, stopband)
        found["apart"] += [f"{key}: {text}" for text in apart(f, claim, int(src) / int(dst))]
        found["broken"] += [f"{key}: {text}" for text in broken(f, *promise)]
        if f["spur_db"] < promise[-1]:
            found["spurs"].append(f"{key}: {f['spur_db']:.1f} dB, the rejection promised is {promise[-1]} dB")
    return found


def apart(f, claim, ratio):
    """Where the analyser finds more than 1 dB less, or more, than the package's own suite."""
    noise, rejection = f["thdn_db"], quality.rejection(f)
    if abs(noise - claim["Noise"]) > 1:
        yield f"THD+N {noise:.1f} dB, claimed {claim['Noise']:.1f}"
    # The package's suite takes the largest line of all, roundings too.
    if abs(min(rejection, f["spur_db"]) - claim["Rejection"]) > 1:
        other = "" if f["spur_db"] > 200 else f", largest other line {f['spur_db']:.1f}"
        yield f"rejection {rejection:.1f} dB{other}, claimed {claim['Rejection']:.1f}"
    ripple = f["ripple_db"], claim["Ripple"]
    if max(ripple) > max(min(ripple) * DB, 2e-5):
        yield f"ripple {ripple[0]:.6f} dB, claimed {ripple[1]:.6f}"
    # Images of one tone fall on others of the comb.
    if f["phase_deg"] > max(claim["Phase"] * DB, 1e-3) + math.degrees(10 ** (-rejection / 20)):
        yield f"phase {f['phase_deg']:.6f} degrees, claimed {claim['Phase']:.6f}"
    # The analyser counts until an output is complete, which takes up to one output more.
    if not claim["Latency"] - 1 <= f["latency"] <= claim["Latency"] + 1 + ratio:
        yield f"latency {f['latency']:.1f} input samples, claimed {claim['Latency']}"


def broken(f, noise, ripple, rejection):
    """Promises that don't hold."""
    if f["thdn_db"] > noise:
        yield f"THD+N {f['thdn_db']:.1f} dB, promised {noise}"
    if f["ripple_db"] > ripple:
        yield f"ripple {f['ripple_db']:.6f} dB, promised {ripple}"
    if quality.rejection(f) < rejection:
        yield f"rejection {quality.rejection(f):.1f} dB, promised {rejection}"
    if f["length_off"] != [0, 0]:
        yield f"length off by {f['length_off']}"
