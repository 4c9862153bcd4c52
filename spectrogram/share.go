package spectrogram

import (
	"runtime"
	"sync"
)

// inParts has do called for parts of 0 to n that together are all of it, one per processor, all at once. What do makes
// of one number must not depend on the others, so that the result does not depend on the processors.
func inParts(n int, do func(from, to int)) {
	parts := min(runtime.GOMAXPROCS(0), n)
	var group sync.WaitGroup
	for i := range parts {
		group.Go(func() { do(i*n/parts, (i+1)*n/parts) })
	}
	group.Wait()
}
