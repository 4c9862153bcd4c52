package export

import (
	"maps"
	"strings"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/sigmf"
)

// sliceDocument returns the metadata of samples [from, from+samples) as of a recording of its own. What is true
// of the whole alone goes: hashes, and the metrics of annotations that were cut.
func sliceDocument(doc []byte, rec *heimdall.Recording, from, samples int64) ([]byte, error) {
	m, err := sigmf.ParseMetadata(doc)
	if err != nil {
		return nil, err
	}
	if err := sliceGlobal(&m.Global, rec, from, samples); err != nil {
		return nil, err
	}
	m.Captures = sliceCaptures(m.Captures, rec, from, samples)
	m.Annotations = sliceAnnotations(m.Annotations, rec.SamplesCount, from, samples)
	return m.Encode()
}

func sliceGlobal(g *sigmf.Global, rec *heimdall.Recording, from, samples int64) error {
	g.SHA512, g.Collection = "", ""
	var gaps []heimdall.Gap
	for _, gap := range rec.Gaps {
		if gap.Sample > from && gap.Sample < from+samples {
			gaps = append(gaps, heimdall.Gap{Sample: gap.Sample - from, Missing: gap.Missing})
		}
	}
	for _, name := range []string{"data_sha256", "data_bytes", "expected_samples", "planned_samples", "start_skew_s", "gaps", "overloads"} {
		delete(g.Other, prefix+name)
	}
	cut, err := fieldsOf(ourGlobal{SamplesCount: samples, SliceStart: &from, Gaps: gaps}, "")
	if err != nil {
		return err
	}
	if g.Other == nil {
		g.Other = make(sigmf.Fields)
	}
	for name, value := range cut {
		g.Other[name] = value
	}
	return nil
}

// sliceCaptures keeps the captures that have samples in the slice. The first begins with the slice.
func sliceCaptures(captures []sigmf.Capture, rec *heimdall.Recording, from, samples int64) []sigmf.Capture {
	clock := clockOf(rec)
	var kept []sigmf.Capture
	for k, c := range captures {
		end := rec.SamplesCount
		if k+1 < len(captures) {
			end = captures[k+1].SampleStart
		}
		if end <= from && k+1 < len(captures) || c.SampleStart >= from+samples && len(kept) > 0 {
			continue
		}
		if skipped := from - c.SampleStart; skipped > 0 {
			if c.GlobalIndex != nil {
				index := *c.GlobalIndex + skipped
				c.GlobalIndex = &index
			}
			if c.Datetime != "" {
				c.SetStart(clock.At(from))
			}
			c.Other = maps.Clone(c.Other)
			delete(c.Other, droppedSamples)
			c.SampleStart = from
		}
		c.SampleStart -= from
		if len(kept) == 0 {
			c = withTrust(c, captures[0])
		}
		kept = append(kept, c)
	}
	return kept
}

// withTrust gives c what only the first capture says of the times of all.
func withTrust(c, first sigmf.Capture) sigmf.Capture {
	other := make(sigmf.Fields)
	for name, value := range first.Other {
		if strings.HasPrefix(name, prefix) && name != droppedSamples {
			other[name] = value
		}
	}
	maps.Copy(other, c.Other)
	if len(other) > 0 {
		c.Other = other
	}
	return c
}

// sliceAnnotations keeps what lies in the slice, and cuts what reaches beyond it.
func sliceAnnotations(annotations []sigmf.Annotation, total, from, samples int64) []sigmf.Annotation {
	var kept []sigmf.Annotation
	for _, a := range annotations {
		begin, end := a.SampleStart, total
		if a.SampleCount != nil {
			end = begin + *a.SampleCount
		}
		held, last := max(begin, from), min(end, from+samples)
		if held >= last {
			continue
		}
		if held != begin || last != end {
			a.Other = foreign(a.Other)
		}
		count := last - held
		a.SampleStart, a.SampleCount = held-from, &count
		kept = append(kept, a)
	}
	return kept
}

// foreign returns the fields of other extensions, which may know what a part of a signal is.
func foreign(fields sigmf.Fields) sigmf.Fields {
	kept := make(sigmf.Fields)
	for name, value := range fields {
		if !strings.HasPrefix(name, prefix) {
			kept[name] = value
		}
	}
	return kept
}
