"""Welch's spectrum with scipy, for BenchmarkWelchOfOthers.

For each segment length read from stdin it prints the seconds of the fastest pass over 2^18 samples.
"""
import sys
import time

import numpy as np
from scipy.signal import welch

SAMPLES = 1 << 18
noise = np.random.default_rng(1)
z = (noise.standard_normal(SAMPLES) + 1j * noise.standard_normal(SAMPLES)).astype(np.complex64)

for line in sys.stdin:
    n = int(line)
    start = before = time.perf_counter()
    fastest = 1e9
    while before - start < 0.05:
        welch(z, window="blackmanharris", nperseg=n, noverlap=n // 2, detrend=False, return_onesided=False)
        after = time.perf_counter()
        fastest, before = min(fastest, after - before), after
    print(f"{fastest:.9f}", flush=True)
