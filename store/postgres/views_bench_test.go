package postgres_test

import (
	"testing"
	"time"

	"github.com/heimdall-sdr/heimdall/api"
	"github.com/heimdall-sdr/heimdall/blob/disk"
	"github.com/heimdall-sdr/heimdall/retention"
	"github.com/heimdall-sdr/heimdall/store/storetest"
)

// What the rest of the month lacks: schedules. Three of four acquisitions were asked for by the first.
const scheduleMonth = `
UPDATE acquisitions SET origin = CASE WHEN n % 5000 = 7 THEN 'schedule/2' WHEN n % 4 > 0 THEN 'schedule/1' ELSE '' END
FROM (SELECT task_id AS id, row_number() OVER (ORDER BY created_at) AS n FROM acquisitions) AS numbered WHERE id = task_id`

// BenchmarkViews is what the pages of the dashboard take of a month of a million captures, or as many as -rows says, over
// the API.
//
//	go test -run '^$' -bench Views -benchtime 20x ./store/postgres [-rows 10000000 -timeout 60m]
func BenchmarkViews(b *testing.B) {
	s, conn := aMonth(b)
	exec(b, conn, scheduleMonth)
	exec(b, conn, `VACUUM ANALYZE acquisitions`)
	blobs, err := disk.Open(b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	keeper, err := retention.NewKeeper(retention.Config{Store: s, Blobs: blobs, MaxAge: 90 * 24 * time.Hour})
	if err != nil {
		b.Fatal(err)
	}
	now := month.AddDate(0, 0, 30)
	handler := api.New(api.Config{Store: s, Blobs: blobs, Retention: keeper, Now: func() time.Time { return now }})
	taskID := get[string](b, conn, `SELECT task_id::text FROM acquisitions ORDER BY created_at OFFSET 1000 LIMIT 1`)
	storetest.BenchmarkViews(b, handler, storetest.Views(now, taskID, 7))
}
