package websdrtest

import (
	"runtime"
	"strings"
	"testing"
	"time"
)

// watchGoroutines fails t if goroutines that do not run now still run at its end, a while after the stream
// was closed and before the receiver is taken down.
func watchGoroutines(t *testing.T) {
	t.Helper()
	before := goroutines()
	t.Cleanup(func() {
		if t.Failed() {
			return // a test that gave up half-way closes nothing in good order
		}
		deadline := time.Now().Add(promptly)
		for {
			left := newSince(before)
			if len(left) == 0 {
				return
			}
			if time.Now().After(deadline) {
				t.Errorf("%d goroutines are left behind:\n\n%s", len(left), strings.Join(left, "\n\n"))
				return
			}
			time.Sleep(5 * time.Millisecond) // goroutines have no event for their end
		}
	})
}

func newSince(before map[string]string) []string {
	var left []string
	for id, stack := range goroutines() {
		if _, old := before[id]; !old {
			left = append(left, stack)
		}
	}
	return left
}

// goroutines returns the stacks of all goroutines by their number.
func goroutines() map[string]string {
	buf := make([]byte, 1<<16)
	for {
		n := runtime.Stack(buf, true)
		if n < len(buf) {
			buf = buf[:n]
			break
		}
		buf = make([]byte, 2*len(buf))
	}
	byID := make(map[string]string)
	for stack := range strings.SplitSeq(string(buf), "\n\n") {
		// "goroutine 18 [running]:"
		if fields := strings.Fields(stack); len(fields) > 1 {
			byID[fields[1]] = stack
		}
	}
	return byID
}
