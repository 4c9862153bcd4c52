package e2e_test

import (
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
)

// environment is what the programs of each test are told, by the name of the test. Stories go on side by side, so none
// may change the environment of this process.
var environment struct {
	sync.Mutex
	of map[string][]string
}

// setenv is t.Setenv for the programs that this test, and those within it, start from now on.
func setenv(t testing.TB, name, value string) {
	t.Helper()
	environment.Lock()
	defer environment.Unlock()
	if environment.of == nil {
		environment.of = map[string][]string{}
	}
	if _, known := environment.of[t.Name()]; !known {
		t.Cleanup(func() {
			environment.Lock()
			defer environment.Unlock()
			delete(environment.of, t.Name())
		})
	}
	environment.of[t.Name()] = append(environment.of[t.Name()], name+"="+value)
}

// environ is the machine's environment and what was set for t; of a name set twice the last counts.
func environ(t testing.TB) []string {
	environment.Lock()
	defer environment.Unlock()
	all, name := os.Environ(), ""
	for _, part := range strings.SplitAfter(t.Name(), "/") { // the test, then the one within it
		name += part
		all = append(all, environment.of[strings.TrimSuffix(name, "/")]...)
	}
	return all
}

// getenv is what a program of t would see.
func getenv(t testing.TB, name string) (value string) {
	for _, set := range environ(t) {
		if v, is := strings.CutPrefix(set, name+"="); is {
			value = v
		}
	}
	return value
}

// program is heimdall with these arguments, to be started.
func program(t testing.TB, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(binary(t), args...)
	cmd.Env = environ(t)
	return cmd
}
