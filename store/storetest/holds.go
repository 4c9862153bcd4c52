package storetest

import (
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/heimdall-sdr/heimdall"
)

var holds = []promise{
	{"a hold is shown with its acquisition, and in lists, until it is released", holdIsShown},
	{"what is held never expires, and its deletion is a conflict that says who holds it and why", heldStays},
	{"the same hold again changes nothing, another one is a conflict", holdAgain},
	{"a hold without holder or reason, or of nothing, is refused", badHolds},
	{"what is going to be deleted cannot be held", holdOfPlanned},
	{"of a hold and a deletion at once exactly one wins", holdOrDelete},
}

var aHold = heimdall.Hold{By: "IZ1ABC", Reason: "evidence in 'case' 17"}

func holdOf(t *testing.T, s Store, taskID string) heimdall.Hold {
	t.Helper()
	a, _, err := s.Acquisition(t.Context(), taskID)
	ok(t, err)
	return a.Hold
}

func holdIsShown(t *testing.T, s Store) {
	ids := createWebSDRs(t, s, 1)
	a, other := create(t, s, aRequest(ids...)), create(t, s, aRequest(ids...))
	ok(t, s.HoldAcquisition(t.Context(), a.TaskID, aHold)) // also one that has not ended
	got := holdOf(t, s, a.TaskID)
	if got.IsZero() || got.By != aHold.By || got.Reason != aHold.Reason {
		t.Errorf("the hold is %+v", got)
	}
	list, err := s.Acquisitions(t.Context(), heimdall.AcquisitionFilter{Limit: 10})
	ok(t, err)
	for _, l := range list {
		want := heimdall.Hold{}
		if l.TaskID == a.TaskID {
			want = got
		}
		same(t, "hold in the list", l.Hold, want)
	}
	same(t, "hold of another", holdOf(t, s, other.TaskID), heimdall.Hold{})
	for range 2 {
		ok(t, s.ReleaseAcquisition(t.Context(), a.TaskID))
		same(t, "hold when it is released", holdOf(t, s, a.TaskID), heimdall.Hold{})
	}
}

func heldStays(t *testing.T, s Store) {
	play(t, s, scenes[:3])
	all := expired(t, s, never)
	ok(t, s.HoldAcquisition(t.Context(), all[1].TaskID, aHold))
	same(t, "expired", idsOf(expired(t, s, never)), []string{all[0].TaskID, all[2].TaskID})
	err := s.PlanDeletion(t.Context(), all)
	wantErr(t, err, heimdall.ErrConflict)
	if err != nil && !(strings.Contains(err.Error(), aHold.By) && strings.Contains(err.Error(), aHold.Reason)) {
		t.Errorf("the error %v does not say who holds it and why", err)
	}
	planned, err := s.PlannedDeletions(t.Context(), "", 10)
	ok(t, err)
	same(t, "planned", planned, []heimdall.Deletion{})
	ok(t, s.ReleaseAcquisition(t.Context(), all[1].TaskID))
	remove(t, s, expired(t, s, never))
}

func holdAgain(t *testing.T, s Store) {
	a := create(t, s, aRequest(createWebSDRs(t, s, 1)...))
	ok(t, s.HoldAcquisition(t.Context(), a.TaskID, aHold))
	before := holdOf(t, s, a.TaskID)
	ok(t, s.HoldAcquisition(t.Context(), a.TaskID, aHold))
	for _, h := range []heimdall.Hold{{By: aHold.By, Reason: "another"}, {By: "another", Reason: aHold.Reason}} {
		wantErr(t, s.HoldAcquisition(t.Context(), a.TaskID, h), heimdall.ErrConflict)
	}
	same(t, "hold", holdOf(t, s, a.TaskID), before)
}

func badHolds(t *testing.T, s Store) {
	a := create(t, s, aRequest(createWebSDRs(t, s, 1)...))
	long := strings.Repeat("x", heimdall.MaxHoldText+1)
	for field, h := range map[string]heimdall.Hold{"by": {By: " ", Reason: "x"}, "reason": {By: "x", Reason: long}} {
		wantInvalid(t, s.HoldAcquisition(t.Context(), a.TaskID, h), field)
	}
	same(t, "hold", holdOf(t, s, a.TaskID), heimdall.Hold{})
	for _, id := range []string{newID(), "no id"} {
		wantErr(t, s.HoldAcquisition(t.Context(), id, aHold), heimdall.ErrNotFound)
		wantErr(t, s.ReleaseAcquisition(t.Context(), id), heimdall.ErrNotFound)
	}
}

func holdOfPlanned(t *testing.T, s Store) {
	play(t, s, scenes[:1])
	all := expired(t, s, never)
	ok(t, s.PlanDeletion(t.Context(), all))
	wantErr(t, s.HoldAcquisition(t.Context(), all[0].TaskID, aHold), heimdall.ErrConflict)
	_, err := s.FinishDeletion(t.Context(), idsOf(all))
	ok(t, err)
	wantErr(t, s.HoldAcquisition(t.Context(), all[0].TaskID, aHold), heimdall.ErrNotFound)
}

func holdOrDelete(t *testing.T, s Store) {
	play(t, s, scenes)
	all := expired(t, s, never)
	var group sync.WaitGroup
	held := make([]bool, len(all))
	planned := make([]bool, len(all))
	for i, d := range all {
		group.Go(func() { held[i] = s.HoldAcquisition(t.Context(), d.TaskID, aHold) == nil })
		group.Go(func() {
			if i%2 == 0 {
				planned[i] = s.PlanDeletion(t.Context(), []heimdall.Deletion{d}) == nil
				return
			}
			list, err := s.PlanExcess(t.Context(), []heimdall.Deletion{d}, 0)
			planned[i] = err == nil && slices.Contains(idsOf(list), d.TaskID)
		})
	}
	group.Wait()
	for i, d := range all {
		if held[i] == planned[i] && (i%2 == 0 || d.RecordedBytes > 0) {
			t.Errorf("acquisition %d: held is %v, planned is %v", i, held[i], planned[i])
		}
	}
}
