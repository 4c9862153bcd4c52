package storetest

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/heimdall-sdr/heimdall"
)

var histories = []promise{
	{"a history counts what the observations say, part by part, for any range and number of parts", historyCounts},
	{"failures are counted by class, with the words of the newest", failuresCounted},
	{"a history without range, or with too many parts, is refused", badHistories},
}

// observeMany writes observations of two WebSDRs every 7 minutes of a day, in every state.
func observeMany(t *testing.T, s Store) (id int64, list []heimdall.Observation) {
	t.Helper()
	ids := createHosts(t, s, 2)
	classes := []heimdall.FailureClass{"", heimdall.FailDown, "", heimdall.FailBusy, heimdall.FailBanned, heimdall.FailTransport, "",
		heimdall.FailDown, heimdall.FailDown, heimdall.FailBusy, ""}
	for i := range 24 * 60 / 7 {
		at := observed.Add(time.Duration(i) * 7 * time.Minute)
		o := upAt(ids[0], at)
		if class := classes[i%len(classes)]; class != "" {
			o = failedAt(ids[0], at, class)
			o.Reason = fmt.Sprint("number ", i)
		}
		list = append(list, o)
	}
	list = append(list, upAt(ids[0], observed.Add(24*time.Hour-time.Microsecond)), upAt(ids[0], observed.Add(24*time.Hour)))
	for _, o := range append(list, failedAt(ids[1], observed, heimdall.FailDown)) {
		_, err := s.Observe(t.Context(), o)
		ok(t, err)
	}
	return ids[0], list
}

func historyCounts(t *testing.T, s Store) {
	id, list := observeMany(t, s)
	for _, q := range []struct {
		from, to time.Duration
		parts    int
	}{
		{0, 24 * time.Hour, 48}, {0, 24 * time.Hour, 1}, {0, 24 * time.Hour, 7}, {0, 7 * time.Minute, 1000},
		{-time.Hour, 25*time.Hour + 1, 13}, {time.Nanosecond, 14 * time.Minute, 3}, {30 * time.Hour, 31 * time.Hour, 2},
		{0, 3 * time.Microsecond, 10}, // parts shorter than what time is kept to
	} {
		f := heimdall.HistoryFilter{WebSDRID: id, From: observed.Add(q.from), To: observed.Add(q.to), Parts: q.parts}
		got, err := s.History(t.Context(), f)
		ok(t, err)
		if len(got.Parts) != q.parts || got.Parts[q.parts-1].To.Before(f.To) {
			t.Errorf("%+v has %d parts, the last until %v", q, len(got.Parts), got.Parts[len(got.Parts)-1].To)
		}
		want := []heimdall.HistoryPart{}
		for i, part := range got.Parts {
			if i > 0 && !part.From.Equal(got.Parts[i-1].To) {
				t.Errorf("%+v: part %d begins at %v, the one before ends at %v", q, i, part.From, got.Parts[i-1].To)
			}
			p := heimdall.HistoryPart{From: part.From, To: part.To}
			for _, o := range list {
				if o.At.Before(part.From) || !o.At.Before(part.To) {
					continue
				}
				switch o.Says() {
				case heimdall.Up:
					p.Up++
				case heimdall.Down:
					p.Down++
				default:
					p.Unknown++
				}
			}
			want = append(want, p)
		}
		if diff := cmp.Diff(want, got.Parts); diff != "" {
			t.Errorf("%+v (-from the observations +got):\n%s", q, diff)
		}
	}
}

func failuresCounted(t *testing.T, s Store) {
	id, list := observeMany(t, s)
	f := heimdall.HistoryFilter{WebSDRID: id, From: observed.Add(time.Hour), To: observed.Add(20 * time.Hour), Parts: 1}
	got, err := s.History(t.Context(), f)
	ok(t, err)
	want := map[heimdall.FailureClass]heimdall.FailureTimes{}
	for _, o := range list { // oldest first
		if !o.OK && !o.At.Before(f.From) && o.At.Before(f.To) {
			want[o.FailureClass] = heimdall.FailureTimes{Class: o.FailureClass, Times: want[o.FailureClass].Times + 1, LastAt: o.At, LastReason: o.Reason}
		}
	}
	for i, times := range got.Failures {
		same(t, string(times.Class), times, want[times.Class])
		if i > 0 && got.Failures[i-1].Times < times.Times {
			t.Errorf("%s stands behind %s, and is more frequent", times.Class, got.Failures[i-1].Class)
		}
	}
	same(t, "classes", len(got.Failures), len(want))
	if len(want) < 3 {
		t.Fatalf("the test has only %d classes", len(want))
	}
}

func badHistories(t *testing.T, s Store) {
	good := heimdall.HistoryFilter{WebSDRID: 1, From: observed, To: observed.Add(time.Hour), Parts: 10}
	got, err := s.History(t.Context(), good) // of nobody
	ok(t, err)
	same(t, "failures of nobody", got.Failures, []heimdall.FailureTimes{})
	for field, change := range map[string]func(*heimdall.HistoryFilter){
		"parts": func(f *heimdall.HistoryFilter) { f.Parts = heimdall.MaxParts + 1 },
		"from":  func(f *heimdall.HistoryFilter) { f.From = time.Time{} },
		"to":    func(f *heimdall.HistoryFilter) { f.To = f.From },
	} {
		bad := good
		change(&bad)
		_, err := s.History(t.Context(), bad)
		wantInvalid(t, err, field)
	}
	far := good
	far.To = far.From.AddDate(101, 0, 0)
	_, err = s.History(t.Context(), far)
	wantInvalid(t, err, "to")
}
