package api_test

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/blob"
	"github.com/heimdall-sdr/heimdall/export"
)

// samples are four complex samples as received: -32768, ..., in ci16_le.
var samples = []int16{-32768, 0, 16384, -16384, 1, 2, 32767, -1}

// recorded is an acquisition whose captures are stored as objects, too. It returns the address of the first.
func (r *rig) recorded() (target string, data []byte, sum string) {
	r.Helper()
	r.websdr("One")
	a := r.acquisition(1)
	for _, v := range samples {
		data = binary.LittleEndian.AppendUint16(data, uint16(v))
	}
	job := r.claim()
	r.end(job, func(c heimdall.Capture) (heimdall.Capture, *heimdall.Measurement) {
		c, m := success(job, c)
		sum = r.put(c.Recording.S3Path, data)
		c.Recording.SHA256 = sum
		w, err := r.store.WebSDR(r.Context(), c.WebSDRID)
		r.must(err)
		meta, err := export.Metadata(job.Acquisition, c, w, m)
		r.must(err)
		r.put(strings.TrimSuffix(c.Recording.S3Path, "data")+"meta", meta)
		return c, m
	})
	return "/api/v1/recordings/" + a.TaskID + "/1", data, sum
}

func (r *rig) put(key string, data []byte) (sum string) {
	r.Helper()
	h := sha256.Sum256(data)
	sum = hex.EncodeToString(h[:])
	r.must(r.blobs.Put(r.Context(), key, bytes.NewReader(data), blob.Sum{Bytes: int64(len(data)), SHA256: sum}))
	return sum
}

func TestARecordingIsDownloadedAsStored(t *testing.T) {
	r := newRig(t)
	target, data, sum := r.recorded()
	for _, query := range []string{"", "?format=sigmf-data"} {
		a := r.get(target + query).want(200)
		if a.body != string(data) {
			t.Errorf("%q gives other bytes: %x", query, a.body)
		}
		if got := a.header.Get("ETag"); got != `"`+sum+`"` {
			t.Errorf("ETag is %s, want the SHA-256 %s", got, sum)
		}
		if got := a.header.Get("Content-Disposition"); !strings.HasPrefix(got, "attachment; filename=") || !strings.Contains(got, ".sigmf-data") {
			t.Errorf("Content-Disposition is %q", got)
		}
	}
	part := r.get(target, "Range", "bytes=4-7").want(http.StatusPartialContent)
	if part.body != string(data[4:8]) || part.header.Get("Content-Range") != "bytes 4-7/16" {
		t.Errorf("the range is %x, %s", part.body, part.header.Get("Content-Range"))
	}
	r.get(target, "Range", "bytes=99-").want(http.StatusRequestedRangeNotSatisfiable)
	r.get(target, "If-None-Match", `"`+sum+`"`).want(http.StatusNotModified)
}

func TestARecordingIsConvertedOnTheWay(t *testing.T) {
	r := newRig(t)
	target, data, _ := r.recorded()
	if a := r.get(target + "?format=npy").want(200); !strings.HasPrefix(a.body, "\x93NUMPY") || len(a.body)%64 != 8*len(data)/4%64 {
		t.Errorf("npy is %d bytes: %.20q", len(a.body), a.body)
	}
	if a := r.get(target + "?format=wav").want(200); !strings.HasPrefix(a.body, "RIFF") || a.header.Get("Content-Type") != "audio/wav" {
		t.Errorf("wav is %.20q of type %s", a.body, a.header.Get("Content-Type"))
	}
	if a := r.get(target + "?format=raw").want(200); a.body != string(data) || !strings.Contains(a.header.Get("Content-Disposition"), ".cs16") {
		t.Errorf("raw is %x, %s", a.body, a.header.Get("Content-Disposition"))
	}
	if a := r.get(target + "?format=sigmf-meta").want(200); !strings.Contains(a.body, `"core:datatype"`) || a.header.Get("Content-Type") != "application/json" {
		t.Errorf("sigmf-meta is %s", a.body)
	}
	archive := tar.NewReader(strings.NewReader(r.get(target + "?format=sigmf").want(200).body))
	var found []string
	for {
		h, err := archive.Next()
		if err == io.EOF {
			break
		}
		r.must(err)
		if h.Typeflag == tar.TypeReg {
			found = append(found, h.Name[strings.LastIndex(h.Name, "."):])
		}
	}
	if diff := cmp.Diff([]string{".sigmf-meta", ".sigmf-data"}, found); diff != "" {
		t.Errorf("the archive holds something else (-want +got):\n%s", diff)
	}
	if a := r.get(target + "?from_sample=1&samples=2").want(200); a.body != string(data[4:12]) {
		t.Errorf("samples 1 and 2 are %x", a.body)
	}
	if a := r.get(target + "?from_sample=3").want(200); a.body != string(data[12:]) {
		t.Errorf("the rest from sample 3 is %x", a.body)
	}
	r.get(target+"?samples=5").refused(422, "query.samples", "from 0 to 4")
	r.get(target+"?format=mp3").refused(422, "query.format", "npy")
}

func TestEveryFormatOfThePackageIsOffered(t *testing.T) {
	r := newRig(t)
	target, _, _ := r.recorded()
	for _, f := range export.Formats() {
		a := r.get(target + "?format=" + string(f.Format)).want(200)
		if got := a.header.Get("Content-Type"); got != f.ContentType {
			t.Errorf("%s is of type %s, want %s", f.Format, got, f.ContentType)
		}
		if got := a.header.Get("Content-Length"); got != fmt.Sprint(len(a.body)) {
			t.Errorf("%s announces %s bytes and has %d", f.Format, got, len(a.body))
		}
	}
}

func TestACaptureWithoutARecordingSaysWhy(t *testing.T) {
	r := newRig(t)
	r.websdr("One")
	a := r.acquisition(1)
	target := "/api/v1/recordings/" + a.TaskID + "/1"
	r.get(target).refused(404, "", "it is pending, try again")
	r.end(r.claim(), func(c heimdall.Capture) (heimdall.Capture, *heimdall.Measurement) {
		c.State, c.Phase, c.FailureClass, c.Reason, c.EndedAt = heimdall.Failed, heimdall.PhaseDone, heimdall.FailBusy, "all slots are taken", noon
		return c, nil
	})
	r.get(target).refused(404, "", "it failed (busy): all slots are taken")
	r.get("/api/v1/recordings/unknown/1").refused(404, "", "not found")
}

func TestARecordingWhoseObjectIsGoneOrDamagedIsNotGivenAway(t *testing.T) {
	r := newRig(t)
	r.websdr("One")
	a := r.measured(1) // rows without objects
	target := "/api/v1/recordings/" + a.TaskID + "/1"
	r.get(target).refused(404, "", "no longer in the object store")
	key := "sessions/" + a.TaskID + "/websdr_1.sigmf-data"
	r.put(key, []byte("short"))
	r.get(target).refused(500, "", "request id")
	if !strings.Contains(r.log.String(), "the object has 5 bytes") {
		t.Errorf("the log does not say why: %s", r.log)
	}
	r.get(target+"?format=sigmf").refused(500, "", "request id")
	r.must(r.blobs.Delete(t.Context(), key))
	r.put(key, make([]byte, 16))
	r.get(target+"?format=sigmf").refused(422, "query.format", "metadata of this recording is missing")
}
