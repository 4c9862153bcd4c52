package api_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/api/wire"
)

func TestFiltersByPlaceTextAndQualityChooseTheirRows(t *testing.T) {
	r := newRig(t)
	r.websdr("One", func(w *heimdall.WebSDR) { w.LocationName = "Torino" })
	r.websdr("Two", func(w *heimdall.WebSDR) { w.LatitudeDeg = 45.1 })
	r.websdr("Three", func(w *heimdall.WebSDR) { w.LatitudeDeg = -33.9 })
	r.measured(1, 2, 3) // SNR 10, 20 and 30 dB, the first not detected, all with the flags gaps and short
	for query, want := range map[string][]int64{
		"near_latitude=45&near_longitude=7.5&near_km=1":                          {1},
		"near_latitude=45&near_longitude=7.5&near_km=20":                         {2, 1},
		"near_latitude=45&near_longitude=7.5&near_km=20&websdr_id=2&websdr_id=3": {2},
		"text=TORINO":                            {1},
		"text=t":                                 {3, 2, 1},
		"text=%25":                               nil,
		"snr_max_db=20":                          {2, 1},
		"snr_min_db=20&snr_max_db=20":            {2},
		"detected=false":                         {1},
		"flag=gaps&flag=short":                   {3, 2, 1},
		"flag=clipped":                           nil,
		"flag_not=clipped":                       {3, 2, 1},
		"flag_not=clipped&flag_not=gaps":         nil,
		"frequency_method=carrier":               nil,
		"frequency_min_mhz=145&text=two&limit=1": {2},
	} {
		var page wire.MeasurementPage
		r.get("/api/v1/measurements?" + query).want(200).into(&page)
		var got []int64
		for _, m := range page.Measurements {
			got = append(got, m.WebSDRID)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("?%s chooses other rows (-want +got):\n%s", query, diff)
		}
	}
	for query, want := range map[string]int{
		"text=torino": 1, "near_latitude=-34&near_longitude=7.5&near_km=50": 1, "frequency_max_mhz=145": 0, "": 3,
	} {
		var page wire.CapturePage
		r.get("/api/v1/captures?" + query).want(200).into(&page)
		if len(page.Captures) != want {
			t.Errorf("?%s finds %d captures, want %d", query, len(page.Captures), want)
		}
		var list wire.AcquisitionPage
		r.get("/api/v1/acquisitions?" + query).want(200).into(&list)
		if len(list.Acquisitions) != min(want, 1) {
			t.Errorf("?%s finds %d acquisitions", query, len(list.Acquisitions))
		}
	}
	var list wire.AcquisitionPage
	r.get("/api/v1/acquisitions?websdr_id=9").want(200).into(&list)
	if len(list.Acquisitions) != 0 {
		t.Errorf("%d acquisitions of a WebSDR that took part in none", len(list.Acquisitions))
	}
}

func TestAWrongFilterIsNamed(t *testing.T) {
	r := newRig(t)
	for query, location := range map[string]string{
		"near_latitude=45": "query.near_km",
		"near_latitude=95&near_longitude=7&near_km=1":   "query.near_latitude",
		"near_latitude=45&near_longitude=NaN&near_km=1": "query.near_longitude",
		"near_latitude=45&near_longitude=7&near_km=0":   "query.near_km",
		"snr_min_db=3&snr_max_db=2":                     "query.snr_max_db",
		"snr_max_db=Inf":                                "query.snr_max_db",
		"frequency_method=guess":                        "query.frequency_method[0]",
		"detected=yes":                                  "query.detected",
	} {
		r.get("/api/v1/measurements?"+query).refused(422, location, "")
	}
	r.get("/api/v1/captures?near_km=5").refused(422, "query.near_latitude", "must be given")
	r.get("/api/v1/acquisitions?near_km=5").refused(422, "query.near_latitude", "must be given")
}
