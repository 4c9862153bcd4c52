package api

import (
	"context"
	"fmt"
	"net/http"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/api/wire"
)

// A FleetStore keeps what concerns all who work on one database.
type FleetStore interface {
	// CountPending returns how many acquisitions wait to be begun.
	CountPending(ctx context.Context) (int, error)
	// Contact says whether receivers may be contacted; SetContact switches that, for everybody.
	Contact(ctx context.Context) (heimdall.Contact, error)
	SetContact(ctx context.Context, c heimdall.Contact) (heimdall.Contact, error)
	// Workers returns what every worker last said of itself, in order of name.
	Workers(ctx context.Context) ([]heimdall.WorkerStatus, error)
	// Standings says how we stand with those of ids, nil meaning any, where there is something to say.
	Standings(ctx context.Context, ids []int64) ([]heimdall.Standing, error)
	// ForgiveReceiver removes what stands against contacting a WebSDR.
	ForgiveReceiver(ctx context.Context, websdrID int64) error
}

type contactOutput struct{ Body wire.Contact }

func (s *service) getContact(ctx context.Context, _ *struct{}) (*contactOutput, error) {
	c, err := s.Store.Contact(ctx)
	return &contactOutput{wire.ContactOf(c)}, err
}

func (s *service) setContact(ctx context.Context, in *struct{ Body wire.ContactInput }) (*contactOutput, error) {
	c, err := s.Store.SetContact(ctx, in.Body.Root())
	if err == nil {
		s.Log.WarnContext(ctx, "contact with receivers was switched", "allowed", !c.Off, "by", c.By, "reason", c.Reason)
	}
	return &contactOutput{wire.ContactOf(c)}, err
}

type workerListOutput struct{ Body wire.WorkerList }

func (s *service) listWorkers(ctx context.Context, _ *struct{}) (*workerListOutput, error) {
	list, err := s.Store.Workers(ctx)
	out := &workerListOutput{wire.WorkerList{Workers: []wire.Worker{}}}
	for _, w := range list {
		out.Body.Workers = append(out.Body.Workers, wire.WorkerOf(w, s.Now()))
	}
	return out, err
}

func (s *service) forgiveWebSDR(ctx context.Context, in *WebSDRPath) (*websdrOutput, error) {
	w, err := s.Store.WebSDR(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	if err := s.Store.ForgiveReceiver(ctx, in.ID); err != nil {
		return nil, err
	}
	return s.standingWebSDR(ctx, w)
}

// stand adds to the WebSDRs of list how we stand with them. ids are theirs; nil means that they are all.
func (s *service) stand(ctx context.Context, ids []int64, list ...*wire.WebSDR) error {
	standings, err := s.Store.Standings(ctx, ids)
	if err != nil {
		return err
	}
	byID := make(map[int64]heimdall.Standing, len(standings))
	for _, st := range standings {
		byID[st.WebSDRID] = st
	}
	for i := range list {
		if st, ok := byID[list[i].WebSDRID]; ok {
			list[i].Stand(st)
		}
	}
	return nil
}

// accepting refuses an acquisition while there is no room for what it would record, or too many wait already. A repeat of one
// that is known is refused, too: its sender tries again anyway.
func (s *service) accepting(ctx context.Context) error {
	refuse := func(status int, seconds, detail string) error {
		p := newProblem(ctx, status, detail)
		p.header = http.Header{"Retry-After": {seconds}}
		return p
	}
	if s.Room != nil {
		if err := s.Room(); err != nil {
			return refuse(http.StatusInsufficientStorage, "60", err.Error())
		}
	}
	if s.QueueLimit <= 0 {
		return nil
	}
	n, err := s.Store.CountPending(ctx)
	if err != nil || n < s.QueueLimit {
		return err
	}
	return refuse(http.StatusTooManyRequests, "30", fmt.Sprintf("%d acquisitions wait already, and the limit is %d (HEIMDALL_QUEUE_LIMIT): "+
		"ask again later, cancel some, or start more workers", n, s.QueueLimit))
}

// originByHand names the origin of requests by hand in a query, where an empty text means any.
const originByHand = "hand"

func originOf(query string) *string {
	switch query {
	case "":
		return nil
	case originByHand:
		return new("")
	}
	return &query
}
