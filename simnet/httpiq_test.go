package simnet_test

import (
	"bytes"
	"encoding/binary"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/heimdall-sdr/heimdall/simnet"
)

func ci16(b []byte) []complex128 {
	z := make([]complex128, len(b)/4)
	for i := range z {
		z[i] = complex(float64(int16(binary.LittleEndian.Uint16(b[4*i:])))/32768, float64(int16(binary.LittleEndian.Uint16(b[4*i+2:])))/32768)
	}
	return z
}

func TestABridgeSendsAsManySamplesAsAskedFor(t *testing.T) {
	w := pair(simnet.Emitter{Modulation: simnet.NBFM})
	s := serve(t, w, "near", fast)
	resp, a := get(t, s.URL()+"/iq?tune=145500000&rate=12000&duration=1.5")
	if resp.StatusCode != http.StatusOK || len(a) != 4*18000 {
		t.Fatalf("it answers %s with %d bytes, want 72000", resp.Status, len(a))
	}
	_, dbm := simnet.PathBetween(&w.Emitters[0], &w.Receivers[0])
	if got := dB(meanPower(ci16(a))); !near(got, dbm+30, 0.1) {
		t.Errorf("the samples have %.2f dBFS, want %.2f", got, dbm+30)
	}
	if _, b := get(t, s.URL()+"/iq?tune=145500000&rate=12000&duration=1.5"); !bytes.Equal(a, b) {
		t.Error("the same request gives other bytes")
	}
}

func TestABridgeRefusesNonsense(t *testing.T) {
	s := serve(t, pair(simnet.Emitter{}), "near", fast)
	for _, query := range []string{"", "tune=145500000", "rate=12000", "tune=145.5&rate=12000", "tune=145500000&rate=0", "tune=-1&rate=12000",
		"tune=145500000&rate=1e9", "tune=145500000&rate=12000&duration=0", "tune=145500000&rate=12000&duration=NaN"} {
		if resp, body := get(t, s.URL()+"/iq?"+query); resp.StatusCode != http.StatusBadRequest || !strings.Contains(string(body), " must be ") {
			t.Errorf("%q is answered with %s: %s", query, resp.Status, body)
		}
	}
}

func TestABridgeAsksForItsPassword(t *testing.T) {
	w := pair(simnet.Emitter{})
	w.Receivers[0].Password = "sesame"
	s := serve(t, w, "near", fast)
	ask := "/iq?tune=145500000&rate=12000&duration=0.1"
	if resp, _ := get(t, s.URL()+ask); resp.StatusCode != http.StatusUnauthorized {
		t.Errorf("without a password it answers %s", resp.Status)
	}
	if resp, _ := get(t, strings.Replace(s.URL(), "://", "://any:sesame@", 1)+ask); resp.StatusCode != http.StatusOK {
		t.Errorf("with the password it answers %s", resp.Status)
	}
}

func TestSamplesComeInRealTimeAndNotBefore(t *testing.T) {
	s := serve(t, pair(simnet.Emitter{}), "near", simnet.Options{})
	before := time.Now()
	get(t, s.URL()+"/iq?tune=145500000&rate=12000&duration=0.3")
	if took := time.Since(before); took < 290*time.Millisecond {
		t.Errorf("0.3 s of samples came in %v", took)
	}
}

func TestClosingEndsEveryConnection(t *testing.T) {
	for _, kind := range []string{"kiwisdr", "rtl_tcp", "http_iq"} {
		t.Run(kind, func(t *testing.T) {
			w := pair(simnet.Emitter{})
			w.Receivers[0].Kind = kind
			s := serve(t, w, "near", simnet.Options{})
			switch kind {
			case "kiwisdr":
				c := dialKiwi(t, s, "1")
				c.start("SET mod=iq low_cut=-5000 high_cut=5000 freq=5000", agcOff)
				c.frames(1)
			case "rtl_tcp":
				header(t, dialRTL(t, s))
			case "http_iq":
				resp, err := http.Get(s.URL() + "/iq?tune=145500000&rate=12000")
				if err != nil {
					t.Fatal(err)
				}
				defer resp.Body.Close()
			}
			began := time.Now()
			if err := s.Close(); err != nil {
				t.Error(err)
			}
			if took := time.Since(began); took > 3*time.Second {
				t.Errorf("closing took %v", took)
			}
		})
	}
}
