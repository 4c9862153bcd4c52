package acquire_test

import (
	"context"
	"fmt"
	"path/filepath"
	"sync"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/websdr"
)

// midway is a driver for tests in which something happens in the midst of a recording. It is told by whoever reads the
// samples, so that no recording is over before anybody has noticed that it began, however busy the machine is.
type midway struct {
	websdr.Driver
	id    int64         // of the WebSDR
	begun string        // pattern of the file that is there when the recording has begun
	after time.Duration // into the recording
	do    func(ctx context.Context)
}

// atMidway has the worker call do once, when the first recording of a WebSDR has come so far. Reading goes on when do
// returns; ctx ends with the stream. The worker does not run yet.
func (b *bench) atMidway(id int64, after time.Duration, do func(ctx context.Context)) {
	var once sync.Once
	b.worker.Acquirer.Drivers["sim"] = &midway{
		Driver: b.driver, id: id, begun: filepath.Join(b.dir, "spool", "*", fmt.Sprint(id), "samples"), after: after,
		do: func(ctx context.Context) { once.Do(func() { do(ctx) }) },
	}
}

func (m *midway) Open(ctx context.Context, w *heimdall.WebSDR, t websdr.Tuning) (websdr.Stream, error) {
	s, err := m.Driver.Open(ctx, w, t)
	if err != nil || w.ID != m.id {
		return s, err
	}
	return &midwayStream{Stream: s, ctx: ctx, midway: m}, nil
}

type midwayStream struct {
	websdr.Stream
	ctx    context.Context
	midway *midway
	bytes  int // of the recording
}

func (s *midwayStream) Read(p []byte) (int, error) {
	begun, err := filepath.Glob(s.midway.begun)
	if err != nil {
		return 0, err
	}
	n, err := s.Stream.Read(p)
	if len(begun) > 0 {
		s.bytes += n
	}
	h := s.Header()
	if s.bytes > 0 && s.bytes >= int(s.midway.after.Seconds()*h.NominalRateHz)*h.Format.Size() {
		s.midway.do(s.ctx)
	}
	return n, err
}

// reached waits for a moment of a recording.
func (b *bench) reached(moment <-chan struct{}) {
	b.t.Helper()
	select {
	case <-moment:
	case <-time.After(time.Minute):
		b.t.Fatal("nothing was recorded within a minute")
	}
}
