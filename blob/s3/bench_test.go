package s3_test

import (
	"context"
	"flag"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	amazon "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"golang.org/x/sync/errgroup"

	"github.com/heimdall-sdr/heimdall/blob"
	"github.com/heimdall-sdr/heimdall/blob/disk"
	"github.com/heimdall-sdr/heimdall/blob/s3/s3test"
)

var fileMiB = flag.Int("file-mib", 256, "size of the file that the benchmarks store")

// BenchmarkPutFile stores one file again and again: in a bucket by this package; there by the SDK alone, in parts of
// the same size and as many at a time, without our hash of the whole; in a folder; and by plain writes.
func BenchmarkPutFile(b *testing.B) {
	path := filepath.Join(b.TempDir(), "file")
	content := sample(1, *fileMiB<<20)
	want := blob.SumOf(content)
	if err := os.WriteFile(path, content, 0o644); err != nil {
		b.Fatal(err)
	}
	content = nil
	for _, name := range []string{"minio", "versitygw"} {
		b.Run(name+"/heimdall", func(b *testing.B) {
			store := open(b, config(s3test.Shared(b, name)))
			stored(b, store, path, want, func(f *os.File) error { return store.Put(b.Context(), key, f, want) })
		})
		b.Run(name+"/sdk", func(b *testing.B) {
			c := config(s3test.Shared(b, name))
			store := open(b, c)
			client := raw(c)
			stored(b, store, path, want, func(f *os.File) error { return plainUpload(b.Context(), client, c.Bucket, f, want.Bytes) })
		})
	}
	b.Run("disk", func(b *testing.B) {
		store, err := disk.Open(b.TempDir())
		if err != nil {
			b.Fatal(err)
		}
		defer store.Close()
		stored(b, store, path, want, func(f *os.File) error { return store.Put(b.Context(), key, f, want) })
	})
	b.Run("plain copy, synced", func(b *testing.B) {
		b.SetBytes(want.Bytes)
		copied := filepath.Join(b.TempDir(), "copy")
		for b.Loop() {
			if err := plainCopy(path, copied); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func plainCopy(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.Create(to)
	if err != nil {
		return err
	}
	defer out.Close()
	if _, err := io.Copy(struct{ io.Writer }{out}, in); err != nil { // by read and write, as samples come
		return err
	}
	return out.Sync()
}

func stored(b *testing.B, store blob.Store, path string, want blob.Sum, put func(f *os.File) error) {
	b.SetBytes(want.Bytes)
	for b.Loop() {
		f, err := os.Open(path)
		if err != nil {
			b.Fatal(err)
		}
		if err := put(f); err != nil {
			b.Fatal(err)
		}
		f.Close()
		b.StopTimer()
		if info, err := store.Stat(b.Context(), key); err != nil || info.Bytes != want.Bytes {
			b.Fatal(info, err)
		}
		if err := store.Delete(b.Context(), key); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
}

// plainUpload is what a user of the SDK would write: it reads each part where it lies, with the SDK's own checksums.
func plainUpload(ctx context.Context, c *amazon.Client, bucket string, f *os.File, size int64) error {
	const part, atOnce = 8 << 20, 2
	name := key
	up, err := c.CreateMultipartUpload(ctx, &amazon.CreateMultipartUploadInput{Bucket: &bucket, Key: &name, ChecksumAlgorithm: types.ChecksumAlgorithmCrc32c})
	if err != nil {
		return err
	}
	done := make([]types.CompletedPart, (size+part-1)/part)
	var g errgroup.Group
	g.SetLimit(atOnce)
	for i := range done {
		g.Go(func() error {
			body := io.NewSectionReader(f, int64(i)*part, min(part, size-int64(i)*part))
			number := aws.Int32(int32(i + 1))
			out, err := c.UploadPart(ctx, &amazon.UploadPartInput{Bucket: &bucket, Key: &name, UploadId: up.UploadId, PartNumber: number, Body: body,
				ChecksumAlgorithm: types.ChecksumAlgorithmCrc32c})
			if err != nil {
				return err
			}
			done[i] = types.CompletedPart{PartNumber: number, ETag: out.ETag, ChecksumCRC32C: out.ChecksumCRC32C}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	_, err = c.CompleteMultipartUpload(ctx, &amazon.CompleteMultipartUploadInput{Bucket: &bucket, Key: &name, UploadId: up.UploadId,
		MultipartUpload: &types.CompletedMultipartUpload{Parts: done}})
	return err
}
