package api_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/heimdall-sdr/heimdall"
)

// shape is what a JSON text consists of: keys in order of names, and the types of values.
func shape(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for k, item := range v {
			out[k] = shape(item)
		}
		return out
	case []any:
		if len(v) == 0 {
			return []any{}
		}
		return []any{shape(v[0])}
	case nil:
		return "null"
	}
	return fmt.Sprintf("%T", v)
}

// looksLike compares the shape of an answer with that of an answer of the Python program.
func (a answer) looksLike(original string) {
	a.Helper()
	var got, want any
	for text, v := range map[string]*any{a.body: &got, original: &want} {
		if err := json.Unmarshal([]byte(text), v); err != nil {
			a.Fatalf("%v: %s", err, text)
		}
	}
	if diff := cmp.Diff(shape(want), shape(got)); diff != "" {
		a.Errorf("its clients know another shape (-theirs +ours):\n%s", diff)
	}
}

func TestProgramsOfThePythonHeimdallGoOnWorking(t *testing.T) {
	r := newRig(t)
	for _, name := range []string{"Aquila", "Montanaro"} {
		r.websdr(name, func(w *heimdall.WebSDR) { w.LocationName = "Torino" })
	}
	r.get("/health").want(200).looksLike(`{"status":"healthy","service":"rf-acquisition","version":"0.1.0"}`)
	r.get("/ready").want(200).looksLike(`{"ready":true,"service":"rf-acquisition"}`)
	r.get("/api/v1/acquisition/config").want(200).looksLike(`{"service":"rf-acquisition","version":"0.1.0",
		"capabilities":["simultaneous-acquisition"],"websdrs_count":7,"max_duration_seconds":300,"default_sample_rate_khz":null}`)
	r.get("/api/v1/acquisition/websdrs").want(200).looksLike(`[{"id":1,"name":"Aquila di Giaveno","url":"http://sdr1.ik1jns.it:8076",
		"location_name":"Giaveno, Italy","latitude":45.02,"longitude":7.29,"is_active":true,"timeout_seconds":30,"retry_count":3}]`)
	r.get("/api/v1/acquisition/websdrs/health").want(200).looksLike(`{"1":{"id":1,"name":"a","status":"offline"},"2":{"id":2,"name":"b","status":"offline"}}`)

	made := r.post("/api/v1/acquisition/acquire", `{"frequency_mhz":145.5,"duration_seconds":10,"start_time":"2026-03-01T12:00:00.000000","websdrs":[2,1]}`).want(200)
	made.looksLike(`{"task_id":"e3b0c442","status":"PENDING","message":"Acquisition task queued for 2 WebSDR receivers","frequency_mhz":145.5,"websdrs_count":2}`)
	var task struct {
		TaskID  string `json:"task_id"`
		Status  string
		Message string
	}
	if err := json.Unmarshal([]byte(made.body), &task); err != nil || task.Status != "PENDING" || task.Message != "Acquisition task queued for 2 WebSDR receivers" {
		t.Fatalf("it answers %+v: %v", task, err)
	}
	target := "/api/v1/acquisition/status/" + task.TaskID
	r.get(target).want(200).looksLike(`{"task_id":"e3b0c442","status":"PENDING","progress":0,"message":"m","measurements_collected":0,"errors":null,"result":null}`)

	job := r.claim()
	r.end(job, func(c heimdall.Capture) (heimdall.Capture, *heimdall.Measurement) {
		if c.WebSDRID == 2 {
			return success(job, c)
		}
		c.State, c.FailureClass, c.Reason, c.EndedAt = heimdall.Failed, heimdall.FailBusy, "all slots taken", noon.Add(time.Minute)
		return c, nil
	})
	r.now = noon.Add(time.Hour)
	ended := r.get(target).want(200)
	var status struct {
		Status   string
		Progress float64
		Errors   []string
		Result   struct{ Status, StartTime string }
	}
	if err := json.Unmarshal([]byte(ended.body), &status); err != nil || status.Status != "SUCCESS" || status.Progress != 100 ||
		status.Result.Status != "SUCCESS" || len(status.Errors) != 1 || status.Errors[0] != "WebSDR 1: all slots taken" {
		t.Errorf("it ended as %s", ended.body)
	}
	ended.looksLike(`{"task_id":"e3b0c442","status":"SUCCESS","progress":100,"message":"Acquisition complete","measurements_collected":1,
		"errors":["WebSDR 3: Failed after 3 attempts: "],"result":{"task_id":"e3b0c442","status":"SUCCESS","measurements":[{"websdr_id":1,
		"frequency_mhz":145.5,"sample_rate_khz":12.5,"samples_count":125000,"timestamp_utc":"2026-03-01T12:00:00",
		"metrics":{"snr_db":15.5,"psd_dbm":null,"frequency_offset_hz":null,"signal_power_dbm":null,"noise_power_dbm":null},
		"iq_data_path":"sessions/x/websdr_1.npy"}],"measurements_count":1,"errors":["WebSDR 3: "],"start_time":null,
		"end_time":"2026-03-01T12:01:00","frequency_mhz":145.5,"duration_seconds":10}}`)
	var health map[string]struct{ Status string }
	if err := json.Unmarshal([]byte(r.get("/api/v1/acquisition/websdrs/health").want(200).body), &health); err != nil ||
		health["1"].Status != "offline" || health["2"].Status != "online" {
		t.Errorf("health is %v: %v", health, err)
	}
	for query, want := range map[string]int{"": 1, "?websdr_id=1": 0, "?hours_back=0.5": 0, "?hours_back=0.5&task_id=" + task.TaskID: 1} {
		var list struct{ Count int }
		if err := json.Unmarshal([]byte(r.get("/api/measurements/recent"+query).want(200).body), &list); err != nil || list.Count != want {
			t.Errorf("%s lists %d: %v", query, list.Count, err)
		}
	}
	r.get("/api/measurements/session/" + task.TaskID).want(200)
}

func TestWhatThePythonHeimdallGotWrongIsPutRight(t *testing.T) {
	r := newRig(t)
	r.get("/api/v1/acquisition/status/unknown").refused(404, "", "unknown") // it was PENDING for ever
	r.post("/api/v1/acquisition/acquire", `{"frequency_mhz":145.5,"duration_seconds":10,"websdrs":[9]}`).refused(422, "body.websdrs", "unknown ids 9")
	r.post("/api/v1/acquisition/acquire", `{"frequency_mhz":145.5,"duration_seconds":10,"start_time":"tomorrow"}`).refused(422, "body.start_time", "such as")
	r.post("/api/v1/acquisition/acquire", `{"frequency_mhz":-1,"duration_seconds":10}`).refused(422, "body.frequency_mhz", "above 0")
	r.get("/api/measurements/session/unknown").refused(404, "", "unknown")
	r.websdr("One")
	r.post("/api/v1/acquisition/acquire", `{"frequency_mhz":145.5,"duration_seconds":10,"websdrs":[]}`).want(200) // none means all
	job := r.claim()
	r.end(job, func(c heimdall.Capture) (heimdall.Capture, *heimdall.Measurement) {
		c.State, c.EndedAt = heimdall.Failed, noon.Add(time.Minute)
		return c, nil
	})
	var status struct {
		Status string
		Result struct{ Status string }
	}
	body := r.get("/api/v1/acquisition/status/" + job.TaskID).want(200).body
	if err := json.Unmarshal([]byte(body), &status); err != nil || status.Status != "FAILURE" || status.Result.Status != "PARTIAL_FAILURE" {
		t.Errorf("an acquisition without any measurement is %s", body)
	}
}
