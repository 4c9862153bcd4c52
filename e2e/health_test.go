package e2e_test

import (
	"encoding/json"
	"math"
	"path/filepath"
	"strings"
	"testing"

	"github.com/heimdall-sdr/heimdall/api/wire"
	"github.com/heimdall-sdr/heimdall/simnet"
	"github.com/heimdall-sdr/heimdall/store/postgres/pgtest"
)

func TestReceiversAreFoundProbedAndWatchedFromTheCommandLine(t *testing.T) {
	t.Parallel()
	t.Run("SQLite", func(t *testing.T) {
		t.Parallel()
		receiversAreWatched(t)
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		t.Parallel()
		onPostgres(t, pgtest.Plain(t).Database(t))
		receiversAreWatched(t)
	})
}

func receiversAreWatched(t *testing.T) {
	world := &simnet.World{}
	for _, name := range []string{"superga", "gone"} {
		world.Receivers = append(world.Receivers, simnet.Receiver{Name: name, Kind: "kiwisdr", LocationName: "Torino",
			Position: simnet.Position{LatitudeDeg: 45.08, LongitudeDeg: 7.767, AltitudeM: 672}})
	}
	servers := map[string]*simnet.Server{}
	for _, r := range world.Receivers {
		s, err := simnet.Serve(t.Context(), world, r.Name, simnet.Options{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { s.Close() })
		servers[r.Name] = s
	}
	data := filepath.Join(t.TempDir(), "data")
	if r := command(t, data, "websdr", "add", "superga", servers["superga"].URL(), "--kind", "kiwisdr"); r.code != 2 || !strings.Contains(r.stderr, "--probe") {
		t.Errorf("without a place: exit code %d, %s", r.code, r.stderr)
	}
	for _, name := range []string{"superga", "gone"} {
		var w wire.WebSDR
		mustJSON(t, &w, data, "websdr", "add", name, servers[name].URL(), "--kind", "kiwisdr", "--probe")
		if math.Abs(w.Latitude-45.08) > 1e-6 || math.Abs(w.Longitude-7.767) > 1e-6 || *w.AltitudeM != 672 || w.LocationName != "Torino" || w.FrequencyMaxHz == 0 {
			t.Errorf("what it said of itself became %+v", w)
		}
	}
	if err := servers["gone"].Close(); err != nil {
		t.Fatal(err)
	}
	if r := command(t, data, "websdr", "add", "late", servers["gone"].URL(), "--kind", "kiwisdr", "--probe"); r.code != 1 || !strings.Contains(r.stderr, "leave out --probe") {
		t.Errorf("one that is gone: exit code %d, %s", r.code, r.stderr)
	}

	r := command(t, data, "websdr", "probe", "--all", "--json")
	var probed []wire.ProbeResult
	if err := json.Unmarshal([]byte(r.stdout), &probed); err != nil || r.code != 4 || len(probed) != 2 {
		t.Fatalf("probe --all: exit code %d, want 4 since one is down; %v\n%s%s", r.code, err, r.stdout, r.stderr)
	}
	if a, b := probed[0], probed[1]; a.Health.State != "up" || *a.Observation.UsersMax != 4 || a.Details["antenna"] != "simulated" || b.Health.State != "down" || b.Observation.FailureClass != "transport" {
		t.Errorf("the probes say %+v", probed)
	}
	if r := command(t, data, "websdr", "probe", "1"); r.code != 1 || !strings.Contains(r.stderr, "once in 10s") {
		t.Errorf("at once again: exit code %d, %s", r.code, r.stderr)
	}
	if r := command(t, data, "websdr", "probe"); r.code != 2 {
		t.Errorf("probe without saying whom: exit code %d", r.code)
	}
	var list []wire.ListedWebSDR
	if mustJSON(t, &list, data, "websdr", "status"); len(list) != 2 || list[0].Health.State != "up" || list[1].Health.LastOKAt != nil {
		t.Errorf("the status says %+v", list)
	}
	if r := command(t, data, "websdr", "status"); r.code != 0 || !strings.Contains(r.stdout, "UPTIME 24h %") || !strings.Contains(r.stdout, "0/4") {
		t.Errorf("the table of all: exit code %d\n%s", r.code, r.stdout)
	}
	if r := command(t, data, "websdr", "status", "2"); r.code != 0 || !strings.Contains(r.stdout, "gone: down, breaker closed") || !strings.Contains(r.stdout, "transport") {
		t.Errorf("the table of one: exit code %d\n%s", r.code, r.stdout)
	}
	if r := command(t, data, "websdr", "history", "2", "--parts=1"); r.code != 0 || !strings.Contains(r.stdout, "\n▁\n") || !strings.Contains(r.stdout, "transport") {
		t.Errorf("the history of one: exit code %d\n%s%s", r.code, r.stdout, r.stderr)
	}
	if r := command(t, data, "websdr", "close", "2"); r.code != 0 || !strings.Contains(r.stdout, "breaker closed") {
		t.Errorf("close: exit code %d\n%s%s", r.code, r.stdout, r.stderr)
	}
}
