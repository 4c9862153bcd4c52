package postgres_test

import (
	"testing"

	"github.com/heimdall-sdr/heimdall/store/postgres/pgtest"
)

func TestManyChangesToWhatIsRecordedAreFoldedAndTheirSumStays(t *testing.T) {
	t.Parallel()
	url := pgtest.Plain(t).Database(t)
	s, conn := open(t, url), pgtest.Connect(t, url)
	exec(t, conn, `INSERT INTO recorded_changes SELECT i FROM generate_series(1, 2000) AS i`)
	for range 2 {
		if err := s.Maintain(t.Context()); err != nil {
			t.Fatal(err)
		}
		recorded, err := s.Recorded(t.Context())
		if rows := get[int](t, conn, `SELECT count(*) FROM recorded_changes`); err != nil || rows != 1 || recorded.Bytes != 2000*2001/2 {
			t.Errorf("%d changes make %d bytes (%v)", rows, recorded.Bytes, err)
		}
	}
	problems, err := s.Check(t.Context())
	if err != nil || len(problems) != 1 {
		t.Errorf("that no capture has these bytes is no problem: %v (%v)", problems, err)
	}
}
