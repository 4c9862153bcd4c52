package iq

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"
)

const (
	kiwiChunkBytes = 10

	// KiwiBlockSamples is how many samples a KiwiSDR sends, and a Kiwi WAV holds, under one stamp.
	KiwiBlockSamples = 512
	// KiwiBlockHeaderBytes is how much comes before the samples of a block.
	KiwiBlockHeaderBytes = 8 + kiwiChunkBytes + 8
)

// A KiwiStamp is the GPS time stamp that a KiwiSDR puts on a block of samples, as raw as it comes: the first
// two of a connection are stale, and there is neither a week number nor a leap second in it.
type KiwiStamp struct {
	Sample  int64  // index of the block's first sample, to which the stamp belongs
	AgeS    uint8  // seconds since the last GPS fix; 253 to 255 mean there is none to speak of
	GPSSec  uint32 // second of the GPS week
	GPSNsec uint32
}

func parseKiwiChunk(b [kiwiChunkBytes]byte, sample int64) KiwiStamp {
	return KiwiStamp{Sample: sample, AgeS: b[0],
		GPSSec: binary.LittleEndian.Uint32(b[2:]), GPSNsec: binary.LittleEndian.Uint32(b[6:])}
}

// A KiwiWriter writes a Kiwi WAV, the format of kiwirecorder: blocks of CI16LE samples, each in a data chunk
// of its own behind a kiwi chunk with its stamp.
type KiwiWriter struct {
	w             io.Writer
	blocks, bytes int64 // still to come
}

// NewKiwiWriter writes the header. A stream cannot be patched later, so the numbers of blocks and samples
// must be known; see KiwiBlocks. The rate is rounded to a whole number.
func NewKiwiWriter(w io.Writer, sampleRateHz float64, blocks, samples int64) (*KiwiWriter, error) {
	header, err := KiwiHeader(sampleRateHz, blocks, samples)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(header); err != nil {
		return nil, fmt.Errorf("write kiwi wav header: %w", err)
	}
	return &KiwiWriter{w: w, blocks: blocks, bytes: samples * int64(CI16LE.Size())}, nil
}

// KiwiHeader returns everything that comes before the first block. The rate is rounded to a whole number.
func KiwiHeader(sampleRateHz float64, blocks, samples int64) ([]byte, error) {
	fmtChunk, err := wavFormatChunk(CI16LE, sampleRateHz)
	if err != nil {
		return nil, fmt.Errorf("write kiwi wav header: %w", err)
	}
	const most = math.MaxUint32 / 4
	if blocks < 0 || samples < 0 || blocks > most || samples > most {
		return nil, fmt.Errorf("write kiwi wav header: %d samples in %d blocks are out of range", samples, blocks)
	}
	riff := 4 + 8 + int64(len(fmtChunk)) + blocks*KiwiBlockHeaderBytes + samples*int64(CI16LE.Size())
	if riff > math.MaxUint32 {
		return nil, fmt.Errorf("write kiwi wav header: %d samples exceed the 4 GiB of a Kiwi WAV: use an ordinary WAV or SigMF", samples)
	}
	return chunk(append([]byte("RIFF"), le32(uint32(riff))+"WAVE"...), "fmt ", fmtChunk), nil
}

// KiwiBlockHeader returns what comes before that many samples of a block. The stamp's Sample is not in it.
func KiwiBlockHeader(s KiwiStamp, samples int64) []byte {
	b := append(make([]byte, 0, KiwiBlockHeaderBytes), "kiwi"+le32(kiwiChunkBytes)...)
	b = append(b, s.AgeS, 0)
	b = binary.LittleEndian.AppendUint32(b, s.GPSSec)
	b = binary.LittleEndian.AppendUint32(b, s.GPSNsec)
	return append(b, "data"+le32(uint32(samples*int64(CI16LE.Size())))...)
}

// KiwiBlocks is how many blocks of KiwiBlockSamples hold that many samples.
func KiwiBlocks(samples int64) int64 { return (samples + KiwiBlockSamples - 1) / KiwiBlockSamples }

// WriteBlock writes one stamped block of CI16LE samples. The stamp's Sample is not written.
func (k *KiwiWriter) WriteBlock(s KiwiStamp, samples []byte) error {
	if len(samples)%CI16LE.Size() != 0 {
		return fmt.Errorf("write kiwi wav block: %d bytes are not whole samples", len(samples))
	}
	if k.blocks == 0 || int64(len(samples)) > k.bytes {
		return fmt.Errorf("write kiwi wav block: it exceeds what the header announces")
	}
	b := KiwiBlockHeader(s, int64(len(samples)/CI16LE.Size()))
	if _, err := k.w.Write(b); err != nil {
		return fmt.Errorf("write kiwi wav block: %w", err)
	}
	if _, err := k.w.Write(samples); err != nil {
		return fmt.Errorf("write kiwi wav block: %w", err)
	}
	k.blocks--
	k.bytes -= int64(len(samples))
	return nil
}

// Close fails if less was written than the header announces. It does not close the writer.
func (k *KiwiWriter) Close() error {
	if k.blocks != 0 || k.bytes != 0 {
		return fmt.Errorf("close kiwi wav: %d blocks and %d bytes of samples were announced but not written", k.blocks, k.bytes)
	}
	return nil
}
