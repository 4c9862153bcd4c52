package deploy_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/acquire"
	"github.com/heimdall-sdr/heimdall/store/postgres"
	"github.com/heimdall-sdr/heimdall/store/postgres/pgtest"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m, postgres.Migrate)) }

// A dashboard is what these tests look at of Grafana's JSON.
type dashboard struct {
	UID, Title string
	Templating struct {
		List []struct {
			Name, Query string
			Datasource  source
		}
	}
	Panels []struct {
		ID      int
		Title   string
		GridPos struct{ X, Y, W, H int }
		Targets []struct {
			Datasource   source
			RawSQL       string `json:"rawSql"`
			Expr, Format string
		}
	}
}

type source struct{ Type, UID string }

func dashboards(t *testing.T) map[string]dashboard {
	t.Helper()
	files, err := filepath.Glob("grafana/provisioning/dashboards/*.json")
	if err != nil || len(files) != 3 {
		t.Fatalf("the dashboards are %v (%v)", files, err)
	}
	out := map[string]dashboard{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var d dashboard
		if err := json.Unmarshal(text, &d); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		out[file] = d
	}
	return out
}

// seeded is a database in which two receivers have measured and one has failed, in the last hours.
func seeded(t *testing.T) string {
	t.Helper()
	at := pgtest.Plain(t).Database(t)
	s, err := postgres.Open(t.Context(), at, postgres.Options{MaxConns: 2})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	var ids []int64
	for i, name := range []string{"Torino", "Genova", "D'Aosta"} {
		w, err := s.CreateWebSDR(t.Context(), heimdall.WebSDR{Name: name, Kind: "kiwisdr", URL: fmt.Sprintf("http://kiwi%d.example:8073", i), Password: "swordfish",
			LatitudeDeg: 45, LongitudeDeg: 7 + float64(i), Active: true, Timeout: 30 * time.Second})
		must(err)
		ids = append(ids, w.ID)
	}
	now := time.Now().UTC().Truncate(time.Microsecond)
	for hour := range 3 {
		_, _, err := s.CreateAcquisition(t.Context(), heimdall.Acquisition{FrequencyHz: 7_074_000, Duration: 10 * time.Second, WebSDRIDs: ids})
		must(err)
		job, err := s.Claim(t.Context(), "test", time.Minute, 0)
		must(err)
		for i := range job.Captures {
			c := &job.Captures[i]
			c.State, c.Phase = heimdall.Running, heimdall.PhaseRecording
			must(s.SaveProgress(t.Context(), job.Lease, []heimdall.Capture{*c}))
			var m *heimdall.Measurement
			*c, m = ended(job, *c, now.Add(-time.Duration(hour)*time.Hour-time.Duration(i+1)*time.Minute), i < 2)
			must(s.FinishCapture(t.Context(), job.Lease, *c, m))
		}
		must(s.FinishAcquisition(t.Context(), job.Lease, heimdall.Outcome(job.Captures), ""))
	}
	must(s.Maintain(t.Context()))
	return at
}

// ended is c as a success that began then, with its measurement, or as a failure.
func ended(job *acquire.Job, c heimdall.Capture, then time.Time, success bool) (heimdall.Capture, *heimdall.Measurement) {
	c.StartedAt, c.EndedAt, c.Attempts = then, then.Add(11*time.Second), 2
	if !success {
		c.State, c.FailureClass, c.Reason = heimdall.Failed, heimdall.FailBusy, "all channels are taken"
		return c, nil
	}
	c.State, c.Phase = heimdall.Success, heimdall.PhaseDone
	c.Recording = &heimdall.Recording{
		S3Path: fmt.Sprintf("sessions/%s/websdr_%d.sigmf-data", c.TaskID, c.WebSDRID), Datatype: "ci16_le", SampleRateHz: 12000, NominalRateHz: 12000,
		FrequencyHz: job.Acquisition.FrequencyHz, SamplesCount: 119_000, ExpectedSamples: 120_000, Bytes: 476_000, SHA256: strings.Repeat("ab", 32),
		Start: then, TimeQuality: heimdall.TimeGPS, TimeUncertaintyS: 1e-6,
	}
	return c, &heimdall.Measurement{
		TaskID: c.TaskID, WebSDRID: c.WebSDRID, Timestamp: then, FrequencyHz: job.Acquisition.FrequencyHz, SampleRateHz: 12000, SamplesCount: 119_000,
		S3Path: c.Recording.S3Path, TimeQuality: heimdall.TimeGPS, TimeUncertaintyS: 1e-6,
		Metrics: heimdall.Metrics{SNRdB: new(21.5), SNRBandwidthHz: 9600, Detected: true, NoiseSource: "off_channel", NoiseDBFSHz: new(-120.5),
			PowerDBFS: new(-40.5), FrequencyOffsetHz: new(1.5), FrequencyMethod: new("carrier"), Flags: []string{}, AlgorithmVersion: "1"},
	}
}

// grafana is a connection as the user of grafana.sql, which is run with what psql adds taken away.
func grafana(t *testing.T, at string) *pgx.Conn {
	t.Helper()
	conn := pgtest.Connect(t, at)
	text, err := os.ReadFile("postgres/grafana.sql")
	if err != nil {
		t.Fatal(err)
	}
	_, grants, ok := strings.Cut(string(text), "\\endif\n")
	if !ok {
		t.Fatal("grafana.sql has changed: this test runs what follows \\endif")
	}
	const role = `DO $$ BEGIN CREATE ROLE heimdall_grafana LOGIN; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;`
	for _, query := range []string{role, grants, grants, `SET ROLE heimdall_grafana`, `SET default_transaction_read_only = on`} {
		if _, err := conn.Exec(t.Context(), query); err != nil {
			t.Fatalf("%.60s: %v", query, err)
		}
	}
	return conn
}

// asGrafana replaces macros and variables as Grafana does for its PostgreSQL data source, for the last day.
func asGrafana(query string, now time.Time) string {
	from, to := now.Add(-24*time.Hour).Format(time.RFC3339), now.Add(time.Minute).Format(time.RFC3339)
	query = strings.NewReplacer("$__interval", "1m", "$websdr", "'1','2','3'", "$frequency", "'7074000','145500000'").Replace(query)
	for _, macro := range []struct{ pattern, with string }{
		{`\$__timeFilter\(([^)]+)\)`, `$1 BETWEEN '` + from + `' AND '` + to + `'`},
		{`\$__timeFrom\(\)`, `'` + from + `'`},
		{`\$__timeTo\(\)`, `'` + to + `'`},
		{`\$__timeGroupAlias\(([^,)]+),\s*'?1m'?\)`, `floor(extract(epoch from $1)/60)*60 AS "time"`},
		{`\$__timeGroupAlias\(([^,)]+),\s*'?1h'?\)`, `floor(extract(epoch from $1)/3600)*3600 AS "time"`},
	} {
		query = regexp.MustCompile(macro.pattern).ReplaceAllString(query, macro.with)
	}
	return query
}

func TestEveryQueryOfTheDashboardsFindsRowsAsGrafanasUser(t *testing.T) {
	t.Parallel()
	conn := grafana(t, seeded(t))
	ran := 0
	for file, d := range dashboards(t) {
		run := func(what, query, format string) {
			t.Helper()
			ran++
			query = asGrafana(query, time.Now())
			if strings.Contains(query, "$") {
				t.Errorf("%s, %s: something was not replaced in\n%s", file, what, query)
				return
			}
			names, rows, err := answer(t.Context(), conn, query)
			if err != nil || rows == 0 {
				t.Errorf("%s, %s: %d rows (%v) of\n%s", file, what, rows, err, query)
			}
			if format == "time_series" && (len(names) != 3 || names[0] != "time" || names[1] != "metric") {
				t.Errorf("%s, %s: the columns are %v, a series has time, metric and a value", file, what, names)
			}
		}
		for _, v := range d.Templating.List {
			run("variable "+v.Name, v.Query, "")
		}
		for _, p := range d.Panels {
			for _, target := range p.Targets {
				if target.RawSQL != "" {
					run("panel "+p.Title, target.RawSQL, target.Format)
				}
			}
		}
	}
	if ran < 15 {
		t.Errorf("only %d queries were found", ran)
	}
}

func answer(ctx context.Context, conn *pgx.Conn, query string) (names []string, rows int, err error) {
	result, err := conn.Query(ctx, query)
	if err != nil {
		return nil, 0, err
	}
	defer result.Close()
	for _, f := range result.FieldDescriptions() {
		names = append(names, f.Name)
	}
	for result.Next() {
		if rows++; rows == 1 {
			if _, err := result.Values(); err != nil {
				return names, rows, err
			}
		}
	}
	return names, rows, result.Err()
}

func TestGrafanasUserReadsNoSecretsAndChangesNothing(t *testing.T) {
	t.Parallel()
	conn := grafana(t, seeded(t))
	for _, query := range []string{`SELECT password FROM websdrs`, `SELECT * FROM websdrs`, `SELECT * FROM tokens`, `SELECT * FROM audit`,
		`DELETE FROM captures`, `SET default_transaction_read_only = off; DELETE FROM captures`} {
		if _, err := conn.Exec(t.Context(), query); err == nil {
			t.Errorf("it may: %s", query)
		}
	}
}

func TestPanelsLieBesideEachOtherAndAskSourcesThatAreProvisioned(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("grafana/provisioning/datasources/heimdall.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for file, d := range dashboards(t) {
		taken := map[[2]int]string{}
		ids := map[int]bool{}
		for _, p := range d.Panels {
			if ids[p.ID] || p.GridPos.X+p.GridPos.W > 24 || len(p.Targets) == 0 {
				t.Errorf("%s, panel %q: its id is taken, it is too wide, or it asks nothing", file, p.Title)
			}
			ids[p.ID] = true
			for x := range p.GridPos.W {
				for y := range p.GridPos.H {
					at := [2]int{p.GridPos.X + x, p.GridPos.Y + y}
					if other, ok := taken[at]; ok {
						t.Fatalf("%s: panels %q and %q overlap", file, p.Title, other)
					}
					taken[at] = p.Title
				}
			}
			for _, target := range p.Targets {
				if !strings.Contains(string(text), "uid: "+target.Datasource.UID+"\n") || !strings.Contains(string(text), "type: "+target.Datasource.Type+"\n") {
					t.Errorf("%s, panel %q asks %+v, which is not provisioned", file, p.Title, target.Datasource)
				}
			}
		}
	}
}
