package wire

import "time"

// A RecordingURL is where anybody can get a stored object straight from the object store, for a while.
type RecordingURL struct {
	URL       string    `json:"url" doc:"The address, which needs no further credentials: whoever has it can read the object"`
	ExpiresAt time.Time `json:"expires_at" doc:"Until when it is good"`
	S3Path    string    `json:"s3_path" doc:"Key of the object"`
	Bytes     int64     `json:"bytes" doc:"Size of the object"`
	SHA256    string    `json:"sha256" doc:"SHA-256 of the object, lower-case hex; empty when the store does not know it"`
}
