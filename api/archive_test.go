package api_test

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/api"
	"github.com/heimdall-sdr/heimdall/api/wire"
	"github.com/heimdall-sdr/heimdall/blob/disk"
	"github.com/heimdall-sdr/heimdall/export"
)

// acquired is an acquisition of WebSDRs 1 to 3, of which 3 failed, with its objects. It returns the task id.
func (r *rig) acquired() string {
	r.Helper()
	for _, name := range []string{"One", "Two", "Three"} {
		r.websdr(name)
	}
	a := r.acquisition(1, 2, 3)
	job := r.claim()
	r.end(job, func(c heimdall.Capture) (heimdall.Capture, *heimdall.Measurement) {
		if c.WebSDRID == 3 {
			c.State, c.Phase, c.FailureClass, c.EndedAt = heimdall.Failed, heimdall.PhaseDone, heimdall.FailBusy, noon
			return c, nil
		}
		c, m := success(job, c)
		var data []byte
		for _, v := range samples {
			data = binary.LittleEndian.AppendUint16(data, uint16(v)+uint16(c.WebSDRID))
		}
		c.Recording.SHA256 = r.put(c.Recording.S3Path, data)
		w, err := r.store.WebSDR(r.Context(), c.WebSDRID)
		r.must(err)
		meta, err := export.Metadata(job.Acquisition, c, w, m)
		r.must(err)
		r.put(c.Recording.MetadataPath(), meta)
		return c, m
	})
	return a.TaskID
}

// members are the names of a tar's files without folders and without what is the same in all.
func (r *rig) members(body string) (names []string) {
	r.Helper()
	for archive := tar.NewReader(strings.NewReader(body)); ; {
		h, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return names
		}
		r.must(err)
		names = append(names, h.Name[strings.LastIndexAny(h.Name, "/z")+1:])
	}
}

func TestAnAcquisitionIsDownloadedAsOneArchive(t *testing.T) {
	r := newRig(t)
	target := "/api/v1/acquisitions/" + r.acquired() + "/archive"
	for query, want := range map[string][]string{
		"":                  {"_websdr_1.sigmf-meta", "_websdr_1.sigmf-data", "_websdr_2.sigmf-meta", "_websdr_2.sigmf-data"},
		"?format=npy":       {"_websdr_1.npy", "_websdr_2.npy"},
		"?format=wav":       {"_websdr_1.wav", "_websdr_2.wav"},
		"?from_time=" + at2: {"_websdr_2_1-4.sigmf-meta", "_websdr_2_1-4.sigmf-data"},
	} {
		if strings.Contains(query, "time") {
			r.get(target+query).refused(409, "", "WebSDR 1: from_time lies behind the recording")
			query += "&allow_missing=true"
			want = append([]string{"MISSING.txt"}, want...)
		}
		a := r.get(target + query).want(200)
		if diff := cmp.Diff(want, r.members(a.body)); diff != "" {
			t.Errorf("%q gives (-want +got):\n%s", query, diff)
		}
		disposition := a.header.Get("Content-Disposition")
		if a.header.Get("Content-Type") != "application/x-tar" || !strings.HasPrefix(disposition, "attachment; filename=") ||
			!strings.Contains(disposition, "145500000Hz_0") || a.header.Get("Last-Modified") != "" {
			t.Errorf("%q answers with %v", query, a.header)
		}
	}
	r.get(target+"?format=mp3").refused(422, "query.format", "npy")
	r.get(target+"?from_sample=1").refused(422, "query.from_sample", "is not known")
	r.get(target+"?from_time=2030-01-01T00:00:00Z").refused(422, "query.from_time", "which is from 2026-03-01T12:00:01")
	r.get("/api/v1/acquisitions/unknown/archive").refused(404, "", "not found")
}

// at2 is after the last sample of WebSDR 1 and after the first of 2.
const at2 = "2026-03-01T12:00:02.469135783Z"

func TestABrokenDownloadOfAnArchiveGoesOn(t *testing.T) {
	r := newRig(t)
	target := "/api/v1/acquisitions/" + r.acquired() + "/archive?format=sigmf"
	whole := r.get(target).want(200)
	etag := whole.header.Get("ETag")
	rest := r.get(target, "Range", "bytes=700-", "If-Range", etag).want(http.StatusPartialContent)
	if rest.body != whole.body[700:] || rest.header.Get("ETag") != etag {
		t.Errorf("the rest has %d of %d bytes, ETag %s", len(rest.body), len(whole.body), rest.header.Get("ETag"))
	}
	if other := r.get(target, "Range", "bytes=700-", "If-Range", `"other"`).want(200); other.body != whole.body {
		t.Error("the rest of another archive is given away")
	}
	r.get(target, "If-None-Match", etag).want(http.StatusNotModified)
}

func TestAnArchiveWithLostRecordingsIsRefusedUnlessAllowed(t *testing.T) {
	r := newRig(t)
	task := r.acquired()
	target := "/api/v1/acquisitions/" + task + "/archive"
	r.must(r.blobs.Delete(t.Context(), "sessions/"+task+"/websdr_1.sigmf-data"))
	r.get(target).refused(409, "", "1 of 2 recordings cannot be had; WebSDR 1: ")
	r.get(target).refused(409, "", "give allow_missing=true")
	a := r.get(target + "?allow_missing=true").want(200)
	if got := r.members(a.body); len(got) != 3 || got[0] != "MISSING.txt" || !strings.Contains(a.body, "WebSDR 1: look for the recording") {
		t.Errorf("the archive holds %v", got)
	}
	r.must(r.blobs.Delete(t.Context(), "sessions/"+task+"/websdr_2.sigmf-data"))
	r.get(target+"?allow_missing=true").refused(409, "", "nothing is left")
}

func TestAnAcquisitionThatHasNotEndedHasNoArchive(t *testing.T) {
	r := newRig(t)
	r.websdr("One")
	a := r.acquisition(1)
	target := "/api/v1/acquisitions/" + a.TaskID + "/archive"
	r.get(target).refused(409, "", "pending: try again when it has ended")
	r.post("/api/v1/acquisitions/"+a.TaskID+"/cancel", "").want(202)
	r.get(target).refused(404, "", "has no recordings")
}

func TestAPartOfARecordingIsChosenByTime(t *testing.T) {
	r := newRig(t)
	target, data, _ := r.recorded() // 4 samples, 7 missing before the third, from 12:00:01.234567891 on
	for query, want := range map[string][]byte{
		"?from_time=2026-03-01T12:00:01.234567891Z":                                          data,
		"?from_time=2026-03-01T12:00:01.234567892Z":                                          data[4:],
		"?to_time=2026-03-01T12:00:01.234567892Z":                                            data[:4],
		"?from_time=2026-03-01T12:00:01.2347Z":                                               data[8:],
		"?from_time=2026-03-01T13:00:01.2346%2B01:00&to_time=2026-03-01T12:00:01.235317821Z": data[4:12],
	} {
		if a := r.get(target + query).want(200); a.body != string(want) {
			t.Errorf("%s gives %x, want %x", query, a.body, want)
		}
	}
	r.get(target+"?from_time=2026-03-01T12:00:01Z&from_sample=1").refused(422, "query.from_time", "by time or by sample")
	r.get(target+"?from_time=2026-03-01T12:00:02Z").refused(422, "query.from_time", "from 2026-03-01T12:00:01.234567891Z to 2026-03-01T12:00:01.235484")
	r.get(target+"?to_time=2026-03-01T12:00:01Z").refused(422, "query.to_time", "lies before the recording")
	r.get(target+"?from_time=1.5").refused(422, "query.from_time", "")
}

// signing is an object store with addresses.
type signing struct {
	*disk.Store
	err error
}

func (s *signing) Presign(_ context.Context, key string, ttl time.Duration) (string, error) {
	return "https://objects.test/" + key + "?for=" + ttl.String(), s.err
}

func TestARecordingHasAnAddressInAStoreThatGivesThem(t *testing.T) {
	var store signing
	r := newRig(t, func(c *api.Config) { store.Store = c.Blobs.(*disk.Store); c.Blobs = &store })
	target, data, sum := r.recorded()
	for query, want := range map[string]wire.RecordingURL{
		"":                    {ExpiresAt: noon.Add(time.Hour), Bytes: int64(len(data)), SHA256: sum, S3Path: "data", URL: "1h0m0s"},
		"?expires_seconds=60": {ExpiresAt: noon.Add(time.Minute), Bytes: int64(len(data)), SHA256: sum, S3Path: "data", URL: "1m0s"},
	} {
		var got wire.RecordingURL
		a := r.get(target + "/url" + query).want(200)
		a.into(&got)
		want.S3Path = "sessions/" + strings.Split(target, "/")[4] + "/websdr_1.sigmf-data"
		want.URL = "https://objects.test/" + want.S3Path + "?for=" + want.URL
		if diff := cmp.Diff(want, got); diff != "" || a.header.Get("Cache-Control") != "no-store" {
			t.Errorf("%q answers %v (-want +got):\n%s", query, a.header, diff)
		}
	}
	var meta wire.RecordingURL
	r.get(target + "/url?object=metadata").want(200).into(&meta)
	if !strings.Contains(meta.URL, "websdr_1.sigmf-meta?") || meta.Bytes == 0 || len(meta.SHA256) != 64 {
		t.Errorf("the metadata has the address %+v", meta)
	}
	r.get(target+"/url?expires_seconds=604801").refused(422, "query.expires_seconds", "604800")
	r.get(target+"/url?object=both").refused(422, "query.object", "metadata")
	store.err = errors.New("the key is wrong")
	r.get(target+"/url").refused(500, "", "request id")
	store.err = nil
	key := "sessions/" + strings.Split(target, "/")[4] + "/websdr_1.sigmf-data"
	r.must(store.Delete(t.Context(), key))
	r.get(target+"/url").refused(404, "", "object not found")
	r.put(key, bytes.Repeat([]byte{1}, 3))
	r.get(target+"/url").refused(500, "", "request id")
	r.get("/api/v1/recordings/unknown/1/url").refused(404, "", "not found")
}

func TestAFolderHasNoAddressesAndSaysWhatToDo(t *testing.T) {
	r := newRig(t)
	target, _, _ := r.recorded()
	r.get(target+"/url").refused(501, "", "download "+target)
}
