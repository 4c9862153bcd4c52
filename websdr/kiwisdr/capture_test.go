package kiwisdr_test

import (
	"bytes"
	"encoding/binary"
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/stamp"
	"github.com/heimdall-sdr/heimdall/websdr/kiwisdr"
)

// shared finds the folder with real recordings, which the project does not carry.
func shared(t *testing.T, name string) string {
	t.Helper()
	root := os.Getenv("HEIMDALL_SHARED")
	if root == "" {
		root = filepath.Join("..", "..", "..", "shared")
	}
	p := filepath.Join(root, name)
	if _, err := os.Stat(p); err != nil {
		t.Skipf("SKIPPED: no %s: set HEIMDALL_SHARED to the folder that holds the recordings", p)
	}
	return p
}

// frames takes a Kiwi WAV apart into the SND frames that it was made of, and its samples big-endian.
func frames(t *testing.T, path string) (snd [][]byte, samples []byte) {
	t.Helper()
	wav, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var gps []byte
	for at := 12; at+8 <= len(wav); {
		size := int(binary.LittleEndian.Uint32(wav[at+4:]))
		body := wav[at+8 : at+8+size]
		switch string(wav[at : at+4]) {
		case "kiwi":
			gps = body
		case "data":
			f := append([]byte("SND"), iqFlag)
			f = binary.LittleEndian.AppendUint32(f, uint32(len(snd)))
			f = binary.BigEndian.AppendUint16(f, 600)
			f = append(f, gps...)
			for k := 0; k < len(body); k += 2 {
				f = append(f, body[k+1], body[k])
			}
			snd = append(snd, f)
			samples = append(samples, f[20:]...)
		}
		at += 8 + size
	}
	return snd, samples
}

func TestRealRecordingsReplayedAsFramesKeepTheirBytesAndRates(t *testing.T) {
	t.Parallel()
	const stale = 2 * blockSize
	for _, tt := range []struct {
		name   string
		rateHz float64
		sec    uint32
		nsec   uint32
	}{
		{"DF0KL", 12001.145, 124934, 214561607},
		{"F1JEK", 12001.202, 124934, 447176230},
		{"HB9RYZ", 12001.132, 124934, 38122262},
	} {
		t.Run(tt.name, func(t *testing.T) {
			snd, samples := frames(t, shared(t, "captures/20171127T104156Z_77500_"+tt.name+"_iq.wav"))
			url := serve(t, func(p *peer) {
				p.greet(usual)
				for _, f := range snd {
					p.send(f)
				}
				p.wait()
			})
			now := time.Date(2017, 11, 27, 10, 42, 0, 0, time.UTC)
			s := open(t, &kiwisdr.Driver{Now: fixedClock(now)}, url)
			got := read(t, s, len(samples)/4-stale)
			want16 := samples[4*stale:]
			for i := 0; i < len(want16); i += 2 { // the wire is big-endian, the stream is not
				want16[i], want16[i+1] = want16[i+1], want16[i]
			}
			if !bytes.Equal(got, want16) {
				t.Error("the samples changed on the way")
			}
			c := s.Clock()
			if c.Quality != heimdall.TimeGPS || math.Abs(c.RateHz-tt.rateHz) > 0.01 || len(c.Gaps) != 0 || c.Outliers != 0 {
				t.Errorf("clock %+v, want %g Hz", c, tt.rateHz)
			}
			want := stamp.GPSTime(now, tt.sec, tt.nsec, 18)
			if d := c.Start.Sub(want).Abs(); d > 200*time.Nanosecond {
				t.Errorf("starts at %v, want %v", c.Start, want)
			}
			if h := s.Header(); h.Dialect != "kiwisdr 1.709" {
				t.Errorf("dialect %q", h.Dialect)
			}
		})
	}
}
