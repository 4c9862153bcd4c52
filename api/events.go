package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/api/wire"
)

// A Resumption is where a reader of events goes on. Browsers send the header by themselves.
type Resumption struct {
	LastEventIDHeader string `header:"Last-Event-ID" doc:"Id of the last event seen: go on after it"`
	LastEventID       string `query:"last_event_id" doc:"The same, for who cannot set a header; 0 begins with the oldest event that is kept" example:"0"`
}

// after is the id to go on after; set is false when the reader begins with what happens from now on.
func (r Resumption) after() (id int64, set bool, err error) {
	text, field := r.LastEventID, "last_event_id"
	if text == "" {
		text, field = r.LastEventIDHeader, "Last-Event-ID"
	}
	if text == "" {
		return 0, false, nil
	}
	if id, err = strconv.ParseInt(text, 10, 64); err != nil || id < 0 {
		var bad heimdall.InvalidError
		bad.Add(field, "must be the id of an event, not %q", text)
		return 0, false, inQuery(&bad)
	}
	return id, true, nil
}

type listenInput struct {
	Resumption
	TaskID   string               `query:"task_id" maxLength:"64" doc:"Only events of this acquisition"`
	WebSDRID int64                `query:"websdr_id" minimum:"1" doc:"Only events of captures by this WebSDR"`
	Kinds    []heimdall.EventKind `query:"kind,explode" nullable:"false" enum:"acquisition.created,acquisition.running,acquisition.ended,capture.ended,webhook.test" doc:"Only events of this kind; may be given more than once"`
	Progress bool                 `query:"progress" doc:"Also, about once a second while it changes, a progress event with all acquisitions that have not ended"`
}

// events sends what happens to whoever wants to know, from now on or from where the reader was.
func (s *service) events(ctx context.Context, in *listenInput) (*huma.StreamResponse, error) {
	after, resumes, err := in.after()
	if err := allOf(err, checkKinds(in.Kinds)); err != nil {
		return nil, err
	}
	r, err := s.feed.join(ctx)
	if err != nil {
		return nil, err
	}
	span, err := s.Store.EventSpan(ctx)
	if err != nil {
		s.feed.leave()
		return nil, err
	}
	l := &listener{service: s, run: r, after: after, progress: in.Progress,
		filter: heimdall.EventFilter{TaskID: in.TaskID, WebSDRID: in.WebSDRID, Kinds: in.Kinds}}
	switch {
	case !resumes:
		l.after, l.first = span.Last, "ready"
	case after > span.Last || after != 0 && after < span.PrunedTo:
		l.after, l.first = span.Last, "reset"
	}
	return &huma.StreamResponse{Body: func(hc huma.Context) {
		defer s.feed.leave()
		s.sendStream(hc, "", l.send)
	}}, nil
}

// checkKinds refuses kinds of events that there are not.
func checkKinds(kinds []heimdall.EventKind) error {
	var bad heimdall.InvalidError
	for _, k := range kinds {
		if k != heimdall.WebhookTested && !slices.Contains(heimdall.EventKinds(), k) {
			bad.Add("kind", "is %q, but must be one of %v", k, heimdall.EventKinds())
		}
	}
	return inQuery(&bad)
}

// sendStream sends server-sent events until they end, or the reader does.
func (s *service) sendStream(hc huma.Context, taskID string, send func(context.Context, patientWriter) error) {
	_, plain := humago.Unwrap(hc)
	w := newPatientWriter(plain)
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Accel-Buffering", "no") // nginx would hold events back
	w.WriteHeader(http.StatusOK)
	_ = w.control.SetWriteDeadline(time.Now().Add(streamPatience))
	_ = w.control.Flush() // a reader may have to wait for its first event, but knows that it may; an error is the next write's
	ctx := hc.Context()
	if err := send(ctx, w); err != nil && ctx.Err() == nil {
		s.Log.WarnContext(ctx, "event stream broke off", "request_id", requestID(ctx), "acquisition", taskID, "err", err)
	}
}

// A listener is one reader of events.
type listener struct {
	*service
	run      *run
	filter   heimdall.EventFilter
	after    int64  // the last event seen, or passed over
	first    string // what to say before anything else: ready, reset, or nothing
	progress bool
	shown    int // version of the progress that was sent last
}

func (l *listener) send(ctx context.Context, w patientWriter) error {
	if l.progress {
		l.run.wantLive(1)
		defer l.run.wantLive(-1)
	}
	if l.first != "" {
		if err := send(w, "event: %s\nid: %d\ndata: {\"last_event_id\":%d}\n\n", l.first, l.after, l.after); err != nil {
			return err
		}
	}
	heartbeat := time.NewTicker(l.EventHeartbeat)
	defer heartbeat.Stop()
	for {
		changed, err := l.catchUp(ctx, w)
		if err != nil {
			return err
		}
		if now := l.run.liveNow(); l.progress && now.text != nil && now.version != l.shown {
			l.shown = now.version
			if err := send(w, "event: progress\ndata: %s\n\n", now.text); err != nil {
				return err
			}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-heartbeat.C:
			if err := send(w, ":\n\n"); err != nil {
				return err
			}
		case <-changed:
		}
	}
}

// catchUp sends every event that there is, and returns what is closed when there are more.
func (l *listener) catchUp(ctx context.Context, w patientWriter) (changed <-chan struct{}, err error) {
	for {
		list, changed, known := l.run.after(l.after)
		if known {
			return changed, l.sendEvents(w, list)
		}
		f := l.filter
		f.After, f.Limit = l.after, heimdall.MaxPage
		target := l.run.lastID() // what comes after it, the run has or will have
		if list, err = l.Store.Events(ctx, f); err != nil {
			return nil, err
		}
		if err := l.sendEvents(w, list); err != nil {
			return nil, err
		}
		if len(list) < f.Limit {
			l.after = max(l.after, target)
		}
	}
}

func (l *listener) sendEvents(w patientWriter, list []heimdall.Event) error {
	for i := range list {
		l.after = list[i].ID
		if !l.filter.Passes(&list[i]) {
			continue
		}
		text, err := json.Marshal(wire.EventOf(list[i]))
		if err != nil {
			return fmt.Errorf("encode event: %w", err)
		}
		if err := send(w, "event: %s\nid: %d\ndata: %s\n\n", list[i].Kind, list[i].ID, text); err != nil {
			return err
		}
	}
	return nil
}

type watchAcquisitionInput struct {
	TaskPath
	Resumption
}

func (s *service) watchAcquisition(ctx context.Context, in *watchAcquisitionInput) (*huma.StreamResponse, error) {
	if _, _, err := in.after(); err != nil { // the whole acquisition comes first anyway
		return nil, err
	}
	r, err := s.feed.join(ctx)
	if err != nil {
		return nil, err
	}
	first, err := s.shown(ctx, in.TaskID)
	if err == nil {
		err = r.watch(first)
	}
	if err != nil {
		s.feed.leave()
		return nil, err
	}
	return &huma.StreamResponse{Body: func(hc huma.Context) {
		defer s.feed.leave()
		defer r.unwatch(in.TaskID)
		s.sendStream(hc, in.TaskID, func(ctx context.Context, w patientWriter) error { return s.sendBoard(ctx, w, r, in.TaskID) })
	}}, nil
}

// sendBoard sends an acquisition at each change until it has ended. A reader that is slow is sent fewer of the changes.
func (s *service) sendBoard(ctx context.Context, w patientWriter, r *run, taskID string) error {
	heartbeat := time.NewTicker(s.EventHeartbeat)
	defer heartbeat.Stop()
	for version := 0; ; {
		b, changed := r.board(taskID)
		if b.err != nil {
			return b.err
		}
		if b.now.version != version {
			version = b.now.version
			if err := send(w, "event: acquisition\nid: %d\ndata: %s\n\n", b.now.eventID, b.now.text); err != nil {
				return err
			}
		}
		if b.ended {
			return send(w, "event: end\ndata: {}\n\n")
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-heartbeat.C:
			if err := send(w, ":\n\n"); err != nil {
				return err
			}
		case <-changed:
		}
	}
}

func send(w patientWriter, format string, args ...any) error {
	_, err := fmt.Fprintf(w, format, args...)
	if err = errors.Join(err, w.control.Flush()); err != nil {
		return fmt.Errorf("send event: %w", err)
	}
	return nil
}
