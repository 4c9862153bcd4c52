package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/api/wire"
)

// ListenOptions choose what Listen yields. The zero value is everything that happens from now on.
type ListenOptions struct {
	Filter   heimdall.EventFilter // its Limit is ignored; without an After, from now on
	Oldest   bool                 // begin with the oldest event that is kept
	Progress bool                 // yield also how far everything is that has not ended
}

// A News is one thing that Listen yields: an event, or progress, or that some events are gone unseen.
type News struct {
	Event    *wire.Event
	Progress *wire.Live
	Reset    bool // the server keeps no events from so long ago, or is another one: ask for the state anew
}

// Listen yields what happens until ctx ends. A stream that breaks is opened again where it was, so that nothing is
// missed or seen twice; an error ends it.
func (c *Client) Listen(ctx context.Context, o ListenOptions) iter.Seq2[News, error] {
	return func(yield func(News, error) bool) {
		after := int64(-1) // from now on
		if o.Oldest || o.Filter.After > 0 {
			after = o.Filter.After
		}
		for failures := 0; ; {
			got, end, err := c.listenOnce(ctx, o, &after, yield)
			if end {
				return
			}
			if failures++; got {
				failures = 1
			}
			if ctx.Err() == nil && failures <= reconnects && !isRefusal(err) {
				select {
				case <-ctx.Done():
				case <-time.After(reconnectWait):
				}
			}
			if ctx.Err() != nil {
				err = ctx.Err()
			} else if failures <= reconnects && !isRefusal(err) {
				continue
			}
			yield(News{}, fmt.Errorf("listen to events: %w", err))
			return
		}
	}
}

// isRefusal reports whether the server has said no, which it will say again.
func isRefusal(err error) bool {
	p, refused := errors.AsType[*Problem](err)
	return refused && p.Status < 500
}

// listenOnce yields what comes by one stream, and notes how far it came.
func (c *Client) listenOnce(ctx context.Context, o ListenOptions, after *int64, yield func(News, error) bool) (got, end bool, err error) {
	r := request{method: http.MethodGet, path: "/api/v1/events", query: listenQuery(o), header: http.Header{"Accept": {"text/event-stream"}}}
	if *after >= 0 {
		r.header.Set("Last-Event-ID", strconv.FormatInt(*after, 10))
	}
	resp, err := c.do(ctx, r)
	if err != nil {
		return false, false, err
	}
	defer resp.Body.Close()
	for e, err := range events(resp.Body) {
		if err != nil {
			return got, false, err
		}
		got = true
		news, err := newsOf(e)
		if err != nil {
			return got, false, err
		}
		if id, err := strconv.ParseInt(e.id, 10, 64); err == nil {
			*after = id
		}
		if news != (News{}) && !yield(news, nil) {
			return got, true, nil
		}
	}
	return got, false, io.ErrUnexpectedEOF
}

func listenQuery(o ListenOptions) url.Values {
	q := url.Values{}
	addText(q, "task_id", o.Filter.TaskID)
	if o.Filter.WebSDRID != 0 {
		q.Set("websdr_id", strconv.FormatInt(o.Filter.WebSDRID, 10))
	}
	addAll(q, "kind", o.Filter.Kinds)
	if o.Progress {
		q.Set("progress", "true")
	}
	return q
}

// newsOf is empty for what is only of use to the next stream.
func newsOf(e event) (n News, err error) {
	var into any
	switch e.name {
	case "ready":
		return n, nil
	case "reset":
		return News{Reset: true}, nil
	case "progress":
		n.Progress = &wire.Live{}
		into = n.Progress
	default:
		n.Event = &wire.Event{}
		into = n.Event
	}
	if err := json.Unmarshal(e.data, into); err != nil {
		return News{}, fmt.Errorf("read event: %w", err)
	}
	return n, nil
}
