package simnet_test

import (
	"bytes"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/heimdall-sdr/heimdall/iq"
	"github.com/heimdall-sdr/heimdall/iqfile"
	"github.com/heimdall-sdr/heimdall/simnet"
)

// kiwiWAV writes a Kiwi WAV of noise with odd stamps and returns its blocks.
func kiwiWAV(t *testing.T, samples int64) (path string, stamps []iq.KiwiStamp, blocks [][]byte) {
	t.Helper()
	var file bytes.Buffer
	w, err := iq.NewKiwiWriter(&file, 12001, iq.KiwiBlocks(samples), samples)
	if err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(1, 2))
	for left := samples; left > 0; left -= iq.KiwiBlockSamples {
		b := make([]byte, 4*min(left, iq.KiwiBlockSamples))
		for i := range b {
			b[i] = byte(random.Uint32())
		}
		s := iq.KiwiStamp{AgeS: uint8(len(blocks)), GPSSec: random.Uint32N(604800), GPSNsec: random.Uint32N(1e9)}
		if err := w.WriteBlock(s, b); err != nil {
			t.Fatal(err)
		}
		stamps, blocks = append(stamps, s), append(blocks, b)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	path = filepath.Join(t.TempDir(), "kiwi.wav")
	if err := os.WriteFile(path, file.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return path, stamps, blocks
}

func TestAKiwiRecordingIsServedBlockByBlock(t *testing.T) {
	for name, samples := range map[string]int64{"whole blocks": 40 * 512, "a short last block": 40*512 - 100} {
		t.Run(name, func(t *testing.T) {
			path, stamps, blocks := kiwiWAV(t, samples)
			s, err := simnet.ServeKiwiRecording(t.Context(), "", path, fast)
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			c := dialKiwi(t, s, "1")
			c.start("SET little-endian", modeIQ, agcOff)
			for i, f := range c.frames(len(blocks)) {
				if !bytes.Equal(f.raw[20:], blocks[i]) || f.seq != uint32(i) {
					t.Errorf("frame %d, sequence %d, has other samples", i, f.seq)
				}
				if f.fixAge != stamps[i].AgeS || f.sec != stamps[i].GPSSec || f.nsec != stamps[i].GPSNsec {
					t.Errorf("frame %d is stamped %d.%09d (%d), want %+v", i, f.sec, f.nsec, f.fixAge, stamps[i])
				}
			}
			c.closedNow()
		})
	}
}

func TestARecordingMayHoldTheConnectionAfterItsEnd(t *testing.T) {
	path, _, blocks := kiwiWAV(t, 3*512)
	o := fast
	o.Hold = true
	s, err := simnet.ServeKiwiRecording(t.Context(), "", path, o)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	c := dialKiwi(t, s, "1")
	c.start()
	c.frames(len(blocks))
	c.silent()
}

func TestARawFileIsServedAsADongleOrABridge(t *testing.T) {
	dir := t.TempDir()
	random := rand.New(rand.NewPCG(3, 4))
	data := make([]byte, 24000)
	for i := range data {
		data[i] = byte(random.Uint32())
	}
	path := filepath.Join(dir, "x.cu8")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	format := iqfile.Options{Format: iq.CU8, SampleRateHz: 250_000}
	s, err := simnet.ServeRecording(t.Context(), simnet.Receiver{Name: "file", Kind: "rtl_tcp", Recording: path}, format, fast)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	c := dialRTL(t, s)
	header(t, c)
	command(t, c, 0x02, 250_000) // changes nothing
	if got, err := io.ReadAll(c); err != nil || !bytes.Equal(got, data) {
		t.Errorf("%d bytes came, %v; want the %d of the file", len(got), err, len(data))
	}

	bridge, err := simnet.ServeRecording(t.Context(), simnet.Receiver{Name: "file", Kind: "http_iq", Recording: path}, format, fast)
	if err != nil {
		t.Fatal(err)
	}
	defer bridge.Close()
	resp, body := get(t, bridge.URL()+"/iq?tune=145500000&rate=250000")
	want := make([]complex64, len(data)/2)
	iq.Decode(want, data, iq.CU8)
	expected := make([]byte, 4*len(want))
	iq.Encode(expected, want, iq.CI16LE)
	if !bytes.Equal(body, expected) {
		t.Errorf("%s with %d bytes, want %d", resp.Status, len(body), len(expected))
	}
	if resp, _ := get(t, bridge.URL()+"/iq?tune=145500000&rate=12000"); resp.StatusCode != 400 {
		t.Errorf("another rate is answered with %s", resp.Status)
	}
}

func TestWhatIsNoKiwiRecordingIsRefusedAtOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.wav")
	if err := os.WriteFile(path, []byte("RIFF no"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, p := range []string{path, path + ".absent"} {
		if s, err := simnet.ServeKiwiRecording(t.Context(), "", p, fast); err == nil {
			s.Close()
			t.Errorf("%s is served", p)
		}
	}
}

func TestARecordingCanGoWrongToo(t *testing.T) {
	path, stamps, blocks := kiwiWAV(t, 40*512)
	s, err := simnet.ServeKiwiRecording(t.Context(), "", path, fast)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	s.SetFaults(simnet.Fault{Kind: simnet.FaultNoStamps}, simnet.Fault{Kind: simnet.FaultGap, Samples: 512, AfterSeconds: 1})
	c := dialKiwi(t, s, "1")
	c.start("SET little-endian", modeIQ, agcOff)
	f := c.frames(30)[29]
	if f.seq != 30 || f.sec != 0 || !bytes.Equal(f.raw[20:], blocks[30]) {
		t.Errorf("frame 29 has sequence %d and stamp %d, want those of block 30 without its %d", f.seq, f.sec, stamps[30].GPSSec)
	}
}
