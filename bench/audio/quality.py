"""Measures what a resampler does to sound, from outside: it sees samples in and samples out. All signals are generated.

Tones have whole numbers of hertz, so that one second of output has each of them on a bin of its own.
"""

import math

import numpy as np

SEED = 997
SEGMENT = 2  # seconds; the middle one is analysed, so that what happens at the changes doesn't count
SEGMENTS = 16
TONES = 6  # per segment
HEIGHT = 0.13  # of each
LENGTHS = (1, 481, 1000, 12345)  # and one second, and a sample more


def measure(peer, src, dst, passband=0.9, stopband=1.02):
    """All figures of a peer, which has convert and trace as subjects.Subject. Band edges in lower Nyquist frequencies."""
    nyquist = min(src, dst) / 2
    ripple, delay, bend, phase = response(peer, src, dst, int(passband * nyquist))
    image, spur = images(peer, src, dst, int((2 - stopband) * nyquist))
    alias, other = aliases(peer, src, dst, math.ceil(stopband * nyquist))
    return {
        "thdn_db": noise(peer, src, dst),
        "ripple_db": ripple,
        "delay": delay,  # of the sound, in output samples
        "bend_deg": bend,  # from linear phase
        "phase_deg": phase,  # from zero phase
        "image_db": image,  # None if the rates make none, as is alias_db
        "alias_db": alias,
        "spur_db": min(spur, other),  # what is neither: the roundings
        "latency": latency(peer, src, dst, delay),
        "length_off": lengths(peer, src, dst),
    }


def rejection(figures):
    """The smaller of alias and image rejection."""
    return min(figures[name] for name in ("image_db", "alias_db") if figures[name] is not None)


def tones(rate, seconds, hertz, height, turns):
    """float32 samples of cosines; turns are the phases."""
    line = np.zeros(rate // 2 + 1, complex)
    line[hertz] = height * rate / 2 * np.exp(2j * np.pi * np.asarray(turns))
    return np.tile(np.fft.irfft(line, rate), seconds).astype("<f4")


def lines(y, rate, begin):
    """Complex amplitudes per hertz of the second of output that begins at a sample."""
    window = y[begin : begin + rate].astype(float)
    if len(window) < rate:
        raise ValueError(f"the output has {len(y)} samples, {begin + rate} are needed")
    spectrum = np.fft.rfft(window) * 2 / rate
    spectrum[0] /= 2
    if rate % 2 == 0:
        spectrum[-1] /= 2
    return spectrum


def noise(peer, src, dst):
    """THD+N of 997 Hz at -1 dBFS in dB: what a fitted sine leaves over, constant included."""
    x = tones(src, 3, [997], 10 ** (-1 / 20), [0.1])
    y = peer.convert(x, src, dst)[dst : 2 * dst].astype(float)
    angle = 2 * np.pi * 997 * np.arange(dst) / dst
    basis = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    fitted = basis @ np.linalg.lstsq(basis, y, rcond=None)[0]
    return 10 * math.log10(np.mean((y - fitted) ** 2) / np.mean(fitted**2))


def response(peer, src, dst, edge):
    """Ripple in dB, delay in output samples, largest bend from linear phase and deviation from zero phase in degrees."""
    hertz = np.unique(np.append(np.arange(20, edge, 20), edge))  # 20 Hz apart: delays up to 25 ms are told apart
    turns = np.random.default_rng(SEED).random(len(hertz))
    height = 0.25 / math.sqrt(len(hertz))
    y = peer.convert(tones(src, 3, hertz, height, turns), src, dst)
    gain = lines(y, dst, dst)[hertz] / (height * np.exp(2j * np.pi * turns))
    phase = np.unwrap(np.angle(gain))
    slope = np.dot(hertz, phase) / np.dot(hertz, hertz)
    ripple = np.max(np.abs(20 * np.log10(np.abs(gain))))
    return float(ripple), float(-slope / (2 * np.pi) * dst), *(float(np.degrees(np.max(np.abs(p)))) for p in (phase - slope * hertz, phase))


def images(peer, src, dst, edge):
    """Tones up to an edge: how far below them the largest of their images is, and the largest other line."""
    if src % dst == 0:
        return None, foreign(peer, src, dst, spaced(edge), wanted=True)[1]  # images would fall on the tones themselves
    return foreign(peer, src, dst, spaced(edge), wanted=True)


def spaced(edge):
    count = SEGMENTS * TONES
    return 23 + (edge - 23) * np.arange(count) // (count - 1)


def aliases(peer, src, dst, edge):
    """The same for tones from an edge on, which have to vanish."""
    room = src // 2 - 1 - edge
    if room < 100:
        return None, math.inf
    count = SEGMENTS * TONES // 2
    even = room * np.arange(count) // (count - 1)
    near = np.geomspace(1, room * 0.9, count).astype(int)  # where filters are weakest
    spread = edge + np.unique(np.concatenate([even, near]))
    return foreign(peer, src, dst, spread, wanted=False)


def foreign(peer, src, dst, hertz, wanted):
    rng = np.random.default_rng(SEED)
    groups = [hertz[i::SEGMENTS] for i in range(SEGMENTS)]
    x = np.concatenate([tones(src, SEGMENT, group, HEIGHT, rng.random(len(group))) for group in groups])
    y = peer.convert(x, src, dst)
    worst, other = 0.0, 0.0
    for i, group in enumerate(groups):
        height = np.abs(lines(y, dst, SEGMENT * i * dst + dst // 2))
        if wanted:
            height[group] = 0
        mirrored = reachable(src, dst, group)
        worst, other = max(worst, np.max(height[mirrored])), max(other, np.max(height[~mirrored], initial=0))
    return tuple(float(-20 * math.log10(max(w / HEIGHT, 1e-12))) for w in (worst, other))


def reachable(src, dst, group):
    """Where images and aliases of tones fall: any multiple of the rates' common divisor beside them, to either side."""
    common = math.gcd(src, dst)
    bins = np.arange(dst // 2 + 1)
    return np.isin(bins % common, [*(group % common), *(-group % common)])


def latency(peer, src, dst, delay):
    """Largest number of input samples given whose sound hasn't come out yet, fed one by one, after the start."""
    count = 20000
    made = peer.trace(np.random.default_rng(SEED).uniform(-0.5, 0.5, count).astype("<f4"), src, dst).astype(float)
    given = np.arange(1, count + 1)
    return float(np.max((given - (made - delay) * src / dst)[count // 2 :]))


def lengths(peer, src, dst):
    """How far the number of outputs is from the exact one, rounded half up, for several lengths: least and most."""
    common = math.gcd(src, dst)
    up, down = dst // common, src // common
    off = []
    for n in (*LENGTHS, src, src + 1):
        got = len(peer.convert(np.full(n, 0.25, "<f4"), src, dst))
        off.append(got - (n * up + down // 2) // down)
    return [min(off), max(off)]
