package check_test

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"hash"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/blob"
	"github.com/heimdall-sdr/heimdall/check"
	"github.com/heimdall-sdr/heimdall/export"
	"github.com/heimdall-sdr/heimdall/retention"
	"github.com/heimdall-sdr/heimdall/store"
)

// list is a list that is never nil.
func list(kinds ...string) []string { return append([]string{}, kinds...) }

func TestAWholeSystemNeedsNoRepair(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.record(2)
	before := r.state()
	r.mends(list(), list(), list())
	r.wantChanged(before)
	r.wantRows(before)
}

func TestLostSamplesAreNotedAndWhatWasMeasuredStands(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	_, captures := r.record(3)
	lost := captures[1]
	before := r.state()
	r.must(os.Remove(r.path(lost.Recording.S3Path)))
	r.mends(list(check.ObjectMissing), list(check.NoteLoss), list())
	r.wantChanged(before, lost.Recording.S3Path)
	r.wantRows(before, "captures")
	c, err := r.store.Capture(t.Context(), lost.TaskID, lost.WebSDRID)
	r.must(err)
	if c.State != heimdall.Success || !strings.HasPrefix(c.Reason, heimdall.LostRecording) {
		t.Errorf("the capture is %s: %q", c.State, c.Reason)
	}
	c.Reason = lost.Reason
	if diff := cmp.Diff(lost, c); diff != "" {
		t.Errorf("but for its reason the capture (-before +after):\n%s", diff)
	}
	if report, _ := r.check(); report.Lost != 1 {
		t.Errorf("%d recordings are known to be lost, want 1", report.Lost)
	}
}

func TestLostSamplesThatSomebodyPutsBackAreFound(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	_, captures := r.record(2)
	r.must(r.store.NoteLoss(t.Context(), captures[0].TaskID, captures[0].WebSDRID, "80 % of the window"))
	key := captures[0].Recording.S3Path
	before := r.state()
	content, err := os.ReadFile(r.path(key))
	r.must(err)
	r.must(os.Remove(r.path(key)))
	r.mends(list(check.ObjectMissing), list(check.NoteLoss), list())
	r.mends(list(), list(), list())
	r.put(key, string(content))
	r.mends(list(check.RecordingFound), list(check.NoteFound), list())
	r.wantRows(before)
	r.wantChanged(before)
}

func TestDamagedSamplesArePutAside(t *testing.T) {
	t.Parallel()
	for kind, damage := range map[string]func([]byte) []byte{check.ObjectCorrupt: flipBit, check.ObjectTruncated: cut} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			_, captures := r.record(2)
			key := captures[1].Recording.S3Path
			before := r.state()
			r.spoil(key, damage)
			damaged := r.state().Objects[key]
			r.mends(list(kind), list(check.QuarantineDamaged), list())
			r.wantChanged(before, key, check.QuarantinePrefix+key)
			r.wantRows(before, "captures")
			if got := r.state().Objects[check.QuarantinePrefix+key]; got != damaged {
				t.Errorf("what was put aside has SHA-256 %s, what was damaged %s", got, damaged)
			}
			c, err := r.store.Capture(t.Context(), captures[1].TaskID, captures[1].WebSDRID)
			r.must(err)
			if !strings.Contains(c.Reason, check.QuarantinePrefix+key) {
				t.Errorf("the capture does not say where its samples are: %q", c.Reason)
			}
		})
	}
}

// A strict store proves what is read from end to end, as that of a bucket does.
type strict struct{ blob.Store }

type strictObject struct {
	blob.Object
	hash hash.Hash
}

func (s strict) Open(ctx context.Context, key string) (blob.Object, error) {
	o, err := s.Store.Open(ctx, key)
	return &strictObject{o, sha256.New()}, err
}

func (o *strictObject) Read(p []byte) (int, error) {
	n, err := o.Object.Read(p)
	o.hash.Write(p[:n])
	if err == io.EOF && hex.EncodeToString(o.hash.Sum(nil)) != o.Info().SHA256 {
		return 0, blob.ErrDiffers
	}
	return n, err
}

func TestSamplesThatTheObjectStoreRefusesToGiveAreDamagedAndPutAside(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	_, captures := r.record(2)
	key := captures[1].Recording.S3Path
	r.spoil(key, flipBit)
	damaged := r.state().Objects[key]
	blobs := strict{r.blobs}
	found, err := check.Run(t.Context(), r.store, blobs, true, nil)
	r.must(err)
	if len(found.Problems) != 1 || found.Problems[0].Kind != check.ObjectCorrupt || found.Problems[0].Object != key {
		t.Fatalf("check finds %v", found.Problems)
	}
	actions, err := check.Repair(t.Context(), check.RepairConfig{Store: r.store, Blobs: blobs, SpoolDir: r.spool(), Apply: true}, found)
	r.must(err)
	if len(actions) != 1 || actions[0].Kind != check.QuarantineDamaged || !actions[0].Done {
		t.Errorf("repair did %+v", actions)
	}
	if got := r.state().Objects[check.QuarantinePrefix+key]; got != damaged {
		t.Errorf("what was put aside has SHA-256 %s, what was damaged %s", got, damaged)
	}
}

func TestLostOrDamagedMetadataIsWrittenAgainFromTheRows(t *testing.T) {
	t.Parallel()
	for name, damage := range map[string]func(*rig, string) string{
		"lost":      func(r *rig, key string) string { r.must(os.Remove(r.path(key))); return check.ObjectMissing },
		"cut off":   func(r *rig, key string) string { r.spoil(key, cut); return check.ObjectCorrupt },
		"another's": func(r *rig, key string) string { r.spoil(key, anothers); return check.ObjectCorrupt },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			_, captures := r.record(2)
			key := captures[0].Recording.MetadataPath()
			whole, err := os.ReadFile(r.path(key))
			r.must(err)
			before := r.state()
			kind := damage(r, key)
			r.mends(list(kind), list(check.WriteMetadata), list())
			r.wantRows(before)
			again, err := os.ReadFile(r.path(key))
			r.must(err)
			want, err := export.ReadMetadata(whole)
			r.must(err)
			got, err := export.ReadMetadata(again)
			r.must(err)
			if diff := cmp.Diff(want.Capture.Recording, got.Capture.Recording); diff != "" {
				t.Errorf("recording (-before +again):\n%s", diff)
			}
			if diff := cmp.Diff(want.Measurement, got.Measurement); diff != "" {
				t.Errorf("measurement (-before +again):\n%s", diff)
			}
		})
	}
}

// anothers is metadata of other samples.
func anothers(doc []byte) []byte {
	const name = `"heimdall:data_sha256": "`
	at := strings.Index(string(doc), name) + len(name)
	return []byte(string(doc[:at]) + strings.Repeat("0", 64) + string(doc[at+64:]))
}

func TestALostOrDamagedCollectionIsWrittenAgain(t *testing.T) {
	t.Parallel()
	for name, damage := range map[string]func(*rig, string){
		"lost":    func(r *rig, key string) { r.must(os.Remove(r.path(key))) },
		"cut off": func(r *rig, key string) { r.spoil(key, cut) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			a, _ := r.record(2)
			key := export.CollectionKey(a.TaskID, 1)
			before := r.state()
			damage(r, key)
			r.mends(list(check.CollectionMissing), list(check.WriteCollection), list())
			r.wantRows(before)
			if after := r.state(); after.Objects[key] != before.Objects[key] {
				t.Error("the collection is another one than it was")
			}
		})
	}
}

func TestRowsAreMadeOfObjectsThatNoRowSpeaksOf(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.record(2)
	before := r.state()
	r.open("new.db")
	orphans := list()
	for range before.Objects {
		orphans = append(orphans, check.ObjectOrphaned)
	}
	r.mends(orphans, list(check.RestoreRows), list())
	r.wantChanged(before)
	r.wantRows(before)
}

func TestARecordingThatWaitsInTheSpoolOfALostDatabaseIsStored(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	a := r.recordIntoSpool(2)
	r.open("new.db")
	r.mends(list(check.SpoolUnknown, check.SpoolUnknown), list(check.StoreSpooled), list())
	got, captures, err := r.store.Acquisition(t.Context(), a.TaskID)
	r.must(err)
	if got.State != heimdall.Success || len(captures) != 2 {
		t.Errorf("it is %s with %d captures", got.State, len(captures))
	}
	if after := r.state(); len(after.Spool) != 0 || len(after.Objects) != 4 {
		t.Errorf("the spool holds %v, the objects are %v", after.Spool, after.Objects)
	}
}

func TestWhatTheSpoolStillHasReplacesLostAndDamagedSamples(t *testing.T) {
	t.Parallel()
	for kind, damage := range map[string]func(*rig, string){
		check.ObjectMissing: func(r *rig, key string) { r.must(os.Remove(r.path(key))) },
		check.ObjectCorrupt: func(r *rig, key string) { r.spoil(key, flipBit) },
	} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			a := r.recordIntoSpool(1)
			kept := filepath.Join(r.dir, "kept")
			r.must(os.CopyFS(kept, os.DirFS(r.spool())))
			r.work(r.blobs, func() bool {
				left, err := r.store.Collected(t.Context(), "", 1)
				r.must(err)
				return len(left) == 1
			})
			r.must(os.RemoveAll(r.spool()))
			r.must(os.CopyFS(r.spool(), os.DirFS(kept))) // as if the process had died before it was cleared
			_, captures, err := r.store.Acquisition(t.Context(), a.TaskID)
			r.must(err)
			key := captures[0].Recording.S3Path
			before := r.state()
			damage(r, key)
			r.mends(list(kind), list(check.StoreSpooled), list())
			r.wantRows(before)
			after := r.state()
			if after.Objects[key] != before.Objects[key] || len(after.Spool) != 0 {
				t.Errorf("the samples hash to %s, and did to %s; the spool holds %v", after.Objects[key], before.Objects[key], after.Spool)
			}
		})
	}
}

func TestWhatCannotBeReadInTheSpoolIsLeftToAPerson(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.recordIntoSpool(1)
	r.open("new.db")
	sealed, err := filepath.Glob(filepath.Join(r.spool(), "*", "*", "sealed.json"))
	r.must(err)
	r.must(os.WriteFile(sealed[0], []byte("{"), 0o644))
	before := r.state()
	r.mends(list(check.SpoolDamaged), list(check.Leave), list(check.SpoolDamaged))
	r.wantChanged(before)
	r.wantRows(before)
	if diff := cmp.Diff(before.Spool, r.state().Spool); diff != "" {
		t.Errorf("the spool (-before +after):\n%s", diff)
	}
}

func TestWhatIsBrokenInTheDatabaseIsLeftToAPerson(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.record(1)
	db, err := sql.Open("sqlite", "file:"+r.databaseFile()+"?_busy_timeout=10000")
	r.must(err)
	_, err = db.Exec("UPDATE captures_daily SET captures = captures + 1")
	r.must(err)
	r.must(db.Close())
	before := r.state()
	r.mends(list(store.RollupDiffers), list(check.Leave), list(store.RollupDiffers))
	r.wantChanged(before)
	r.wantRows(before)
}

func TestOrphansOfWhichNothingCanBeMadeArePutAsideOnceTheyAreOld(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	a, captures := r.record(1)
	const alone = "sessions/01957c2e-5d00-7000-8000-0123456789ab/websdr_1.sigmf-data"
	other := "sessions/" + a.TaskID + "/websdr_77.sigmf-data" // of a capture that the acquisition does not have
	foreign := "sessions/01957c2e-5d00-7000-8000-0123456789ab/websdr_1.npy"
	for _, key := range []string{alone, other, foreign, "stray.bin"} {
		r.put(key, "samples of "+key)
	}
	before := r.state()
	later := r.now
	r.now = time.Now()
	found := list(check.ObjectOrphaned, check.ObjectOrphaned, check.ObjectOrphaned, check.ObjectOrphaned)
	r.mends(found, list(check.Leave, check.Leave, check.Leave, check.Leave), found) // they may be on their way
	r.wantChanged(before)
	r.now = later
	r.mends(found, list(check.Leave, check.Leave, check.QuarantineOrphan, check.QuarantineOrphan), list(check.ObjectOrphaned, check.ObjectOrphaned))
	r.wantChanged(before, alone, other, check.QuarantinePrefix+alone, check.QuarantinePrefix+other)
	r.wantRows(before)
	if after := r.state(); after.Objects[check.QuarantinePrefix+alone] != before.Objects[alone] {
		t.Error("what was put aside is another object")
	}
	if captures[0].Recording == nil {
		t.Error("nothing was recorded")
	}
}

func TestPlannedDeletionsAreFinishedAndTheirLeftoversGo(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	a, captures := r.record(1)
	kept, _ := r.record(1)
	r.must(r.store.PlanDeletion(t.Context(), []heimdall.Deletion{{TaskID: a.TaskID, Reason: "a test"}}))
	r.must(os.Remove(r.path(captures[0].Recording.S3Path))) // the first of its objects is gone already
	r.mends(list(), list(check.FinishDeletion), list())
	for key := range r.state().Objects {
		if !strings.Contains(key, kept.TaskID) {
			t.Errorf("%s is left", key)
		}
	}
	leftover := captures[0].Recording.S3Path
	r.put(leftover, "a part")
	before := r.state()
	r.mends(list(check.ObjectOrphaned), list(check.DeleteLeftover), list())
	r.wantChanged(before, leftover)
	r.wantRows(before)
}

func TestWhatWasDeletedOnPurposeIsNotMadeAgain(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	a, _ := r.record(1)
	objects := map[string]string{}
	for key := range r.state().Objects {
		content, err := os.ReadFile(r.path(key))
		r.must(err)
		objects[key] = string(content)
	}
	_, err := retention.Delete(t.Context(), retention.Config{Store: r.store, Blobs: r.blobs}, a.TaskID, "a test")
	r.must(err)
	for key, content := range objects {
		r.put(key, content)
	}
	r.mends(list(check.ObjectOrphaned, check.ObjectOrphaned, check.ObjectOrphaned),
		list(check.DeleteLeftover, check.DeleteLeftover, check.DeleteLeftover), list())
	if left := r.state(); len(left.Objects) != 0 || len(left.Rows["acquisitions"]) != 0 {
		t.Errorf("there are the objects %v and rows %v", left.Objects, left.Rows["acquisitions"])
	}
}

func TestAnObjectStoreThatLacksMostRecordingsIsTakenForAnotherOne(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	_, captures := r.record(4)
	for _, c := range captures[:3] {
		r.must(os.Remove(r.path(c.Recording.S3Path)))
	}
	before := r.state()
	missing := list(check.ObjectMissing, check.ObjectMissing, check.ObjectMissing)
	r.mends(missing, list(check.Leave, check.Leave, check.Leave), missing)
	r.wantRows(before)
	r.wantChanged(before)
}
