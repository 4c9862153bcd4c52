package client

import (
	"context"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/heimdall-sdr/heimdall/api/wire"
)

// Wanted says what of a recording or an acquisition to download. It may be zero.
type Wanted struct {
	Format string // sigmf-data, sigmf-meta, sigmf, npy, wav, kiwi-wav or raw; "" leaves it to the server

	// A part by time: samples received in [FromTime, ToTime). A zero time leaves that end open.
	FromTime, ToTime time.Time
	// A part by sample, of a single recording. Samples nil means all that follow.
	FromSample int64
	Samples    *int64

	AllowMissing bool // of an archive: leave out what cannot be had

	// Offset continues a download that broke. Give the ETag of its beginning, so that two files are not mixed.
	Offset int64
	ETag   string
}

// A Download is a file on its way. The caller closes Body.
type Download struct {
	Body        io.ReadCloser
	Name        string // what to call the file
	ContentType string
	Bytes       int64  // of Body; -1 when the server does not say
	Offset      int64  // of Body's first byte in the file
	ETag        string // changes when the bytes of the whole file do; as stored, it is the quoted SHA-256
}

// Recording downloads a recording.
func (c *Client) Recording(ctx context.Context, taskID string, websdrID int64, w Wanted) (*Download, error) {
	q := w.query()
	if w.FromSample != 0 {
		q.Set("from_sample", strconv.FormatInt(w.FromSample, 10))
	}
	if w.Samples != nil {
		q.Set("samples", strconv.FormatInt(*w.Samples, 10))
	}
	return c.download(ctx, at("api", "v1", "recordings", taskID, websdrID), q, w)
}

// Archive downloads all recordings of an acquisition as one tar. It is a *Problem of status 409 when some cannot
// be had, unless AllowMissing.
func (c *Client) Archive(ctx context.Context, taskID string, w Wanted) (*Download, error) {
	q := w.query()
	if w.AllowMissing {
		q.Set("allow_missing", "true")
	}
	return c.download(ctx, at("api", "v1", "acquisitions", taskID, "archive"), q, w)
}

// RecordingURL returns where anybody can get an object of a recording, its data or its metadata, straight from the
// object store until ttl has passed; 0 leaves the time to the server. It is a *Problem of status 501 when the store
// has no addresses.
func (c *Client) RecordingURL(ctx context.Context, taskID string, websdrID int64, object string, ttl time.Duration) (u wire.RecordingURL, err error) {
	q := url.Values{}
	addText(q, "object", object)
	if ttl != 0 {
		q.Set("expires_seconds", strconv.FormatInt(int64(ttl/time.Second), 10))
	}
	err = c.get(ctx, at("api", "v1", "recordings", taskID, websdrID, "url"), q, &u)
	return u, err
}

// query is what a recording and an archive have in common.
func (w *Wanted) query() url.Values {
	q := url.Values{}
	addText(q, "format", w.Format)
	addTime(q, "from_time", w.FromTime)
	addTime(q, "to_time", w.ToTime)
	return q
}

func (c *Client) download(ctx context.Context, path string, q url.Values, w Wanted) (*Download, error) {
	r := request{method: http.MethodGet, path: path, query: q, header: http.Header{}}
	if w.Offset > 0 {
		r.header.Set("Range", fmt.Sprintf("bytes=%d-", w.Offset))
		if w.ETag != "" {
			r.header.Set("If-Range", w.ETag)
		}
	}
	resp, err := c.do(ctx, r)
	if err != nil {
		return nil, err
	}
	d := &Download{
		Body: resp.Body, ContentType: resp.Header.Get("Content-Type"),
		Bytes: resp.ContentLength, ETag: resp.Header.Get("ETag"),
	}
	if resp.StatusCode == http.StatusPartialContent {
		d.Offset = w.Offset
	}
	_, params, _ := mime.ParseMediaType(resp.Header.Get("Content-Disposition"))
	d.Name = params["filename"]
	return d, nil
}
