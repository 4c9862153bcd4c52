//go:build race

package simnet_test

import "testing"

// computes is the first line of tests in which nothing happens at once. The race detector finds nothing in them, and
// makes them ten times as long.
func computes(t *testing.T) {
	t.Helper()
	t.Skip("it runs without the race detector")
}
