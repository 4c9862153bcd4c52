package recompute_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/blob"
	"github.com/heimdall-sdr/heimdall/dsp"
	"github.com/heimdall-sdr/heimdall/recompute"
	"github.com/heimdall-sdr/heimdall/store/storetest"
	"github.com/heimdall-sdr/heimdall/websdr"
)

// twists are receivers of which each tells the meter something else; sign is what its row must show for the
// case to mean anything: a flag, or a column.
var twists = []struct {
	what  string
	sign  string
	twist twist
}{
	{"plain", "", twist{}},
	{"lost samples", dsp.FlagGap, twist{url: "gap_at_s=1&gap_samples=77"}},
	{"gain control", dsp.FlagAGCOn, twist{header: func(h *websdr.Header) { h.AGC = true }, row: calibrated}},
	{"overloads", dsp.FlagADCOverload, twist{trailer: func(t *websdr.Trailer) { t.Overloads = 3 }}},
	{"dropped stamps", dsp.FlagTimestampOutlier, twist{outliers: 2}},
	{"an oscillator in the channel", dsp.FlagDCExcluded, twist{header: func(h *websdr.Header) { h.ZeroIF = true }}},
	{"an oscillator beside the channel", "", twist{besideHz: 4000, rateHz: 24_000, header: func(h *websdr.Header) { h.ZeroIF = true }}},
	{"tuned beside", "", twist{besideHz: -3111, rateHz: 24_000}},
	{"a calibration by table", "table", twist{row: calibrated}},
	{"a calibration by S-meter", "s_meter", twist{row: calibrated, trailer: func(t *websdr.Trailer) {
		t.CalibrationDB, t.CalibrationSigmaDB = new(-13.37), new(0.1)
	}}},
	{"a clock of known quality", "clock_sigma_hz", twist{row: func(w *heimdall.WebSDR) { w.ClockSigmaPPM = 0.1 + 0.2 }}},
	{"a true rate off the nominal one", "", twist{url: "ppm=95.1"}},
	{"a true rate learnt late", "", twist{early: 1.3}},
	{"a rate that cannot be", dsp.FlagRateFitBad, twist{header: func(h *websdr.Header) { h.NominalRateHz *= 1.06 }}},
	{"a passband", "", twist{header: func(h *websdr.Header) { h.PassbandLowHz, h.PassbandHighHz = -4500, 4800 }}},
	{"bytes", "", twist{url: "format=cu8&noise_dbfs_hz=-70"}},
	{"floats", "", twist{url: "format=cf32_le"}},
}

func calibrated(w *heimdall.WebSDR) { w.CalibrationDB, w.CalibrationSigma = new(-49.9), new(0.7) }

func TestTheSameSamplesAndRowsGiveTheSameBits(t *testing.T) {
	for name, duration := range map[string]time.Duration{
		"records that fit into the meter's head": 2 * time.Second,
		"longer records":                         24 * time.Second,
	} {
		t.Run(name, func(t *testing.T) {
			if raceEnabled && duration > 10*time.Second {
				t.Skip("SKIPPED: the race detector makes so many samples slow, and shorter records take the same ways")
			}
			t.Parallel()
			var list []twist
			for _, tw := range twists {
				list = append(list, tw.twist)
			}
			b := newBench(t, duration, list...)
			before := b.rows()
			// What is known of the receivers today is not what was known then.
			b.update(`UPDATE websdrs SET clock_sigma_ppm = 7, calibration_db = 1, calibration_sigma_db = 1, kind = 'kiwisdr'`)
			for _, m := range before {
				tw := twists[m.WebSDRID-1]
				if !shows(&m.Metrics, tw.sign) {
					t.Errorf("%s does not show: %v", tw.what, m.Flags)
				}
				res, err := b.recomputer().Recording(t.Context(), b.taskID, m.WebSDRID, true)
				b.must(err)
				if len(res.Changes) > 0 || res.Replaced {
					t.Errorf("%s: replaced %v, changes %+v", tw.what, res.Replaced, res.Changes)
				}
			}
			b.unchanged(before)
		})
	}
}

// shows reports whether sign is there.
func shows(m *heimdall.Metrics, sign string) bool {
	switch sign {
	case "":
		return true
	case "clock_sigma_hz":
		return m.ClockSigmaHz != nil
	case "table", "s_meter":
		return m.CalibrationSource != nil && *m.CalibrationSource == sign && m.PowerDBM != nil
	}
	for _, f := range m.Flags {
		if f == sign {
			return true
		}
	}
	return false
}

func TestARowOfVersion010TakesTheKindsWordForItsOscillator(t *testing.T) {
	t.Parallel()
	zeroIF := func(h *websdr.Header) { h.ZeroIF = true }
	b := newBench(t, 2*time.Second,
		twist{kind: "rtl_tcp", besideHz: 4000, rateHz: 24_000, header: zeroIF}, // nothing in the row shows it
		twist{header: zeroIF}, // a kind that usually is not, but the flag shows it
		twist{})
	b.update(`UPDATE captures SET zero_if = NULL, planned_samples = NULL`)
	for id := int64(1); id <= 3; id++ {
		res, err := b.recomputer().Recording(t.Context(), b.taskID, id, false)
		b.must(err)
		if len(res.Changes) > 0 {
			t.Errorf("WebSDR %d: %+v", id, res.Changes)
		}
	}
}

func TestARowOfAnotherVersionIsReplacedOnceAndNothingElseIs(t *testing.T) {
	t.Parallel()
	b := newBench(t, time.Second, twist{}, twist{})
	want := b.rows()
	b.update(`UPDATE measurements SET algorithm_version = '0', snr_db = 99, obw_hz = NULL, flags = '["old"]', welch_l = 5 WHERE websdr_id = 1`)
	before := b.rows()

	dry, err := b.recomputer().Recording(t.Context(), b.taskID, 1, false)
	b.must(err)
	b.unchanged(before)
	res, err := b.recomputer().Recording(t.Context(), b.taskID, 1, true)
	b.must(err)
	b.unchanged(want)
	var names []string
	for _, c := range res.Changes {
		names = append(names, c.Name)
		if c.Name == "snr_db" && (c.Old != 99.0 || c.New != *res.New.SNRdB) {
			t.Errorf("the change of the SNR is %+v", c)
		}
		if c.Name == "obw_hz" && (c.Old != nil || c.New == nil) {
			t.Errorf("the change of the bandwidth is %+v", c)
		}
	}
	if diff := cmp.Diff([]string{"snr_db", "obw_hz", "flags", "algorithm_version", "L"}, names); diff != "" {
		t.Errorf("changes (-want +got):\n%s", diff)
	}
	if dry.Replaced || !res.Replaced || res.Old.AlgorithmVersion != "0" || res.New.AlgorithmVersion != recompute.Version {
		t.Errorf("dry run replaced %v, run replaced %v, %s to %s", dry.Replaced, res.Replaced, res.Old.AlgorithmVersion, res.New.AlgorithmVersion)
	}
	if diff := cmp.Diff(dry.Changes, res.Changes); diff != "" {
		t.Errorf("the dry run announced others (-dry +run):\n%s", diff)
	}
	again, err := b.recomputer().Recording(t.Context(), b.taskID, 1, true)
	b.must(err)
	if again.Replaced || len(again.Changes) > 0 {
		t.Errorf("the second time: %+v", again)
	}
	storetest.Check(t, b.store)
}

func TestWhatCannotBeRecomputedKeepsItsRowAndSaysWhy(t *testing.T) {
	for what, c := range map[string]struct {
		spoil func(b *bench)
		want  error
		says  string
	}{
		"an object that is gone":         {func(b *bench) { b.substitute(func([]byte) []byte { return nil }) }, recompute.ErrMissing, "stored as sessions/"},
		"one that is cut off":            {func(b *bench) { b.substitute(func(d []byte) []byte { return d[:len(d)-4] }) }, recompute.ErrDamaged, "has 47996 bytes, its row says 48000"},
		"one that is longer":             {func(b *bench) { b.substitute(func(d []byte) []byte { return append(d, 0) }) }, recompute.ErrDamaged, "48001"},
		"one with one bit flipped":       {func(b *bench) { b.substitute(func(d []byte) []byte { d[0] ^= 1; return d }) }, recompute.ErrDamaged, "hashes to"},
		"a row without a nominal rate":   {func(b *bench) { b.update(`UPDATE captures SET nominal_rate_hz = 0`) }, recompute.ErrUnfit, "SampleRateHz"},
		"a row of an unknown datatype":   {func(b *bench) { b.update(`UPDATE captures SET datatype = 'ci12'`) }, recompute.ErrUnfit, "ci12"},
		"a capture without a recording":  {func(b *bench) { b.update(`UPDATE captures SET s3_path = NULL, state = 'failed'`) }, recompute.ErrNoRecording, "failed"},
		"a capture that is not there":    {func(b *bench) { b.update(`PRAGMA foreign_keys = OFF; DELETE FROM captures`) }, heimdall.ErrNotFound, "WebSDR 1"},
		"an acquisition that is unknown": {func(b *bench) { b.taskID = "unknown" }, heimdall.ErrNotFound, "unknown"},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, time.Second, twist{})
			b.update(`UPDATE measurements SET algorithm_version = '0', snr_db = 99`)
			c.spoil(b)
			before := b.rows()
			_, err := b.recomputer().Recording(t.Context(), b.taskID, 1, true)
			if !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.says) {
				t.Errorf("got error %v, want %v that says %q", err, c.want, c.says)
			}
			b.unchanged(before)
		})
	}
}

// refusing is a store that finds out by itself that what it gives is not what was put.
type refusing struct{ blob.Store }

type refusedObject struct{ blob.Object }

func (s refusing) Open(ctx context.Context, key string) (blob.Object, error) {
	o, err := s.Store.Open(ctx, key)
	return refusedObject{o}, err
}

func (refusedObject) Read([]byte) (int, error) { return 0, blob.ErrDiffers }

func TestARecordingThatTheObjectStoreRefusesToGiveIsDamaged(t *testing.T) {
	t.Parallel()
	b := newBench(t, time.Second, twist{})
	before := b.rows()
	_, err := recompute.New(b.store, refusing{b.blobs}, 1).Recording(t.Context(), b.taskID, 1, true)
	if !errors.Is(err, recompute.ErrDamaged) {
		t.Errorf("got error %v, want %v", err, recompute.ErrDamaged)
	}
	b.unchanged(before)
}

func TestOfRunsAtOnceOneReplacesAndTheOthersFindNothingToDo(t *testing.T) {
	t.Parallel()
	b := newBench(t, time.Second, twist{})
	want := b.rows()
	b.update(`UPDATE measurements SET algorithm_version = '0', snr_db = 99`)
	r := recompute.New(b.store, b.blobs, 8)
	var group sync.WaitGroup
	var replaced atomic.Int64
	for range 8 {
		group.Go(func() {
			res, err := r.Recording(t.Context(), b.taskID, 1, true)
			if err != nil {
				t.Error(err)
			}
			if res.Replaced {
				replaced.Add(1)
			}
		})
	}
	group.Wait()
	if replaced.Load() != 1 {
		t.Errorf("%d runs replaced the row", replaced.Load())
	}
	b.unchanged(want)
}

// overtaken is a database in which another program is quicker, once.
type overtaken struct {
	recompute.Store
	once sync.Once
	by   func()
}

func (o *overtaken) ReplaceMetrics(ctx context.Context, key heimdall.MeasurementKey, old string, m heimdall.Metrics) error {
	o.once.Do(o.by)
	return o.Store.ReplaceMetrics(ctx, key, old, m)
}

func TestARowThatAnotherVersionOfTheProgramReplacedMeanwhileStaysItsOwn(t *testing.T) {
	t.Parallel()
	b := newBench(t, time.Second, twist{})
	b.update(`UPDATE measurements SET algorithm_version = '0'`)
	var before []heimdall.Measurement
	s := &overtaken{Store: b.store, by: func() {
		b.update(`UPDATE measurements SET algorithm_version = '99', snr_db = 42`)
		before = b.rows()
	}}
	_, err := recompute.New(s, b.blobs, 1).Recording(t.Context(), b.taskID, 1, true)
	if !errors.Is(err, heimdall.ErrConflict) || !strings.Contains(err.Error(), `"99"`) {
		t.Errorf("got error %v, want a conflict with version 99", err)
	}
	b.unchanged(before)
}

// slow is an object store whose objects are opened when somebody lets them be.
type slow struct {
	recompute.Blobs
	asked chan struct{}
	go_   chan struct{}
}

func (s *slow) Open(ctx context.Context, key string) (blob.Object, error) {
	s.asked <- struct{}{}
	<-s.go_
	return s.Blobs.Open(ctx, key)
}

func TestNoMoreRecordingsAreAtWorkThanAllowedAndWhoWaitsCanLeave(t *testing.T) {
	t.Parallel()
	b := newBench(t, time.Second, twist{})
	s := &slow{Blobs: b.blobs, asked: make(chan struct{}, 10), go_: make(chan struct{})}
	r := recompute.New(b.store, s, 2)
	var group sync.WaitGroup
	for range 2 {
		group.Go(func() {
			if _, err := r.Recording(t.Context(), b.taskID, 1, false); err != nil {
				t.Error(err)
			}
		})
	}
	<-s.asked
	<-s.asked
	ctx, leave := context.WithCancel(t.Context())
	gone := make(chan error)
	go func() {
		_, err := r.Recording(ctx, b.taskID, 1, false)
		gone <- err
	}()
	leave()
	if err := <-gone; !errors.Is(err, context.Canceled) {
		t.Errorf("who left got error %v", err)
	}
	if len(s.asked) > 0 {
		t.Error("a third recording was opened")
	}
	close(s.go_)
	group.Wait()
	if _, err := r.Recording(t.Context(), b.taskID, 1, false); err != nil {
		t.Errorf("when there is room again: %v", err)
	}
}

// big is an object store with one object, of zeros, that calls at its middle.
type big struct {
	bytes  int64
	middle func()
}

func (b *big) Open(context.Context, string) (blob.Object, error) {
	return &bigObject{big: b, left: b.bytes}, nil
}

type bigObject struct {
	blob.Object // of which only what stands below is used
	*big
	left int64
}

func (o *bigObject) Close() error { return nil }

func (o *bigObject) Read(p []byte) (int, error) {
	if o.left == 0 {
		return 0, io.EOF
	}
	n := int(min(int64(len(p)), o.left))
	if o.left -= int64(n); o.left < o.bytes/2 && o.middle != nil {
		o.middle()
	}
	clear(p[:n])
	return n, nil
}

func TestMemoryDoesNotGrowWithTheRecordingAndCancellingEndsIt(t *testing.T) {
	if raceEnabled {
		t.Skip("SKIPPED: the race detector takes memory of its own")
	}
	b := newBench(t, time.Second, twist{})
	const size = 40 << 20
	h := sha256.New()
	zeros := make([]byte, 1<<20)
	for range size / len(zeros) {
		h.Write(zeros)
	}
	b.update(`UPDATE captures SET bytes = ?, samples_count = ?, expected_samples = ?, planned_samples = ?, sha256 = ?`,
		size, size/4, size/4, size/4, hex.EncodeToString(h.Sum(nil)))
	before := b.rows()
	var m0, m1 runtime.MemStats
	runtime.ReadMemStats(&m0)
	res, err := recompute.New(b.store, &big{bytes: size}, 1).Recording(t.Context(), b.taskID, 1, false)
	runtime.ReadMemStats(&m1)
	b.must(err)
	if res.New.PeakDBFS != nil {
		t.Errorf("zeros have a peak of %v dBFS", *res.New.PeakDBFS)
	}
	if took := m1.TotalAlloc - m0.TotalAlloc; took > 12<<20 {
		t.Errorf("recomputing %d MiB took %d MiB of memory", size>>20, took>>20)
	}

	ctx, cancel := context.WithCancel(t.Context())
	calls := 0
	_, err = recompute.New(b.store, &big{bytes: size, middle: func() { calls++; cancel() }}, 1).Recording(ctx, b.taskID, 1, true)
	if !errors.Is(err, context.Canceled) || calls != 1 {
		t.Errorf("cancelled in the middle: %v after %d more reads", err, calls)
	}
	b.unchanged(before)
}
