package httpiq_test

import (
	"bytes"
	"errors"
	"io"
	"math"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/iq"
	"github.com/heimdall-sdr/heimdall/websdr"
	"github.com/heimdall-sdr/heimdall/websdr/httpiq"
	"github.com/heimdall-sdr/heimdall/websdr/websdrtest"
)

func TestThePromiseOfADriverByALiveBridge(t *testing.T) {
	websdrtest.Run(t, websdrtest.Target{
		Open:    served(func(w http.ResponseWriter, req *http.Request) { live(w, req, 0) }),
		Endless: true,
		Stalls:  served(stalls),
		Silent:  served(func(_ http.ResponseWriter, req *http.Request) { <-req.Context().Done() }),
		Faults: map[heimdall.FailureClass]websdrtest.Setup{
			heimdall.FailBusy:        served(status(http.StatusServiceUnavailable)),
			heimdall.FailQuota:       served(status(http.StatusTooManyRequests)),
			heimdall.FailAuth:        served(echoCredentials),
			heimdall.FailRedirect:    served(redirectTo("http://127.0.0.2:1/iq")),
			heimdall.FailUnsupported: served(status(http.StatusBadRequest)),
			heimdall.FailOutOfRange: func(t *testing.T) (websdr.Driver, heimdall.WebSDR, websdr.Tuning) {
				d, w, tuning := served(status(http.StatusOK))(t)
				w.FrequencyMinHz, w.FrequencyMaxHz = 1_000_000, 30_000_000
				return d, w, tuning
			},
			heimdall.FailTransport: served(cuts),
			heimdall.FailProtocol:  served(status(http.StatusNotFound)),
		},
	})
}

func TestThePromiseOfADriverByARecordedAnswer(t *testing.T) {
	websdrtest.Run(t, websdrtest.Target{Open: served(finite(ramp(4 * 20_000)))})
}

func TestTheRequestIsThis(t *testing.T) {
	var got *http.Request
	w := bridge(t, func(w http.ResponseWriter, req *http.Request) {
		got = req
		finite(ramp(400))(w, req)
	})
	w.Password, w.FrequencyOffsetHz = "hunter2", 116_000_000
	mustOpen(t, w)
	for what, pair := range map[string][2]string{
		"request":       {"/iq?tune=29500000&rate=48000", got.RequestURI},
		"User-Agent":    {"Heimdall test (ops@example.org)", got.UserAgent()},
		"Authorization": {"Bearer hunter2", got.Header.Get("Authorization")},
		"encoding":      {"", got.Header.Get("Accept-Encoding")},
	} {
		if pair[0] != pair[1] {
			t.Errorf("%s is %q, want %q", what, pair[1], pair[0])
		}
	}
	w.Password, w.URL = "", w.URL+"/?antenna=2"
	mustOpen(t, w)
	if got.RequestURI != "/iq?antenna=2&tune=29500000&rate=48000" || got.Header.Get("Authorization") != "" {
		t.Errorf("request %q with Authorization %q", got.RequestURI, got.Header.Get("Authorization"))
	}
}

func TestAProxyThatWantsBasicAuthenticationGetsIt(t *testing.T) {
	for password, want := range map[string][2]string{
		"hunter2":       {"heimdall", "hunter2"},
		"ops:hunter2:x": {"ops", "hunter2:x"},
	} {
		var user, told string
		w := bridge(t, func(w http.ResponseWriter, req *http.Request) {
			var ok bool
			if user, told, ok = req.BasicAuth(); !ok {
				w.Header().Set("WWW-Authenticate", `Basic realm="receivers"`)
				w.WriteHeader(http.StatusUnauthorized)
				return
			}
			finite(ramp(400))(w, req)
		})
		w.Password = password
		mustOpen(t, w)
		if user != want[0] || told != want[1] {
			t.Errorf("%q goes as user %q with password %q", password, user, told)
		}
	}
}

func TestEveryByteIsDelivered(t *testing.T) {
	want := ramp(4 * 30_000)
	stream := mustOpen(t, bridge(t, func(w http.ResponseWriter, req *http.Request) {
		rc := http.NewResponseController(w)
		for rest, n := want, 1; len(rest) > 0; n = n%1499 + 2 { // pieces of every size
			n = min(n, len(rest))
			w.Write(rest[:n])
			rc.Flush()
			rest = rest[n:]
		}
	}))
	var got []byte
	var err error
	for size := 4; err == nil; size = size%1021 + 5 {
		p := make([]byte, size)
		var n int
		n, err = stream.Read(p)
		got = append(got, p[:n]...)
	}
	if !errors.Is(err, io.EOF) || !bytes.Equal(got, want) {
		t.Errorf("%d bytes and error %v, want the %d sent and io.EOF", len(got), err, len(want))
	}
}

func TestBytesBeyondTheLastWholeSampleAreNamed(t *testing.T) {
	want := ramp(4*500 + 3)
	stream := mustOpen(t, bridge(t, finite(want)))
	got, err := io.ReadAll(stream)
	f := websdr.AsFailure(err)
	if f == nil || f.Class != heimdall.FailProtocol || !strings.Contains(f.Detail, "3 of the 4 bytes") {
		t.Errorf("the stream ended with %v, want a protocol failure that names 3 bytes", err)
	}
	if !bytes.Equal(got, want[:4*500]) {
		t.Errorf("%d bytes came before the failure, want the 500 whole samples", len(got))
	}
}

func TestAnAnswerOfStatedLengthIsARecording(t *testing.T) {
	stream := mustOpen(t, bridge(t, finite(ramp(4*100))))
	want := websdr.Header{Format: iq.CI16LE, NominalRateHz: rateHz, FrequencyHz: tunedHz, Dialect: "http_iq"}
	if diff := cmp.Diff(want, stream.Header()); diff != "" {
		t.Errorf("header (-want +got):\n%s", diff)
	}
	c := stream.Clock()
	if c.Quality != heimdall.TimeNone || time.Since(c.Start) > time.Minute {
		t.Errorf("the clock starts at %v with quality %s", c.Start, c.Quality)
	}
}

func TestALiveAnswerIsTimedByItsArrival(t *testing.T) {
	before := time.Now()
	stream := mustOpen(t, bridge(t, func(w http.ResponseWriter, req *http.Request) { live(w, req, 0) }))
	if _, err := io.ReadFull(stream, make([]byte, 4*rateHz/5)); err != nil {
		t.Fatal(err)
	}
	c := stream.Clock()
	if !stream.Header().Live || c.Quality != heimdall.TimeHostArrival || c.RateHz != rateHz {
		t.Errorf("live %v, quality %s, rate %g", stream.Header().Live, c.Quality, c.RateHz)
	}
	// The bridge begins with 3 bytes, so no sample can be earlier than the request by more than rounding.
	if early := before.Sub(c.Start); early > time.Millisecond || c.Start.After(time.Now()) {
		t.Errorf("sample 0 is at %v, asked for at %v", c.Start, before)
	}
}

func TestSamplesAtAnotherRateMakeTheRateUncertain(t *testing.T) {
	t.Parallel()
	w := bridge(t, func(w http.ResponseWriter, req *http.Request) { live(w, req, 0) })
	asked := tuning
	asked.SampleRateHz = rateHz * 5 / 4 // and the bridge does 48000 all the same
	stream, err := new(httpiq.Driver).Open(t.Context(), &w, asked)
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Close()
	p := make([]byte, 1<<14)
	for began := time.Now(); time.Since(began) < 2600*time.Millisecond; { // a rate needs time
		if _, err := stream.Read(p); err != nil {
			t.Fatal(err)
		}
	}
	c := stream.Clock()
	if off := c.RateSigmaHz / c.RateHz; math.Abs(off-0.2) > 0.05 {
		t.Errorf("the rate is uncertain by %.3f of itself, want 0.2", off)
	}
}

func TestAnAddressWithCredentialsIsRefusedWithoutShowingThem(t *testing.T) {
	for _, address := range []string{"http://me:hunter2@host:80", "ftp://host", "http://", "http://hunter2 host/"} {
		_, err := open(t, heimdall.WebSDR{Name: "bridge", Kind: "http_iq", URL: address})
		if f := websdr.AsFailure(err); f == nil || f.Class != heimdall.FailUnsupported || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v, want unsupported", address, err)
		}
	}
}
