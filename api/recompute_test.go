package api_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/api"
	"github.com/heimdall-sdr/heimdall/api/wire"
	"github.com/heimdall-sdr/heimdall/blob"
	"github.com/heimdall-sdr/heimdall/recompute"
)

// ofOldVersion is a recording of 100 ms of a tone whose row holds numbers of version 0. It returns the address
// of its recomputation.
func (r *rig) ofOldVersion() (target string, a wire.Acquisition) {
	r.Helper()
	r.websdr("One")
	a = r.acquisition(1)
	var data []byte
	for i := range 1200 {
		iq := [4][2]int16{{8000, 0}, {0, 8000}, {-8000, 0}, {0, -8000}}[i%4]
		data = binary.LittleEndian.AppendUint16(data, uint16(iq[0]))
		data = binary.LittleEndian.AppendUint16(data, uint16(iq[1]))
	}
	job := r.claim()
	r.end(job, func(c heimdall.Capture) (heimdall.Capture, *heimdall.Measurement) {
		c, m := success(job, c)
		rec := c.Recording
		rec.SHA256 = r.put(rec.S3Path, data)
		rec.Bytes, rec.SamplesCount, m.SamplesCount = int64(len(data)), 1200, 1200
		m.AlgorithmVersion, m.CalibrationDB = "0", new(-30.0)
		return c, m
	})
	return "/api/v1/recordings/" + a.TaskID + "/1/recompute", a
}

func TestRecomputingBringsARowToThisVersionAndSaysWhatChanged(t *testing.T) {
	r := newRig(t)
	target, a := r.ofOldVersion()
	before, err := r.store.Measurements(t.Context(), heimdall.MeasurementFilter{Limit: 10})
	r.must(err)
	find := func(query string, want int) {
		t.Helper()
		var page wire.MeasurementPage
		r.get("/api/v1/measurements?" + query).want(200).into(&page)
		if len(page.Measurements) != want {
			t.Errorf("?%s finds %d rows, want %d", query, len(page.Measurements), want)
		}
	}
	find("algorithm_version_not="+recompute.Version, 1)
	find("algorithm_version_not=0", 0)
	csv := r.get("/api/v1/measurements?format=csv&algorithm_version_not=0").want(200)
	if strings.Count(csv.body, "\n") != 1 {
		t.Errorf("the CSV has rows of version 0: %s", csv.body)
	}

	var dry, run, again wire.Recomputation
	r.post(target+"?dry_run=true", "").want(200).into(&dry)
	rows, err := r.store.Measurements(t.Context(), heimdall.MeasurementFilter{Limit: 10})
	r.must(err)
	if diff := cmp.Diff(before, rows); diff != "" || dry.Replaced {
		t.Errorf("a dry run changed the row (-before +after):\n%s", diff)
	}
	r.post(target, "").want(200).into(&run)
	find("algorithm_version_not="+recompute.Version, 0)
	if !run.Replaced || run.OldVersion != "0" || run.NewVersion != recompute.Version || run.TaskID != a.TaskID || run.WebSDRID != 1 {
		t.Errorf("it answers %+v", run)
	}
	if diff := cmp.Diff(dry.Changes, run.Changes); diff != "" {
		t.Errorf("changes (-announced +made):\n%s", diff)
	}
	changes := map[string]wire.MetricChange{}
	for _, c := range run.Changes {
		changes[c.Name] = c
	}
	var page wire.MeasurementPage
	r.get("/api/v1/measurements").want(200).into(&page)
	now := page.Measurements[0]
	if c := changes["power_dbm"]; c.Old != nil || now.PowerDBM == nil || c.New != *now.PowerDBM {
		t.Errorf("power_dbm changed as %+v, and is %v", c, now.PowerDBM)
	}
	if c := changes["algorithm_version"]; c.Old != "0" || c.New != recompute.Version {
		t.Errorf("algorithm_version changed as %+v", c)
	}
	for _, want := range []string{`msg="metrics replaced"`, "acquisition=" + a.TaskID, "websdr=1", "old_version=0", "new_version=" + recompute.Version, "old_snr_db=10", "new_snr_db="} {
		if strings.Count(r.log.String(), want) != 1 {
			t.Errorf("the log does not say %s once: %s", want, r.log)
		}
	}
	r.post(target, "").want(200).into(&again)
	if again.Replaced || len(again.Changes) > 0 || strings.Count(r.log.String(), "metrics replaced") != 1 {
		t.Errorf("the second time it answers %+v and logs %s", again, r.log)
	}
}

func TestARecordingThatCannotBeRecomputedIsNoFaultOfTheServer(t *testing.T) {
	r := newRig(t)
	target, a := r.ofOldVersion()
	before, err := r.store.Measurements(t.Context(), heimdall.MeasurementFilter{Limit: 10})
	r.must(err)
	key := "sessions/" + a.TaskID + "/websdr_1.sigmf-data"
	r.must(r.blobs.Delete(t.Context(), key))
	r.post(target, "").refused(404, "", "no longer in the object store")
	r.put(key, make([]byte, 4800))
	r.post(target, "").refused(409, "", "is damaged")
	r.post("/api/v1/recordings/unknown/1/recompute", "").refused(404, "", "not found")
	r.post(strings.Replace(target, "/1/", "/2/", 1), "").refused(404, "", "not found")
	r.post(target+"?dry=1", "").refused(422, "query.dry", "dry_run")
	r.post(target+"?dry_run=perhaps", "").refused(422, "query.dry_run", "")
	r.do(http.MethodGet, target, "").want(405)
	waiting := r.acquisition(1)
	r.post(fmt.Sprintf("/api/v1/recordings/%s/1/recompute", waiting.TaskID), "").refused(404, "", "has no recording")
	after, err := r.store.Measurements(t.Context(), heimdall.MeasurementFilter{Limit: 10})
	r.must(err)
	if diff := cmp.Diff(before, after); diff != "" {
		t.Errorf("the row changed (-before +after):\n%s", diff)
	}
	if strings.Contains(r.log.String(), "request failed") {
		t.Errorf("the log blames the server: %s", r.log)
	}
}

// leaving is an object store whose caller leaves while it opens an object.
type leaving struct {
	api.Blobs
	leave context.CancelFunc
}

func (l leaving) Open(ctx context.Context, key string) (blob.Object, error) {
	obj, err := l.Blobs.Open(ctx, key)
	l.leave()
	return obj, err
}

func TestACallerWhoLeavesEndsTheRecomputationAndChangesNothing(t *testing.T) {
	r := newRig(t)
	target, _ := r.ofOldVersion()
	ctx, leave := context.WithCancel(t.Context())
	handler := api.New(api.Config{Store: r.store, Blobs: leaving{r.blobs, leave}})
	rec := httptest.NewRecorder()
	handler.ServeHTTP(rec, httptest.NewRequestWithContext(ctx, http.MethodPost, target, nil))
	if rec.Code != 499 {
		t.Errorf("status is %d: %s", rec.Code, rec.Body)
	}
	rows, err := r.store.Measurements(t.Context(), heimdall.MeasurementFilter{Limit: 10})
	r.must(err)
	if rows[0].AlgorithmVersion != "0" {
		t.Error("the row was replaced")
	}
}
