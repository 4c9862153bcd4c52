package acquire_test

import (
	"context"
	"io"
	"net"
	"syscall"
	"testing"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/iq"
	"github.com/heimdall-sdr/heimdall/siggen"
	"github.com/heimdall-sdr/heimdall/stamp"
	"github.com/heimdall-sdr/heimdall/websdr"
)

// How long after the last sample of its window an acquisition of seven receivers has ended, in the database.
func BenchmarkEndAfterLastSample(b *testing.B) {
	bench := newBench(b)
	ids := bench.add("pace=real&seed=1", "pace=real&seed=2", "pace=real&seed=3", "pace=real&seed=4", "pace=real&seed=5", "pace=real&seed=6", "pace=real&seed=7")
	start(b, bench.worker)
	var total time.Duration
	for b.Loop() {
		a, _ := bench.awaitEnd(bench.create(func(a *heimdall.Acquisition) { a.Duration = 2 * time.Second }, ids...).TaskID)
		if a.State != heimdall.Success {
			b.Fatal(a.State)
		}
		total += a.EndedAt.Sub(a.WindowStart.Add(a.Duration))
	}
	b.ReportMetric(float64(total.Milliseconds())/float64(b.N), "ms-after-last-sample")
	b.ReportMetric(0, "ns/op")
}

// The whole pass of one capture: from a TCP socket, through the meter, into the spool, object and row. The
// source's share of the processor, on the other side of the socket, is not counted apart.
func BenchmarkSocketToObject(b *testing.B) {
	const samples = 20_000_000
	bench := newBench(b)
	bench.worker.Acquirer.Drivers["http_iq"] = &firehose{b: b}
	w, err := bench.store.CreateWebSDR(b.Context(), heimdall.WebSDR{
		Name: "firehose", Kind: "http_iq", URL: "http://127.0.0.1:1", Active: true, Timeout: 10 * time.Second,
	})
	if err != nil {
		b.Fatal(err)
	}
	start(b, bench.worker)
	before := processorTime()
	for b.Loop() {
		a, captures := bench.awaitEnd(bench.create(func(a *heimdall.Acquisition) {
			a.Duration = samples * time.Second / firehoseRateHz
			a.ChannelBandwidthHz = 12_500
		}, w.ID).TaskID)
		if a.State != heimdall.Success || captures[0].Recording.SamplesCount != samples {
			b.Fatalf("%s: %+v", a.State, captures[0])
		}
	}
	cpu := processorTime() - before
	b.ReportMetric(samples*float64(b.N)/b.Elapsed().Seconds()/1e6, "MS/s")
	b.ReportMetric(samples*float64(b.N)/cpu.Seconds()/1e6, "MS/cpu-s")
	b.ReportMetric(0, "ns/op")
}

// processorTime is what this process has used of the processor so far.
func processorTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

const firehoseRateHz = 2_000_000

// A firehose delivers the same noise again and again as fast as a loopback connection takes it.
type firehose struct{ b *testing.B }

func (f *firehose) Open(ctx context.Context, _ *heimdall.WebSDR, t websdr.Tuning) (websdr.Stream, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	defer l.Close()
	go func() {
		c, err := l.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		block := make([]complex64, 1<<16)
		noise := siggen.NewSource(1, 1)
		for i := range block {
			block[i] = complex64(noise.Gauss(uint64(i)) * 0.01)
		}
		raw := make([]byte, len(block)*iq.CI16LE.Size())
		iq.Encode(raw, block, iq.CI16LE)
		for ctx.Err() == nil {
			if _, err := c.Write(raw); err != nil {
				return
			}
		}
	}()
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		return nil, err
	}
	return &hose{Conn: c, frequencyHz: t.FrequencyHz, begun: time.Now()}, nil
}

type hose struct {
	net.Conn
	frequencyHz int64
	begun       time.Time
}

func (h *hose) Read(p []byte) (int, error) { return io.ReadFull(h.Conn, p) }

func (h *hose) Header() websdr.Header {
	return websdr.Header{Format: iq.CI16LE, NominalRateHz: firehoseRateHz, FrequencyHz: h.frequencyHz}
}

func (h *hose) Clock() stamp.Clock {
	return stamp.Clock{Start: h.begun, RateHz: firehoseRateHz, Quality: heimdall.TimeNone, GPSAgeMaxS: -1}
}

func (h *hose) Trailer() websdr.Trailer { return websdr.Trailer{} }
