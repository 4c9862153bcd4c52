// Package e2e tells whole stories on the real binary: what a user types, what the wire carries, what is left
// after a kill -9. It holds tests only.
package e2e
