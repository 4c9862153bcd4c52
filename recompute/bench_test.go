package recompute_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/acquire"
	"github.com/heimdall-sdr/heimdall/blob"
	"github.com/heimdall-sdr/heimdall/blob/disk"
	"github.com/heimdall-sdr/heimdall/recompute"
	"github.com/heimdall-sdr/heimdall/stamp"
	"github.com/heimdall-sdr/heimdall/store/sqlite"
	"github.com/heimdall-sdr/heimdall/websdr"
	"github.com/heimdall-sdr/heimdall/websdr/sim"
)

// A bench is a database and an object store with one acquisition in them, made as any is.
type bench struct {
	*testing.T
	path   string // of the database
	store  *sqlite.Store
	blobs  *disk.Store
	taskID string
}

// A twist makes a simulated receiver into another one.
type twist struct {
	kind     string // "" means sim
	url      string // parameters of its address
	rateHz   int64
	besideHz int64 // tuned beside what was asked for
	early    float64
	header   func(*websdr.Header)
	trailer  func(*websdr.Trailer)
	outliers int64
	row      func(*heimdall.WebSDR)
}

// twisted opens simulated receivers as their twists, by name, will have it.
type twisted struct {
	sim.Driver
	twists map[string]twist
}

func (d *twisted) Open(ctx context.Context, w *heimdall.WebSDR, t websdr.Tuning) (websdr.Stream, error) {
	tw := d.twists[w.Name]
	simulated := *w
	simulated.Kind, simulated.URL = "sim", "sim:///?pace=fast&"+tw.url
	t.FrequencyHz += tw.besideHz
	s, err := d.Driver.Open(ctx, &simulated, t)
	if err != nil {
		return nil, err
	}
	return &twistedStream{Stream: s, twist: tw}, nil
}

type twistedStream struct {
	websdr.Stream
	twist
	ended bool
}

func (s *twistedStream) Header() websdr.Header {
	h := s.Stream.Header()
	if s.header != nil {
		s.header(&h)
	}
	return h
}

// Trailer is asked for once, after the last sample.
func (s *twistedStream) Trailer() websdr.Trailer {
	s.ended = true
	t := s.Stream.Trailer()
	if s.trailer != nil {
		s.trailer(&t)
	}
	return t
}

// Clock knows the true rate only at the end.
func (s *twistedStream) Clock() stamp.Clock {
	c := s.Stream.Clock()
	if !s.ended && s.early != 0 {
		c.RateHz *= s.early
	}
	c.Outliers = s.outliers
	return c
}

const frequencyHz = 145_500_000

// newBench records with one receiver for each twist; their ids count from 1.
func newBench(t *testing.T, duration time.Duration, twists ...twist) *bench {
	t.Helper()
	b := &bench{T: t, path: filepath.Join(t.TempDir(), "heimdall.db")}
	var err error
	b.store, err = sqlite.Open(t.Context(), b.path, sqlite.Options{})
	b.must(err)
	t.Cleanup(func() { b.store.Close() })
	b.blobs, err = disk.Open(filepath.Join(t.TempDir(), "objects"))
	b.must(err)

	d := &twisted{twists: map[string]twist{}}
	a := heimdall.Acquisition{FrequencyHz: frequencyHz, Duration: duration, ChannelCenterHz: 250, ChannelBandwidthHz: 5000, JoinTimeout: 10 * time.Second}
	for i, tw := range twists {
		w := heimdall.WebSDR{Name: fmt.Sprint("sim ", i), Kind: "sim", URL: "sim:///", Active: true, SampleRateHz: 12_000, Timeout: time.Second}
		if tw.kind != "" {
			w.Kind, w.URL = tw.kind, fmt.Sprintf("tcp://radio-%d.example:1234", i)
		}
		if tw.rateHz != 0 {
			w.SampleRateHz = tw.rateHz
		}
		if tw.row != nil {
			tw.row(&w)
		}
		w, err := b.store.CreateWebSDR(t.Context(), w)
		b.must(err)
		d.twists[w.Name] = tw
		a.WebSDRIDs = append(a.WebSDRIDs, w.ID)
	}
	a, _, err = b.store.CreateAcquisition(t.Context(), a)
	b.must(err)
	b.taskID = a.TaskID
	b.work(d)
	return b
}

// work runs a worker until the acquisition has ended.
func (b *bench) work(d websdr.Driver) {
	b.Helper()
	acquirer, err := acquire.New(acquire.Config{
		Store: b.store, Blobs: b.blobs, Drivers: map[string]websdr.Driver{"sim": d, "rtl_tcp": d},
		SpoolDir: b.TempDir(), Log: slog.New(slog.DiscardHandler),
	})
	b.must(err)
	ctx, stop := context.WithCancel(b.Context())
	done := make(chan error)
	w := acquire.Worker{Acquirer: acquirer, Name: "test", Concurrency: 1, Lease: time.Minute}
	go func() { done <- w.Run(ctx) }()
	defer func() {
		stop()
		b.must(<-done)
	}()
	for {
		a, captures, err := b.store.Acquisition(b.Context(), b.taskID)
		b.must(err)
		if a.State.Ended() {
			for _, c := range captures {
				if c.State != heimdall.Success {
					b.Fatalf("WebSDR %d is %s: %s", c.WebSDRID, c.State, c.Reason)
				}
			}
			return
		}
		time.Sleep(5 * time.Millisecond) // asking costs more than the work that it waits for
	}
}

func (b *bench) must(err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

func (b *bench) recomputer() *recompute.Recomputer { return recompute.New(b.store, b.blobs, 2) }

// rows are all measurements.
func (b *bench) rows() []heimdall.Measurement {
	b.Helper()
	list, err := b.store.Measurements(b.Context(), heimdall.MeasurementFilter{Limit: 100})
	b.must(err)
	return list
}

// unchanged fails if a row is not what it was before.
func (b *bench) unchanged(before []heimdall.Measurement) {
	b.Helper()
	if diff := cmp.Diff(before, b.rows()); diff != "" {
		b.Errorf("rows changed (-before +after):\n%s", diff)
	}
}

// update changes rows behind the store's back.
func (b *bench) update(query string, args ...any) {
	b.Helper()
	db, err := sql.Open("sqlite", "file:"+b.path+"?_busy_timeout=10000")
	b.must(err)
	defer db.Close()
	_, err = db.Exec(query, args...)
	b.must(err)
}

// recording is that of WebSDR 1.
func (b *bench) recording() *heimdall.Recording {
	b.Helper()
	c, err := b.store.Capture(b.Context(), b.taskID, 1)
	b.must(err)
	return c.Recording
}

// substitute puts other bytes in the place of the object of WebSDR 1.
func (b *bench) substitute(change func([]byte) []byte) {
	b.Helper()
	key := b.recording().S3Path
	obj, err := b.blobs.Open(b.Context(), key)
	b.must(err)
	data := make([]byte, obj.Info().Bytes)
	_, err = obj.ReadAt(data, 0)
	b.must(errors.Join(err, obj.Close(), b.blobs.Delete(b.Context(), key)))
	if data = change(data); data != nil {
		b.must(b.blobs.Put(b.Context(), key, bytes.NewReader(data), blob.SumOf(data)))
	}
}
