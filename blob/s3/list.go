package s3

import (
	"context"
	"fmt"
	"iter"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/heimdall-sdr/heimdall/blob"
)

// List implements blob.Store. It holds a page of at most a thousand. Objects whose names are no keys are others', and
// overlooked. It knows no hashes: S3 tells them of one object at a time.
func (s *Store) List(ctx context.Context, prefix string) iter.Seq2[blob.Info, error] {
	return func(yield func(blob.Info, error) bool) {
		if err := s.list(ctx, prefix, func(i blob.Info) bool { return yield(i, nil) }); err != nil {
			yield(blob.Info{}, fmt.Errorf("list objects %s*: %w", prefix, s.explain(ctx, err)))
		}
	}
}

func (s *Store) list(ctx context.Context, prefix string, yield func(blob.Info) bool) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if !beginsKeys(prefix) {
		return nil
	}
	last := ""
	in := &s3.ListObjectsV2Input{Bucket: &s.config.Bucket, Prefix: &prefix, EncodingType: types.EncodingTypeUrl}
	for {
		page, err := s.page(ctx, in)
		if err != nil {
			return err
		}
		for _, o := range page.Contents {
			key := aws.ToString(o.Key) // a key of ours is its own encoding
			if blob.CheckKey(key) != nil || !strings.HasPrefix(key, prefix) {
				continue
			}
			if key <= last {
				return fmt.Errorf("the server lists %s after %s: it does not keep the order that S3 promises", key, last)
			}
			last = key
			if err := ctx.Err(); err != nil {
				return err
			}
			if !yield(blob.Info{Key: key, Bytes: aws.ToInt64(o.Size), Modified: modified(o.LastModified)}) {
				return nil
			}
		}
		if !aws.ToBool(page.IsTruncated) {
			return nil
		}
		if token := aws.ToString(page.NextContinuationToken); token == "" || token == aws.ToString(in.ContinuationToken) {
			return fmt.Errorf("the server lists without end after %s", last)
		}
		in.ContinuationToken = page.NextContinuationToken
	}
}

func (s *Store) page(ctx context.Context, in *s3.ListObjectsV2Input) (out *s3.ListObjectsV2Output, err error) {
	err = s.retry(ctx, func() error {
		out, err = s.client.ListObjectsV2(ctx, in)
		return err
	})
	return out, err
}

// beginsKeys tells whether any key can begin with prefix. Some servers refuse those that none can.
func beginsKeys(prefix string) bool {
	return prefix == "" || blob.CheckKey(prefix) == nil || blob.CheckKey(prefix+"x") == nil
}
