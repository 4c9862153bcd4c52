package iq

import (
	"encoding/binary"
	"fmt"
	"math"
	"time"
)

const (
	wavPCM        = 1
	wavFloat      = 3
	wavExtensible = 0xFFFE

	// wavSubformatTail is what follows the format tag in KSDATAFORMAT_SUBTYPE_PCM and _IEEE_FLOAT.
	wavSubformatTail = "\x00\x00\x00\x00\x10\x00\x80\x00\x00\xaa\x00\x38\x9b\x71"
)

var wavFormats = []struct {
	format    Format
	tag, bits uint16
}{
	{CI16LE, wavPCM, 16},
	{CU8, wavPCM, 8},
	{CF32LE, wavFloat, 32},
	{CF64LE, wavFloat, 64},
}

// A WAVHeader describes a WAV file to be written.
type WAVHeader struct {
	Format       Format // CI16LE, CF32LE, CU8 or CF64LE
	SampleRateHz float64
	Samples      int64
	Start        time.Time // goes into the auxi chunk, to the millisecond; zero when unknown
	CenterHz     float64   // goes into the auxi chunk if it fits its 32 bits; 0 when unknown
}

// Bytes returns everything that comes before the samples. The rate is rounded to a whole number, as WAV
// wants. A file of 4 GiB or more becomes RF64.
func (h WAVHeader) Bytes() ([]byte, error) {
	fmtChunk, err := wavFormatChunk(h.Format, h.SampleRateHz)
	if err != nil {
		return nil, fmt.Errorf("write wav header: %w", err)
	}
	size := int64(h.Format.Size())
	if h.Samples < 0 || h.Samples > (math.MaxInt64-4096)/size {
		return nil, fmt.Errorf("write wav header: %d samples are out of range", h.Samples)
	}
	body := chunk(nil, "fmt ", fmtChunk)
	if h.Format == CF32LE || h.Format == CF64LE { // anything but PCM needs a fact chunk
		body = chunk(body, "fact", binary.LittleEndian.AppendUint32(nil, uint32(min(h.Samples, math.MaxUint32))))
	}
	if !h.Start.IsZero() || h.CenterHz > 0 {
		end := h.Start
		if !end.IsZero() {
			end = end.Add(wavDuration(h.Samples, h.SampleRateHz))
		}
		body = chunk(body, "auxi", appendAuxi(nil, h.Start, end, h.CenterHz, h.SampleRateHz))
	}
	dataBytes := h.Samples * size
	const ds64Chunk = 8 + 28
	if riff := 4 + int64(len(body)) + 8 + dataBytes; riff < math.MaxUint32 {
		b := append([]byte("RIFF"), le32(uint32(riff))+"WAVE"...)
		b = append(b, body...)
		return append(b, "data"+le32(uint32(dataBytes))...), nil
	}
	ds64 := binary.LittleEndian.AppendUint64(nil, uint64(4+ds64Chunk+int64(len(body))+8+dataBytes))
	ds64 = binary.LittleEndian.AppendUint64(ds64, uint64(dataBytes))
	ds64 = binary.LittleEndian.AppendUint64(ds64, uint64(h.Samples))
	ds64 = binary.LittleEndian.AppendUint32(ds64, 0) // no table of further sizes
	b := append([]byte("RF64"), le32(math.MaxUint32)+"WAVE"...)
	b = chunk(b, "ds64", ds64)
	b = append(b, body...)
	return append(b, "data"+le32(math.MaxUint32)...), nil
}

// wavFormatChunk returns the body of a fmt chunk.
func wavFormatChunk(f Format, sampleRateHz float64) ([]byte, error) {
	if !(sampleRateHz >= 0.5 && sampleRateHz < math.MaxUint32/16) {
		return nil, fmt.Errorf("a sample rate of %g Hz does not fit a WAV file", sampleRateHz)
	}
	rate := uint32(math.Round(sampleRateHz))
	for _, w := range wavFormats {
		if w.format != f {
			continue
		}
		size := uint32(f.Size())
		b := binary.LittleEndian.AppendUint16(nil, w.tag)
		b = binary.LittleEndian.AppendUint16(b, 2)
		b = binary.LittleEndian.AppendUint32(b, rate)
		b = binary.LittleEndian.AppendUint32(b, rate*size)
		b = binary.LittleEndian.AppendUint16(b, uint16(size))
		b = binary.LittleEndian.AppendUint16(b, w.bits)
		if w.tag != wavPCM {
			b = binary.LittleEndian.AppendUint16(b, 0) // no extension follows
		}
		return b, nil
	}
	return nil, fmt.Errorf("samples of %v do not fit a WAV file: convert them to ci16_le or cf32_le", f)
}

// chunk appends a RIFF chunk, padded to an even length.
func chunk(b []byte, id string, body []byte) []byte {
	b = append(b, id+le32(uint32(len(body)))...)
	b = append(b, body...)
	if len(body)%2 == 1 {
		b = append(b, 0)
	}
	return b
}

func le32(v uint32) string { return string(binary.LittleEndian.AppendUint32(nil, v)) }

// wavDuration is how long samples last, as far as a Duration can say.
func wavDuration(samples int64, rateHz float64) time.Duration {
	s := float64(samples) / rateHz
	return time.Duration(min(s*1e9, math.MaxInt64/2))
}
