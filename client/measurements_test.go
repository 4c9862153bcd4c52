package client_test

import (
	"fmt"
	"net/http"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/api/wire"
)

func TestFiltersThatBelongToAStoreAreRefused(t *testing.T) {
	r := newRig(t)
	_, err1 := r.Acquisitions(t.Context(), heimdall.AcquisitionFilter{After: "x"}, "")
	_, err2 := r.Captures(t.Context(), heimdall.CaptureFilter{AfterTaskID: "x"}, "")
	_, err3 := r.Measurements(t.Context(), heimdall.MeasurementFilter{After: &heimdall.MeasurementKey{}}, "")
	_, err4 := r.MeasurementsCSV(t.Context(), heimdall.MeasurementFilter{After: &heimdall.MeasurementKey{}})
	for i, err := range []error{err1, err2, err3, err4} {
		if err == nil {
			t.Errorf("filter %d is accepted and half of it ignored", i+1)
		}
	}
}

func TestEachMeasurementGoesThroughAllPages(t *testing.T) {
	asked := atomic.Int64{}
	r := newRig(t, func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
			if q := req.URL.Query(); q.Get("limit") == "1000" { // a small page, so that there are several
				q.Set("limit", "2")
				req.URL.RawQuery = q.Encode()
			}
			asked.Add(1)
			h.ServeHTTP(w, req)
		})
	})
	var ids []int64
	for i := range 5 {
		w, err := r.CreateWebSDR(t.Context(), input(fmt.Sprint("W", i)))
		r.must(err)
		ids = append(ids, w.WebSDRID)
	}
	_, _, err := r.CreateAcquisition(t.Context(), wire.AcquisitionRequest{FrequencyMHz: 7, DurationSeconds: 1, WebSDRs: ids}, "")
	r.must(err)
	r.finish()
	for _, c := range []struct {
		limit int
		want  []int64
	}{{0, []int64{5, 4, 3, 2, 1}}, {3, []int64{5, 4, 3}}, {5, []int64{5, 4, 3, 2, 1}}} {
		var got []int64
		for m, err := range r.EachMeasurement(t.Context(), heimdall.MeasurementFilter{Limit: c.limit}) {
			r.must(err)
			got = append(got, m.WebSDRID)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("limit %d yields others (-want +got):\n%s", c.limit, diff)
		}
	}
	before := asked.Load()
	for range r.EachMeasurement(t.Context(), heimdall.MeasurementFilter{}) {
		break
	}
	if n := asked.Load() - before; n != 1 {
		t.Errorf("looking at one row asked for %d pages", n)
	}
	for _, err := range r.EachMeasurement(t.Context(), heimdall.MeasurementFilter{SNRMinDB: new(1.0), FrequencyMaxHz: -1}) {
		r.refused(err, 422)
	}
}
