package api

import (
	"context"

	"github.com/danielgtaylor/huma/v2"
)

type recordingInput struct {
	CapturePath
	Format string `query:"format" enum:"sigmf-data,sigmf-meta,sigmf,npy,wav,raw"`
}

func (s *service) getRecording(ctx context.Context, in *recordingInput) (*huma.StreamResponse, error) {
	return nil, nil
}
