package access

import (
	"strconv"
	"time"
)

// KeysAfter is how many keys a limiter remembers that has seen n.
func KeysAfter(n int) int {
	l := newLimiter(1, 1)
	for i := range n {
		l.take(strconv.Itoa(i), time.Unix(0, 0))
	}
	if l.recent.Len() != len(l.byKey) {
		return -1
	}
	return len(l.byKey)
}
