package sigmf

import (
	"crypto/sha512"
	"encoding/hex"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// SampleBytes is the size of one sample of a core:datatype, such as 4 for ci16_le; of all channels, if there
// are several.
func SampleBytes(datatype string, channels int64) (int64, error) {
	name, _, _ := strings.Cut(datatype, "_")
	if len(name) >= 3 && (name[0] == 'c' || name[0] == 'r') {
		bits, err := strconv.Atoi(name[2:])
		if err == nil && (bits == 8 || bits == 16 || bits == 32 || bits == 64) && channels >= 0 && channels < 1<<40 {
			size := int64(bits / 8)
			if name[0] == 'c' {
				size *= 2
			}
			return size * max(channels, 1), nil
		}
	}
	return 0, fmt.Errorf("core:datatype %q is not known: it must be such as ci16_le, cu8 or cf32_le", datatype)
}

// CheckData reads all of a recording's data and reports everything in which it differs from m as one
// *InvalidError: its SHA-512, its length in whole samples, and captures and annotations beyond its end.
func CheckData(m *Metadata, data io.Reader) error {
	size, err := SampleBytes(m.Global.Datatype, m.Global.NumChannels)
	if err != nil {
		return err
	}
	sum := sha512.New()
	n, err := io.Copy(sum, data)
	if err != nil {
		return fmt.Errorf("read sigmf data: %w", err)
	}
	var bad InvalidError
	if got := hex.EncodeToString(sum.Sum(nil)); m.Global.SHA512 != "" && !strings.EqualFold(got, m.Global.SHA512) {
		bad.addf("/global/core:sha512", "is not that of the data, which is %s: the data was changed or cut off", got)
	}
	sampleBytes := n - m.Global.TrailingBytes
	for _, c := range m.Captures {
		sampleBytes -= c.HeaderBytes
	}
	if sampleBytes < 0 || sampleBytes%size != 0 {
		bad.addf("/global/core:datatype", "gives samples of %d bytes, but the data has %d: the data was cut off, or the type is another", size, sampleBytes)
	}
	end := m.Global.Offset + max(sampleBytes, 0)/size
	for k, c := range m.Captures {
		if c.SampleStart >= end && c.SampleStart > m.Global.Offset {
			bad.addf(fmt.Sprintf("/captures/%d/core:sample_start", k), "must be below %d, where the data ends", end)
		}
	}
	for k, a := range m.Annotations {
		path := fmt.Sprintf("/annotations/%d", k)
		switch {
		case a.SampleStart > end:
			bad.addf(path+"/core:sample_start", "must not be above %d, where the data ends", end)
		case a.SampleCount != nil && *a.SampleCount > end-a.SampleStart:
			bad.addf(path+"/core:sample_count", "must not be above %d, where the data ends", end-a.SampleStart)
		}
	}
	return bad.err()
}

// CheckCollection reports everything wrong with a .sigmf-collection document as one *InvalidError. If meta is
// not nil, it gives the .sigmf-meta document of a recording by its base name, and the hashes are checked, too.
func CheckCollection(doc []byte, meta func(name string) ([]byte, error)) error {
	var bad InvalidError
	if err := checkSchema(&bad, doc, func(s *schemaSet) *jsonschema.Schema { return s.collection }); err != nil {
		return err
	}
	c, err := ParseCollection(doc)
	if err != nil {
		if len(bad.Problems) == 0 {
			return err
		}
		return bad.err()
	}
	bad.checkNames(doc, c.Extensions)
	seen := map[string]bool{}
	for k, s := range c.Streams {
		path := fmt.Sprintf("/collection/core:streams/%d", k)
		if seen[s.Name] {
			bad.addf(path+"/name", "lists %q again: remove it", s.Name)
		}
		seen[s.Name] = true
		if meta == nil {
			continue
		}
		doc, err := meta(s.Name)
		if err != nil {
			bad.addf(path+"/name", "names a recording whose metadata cannot be read: %v", err)
		} else if got := MetaHash(doc); !strings.EqualFold(got, s.Hash) {
			bad.addf(path+"/hash", "is not the SHA-512 of %s%s, which is %s", s.Name, MetaExt, got)
		}
	}
	return bad.err()
}
