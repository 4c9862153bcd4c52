package s3

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/heimdall-sdr/heimdall/blob"
)

// ErrAway: the server does not answer, or says that it cannot now.
var ErrAway = errors.New("the object store is away")

// errShort: an answer ended before its end, or was of another length than the object.
var errShort = errors.New("the server gave another number of bytes than the object has")

// explain adds to errors of the server what they mean for the store and what to do about them.
func (s *Store) explain(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if ctx.Err() != nil { // whatever it was that was cancelled
		return ctx.Err()
	}
	for _, own := range []error{blob.ErrDiffers, blob.ErrKey, blob.ErrNotFound, blob.ErrFull, ErrAway} {
		if errors.Is(err, own) {
			return err
		}
	}
	c := s.config
	switch code(err) {
	case "NoSuchBucket":
		return fmt.Errorf("there is no bucket %s: create it, or name another: %w", c.Bucket, err)
	case "InvalidAccessKeyId", "XAdminUserNotFound":
		return fmt.Errorf("the server does not know the access key %s: correct it: %w", c.AccessKey, err)
	case "SignatureDoesNotMatch":
		return fmt.Errorf("the secret key is not that of the access key %s: correct it: %w", c.AccessKey, err)
	case "RequestTimeTooSkewed":
		return fmt.Errorf("this machine's clock and the server's differ too much: set both by NTP: %w", err)
	case "PermanentRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException", "InvalidRegion":
		return fmt.Errorf("the bucket is not in region %s: name the right one: %w", c.Region, err)
	case "InvalidBucketName":
		return fmt.Errorf("%q cannot be the name of a bucket: use 3 to 63 lower-case letters, digits, dots and hyphens: %w", c.Bucket, err)
	case "XMinioParentIsObject", "ObjectParentIsFile":
		return fmt.Errorf("%w: it lies below another object: %w", blob.ErrKey, err)
	case "XMinioObjectExistsAsDirectory", "ExistingObjectIsDirectory":
		return fmt.Errorf("%w: it is a folder of other objects: %w", blob.ErrKey, err)
	}
	switch status := status(err); {
	case noRoom(err):
		return fmt.Errorf("%w: no room left in %s: free some there, or keep recordings for a shorter time: %w", blob.ErrFull, c, err)
	case status == http.StatusForbidden || status == http.StatusUnauthorized:
		return fmt.Errorf("the server does not let the access key %s do this: its policy must allow it to list, read, write and delete in bucket %s: %w",
			c.AccessKey, c.Bucket, err)
	case status == http.StatusMovedPermanently:
		return fmt.Errorf("the bucket is not in region %s, or the server wants another endpoint: %w", c.Region, err)
	case passing(err) && status >= 300:
		return fmt.Errorf("%w: %s answers %d: %w", ErrAway, c, status, err)
	case errors.Is(err, errShort), errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("%w: %s breaks its answers off: look into its log: %w", ErrAway, c, err)
	case passing(err):
		return fmt.Errorf("%w: %s does not answer: start it, or correct the endpoint: %w", ErrAway, c, err)
	}
	return explainTLS(c, err)
}

func explainTLS(c Config, err error) error {
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return fmt.Errorf("the certificate of %s cannot be verified: name the file of the authority that signed it: %w", c, err)
	}
	if _, plain := errors.AsType[tls.RecordHeaderError](err); plain || errors.Is(err, http.ErrSchemeMismatch) {
		return fmt.Errorf("%s speaks no TLS: use http://, or give it a certificate: %w", c, err)
	}
	return err
}

// noRoom tells whether err says that the server's disk or the bucket's quota is used up.
func noRoom(err error) bool {
	switch code(err) {
	case "XMinioStorageFull", "XMinioAdminBucketQuotaExceeded", "QuotaExceeded":
		return true
	}
	return status(err) == http.StatusInsufficientStorage
}
