package storetest

import (
	"fmt"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/heimdall-sdr/heimdall"
)

var acquisitions = []promise{
	{"creating makes one pending capture per WebSDR", createMakesCaptures},
	{"creating with a WebSDR that cannot take part stores nothing", createAllOrNothing},
	{"every field of the request comes back, times to the microsecond", requestComesBack},
	{"the id given is the id kept, and one not given is a UUIDv7", taskIDs},
	{"a repeat with the same idempotency key is the same acquisition, also when sent at once", idempotentCreate},
	{"another request under a used idempotency key is ErrConflict", idempotencyConflict},
	{"an unknown acquisition is ErrNotFound", unknownAcquisition},
	{"lists are newest first, and pages do not skip or repeat while rows arrive", pageAcquisitions},
	{"lists are filtered by state and time, from included and to not", filterAcquisitions},
	{"lists are filtered by a part of the label, A to Z whatever their case", filterLabels},
	{"a page without a sensible limit or with an unknown cursor is refused", badPages},
	{"cancelling a pending acquisition ends it with its captures", cancelPending},
	{"cancelling a running acquisition is seen at the next Extend", cancelRunning},
	{"cancelling what has ended is ErrConflict", cancelEnded},
	{"cancelling what was handed back after a success leaves the end to a worker, at once", cancelHandedBack},
}

func createMakesCaptures(t *testing.T, s Store) {
	ids := createWebSDRs(t, s, 3)
	asked := []int64{ids[2], ids[0], ids[1]}
	a := create(t, s, aRequest(asked...))
	if a.State != heimdall.Pending || a.CreatedAt.IsZero() || !a.StartedAt.IsZero() || a.Claims != 0 {
		t.Errorf("a new acquisition is %+v", a)
	}
	got, list, err := s.Acquisition(t.Context(), a.TaskID)
	ok(t, err)
	same(t, "as read", got, a)
	same(t, "WebSDRs, in the order asked for", got.WebSDRIDs, asked)
	var want []heimdall.Capture
	for _, id := range ids {
		want = append(want, heimdall.Capture{TaskID: a.TaskID, WebSDRID: id, State: heimdall.Pending, Phase: heimdall.PhaseWaiting})
	}
	same(t, "captures, in order of id", list, want)
}

func createAllOrNothing(t *testing.T, s Store) {
	ids := createWebSDRs(t, s, 2)
	spectrum := aWebSDR("spectrum only")
	spectrum.Kind, spectrum.URL = "openwebrx", "http://spectrum.example:8073"
	noIQ := createWebSDR(t, s, spectrum)
	for _, bad := range []int64{999, noIQ.ID} {
		_, created, err := s.CreateAcquisition(t.Context(), aRequest(ids[0], ids[1], bad))
		wantInvalid(t, err, "websdrs")
		if created {
			t.Error("a refused acquisition says that it was created")
		}
	}
	shortwave := aWebSDR("short wave")
	shortwave.FrequencyMinHz, shortwave.FrequencyMaxHz = 1_000, 32_000_000
	beyond := aRequest(createWebSDR(t, s, shortwave).ID)
	beyond.FrequencyHz = 145_500_000
	_, _, err := s.CreateAcquisition(t.Context(), beyond)
	wantInvalid(t, err, "frequency_mhz")
	_, _, err = s.CreateAcquisition(t.Context(), aRequest())
	wantInvalid(t, err, "websdrs")

	as, err := s.Acquisitions(t.Context(), heimdall.AcquisitionFilter{Limit: 10})
	ok(t, err)
	cs, err := s.Captures(t.Context(), heimdall.CaptureFilter{Limit: 10})
	ok(t, err)
	if len(as) != 0 || len(cs) != 0 {
		t.Errorf("%d acquisitions and %d captures are left behind", len(as), len(cs))
	}
}

func requestComesBack(t *testing.T, s Store) {
	start := time.Now().Add(time.Hour).UTC().Truncate(time.Second).Add(123_456_789)
	want := heimdall.Acquisition{
		TaskID: newID(), IdempotencyKey: "key", Label: "7 MHz beacon", FrequencyHz: 7_073_999, Duration: 10*time.Second + 1,
		SampleRateHz: 12_001, ChannelCenterHz: -1500.25, ChannelBandwidthHz: 500.1, StartAt: start,
		JoinTimeout: 1500 * time.Millisecond, WebSDRIDs: createWebSDRs(t, s, 1), State: heimdall.Pending,
	}
	got := create(t, s, want)
	want.StartAt, want.CreatedAt = start.Truncate(time.Microsecond), got.CreatedAt
	same(t, "as created", got, want)
	got, _, err := s.Acquisition(t.Context(), want.TaskID)
	ok(t, err)
	same(t, "as read", got, want)
	if d := time.Since(got.CreatedAt); d < 0 || d > time.Minute || got.CreatedAt.Location() != time.UTC {
		t.Errorf("created at %v", got.CreatedAt)
	}
}

func taskIDs(t *testing.T, s Store) {
	ids := createWebSDRs(t, s, 1)
	a := aRequest(ids...)
	a.TaskID = newID()
	if got := create(t, s, a); got.TaskID != a.TaskID {
		t.Errorf("id %s was asked for, %s given", a.TaskID, got.TaskID)
	}
	_, _, err := s.CreateAcquisition(t.Context(), a)
	wantErr(t, err, heimdall.ErrExists)

	got := create(t, s, aRequest(ids...))
	if id, err := uuid.Parse(got.TaskID); err != nil || id.Version() != 7 {
		t.Errorf("id %q was given, which is no UUIDv7", got.TaskID)
	}
}

func idempotentCreate(t *testing.T, s Store) {
	a := aRequest(createWebSDRs(t, s, 2)...)
	a.IdempotencyKey = "once"
	const senders = 16
	var got [senders]heimdall.Acquisition
	var created [senders]bool
	var errs [senders]error
	var group sync.WaitGroup
	for i := range senders {
		group.Go(func() { got[i], created[i], errs[i] = s.CreateAcquisition(t.Context(), a) })
	}
	group.Wait()
	n := 0
	for i := range senders {
		ok(t, errs[i])
		same(t, "every answer", got[i], got[0])
		if created[i] {
			n++
		}
	}
	all, err := s.Acquisitions(t.Context(), heimdall.AcquisitionFilter{Limit: 10})
	ok(t, err)
	if n != 1 || len(all) != 1 {
		t.Errorf("%d senders were told that they created it, and there are %d", n, len(all))
	}

	finish(t, s, running(t, s, claim(t, s)), heimdall.Failed, heimdall.Success)
	later, again, err := s.CreateAcquisition(t.Context(), a)
	ok(t, err)
	if again || later.TaskID != got[0].TaskID || later.State != heimdall.Partial {
		t.Errorf("after its end the repeat gives %+v, created %v", later, again)
	}
}

func idempotencyConflict(t *testing.T, s Store) {
	ids := createWebSDRs(t, s, 2)
	a := aRequest(ids...)
	a.IdempotencyKey = "once"
	create(t, s, a)
	for what, change := range map[string]func(*heimdall.Acquisition){
		"label":     func(b *heimdall.Acquisition) { b.Label = "other" },
		"frequency": func(b *heimdall.Acquisition) { b.FrequencyHz++ },
		"duration":  func(b *heimdall.Acquisition) { b.Duration++ },
		"rate":      func(b *heimdall.Acquisition) { b.SampleRateHz = 12_000 },
		"centre":    func(b *heimdall.Acquisition) { b.ChannelCenterHz = 1 },
		"bandwidth": func(b *heimdall.Acquisition) { b.ChannelBandwidthHz = 1 },
		"start":     func(b *heimdall.Acquisition) { b.StartAt = time.Now() },
		"join":      func(b *heimdall.Acquisition) { b.JoinTimeout = 1 },
		"WebSDRs":   func(b *heimdall.Acquisition) { b.WebSDRIDs = ids[:1] },
		"order":     func(b *heimdall.Acquisition) { b.WebSDRIDs = []int64{ids[1], ids[0]} },
	} {
		b := a
		change(&b)
		if _, _, err := s.CreateAcquisition(t.Context(), b); err == nil {
			t.Errorf("a request with another %s was taken for a repeat", what)
		} else {
			wantErr(t, err, heimdall.ErrConflict)
		}
	}
}

func unknownAcquisition(t *testing.T, s Store) {
	_, _, err := s.Acquisition(t.Context(), newID())
	wantErr(t, err, heimdall.ErrNotFound)
	_, err = s.CancelAcquisition(t.Context(), newID())
	wantErr(t, err, heimdall.ErrNotFound)
}

func pageAcquisitions(t *testing.T, s Store) {
	ids := createWebSDRs(t, s, 1)
	var want []string
	for range 7 {
		want = append(want, create(t, s, aRequest(ids...)).TaskID)
	}
	slices.Reverse(want)
	var got []string
	for f := (heimdall.AcquisitionFilter{Limit: 3}); ; {
		page, err := s.Acquisitions(t.Context(), f)
		ok(t, err)
		for i, a := range page {
			got = append(got, a.TaskID)
			if i > 0 && a.CreatedAt.After(page[i-1].CreatedAt) {
				t.Errorf("%v comes after %v", a.CreatedAt, page[i-1].CreatedAt)
			}
		}
		if len(page) < f.Limit {
			break
		}
		f.After = page[len(page)-1].TaskID
		create(t, s, aRequest(ids...)) // newer than any page still to come
	}
	slices.Sort(want) // within one microsecond the order is that of the ids
	slices.Sort(got)
	same(t, "ids on all pages", got, want)
}

func filterAcquisitions(t *testing.T, s Store) {
	ids := createWebSDRs(t, s, 1)
	var as []heimdall.Acquisition
	for range 3 {
		as = append(as, create(t, s, aRequest(ids...)))
		for time.Since(as[len(as)-1].CreatedAt) < 2*time.Microsecond { // so that no two have the same created_at
			runtime.Gosched()
		}
	}
	_, err := s.CancelAcquisition(t.Context(), as[1].TaskID)
	ok(t, err)
	for _, q := range []struct {
		what   string
		filter heimdall.AcquisitionFilter
		want   []int
	}{
		{"any state", heimdall.AcquisitionFilter{}, []int{2, 1, 0}},
		{"no state", heimdall.AcquisitionFilter{States: []heimdall.State{}}, nil},
		{"one state", heimdall.AcquisitionFilter{States: []heimdall.State{heimdall.Pending}}, []int{2, 0}},
		{"two states", heimdall.AcquisitionFilter{States: []heimdall.State{heimdall.Pending, heimdall.Cancelled}}, []int{2, 1, 0}},
		{"another state", heimdall.AcquisitionFilter{States: []heimdall.State{heimdall.Success}}, nil},
		{"from", heimdall.AcquisitionFilter{From: as[1].CreatedAt}, []int{2, 1}},
		{"just after from", heimdall.AcquisitionFilter{From: as[1].CreatedAt.Add(1)}, []int{2}},
		{"to", heimdall.AcquisitionFilter{To: as[1].CreatedAt}, []int{0}},
		{"just after to", heimdall.AcquisitionFilter{To: as[1].CreatedAt.Add(1)}, []int{1, 0}},
	} {
		q.filter.Limit = 10
		list, err := s.Acquisitions(t.Context(), q.filter)
		ok(t, err)
		var got []int
		for _, a := range list {
			got = append(got, slices.IndexFunc(as, func(b heimdall.Acquisition) bool { return a.TaskID == b.TaskID }))
		}
		same(t, q.what, got, q.want)
	}
}

func badPages(t *testing.T, s Store) {
	for _, limit := range []int{-1, 0, heimdall.MaxPage + 1} {
		_, err := s.Acquisitions(t.Context(), heimdall.AcquisitionFilter{Limit: limit})
		wantInvalid(t, err, "limit")
		_, err = s.Captures(t.Context(), heimdall.CaptureFilter{Limit: limit})
		wantInvalid(t, err, "limit")
		_, err = s.Measurements(t.Context(), heimdall.MeasurementFilter{Limit: limit})
		wantInvalid(t, err, "limit")
	}
	_, err := s.Acquisitions(t.Context(), heimdall.AcquisitionFilter{Limit: 1, After: newID()})
	wantInvalid(t, err, "after")
}

func newID() string {
	id, err := uuid.NewV7()
	if err != nil {
		panic(fmt.Sprint("no randomness: ", err))
	}
	return id.String()
}
