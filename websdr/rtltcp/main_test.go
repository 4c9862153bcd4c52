package rtltcp_test

import (
	"flag"
	"os"
	"testing"
)

// Tests marked parallel wait here for seconds of samples and of time-outs, and hardly compute: all may run at
// once on however few cores. Whoever asks for -parallel gets that.
func TestMain(m *testing.M) {
	flag.Parse()
	asked := false
	flag.Visit(func(f *flag.Flag) { asked = asked || f.Name == "test.parallel" })
	if !asked {
		flag.Set("test.parallel", "8")
	}
	os.Exit(m.Run())
}
