package main

import (
	"context"
	"errors"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/store/postgres"
)

// notYet stands in for what store/postgres gets on another branch.
type notYet struct{ *postgres.Store }

func (notYet) Maintain(context.Context) error { return nil }
func (notYet) Reclaim(context.Context) error  { return nil }
func (notYet) Deletion(context.Context, string) (d heimdall.Deletion, err error) {
	return d, heimdall.ErrNotFound
}
func (notYet) ExpiredAcquisitions(context.Context, heimdall.ExpiredFilter) ([]heimdall.Deletion, error) {
	return nil, nil
}
func (notYet) PlanDeletion(context.Context, []heimdall.Deletion) error { return errors.ErrUnsupported }
func (notYet) PlannedDeletions(context.Context, string, int) ([]heimdall.Deletion, error) {
	return nil, nil
}
func (notYet) FinishDeletion(context.Context, []string) ([]heimdall.Deletion, error) {
	return nil, errors.ErrUnsupported
}
