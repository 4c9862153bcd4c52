package websdrtest

import (
	"errors"
	"io"
	"math"
	"testing"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/websdr"
)

// readNeverSplits reads with buffers of every awkward size, for whatever blocks the protocol has inside.
func readNeverSplits(t *testing.T, setup Setup) {
	stream := start(t, setup).open(t)
	size := stream.Header().Format.Size()
	for round, room := range []int{size, size + 1, 2*size - 1, 3*size + 1, 7 * size, 61, 127, 1021, 1025, 2053, 4096, 4099} {
		room = max(room, size)
		p := make([]byte, room+8)
		for i := range p {
			p[i] = 0xA5
		}
		n, err := stream.Read(p[:room])
		if errors.Is(err, io.EOF) && round > 3 {
			return
		}
		if err != nil {
			t.Fatalf("Read of %d bytes: %v", room, err)
		}
		if n <= 0 || n > room || n%size != 0 {
			t.Fatalf("Read of %d bytes gave %d, want whole samples of %d bytes and at least one", room, n, size)
		}
		for i, b := range p[room:] {
			if b != 0xA5 {
				t.Fatalf("Read of %d bytes wrote %d bytes beyond its buffer", room, i+1)
			}
		}
	}
}

func trailerCounts(t *testing.T, setup Setup) {
	stream := start(t, setup).open(t)
	if n := stream.Trailer().Samples; n != 0 {
		t.Errorf("before the first Read the trailer counts %d samples", n)
	}
	n := readSamples(t, stream, 1000)
	if got := stream.Trailer().Samples; got != n {
		t.Errorf("the trailer counts %d samples after Read gave %d", got, n)
	}
	stream.Close()
	if got := stream.Trailer().Samples; got != n {
		t.Errorf("after Close the trailer counts %d samples, Read gave %d", got, n)
	}
}

func clockAdvances(t *testing.T, setup Setup) {
	stream := start(t, setup).open(t)
	nominal := stream.Header().NominalRateHz
	readSamples(t, stream, 3000)
	clock := stream.Clock()
	if clock.Start.IsZero() || clock.Start.Location() != time.UTC {
		t.Errorf("sample 0 was taken at %v, want a time in UTC", clock.Start)
	}
	if r := clock.RateHz / nominal; !(r > 0.95 && r < 1.05) {
		t.Errorf("the true rate is %g Hz, far from the nominal %g", clock.RateHz, nominal)
	}
	switch clock.Quality {
	case heimdall.TimeGPS, heimdall.TimeHostDisciplined, heimdall.TimeHostArrival, heimdall.TimeNone:
	default:
		t.Errorf("the time quality is %q", clock.Quality)
	}
	if (clock.Quality == heimdall.TimeGPS) != (clock.GPSAgeMaxS >= 0) {
		t.Errorf("the time quality is %q and the age of the GPS fix %d s", clock.Quality, clock.GPSAgeMaxS)
	}
	for _, n := range []int64{1, 1000, 1_000_000} {
		const far = 1 << 40 // beyond every gap, so that all of them cancel out
		got := clock.At(far+n).Sub(clock.At(far)).Seconds() * clock.RateHz
		if math.Abs(got-float64(n)) > 1e-6*float64(n)+2e-9*clock.RateHz {
			t.Errorf("%d samples advance the clock by %g samples", n, got)
		}
	}
}

func endIsEOF(t *testing.T, setup Setup) {
	stream := start(t, setup).open(t)
	if err := readToError(t, stream); !errors.Is(err, io.EOF) {
		t.Fatalf("the stream ended with %v, want io.EOF", err)
	}
	for range 3 {
		n, err := stream.Read(make([]byte, 4096))
		if n != 0 || !errors.Is(err, io.EOF) {
			t.Fatalf("after the end Read gave %d bytes and error %v, want io.EOF", n, err)
		}
	}
}

// readSamples reads at least n samples, or all there are, and returns how many.
func readSamples(t *testing.T, stream websdr.Stream, n int64) int64 {
	t.Helper()
	size := int64(stream.Header().Format.Size())
	p := make([]byte, 4096)
	var got int64
	for got < n {
		k, err := stream.Read(p)
		got += int64(k) / size
		if errors.Is(err, io.EOF) && got > 0 {
			break
		}
		if err != nil {
			t.Fatalf("Read after %d samples: %v", got, err)
		}
	}
	return got
}

// readToError reads until the stream ends and returns why.
func readToError(t *testing.T, stream websdr.Stream) error {
	t.Helper()
	p := make([]byte, 1<<16)
	deadline := time.Now().Add(30 * time.Second)
	for time.Now().Before(deadline) {
		if _, err := stream.Read(p); err != nil {
			return err
		}
	}
	t.Fatal("the stream still delivers after 30 s: it should have ended")
	return nil
}
