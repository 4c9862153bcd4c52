//go:build !race

package siggen_test

const raceEnabled = false
