package storetest

import (
	"errors"
	"fmt"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/acquire"
)

// aLease is longer than any test.
const aLease = time.Hour

// aTime is the start of recordings: GPS fits give nanoseconds, databases keep microseconds.
var aTime = time.Date(2026, 11, 21, 12, 0, 0, 123_456_789, time.UTC)

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantErr(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("got error %v, want %v", err, want)
	}
}

// wantInvalid checks that err names field as wrong.
func wantInvalid(t *testing.T, err error, field string) {
	t.Helper()
	var bad *heimdall.InvalidError
	if !errors.As(err, &bad) {
		t.Errorf("got error %v, want an *InvalidError of %s", err, field)
		return
	}
	for _, f := range bad.Fields {
		if strings.HasPrefix(f.Field, field) {
			return
		}
	}
	t.Errorf("got error %v, which does not name %s", err, field)
}

func same[T any](t *testing.T, what string, got, want T) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func aWebSDR(name string) heimdall.WebSDR {
	return heimdall.WebSDR{
		Name: name, Kind: "sim", URL: "sim:///" + url.PathEscape(name), LocationName: "Torino", // no host: any number may be claimed at a time
		LatitudeDeg: 45.044, LongitudeDeg: 7.672, Active: true, Timeout: 30 * time.Second, RetryCount: 3,
	}
}

func createWebSDR(t *testing.T, s Store, w heimdall.WebSDR) heimdall.WebSDR {
	t.Helper()
	w, err := s.CreateWebSDR(t.Context(), w)
	ok(t, err)
	return w
}

// createWebSDRs adds n WebSDRs and returns their ids.
func createWebSDRs(t *testing.T, s Store, n int) []int64 {
	t.Helper()
	before, err := s.WebSDRs(t.Context(), heimdall.WebSDRFilter{})
	ok(t, err)
	list := make([]heimdall.WebSDR, n)
	for i := range list {
		list[i] = aWebSDR(fmt.Sprintf("kiwi %d", len(before)+i+1))
	}
	_, _, err = s.ImportWebSDRs(t.Context(), list)
	ok(t, err)
	after, err := s.WebSDRs(t.Context(), heimdall.WebSDRFilter{})
	ok(t, err)
	var ids []int64
	for _, w := range after[len(before):] {
		ids = append(ids, w.ID)
	}
	return ids
}

func aRequest(ids ...int64) heimdall.Acquisition {
	return heimdall.Acquisition{FrequencyHz: 7_074_000, Duration: 10 * time.Second, WebSDRIDs: ids}
}

func create(t *testing.T, s Store, a heimdall.Acquisition) heimdall.Acquisition {
	t.Helper()
	a, created, err := s.CreateAcquisition(t.Context(), a)
	ok(t, err)
	if !created {
		t.Fatalf("acquisition %s was there already", a.TaskID)
	}
	return a
}

func claim(t *testing.T, s Store) *acquire.Job {
	t.Helper()
	job, err := s.Claim(t.Context(), "worker", aLease, 0)
	ok(t, err)
	return job
}

// claimed creates an acquisition of n new WebSDRs, claims it and has all its captures running.
func claimed(t *testing.T, s Store, n int) *acquire.Job {
	t.Helper()
	a := create(t, s, aRequest(createWebSDRs(t, s, n)...))
	job := claim(t, s)
	if job.TaskID != a.TaskID {
		t.Fatalf("claimed %s, want %s", job.TaskID, a.TaskID)
	}
	return running(t, s, job)
}

func running(t *testing.T, s Store, job *acquire.Job) *acquire.Job {
	t.Helper()
	for i := range job.Captures {
		if !job.Captures[i].State.Ended() {
			job.Captures[i].State = heimdall.Running
			job.Captures[i].Phase = heimdall.PhaseRecording
		}
	}
	ok(t, s.SaveProgress(t.Context(), job.Lease, job.Captures))
	return job
}

// succeeded is c as a success whose every field has a value of its own, with its measurement.
func succeeded(c heimdall.Capture) (heimdall.Capture, *heimdall.Measurement) {
	n := 0
	var r heimdall.Recording
	var m heimdall.Measurement
	fill(reflect.ValueOf(&r).Elem(), &n)
	fill(reflect.ValueOf(&m).Elem(), &n)
	r.S3Path = fmt.Sprintf("sessions/%s/websdr_%d.sigmf-data", c.TaskID, c.WebSDRID)
	r.SHA256 = strings.Repeat("0123456789abcdef", 4)
	r.Start = aTime
	m.TaskID, m.WebSDRID, m.S3Path, m.SamplesCount, m.Timestamp = c.TaskID, c.WebSDRID, r.S3Path, r.SamplesCount, r.Start
	c.State, c.Phase, c.Recording = heimdall.Success, heimdall.PhaseDone, &r
	c.Attempts, c.BytesReceived, c.Elapsed = 2, 480_000, 10*time.Second+time.Nanosecond
	c.StartedAt, c.EndedAt = aTime.Truncate(time.Microsecond), aTime.Add(11*time.Second).Truncate(time.Microsecond)
	return c, &m
}

// asStored is m as it comes back.
func asStored(m *heimdall.Measurement) heimdall.Measurement {
	out := *m
	out.Timestamp = out.Timestamp.Truncate(time.Microsecond)
	return out
}

// fill gives every field of v a value of its own, counting up from n.
func fill(v reflect.Value, n *int) {
	*n++
	switch x := v.Addr().Interface().(type) {
	case *time.Time:
		*x = aTime.Add(time.Duration(*n) * time.Microsecond)
		return
	case *time.Duration:
		*x = time.Duration(*n)*time.Second + 1
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i), n)
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), n)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		fill(v.Index(0), n)
		fill(v.Index(1), n)
	case reflect.String:
		v.SetString(fmt.Sprintf("text %d", *n))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Float64:
		v.SetFloat(float64(*n) + 0.1)
	default:
		v.SetInt(int64(*n))
	}
}

// finish ends every capture of job in the state given for it, in order, and the acquisition with them.
func finish(t *testing.T, s Store, job *acquire.Job, states ...heimdall.State) {
	t.Helper()
	for i, state := range states {
		c, m := job.Captures[i], (*heimdall.Measurement)(nil)
		if c.State = state; state == heimdall.Success {
			c, m = succeeded(c)
		}
		ok(t, s.FinishCapture(t.Context(), job.Lease, c, m))
		job.Captures[i] = c
	}
	ok(t, s.FinishAcquisition(t.Context(), job.Lease, heimdall.Outcome(job.Captures), ""))
}

// measure stores the measurement of a new acquisition by the WebSDRs of ids, each as edit makes it.
func measure(t *testing.T, s Store, ids []int64, edit func(*heimdall.Measurement)) []heimdall.Measurement {
	t.Helper()
	create(t, s, aRequest(ids...))
	job := running(t, s, claim(t, s))
	var out []heimdall.Measurement
	for i, c := range job.Captures {
		c, m := succeeded(c)
		edit(m)
		c.Recording.Start = m.Timestamp
		ok(t, s.FinishCapture(t.Context(), job.Lease, c, m))
		job.Captures[i] = c
		out = append(out, asStored(m))
	}
	ok(t, s.FinishAcquisition(t.Context(), job.Lease, heimdall.Success, ""))
	return out
}

func pointer[T any](v T) *T { return &v }
