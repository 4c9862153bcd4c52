package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/export"
)

type archiveInput struct {
	TaskPath
	Format export.Format `query:"format" enum:"sigmf-data,sigmf-meta,sigmf,npy,wav,kiwi-wav,raw" doc:"sigmf (the default: a SigMF archive of all recordings), or a tar of sigmf-data, sigmf-meta, npy, wav, kiwi-wav or raw files"`
	TimeSlice
	AllowMissing bool `query:"allow_missing" doc:"Leave out recordings that cannot be had, and list them in MISSING.txt; otherwise one that is lost refuses the archive"`
}

func (s *service) getArchive(ctx context.Context, in *archiveInput) (*huma.StreamResponse, error) {
	if in.Format == "" {
		in.Format = export.SigMF
	}
	a, captures, err := s.Store.Acquisition(ctx, in.TaskID)
	if err != nil {
		return nil, err
	}
	if !a.State.Ended() {
		return nil, fmt.Errorf("the archive of acquisition %s, which is %s: try again when it has ended: %w", a.TaskID, a.State, heimdall.ErrConflict)
	}
	archive, err := export.OpenArchive(ctx, s.Blobs, a, captures, in.Format,
		export.ArchiveOptions{From: in.FromTime, To: in.ToTime, AllowMissing: in.AllowMissing})
	if missing, ok := errors.AsType[*export.MissingError](err); ok {
		return nil, newProblem(ctx, http.StatusConflict, missingDetail(missing))
	}
	if err != nil {
		return nil, ofList(err)
	}
	// It has no Last-Modified: one that lacks a recording by now would look as old as before.
	return s.download(ctx, download{archive, archive.Name, archive.ContentType, archive.ETag, time.Time{}}, "acquisition", in.TaskID), nil
}

// missingDetail says what would be missing, and what to do.
func missingDetail(e *export.MissingError) string {
	if len(e.Missing) == e.Of {
		return e.Error() + ": nothing is left for an archive; heimdall check tells more"
	}
	return e.Error() + ": give allow_missing=true to leave them out"
}
