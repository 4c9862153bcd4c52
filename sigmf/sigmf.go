// Package sigmf reads, writes and checks SigMF 1.2.5: the metadata of a recording, collections of recordings,
// and archives. It is how Heimdall's recordings explain themselves to the tools of others.
//
// A recording is a data file (the samples, .sigmf-data) and a JSON document beside it (.sigmf-meta) with one
// global object, captures and annotations. SigMF's captures are the gap-free runs of samples inside one
// recording; they are not Heimdall's captures, of which a recording is the result. A collection lists
// recordings that belong together; an archive is a tar of them.
//
// The package opens no files and holds no samples. What it does not know it keeps: every field of a foreign
// extension is written back as it was read. The surprising part: the official JSON schema accepts documents
// that the specification's text forbids, so that checking takes a second pass; see [Check].
package sigmf

// Version is the version of the specification that documents are written to.
const Version = "1.2.5"

// Names of the files of a recording, a collection and an archive.
const (
	MetaExt       = ".sigmf-meta"
	DataExt       = ".sigmf-data"
	CollectionExt = ".sigmf-collection"
	ArchiveExt    = ".sigmf"
)

// Metadata is the document of one recording.
type Metadata struct {
	Global      Global       `json:"global"`
	Captures    []Capture    `json:"captures"`
	Annotations []Annotation `json:"annotations"`
	Other       Fields       `json:"-"`
}

// Global describes the whole recording.
type Global struct {
	Datatype      string      `json:"core:datatype"`
	SampleRateHz  float64     `json:"core:sample_rate,omitempty"`
	Version       string      `json:"core:version"`
	SHA512        string      `json:"core:sha512,omitempty"` // of the data file, hex
	Offset        int64       `json:"core:offset,omitempty"` // index of the first sample, of a recording split in files
	Description   string      `json:"core:description,omitempty"`
	Author        string      `json:"core:author,omitempty"`
	Recorder      string      `json:"core:recorder,omitempty"`
	HW            string      `json:"core:hw,omitempty"`
	License       string      `json:"core:license,omitempty"`
	DataDOI       string      `json:"core:data_doi,omitempty"`
	MetaDOI       string      `json:"core:meta_doi,omitempty"`
	Collection    string      `json:"core:collection,omitempty"` // base name of the collection it belongs to
	Dataset       string      `json:"core:dataset,omitempty"`    // file name of a data file that is not called .sigmf-data
	MetadataOnly  bool        `json:"core:metadata_only,omitempty"`
	NumChannels   int64       `json:"core:num_channels,omitempty"`   // 0 means 1
	TrailingBytes int64       `json:"core:trailing_bytes,omitempty"` // at the end of a Dataset, to be skipped
	Geolocation   *Point      `json:"core:geolocation,omitempty"`
	Extensions    []Extension `json:"core:extensions,omitempty"`
	Other         Fields      `json:"-"`
}

// A Capture is a run of samples without a gap, from SampleStart up to the next capture.
type Capture struct {
	SampleStart int64    `json:"core:sample_start"`
	GlobalIndex *int64   `json:"core:global_index,omitempty"` // of the first sample in the receiver's stream: how gaps show
	HeaderBytes int64    `json:"core:header_bytes,omitempty"` // before the samples, in a Dataset only
	FrequencyHz *float64 `json:"core:frequency,omitempty"`    // at 0 Hz of the samples
	Datetime    string   `json:"core:datetime,omitempty"`     // of the first sample; see FormatTime
	Geolocation *Point   `json:"core:geolocation,omitempty"`
	StartUnixNs string   `json:"heimdall:start_unix_ns,omitempty"` // Datetime to the nanosecond: an integer in a string, because JSON numbers lose digits
	Other       Fields   `json:"-"`
}

// An Annotation marks a stretch of samples, and of the spectrum if both edges are given.
type Annotation struct {
	SampleStart     int64    `json:"core:sample_start"`
	SampleCount     *int64   `json:"core:sample_count,omitempty"` // nil means up to the end of the capture
	FreqLowerEdgeHz *float64 `json:"core:freq_lower_edge,omitempty"`
	FreqUpperEdgeHz *float64 `json:"core:freq_upper_edge,omitempty"`
	Label           string   `json:"core:label,omitempty"` // at most 20 characters
	Comment         string   `json:"core:comment,omitempty"`
	Generator       string   `json:"core:generator,omitempty"`
	UUID            string   `json:"core:uuid,omitempty"`
	Other           Fields   `json:"-"`
}

// An Extension names a namespace that a document uses.
type Extension struct {
	Name     string `json:"name"`
	Version  string `json:"version"`
	Optional bool   `json:"optional"` // the document makes sense without it
}

// A Collection lists recordings that belong together.
type Collection struct {
	Version       string      `json:"core:version"`
	Description   string      `json:"core:description,omitempty"`
	Author        string      `json:"core:author,omitempty"`
	CollectionDOI string      `json:"core:collection_doi,omitempty"`
	License       string      `json:"core:license,omitempty"`
	Extensions    []Extension `json:"core:extensions,omitempty"`
	Streams       []Stream    `json:"core:streams,omitempty"`
	Other         Fields      `json:"-"`
}

// A Stream names a recording of a collection.
type Stream struct {
	Name string `json:"name"` // base name
	Hash string `json:"hash"` // SHA-512 of its .sigmf-meta file, hex; see MetaHash
}
