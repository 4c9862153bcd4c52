package sqlite_test

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/heimdall-sdr/heimdall/store/storetest"
)

func TestTheViewsOfRollupsAreTheSumsOfTheRows(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "heimdall.db")
	s, raw := open(t, path), openRaw(t, path)
	storetest.Rollups(t, s, func(view string) []storetest.Rollup {
		rows, err := raw.Query(`SELECT ` + strings.Join(storetest.RollupColumns, ", ") + ` FROM ` + view + ` ORDER BY bucket, websdr_id, frequency_hz`)
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		var out []storetest.Rollup
		for rows.Next() {
			var r storetest.Rollup
			var bucket int64
			if err := rows.Scan(r.Dest(&bucket)...); err != nil {
				t.Fatal(err)
			}
			r.Bucket = time.UnixMicro(bucket).UTC()
			out = append(out, r)
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
		return out
	})
	storetest.Check(t, s)
}
