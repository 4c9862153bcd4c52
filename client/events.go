package client

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"time"

	"github.com/heimdall-sdr/heimdall/api/wire"
)

const (
	maxEvent      = 16 << 20        // bytes of one event: an acquisition of 1000 captures is about 1 MB
	reconnectWait = 1 * time.Second // before a broken event stream is opened again
	reconnects    = 10              // how many times in a row that may fail
)

// Watch yields the acquisition as it is now and then at every change, until it has ended. A stream that breaks
// is opened again; an error ends the watch.
func (c *Client) Watch(ctx context.Context, taskID string) iter.Seq2[wire.Acquisition, error] {
	return func(yield func(wire.Acquisition, error) bool) {
		for failures := 0; ; {
			got, end, err := c.watchOnce(ctx, taskID, yield)
			if end {
				return
			}
			if failures++; got {
				failures = 1
			}
			var p *Problem
			if ctx.Err() != nil || failures > reconnects || (errors.As(err, &p) && p.Status < 500) {
				yield(wire.Acquisition{}, fmt.Errorf("watch acquisition %s: %w", taskID, err))
				return
			}
			select {
			case <-ctx.Done():
				yield(wire.Acquisition{}, fmt.Errorf("watch acquisition %s: %w", taskID, ctx.Err()))
				return
			case <-time.After(reconnectWait):
			}
		}
	}
}

// watchOnce yields the events of one stream. got says whether there were any, end that nothing more will come
// or that the caller wants no more.
func (c *Client) watchOnce(ctx context.Context, taskID string, yield func(wire.Acquisition, error) bool) (got, end bool, err error) {
	resp, err := c.do(ctx, request{
		method: http.MethodGet, path: at("api", "v1", "acquisitions", taskID, "events"),
		header: http.Header{"Accept": {"text/event-stream"}},
	})
	if err != nil {
		return false, false, err
	}
	defer resp.Body.Close()
	for event, err := range events(resp.Body) {
		if err != nil {
			return got, false, err
		}
		switch event.name {
		case "end":
			return got, true, nil
		case "acquisition":
			var a wire.Acquisition
			if err := json.Unmarshal(event.data, &a); err != nil {
				return got, false, fmt.Errorf("read event: %w", err)
			}
			got = true
			if !yield(a, nil) {
				return got, true, nil
			}
		}
	}
	return got, false, io.ErrUnexpectedEOF
}

type event struct {
	name string
	id   string // "" when it has none
	data []byte
}

// events reads a stream of server-sent events (WHATWG HTML, 9.2.6). An event that the stream's end cuts off
// is dropped, as the standard says.
func events(r io.Reader) iter.Seq2[event, error] {
	return func(yield func(event, error) bool) {
		lines := bufio.NewScanner(r)
		lines.Buffer(nil, maxEvent)
		var e event
		var hasData bool
		for lines.Scan() {
			line := bytes.TrimSuffix(lines.Bytes(), []byte("\r"))
			if len(line) == 0 {
				if hasData && !yield(e, nil) {
					return
				}
				e, hasData = event{}, false
				continue
			}
			field, value, _ := bytes.Cut(line, []byte(":"))
			value = bytes.TrimPrefix(value, []byte(" "))
			switch string(field) { // a comment has an empty name
			case "event":
				e.name = string(value)
			case "id":
				e.id = string(value)
			case "data":
				if hasData {
					e.data = append(e.data, '\n')
				}
				e.data = append(e.data, value...)
				if hasData = true; len(e.data) > maxEvent {
					yield(event{}, fmt.Errorf("read event: longer than %d bytes", maxEvent))
					return
				}
			}
		}
		if err := lines.Err(); err != nil {
			yield(event{}, fmt.Errorf("read events: %w", err))
		}
	}
}
