package client

import (
	"context"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/api/wire"
)

// Captures returns one page, newest acquisition first, then by websdr_id. See Acquisitions about cursor.
func (c *Client) Captures(ctx context.Context, f heimdall.CaptureFilter, cursor string) (page wire.CapturePage, err error) {
	if f.AfterTaskID != "" || f.AfterWebSDRID != 0 {
		return page, errAfter
	}
	q := url.Values{}
	addText(q, "task_id", f.TaskID)
	if f.WebSDRID != 0 {
		q.Set("websdr_id", strconv.FormatInt(f.WebSDRID, 10))
	}
	addAll(q, "state", f.States)
	addText(q, "failure_class", string(f.FailureClass))
	addTime(q, "from", f.From)
	addTime(q, "to", f.To)
	addPage(q, f.Limit, cursor)
	err = c.get(ctx, "/api/v1/captures", q, &page)
	return page, err
}

// Capture returns one capture.
func (c *Client) Capture(ctx context.Context, taskID string, websdrID int64) (w wire.Capture, err error) {
	err = c.get(ctx, at("api", "v1", "captures", taskID, websdrID), nil, &w)
	return w, err
}

// A Download is a recording on its way. The caller closes Body.
type Download struct {
	Body        io.ReadCloser
	Name        string // what to call the file
	ContentType string
	Bytes       int64  // of Body; -1 when the server does not say
	Offset      int64  // of Body's first byte in the file
	ETag        string // changes when the bytes of the whole file do; as stored, it is the quoted SHA-256
}

// Recording downloads a recording. format is sigmf-data (also ""), sigmf-meta, sigmf, npy, wav or raw. An
// offset continues a download that broke; give the ETag of its beginning, so that two files are not mixed.
func (c *Client) Recording(ctx context.Context, taskID string, websdrID int64, format string, offset int64, etag string) (*Download, error) {
	r := request{method: http.MethodGet, path: at("api", "v1", "recordings", taskID, websdrID), query: url.Values{}, header: http.Header{}}
	addText(r.query, "format", format)
	if offset > 0 {
		r.header.Set("Range", fmt.Sprintf("bytes=%d-", offset))
		if etag != "" {
			r.header.Set("If-Range", etag)
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
		d.Offset = offset
	}
	_, params, _ := mime.ParseMediaType(resp.Header.Get("Content-Disposition"))
	d.Name = params["filename"]
	return d, nil
}
