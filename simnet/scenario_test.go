package simnet_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/simnet"
)

const scenario = `{
  "seed": 3, "epoch": "2026-01-01T00:00:00Z", "speed": 10,
  "emitters": [{"name": "beacon", "latitude": 45, "longitude": 7, "frequency_hz": 145500000, "power_dbm": 30, "modulation": "cw", "text": "vvv"}],
  "receivers": [
    {"name": "a", "kind": "kiwisdr", "latitude": 45.1, "longitude": 7.2, "altitude_m": 300, "converter_hz": 116000000,
     "extra_loss_db": {"beacon": 20}, "faults": [{"kind": "busy", "count": 1}, {"kind": "stall", "after_seconds": 2}]},
    {"name": "b", "kind": "rtl_tcp", "latitude": 45.3, "longitude": 7.1, "password": "x", "gain_db": 20}
  ]
}`

func TestAScenarioFileSaysEverything(t *testing.T) {
	s, err := simnet.LoadScenario(strings.NewReader(scenario))
	if err != nil {
		t.Fatal(err)
	}
	if s.Seed != 3 || s.Speed != 10 || s.Epoch.Year() != 2026 || len(s.Receivers) != 2 {
		t.Errorf("read %+v", s)
	}
	if d := cmp.Diff([]simnet.Fault{{Kind: simnet.FaultBusy, Count: 1}, {Kind: simnet.FaultStall, AfterSeconds: 2}}, s.Receivers[0].Faults); d != "" {
		t.Errorf("faults (-want +got):\n%s", d)
	}
	if s.Receivers[0].AltitudeM != 300 || s.Receivers[0].ExtraLossDB["beacon"] != 20 || s.Emitters[0].LatitudeDeg != 45 {
		t.Errorf("read %+v", s)
	}
}

func TestAMistakeInAScenarioIsNamed(t *testing.T) {
	for wrong, want := range map[string][2]string{
		`"seed"`:                      {`"seeds"`, `unknown field "seeds"`},
		`"count"`:                     {`"cuont"`, `unknown field "cuont"`},
		`"busy"`:                      {`"bsuy"`, `receivers[0].faults[0].kind "bsuy" is not known: use one of`},
		`"kiwisdr"`:                   {`"openwebrx"`, `receivers[0].kind "openwebrx" cannot be simulated`},
		`"latitude": 45.1`:            {`"latitude": 451`, `receivers[0].latitude must be from -90 to 90`},
		`"name": "b"`:                 {`"name": "a"`, `receivers[1].name "a" is taken`},
		`{"beacon": 20}`:              {`{"bacon": 20}`, `receivers[0].extra_loss_db names "bacon"`},
		`"cw"`:                        {`"fm"`, `emitters[0].modulation "fm" is not known`},
		`145500000,`:                  {`-1,`, `emitters[0].frequency_hz must be from 1 to`},
		`"speed": 10`:                 {`"speed": -1`, `speed must be from 0`},
		`"password": "x"`:             {`"listen": "8073"`, `receivers[1].listen must be host:port`},
		`"gain_db": 20}`:              {`"gain_db": 20}, {}`, `receivers[2].name must have`},
		"  ]\n}":                      {"  ]\n} {}", "more after the end"},
		`2026-01-01T00:00:00Z`:        {`1970-01-01T00:00:00Z`, "epoch must not lie before GPS time"},
		`"stall", "after_seconds": 2`: {`"gap"`, "faults[1].samples must say how many"},
	} {
		bad := strings.Replace(scenario, wrong, want[0], 1)
		if _, err := simnet.LoadScenario(strings.NewReader(bad)); err == nil || !strings.Contains(err.Error(), want[1]) {
			t.Errorf("%s instead of %s: error %v, want %q", want[0], wrong, err, want[1])
		}
	}
}

func TestTheBuiltInScenarioIsValidAndInstructive(t *testing.T) {
	s := simnet.NorthWestItaly()
	if err := s.Validate(); err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	back, err := simnet.LoadScenario(strings.NewReader(string(b)))
	if err != nil {
		t.Fatalf("it cannot be read back: %v", err)
	}
	if d := cmp.Diff(s, back); d != "" {
		t.Errorf("it changes in a file (-want +got):\n%s", d)
	}
	heard := make(map[string]int)
	kinds := make(map[string]int)
	for _, r := range s.Receivers {
		truth, err := s.Truth(r.Name, 145_500_000, 0, 9600)
		if err != nil {
			t.Fatal(err)
		}
		if truth.SNRdB < 5 || truth.SNRdB > 45 {
			t.Errorf("%s hears %s with %.1f dB", r.Name, truth.Emitter, truth.SNRdB)
		}
		heard[truth.Emitter]++
		kinds[r.Kind]++
	}
	if len(heard) != 2 || kinds["kiwisdr"] != 4 || kinds["rtl_tcp"] != 2 || kinds["http_iq"] != 1 {
		t.Errorf("heard: %v, kinds: %v", heard, kinds)
	}
}

func TestTheRowsOfANetworkCanBeRegistered(t *testing.T) {
	n, err := simnet.Start(t.Context(), simnet.NorthWestItaly())
	if err != nil {
		t.Fatal(err)
	}
	defer n.Close()
	rows := n.WebSDRs()
	for i := range rows {
		if err := rows[i].Validate(); err != nil {
			t.Errorf("%s: %v", rows[i].Name, err)
		}
		low, high := rows[i].TuningRangeHz()
		if low > 145_500_000 || high < 145_500_000 || !rows[i].Active {
			t.Errorf("%s tunes %d to %d Hz, active: %t", rows[i].Name, low, high, rows[i].Active)
		}
	}
	if len(rows) != 7 || rows[0].FrequencyOffsetHz != 116_000_000 {
		t.Errorf("%d rows: %+v", len(rows), rows[0])
	}
	if n.Server("torino") == nil || n.Server("roma") != nil {
		t.Error("servers are not found by name")
	}
}

func TestABadScenarioOpensNothing(t *testing.T) {
	var invalid *heimdall.InvalidError
	if _, err := simnet.Start(t.Context(), &simnet.Scenario{}); !errors.As(err, &invalid) {
		t.Errorf("starting nothing gives %v", err)
	}
	s := simnet.NorthWestItaly()
	s.Receivers[3].Listen = "192.0.2.1:1" // TEST-NET-1: not ours
	if _, err := simnet.Start(t.Context(), s); err == nil || !strings.Contains(err.Error(), "choose another address") {
		t.Errorf("listening elsewhere gives %v", err)
	}
}
