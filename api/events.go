package api

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/heimdall-sdr/heimdall/api/wire"
)

func (s *service) watchAcquisition(ctx context.Context, in *TaskPath) (*huma.StreamResponse, error) {
	first, err := s.shown(ctx, in.TaskID)
	if err != nil {
		return nil, err
	}
	return &huma.StreamResponse{Body: func(hc huma.Context) {
		_, w := humago.Unwrap(hc)
		if err := s.stream(hc.Context(), newPatientWriter(w), first); err != nil && hc.Context().Err() == nil {
			s.Log.WarnContext(ctx, "event stream broke off", "request_id", requestID(ctx), "acquisition", in.TaskID, "err", err)
		}
	}}, nil
}

// stream sends an acquisition at each change until it has ended. The store is asked again and again: the API
// may run apart from the workers, and every database can answer a question.
func (s *service) stream(ctx context.Context, w patientWriter, a wire.Acquisition) error {
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Accel-Buffering", "no") // nginx would hold events back
	w.WriteHeader(http.StatusOK)
	poll := time.NewTicker(s.EventPoll)
	defer poll.Stop()
	heartbeat := time.NewTicker(s.EventHeartbeat)
	defer heartbeat.Stop()
	var last []byte
	for {
		text, err := json.Marshal(a)
		if err != nil {
			return fmt.Errorf("encode acquisition: %w", err)
		}
		if !bytes.Equal(text, last) {
			last = text
			if err := send(w, "event: acquisition\ndata: %s\n\n", text); err != nil {
				return err
			}
		}
		if a.State.Ended() {
			return send(w, "event: end\ndata: {}\n\n")
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-heartbeat.C:
			if err := send(w, ":\n\n"); err != nil {
				return err
			}
		case <-poll.C:
			if a, err = s.shown(ctx, a.TaskID); err != nil {
				return err // the reader opens the stream again
			}
		}
	}
}

func send(w patientWriter, format string, args ...any) error {
	if _, err := fmt.Fprintf(w, format, args...); err != nil {
		return fmt.Errorf("send event: %w", err)
	}
	if err := w.control.Flush(); err != nil {
		return fmt.Errorf("send event: %w", err)
	}
	return nil
}
