package dsp

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// BenchmarkWelchOfOthers runs BenchmarkWelch's spectrum and those of scipy and FFTW in turn, on one core each and of
// the same number of samples, and reports the medians and what part of theirs ours is: a busy machine slows all
// alike. Theirs sum powers, ours their squares as well.
func BenchmarkWelchOfOthers(b *testing.B) {
	var others []*other
	for _, start := range []func(*testing.B) (*other, error){startScipy, startFFTW} {
		o, err := start(b)
		if err != nil {
			b.Logf("SKIPPED: %v", err)
			continue
		}
		others = append(others, o)
	}
	if len(others) == 0 {
		b.Skip("SKIPPED: there is neither scipy (Debian: python3-scipy) nor FFTW (gcc libfftw3-dev) to compare with")
	}
	re, im := noise(welchSamples)
	for _, n := range welchLengths {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			w := newWelch(n, 0, 1)
			ours, theirs := []float64{}, make([][]float64, len(others))
			for b.Loop() {
				ours = append(ours, timePass(func() { w.push(re, im) }))
				for i, o := range others {
					theirs[i] = append(theirs[i], o.time(b, n))
				}
			}
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(welchSamples/median(ours)/1e6, "MS/s")
			for i, o := range others {
				b.ReportMetric(welchSamples/median(theirs[i])/1e6, o.name+"-MS/s")
				b.ReportMetric(median(theirs[i])/median(ours), "of-"+o.name)
			}
		})
	}
}

// timePass returns the seconds of the fastest pass in a twentieth of a second, as testdata/welch_* do: the others were
// interrupted.
func timePass(pass func()) float64 {
	fastest := time.Hour
	for start := time.Now(); time.Since(start) < 50*time.Millisecond; {
		from := time.Now()
		pass()
		fastest = min(fastest, time.Since(from))
	}
	return fastest.Seconds()
}

func median(v []float64) float64 {
	v = slices.Sorted(slices.Values(v))
	return (v[(len(v)-1)/2] + v[len(v)/2]) / 2
}

// An other is a program that is told segment lengths and answers with the seconds of a pass.
type other struct {
	name string
	ask  io.Writer
	tell *bufio.Reader
}

// startScipy prefers the system's Python, which has Debian's scipy.
func startScipy(b *testing.B) (*other, error) {
	const python = "/usr/bin/python3"
	if out, err := exec.Command(python, "-c", "import scipy.signal").CombinedOutput(); err != nil {
		return nil, fmt.Errorf("scipy is not compared with, install python3-scipy: %w %.200s", err, out)
	}
	return startOther(b, "scipy", exec.Command(python, filepath.Join("testdata", "welch_scipy.py")))
}

func startFFTW(b *testing.B) (*other, error) {
	program := filepath.Join(b.TempDir(), "welch_fftw")
	compile := exec.Command("cc", "-O3", "-march=native", "-ffast-math", "-o", program,
		filepath.Join("testdata", "welch_fftw.c"), "-lfftw3f", "-lm")
	if out, err := compile.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("FFTW is not compared with, install gcc and libfftw3-dev: %w %.200s", err, out)
	}
	return startOther(b, "fftw", exec.Command(program))
}

// startOther starts c, which ends with the benchmark.
func startOther(b *testing.B, name string, c *exec.Cmd) (*other, error) {
	c.Stderr = os.Stderr
	c.Env = append(os.Environ(), "OMP_NUM_THREADS=1", "OPENBLAS_NUM_THREADS=1")
	in, err := c.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := c.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := c.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	b.Cleanup(func() {
		in.Close()
		if err := c.Wait(); err != nil {
			b.Errorf("%s: %v", name, err)
		}
	})
	return &other{name, in, bufio.NewReader(out)}, nil
}

func (o *other) time(b *testing.B, n int) (seconds float64) {
	if _, err := fmt.Fprintln(o.ask, n); err != nil {
		b.Fatalf("ask %s: %v", o.name, err)
	}
	if _, err := fmt.Fscanln(o.tell, &seconds); err != nil {
		b.Fatalf("read the answer of %s: %v", o.name, err)
	}
	return seconds
}
