package e2e_test

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/heimdall-sdr/heimdall/iq"
	"github.com/heimdall-sdr/heimdall/store/postgres/pgtest"
)

// pythonImported is what heimdall import python-heimdall --json prints.
type pythonImported struct {
	Acquisitions, Recordings, Imported, Skipped, Rows int
	Present                                           int `json:"already_there"`
	RowsJoined                                        int `json:"rows_joined"`
	RowsImported                                      int `json:"rows_imported"`
	RowsPresent                                       int `json:"rows_already_there"`
	WebSDRsMade                                       int `json:"websdrs_made"`
	Reasons                                           map[string]int
}

func importPython(t *testing.T, data string, code int, args ...string) (r pythonImported) {
	t.Helper()
	report := filepath.Join(t.TempDir(), "report.csv") // which the last --report says
	got := command(t, data, append([]string{"import", "python-heimdall", "--json", "--report", report}, args...)...)
	if got.code != code {
		t.Fatalf("heimdall import python-heimdall %v: exit code %d, want %d\n%s%s", args, got.code, code, got.stdout, got.stderr)
	}
	if err := json.Unmarshal([]byte(got.stdout), &r); err != nil {
		t.Fatalf("heimdall import python-heimdall %v: %v in\n%s", args, err, got.stdout)
	}
	return r
}

// pythonTask names tasks as the Python system did.
func pythonTask(k int) string { return fmt.Sprintf("0b5a1c9e-6d3f-4f0e-9a77-%012d", k) }

// pythonBucket is a copy of a bucket with so many tasks, each with two recordings of 4,000 samples.
func pythonBucket(t *testing.T, tasks int) string {
	t.Helper()
	dir := t.TempDir()
	for k := range tasks {
		folder := filepath.Join(dir, "heimdall-raw-iq", "sessions", pythonTask(k))
		if err := os.MkdirAll(folder, 0o755); err != nil {
			t.Fatal(err)
		}
		for id := 1; id <= 2; id++ {
			z := make([]complex64, 4000)
			for n := range z {
				z[n] = complex(float32((n*7919+k)%200-100), float32((n*104729+id)%200-100)) / 32767
			}
			body := make([]byte, 8*len(z))
			iq.Encode(body, z, iq.CF32LE)
			text := fmt.Sprintf(`{"websdr_id": %d, "frequency_mhz": 145.5, "sample_rate_khz": 12.5, "samples_count": 4000,
				"timestamp_utc": "2025-03-01T08:%02d:%02d.5", "metrics": {"snr_db": NaN, "psd_dbm": -60, "frequency_offset_hz": 3}}`, id, k/60%60, k%60)
			for name, content := range map[string][]byte{fmt.Sprintf("websdr_%d.npy", id): append(iq.NPYHeader(4000), body...), fmt.Sprintf("websdr_%d_metadata.json", id): []byte(text)} {
				if err := os.WriteFile(filepath.Join(folder, name), content, 0o600); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	return dir
}

func TestWhatThePythonSystemLeftMovesOver(t *testing.T) {
	t.Parallel()
	bucket, data := pythonBucket(t, 3), filepath.Join(t.TempDir(), "data")
	strange := filepath.Join(bucket, "heimdall-raw-iq", "sessions", pythonTask(1), "websdr_x.npy")
	if err := os.WriteFile(strange, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if r := importPython(t, data, 0, bucket, "--dry-run"); r.Imported != 6 || r.WebSDRsMade != 2 {
		t.Errorf("the dry run says %+v", r)
	}
	if _, err := os.Stat(data); err == nil {
		t.Error("the dry run has made the data folder")
	}
	report := filepath.Join(t.TempDir(), "report.csv")
	if r := importPython(t, data, 0, bucket, "--report", report); r.Acquisitions != 3 || r.Imported != 6 || r.Reasons["foreign_name"] != 1 {
		t.Errorf("the import says %+v", r)
	}
	f, err := os.Open(report)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	found := map[string]string{}
	records, err := csv.NewReader(f).ReadAll()
	for _, record := range records {
		found[filepath.Base(record[0])] = record[1] + " " + record[2]
	}
	if err != nil || found["websdr_x.npy"] != "skipped foreign_name" || found["websdr_2_metadata.json"] != "noted not_finite" {
		t.Errorf("the report is %v (%v)", records, err)
	}
	sound(t, data)

	// The numbers are those of heimdall measure.
	var measured struct {
		SNR   *float64 `json:"snr_db"`
		Power *float64 `json:"power_dbfs"`
	}
	mustJSON(t, &measured, data, "measure", "--sample-rate-hz=12500", "--json", filepath.Join(bucket, "heimdall-raw-iq", "sessions", pythonTask(0), "websdr_1.npy"))
	var rows []struct {
		SNR   *float64 `json:"snr_db"`
		Power *float64 `json:"power_dbfs"`
	}
	mustJSON(t, &rows, data, "measurements", "--json", "--task-id", pythonTask(0), "--websdr", "1")
	if len(rows) != 1 || *rows[0].Power != *measured.Power || *rows[0].SNR != *measured.SNR {
		t.Errorf("imported %+v, measured %+v", rows, measured)
	}
	if r := importPython(t, data, 0, bucket); r.Present != 6 || r.Imported != 0 {
		t.Errorf("once more: %+v", r)
	}
}

func TestAnImportOfNothingOrOfOurOwnIsRefused(t *testing.T) {
	t.Parallel()
	data := twoReceivers(t)
	for what, source := range map[string]string{"a folder without sessions": t.TempDir(), "no folder": filepath.Join(t.TempDir(), "none"), "our own objects": data} {
		if r := command(t, data, "import", "python-heimdall", source); r.code != 2 {
			t.Errorf("%s: exit code %d\n%s", what, r.code, r.stderr)
		}
	}
}

func TestAnImportOfThePythonSystemThatIsKilledEndsTheSame(t *testing.T) {
	t.Parallel()
	const tasks = 60
	bucket := pythonBucket(t, tasks)
	url := pgtest.Plain(t).Empty(t)
	onPostgres(t, url)
	data := twoReceivers(t)
	db := openDatabase(t, "pgx", url)
	for _, enough := range []int{1, 2 * tasks / 3} {
		killImport(t, db, enough, "--data-dir", data, "import", "python-heimdall", bucket, "--report", filepath.Join(data, "report.csv"))
	}
	r := importPython(t, data, 0, bucket)
	if r.Imported+r.Present != 2*tasks || r.Imported == 0 || r.Present == 0 {
		t.Errorf("the last run says %+v", r)
	}
	if got := rowsIn(t, db); got != 2*tasks {
		t.Errorf("there are %d rows, want %d", got, 2*tasks)
	}
	sound(t, data)
}

func TestTheTableOfThePythonSystemMovesOver(t *testing.T) {
	t.Parallel()
	bucket, data := pythonBucket(t, 2), filepath.Join(t.TempDir(), "data")
	url := pgtest.Plain(t).Empty(t)
	db := openDatabase(t, "pgx", url)
	for _, query := range []string{
		`CREATE TABLE measurements (id bigserial, task_id text, websdr_id int, frequency_mhz float8, sample_rate_khz float8, samples_count int,
			timestamp_utc timestamptz, snr_db float8, frequency_offset_hz float8, power_dbm float8, s3_path text)`,
		`INSERT INTO measurements (task_id, websdr_id, frequency_mhz, sample_rate_khz, samples_count, timestamp_utc, snr_db)
			SELECT 'old task', 1, 145.5, 12.5, 125000, timestamptz '2025-01-01 00:00:00+00' + n * interval '1 minute', 5 FROM generate_series(1, 2500) AS n`,
		`INSERT INTO measurements (task_id, websdr_id, frequency_mhz, sample_rate_khz, samples_count, timestamp_utc, snr_db)
			VALUES ('` + pythonTask(0) + `', 1, 145.5, 12.5, 4000, '2025-03-01 08:00:00.5+00', 5)`,
	} {
		if _, err := db.Exec(query); err != nil {
			t.Fatal(err)
		}
	}
	setenv(t, "PYTHON_DATABASE_URL", strings.Replace(url, "postgres://", "postgresql://", 1))
	if r := importPython(t, data, 0, bucket); r.Imported != 4 || r.Rows != 2501 || r.RowsJoined != 1 || r.RowsImported != 2500 {
		t.Errorf("the import says %+v", r)
	}
	if r := importPython(t, data, 0, bucket); r.Present != 4 || r.RowsJoined != 1 || r.RowsPresent != 2500 {
		t.Errorf("once more: %+v", r)
	}
	sound(t, data)
}
