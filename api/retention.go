package api

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/api/wire"
	"github.com/heimdall-sdr/heimdall/retention"
)

// A RetentionStore keeps holds and the journal of deletions.
type RetentionStore interface {
	// HoldAcquisition keeps an acquisition from being deleted; heimdall.ErrConflict when somebody else holds it, or
	// when it is being deleted.
	HoldAcquisition(ctx context.Context, taskID string, h heimdall.Hold) error
	// ReleaseAcquisition ends a hold, if there is one.
	ReleaseAcquisition(ctx context.Context, taskID string) error
	// Deletions returns a page of the journal, newest first.
	Deletions(ctx context.Context, f heimdall.DeletionFilter) ([]heimdall.Deletion, error)
}

// keeper is who deletes, if this server does.
func (s *service) keeper() (*retention.Keeper, error) {
	if s.Retention == nil {
		return nil, fmt.Errorf("this server deletes nothing, ask another one: %w", heimdall.ErrConflict)
	}
	return s.Retention, nil
}

type retentionOutput struct{ Body wire.Retention }

func (s *service) getRetention(ctx context.Context, _ *struct{}) (*retentionOutput, error) {
	k, err := s.keeper()
	if err != nil {
		return nil, err
	}
	now, err := k.Status(ctx)
	if err != nil {
		return nil, err
	}
	out := wire.Retention{
		Rules:         rulesOf(now.Rules),
		RecordedBytes: now.Recorded.Bytes, HeldBytes: now.Recorded.HeldBytes, PlannedBytes: now.Recorded.PlannedBytes, FreeBytes: now.Free,
	}
	if now.Last != nil {
		out.LastRun = &wire.RetentionRun{BeganAt: now.Last.Began.UTC(), EndedAt: now.Last.Ended.UTC(), Outcome: outcomeOf(now.Last.Outcome)}
		if now.Last.Err != nil {
			out.LastRun.Error = now.Last.Err.Error()
		}
	}
	if !now.Next.IsZero() {
		out.NextRunAt = new(now.Next.UTC())
	}
	return &retentionOutput{out}, nil
}

func rulesOf(c retention.Config) wire.RetentionRules {
	return wire.RetentionRules{Days: days(c.MaxAge), DaysQuiet: days(c.MaxAgeQuiet), QuietSNRdB: c.QuietSNRdB,
		QuotaBytes: limit(c.MaxBytes), FreeBytesAsked: limit(c.MinFreeBytes)}
}

func days(d time.Duration) *float64 {
	if d == 0 {
		return nil
	}
	return new(d.Hours() / 24)
}

func limit(bytes int64) *int64 {
	if bytes == 0 {
		return nil
	}
	return &bytes
}

func outcomeOf(o retention.Outcome) wire.RetentionOutcome {
	w := wire.RetentionOutcome{Deleted: wire.Deleted(o.Result), Rules: []wire.RetentionTally{}}
	for _, t := range o.Rules {
		one := wire.RetentionTally{Rule: string(t.Rule), Deleted: wire.Deleted(t.Result)}
		if !t.OldestEnd.IsZero() {
			one.OldestEnd, one.NewestEnd = new(t.OldestEnd.UTC()), new(t.NewestEnd.UTC())
		}
		w.Rules = append(w.Rules, one)
	}
	return w
}

type retentionOutcomeOutput struct{ Body wire.RetentionOutcome }

func (s *service) planRetention(ctx context.Context, _ *struct{}) (*retentionOutcomeOutput, error) {
	k, err := s.keeper()
	if err != nil {
		return nil, err
	}
	o, err := k.Plan(ctx)
	return &retentionOutcomeOutput{outcomeOf(o)}, err
}

func (s *service) runRetention(ctx context.Context, _ *struct{}) (*retentionOutcomeOutput, error) {
	k, err := s.keeper()
	if err != nil {
		return nil, err
	}
	o, err := k.Run(ctx)
	return &retentionOutcomeOutput{outcomeOf(o)}, err
}

type deletionPageOutput struct{ Body wire.DeletionPage }

func (s *service) listDeletions(ctx context.Context, in *struct{ Page }) (*deletionPageOutput, error) {
	after, taskID, err := deletionAfter(in.Cursor)
	if err != nil {
		return nil, err
	}
	list, err := s.Store.Deletions(ctx, heimdall.DeletionFilter{AfterPlannedAt: after, AfterTaskID: taskID, Limit: in.limit()})
	if err != nil {
		return nil, ofList(err)
	}
	out := &deletionPageOutput{wire.DeletionPage{Deletions: []wire.Deletion{}}}
	for _, d := range list {
		out.Body.Deletions = append(out.Body.Deletions, wire.DeletionOf(d))
	}
	if len(list) == in.limit() {
		last := list[len(list)-1]
		out.Body.NextCursor = encodeCursor(deletionCursor, strconv.FormatInt(last.PlannedAt.UnixMicro(), 10), last.TaskID)
	}
	return out, nil
}

type deleteAcquisitionInput struct {
	TaskPath
	Reason string `query:"reason" maxLength:"1000" doc:"Why, for the journal; \"deleted by hand\" when absent"`
}

type deletedOutput struct{ Body wire.Deleted }

func (s *service) deleteAcquisition(ctx context.Context, in *deleteAcquisitionInput) (*deletedOutput, error) {
	k, err := s.keeper()
	if err != nil {
		return nil, err
	}
	reason := in.Reason
	if reason == "" {
		reason = "deleted by hand"
	}
	done, err := k.Delete(ctx, in.TaskID, reason)
	if err != nil {
		return nil, err
	}
	return &deletedOutput{wire.Deleted(done)}, nil
}

type holdAcquisitionInput struct {
	TaskPath
	Body wire.HoldRequest
}

func (s *service) holdAcquisition(ctx context.Context, in *holdAcquisitionInput) (*acquisitionOutput, error) {
	err := s.Store.HoldAcquisition(ctx, in.TaskID, heimdall.Hold{By: in.Body.By, Reason: in.Body.Reason})
	if err != nil {
		return nil, err
	}
	return s.getAcquisition(ctx, &in.TaskPath)
}

func (s *service) releaseAcquisition(ctx context.Context, in *TaskPath) (*acquisitionOutput, error) {
	if err := s.Store.ReleaseAcquisition(ctx, in.TaskID); err != nil {
		return nil, err
	}
	return s.getAcquisition(ctx, in)
}
