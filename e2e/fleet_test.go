package e2e_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/heimdall-sdr/heimdall/api/wire"
	"github.com/heimdall-sdr/heimdall/simnet"
)

func TestAReceiverThatTurnsUsAwayIsLeftAloneUntilItIsForgivenAndNobodyIsContactedWhenThatIsSwitchedOff(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := simnet.NorthWestItaly()
	s.Receivers = s.Receivers[:1]
	s.Receivers[0].Kind, s.Receivers[0].RateHz, s.Receivers[0].ConverterHz = "kiwisdr", 0, 116_000_000
	s.Receivers[0].Faults = []simnet.Fault{{Kind: simnet.FaultIPLimit, Count: 1}}
	scenario, rows := filepath.Join(dir, "scenario.json"), filepath.Join(dir, "websdrs.json")
	text, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(scenario, text, 0o644); err != nil {
		t.Fatal(err)
	}
	background(t, "serving", "simulate", "--scenario", scenario, "--websdrs", rows)
	data := filepath.Join(dir, "data")
	run := func(code int, args ...string) result {
		t.Helper()
		r := command(t, data, args...)
		if r.code != code {
			t.Fatalf("heimdall %s: exit code %d, want %d\n%s%s", strings.Join(args, " "), r.code, code, r.stdout, r.stderr)
		}
		return r
	}
	run(0, "websdr", "import", rows)
	for range 2 { // the second does not reach the receiver, which would answer by now
		if r := run(4, "acquire", "145.5", "-d", "1s"); !strings.Contains(r.stdout, "quota") {
			t.Errorf("it does not say why: %s", r.stdout)
		}
	}
	var w wire.WebSDR
	mustJSON(t, &w, data, "websdr", "show", "1")
	if w.BlockedUntil == nil || w.BlockedClass != "quota" {
		t.Errorf("it is shown as %+v", w)
	}
	run(0, "websdr", "forgive", "1")
	run(0, "acquire", "145.5", "-d", "1s")
	mustJSON(t, &w, data, "websdr", "show", "1")
	if w.UsedTodaySeconds < 1 {
		t.Errorf("only %g s of use were counted", w.UsedTodaySeconds)
	}

	run(2, "contact", "off")
	run(0, "contact", "off", "--reason=an owner complained", "--by=anna")
	var c wire.Contact
	mustJSON(t, &c, data, "contact", "status")
	if c.Allowed || c.By != "anna" {
		t.Errorf("contact is %+v", c)
	}
	run(4, "acquire", "145.5", "-d", "1s", "--deadline", c.ChangedAt.Add(8_000_000_000).Format("2006-01-02T15:04:05Z07:00"))
	run(0, "contact", "on")
	if r := run(0, "workers"); !strings.Contains(r.stdout, "RUNNING") {
		t.Errorf("the workers are %s", r.stdout)
	}
}
