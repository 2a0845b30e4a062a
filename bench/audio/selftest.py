"""Checks the analyser on a resampler whose faults are known, before it judges others."""

import math
import unittest

import numpy as np

import quality

SRC, DST = 16000, 8000
UP = (8000, 16000)


class Ideal:
    """Converts by the spectrum of every second, which is exact for tones of whole hertz, then adds its faults."""

    def __init__(self, gain=1.0, late=0, hum=0.0, leak=0.0, extra=0, held=0):
        self.gain, self.late, self.hum, self.leak, self.extra, self.held = gain, late, hum, leak, extra, held

    def convert(self, x, src, dst):
        whole = np.concatenate([self.second(x[i : i + src], src, dst) for i in range(0, len(x) - src + 1, src)] or [[]])
        n = (len(x) * dst + src // 2) // src
        y = self.gain * np.roll(np.append(whole, np.zeros(n - len(whole))), self.late)
        y += self.hum * np.cos(2 * np.pi * 1234 * np.arange(n) / dst)
        return np.append(y, np.zeros(self.extra)).astype("<f4")

    def second(self, x, src, dst):
        spectrum = np.fft.rfft(x.astype(float))
        size = dst // 2 + 1
        kept = np.zeros(size, complex)
        common = min(size, len(spectrum))
        kept[:common] = spectrum[:common]
        if dst < src:  # by half: what lies beyond comes back mirrored
            folded = self.leak * spectrum[size:][::-1]
            kept[size - 1 - len(folded) : size - 1] += folded
        else:  # and twofold: what lies below is seen again above
            kept[common:] += self.leak * spectrum[-2::-1]
        return np.fft.irfft(kept, dst) * dst / src

    def trace(self, x, src, dst):
        return np.maximum(np.arange(1, len(x) + 1) - self.held, 0) * dst // src


class Analyser(unittest.TestCase):
    def figures(self, src=SRC, dst=DST, **faults):
        return quality.measure(Ideal(**faults), src, dst)

    def test_ideal(self):
        for rates in ((SRC, DST), UP):
            f = self.figures(*rates)
            self.assertLess(f["thdn_db"], -140)
            self.assertLess(f["ripple_db"], 1e-5)
            self.assertGreater(quality.rejection(f), 150)
            self.assertAlmostEqual(f["delay"], 0, delta=1e-4)
            self.assertEqual(f["length_off"], [0, 0])

    def test_noise(self):
        hum = 10 ** (-101 / 20)
        self.assertAlmostEqual(self.figures(hum=hum)["thdn_db"], -100, delta=0.1)

    def test_images_and_spurs(self):
        f = self.figures(*UP, hum=quality.HEIGHT * 1e-5)  # neither an image nor an alias of any tone
        self.assertAlmostEqual(f["spur_db"], 100, delta=0.1)
        self.assertGreater(f["image_db"], 150)
        self.assertIsNone(f["alias_db"])
        f = self.figures(*UP, leak=1e-5)
        self.assertAlmostEqual(f["image_db"], 100, delta=0.1)

    def test_aliases(self):
        self.assertAlmostEqual(self.figures(leak=1e-6)["alias_db"], 120, delta=0.5)

    def test_ripple_is_from_0_dB(self):
        self.assertAlmostEqual(self.figures(gain=10 ** (-0.5 / 20))["ripple_db"], 0.5, delta=1e-3)

    def test_delay_and_latency(self):
        f = self.figures(late=7, held=40)
        self.assertAlmostEqual(f["delay"], 7, delta=1e-3)
        self.assertLess(f["bend_deg"], 1e-3)
        expected = 40 + 7 * SRC / DST  # and up to one output more, until it is complete
        self.assertTrue(expected <= f["latency"] <= expected + math.ceil(SRC / DST), f["latency"])

    def test_length(self):
        self.assertEqual(self.figures(extra=3)["length_off"], [3, 3])


def run():
    """Raises if the analyser is wrong."""
    result = unittest.TextTestRunner(verbosity=0).run(unittest.defaultTestLoader.loadTestsFromTestCase(Analyser))
    if not result.wasSuccessful():
        raise RuntimeError("the analyser doesn't measure what it should")


if __name__ == "__main__":
    unittest.main()
