package client

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/heimdall-sdr/heimdall/api/wire"
)

// A Picture says what to draw of a spectrogram. Zero values leave it to the server, and mean the whole recording.
type Picture struct {
	From, To         time.Time
	Width, Height    int      // pixels of time and of frequency
	MinDBFS, MaxDBFS *float64 // darkest and brightest
	Palette          string
}

func (p Picture) query() url.Values {
	q := url.Values{}
	addTime(q, "from_time", p.From)
	addTime(q, "to_time", p.To)
	if p.Width != 0 {
		q.Set("width", strconv.Itoa(p.Width))
	}
	if p.Height != 0 {
		q.Set("height", strconv.Itoa(p.Height))
	}
	if p.MinDBFS != nil {
		addFloat(q, "min_dbfs", *p.MinDBFS)
	}
	if p.MaxDBFS != nil {
		addFloat(q, "max_dbfs", *p.MaxDBFS)
	}
	addText(q, "palette", p.Palette)
	return q
}

// Spectrogram returns the power of a recording over columns of time and bins of frequency; 0 of either leaves it to the
// server. A zero time is that end of the recording.
func (c *Client) Spectrogram(ctx context.Context, taskID string, websdrID int64, from, to time.Time, columns, bins int) (s wire.Spectrogram, err error) {
	q := Picture{From: from, To: to}.query()
	if columns != 0 {
		q.Set("columns", strconv.Itoa(columns))
	}
	if bins != 0 {
		q.Set("bins", strconv.Itoa(bins))
	}
	err = c.get(ctx, at("api", "v1", "recordings", taskID, websdrID, "spectrogram"), q, &s)
	return s, err
}

// SpectrogramPNG draws a recording. The caller closes it.
func (c *Client) SpectrogramPNG(ctx context.Context, taskID string, websdrID int64, p Picture) (io.ReadCloser, error) {
	return c.open(ctx, at("api", "v1", "recordings", taskID, websdrID, "spectrogram.png"), p.query())
}

// PSD returns the power density of a recording over frequency. A zero time is that end of the recording.
func (c *Client) PSD(ctx context.Context, taskID string, websdrID int64, from, to time.Time) (p wire.PSD, err error) {
	err = c.get(ctx, at("api", "v1", "recordings", taskID, websdrID, "psd"), Picture{From: from, To: to}.query(), &p)
	return p, err
}

// SpectrogramTile draws one tile of 256 by 256 pixels; of p only the power and the palette count. The caller closes it.
func (c *Client) SpectrogramTile(ctx context.Context, taskID string, websdrID int64, zoom int, x int64, y int, p Picture) (io.ReadCloser, error) {
	q := Picture{MinDBFS: p.MinDBFS, MaxDBFS: p.MaxDBFS, Palette: p.Palette}.query()
	return c.open(ctx, at("api", "v1", "recordings", taskID, websdrID, "spectrogram", "tiles", zoom, x, strconv.Itoa(y)+".png"), q)
}

func (c *Client) open(ctx context.Context, path string, q url.Values) (io.ReadCloser, error) {
	resp, err := c.do(ctx, request{method: http.MethodGet, path: path, query: q})
	if err != nil {
		return nil, err
	}
	return resp.Body, nil
}
