package e2e_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/heimdall-sdr/heimdall/api/wire"
	"github.com/heimdall-sdr/heimdall/client"
	"github.com/heimdall-sdr/heimdall/store/postgres/pgtest"
)

func TestOldAcquisitionsGoWithTheirObjects(t *testing.T) {
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
	conn := pgtest.Connect(t, os.Getenv("DATABASE_URL"))
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
	if left, err := filepath.Glob(filepath.Join(os.Getenv("HEIMDALL_OBJECTS_DIR"), "sessions", old, "*")); err != nil || len(left) > 0 {
		t.Errorf("of the old one there are still %v, %v", left, err)
	}
	mustBeWhole(t, c, young)
}

func TestSettingsThatWouldDeleteByASlipAreRefused(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	for _, flag := range []string{"--retention-days=-1", "--retention-days=200000", "--compress-after-days=0"} {
		if r := command(t, data, "serve", "--listen", "127.0.0.1:0", flag); r.code != 2 || !strings.Contains(r.stderr, "_DAYS is") {
			t.Errorf("%s: exit code %d, %s", flag, r.code, r.stderr)
		}
	}
}
