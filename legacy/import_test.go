package legacy_test

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/dsp"
	"github.com/heimdall-sdr/heimdall/iq"
	"github.com/heimdall-sdr/heimdall/legacy"
	"github.com/heimdall-sdr/heimdall/recompute"
)

func TestARecordingBecomesOneOfOurs(t *testing.T) {
	r, b := newRig(t), newBucket(t)
	z := received(12_500, 1)
	b.recording(taskA, 3, z)
	b.recording(taskA, 7, received(12_500, 2))
	r.expect(r.run(b, legacy.Options{}), legacy.Report{Acquisitions: 1, Recordings: 2, Imported: 2, Others: 2, WebSDRs: 2})
	r.found()
	r.sound()

	a, captures, measurements, old := r.rows(taskA)
	if a.State != heimdall.Success || a.Label != legacy.DefaultLabel || a.FrequencyHz != 145_500_000 || a.SampleRateHz != 12_500 ||
		a.Duration != time.Second || !a.EndedAt.Equal(now) || !a.CreatedAt.Equal(taken) || len(captures) != 2 {
		t.Errorf("the acquisition is %+v with %d captures", a, len(captures))
	}
	want := heimdall.Recording{
		S3Path: "sessions/" + taskA + "/websdr_3.sigmf-data", Datatype: "cf32_le", SampleRateHz: 12_500, NominalRateHz: 12_500,
		FrequencyHz: 145_500_000, SamplesCount: 12_500, ExpectedSamples: 12_500, PlannedSamples: 12_500, Bytes: 100_000,
		Start: taken, TimeQuality: heimdall.TimeHostArrival, TimeUncertaintyS: 94, GPSAgeMaxS: -1, Dialect: "python-heimdall npy",
		ZeroIF: new(false), SHA256: captures[0].Recording.SHA256, Gaps: captures[0].Recording.Gaps,
	}
	if diff := cmp.Diff(&want, captures[0].Recording); diff != "" {
		t.Errorf("the recording (-want +got):\n%s", diff)
	}
	if got := r.stored(want.S3Path); string(got) != string(npy(z)[128:]) {
		t.Error("its bytes are not those of the array")
	}
	if m := measurements[0]; !m.Timestamp.Equal(taken) || m.TimeUncertaintyS != 94 || m.SNRdB == nil || *m.SNRdB < 10 {
		t.Errorf("the measurement is %+v", m)
	}
	wantOld := heimdall.LegacyMetrics{TaskID: taskA, WebSDRID: 3, Timestamp: taken, Source: "python-heimdall metadata", SNRdB: new(7.25), PSDdBM: new(-61.5),
		FrequencyOffsetHz: new(1000.2), SignalPowerDBM: new(-20.5), NoisePowerDBM: new(-27.75), S3Path: "sessions/" + taskA + "/websdr_3.npy"}
	if diff := cmp.Diff(wantOld, old[0]); diff != "" || len(old) != 2 {
		t.Errorf("%d old metrics, the first (-want +got):\n%s", len(old), diff)
	}
}

func (r *rig) stored(key string) []byte {
	r.Helper()
	obj, err := r.blobs.Open(r.Context(), key)
	r.must(err)
	defer obj.Close()
	b := make([]byte, obj.Info().Bytes)
	_, err = obj.ReadAt(b, 0)
	r.must(err)
	return b
}

// heimdall measure takes the same way: a meter that knows the format and the rate.
func TestMetricsAreThoseOfHeimdallMeasureAndOfRecompute(t *testing.T) {
	r, b := newRig(t), newBucket(t)
	inexact := make([]complex128, 5000)
	exact := make([]complex128, 5000)
	for k, z := range received(5000, 5) {
		exact[k] = complex128(z)
		inexact[k] = complex128(z) * (1 + 1e-12)
	}
	b.recording(taskA, 1, received(40_000, 1))
	b.put("sessions/"+taskA+"/websdr_2.npy", npy128(exact))
	b.put("sessions/"+taskA+"/websdr_3.npy", npy128(inexact))
	r.run(b, legacy.Options{})
	r.found(taskA+"/websdr_2.npy metadata_missing", taskA+"/websdr_2.npy borrowed",
		taskA+"/websdr_3.npy metadata_missing", taskA+"/websdr_3.npy borrowed",
		taskA+"/websdr_3.npy kept_as_cf64")
	r.sound()

	_, captures, measurements, _ := r.rows(taskA)
	for k, want := range []iq.Format{iq.CF32LE, iq.CF32LE, iq.CF64LE} {
		rec := captures[k].Recording
		if rec.Datatype != want.String() {
			t.Errorf("recording %d is kept as %s, want %v", k+1, rec.Datatype, want)
		}
		meter, err := dsp.NewMeter(dsp.Config{Format: want, SampleRateHz: 12_500, ExpectedSamples: rec.SamplesCount})
		r.must(err)
		_, err = meter.Write(r.stored(rec.S3Path))
		r.must(err)
		m, err := meter.Finish(dsp.End{})
		r.must(err)
		if m.Flags == nil {
			m.Flags = []string{}
		}
		if diff := cmp.Diff(heimdall.Metrics(m), measurements[k].Metrics); diff != "" {
			t.Errorf("metrics of %d (-heimdall measure +imported):\n%s", k+1, diff)
		}
		res, err := recompute.New(r.store, r.blobs, 1).Recording(t.Context(), taskA, rec1(captures[k]), true)
		if err != nil || len(res.Changes) != 0 {
			t.Errorf("recompute changes %v (%v)", res.Changes, err)
		}
	}
	if got := r.stored(captures[1].Recording.S3Path); string(got) != string(npy(received(5000, 5))[128:]) {
		t.Error("doubles that are floats were not kept as these floats")
	}
	if got := r.stored(captures[2].Recording.S3Path); string(got) != string(npy128(inexact)[128:]) {
		t.Error("doubles that are no floats were not kept as they are")
	}
}

func rec1(c heimdall.Capture) int64 { return c.WebSDRID }

func TestEverythingThatIsOddIsSaid(t *testing.T) {
	r, b := newRig(t), newBucket(t)
	z := npy(received(1000, 1))
	at := func(k int64, text string) {
		b.put(fmt.Sprintf("sessions/%s/websdr_%d.npy", taskA, k), z)
		b.put(fmt.Sprintf("sessions/%s/websdr_%d_metadata.json", taskA, k), []byte(text))
	}
	at(1, metadata(1, 1000, "2025-03-01T08:30:15.123456"))
	at(2, metadata(2, 1000, "2025-03-01T10:30:15.123456+02:00"))
	at(3, metadata(3, 1000, "2025-03-01T08:30:15.123456Z"))
	at(4, metadata(4, 1000, "2025-03-01T08:30:15.123456+00:00Z"))
	at(5, `{"websdr_id": 5, "frequency_mhz": 145.5, "sample_rate_khz": 12.5, "samples_count": 1000, "timestamp_utc": "2025-03-01T08:30:15.123456",
		"metrics": {"snr_db": NaN, "frequency_offset_hz": -Infinity, "power_dbm": -80.5}}`)
	at(6, `{"websdr_id": 16, "frequency_mhz": 145.5, "sample_rate_khz": NaN, "samples_count": 999, "timestamp_utc": "yesterday", "metrics": [7]}`)
	at(8, "{")
	r.expect(r.run(b, legacy.Options{}), legacy.Report{Acquisitions: 1, Recordings: 7, Imported: 7, Others: 7, WebSDRs: 7})
	meta := func(k int, why string) string { return fmt.Sprintf("%s/websdr_%d_metadata.json %s", taskA, k, why) }
	data := func(k int, why string) string { return fmt.Sprintf("%s/websdr_%d.npy %s", taskA, k, why) }
	r.found(meta(5, "not_finite"), meta(5, "not_finite"),
		meta(6, "websdr_differs"), meta(6, "field_bad"), meta(6, "field_bad"), meta(6, "field_bad"), data(6, "samples_differ"), data(6, "borrowed"),
		meta(8, "metadata_bad"), data(8, "borrowed"))
	r.sound()
	_, _, measurements, old := r.rows(taskA)
	for _, m := range measurements {
		if !m.Timestamp.Equal(taken) || m.FrequencyHz != 145_500_000 || m.SampleRateHz != 12_500 {
			t.Errorf("WebSDR %d: %v, %d Hz, %v Hz", m.WebSDRID, m.Timestamp, m.FrequencyHz, m.SampleRateHz)
		}
	}
	for _, l := range old {
		if l.WebSDRID == 5 && (l.SNRdB != nil || l.FrequencyOffsetHz != nil || l.PowerDBM == nil || *l.PowerDBM != -80.5) {
			t.Errorf("the old metrics of the documents' shape are %+v", l)
		}
	}
	if len(old) != 5 {
		t.Errorf("%d recordings have old metrics, want 5", len(old))
	}
}

func TestWhatIsNoRecordingIsSkippedAndSaid(t *testing.T) {
	r, b := newRig(t), newBucket(t)
	whole := npy(received(1000, 1))
	b.recording(taskA, 1, received(1000, 1))
	b.put("sessions/"+taskA+"/websdr_x.npy", whole)
	b.put("sessions/"+taskA+"/websdr_01.npy", whole)
	b.put("sessions/"+taskA+"/thumbs/websdr_1.npy", whole)
	b.put("sessions/"+taskA+"/thumbnail one.png", nil)
	b.put("models/websdr_1.npy", whole)
	b.put("sessions/"+taskA+"/websdr_2.npy/xl.meta", whole)
	b.put("sessions/"+taskA+"/websdr_9_metadata.json", []byte(metadata(9, 1, "2025-03-01T08:30:15")))
	b.put("sessions/"+taskA+"/websdr_0.npy", whole)
	b.put("sessions/"+taskA+"/websdr_99999999999.npy", whole)
	b.put("sessions/"+taskA+"/websdr_3.npy", nil)
	b.put("sessions/"+taskA+"/websdr_4.npy", npy(nil))
	b.put("sessions/"+taskA+"/websdr_5.npy", []byte("PK\x03\x04"))
	b.put("sessions/"+taskA+"/websdr_6.npy", whole[:len(whole)-1])
	b.put("sessions/"+taskA+"/websdr_7.npy", append(npy(received(1000, 7)), "more"...))
	b.put("sessions/"+taskB+"/websdr_1.npy", whole)
	r.expect(r.run(b, legacy.Options{}), legacy.Report{Acquisitions: 1, Recordings: 9, Imported: 2, Skipped: 7, Others: 8, WebSDRs: 2})
	own := func(k int, whys ...string) (list []string) {
		for _, why := range whys {
			list = append(list, fmt.Sprintf("%s/websdr_%d.npy %s", taskA, k, why))
		}
		return list
	}
	want := []string{"-" + taskA + "/websdr_x.npy foreign_name", "-" + taskA + "/websdr_01.npy foreign_name", "-" + taskA + "/thumbs/websdr_1.npy foreign_name",
		"-" + taskA + "/thumbnail one.png foreign_name", "-models/websdr_1.npy foreign_name", "-" + taskA + "/websdr_2.npy/xl.meta minio_internal",
		"-" + taskA + "/websdr_9_metadata.json metadata_alone", "-" + taskA + "/websdr_0.npy websdr_id", "-" + taskA + "/websdr_99999999999.npy websdr_id",
		"-" + taskA + "/websdr_3.npy empty", "-" + taskA + "/websdr_4.npy empty", "-" + taskA + "/websdr_5.npy not_npy", "-" + taskA + "/websdr_6.npy cut_off",
		"-" + taskB + "/websdr_1.npy frequency_unknown", taskB + "/websdr_1.npy metadata_missing"}
	want = append(want, own(7, "trailing_bytes")...)
	for _, k := range []int{3, 4, 5, 6, 7} {
		want = append(want, own(k, "metadata_missing", "borrowed")...)
	}
	r.found(want...)
	r.sound()
}

func TestASecondRunFindsNothingNew(t *testing.T) {
	r, b := newRig(t), newBucket(t)
	b.recording(taskA, 1, received(1000, 1))
	b.recording("a task without a UUID", 1, received(1000, 2))
	b.put("sessions/"+taskB+"/chunk_001_websdr_1.npy", npy(received(1000, 3)))
	opt := legacy.Options{FrequencyHz: 7_000_000}
	r.expect(r.run(b, opt), legacy.Report{Acquisitions: 3, Recordings: 3, Imported: 3, Others: 2, WebSDRs: 1})
	before := r.state()
	r.expect(r.run(b, opt), legacy.Report{Recordings: 3, Present: 3, Others: 2})
	r.found()
	if diff := cmp.Diff(before, r.state()); diff != "" {
		t.Errorf("the second run changed (-before +after):\n%s", diff)
	}
	r.sound()
}

func TestADryRunSaysTheSameAndStoresNothing(t *testing.T) {
	r, b := newRig(t), newBucket(t)
	b.recording(taskA, 1, received(1000, 1))
	b.put("sessions/"+taskA+"/websdr_2.npy", npy(received(1000, 1))[:999])
	before := r.state()
	dry := r.run(b, legacy.Options{DryRun: true})
	if diff := cmp.Diff(before, r.state()); diff != "" {
		t.Errorf("the dry run changed (-before +after):\n%s", diff)
	}
	if diff := cmp.Diff(dry, r.run(b, legacy.Options{})); diff != "" {
		t.Errorf("(-dry run +run):\n%s", diff)
	}
}

func TestChunksAreAcquisitionsOfTheirOwn(t *testing.T) {
	r, b := newRig(t), newBucket(t)
	for chunk := 1; chunk <= 2; chunk++ {
		for websdr := 1; websdr <= 2; websdr++ {
			var z []complex128
			for _, v := range received(2000, uint64(10*chunk+websdr)) {
				z = append(z, complex128(v))
			}
			b.put(fmt.Sprintf("sessions/%s/chunk_%03d_websdr_%d.npy", taskB, chunk, websdr), npy128(z))
		}
	}
	r.expect(r.run(b, legacy.Options{FrequencyHz: 145_000_000}), legacy.Report{Acquisitions: 2, Recordings: 4, Imported: 4, WebSDRs: 2})
	a, captures, measurements, _ := r.rows(taskB + "/chunk_002")
	if a.Label != "python-heimdall "+taskB || a.FrequencyHz != 145_000_000 || len(captures) != 2 {
		t.Errorf("the acquisition of a chunk is %+v with %d captures", a, len(captures))
	}
	if m := measurements[1]; m.TimeQuality != heimdall.TimeNone || m.TimeUncertaintyS != 0 || !m.Timestamp.Equal(now.AddDate(0, -1, 0)) {
		t.Errorf("the time of a chunk is %v, %s, ±%v s: want that of its object, and no more", m.Timestamp, m.TimeQuality, m.TimeUncertaintyS)
	}
	r.sound()
}

func TestARecordingThatComesLaterIsAnAcquisitionOfItsOwn(t *testing.T) {
	r, b := newRig(t), newBucket(t)
	b.recording(taskA, 1, received(1000, 1))
	b.recording(taskA, 2, received(1000, 2))
	whole := npy(received(1000, 2))
	b.put("sessions/"+taskA+"/websdr_2.npy", whole[:5000])
	r.expect(r.run(b, legacy.Options{}), legacy.Report{Acquisitions: 1, Recordings: 2, Imported: 1, Skipped: 1, Others: 2, WebSDRs: 1})
	r.found("-" + taskA + "/websdr_2.npy cut_off")

	b.put("sessions/"+taskA+"/websdr_2.npy", whole)
	r.expect(r.run(b, legacy.Options{}), legacy.Report{Acquisitions: 1, Recordings: 2, Imported: 1, Present: 1, Others: 2, WebSDRs: 1})
	r.found(taskA + "/websdr_2.npy apart")
	r.expect(r.run(b, legacy.Options{}), legacy.Report{Recordings: 2, Present: 2, Others: 2})
	r.found()
	if a, _, _, _ := r.rows(taskA + "/websdr_2"); a.State != heimdall.Success {
		t.Errorf("its acquisition is %s", a.State)
	}
	r.sound()
}

func TestNothingIsBorrowedThatWasGuessed(t *testing.T) {
	r, b := newRig(t), newBucket(t)
	b.put("sessions/"+taskA+"/websdr_1.npy", npy(received(1000, 1)))
	b.put("sessions/"+taskA+"/websdr_2.npy", npy(received(1000, 2)))
	r.run(b, legacy.Options{FrequencyHz: 7_100_000})
	var want []string
	for k := range 2 {
		for _, why := range []string{"metadata_missing", "frequency_given", "rate_assumed", "time_of_object"} {
			want = append(want, fmt.Sprintf("%s/websdr_%d.npy %s", taskA, k+1, why))
		}
	}
	r.found(want...)
}

func TestMemoryDoesNotGrowWithARecording(t *testing.T) {
	if raceEnabled {
		t.Skip("SKIPPED: the race detector makes so many samples slow, and shorter recordings take the same ways")
	}
	allocated := func(samples int64) uint64 {
		r, b := newRig(t), newBucket(t)
		key := "sessions/" + taskA + "/websdr_1.npy"
		header := iq.NPYHeader(samples)
		b.put(key, header)
		r.must(os.Truncate(filepath.Join(b.dir, key), int64(len(header))+8*samples)) // zeros, and no bytes on the disk
		b.put("sessions/"+taskA+"/websdr_1_metadata.json", []byte(metadata(1, int(samples), "2025-03-01T08:30:15")))
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		r.expect(r.run(b, legacy.Options{}), legacy.Report{Acquisitions: 1, Recordings: 1, Imported: 1, Others: 1, WebSDRs: 1})
		runtime.ReadMemStats(&after)
		return after.TotalAlloc - before.TotalAlloc
	}
	small, large := allocated(1<<18), allocated(1<<22)
	if grown := int64(large - small); grown > 4<<20 {
		t.Errorf("2 MiB took %d bytes, 32 MiB %d more", small, grown)
	}
}

func TestTheEndOfARecordingMayBeMissingIfAskedFor(t *testing.T) {
	r, b := newRig(t), newBucket(t)
	b.recording(taskA, 1, received(1000, 1))
	b.put("sessions/"+taskA+"/websdr_1.npy", npy(received(1000, 1))[:128+8*600+5])
	r.run(b, legacy.Options{AllowPartial: true})
	r.found(taskA + "/websdr_1.npy cut_off_imported")
	_, captures, _, _ := r.rows(taskA)
	if rec := captures[0].Recording; rec.SamplesCount != 600 || rec.ExpectedSamples != 1000 || captures[0].Reason == "" {
		t.Errorf("%d of %d samples, reason %q", rec.SamplesCount, rec.ExpectedSamples, captures[0].Reason)
	}
	r.sound()
}

func TestAnotherFrequencyIsAnotherAcquisition(t *testing.T) {
	r, b := newRig(t), newBucket(t)
	b.recording(taskA, 1, received(1000, 1))
	b.put("sessions/"+taskA+"/websdr_2.npy", npy(received(1000, 2)))
	b.put("sessions/"+taskA+"/websdr_2_metadata.json", []byte(`{"frequency_mhz": 433.92, "sample_rate_khz": 48, "timestamp_utc": "2025-03-01 08:30:15"}`))
	r.expect(r.run(b, legacy.Options{}), legacy.Report{Acquisitions: 2, Recordings: 2, Imported: 2, Others: 2, WebSDRs: 2})
	a, _, measurements, _ := r.rows(taskA + "/websdr_2")
	if a.FrequencyHz != 433_920_000 || measurements[0].SampleRateHz != 48_000 {
		t.Errorf("%d Hz at %v Hz", a.FrequencyHz, measurements[0].SampleRateHz)
	}
	r.expect(r.run(b, legacy.Options{}), legacy.Report{Recordings: 2, Present: 2, Others: 2})
	r.sound()
}

func TestWebSDRsAreTranslatedTakenFromAFileOrMade(t *testing.T) {
	r, b := newRig(t), newBucket(t)
	here, err := r.store.CreateWebSDR(t.Context(), heimdall.WebSDR{Name: "Torino", Kind: "openwebrx", URL: "http://sdr.example", Timeout: time.Second})
	r.must(err)
	for k := range int64(3) {
		b.recording(taskA, k+3, received(1000, 1))
	}
	opt := legacy.Options{WebSDRs: map[int64]int64{3: here.ID},
		Known: []heimdall.WebSDR{{ID: 4, Name: "Coazze", Kind: "openwebrx", URL: "http://four.example", Timeout: time.Second}}}
	r.expect(r.run(b, opt), legacy.Report{Acquisitions: 1, Recordings: 3, Imported: 3, Others: 3, WebSDRs: 2})
	for id, want := range map[int64]string{here.ID: "Torino", 4: "Coazze", 5: "python-heimdall 5"} {
		if w, err := r.store.WebSDR(t.Context(), id); err != nil || w.Name != want || w.Active {
			t.Errorf("WebSDR %d is %+v (%v), want %s, inactive", id, w, err, want)
		}
	}
	r.sound()
}

func TestTwoWebSDRsCannotBecomeOne(t *testing.T) {
	r, b := newRig(t), newBucket(t)
	b.recording(taskA, 3, received(1000, 3))
	b.recording(taskA, 4, received(1000, 4))
	opt := legacy.Options{WebSDRs: map[int64]int64{4: 3}}
	r.expect(r.run(b, opt), legacy.Report{Acquisitions: 1, Recordings: 2, Imported: 1, Skipped: 1, Others: 2, WebSDRs: 1})
	r.found("-" + taskA + "/websdr_4.npy websdr_id")
	r.expect(r.run(b, legacy.Options{}), legacy.Report{Acquisitions: 1, Recordings: 2, Imported: 1, Present: 1, Others: 2, WebSDRs: 1})
	r.sound()
}

func TestNaNAndInfiniteSamplesAreKept(t *testing.T) {
	r, b := newRig(t), newBucket(t)
	z := received(1000, 1)
	z[17], z[18] = complex(float32(math.NaN()), 0), complex(float32(math.Inf(1)), 0)
	b.recording(taskA, 1, z)
	wide := make([]complex128, len(z))
	for k, v := range z {
		wide[k] = complex128(v)
	}
	b.recording(taskA, 2, z)
	b.put("sessions/"+taskA+"/websdr_2.npy", npy128(wide))
	r.run(b, legacy.Options{})
	r.found()
	for k := range 2 {
		if got := r.stored(fmt.Sprintf("sessions/%s/websdr_%d.sigmf-data", taskA, k+1)); string(got) != string(npy(z)[128:]) {
			t.Errorf("recording %d has other bytes", k+1)
		}
	}
	r.sound()
}
