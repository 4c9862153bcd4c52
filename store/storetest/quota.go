package storetest

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/heimdall-sdr/heimdall"
)

var quotas = []promise{
	{"what may go comes with its age, its bytes and, if asked for, with what was heard", expiredFacts},
	{"recorded bytes are the sum over all captures, held and planned ones told apart", recordedSums},
	{"of what is too much as many of the first go as it takes, and no more, whatever the quota", excessIsLeast},
	{"what is held, open, empty, planned or unknown is no excess", excessLeavesOut},
	{"of several who reckon the same excess at once only what is needed goes", excessAtOnce},
	{"the journal is listed newest first, page by page, done or not", journalPages},
}

// naiveExpired is what the rows of an acquisition say about its going.
func naiveExpired(t *testing.T, s Store, taskID string, heard bool) heimdall.Deletion {
	t.Helper()
	a, cs, err := s.Acquisition(t.Context(), taskID)
	ok(t, err)
	d := heimdall.Deletion{TaskID: a.TaskID, EndedAt: a.EndedAt, Rows: int64(1 + len(cs)), LatestAt: a.EndedAt}
	for _, c := range cs {
		if c.EndedAt.After(d.LatestAt) {
			d.LatestAt = c.EndedAt
		}
		if c.Recording == nil {
			continue
		}
		d.Rows++
		d.RecordedBytes += c.Recording.Bytes
		if start := c.Recording.Start.Truncate(1000); start.After(d.LatestAt) {
			d.LatestAt = start
		}
	}
	if !heard {
		return d
	}
	for m, err := range s.EachMeasurement(t.Context(), heimdall.MeasurementFilter{TaskID: taskID}) {
		ok(t, err)
		d.Heard = d.Heard || m.Detected
		if m.SNRdB != nil && (d.BestSNRdB == nil || *m.SNRdB > *d.BestSNRdB) {
			d.BestSNRdB = m.SNRdB
		}
	}
	return d
}

func expiredFacts(t *testing.T, s Store) {
	ids := play(t, s, scenes)
	far := never.AddDate(-1, 0, 0).Sub(season)
	playScene(t, s, ids, 0, scene{"a recording of later", 7_074_000, far, []heimdall.State{won}})
	playScene(t, s, ids, 1, scene{"a failure of later", 7_074_000, far, []heimdall.State{lost, lost}})
	list, err := s.ExpiredAcquisitions(t.Context(), heimdall.ExpiredFilter{Heard: true, Limit: heimdall.MaxPage})
	ok(t, err)
	same(t, "acquisitions that may go, whatever their age", len(list), len(scenes)+2)
	var kinds [2][2]int // heard or not, with an SNR or not
	for _, d := range list {
		same(t, "facts", d, naiveExpired(t, s, d.TaskID, true))
		kinds[toInt(d.Heard)][toInt(d.BestSNRdB != nil)]++
	}
	if kinds[0][0] == 0 || kinds[1][1] == 0 {
		t.Errorf("the scenes do not tell anything apart: %v", kinds)
	}
}

func toInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

func recordedSums(t *testing.T, s Store) {
	want := heimdall.Recorded{}
	check := func(when string) {
		t.Helper()
		got, err := s.Recorded(t.Context())
		ok(t, err)
		same(t, "recorded "+when, got, want)
	}
	check("in an empty database")
	play(t, s, scenes)
	all := expired(t, s, never)
	for _, d := range all {
		want.Bytes += d.RecordedBytes
	}
	check("by all scenes")
	create(t, s, aRequest(1))
	running(t, s, claim(t, s))
	check("with one that runs")
	ok(t, s.HoldAcquisition(t.Context(), all[2].TaskID, aHold))
	want.HeldBytes = all[2].RecordedBytes
	check("with one that is held")
	ok(t, s.PlanDeletion(t.Context(), all[:2]))
	want.PlannedBytes = all[0].RecordedBytes + all[1].RecordedBytes
	want.Bytes -= want.PlannedBytes
	check("with two that are planned")
	_, err := s.FinishDeletion(t.Context(), idsOf(all[:2]))
	ok(t, err)
	want.PlannedBytes = 0
	check("when these are gone")
}

func excessIsLeast(t *testing.T, s Store) {
	play(t, s, scenes)
	all := expired(t, s, never)
	total := int64(0)
	for _, d := range all {
		total += d.RecordedBytes
	}
	plan := func(maxBytes int64) []string {
		t.Helper()
		planned, err := s.PlanExcess(t.Context(), all, maxBytes)
		ok(t, err)
		return idsOf(planned)
	}
	// The naive model: what goes, one by one from the oldest, until the rest fits.
	gone := 0
	for _, maxBytes := range []int64{total + 1, total, total - 1, total - 1, total / 2, total / 2, 1, 0, 0} {
		want := []string{}
		for ; total > maxBytes; gone++ {
			if all[gone].RecordedBytes > 0 {
				want = append(want, all[gone].TaskID)
				total -= all[gone].RecordedBytes
			}
		}
		same(t, fmt.Sprintf("planned so that %d bytes stay", maxBytes), plan(maxBytes), want)
		r, err := s.Recorded(t.Context())
		ok(t, err)
		same(t, "bytes that stay", r.Bytes, total)
	}
}

func excessLeavesOut(t *testing.T, s Store) {
	ids := play(t, s, scenes[:4])
	empty := playScene(t, s, ids, 4, scene{"", 7_074_000, 0, []heimdall.State{lost, ceased}})
	all := expired(t, s, never)
	ok(t, s.HoldAcquisition(t.Context(), all[0].TaskID, aHold))
	ok(t, s.PlanDeletion(t.Context(), all[1:2]))
	open := create(t, s, aRequest(ids[0]))
	plans := append([]heimdall.Deletion{{TaskID: newID()}, {TaskID: open.TaskID}, {TaskID: empty.TaskID}, all[3], all[3]}, all...)
	planned, err := s.PlanExcess(t.Context(), plans, 0)
	ok(t, err)
	same(t, "planned", idsOf(planned), []string{all[3].TaskID, all[2].TaskID})
	r, err := s.Recorded(t.Context())
	ok(t, err)
	same(t, "bytes that stay are held", r.Bytes, r.HeldBytes)
}

func excessAtOnce(t *testing.T, s Store) {
	play(t, s, scenes)
	all := expired(t, s, never)
	r, err := s.Recorded(t.Context())
	ok(t, err)
	maxBytes := r.Bytes / 2
	var mutex sync.Mutex
	got := []string{}
	var group sync.WaitGroup
	for n := range 4 {
		group.Go(func() {
			plans := slices.Clone(all)
			if n%2 == 1 { // as one would that listed them while others planned
				plans = plans[n:]
			}
			planned, err := s.PlanExcess(t.Context(), plans, maxBytes)
			if err != nil {
				t.Error(err)
			}
			mutex.Lock()
			defer mutex.Unlock()
			got = append(got, idsOf(planned)...)
		})
	}
	group.Wait()
	slices.Sort(got)
	same(t, "planned twice", len(got)-len(slices.Compact(slices.Clone(got))), 0)
	after, err := s.Recorded(t.Context())
	ok(t, err)
	most := int64(0) // of one that was planned: without the last of them, too much would have stayed
	for _, d := range all {
		if slices.Contains(got, d.TaskID) {
			most = max(most, d.RecordedBytes)
		}
	}
	if after.Bytes > maxBytes || after.Bytes+most <= maxBytes {
		t.Errorf("of %d bytes %d stay, the quota is %d: too much or too little was planned", r.Bytes, after.Bytes, maxBytes)
	}
}

func journalPages(t *testing.T, s Store) {
	play(t, s, scenes)
	all := expired(t, s, never)
	for i, d := range all { // some together, some alone
		if i%3 > 0 {
			continue
		}
		ok(t, s.PlanDeletion(t.Context(), all[i:min(i+3, len(all))]))
		_, err := s.FinishDeletion(t.Context(), []string{d.TaskID})
		ok(t, err)
	}
	whole, err := s.Deletions(t.Context(), heimdall.DeletionFilter{Limit: heimdall.MaxPage})
	ok(t, err)
	want := []heimdall.Deletion{}
	for _, d := range all {
		one, err := s.Deletion(t.Context(), d.TaskID)
		ok(t, err)
		want = append(want, one)
	}
	slices.SortFunc(want, func(a, b heimdall.Deletion) int {
		if n := b.PlannedAt.Compare(a.PlannedAt); n != 0 {
			return n
		}
		return strings.Compare(b.TaskID, a.TaskID)
	})
	same(t, "journal", whole, want)
	got := []heimdall.Deletion{}
	for f := (heimdall.DeletionFilter{Limit: 5}); ; {
		page, err := s.Deletions(t.Context(), f)
		ok(t, err)
		got = append(got, page...)
		if len(page) < f.Limit {
			break
		}
		f.AfterPlannedAt, f.AfterTaskID = page[f.Limit-1].PlannedAt, page[f.Limit-1].TaskID
	}
	same(t, "journal by pages", got, want)
	for _, limit := range []int{0, heimdall.MaxPage + 1} {
		_, err := s.Deletions(t.Context(), heimdall.DeletionFilter{Limit: limit})
		wantInvalid(t, err, "limit")
	}
}
