package check_test

import (
	"testing"
	"time"

	"github.com/heimdall-sdr/heimdall/check"
	"github.com/heimdall-sdr/heimdall/retention"
)

func TestASpectrogramBelongsToItsRecordingAndGoesWithIt(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	a, captures := r.record(2)
	key := captures[0].Recording.SpectrogramPath()
	if want := "sessions/" + a.TaskID + "/websdr_1.spectrogram"; key != want {
		t.Fatalf("it is %s, want %s", key, want)
	}
	r.put(key, "a spectrogram")
	r.mends(list(), list(), list())

	r.open("new.db") // rows that are lost are made again beside it
	orphans := list()
	for range r.state().Objects {
		orphans = append(orphans, check.ObjectOrphaned)
	}
	r.mends(orphans, list(check.RestoreRows), list())

	if _, err := retention.Delete(t.Context(), retention.Config{Store: r.store, Blobs: r.blobs}, a.TaskID, "a test"); err != nil {
		t.Fatal(err)
	}
	if left := r.state().Objects; len(left) != 0 {
		t.Errorf("%v is left", left)
	}
	r.put(key, "a spectrogram that was being stored meanwhile")
	r.now = time.Now().Add(365 * 24 * time.Hour)
	r.mends(list(check.ObjectOrphaned), list(check.DeleteLeftover), list())
}
