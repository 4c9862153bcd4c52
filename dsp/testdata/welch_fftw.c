// Welch's spectrum with FFTW, for BenchmarkWelchOfOthers: window, transform, power, sum, half-overlapping segments.
// For each segment length read from stdin it prints the seconds of the fastest pass over 2^18 samples.
#include <complex.h>
#include <fftw3.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { samples = 1 << 18 };

static double seconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + 1e-9 * t.tv_nsec;
}

static void welch(fftwf_plan plan, int n, const float *restrict z, const float *restrict window,
                  float *restrict in, const float *restrict out, float *restrict sum) {
  for (int at = 0; at + n <= samples; at += n / 2) {
    const float *s = z + 2 * at;
    for (int k = 0; k < n; k++) {
      in[2 * k] = window[k] * s[2 * k];
      in[2 * k + 1] = window[k] * s[2 * k + 1];
    }
    fftwf_execute(plan);
    for (int k = 0; k < n; k++)
      sum[k] += out[2 * k] * out[2 * k] + out[2 * k + 1] * out[2 * k + 1];
  }
}

int main(void) {
  float *z = fftwf_malloc(sizeof(float) * 2 * samples);
  for (int k = 0; k < 2 * samples; k++)
    z[k] = rand() / (float)RAND_MAX - 0.5f;
  fftwf_plan plan = NULL;
  float *window = NULL, *in = NULL, *out = NULL, *sum = NULL;
  for (int n, planned = 0; scanf("%d", &n) == 1;) {
    if (n != planned) {
      window = realloc(window, sizeof(float) * n);
      sum = realloc(sum, sizeof(float) * n);
      fftwf_free(in);
      fftwf_free(out);
      in = fftwf_malloc(sizeof(float) * 2 * n);
      out = fftwf_malloc(sizeof(float) * 2 * n);
      plan = fftwf_plan_dft_1d(n, (fftwf_complex *)in, (fftwf_complex *)out, FFTW_FORWARD, FFTW_MEASURE);
      for (int k = 0; k < n; k++) {
        double x = 2 * M_PI * k / n;
        window[k] = 0.35875 - 0.48829 * cos(x) + 0.14128 * cos(2 * x) - 0.01168 * cos(3 * x);
        sum[k] = 0;
      }
      planned = n;
    }
    double start = seconds(), from = start, fastest = 1e9;
    while (from - start < 0.05) {
      welch(plan, n, z, window, in, out, sum);
      double to = seconds();
      fastest = fmin(fastest, to - from);
      from = to;
    }
    printf("%.9f\n", fastest);
    fflush(stdout);
  }
  return 0;
}
