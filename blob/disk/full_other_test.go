//go:build !linux

package disk_test

import "errors"

const fullEnv = "HEIMDALL_TEST_PUT_UNTIL_FULL"

// putUntilFull needs a mount namespace.
func putUntilFull(string) error { return errors.New("only on Linux") }
