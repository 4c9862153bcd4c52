package sqlite_test

import (
	"flag"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/heimdall-sdr/heimdall/api"
	"github.com/heimdall-sdr/heimdall/blob/disk"
	"github.com/heimdall-sdr/heimdall/retention"
	"github.com/heimdall-sdr/heimdall/store/sqlite"
	"github.com/heimdall-sdr/heimdall/store/storetest"
)

var viewWebSDRs = flag.Int("websdrs", 10, "WebSDRs of the month that the views are of; a million captures is what they make together")

// What the rest of the month lacks: schedules. Three of four acquisitions were asked for by the first.
const scheduleMonth = `
UPDATE acquisitions SET origin = CASE WHEN rowid % 5000 = 7 THEN 'schedule/2' WHEN rowid % 4 > 0 THEN 'schedule/1' ELSE '' END`

// BenchmarkViews is what the pages of the dashboard take of a month of a million captures, over the API.
//
//	go test -run '^$' -bench Views -benchtime 20x ./store/sqlite
func BenchmarkViews(b *testing.B) {
	path := filepath.Join(b.TempDir(), "heimdall.db")
	now := time.Unix(1_700_006_400+30*86_400, 0).UTC()
	s, err := sqlite.Open(b.Context(), path, sqlite.Options{Now: func() time.Time { return now }})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { s.Close() })
	for i := range *viewWebSDRs {
		w := aWebSDR(fmt.Sprint("kiwi ", i))
		w.LatitudeDeg, w.LongitudeDeg = 40+float64(i), 7.5
		if _, err := s.CreateWebSDR(b.Context(), w); err != nil {
			b.Fatal(err)
		}
	}
	raw := openRaw(b, path)
	for _, query := range append(monthOf(*viewWebSDRs), scheduleMonth) {
		exec(b, raw, query)
	}
	blobs, err := disk.Open(b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	keeper, err := retention.NewKeeper(retention.Config{Store: s, Blobs: blobs, MaxAge: 90 * 24 * time.Hour})
	if err != nil {
		b.Fatal(err)
	}
	handler := api.New(api.Config{Store: s, Blobs: blobs, Retention: keeper, Now: func() time.Time { return now }})
	storetest.BenchmarkViews(b, handler, storetest.Views(now, "task-00050000", 7))
}
