// Package s3 keeps objects in one bucket of a server that speaks S3: Amazon's own, MinIO, Garage, SeaweedFS, Ceph,
// versitygw. It asks for nothing that only one of them has.
//
// What a Put does, so that the process, the network or the server may fail at any instant:
//
//	HEAD    the key              what is there already is compared, not sent again
//	PUT     up to 8 MiB          with its CRC32C, and If-None-Match: * so that a key that is taken is refused
//	or, above that,
//	POST    uploads              nobody sees the parts of an upload that is not complete
//	PUT     part 1, 2, ...       each with its CRC32C, which the server compares before it says yes
//	POST    complete             only once all that was read has the SHA-256 announced; If-None-Match: *
//	DELETE  the upload           instead of completing it, after any error
//
// The signature of a part covers its CRC32C and not a SHA-256 of its bytes: on a server that is as busy as we are, that
// halves the time. Who changes bytes and CRC32C on an unencrypted line is found out when the object is read.
//
// SHA-256 and length go with the object as metadata of its own (x-amz-meta-sha256, x-amz-meta-bytes), for an ETag
// says nothing certain of the content. The two count only together: an object whose length is another than the one
// noted has no known hash rather than a wrong one. Objects that others put into the bucket have none either.
//
// An open object is tied to its ETag, so that bytes of a successor are never given. Reading it from beginning to end
// compares the hash, and an object that fails does not give its last bytes. A connection that breaks is made again
// where it broke.
//
// Requests that fail for a passing reason are repeated for half a minute (retry.go), then the error is returned: what
// acquiring does about it, it does above. Time-outs stand on connecting and on nothing moving, never on the total.
//
// It leaves out: versions, encryption, storage classes and lifecycles, which are the bucket's own affair. A bucket with
// versions keeps what Delete deletes until its lifecycle removes it.
//
// The surprising part: the context given to Open ends the reading of the object, too.
//
// BUG: on a server that overlooks If-None-Match, two Puts of different bytes under one key within the same instant may
// both succeed, and the later stays. MinIO, versitygw and Amazon heed it (docs/decisions/s3.md).
package s3

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"golang.org/x/sync/semaphore"

	"github.com/heimdall-sdr/heimdall/blob"
)

// Config says where the bucket is. Every field has a safe zero value.
type Config struct {
	Endpoint    string // http:// or https:// URL of the server; "" is Amazon's in Region
	Region      string // "" is us-east-1, which servers other than Amazon's take
	Bucket      string // "" is DefaultBucket
	AccessKey   string
	SecretKey   string
	VirtualHost bool   // the bucket is part of the host's name, as Amazon prefers, not of the path
	CAFile      string // PEM file of the authorities that may sign the server's certificate; "" is the system's

	MustExist bool          // a bucket that is not there is an error; otherwise it is created
	RetryFor  time.Duration // how long a request is repeated that fails for a passing reason; 0 is 30 s, negative is not at all
	Stall     time.Duration // how long nothing may move before a request counts as failed; 0 is 60 s
}

// Defaults of Config.
const (
	DefaultBucket = "heimdall-raw-iq"
	DefaultRegion = "us-east-1"
)

// A Store keeps objects in a bucket. Several Stores, in one process or many, may share it.
type Store struct {
	client  *s3.Client
	http    *http.Client
	config  Config              // with its defaults filled in
	buffers *semaphore.Weighted // bytes of memory that all uploads may use together
}

var _ blob.Store = (*Store)(nil)

// Open asks once for the bucket, and creates it if it may. It does not wait for a server that is away: that is
// ErrAway at once.
func Open(ctx context.Context, c Config) (*Store, error) {
	s, err := newStore(c)
	if err != nil {
		return nil, fmt.Errorf("open object store: %w", err)
	}
	if err := s.makeBucket(ctx); err != nil {
		s.Close()
		return nil, fmt.Errorf("open object store %s: %w", s, s.explain(ctx, err))
	}
	return s, nil
}

// newStore refuses what cannot be right before anything is sent.
func newStore(c Config) (*Store, error) {
	c.Region = cmp.Or(c.Region, DefaultRegion)
	c.Bucket = cmp.Or(c.Bucket, DefaultBucket)
	c.RetryFor = cmp.Or(c.RetryFor, 30*time.Second)
	c.Stall = cmp.Or(c.Stall, 60*time.Second)
	if c.AccessKey == "" || c.SecretKey == "" {
		return nil, errors.New("an access key and a secret key are needed")
	}
	if c.Endpoint != "" {
		u, err := url.Parse(c.Endpoint)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.Path != "" && u.Path != "/" || u.User != nil || u.RawQuery != "" {
			return nil, errors.New("the endpoint must be like http://host:9000 or https://host, without path, user or query")
		}
	}
	client, err := newHTTPClient(c)
	if err != nil {
		return nil, err
	}
	o := s3.Options{
		Region:       c.Region,
		Credentials:  credentials.NewStaticCredentialsProvider(c.AccessKey, c.SecretKey, ""),
		UsePathStyle: !c.VirtualHost,
		HTTPClient:   client,
		Retryer:      aws.NopRetryer{}, // retry.go does
		// A measuring instrument whose clock is wrong should hear of it.
		DisableClockSkewCorrection: true,
		// The checksums are ours, in the header: other servers read those in trailers differently.
		RequestChecksumCalculation: aws.RequestChecksumCalculationWhenRequired,
		ResponseChecksumValidation: aws.ResponseChecksumValidationWhenRequired,
		// Not every server answers Expect: 100-continue, and waiting for one that does not costs a second a part.
		ContinueHeaderThresholdBytes: -1,
	}
	if c.Endpoint != "" {
		o.BaseEndpoint = &c.Endpoint
	}
	return &Store{client: s3.New(o), http: client, config: c, buffers: semaphore.NewWeighted(maxBufferBytes)}, nil
}

// makeBucket lists, which says why it fails where HEAD cannot, and needs a right that is needed anyway.
func (s *Store) makeBucket(ctx context.Context) error {
	err := s.ask(ctx)
	if code(err) != "NoSuchBucket" || s.config.MustExist {
		return err
	}
	in := &s3.CreateBucketInput{Bucket: &s.config.Bucket}
	if s.config.Endpoint == "" && s.config.Region != DefaultRegion { // elsewhere regions have no meaning
		in.CreateBucketConfiguration = &types.CreateBucketConfiguration{LocationConstraint: types.BucketLocationConstraint(s.config.Region)}
	}
	_, err = s.client.CreateBucket(ctx, in)
	switch code(err) {
	case "BucketAlreadyOwnedByYou", "BucketAlreadyExists": // by another process, a moment ago; or another's
		return s.ask(ctx)
	}
	if err != nil {
		return fmt.Errorf("create the bucket: %w", err)
	}
	return nil
}

// ask is an error if the bucket cannot be used, with the server's reason.
func (s *Store) ask(ctx context.Context) error {
	_, err := s.client.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: &s.config.Bucket, MaxKeys: aws.Int32(1)})
	return err
}

// String names the place, without any secret.
func (s *Store) String() string { return s.config.String() }

func (c Config) String() string {
	bucket := cmp.Or(c.Bucket, DefaultBucket)
	if c.Endpoint == "" {
		return "s3://" + bucket
	}
	u, err := url.Parse(c.Endpoint)
	if err != nil {
		return bucket
	}
	return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: "/" + bucket}).String()
}

// Close gives the connections back. Objects that are open stay readable.
func (s *Store) Close() error {
	s.http.CloseIdleConnections()
	return nil
}

// begin is what every method asks first.
func begin(ctx context.Context, key string) error {
	if err := blob.CheckKey(key); err != nil {
		return err
	}
	return ctx.Err()
}
