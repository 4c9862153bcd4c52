package s3_test

import (
	"errors"
	"runtime/metrics"
	"testing"

	"github.com/heimdall-sdr/heimdall/blob"
	"github.com/heimdall-sdr/heimdall/blob/s3/s3test"
)

// A huge object is announced and never ends: what counts is the memory until it is cancelled.
func TestAPutOfAnySizeUsesAFewPartsOfMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("it sends 400 MiB")
	}
	store := open(t, config(s3test.Shared(t, "versitygw")))
	block := sample(30, 1<<20)
	stop := errors.New("enough")
	var most, read uint64
	before := heapBytes()
	r := readerFunc(func(p []byte) (int, error) {
		if read += uint64(len(p)); read > 400<<20 {
			return 0, stop
		}
		most = max(most, heapBytes())
		return copy(p, block), nil
	})
	err := store.Put(t.Context(), key, r, blob.Sum{Bytes: 10 << 30, SHA256: blob.SumOf(nil).SHA256})
	if !errors.Is(err, stop) {
		t.Fatal(err)
	}
	if most > before+(64<<20) {
		t.Errorf("the heap grew from %d to %d MiB", before>>20, most>>20)
	}
	if _, err := store.Stat(t.Context(), key); !errors.Is(err, blob.ErrNotFound) {
		t.Errorf("Stat = %v, want ErrNotFound", err)
	}
}

type readerFunc func(p []byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// heapBytes is what the heap holds, garbage included.
func heapBytes() uint64 {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}
