package api_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/api/wire"
)

// carriers has each WebSDR, in order of id, measure a carrier that far off, with that noise.
func (r *rig) carriers(offsetsHz []float64, noiseDBFSHz *float64) {
	r.Helper()
	var ids []int64
	for i := range offsetsHz {
		ids = append(ids, int64(i+1))
	}
	r.acquisition(ids...)
	job := r.claim()
	r.end(job, func(c heimdall.Capture) (heimdall.Capture, *heimdall.Measurement) {
		c, m := success(job, c)
		m.FrequencyOffsetHz, m.FrequencyMethod = new(offsetsHz[c.WebSDRID-1]), new("carrier")
		m.NoiseDBFSHz = noiseDBFSHz
		return c, m
	})
}

func TestTheNoiseGoesByStepsLikeTheSNR(t *testing.T) {
	r := newRig(t)
	r.websdr("One")
	r.carriers([]float64{0}, new(-120.0))
	r.carriers([]float64{0}, new(-118.0))
	r.carriers([]float64{0}, nil)
	var noise wire.NoiseStatistics
	r.get("/api/v1/statistics/noise" + marchFirst).want(200).into(&noise)
	want := []wire.NoisePoint{{Start: noon, WebSDRID: 1, Measurements: 3, Noise: wire.Noise{
		NoiseCount: 2, NoiseMeanDBFSHz: new(-119.0), NoiseStdDB: noise.Points[0].NoiseStdDB, NoiseMinDBFSHz: new(-120.0), NoiseMaxDBFSHz: new(-118.0),
	}}}
	if diff := cmp.Diff(want, noise.Points); diff != "" || noise.Bucket != "1h" {
		t.Errorf("noise by %s (-want +got):\n%s", noise.Bucket, diff)
	}
	if std := *noise.Points[0].NoiseStdDB; std < 1.41421 || std > 1.41422 {
		t.Errorf("the standard deviation is %v, want the root of 2", std)
	}
	r.get("/api/v1/statistics/noise?bucket=1w").want(422)
}

func TestAClockIsComparedWithAllAlsoWhenOnlyOneIsAskedFor(t *testing.T) {
	r := newRig(t)
	for _, name := range []string{"One", "Two", "Three"} {
		r.websdr(name)
	}
	r.carriers([]float64{145.5, 291, 436.5}, nil) // 1, 2 and 3 ppm of 145.5 MHz
	var s wire.ClockStatistics
	r.get("/api/v1/statistics/clocks" + marchFirst + "&websdr_id=3").want(200).into(&s)
	if len(s.Clocks) != 1 || s.Clocks[0].WebSDRID != 3 {
		t.Fatalf("clocks are %+v, want that of WebSDR 3", s.Clocks)
	}
	c := s.Clocks[0]
	if c.Others != 2 || *c.OffsetMeanPPM != 3 || *c.OthersMedianPPM != 1.5 || *c.OwnPPM != 1.5 || c.OffsetSigmaPPM != nil || c.OwnSigmaPPM != nil || c.SlopePPMPerDay != nil {
		t.Errorf("its clock is %+v", c)
	}
}

func TestAHistoryCountsByParts(t *testing.T) {
	r := newRig(t)
	w := r.websdr("Kiwi")
	for i, class := range []heimdall.FailureClass{"", heimdall.FailDown, heimdall.FailDown, heimdall.FailBanned} {
		r.observe(w.ID, time.Duration(20*i+10)*time.Minute, class)
	}
	r.now = noon
	var h wire.WebSDRHistory
	target := fmt.Sprintf("/api/v1/websdrs/%d/history", w.ID)
	r.get(target + "?parts=2&from=" + noon.Add(-2*time.Hour).Format(time.RFC3339)).want(200).into(&h)
	middle := noon.Add(-time.Hour)
	want := wire.WebSDRHistory{WebSDRID: w.ID, From: noon.Add(-2 * time.Hour), To: noon,
		Parts:    []wire.HistoryPart{{From: noon.Add(-2 * time.Hour), To: middle, Unknown: 1}, {From: middle, To: noon, Up: 1, Down: 2}},
		Failures: []wire.FailureTimes{{FailureClass: "down", Times: 2, LastAt: noon.Add(-30 * time.Minute), LastReason: "it said down"}, {FailureClass: "banned", Times: 1, LastAt: noon.Add(-70 * time.Minute), LastReason: "it said banned"}}}
	if diff := cmp.Diff(want, h); diff != "" {
		t.Errorf("history (-want +got):\n%s", diff)
	}
	r.get(target).want(200).into(&h)
	if len(h.Parts) != 48 || !h.From.Equal(noon.AddDate(0, 0, -1)) {
		t.Errorf("by itself it has %d parts from %v", len(h.Parts), h.From)
	}
	r.get("/api/v1/websdrs/99/history").want(404)
	r.get(target + "?from=2026-03-02T00:00:00Z&to=2026-03-01T00:00:00Z").want(422)
}
