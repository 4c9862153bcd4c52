package api_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"image/png"
	"math"
	"math/cmplx"
	"strings"
	"testing"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/api/wire"
	"github.com/heimdall-sdr/heimdall/blob"
	"github.com/heimdall-sdr/heimdall/export"
	"github.com/heimdall-sdr/heimdall/iq"
)

// toned is a recording of 10 s at 12 kHz, of a tone of -20 dBFS 1.5 kHz up, with 2.5 s missing in its middle. It returns its
// address and that of its spectrogram in the object store.
func (r *rig) toned() (target, key string) {
	r.Helper()
	const rate, samples, at, missing = 12_000, 120_000, 60_000, 30_000
	held := make([]complex64, samples)
	for i := range held {
		n := i
		if i >= at {
			n += missing
		}
		held[i] = complex64(cmplx.Rect(0.1, 2*math.Pi*float64(n*1500%rate)/rate))
	}
	data := make([]byte, 4*samples)
	iq.Encode(data, held, iq.CI16LE)
	r.websdr("One")
	a := r.acquisition(1)
	job := r.claim()
	r.end(job, func(c heimdall.Capture) (heimdall.Capture, *heimdall.Measurement) {
		c, m := success(job, c)
		rec := c.Recording
		rec.SampleRateHz, rec.SamplesCount, rec.Bytes, rec.Gaps = rate, samples, int64(len(data)), []heimdall.Gap{{Sample: at, Missing: missing}}
		rec.SHA256 = r.put(rec.S3Path, data)
		m.SamplesCount, m.SampleRateHz, key = samples, rate, rec.SpectrogramPath()
		w, err := r.store.WebSDR(r.Context(), c.WebSDRID)
		r.must(err)
		meta, err := export.Metadata(job.Acquisition, c, w, m)
		r.must(err)
		r.put(rec.MetadataPath(), meta)
		return c, m
	})
	return "/api/v1/recordings/" + a.TaskID + "/1/spectrogram", key
}

func TestASpectrogramReadsTheToneWhereAndWhenItWas(t *testing.T) {
	r := newRig(t)
	target, _ := r.toned()
	var g wire.Spectrogram
	r.get(target + "?columns=50&bins=1024").want(200).into(&g)
	if g.ColumnS != 0.25 || g.StepHz != 12000.0/1024 || len(g.PowerDBFS) != 50 || !g.Start.Equal(noon.Add(1_234_567_891)) {
		t.Fatalf("it has %d columns of %g s from %v, bins of %g Hz", len(g.PowerDBFS), g.ColumnS, g.Start, g.StepHz)
	}
	bin := int(math.Round((1500 - g.LowHz) / g.StepHz))
	for c, column := range g.PowerDBFS {
		switch gap := c >= 21 && c < 29; {
		case gap && column != nil:
			t.Errorf("quarter %d was not received and reads %g dBFS", c, column[bin])
		case !gap && c != 20 && c != 29 && (column == nil || math.Abs(column[bin]+20) > 0.1):
			t.Errorf("quarter %d lacks the tone", c)
		}
	}
	// The same in detail, from the samples: 100 columns of 10 ms from 7.8 s on.
	from := g.Start.Add(7_800 * time.Millisecond)
	r.get(fmt.Sprintf("%s?columns=100&bins=128&from_time=%s&to_time=%s", target, from.Format(time.RFC3339Nano), from.Add(time.Second).Format(time.RFC3339Nano))).want(200).into(&g)
	if !g.Start.Equal(from) || g.ColumnS != 0.01 {
		t.Errorf("the detail has columns of %g s from %v", g.ColumnS, g.Start)
	}
	bin = int(math.Round((1500 - g.LowHz) / g.StepHz))
	for c, column := range g.PowerDBFS {
		if column == nil || math.Abs(column[bin]+20) > 0.1 {
			t.Fatalf("column %d of the detail lacks the tone in bin %d: %v", c, bin, column)
		}
	}
}

func TestASpectrogramIsAlsoAnArrayOfNumPy(t *testing.T) {
	r := newRig(t)
	target, _ := r.toned()
	body := r.get(target + "?columns=50&bins=8&format=npy").want(200).body
	length := 10 + int(binary.LittleEndian.Uint16([]byte(body[8:])))
	if !strings.HasPrefix(body, "\x93NUMPY\x01\x00") || !strings.Contains(body[:length], "'shape': (50, 8)") || length%64 != 0 || len(body) != length+4*50*8 {
		t.Fatalf("%d bytes after %q", len(body)-length, body[:length])
	}
	at := func(c, b int) float64 {
		return float64(math.Float32frombits(binary.LittleEndian.Uint32([]byte(body[length+4*(8*c+b):]))))
	}
	if math.Abs(at(5, 5)+20) > 0.1 || !math.IsNaN(at(25, 5)) {
		t.Errorf("the tone reads %g, the gap %g", at(5, 5), at(25, 5))
	}
}

func TestAPictureIsDrawnOnceAndThenKnown(t *testing.T) {
	r := newRig(t)
	target, key := r.toned()
	for _, path := range []string{".png?width=100&height=40", ".png?palette=gray&min_dbfs=-90&max_dbfs=-10", "/tiles/0/0/0.png", "/tiles/3/2/1.png", "/tiles/9/511/3.png"} {
		a := r.get(target + path).want(200)
		picture, err := png.Decode(strings.NewReader(a.body))
		if err != nil {
			t.Fatal(err)
		}
		if size := picture.Bounds().Size(); strings.Contains(path, "tiles") && (size.X != 256 || size.Y != 256) || strings.Contains(path, "width") && (size.X != 100 || size.Y != 40) {
			t.Errorf("%s is %v", path, size)
		}
		if again := r.get(target+path, "If-None-Match", a.header.Get("ETag")).want(304); again.body != "" {
			t.Errorf("%s is sent again", path)
		}
	}
	if _, err := r.blobs.Stat(t.Context(), key); err != nil {
		t.Errorf("it is not stored: %v", err)
	}
	if a, b := r.get(target+".png").header.Get("ETag"), r.get(target+".png?palette=gray").header.Get("ETag"); a == b {
		t.Error("two pictures have one ETag")
	}
}

func TestAStoredSpectrogramOfOtherSamplesIsMadeAgain(t *testing.T) {
	r := newRig(t)
	target, key := r.toned()
	rubbish := "left by another version"
	r.must(r.blobs.Put(t.Context(), key, strings.NewReader(rubbish), blob.SumOf([]byte(rubbish))))
	r.get(target + ".png").want(200)
	obj, err := r.blobs.Open(t.Context(), key)
	r.must(err)
	defer obj.Close()
	if n := obj.Info().Bytes; n == int64(len(rubbish)) {
		t.Error("the rubbish is still there")
	}
}

func TestASpectrogramThatCannotBeHadSaysWhy(t *testing.T) {
	r := newRig(t)
	target, _ := r.toned()
	for query, location := range map[string]string{
		".png?width=0":                    "query.width",
		".png?palette=rainbow":            "query.palette",
		".png?min_dbfs=-10&max_dbfs=-20":  "query.max_dbfs",
		".png?min_dbfs=NaN":               "query.min_dbfs",
		"?from_time=2030-01-01T00:00:00Z": "query.from_time",
		"?to_time=2020-01-01T00:00:00Z":   "query.to_time",
		"/tiles/25/0/0.png":               "path.z",
		"/tiles/0/0/0":                    "path.y",
		"?from_time=2026-03-01T12:00:09Z&to_time=2026-03-01T12:00:08Z": "query.to_time",
	} {
		r.get(target+query).refused(422, location, "")
	}
	r.get(target+"/tiles/0/1/0.png").refused(404, "", "1 tiles of time")
	r.get(target+"/tiles/1/0/2.png").refused(404, "", "2 of frequency")
}

func TestADamagedRecordingIsNotDrawn(t *testing.T) {
	r := newRig(t)
	target, _, _ := r.recorded() // of 4 samples
	r.get(target+"/spectrogram.png").refused(409, "", "too short")

	r = newRig(t)
	target, key := r.toned()
	data := strings.TrimSuffix(key, ".spectrogram") + ".sigmf-data"
	r.must(r.blobs.Delete(t.Context(), data))
	r.get(target).refused(404, "", "no longer in the object store")
	r.put(data, bytes.Repeat([]byte{1}, 4*120_000))
	r.get(target).refused(409, "", "damaged")
}
