package api_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/api/wire"
)

func TestAskingForAnAcquisitionStoresIt(t *testing.T) {
	r := newRig(t)
	w1, w2 := r.websdr("One"), r.websdr("Two")
	a := r.post("/api/v1/acquisitions", fmt.Sprintf(`{"frequency_mhz":145.500001,"duration_seconds":12.5,"websdrs":[%d,%d],
		"sample_rate_khz":12,"channel_center_hz":-250,"channel_bandwidth_hz":8000,"join_timeout_seconds":3,"label":"beacon","start_time":"2026-03-01T13:00:05.25+01:00"}`, w2.ID, w1.ID)).want(202)
	var got wire.Acquisition
	a.into(&got)
	if a.header.Get("Location") != "/api/v1/acquisitions/"+got.TaskID {
		t.Errorf("Location is %q", a.header.Get("Location"))
	}
	stored, captures, err := r.store.Acquisition(t.Context(), got.TaskID)
	r.must(err)
	want := heimdall.Acquisition{
		TaskID: got.TaskID, Label: "beacon", FrequencyHz: 145_500_001, Duration: 12500 * time.Millisecond, SampleRateHz: 12000,
		ChannelCenterHz: -250, ChannelBandwidthHz: 8000, StartAt: noon.Add(5250 * time.Millisecond), JoinTimeout: 3 * time.Second,
		WebSDRIDs: []int64{w2.ID, w1.ID}, State: heimdall.Pending, CreatedAt: noon,
	}
	if diff := cmp.Diff(want, stored); diff != "" {
		t.Errorf("stored another acquisition (-want +got):\n%s", diff)
	}
	if len(captures) != 2 {
		t.Errorf("%d captures are stored, want 2", len(captures))
	}
	var shown wire.Acquisition
	r.get(got.Links.Self).want(200).into(&shown)
	if shown.CapturesTotal != 2 || len(shown.Captures) != 2 || shown.Progress != 0 {
		t.Errorf("shown as %d captures, %d listed, progress %g", shown.CapturesTotal, len(shown.Captures), shown.Progress)
	}
	if diff := cmp.Diff(stored, shown.Root()); diff != "" {
		t.Errorf("shown otherwise than stored (-stored +shown):\n%s", diff)
	}
}

func TestWithoutWebSDRsAllThatCanTuneTheFrequencyAreTaken(t *testing.T) {
	r := newRig(t)
	fits := r.websdr("Fits")
	r.websdr("Asleep", func(w *heimdall.WebSDR) { w.Active = false })
	r.websdr("Shortwave", func(w *heimdall.WebSDR) { w.FrequencyMinHz, w.FrequencyMaxHz = 1, 30_000_000 })
	r.websdr("Spectrum", func(w *heimdall.WebSDR) { w.Kind, w.URL = "openwebrx", "http://spectrum.example" })
	var a wire.Acquisition
	r.post("/api/v1/acquisitions", `{"frequency_mhz":145.5,"duration_seconds":10,"websdrs":null}`).want(202).into(&a)
	if diff := cmp.Diff([]int64{fits.ID}, a.WebSDRs); diff != "" {
		t.Errorf("took other WebSDRs (-want +got):\n%s", diff)
	}
	r.post("/api/v1/acquisitions", `{"frequency_mhz":290000,"duration_seconds":10}`).want(202)
	r.must(r.disable(fits))
	r.post("/api/v1/acquisitions", `{"frequency_mhz":145.5,"duration_seconds":10}`).refused(422, "body.websdrs", "no active WebSDR can tune 145.5 MHz")
}

func (r *rig) disable(w heimdall.WebSDR) error {
	w.Active = false
	_, err := r.store.UpdateWebSDR(r.Context(), w)
	return err
}

func TestABadRequestIsRefusedByFieldAndNothingIsStored(t *testing.T) {
	r := newRig(t)
	r.websdr("One")
	r.websdr("Asleep", func(w *heimdall.WebSDR) { w.Active = false })
	r.websdr("Shortwave", func(w *heimdall.WebSDR) { w.FrequencyMinHz, w.FrequencyMaxHz = 1, 30_000_000 })
	for _, c := range []struct {
		name, body        string
		status            int
		location, message string
	}{
		{"no frequency", `{"duration_seconds":10,"websdrs":[1]}`, 422, "body", "frequency_mhz"},
		{"no body", ``, 400, "", "body is required"},
		{"no JSON", `{`, 400, "body", "JSON"},
		{"a list", `[]`, 422, "body", "object"},
		{"NaN", `{"frequency_mhz":NaN,"duration_seconds":10,"websdrs":[1]}`, 400, "body", "invalid character"},
		{"an infinite number", `{"frequency_mhz":1e999,"duration_seconds":10,"websdrs":[1]}`, 400, "body", "frequency_mhz is a number too large"},
		{"a huge number", `{"frequency_mhz":1e300,"duration_seconds":10,"websdrs":[1]}`, 422, "body.frequency_mhz", "at most 300000 MHz"},
		{"a text for a number", `{"frequency_mhz":"145.5","duration_seconds":10,"websdrs":[1]}`, 422, "body.frequency_mhz", "expected number"},
		{"a negative frequency", `{"frequency_mhz":-1,"duration_seconds":10,"websdrs":[1]}`, 422, "body.frequency_mhz", "above 0"},
		{"less than half a hertz", `{"frequency_mhz":4e-7,"duration_seconds":10,"websdrs":[1]}`, 422, "body.frequency_mhz", "above 0"},
		{"no time at all", `{"frequency_mhz":145.5,"duration_seconds":0,"websdrs":[1]}`, 422, "body.duration_seconds", "0.01"},
		{"for ever", `{"frequency_mhz":145.5,"duration_seconds":1e12,"websdrs":[1]}`, 422, "body.duration_seconds", "3600"},
		{"a rate that rounds to zero", `{"frequency_mhz":145.5,"duration_seconds":10,"websdrs":[1],"sample_rate_khz":1e-6}`, 422, "body.sample_rate_khz", "above 0"},
		{"a bandwidth beyond the rate", `{"frequency_mhz":145.5,"duration_seconds":10,"websdrs":[1],"sample_rate_khz":12,"channel_bandwidth_hz":12001}`, 422, "body.channel_bandwidth_hz", "sample rate"},
		{"yesterday", `{"frequency_mhz":145.5,"duration_seconds":10,"websdrs":[1],"start_time":"2026-02-28T12:00:00Z"}`, 422, "body.start_time", "past"},
		{"a time without a zone", `{"frequency_mhz":145.5,"duration_seconds":10,"websdrs":[1],"start_time":"2026-03-01T12:00:00"}`, 422, "body.start_time", "date-time"},
		{"an unknown field", `{"frequency_mhz":145.5,"duration_seconds":10,"websdrs":[1],"durationSeconds":5}`, 422, "body.durationSeconds", "unexpected"},
		{"an empty list", `{"frequency_mhz":145.5,"duration_seconds":10,"websdrs":[]}`, 422, "body.websdrs", "at least one"},
		{"a WebSDR twice", `{"frequency_mhz":145.5,"duration_seconds":10,"websdrs":[1,1]}`, 422, "body.websdrs", "twice"},
		{"an unknown WebSDR", `{"frequency_mhz":145.5,"duration_seconds":10,"websdrs":[1,77]}`, 422, "body.websdrs", "77"},
		{"an inactive WebSDR", `{"frequency_mhz":145.5,"duration_seconds":10,"websdrs":[2]}`, 422, "body.websdrs", "inactive"},
		{"one that cannot tune there", `{"frequency_mhz":145.5,"duration_seconds":10,"websdrs":[1,3]}`, 422, "body.frequency_mhz", "Shortwave"},
		{"two things at once", `{"frequency_mhz":0,"duration_seconds":10,"websdrs":[77]}`, 422, "body.websdrs", "77"},
		{"a label too long", `{"frequency_mhz":145.5,"duration_seconds":10,"websdrs":[1],"label":"` + strings.Repeat("x", 201) + `"}`, 422, "body.label", "200"},
		{"a body too long", `{"label":"` + strings.Repeat("x", 2<<20) + `"}`, 413, "", "too large"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := *r
			r.T = t
			for _, key := range []string{"", "key of " + c.name} {
				var header []string
				if key != "" {
					header = []string{"Idempotency-Key", key}
				}
				r.post("/api/v1/acquisitions", c.body, header...).refused(c.status, c.location, c.message)
			}
		})
	}
	list, err := r.store.Acquisitions(t.Context(), heimdall.AcquisitionFilter{Limit: 10})
	r.must(err)
	if len(list) != 0 {
		t.Errorf("%d acquisitions were stored", len(list))
	}
}

func TestARepeatWithItsKeyIsTheSameAcquisition(t *testing.T) {
	r := newRig(t)
	r.websdr("One")
	const body = `{"frequency_mhz":145.5,"duration_seconds":10,"websdrs":[1],"start_time":"2026-03-01T12:00:05Z"}`
	var first, again wire.Acquisition
	r.post("/api/v1/acquisitions", body, "Idempotency-Key", "k").want(202).into(&first)
	a := r.post("/api/v1/acquisitions", body, "Idempotency-Key", "k").want(200)
	a.into(&again)
	if diff := cmp.Diff(first, again); diff != "" || a.header.Get("Location") != first.Links.Self {
		t.Errorf("the repeat differs (-first +again):\n%s", diff)
	}
	r.now = noon.Add(time.Hour) // the start has passed: the request would not be valid by itself any more
	r.post("/api/v1/acquisitions", body, "Idempotency-Key", "k").want(200).into(&again)
	if again.TaskID != first.TaskID {
		t.Errorf("an hour later the repeat is acquisition %s, want %s", again.TaskID, first.TaskID)
	}
	r.post("/api/v1/acquisitions", body, "Idempotency-Key", "other").refused(422, "body.start_time", "past")
	r.post("/api/v1/acquisitions", `{"frequency_mhz":145.6,"duration_seconds":10,"websdrs":[1]}`, "Idempotency-Key", "k").refused(409, "", "another request")
}

func TestAcquisitionsAreListedNewestFirstInPages(t *testing.T) {
	r := newRig(t)
	r.websdr("One")
	var want []string
	for i := range 5 {
		r.now = noon.Add(time.Duration(i) * time.Minute)
		want = append([]string{r.acquisition(1).TaskID}, want...)
	}
	r.do(http.MethodPost, "/api/v1/acquisitions/"+want[4]+"/cancel", "").want(202)
	var got []string
	cursor := ""
	for range 10 {
		var page wire.AcquisitionPage
		r.get("/api/v1/acquisitions?limit=2" + cursor).want(200).into(&page)
		for _, a := range page.Acquisitions {
			got = append(got, a.TaskID)
		}
		if page.NextCursor == nil {
			break
		}
		cursor = "&cursor=" + *page.NextCursor
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("pages skip or repeat (-want +got):\n%s", diff)
	}
	for _, c := range []struct {
		query string
		want  int
	}{
		{"state=cancelled", 1}, {"state=pending", 4}, {"state=pending&state=cancelled", 5}, {"state=success", 0},
		{"from=2026-03-01T12:03:00Z", 2}, {"to=2026-03-01T12:01:00Z", 1}, {"from=2026-03-01T12:01:00Z&to=2026-03-01T12:03:00Z", 2},
	} {
		var page wire.AcquisitionPage
		r.get("/api/v1/acquisitions?" + c.query).want(200).into(&page)
		if len(page.Acquisitions) != c.want {
			t.Errorf("?%s lists %d, want %d", c.query, len(page.Acquisitions), c.want)
		}
	}
}

func TestProgressCountsEndedCapturesAndRecordedSeconds(t *testing.T) {
	r := newRig(t)
	r.websdr("One")
	r.websdr("Two")
	a := r.acquisition(1, 2)
	job := r.claim()
	c := job.Captures[1]
	c.State, c.Phase, c.Attempts, c.Elapsed, c.BytesReceived, c.StartedAt = heimdall.Running, heimdall.PhaseRecording, 2, 5*time.Second, 240_000, noon
	r.must(r.store.SaveProgress(t.Context(), job.Lease, []heimdall.Capture{c}))
	failed := job.Captures[0]
	failed.State, failed.Phase, failed.FailureClass, failed.Reason, failed.EndedAt = heimdall.Failed, heimdall.PhaseDone, heimdall.FailBusy, "all slots are taken", noon
	r.must(r.store.FinishCapture(t.Context(), job.Lease, failed, nil))
	var page wire.AcquisitionPage
	r.get("/api/v1/acquisitions").want(200).into(&page)
	if got := page.Acquisitions[0]; got.Progress != 0.75 || got.CapturesEnded != 1 || got.CapturesTotal != 2 || got.State != heimdall.Running || got.Captures != nil {
		t.Errorf("listed as %+v", got)
	}
	var shown wire.Acquisition
	r.get("/api/v1/acquisitions/" + a.TaskID).want(200).into(&shown)
	if got := shown.Captures[0]; got.FailureClass != heimdall.FailBusy || got.Reason != "all slots are taken" || got.Recording != nil {
		t.Errorf("the failed capture shows as %+v", got)
	}
	if got := shown.Captures[1]; got.ElapsedSeconds != 5 || got.BytesReceived != 240_000 || got.Attempts != 2 {
		t.Errorf("the running capture shows as %+v", got)
	}
}

func TestCancellingEndsAnAcquisitionOnce(t *testing.T) {
	r := newRig(t)
	r.websdr("One")
	a := r.acquisition(1)
	var got wire.Acquisition
	r.post(a.Links.Cancel, "").want(202).into(&got)
	if got.State != heimdall.Cancelled || !got.CancelRequested || got.Progress != 1 {
		t.Errorf("after cancelling it is %+v", got)
	}
	r.post(a.Links.Cancel, "").refused(409, "", "has ended")
	r.post("/api/v1/acquisitions/unknown/cancel", "").refused(404, "", "not found")
	r.get("/api/v1/acquisitions/unknown").refused(404, "", "not found")
}
