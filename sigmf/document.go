package sigmf

import (
	"crypto/sha512"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Encode returns the .sigmf-meta document: the same bytes for the same metadata, ending in a newline.
func (m *Metadata) Encode() ([]byte, error) { return indent(m) }

// Encode returns the .sigmf-collection document: the same bytes for the same collection.
func (c *Collection) Encode() ([]byte, error) {
	return indent(struct {
		Collection *Collection `json:"collection"`
	}{c})
}

// ParseMetadata reads a .sigmf-meta document. It takes every document that JSON and the types of the known
// fields allow; Check tells whether it is proper SigMF.
func ParseMetadata(doc []byte) (*Metadata, error) {
	var top map[string]json.RawMessage
	if err := json.Unmarshal(doc, &top); err != nil {
		return nil, parseError("metadata", err)
	}
	if top["global"] == nil {
		return nil, errors.New("parse sigmf metadata: there is no global object: is this a .sigmf-meta file?")
	}
	var m Metadata
	if err := json.Unmarshal(doc, &m); err != nil {
		return nil, parseError("metadata", err)
	}
	return &m, nil
}

// ParseCollection reads a .sigmf-collection document.
func ParseCollection(doc []byte) (*Collection, error) {
	var top struct {
		Collection *Collection `json:"collection"`
	}
	if err := json.Unmarshal(doc, &top); err != nil {
		return nil, parseError("collection", err)
	}
	if top.Collection == nil {
		return nil, errors.New("parse sigmf collection: there is no collection object: is this a .sigmf-collection file?")
	}
	return top.Collection, nil
}

// parseError says which field is of the wrong type, rather than which Go type it did not fit.
func parseError(what string, err error) error {
	var wrong *json.UnmarshalTypeError
	if errors.As(err, &wrong) && wrong.Field != "" {
		field := wrong.Field
		if at := strings.LastIndex(field, "."); at >= 0 {
			field = field[at+1:] // Go puts the names of the objects around it before it
		}
		return fmt.Errorf("parse sigmf %s: %s must not be a %s", what, field, wrong.Value)
	}
	return fmt.Errorf("parse sigmf %s: %w", what, err)
}

// MetaHash is what a collection says of a recording: the SHA-512 of its .sigmf-meta document, in hex.
func MetaHash(doc []byte) string {
	sum := sha512.Sum512(doc)
	return hex.EncodeToString(sum[:])
}

// FormatTime writes a core:datetime with six digits of seconds, as many as most readers take; the rest is cut
// off, not rounded. SetStart keeps it elsewhere.
func FormatTime(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000000Z") }

// ParseTime reads a core:datetime: RFC 3339 in UTC, with any number of digits.
func ParseTime(s string) (time.Time, error) {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil || !strings.HasSuffix(s, "Z") {
		return time.Time{}, fmt.Errorf("time %q is not RFC 3339 with Z for UTC, such as 2026-08-01T12:30:00.250000Z", s)
	}
	return t.UTC(), nil
}

// SetStart sets the time of the capture's first sample, to the nanosecond.
func (c *Capture) SetStart(t time.Time) {
	c.Datetime = FormatTime(t)
	c.StartUnixNs = strconv.FormatInt(t.UnixNano(), 10)
}

// Start returns the time of the capture's first sample, as precisely as the capture has it; false when it
// gives none that can be read. Where the two fields disagree, core:datetime holds.
func (c *Capture) Start() (time.Time, bool) {
	t, err := ParseTime(c.Datetime)
	if err != nil {
		return time.Time{}, false
	}
	if fine, ok := c.fineStart(); ok && fine.Sub(t).Abs() < time.Microsecond {
		return fine, true
	}
	return t, true
}

func (c *Capture) fineStart() (time.Time, bool) {
	ns, err := strconv.ParseInt(c.StartUnixNs, 10, 64)
	return time.Unix(0, ns).UTC(), err == nil
}
