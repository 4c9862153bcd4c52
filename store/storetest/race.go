//go:build race

package storetest

// raceEnabled asks for fewer rows: a SQLite that was translated to Go is ten times slower under the race detector.
const raceEnabled = true
