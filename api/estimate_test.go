package api_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/heimdall-sdr/heimdall/api/wire"
)

func TestAnEstimateSaysWhatIsNotKnown(t *testing.T) {
	r := newRig(t)
	r.twoFared() // the third has no recording
	var last wire.CapturePage
	r.get("/api/v1/captures?websdr_id=1").want(200).into(&last)
	recording := last.Captures[0].Recording
	perSample := recording.Bytes / recording.SamplesCount

	var got wire.Estimate
	r.get("/api/v1/acquisitions/estimate?websdr_id=3&websdr_id=1&websdr_id=2&websdr_id=1&duration_seconds=2.5&sample_rate_khz=48").want(200).into(&got)
	each := perSample * 48_000 * 5 / 2
	want := wire.Estimate{Bytes: 2 * each, Known: 2, Unknown: 1, WebSDRs: []wire.WebSDREstimate{{WebSDRID: 1, Bytes: &each}, {WebSDRID: 2, Bytes: &each}, {WebSDRID: 3}}}
	if diff := cmp.Diff(want, got); diff != "" || each == 0 {
		t.Errorf("estimate (-want +got):\n%s", diff)
	}
	r.get("/api/v1/acquisitions/estimate?websdr_id=99&duration_seconds=1").want(404)
	r.get("/api/v1/acquisitions/estimate?duration_seconds=1").want(422)
}
