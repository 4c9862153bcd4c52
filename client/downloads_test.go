package client_test

import (
	"bytes"
	"encoding/binary"
	"io"
	"strings"
	"time"

	"github.com/heimdall-sdr/heimdall/api/wire"
	"github.com/heimdall-sdr/heimdall/client"
)

// download gets a recording whole, from its middle, and converted.
func (r *rig) download(taskID string, websdrID int64) {
	r.Helper()
	whole, err := r.Recording(r.Context(), taskID, websdrID, client.Wanted{})
	r.must(err)
	got, err := io.ReadAll(whole.Body)
	r.must(err)
	r.must(whole.Body.Close())
	if string(got) != data || whole.Bytes != int64(len(data)) || !strings.HasSuffix(whole.Name, "websdr_1.sigmf-data") || whole.Offset != 0 {
		r.Errorf("downloaded %x as %+v", got, whole)
	}
	rest, err := r.Recording(r.Context(), taskID, websdrID, client.Wanted{Format: "sigmf-data", Offset: 3, ETag: whole.ETag})
	r.must(err)
	got, err = io.ReadAll(rest.Body)
	r.must(err)
	r.must(rest.Body.Close())
	if string(got) != data[3:] || rest.Offset != 3 {
		r.Errorf("the rest is %x from %d", got, rest.Offset)
	}
	other, err := r.Recording(r.Context(), taskID, websdrID, client.Wanted{Offset: 3, ETag: `"of another file"`})
	r.must(err)
	r.must(other.Body.Close())
	if other.Offset != 0 || other.Bytes != int64(len(data)) {
		r.Errorf("the rest of another file is given away from %d", other.Offset)
	}
	npy, err := r.Recording(r.Context(), taskID, websdrID, client.Wanted{Format: "npy"})
	r.must(err)
	got, err = io.ReadAll(npy.Body)
	r.must(err)
	r.must(npy.Body.Close())
	var first float32
	if len(got) != 128+16 || binary.Read(bytes.NewReader(got[128:]), binary.LittleEndian, &first) != nil || first != -1 {
		r.Errorf("npy is %x", got)
	}
}

// downloadArchive gets an acquisition whole and from its middle.
func (r *rig) downloadArchive(taskID string) {
	r.Helper()
	_, err := r.Archive(r.Context(), taskID, client.Wanted{}) // as SigMF: the metadata was never stored
	r.refused(err, 409)
	d, err := r.Archive(r.Context(), taskID, client.Wanted{Format: "raw", AllowMissing: true})
	r.must(err)
	whole, err := io.ReadAll(d.Body)
	r.must(err)
	r.must(d.Body.Close())
	if d.Bytes != int64(len(whole)) || !strings.HasSuffix(d.Name, taskID+".tar") || !bytes.Contains(whole, []byte(data)) {
		r.Errorf("downloaded %d bytes as %+v", len(whole), d)
	}
	rest, err := r.Archive(r.Context(), taskID, client.Wanted{Format: "raw", Offset: 600, ETag: d.ETag})
	r.must(err)
	got, err := io.ReadAll(rest.Body)
	r.must(err)
	r.must(rest.Body.Close())
	if rest.Offset != 600 || !bytes.Equal(got, whole[600:]) {
		r.Errorf("the rest of the archive is %d bytes from %d on", len(got), rest.Offset)
	}
}

// downloadSlices gets the second sample of a recording, by its number and by its time.
func (r *rig) downloadSlices(c wire.Capture) {
	r.Helper()
	second := c.Recording.StartUTC.Add(time.Duration(1e6 / c.Recording.SampleRateKHz))
	for _, w := range []client.Wanted{
		{FromSample: 1}, {FromSample: 1, Samples: new(int64(1))}, {FromTime: second}, {FromTime: second, ToTime: second.Add(time.Hour)},
	} {
		d, err := r.Recording(r.Context(), c.TaskID, c.WebSDRID, w)
		r.must(err)
		got, err := io.ReadAll(d.Body)
		r.must(err)
		r.must(d.Body.Close())
		if string(got) != data[4:] {
			r.Errorf("%+v gives %x", w, got)
		}
	}
	_, err := r.Recording(r.Context(), c.TaskID, c.WebSDRID, client.Wanted{Samples: new(int64(1)), ToTime: second})
	r.refused(err, 422)
}
