package e2e_test

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/heimdall-sdr/heimdall/api/wire"
	"github.com/heimdall-sdr/heimdall/client"
	"github.com/heimdall-sdr/heimdall/store/postgres/pgtest"
)

func TestOldAcquisitionsGoWithTheirObjects(t *testing.T) {
	t.Parallel()
	onPostgres(t, pgtest.Plain(t).Database(t))
	data := filepath.Join(t.TempDir(), "data")
	addSims(t, data)
	_, c := serve(t, data, "--retention-days", "30")
	create := func() string {
		a, _, err := c.CreateAcquisition(t.Context(), wire.AcquisitionRequest{FrequencyMHz: 7.1, DurationSeconds: 0.1}, "")
		if err != nil {
			t.Fatal(err)
		}
		mustBeWhole(t, c, a.TaskID)
		return a.TaskID
	}
	old, young := create(), create()
	conn := pgtest.Connect(t, getenv(t, "DATABASE_URL"))
	for _, query := range []string{
		`UPDATE acquisitions SET ended_at = ended_at - interval '31 days' WHERE task_id = $1`,
		`UPDATE captures SET started_at = started_at - interval '31 days', ended_at = ended_at - interval '31 days',
		    start_unix_ns = start_unix_ns - 31 * 86400 * 1000000000::bigint WHERE task_id = $1`,
	} {
		if _, err := conn.Exec(t.Context(), query, old); err != nil {
			t.Fatal(err)
		}
	}
	background(t, "old acquisitions deleted", "--data-dir", filepath.Join(t.TempDir(), "worker"), "worker") // which looks when it starts
	_, err := c.Acquisition(t.Context(), old)
	if p, refused := errors.AsType[*client.Problem](err); !refused || p.Status != 404 {
		t.Errorf("the old one: %v, want that there is none", err)
	}
	if left, err := filepath.Glob(filepath.Join(getenv(t, "HEIMDALL_OBJECTS_DIR"), "sessions", old, "*")); err != nil || len(left) > 0 {
		t.Errorf("of the old one there are still %v, %v", left, err)
	}
	mustBeWhole(t, c, young)
}

func TestSettingsThatWouldDeleteByASlipAreRefused(t *testing.T) {
	t.Parallel()
	data := filepath.Join(t.TempDir(), "data")
	for flag, complaint := range map[string]string{
		"--retention-days=-1": "_DAYS is", "--retention-days=200000": "_DAYS is", "--compress-after-days=0": "_DAYS is",
		"--retention-days-quiet=30": "RETENTION_DAYS_QUIET is", "--retention-quiet-snr-db=10": "RETENTION_QUIET_SNR_DB is",
		"--retention-bytes=much": "like 200GB", "--retention-free-bytes=-1": "like 200GB",
	} {
		if r := command(t, data, "serve", "--listen", "127.0.0.1:0", flag); r.code != 2 || !strings.Contains(r.stderr, complaint) {
			t.Errorf("%s: exit code %d, %s", flag, r.code, r.stderr)
		}
	}
}

func TestTheOldestRecordingsGoWhenThereAreTooManyAndNeverWhatIsHeld(t *testing.T) {
	t.Parallel()
	data := filepath.Join(t.TempDir(), "data")
	addSims(t, data)
	must := func(args ...string) {
		t.Helper()
		if r := command(t, data, args...); r.code != 0 {
			t.Fatalf("heimdall %s: exit code %d\n%s%s", strings.Join(args, " "), r.code, r.stdout, r.stderr)
		}
	}
	for range 3 {
		must("acquire", "7.1", "--duration=100ms")
	}
	var all, left []wire.Acquisition
	mustJSON(t, &all, data, "acquisitions", "list")
	oldest := all[2].TaskID
	must("acquisitions", "hold", oldest, "--by=IZ1ABC", "--reason=evidence")

	rules := []string{"--retention-days=0", "--retention-bytes=40kB"} // each acquisition has 7 recordings of 4800 bytes
	var plan, done wire.RetentionOutcome
	mustJSON(t, &plan, data, append([]string{"retention", "plan"}, rules...)...)
	mustJSON(t, &done, data, append([]string{"retention", "run"}, rules...)...)
	if done.Acquisitions != 2 || len(done.Rules) != 1 || done.Rules[0].Rule != "quota" || done.Objects < 28 || done.Objects > 30 || done.Rows != 2*15 {
		t.Errorf("a quota of one recording and a bit deletes %+v", done)
	}
	if plan.Acquisitions != done.Acquisitions || plan.Rows != done.Rows { // a collection may be written in between
		t.Errorf("the plan was %+v, what was done is %+v", plan, done)
	}
	mustJSON(t, &left, data, "acquisitions", "list")
	if len(left) != 1 || left[0].TaskID != oldest || left[0].Hold == nil || left[0].Hold.By != "IZ1ABC" {
		t.Errorf("what is left is %+v", left)
	}
	r := command(t, data, "acquisitions", "delete", oldest)
	if r.code != 2 || !strings.Contains(r.stderr, "IZ1ABC") || !strings.Contains(r.stderr, "evidence") {
		t.Errorf("deleting what is held: exit code %d, %s", r.code, r.stderr)
	}
	must("acquisitions", "release", oldest)
	must("acquisitions", "delete", oldest, "--reason=no longer needed")
	var journal []wire.Deletion
	mustJSON(t, &journal, data, "retention", "journal")
	if len(journal) != 3 || journal[0].Reason != "no longer needed" || journal[0].DoneAt == nil || !strings.Contains(journal[1].Reason, "quota of 40000 bytes") {
		t.Errorf("the journal is %+v", journal)
	}
	must("retention")
	must("check", "--deep")
}
