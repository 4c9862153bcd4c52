package e2e_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/heimdall-sdr/heimdall/api/wire"
	"github.com/heimdall-sdr/heimdall/client"
	"github.com/heimdall-sdr/heimdall/simnet"
)

// A dashboard is a server with something to show: seven receivers of a simulated network, of which one is busy,
// acquisitions from them, schedules, and measurements of the week before.
type dashboard struct {
	url    string
	client *client.Client
	whole  string    // task_id of one that succeeded
	broken string    // task_id of one that did in part
	since  time.Time // before all of them
	data   string    // the server's folder
}

// minutes is how the address of a page holds a time.
const minutes = "2006-01-02T15:04"

// seededDashboard starts one; serve are further arguments of the server.
func seededDashboard(t testing.TB, serve ...string) *dashboard {
	t.Helper()
	dir := t.TempDir()
	s := simnet.NorthWestItaly()
	s.Receivers[3].Faults = []simnet.Fault{{Kind: simnet.FaultBusy}}
	scenario, rows, data := filepath.Join(dir, "scenario.json"), filepath.Join(dir, "websdrs.json"), filepath.Join(dir, "data")
	text, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(scenario, text, 0o644); err != nil {
		t.Fatal(err)
	}
	background(t, "serving", "simulate", "--scenario", scenario, "--websdrs", rows)
	if r := command(t, data, "websdr", "import", rows); r.code != 0 {
		t.Fatal(r.stderr)
	}
	history := filepath.Join(dir, "history.csv")
	writeHistory(t, history, time.Now())
	if r := command(t, data, "import", "measurements", history); r.code != 0 {
		t.Fatal(r.stdout, r.stderr)
	}
	d := &dashboard{url: "http://" + freeAddress(t), since: time.Now().UTC().Truncate(time.Minute), data: data}
	background(t, "serving", append([]string{"--data-dir", data, "serve", "--listen", d.url[len("http://"):], "--probe-interval", "5s"}, serve...)...)
	if d.client, err = client.New(d.url, client.Options{}); err != nil {
		t.Fatal(err)
	}
	ran := d.seedSchedules(t)
	d.seedEmitters(t)
	d.whole = d.acquire(t, "evening pass", "success", 1, 2, 3, 5, 6, 7)
	d.acquire(t, "evening pass, again", "success", 1, 2, 3)
	d.broken = d.acquire(t, "one is busy", "partial", 1, 4, 7)
	ran()
	return d
}

// acquire asks for one second and waits for its end.
func (d *dashboard) acquire(t testing.TB, label, state string, websdrs ...int64) (taskID string) {
	t.Helper()
	a, _, err := d.client.CreateAcquisition(t.Context(), wire.AcquisitionRequest{
		FrequencyMHz: 145.5, DurationSeconds: 1, WebSDRs: websdrs, Label: label, ChannelBandwidthHz: new(8000.0),
	}, "")
	if err != nil {
		t.Fatal(err)
	}
	for e, err := range d.client.Watch(t.Context(), a.TaskID) {
		if err != nil {
			t.Fatal(err)
		}
		a = e
	}
	if string(a.State) != state {
		t.Fatalf("%s is %s, want %s: %s", label, a.State, state, a.Reason)
	}
	return a.TaskID
}

// pages are the addresses of every page, by name.
func (d *dashboard) pages() []struct{ name, path string } {
	return []struct{ name, path string }{
		{"overview", "/"},
		{"map", "/map"},
		{"emitter-add", "/emitters/new"},
		{"emitter-edit", "/emitters/2/edit"},
		{"new-acquisition", "/acquisitions/new?frequency_mhz=145.5&websdr_id=1&websdr_id=3"},
		{"acquisitions", "/acquisitions"},
		{"acquisition", "/acquisitions/" + d.whole},
		{"acquisition-partial", "/acquisitions/" + d.broken},
		{"compare", "/compare?task_id=" + d.whole + "&task_id=" + d.broken},
		{"websdrs", "/websdrs"},
		{"websdr", "/websdrs/" + strconv.Itoa(1)},
		{"websdr-edit", "/websdrs/1/edit"},
		{"websdr-add", "/websdrs/new"},
		{"trends", "/trends"},
		{"trends-close", "/trends?from=" + d.since.Format(minutes) + "&to=" + d.since.Add(3*time.Minute).Format(minutes)},
		{"coverage", "/trends/coverage"},
		{"schedules", "/schedules"},
		{"schedule", "/schedules/1"},
		{"schedule-edit", "/schedules/2/edit"},
		{"schedule-add", "/schedules/new"},
		{"measurements", "/measurements"},
		{"system", "/system"},
	}
}

// named is the WebSDR of that name.
func (d *dashboard) named(t testing.TB, name string) wire.WebSDR {
	t.Helper()
	list, err := d.client.WebSDRs(t.Context(), false)
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range list {
		if w.Name == name {
			return w.WebSDR
		}
	}
	t.Fatalf("there is no WebSDR called %s", name)
	return wire.WebSDR{}
}
