package legacy_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/blob"
	"github.com/heimdall-sdr/heimdall/legacy"
)

// A tripwire cancels a context at a step.
type tripwire struct {
	left   atomic.Int64 // steps before it
	cancel context.CancelFunc
}

func (w *tripwire) step() {
	if w.left.Add(-1) == 0 {
		w.cancel()
	}
}

type trippedSource struct {
	legacy.Source
	*tripwire
}

func (s trippedSource) List(ctx context.Context, prefix string) iter.Seq2[blob.Info, error] {
	return func(yield func(blob.Info, error) bool) {
		for info, err := range s.Source.List(ctx, prefix) {
			s.step()
			if !yield(info, err) {
				return
			}
		}
	}
}

func (s trippedSource) Open(ctx context.Context, key string) (blob.Object, error) {
	s.step()
	return s.Source.Open(ctx, key)
}

type trippedBlobs struct {
	legacy.Blobs
	*tripwire
}

func (b trippedBlobs) Put(ctx context.Context, key string, r io.Reader, want blob.Sum) error {
	b.step() // cancelled before it
	err := b.Blobs.Put(ctx, key, r, want)
	b.step() // cancelled after it
	return err
}

type trippedStore struct {
	legacy.Store
	*tripwire
}

func (s trippedStore) Acquisition(ctx context.Context, taskID string) (heimdall.Acquisition, []heimdall.Capture, error) {
	s.step()
	return s.Store.Acquisition(ctx, taskID)
}

func (s trippedStore) RestoreWebSDR(ctx context.Context, w heimdall.WebSDR) (bool, error) {
	s.step()
	return s.Store.RestoreWebSDR(ctx, w)
}

func (s trippedStore) RestoreAcquisition(ctx context.Context, r heimdall.RestoredAcquisition) (bool, error) {
	s.step()
	restored, err := s.Store.RestoreAcquisition(ctx, r)
	s.step()
	return restored, err
}

func TestAnImportThatIsBrokenOffAnywhereEndsTheSameWhenItIsRepeated(t *testing.T) {
	b := newBucket(t)
	b.recording(taskA, 1, received(300, 1))
	b.recording(taskA, 2, received(300, 2))
	b.put("sessions/"+taskB+"/chunk_001_websdr_1.npy", npy(received(300, 4)))
	opt := legacy.Options{FrequencyHz: 145_000_000}
	whole := newRig(t)
	whole.run(b, opt)
	want := whole.state()

	opt.Now = func() time.Time { return now }
	broken, stride := 0, int64(1)
	if raceEnabled { // which makes the database slow, and looks at no other code
		stride = 5
	}
	for step := int64(1); ; step += stride {
		r := newRig(t)
		ctx, cancel := context.WithCancel(t.Context())
		wire := &tripwire{cancel: cancel}
		wire.left.Store(step)
		_, err := legacy.Import(ctx, trippedSource{b.folder(), wire}, trippedStore{r.store, wire}, trippedBlobs{r.blobs, wire}, opt)
		cancel()
		if err != nil && !errors.Is(err, context.Canceled) {
			t.Fatalf("broken off at step %d: %v", step, err)
		}
		if wire.left.Load() > 0 {
			break // it went through
		}
		if err != nil {
			broken++
		}
		r.run(b, opt)
		if diff := cmp.Diff(want, r.state()); diff != "" {
			t.Fatalf("broken off at step %d and repeated (-undisturbed +repeated):\n%s", step, diff)
		}
		r.sound()
		r.must(r.store.Close())
	}
	if broken < 20/int(stride) {
		t.Errorf("it was broken off %d times only", broken)
	}
}

func TestWhatWasDeletedStaysDeleted(t *testing.T) {
	r, b := newRig(t), newBucket(t)
	b.recording(taskA, 1, received(300, 1))
	r.run(b, legacy.Options{})
	r.delete(taskA)
	r.expect(r.run(b, legacy.Options{}), legacy.Report{Recordings: 1, Skipped: 1, Others: 1})
	r.found("-" + taskA + "/websdr_1.npy deleted_here")
	r.sound()
}

// An import was killed between an object and its row, and the WebSDR got another name before it was repeated: the
// SigMF document would be another one.
func TestAnObjectThatIsLeftOverWithOtherBytesIsNoHindrance(t *testing.T) {
	r, b := newRig(t), newBucket(t)
	b.recording(taskA, 1, received(300, 1))
	ctx := t.Context()
	meta := "sessions/" + taskA + "/websdr_1.sigmf-meta"
	r.must(r.blobs.Put(ctx, meta, strings.NewReader("{}"), blob.SumOf([]byte("{}"))))
	r.run(b, legacy.Options{})
	_, captures, _, _ := r.rows(taskA)
	if got := captures[0].Recording.S3Path; got != "sessions/"+taskA+"/websdr_1-2.sigmf-data" {
		t.Errorf("the recording is %s", got)
	}
	r.sound()
}

// A failingSource fails to read one object.
type failingSource struct {
	legacy.Source
	key string
	err error
}

func (s failingSource) Open(ctx context.Context, key string) (blob.Object, error) {
	obj, err := s.Source.Open(ctx, key)
	if key == s.key && err == nil {
		return failingObject{obj, s.err}, nil
	}
	return obj, err
}

type failingObject struct {
	blob.Object
	err error
}

func (o failingObject) Read(p []byte) (int, error) {
	at, err := o.Object.Seek(0, io.SeekCurrent)
	if err == nil && at >= 1000 {
		return 0, o.err
	}
	return o.Object.Read(p[:min(len(p), 1000)])
}

func TestASourceThatFailsEndsTheImportAndNothingIsTakenForCutOff(t *testing.T) {
	r, b := newRig(t), newBucket(t)
	b.recording(taskA, 1, received(300, 1))
	gone := fmt.Errorf("connection reset: %w", io.ErrUnexpectedEOF)
	src := failingSource{b.folder(), "sessions/" + taskA + "/websdr_1.npy", gone}
	opt := legacy.Options{Now: func() time.Time { return now }}
	if report, err := legacy.Import(t.Context(), src, r.store, r.blobs, opt); !errors.Is(err, gone) || report.Imported+report.Skipped != 0 {
		t.Errorf("the report is %+v, the error %v", report, err)
	}
	r.sound()
	src.err = blob.ErrNotFound
	if report, err := legacy.Import(t.Context(), src, r.store, r.blobs, opt); err != nil || report.Reasons[legacy.Gone] != 1 {
		t.Errorf("deleted while it was read: the report is %+v, the error %v", report, err)
	}
	r.sound()
}

// delete deletes as retention does.
func (r *rig) delete(task string) {
	r.Helper()
	ctx := r.Context()
	r.must(r.store.PlanDeletion(ctx, []heimdall.Deletion{{TaskID: task, Reason: "test"}}))
	for info, err := range r.blobs.List(ctx, "sessions/"+task+"/") {
		r.must(err)
		r.must(r.blobs.Delete(ctx, info.Key))
	}
	_, err := r.store.FinishDeletion(ctx, []string{task})
	r.must(err)
}

// A restlessSource gives other bytes each time that an object is opened.
type restlessSource struct {
	legacy.Source
	*bucket
	opened int
}

func (s *restlessSource) Open(ctx context.Context, key string) (blob.Object, error) {
	if strings.HasSuffix(key, "websdr_1.npy") {
		s.opened++
		s.put(key, npy(received(300, uint64(s.opened))))
	}
	return s.Source.Open(ctx, key)
}

func TestARecordingThatIsWrittenToMeanwhileIsSkippedAndTheOthersAreNot(t *testing.T) {
	r, b := newRig(t), newBucket(t)
	b.recording(taskA, 1, received(300, 1))
	b.recording(taskA, 2, received(300, 2))
	report, err := legacy.Import(t.Context(), &restlessSource{Source: b.folder(), bucket: b}, r.store, r.blobs, legacy.Options{Now: func() time.Time { return now }})
	if err != nil || report.Imported != 1 || report.Skipped != 1 || report.Reasons[legacy.Changed] != 1 {
		t.Errorf("the report is %+v, the error %v", report, err)
	}
	if _, captures, _, _ := r.rows(taskA); len(captures) != 1 || captures[0].WebSDRID != 2 {
		t.Errorf("there are %d captures", len(captures))
	}
	r.sound()
}

func TestManyAcquisitionsAtOnceAreTheSameAsOneAfterAnother(t *testing.T) {
	b := newBucket(t)
	for k := range 12 {
		b.recording(fmt.Sprint("task ", k), int64(k%3+1), received(300, uint64(k)))
	}
	one, many := newRig(t), newRig(t)
	one.run(b, legacy.Options{})
	many.expect(many.run(b, legacy.Options{AtOnce: 8}), legacy.Report{Acquisitions: 12, Recordings: 12, Imported: 12, Others: 12, WebSDRs: 3})
	if diff := cmp.Diff(one.state(), many.state()); diff != "" {
		t.Errorf("(-one after another +at once):\n%s", diff)
	}
	many.sound()
}

// A blindStore does not see an acquisition the first time that it is asked for it: somebody makes it in between.
type blindStore struct {
	legacy.Store
	asked map[string]bool
}

func (s *blindStore) Acquisition(ctx context.Context, taskID string) (heimdall.Acquisition, []heimdall.Capture, error) {
	if !s.asked[taskID] {
		s.asked[taskID] = true
		return heimdall.Acquisition{}, nil, heimdall.ErrNotFound
	}
	return s.Store.Acquisition(ctx, taskID)
}

func TestTwoImportsOfOneTaskWithDifferentRecordingsLoseNone(t *testing.T) {
	r, b, other := newRig(t), newBucket(t), newBucket(t)
	b.recording(taskA, 1, received(300, 1))
	other.recording(taskA, 1, received(300, 1))
	other.recording(taskA, 2, received(300, 2))
	r.run(b, legacy.Options{})
	report, err := legacy.Import(t.Context(), other.folder(), &blindStore{r.store, map[string]bool{}}, r.blobs, legacy.Options{Now: func() time.Time { return now }})
	if err != nil || report.Imported != 1 || report.Present != 1 {
		t.Errorf("the report is %+v, the error %v", report, err)
	}
	if _, _, _, old := r.rows(taskA + "/websdr_2"); len(old) != 1 {
		t.Errorf("the other recording has %d old metrics, want 1", len(old))
	}
	r.sound()
}
