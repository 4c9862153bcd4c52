package api

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/heimdall-sdr/heimdall/api/wire"
)

// What changes have in common: the version that the caller began from, and patches (RFC 7396).

// namesVersion reports whether an If-Match header names the version of what was last changed at updatedAt. One that is
// absent names any.
func namesVersion(ifMatch string, updatedAt time.Time) bool {
	if ifMatch == "" {
		return true
	}
	for tag := range strings.SplitSeq(ifMatch, ",") {
		if tag = strings.TrimSpace(tag); tag == "*" || tag == wire.ETag(updatedAt) {
			return true
		}
	}
	return false
}

// readPatch reads the body of a PATCH. Plain JSON is taken for a patch, too.
func (s *service) readPatch(contentType string, body []byte) (patch map[string]any, err error) {
	if media := mediaType(contentType); media != "application/merge-patch+json" && media != "application/json" {
		return nil, fmt.Errorf("read a patch of type %q: %w: send application/merge-patch+json", media, errMediaType)
	}
	err = s.decodeInto(body, &huma.Schema{Type: huma.TypeObject}, &patch)
	return patch, err
}

// mergePatch applies an RFC 7396 patch to a flat document. A null password removes the one that is kept,
// where an absent one keeps it.
func mergePatch(document any, patch map[string]any) ([]byte, error) {
	text, err := json.Marshal(document)
	if err != nil {
		return nil, fmt.Errorf("encode WebSDR: %w", err)
	}
	var merged map[string]any
	if err := json.Unmarshal(text, &merged); err != nil {
		return nil, fmt.Errorf("decode WebSDR: %w", err)
	}
	for key, value := range patch {
		switch {
		case value != nil:
			merged[key] = value
		case key == "password":
			merged[key] = ""
		default:
			delete(merged, key)
		}
	}
	return json.Marshal(merged)
}
