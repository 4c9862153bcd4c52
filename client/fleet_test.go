package client_test

import (
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/api/wire"
)

// fleet does the fleet's part of TestTheClientSpeaksEveryOperationOfTheDocument.
func (r *rig) fleet(w wire.WebSDR) {
	r.Helper()
	ctx := r.Context()
	off, err := r.SetContact(ctx, wire.ContactInput{Reason: "a test", By: "anna"})
	r.must(err)
	now, err := r.Contact(ctx)
	r.must(err)
	if off.Allowed || now.Allowed || now.Reason != "a test" || now.By != "anna" || now.ChangedAt == nil {
		r.Errorf("switched off it is %+v, then %+v", off, now)
	}
	_, err = r.SetContact(ctx, wire.ContactInput{Allowed: false})
	r.refused(err, 422)
	_, err = r.SetContact(ctx, wire.ContactInput{Allowed: true})
	r.must(err)
	r.must(r.store.SeeWorker(ctx, heimdall.WorkerStatus{Name: "machine/1", StartedAt: time.Now(), Slots: 16, Running: 2}))
	workers, err := r.Workers(ctx)
	r.must(err)
	if len(workers) != 1 || workers[0].Slots != 16 || workers[0].Running != 2 || workers[0].Missing {
		r.Errorf("the workers are %+v", workers)
	}
	forgiven, err := r.ForgiveWebSDR(ctx, w.WebSDRID)
	r.must(err)
	if forgiven.WebSDRID != w.WebSDRID || forgiven.BlockedUntil != nil {
		r.Errorf("forgiven it is %+v", forgiven)
	}
	_, err = r.ForgiveWebSDR(ctx, 999)
	r.refused(err, 404)
}
