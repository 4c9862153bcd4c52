package api_test

import (
	"encoding/csv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/api/wire"
)

const marchFirst = "?from=2026-03-01T00:00:00Z&to=2026-03-02T00:00:00Z"

// twoFared is two WebSDRs that recorded, one with SNR 10 dB and one with 20 dB, and one that failed.
func (r *rig) twoFared() {
	r.Helper()
	for _, name := range []string{"One", "Two", "Three"} {
		r.websdr(name)
	}
	r.acquisition(1, 2, 3)
	job := r.claim()
	r.end(job, func(c heimdall.Capture) (heimdall.Capture, *heimdall.Measurement) {
		if c.WebSDRID < 3 {
			return success(job, c)
		}
		c.State, c.Attempts, c.FailureClass, c.Reason = heimdall.Failed, 4, heimdall.FailBusy, "all slots taken"
		c.StartedAt, c.EndedAt = noon, noon.Add(time.Minute)
		return c, nil
	})
}

func TestStatisticsSayWhatTheRowsSay(t *testing.T) {
	r := newRig(t)
	r.twoFared()

	var snr wire.SNRStatistics
	r.get("/api/v1/statistics/snr" + marchFirst).want(200).into(&snr)
	ten, twenty := 10.0, 20.0
	want := []wire.SNRPoint{
		{Start: noon, WebSDRID: 1, Measurements: 1, SNR: wire.SNR{SNRCount: 1, SNRMeanDB: &ten, SNRMinDB: &ten, SNRMaxDB: &ten}},
		{Start: noon, WebSDRID: 2, Measurements: 1, Detected: 1, SNR: wire.SNR{SNRCount: 1, SNRMeanDB: &twenty, SNRMinDB: &twenty, SNRMaxDB: &twenty}},
	}
	if diff := cmp.Diff(want, snr.Points); diff != "" || snr.Bucket != "1h" {
		t.Errorf("SNR by %s (-want +got):\n%s", snr.Bucket, diff)
	}
	if snr.RollupFrom == nil || !snr.RollupFrom.Equal(noon.Add(-12*time.Hour)) || snr.RowsDeleted {
		t.Errorf("basis is %+v", snr.Basis)
	}

	var fared wire.WebSDRStatistics
	r.get("/api/v1/statistics/websdrs" + marchFirst + "&websdr_id=3").want(200).into(&fared)
	if len(fared.WebSDRs) != 1 || len(fared.Labels) != 1 {
		t.Fatalf("performance is %+v", fared)
	}
	p := fared.WebSDRs[0]
	if p.WebSDRID != 3 || p.Captures != 1 || p.Attempts != 4 || p.Failures["busy"] != 1 || p.SuccessShare == nil || *p.SuccessShare != 0 {
		t.Errorf("the WebSDR that failed fared %+v", p)
	}
	if p.SNRMeanDB != nil || p.SNRCount != 0 || p.DetectedShare != nil || p.LastSuccessAt != nil {
		t.Errorf("numbers of nothing were invented: %+v", p)
	}

	var covered wire.CoverageStatistics
	r.get("/api/v1/statistics/coverage" + marchFirst).want(200).into(&covered)
	if len(covered.Days) != 3 || covered.Days[0].Successes != 1 || *covered.Days[0].TimeShare != 4/12001.135/86400 {
		t.Errorf("coverage is %+v", covered.Days)
	}

	var sessions wire.SessionStatistics
	r.get("/api/v1/statistics/sessions" + marchFirst).want(200).into(&sessions)
	if sessions.Acquisitions != 1 || sessions.AcquisitionsByState["partial"] != 1 || sessions.Captures != 3 || sessions.SNRCount != 2 || *sessions.SNRMeanDB != 15 {
		t.Errorf("sessions are %+v", sessions)
	}

	var latest wire.LatestStatistics
	r.get("/api/v1/statistics/latest?websdr_id=2&websdr_id=3").want(200).into(&latest)
	if len(latest.Measurements) != 1 || latest.Measurements[0].WebSDRID != 2 {
		t.Errorf("latest are %+v", latest.Measurements)
	}

	var occupied wire.OccupancyStatistics
	r.get("/api/v1/statistics/spectrum-occupancy" + marchFirst).want(200).into(&occupied)
	if len(occupied.Channels) != 1 || occupied.Channels[0].FrequencyMHz != 145.5 || *occupied.Channels[0].Points[0].OccupiedShare != 0.5 {
		t.Errorf("occupancy is %+v", occupied)
	}

	var drift wire.DriftStatistics
	r.get("/api/v1/statistics/frequency-drift" + marchFirst + "&bucket=1d").want(200).into(&drift)
	if drift.Series == nil || len(drift.Series) != 0 || drift.Bucket != "1d" {
		t.Errorf("a drift without carriers is %+v", drift)
	}
}

func TestStatisticsOfCarriersHaveALineOfCSVForEachPoint(t *testing.T) {
	r := newRig(t)
	r.websdr("One")
	for i := range 3 {
		r.acquisition(1)
		job := r.claim()
		r.end(job, func(c heimdall.Capture) (heimdall.Capture, *heimdall.Measurement) {
			c, m := success(job, c)
			m.FrequencyOffsetHz, m.FrequencyMethod = new(float64(10*i)), new("carrier")
			c.Recording.Start = c.Recording.Start.Add(time.Duration(i) * time.Hour)
			m.Timestamp = c.Recording.Start.Truncate(time.Microsecond)
			return c, m
		})
	}
	var drift wire.DriftStatistics
	r.get("/api/v1/statistics/frequency-drift" + marchFirst).want(200).into(&drift)
	if s := drift.Series; len(s) != 1 || s[0].FrequencyMHz != 145.5 || s[0].OffsetCount != 3 || *s[0].OffsetMeanHz != 10 || *s[0].SlopeHzPerDay != 240 {
		t.Fatalf("drift is %+v", s)
	}
	lines, err := csv.NewReader(strings.NewReader(r.get("/api/v1/statistics/frequency-drift"+marchFirst, "Accept", "text/csv").want(200).body)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	want := [][]string{
		{"websdr_id", "frequency_mhz", "start", "offset_count", "offset_mean_hz", "offset_std_hz", "offset_min_hz", "offset_max_hz"},
		{"1", "145.5", "2026-03-01T12:00:00Z", "1", "0", "", "0", "0"},
		{"1", "145.5", "2026-03-01T13:00:00Z", "1", "10", "", "10", "10"},
		{"1", "145.5", "2026-03-01T14:00:00Z", "1", "20", "", "20", "20"},
	}
	if diff := cmp.Diff(want, lines); diff != "" {
		t.Errorf("CSV (-want +got):\n%s", diff)
	}
}

func TestEveryStatisticIsAlsoCSVWithTheNamesOfItsJSON(t *testing.T) {
	r := newRig(t)
	r.twoFared()
	for path, lines := range map[string]int{"snr": 3, "frequency-drift": 1, "websdrs": 4, "coverage": 4, "sessions": 2, "latest": 3, "spectrum-occupancy": 2, "noise": 3, "clocks": 1} {
		query := marchFirst + "&format=csv"
		if path == "latest" {
			query = "?format=csv"
		}
		a := r.get("/api/v1/statistics/" + path + query).want(200)
		got, err := csv.NewReader(strings.NewReader(a.body)).ReadAll()
		if err != nil || len(got) != lines {
			t.Errorf("%s has %d lines, want %d (%v):\n%s", path, len(got), lines, err, a.body)
		}
	}
	body := r.get("/api/v1/statistics/websdrs" + marchFirst + "&format=csv").want(200).body
	if !strings.Contains(body, ",busy=1,0,") { // failures, success_share
		t.Errorf("failures are not told by class:\n%s", body)
	}
}

func TestAnAnswerThatIsKnownIsNotSentAgain(t *testing.T) {
	r := newRig(t)
	r.twoFared()
	for _, path := range []string{"snr", "frequency-drift", "websdrs", "coverage", "sessions", "latest", "noise", "clocks"} {
		target := "/api/v1/statistics/" + path
		first := r.get(target).want(200)
		tag := first.header.Get("ETag")
		if tag == "" || first.header.Get("Cache-Control") != "private, no-cache" {
			t.Errorf("%s has ETag %q and Cache-Control %q", path, tag, first.header.Get("Cache-Control"))
		}
		if again := r.get(target, "If-None-Match", `"other", W/`+tag).want(304); again.body != "" {
			t.Errorf("%s sent %q once more", path, again.body)
		}
		r.get(target, "If-None-Match", `"other"`).want(200)
		r.get(target, "If-None-Match", tag, "Accept", "text/csv").want(200) // the same numbers, in other words
	}
	tag := r.get("/api/v1/statistics/latest").header.Get("ETag")
	r.measured(3)
	r.get("/api/v1/statistics/latest", "If-None-Match", tag).want(200)
}

func TestAQuestionWithoutARangeIsAboutTheLastWeek(t *testing.T) {
	r := newRig(t)
	r.now = noon.Add(20 * time.Minute)
	var snr wire.SNRStatistics
	r.get("/api/v1/statistics/snr").want(200).into(&snr)
	if !snr.To.Equal(noon.Add(time.Hour)) || !snr.From.Equal(snr.To.AddDate(0, 0, -7)) || snr.Bucket != "1h" {
		t.Errorf("range is %v to %v by %s", snr.From, snr.To, snr.Bucket)
	}
	r.get("/api/v1/statistics/snr?from=2026-01-01T00:00:00Z").want(200).into(&snr)
	if snr.Bucket != "1d" {
		t.Errorf("two months are divided by %s", snr.Bucket)
	}
}

func TestAWrongQuestionNamesItsField(t *testing.T) {
	r := newRig(t)
	for query, location := range map[string]string{
		"from=2026-03-02T00:00:00Z&to=2026-03-01T00:00:00Z":           "query.to",
		"from=2020-03-02T00:00:00Z&to=2026-03-01T00:00:00Z&bucket=1h": "query.to",
		"frequency_min_mhz=146&frequency_max_mhz=145":                 "query.frequency_max_mhz",
		"frequency_min_mhz=NaN":                                       "query.frequency_min_mhz",
		"bucket=hour":                                                 "query.bucket",
		"websdr_id=0":                                                 "query.websdr_id[0]",
		"frequency=5":                                                 "query.frequency",
	} {
		r.get("/api/v1/statistics/snr?"+query).refused(422, location, "")
	}
}
