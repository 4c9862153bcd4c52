package api_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"

	"github.com/heimdall-sdr/heimdall/api/wire"
)

func TestMeasurementsStreamInEveryFormatTheSameRows(t *testing.T) {
	r := newRig(t)
	r.websdr("One")
	r.websdr("Two")
	r.measured(1, 2)
	r.measured(2)
	var page wire.MeasurementPage
	r.get("/api/v1/measurements").want(200).into(&page)

	for _, ask := range [][]string{{"?format=ndjson"}, {"", "Accept", "application/x-ndjson, */*"}} {
		a := r.get("/api/v1/measurements"+ask[0], ask[1:]...).want(200)
		var rows []wire.Measurement
		for line := range strings.Lines(a.body) {
			var m wire.Measurement
			r.must(json.Unmarshal([]byte(line), &m))
			rows = append(rows, m)
		}
		if diff := cmp.Diff(page.Measurements, rows); diff != "" || a.header.Get("Content-Type") != "application/x-ndjson" {
			t.Errorf("%q (-page +lines):\n%s", ask, diff)
		}
	}

	for _, ask := range [][]string{{"?format=parquet"}, {"", "Accept", "application/vnd.apache.parquet"}} {
		a := r.get("/api/v1/measurements"+ask[0], ask[1:]...).want(200)
		f, err := parquet.OpenFile(strings.NewReader(a.body), int64(len(a.body)))
		r.must(err)
		type row struct {
			TaskID   string `parquet:"task_id"`
			WebSDRID int64  `parquet:"websdr_id"`
			Micros   int64  `parquet:"timestamp_utc"`
		}
		var want []row
		for _, m := range page.Measurements {
			want = append(want, row{m.TaskID, m.WebSDRID, m.TimestampUTC.UnixMicro()})
		}
		got := make([]row, f.NumRows())
		n, _ := parquet.NewGenericReader[row](f).Read(got)
		if diff := cmp.Diff(want, got[:n]); diff != "" {
			t.Errorf("%q (-page +file):\n%s", ask, diff)
		}
		if got := a.header.Get("Content-Disposition"); got != `attachment; filename="measurements.parquet"` {
			t.Errorf("it is to be kept as %s", got)
		}
	}
	if limited := r.get("/api/v1/measurements?format=parquet&limit=1&websdr_id=2").want(200); !bytes.HasPrefix([]byte(limited.body), []byte("PAR1")) {
		t.Error("a part is no Parquet file")
	}
	r.get("/api/v1/measurements", "Accept", "application/json, text/csv").want(200).into(&page)
}
