package rtltcp

import "testing"

func FuzzParseHeader(f *testing.F) {
	for _, s := range []string{"", "RTL", "RTL0", "RTL0\x00\x00\x00\x05\x00\x00\x00\x1d", "RTL0\xff\xff\xff\xff\x00\x00\x00\x00", "HTTP/1.0 200 OK", "\x00\xff"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		tuner, err := parseHeader(b)
		if whole := len(b) >= headerSize && string(b[:4]) == magic; whole != (tuner != "") || whole && err != nil {
			t.Fatalf("header %q: tuner %q, %v", b, tuner, err)
		}
	})
}
