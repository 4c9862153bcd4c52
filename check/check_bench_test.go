package check_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/blob"
	"github.com/heimdall-sdr/heimdall/blob/s3"
	"github.com/heimdall-sdr/heimdall/blob/s3/s3test"
	"github.com/heimdall-sdr/heimdall/check"
	"github.com/heimdall-sdr/heimdall/store/sqlite"
)

var benchObjects = flag.Int("objects", 10_000, "objects in the bucket that the benchmark checks")

func TestMain(m *testing.M) { os.Exit(s3test.Main(m.Run)) }

// BenchmarkCheck compares a database with a bucket of MinIO.
//
//	go test -run '^$' -bench Check -benchtime 1x ./check [-objects 100000]
func BenchmarkCheck(b *testing.B) {
	server := s3test.Shared(b, "minio")
	blobs, err := s3.Open(b.Context(), s3.Config{Endpoint: server.Endpoint, AccessKey: server.AccessKey, SecretKey: server.SecretKey, Bucket: s3test.Bucket()})
	if err != nil {
		b.Fatal(err)
	}
	defer blobs.Close()
	db, err := sqlite.Open(b.Context(), filepath.Join(b.TempDir(), "heimdall.db"), sqlite.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	const websdrs = 7
	var ids []int64
	for i := range websdrs {
		w, err := db.CreateWebSDR(b.Context(), heimdall.WebSDR{Name: fmt.Sprint("sim ", i), Kind: "sim", URL: "sim:///", Active: true, Timeout: time.Second})
		if err != nil {
			b.Fatal(err)
		}
		ids = append(ids, w.ID)
	}
	group, ctx := errgroup.WithContext(b.Context())
	group.SetLimit(16)
	samples, recordings := []byte("four"), *benchObjects/2
	for n := range recordings / websdrs {
		r := acquisitionOf(n, ids, blob.SumOf(samples))
		if _, err := db.RestoreAcquisition(ctx, r); err != nil {
			b.Fatal(err)
		}
		for _, c := range r.Captures {
			for _, key := range []string{c.Recording.S3Path, c.Recording.MetadataPath()} {
				group.Go(func() error { return blobs.Put(ctx, key, bytes.NewReader(samples), blob.SumOf(samples)) })
			}
		}
	}
	if err := group.Wait(); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		report, err := check.Run(b.Context(), db, blobs, false, nil)
		if err != nil || len(report.Problems) > 0 || report.Objects != int64(recordings/websdrs*websdrs*2) {
			b.Fatalf("%d objects, problems %v (%v)", report.Objects, report.Problems, err)
		}
		b.ReportMetric(float64(report.Objects), "objects")
	}
}

// acquisitionOf is one that ended, a minute after the one before.
func acquisitionOf(n int, websdrIDs []int64, sum blob.Sum) heimdall.RestoredAcquisition {
	at := time.Date(2026, 10, 1, 0, n, 0, 0, time.UTC)
	r := heimdall.RestoredAcquisition{Acquisition: heimdall.Acquisition{TaskID: fmt.Sprintf("019ab000-0000-7000-8000-%012x", n), FrequencyHz: 7_100_000,
		WebSDRIDs: websdrIDs, State: heimdall.Success, CreatedAt: at, StartedAt: at, EndedAt: at.Add(20 * time.Second)}}
	for _, id := range websdrIDs {
		c := heimdall.Capture{TaskID: r.Acquisition.TaskID, WebSDRID: id, State: heimdall.Success, StartedAt: at, EndedAt: r.Acquisition.EndedAt,
			Recording: &heimdall.Recording{S3Path: fmt.Sprintf("sessions/%s/websdr_%d.sigmf-data", r.Acquisition.TaskID, id), Datatype: "ci16_le",
				SampleRateHz: 12_000, FrequencyHz: 7_100_000, SamplesCount: 1, Bytes: sum.Bytes, SHA256: sum.SHA256, Start: at}}
		r.Captures = append(r.Captures, c)
		r.Measurements = append(r.Measurements, heimdall.Measurement{TaskID: c.TaskID, WebSDRID: id, Timestamp: at, FrequencyHz: 7_100_000,
			SampleRateHz: 12_000, SamplesCount: 1, S3Path: c.Recording.S3Path, Metrics: heimdall.Metrics{AlgorithmVersion: "1"}})
	}
	return r
}
