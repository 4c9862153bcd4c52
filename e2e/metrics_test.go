package e2e_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/heimdall-sdr/heimdall/api"
	"github.com/heimdall-sdr/heimdall/api/wire"
)

func TestMetricsSaysWhatEveryNumberMeans(t *testing.T) {
	t.Parallel()
	r := command(t, "", "metrics")
	lines := strings.Split(strings.TrimSuffix(r.stdout, "\n"), "\n")
	if r.code != 0 || len(lines) != 1+len(api.Definitions().Metrics) || strings.Join(strings.Fields(lines[0]), " ") != "NAME UNIT MEANING" {
		t.Fatalf("exit code %d\n%s%s", r.code, r.stdout, r.stderr)
	}
	column := strings.Index(lines[0], "MEANING")
	for _, line := range lines[1:] {
		if len(line) <= column || line[column-1] != ' ' || line[column] == ' ' {
			t.Errorf("%q is not in line with the header", line)
		}
	}
	for c := range strings.FieldsSeq(columns) {
		if !strings.Contains(r.stdout, "\n"+c+" ") {
			t.Errorf("column %s is not explained", c)
		}
	}
}

func TestMetricsExplainsOneNumberOrOneFlag(t *testing.T) {
	t.Parallel()
	for name, want := range map[string][]string{
		"noise_source": {"noise_source, string\n", "Only off_channel is free", "\ntime_gaps ", "\nNOISE\n", "censored mean"},
		"snr_db":       {"snr_db, number in dB or null\n", "(P_ch - N0 B_m)/(N0 B)", "\nCHANNEL, SNR"},
		"duty":         {"duty, ratio or null\n"},
		"clipped":      {"clipped, of flags\n", "full scale"},
	} {
		r := command(t, "", "metrics", name)
		if r.code != 0 {
			t.Errorf("%s: exit code %d: %s", name, r.code, r.stderr)
		}
		for _, text := range want {
			if !strings.Contains(r.stdout, text) {
				t.Errorf("%s is explained without %q:\n%s", name, text, r.stdout)
			}
		}
	}
	if r := command(t, "", "metrics", "loudness"); r.code != 2 || !strings.Contains(r.stderr, "heimdall metrics lists them") {
		t.Errorf("an unknown name: exit code %d, %q", r.code, r.stderr)
	}
}

func TestMetricsPrintsTheJSONOfTheAPI(t *testing.T) {
	t.Parallel()
	var d wire.Definitions
	mustJSON(t, &d, "", "metrics")
	want, err := json.Marshal(api.Definitions())
	if err != nil {
		t.Fatal(err)
	}
	if got, _ := json.Marshal(d); string(got) != string(want) {
		t.Errorf("it prints %.300s", got)
	}
	var m wire.Definition
	if mustJSON(t, &m, "", "metrics", "obw_hz"); m.Unit != "Hz" || !m.Nullable {
		t.Errorf("one metric is %+v", m)
	}
	var v wire.DefinedValue
	if mustJSON(t, &v, "", "metrics", "in_band"); v.Name != "in_band" || v.Meaning == "" {
		t.Errorf("one value is %+v", v)
	}
}
