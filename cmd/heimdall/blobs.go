package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"github.com/heimdall-sdr/heimdall/blob"
	"github.com/heimdall-sdr/heimdall/blob/disk"
	"github.com/heimdall-sdr/heimdall/blob/s3"
)

// A blobStore is a store of objects that is open.
type blobStore interface {
	blob.Store
	io.Closer
}

// A blobPlace is where the recordings are or will be. Which of the two it is, is decided in blobPlace alone.
type blobPlace interface {
	open(ctx context.Context, o blobOptions) (blobStore, error)
	// shared tells whether processes on other machines see the same objects.
	shared() bool
	// String names the place without any secret.
	String() string
}

// blobOptions are what a store of objects may be told.
type blobOptions struct {
	wait     time.Duration // how long to wait for a server that does not answer
	existing bool          // a bucket that is not there is an error; otherwise it is made
	log      *slog.Logger
}

// blobPlace is the bucket that S3_ENDPOINT or MINIO_URL leads to, or else a folder.
func (c *Config) blobPlace() (blobPlace, error) {
	switch {
	case c.S3.Endpoint != "" && c.ObjectsDir != "":
		return nil, invalid("objects", errors.New("HEIMDALL_OBJECTS_DIR names a folder and S3_ENDPOINT (or MINIO_URL) a server: unset the one where the recordings are not"))
	case c.S3.Endpoint != "":
		return c.S3.bucket()
	case c.ObjectsDir != "":
		return objectsFolder{dir: c.ObjectsDir, named: true}, nil
	}
	return objectsFolder{dir: filepath.Join(c.DataDir, "objects")}, nil
}

// bucket reads the settings; what is wrong with them is said in their own names.
func (c *S3Config) bucket() (s3Bucket, error) {
	at, err := url.Parse(c.Endpoint)
	if err != nil {
		return s3Bucket{}, invalid("S3_ENDPOINT", errors.New("(or MINIO_URL) is not a URL: it must be like http://minio:9000 or s3://bucket"))
	}
	b := s3Bucket{Endpoint: c.Endpoint, Region: c.Region, Bucket: c.Bucket, AccessKey: c.AccessKey, SecretKey: c.SecretKey,
		CAFile: c.CAFile, VirtualHost: c.PathStyle == "false"}
	if at.User != nil {
		b.AccessKey = at.User.Username()
		b.SecretKey, _ = at.User.Password()
	}
	named := strings.Trim(at.Path, "/")
	switch {
	case at.Scheme == "s3":
		named, b.Endpoint = at.Host, ""
		b.VirtualHost = c.PathStyle != "true"
	case at.Scheme == "http" || at.Scheme == "https":
		b.Endpoint = (&url.URL{Scheme: at.Scheme, Host: at.Host}).String()
	}
	switch {
	case at.Host == "" || at.Scheme != "s3" && at.Scheme != "http" && at.Scheme != "https" || at.RawQuery != "" || strings.Contains(named, "/"):
		return s3Bucket{}, invalid("S3_ENDPOINT", errors.New("(or MINIO_URL) must be like http://minio:9000, https://minio.example/bucket or s3://bucket"))
	case named != "" && b.Bucket != "" && b.Bucket != named:
		return s3Bucket{}, invalid("S3_BUCKET", fmt.Errorf("(or MINIO_BUCKET) says %s, but S3_ENDPOINT (or MINIO_URL) names the bucket %s: unset one", b.Bucket, named))
	case b.AccessKey == "" || b.SecretKey == "":
		return s3Bucket{}, invalid("S3_ENDPOINT", errors.New("(or MINIO_URL) needs keys: set S3_ACCESS_KEY and S3_SECRET_KEY, or MINIO_ACCESS_KEY and MINIO_SECRET_KEY, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"))
	}
	if named != "" {
		b.Bucket = named
	}
	return b, nil
}

// An objectsFolder is a folder of files.
type objectsFolder struct {
	dir   string
	named bool // by the user, who may have other machines see it, too
}

func (f objectsFolder) String() string { return f.dir }

func (f objectsFolder) shared() bool { return f.named }

func (f objectsFolder) open(context.Context, blobOptions) (blobStore, error) {
	s, err := disk.Open(f.dir)
	if err != nil {
		return nil, err
	}
	return s, nil
}

// An s3Bucket is a bucket of a server.
type s3Bucket s3.Config

func (b s3Bucket) String() string { return s3.Config(b).String() }

func (b s3Bucket) shared() bool { return true }

// retryObjects is how often a server that does not answer is asked again.
const retryObjects = time.Second

// open waits for a server that is only just starting, as after a power cut; what waiting does not mend is returned at
// once. A server that goes away later is waited for without end, in acquire: what was recorded stays in the spool.
func (b s3Bucket) open(ctx context.Context, o blobOptions) (blobStore, error) {
	b.MustExist = o.existing
	for deadline := time.Now().Add(o.wait); ; {
		s, err := s3.Open(ctx, s3.Config(b))
		if err == nil {
			return s, nil
		}
		left := time.Until(deadline).Round(time.Second)
		if left <= 0 || !errors.Is(err, s3.ErrAway) {
			return nil, err
		}
		o.log.Warn("the object store is not there yet: it is tried again", "for", left, "err", err)
		select {
		case <-time.After(retryObjects):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// A sweeper is a store in which uploads that a killed process began take room until somebody aborts them.
type sweeper interface {
	Sweep(ctx context.Context, before time.Time) (aborted int, err error)
}

const (
	sweepEvery = 24 * time.Hour
	sweepAge   = 7 * 24 * time.Hour // longer than any upload takes
)

// sweep aborts forgotten uploads until ctx ends. What fails is logged and tried again.
func (n *node) sweep(ctx context.Context) error {
	s, ok := n.blobs.(sweeper)
	if !ok {
		return nil
	}
	for tick := time.NewTicker(sweepEvery); ; {
		aborted, err := s.Sweep(ctx, time.Now().Add(-sweepAge))
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			n.log.Warn("sweep unfinished uploads", "err", err)
		case aborted > 0:
			n.log.Info("swept unfinished uploads", "aborted", aborted)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			tick.Stop()
			return nil
		}
	}
}
