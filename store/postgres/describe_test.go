package postgres_test

import (
	"testing"

	"github.com/heimdall-sdr/heimdall/store/postgres"
	"github.com/heimdall-sdr/heimdall/store/postgres/pgtest"
)

func TestADatabaseSaysWhereItStandsAndLookingChangesNothing(t *testing.T) {
	t.Parallel()
	pgtest.Each(t, func(t *testing.T, server *pgtest.Server) {
		url := server.Empty(t)
		for range 2 { // the second time it is still empty
			d, err := postgres.Look(t.Context(), url)
			if err != nil || d.Schema != 0 || len(d.Pending) == 0 || d.Known == 0 || d.Backend == "" || d.Reason == "" {
				t.Fatalf("an empty database is %+v, %v", d, err)
			}
		}
		s := open(t, url)
		ids := createWebSDRs(t, s, 1)
		runningJob(t, s, ids)
		create(t, s, ids)
		looked, err := postgres.Look(t.Context(), url)
		if err != nil || looked.Schema != looked.Known || len(looked.Pending) != 0 || looked.Bytes == 0 {
			t.Errorf("a migrated database is %+v, %v", looked, err)
		}
		described, err := s.Describe(t.Context())
		if err != nil || described.Schema != looked.Schema || described.Backend != looked.Backend {
			t.Errorf("the open database says %+v (%v), looked at from outside %+v", described, err, looked)
		}
		if described.AcquisitionsPending+described.AcquisitionsRunning != 2 || described.AcquisitionsRunning != 1 {
			t.Errorf("%d acquisitions are pending and %d running, want one of each", described.AcquisitionsPending, described.AcquisitionsRunning)
		}
		if want := map[string]string{"plain": "postgresql", "apache": "timescaledb apache", "timescale": "timescaledb"}[server.Name]; described.Backend != want {
			t.Errorf("it is called %q, want %q", described.Backend, want)
		}
	})
}
