package e2e_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/api/wire"
	"github.com/heimdall-sdr/heimdall/client"
)

// A server is killed at random instants of an acquisition and started again. Whatever it had recorded
// completely by then must end as exactly these bytes, once.
func TestNothingCompleteIsLostOrDoubledWhenTheServerIsKilled(t *testing.T) {
	t.Parallel()
	data := filepath.Join(t.TempDir(), "data")
	for i := range 7 {
		// Half of them deliver in real time, so that kills hit recording as well as storing.
		pace := []string{"fast", "real"}[i%2]
		r := command(t, data, "websdr", "add", fmt.Sprint("sim ", i), fmt.Sprintf("sim:///?pace=%s&seed=%d&snr_db=30", pace, i),
			"--kind", "sim", "--latitude=45", "--longitude=7", "--sample-rate-hz=12000")
		if r.code != 0 {
			t.Fatal(r.stderr)
		}
	}
	rnd, begun := seeded(t), time.Now()
	rounds := soakRounds(12)
	killed := map[heimdall.State]int{}
	for range rounds {
		state := killRound(t, data, rnd)
		killed[state]++
	}
	t.Logf("states of the acquisitions when their server was killed: %v", killed)
	p, c := serve(t, data)
	count(t, c, begun, tally{Story: "kill -9 of the server", On: "SQLite, folder", Rounds: rounds})
	p.kill()
	r := command(t, data, "check", "--deep")
	if r.code != 0 {
		t.Errorf("check:\n%s%s", r.stdout, r.stderr)
	}
	if left, err := filepath.Glob(filepath.Join(data, "spool", "*", "*")); err != nil || len(left) > 0 {
		t.Errorf("the spool still holds %v, %v", left, err)
	}
}

// killRound runs one acquisition whose server is killed once or twice, and returns its state at the first kill.
func killRound(t *testing.T, data string, rnd *rand.Rand) heimdall.State {
	t.Helper()
	p, c := serve(t, data)
	a, _, err := c.CreateAcquisition(t.Context(), wire.AcquisitionRequest{FrequencyMHz: 7.1, DurationSeconds: 0.4}, "")
	if err != nil {
		t.Fatal(err)
	}
	// The acquisition takes about 0.8 s.
	time.Sleep(time.Duration(rnd.Int64N(int64(900 * time.Millisecond))))
	before, err := c.Acquisition(t.Context(), a.TaskID)
	if err != nil {
		t.Fatal(err)
	}
	p.kill()
	complete := sealedSums(t, data, a.TaskID)
	if rnd.IntN(2) == 0 {
		p, _ = serve(t, data)
		time.Sleep(time.Duration(rnd.Int64N(int64(2 * time.Second))))
		p.kill()
		for id, sum := range sealedSums(t, data, a.TaskID) {
			complete[id] = sum
		}
	}
	p, c = serve(t, data)
	defer p.kill()
	for event, err := range c.Watch(t.Context(), a.TaskID) {
		if err != nil {
			t.Fatal(err)
		}
		a = event
	}
	if a.State != heimdall.Success || len(a.Captures) != 7 {
		t.Errorf("acquisition %s ended %s with %d captures: %+v", a.TaskID, a.State, len(a.Captures), a.Captures)
	}
	for _, capture := range a.Captures {
		if sum, ok := complete[capture.WebSDRID]; ok && (capture.Recording == nil || capture.Recording.SHA256 != sum) {
			t.Errorf("WebSDR %d had recorded %s when its server was killed, but %+v is stored", capture.WebSDRID, sum, capture.Recording)
		}
	}
	n := 0
	for _, err := range c.EachMeasurement(t.Context(), heimdall.MeasurementFilter{TaskID: a.TaskID}) {
		if err != nil {
			t.Fatal(err)
		}
		n++
	}
	if n != 7 {
		t.Errorf("acquisition %s has %d measurements, want 7", a.TaskID, n)
	}
	return before.State
}

// serve starts a server that takes over quickly from a dead one.
func serve(t *testing.T, data string, extra ...string) (*process, *client.Client) {
	t.Helper()
	address := freeAddress(t)
	args := []string{"--data-dir", data, "serve", "--listen", address, "--lease", "1s", "--grace", "1s"}
	p := background(t, "serving", append(args, extra...)...)
	c, err := client.New("http://"+address, client.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := c.Health(t.Context()); err == nil {
			return p, c
		}
		select {
		case <-p.done:
			t.Fatal("server ended")
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// sealedSums are the hashes of the recordings that the spool holds completely.
func sealedSums(t *testing.T, data, taskID string) map[int64]string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(data, "spool", taskID, "*", "sealed.json"))
	if err != nil {
		t.Fatal(err)
	}
	sums := map[int64]string{}
	for _, path := range paths {
		var s struct {
			Capture heimdall.Capture
			Sum     struct{ SHA256 string }
		}
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(text, &s); err != nil {
			t.Fatal(err)
		}
		sums[s.Capture.WebSDRID] = s.Sum.SHA256
	}
	return sums
}
