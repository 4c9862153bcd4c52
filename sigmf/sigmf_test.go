package sigmf_test

import (
	"bytes"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/heimdall-sdr/heimdall/sigmf"
)

func ptr[T any](v T) *T { return &v }

// sample is a recording with a gap and one measured signal, as Heimdall writes them.
func sample() *sigmf.Metadata {
	m := &sigmf.Metadata{
		Global: sigmf.Global{
			Datatype: "ci16_le", SampleRateHz: 12001.14, Version: sigmf.Version,
			Recorder: "heimdall 0.1.0", Description: "DCF77 <test> & more",
			Extensions: []sigmf.Extension{sigmf.Ours},
			Other:      sigmf.Fields{"heimdall:task_id": []byte(`"0198c0de-0000-7000-8000-000000000000"`), "heimdall:websdr_id": []byte("7")},
		},
		Captures: []sigmf.Capture{
			{SampleStart: 0, GlobalIndex: ptr[int64](1024), FrequencyHz: ptr(77500.0), Geolocation: sigmf.NewPoint(53.665337, 7.282766, ptr(12.5))},
			{SampleStart: 5000, GlobalIndex: ptr[int64](6536), FrequencyHz: ptr(77500.0), Other: sigmf.Fields{"heimdall:dropped_samples": []byte("512")}},
		},
		Annotations: []sigmf.Annotation{{
			SampleStart: 0, SampleCount: ptr[int64](5000), FreqLowerEdgeHz: ptr(77400.0), FreqUpperEdgeHz: ptr(77600.0), Label: "DCF77",
			Other: sigmf.Fields{"heimdall:snr_db": []byte("0"), "heimdall:dc_dbfs": []byte("-7.5")},
		}},
	}
	m.Captures[0].SetStart(time.Date(2017, 11, 27, 10, 41, 56, 214_600_789, time.UTC))
	return m
}

func encode(t *testing.T, m *sigmf.Metadata) []byte {
	t.Helper()
	doc, err := m.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

func TestMetadataReadsBackAsItWasWritten(t *testing.T) {
	m := sample()
	doc := encode(t, m)
	got, err := sigmf.ParseMetadata(doc)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(m, got); diff != "" {
		t.Errorf("metadata (-wrote +read):\n%s", diff)
	}
	if again := encode(t, got); !bytes.Equal(doc, again) {
		t.Errorf("the document changed when written again:\n%s\n%s", doc, again)
	}
	for _, want := range []string{
		`"core:sample_rate": 12001.14,`, `"core:description": "DCF77 <test> & more",`, `"heimdall:start_unix_ns": "1511779316214600789"`,
		`"core:datetime": "2017-11-27T10:41:56.214600Z",`, `"heimdall:snr_db": 0`,
	} {
		if !strings.Contains(string(doc), want) {
			t.Errorf("%s is not in the document:\n%s", want, doc)
		}
	}
}

func TestAnArchiveReadsBackAsItWasWritten(t *testing.T) {
	doc := encode(t, sample())
	collection := []byte("{}\n")
	var file bytes.Buffer
	a := sigmf.NewArchiveWriter(&file, time.Unix(1.7e9, 5))
	data := map[string]string{"one": "12345678", "two": strings.Repeat("abcd", 1000)}
	if err := a.AddCollection("both", collection); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"one", "two"} {
		if err := a.AddRecording(name, doc, strings.NewReader(data[name]), int64(len(data[name]))); err != nil {
			t.Fatal(err)
		}
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	got, err := sigmf.ReadArchive(bytes.NewReader(file.Bytes()), int64(file.Len()))
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Recordings) != 2 || !bytes.Equal(got.Collection, collection) {
		t.Fatalf("found %d recordings and the collection %q", len(got.Recordings), got.Collection)
	}
	for _, r := range got.Recordings {
		b, err := io.ReadAll(r.Data)
		if err != nil || string(b) != data[r.Name] || !bytes.Equal(r.Meta, doc) {
			t.Errorf("%s: read %d bytes of data and %d of metadata, error %v", r.Name, len(b), len(r.Meta), err)
		}
	}
}
