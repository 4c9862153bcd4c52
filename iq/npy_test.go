package iq_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/heimdall-sdr/heimdall/iq"
)

// npy puts a header of the given version before the body.
func npy(major byte, dict string, body []byte) []byte {
	b := append([]byte("\x93NUMPY"), major, 0)
	if major == 1 {
		b = binary.LittleEndian.AppendUint16(b, uint16(len(dict)))
	} else {
		b = binary.LittleEndian.AppendUint32(b, uint32(len(dict)))
	}
	return append(append(b, dict...), body...)
}

func TestTheHeaderIsThatOfTheOriginalsObjects(t *testing.T) {
	h := iq.NPYHeader(125_000)
	if len(h) != 128 || len(h)+125_000*8 != 1_000_128 {
		t.Errorf("the header has %d bytes, want 128", len(h))
	}
	want := "\x93NUMPY\x01\x00\x76\x00{'descr': '<c8', 'fortran_order': False, 'shape': (125000,), }"
	if !strings.HasPrefix(string(h), want) || strings.Trim(string(h[len(want):]), " ") != "\n" {
		t.Errorf("header is %q", h)
	}
	for _, n := range []int64{0, 1, 9, 1e6, 1e12, math.MaxInt64} {
		if h := iq.NPYHeader(n); len(h)%64 != 0 || h[len(h)-1] != '\n' {
			t.Errorf("%d samples: header of %d bytes", n, len(h))
		}
	}
}

func TestHeadersOfAllVersionsAndSpacingsAreRead(t *testing.T) {
	for _, c := range []struct {
		major   byte
		dict    string
		format  iq.Format
		samples int64
	}{
		{1, "{'descr': '<c8', 'fortran_order': False, 'shape': (3,), }\n", iq.CF32LE, 3},
		{2, "{'descr': '<c16', 'fortran_order': False, 'shape': (3,), }\n", iq.CF64LE, 3},
		{3, "{'descr': '<c8', 'fortran_order': True, 'shape': (3,), }\n", iq.CF32LE, 3},
		{1, "{'shape':(3,),'fortran_order':False,'descr':'<c8'}", iq.CF32LE, 3},
		{1, "  {\n\"descr\" :\t\"<c8\" , \"fortran_order\" : False ,\"shape\" : ( 3 , ) , }   \n", iq.CF32LE, 3},
		{1, "{'descr': '<c8', 'fortran_order': False, 'shape': (3L,), }", iq.CF32LE, 3},
		{1, "{'descr': '<i2', 'fortran_order': False, 'shape': (3, 2), }", iq.CI16LE, 3},
		{1, "{'descr': '|u1', 'fortran_order': False, 'shape': (3, 2), }", iq.CU8, 3},
		{1, "{'descr': '|i1', 'fortran_order': False, 'shape': (3, 2), }", iq.CI8, 3},
		{1, "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 2,), }", iq.CF32LE, 3},
		{1, "{'descr': '<f8', 'fortran_order': False, 'shape': (3, 2), }", iq.CF64LE, 3},
		{1, "{'descr': '<i2', 'fortran_order': True, 'shape': (1, 2), }", iq.CI16LE, 1},
		{1, "{'descr': '<c8', 'fortran_order': False, 'shape': (0,), }", iq.CF32LE, 0},
		{1, "{'descr': '<c8', 'fortran_order': False, 'shape': (3, 1), }", iq.CF32LE, 3},
		{1, "{'descr': '<c8', 'fortran_order': True, 'shape': (1, 3), }", iq.CF32LE, 3},
		{1, "{'descr': '<c16', 'fortran_order': True, 'shape': (1, 1), }", iq.CF64LE, 1},
	} {
		body := make([]byte, c.samples*int64(c.format.Size()))
		for k := range body {
			body[k] = byte(k + 1)
		}
		r, err := iq.NewNPYReader(bytes.NewReader(npy(c.major, c.dict, append(body, "more"...))))
		if err != nil {
			t.Errorf("%s: %v", c.dict, err)
			continue
		}
		got, err := io.ReadAll(r)
		if r.Format != c.format || r.Samples != c.samples || err != nil || !bytes.Equal(got, body) {
			t.Errorf("%s: %v, %d samples, %d bytes read, error %v", c.dict, r.Format, r.Samples, len(got), err)
		}
	}
}

func TestABigEndianArrayGivesTheSameSamples(t *testing.T) {
	for _, c := range []struct {
		dict   string
		format iq.Format
	}{
		{"{'descr': '>c8', 'fortran_order': False, 'shape': (999,), }", iq.CF32LE},
		{"{'descr': '>c16', 'fortran_order': False, 'shape': (999,), }", iq.CF64LE},
		{"{'descr': '>i2', 'fortran_order': False, 'shape': (999, 2), }", iq.CI16LE},
	} {
		want := make([]byte, 999*c.format.Size())
		for k := range want {
			want[k] = byte(k * 7)
		}
		turned, width := bytes.Clone(want), c.format.Size()/2
		for k := 0; k < len(turned); k += width {
			slices.Reverse(turned[k : k+width])
		}
		file := npy(1, c.dict, append(turned, "more"...))
		for name, src := range map[string]io.Reader{
			"as it comes": bytes.NewReader(file), "byte by byte": iotest.OneByteReader(bytes.NewReader(file)), "in halves": iotest.HalfReader(bytes.NewReader(file)),
		} {
			r, err := iq.NewNPYReader(src)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := io.ReadAll(r); err != nil || r.Format != c.format || !bytes.Equal(got, want) {
				t.Errorf("%s, %s: %v, %d bytes that differ, error %v", c.dict, name, r.Format, len(got), err)
			}
		}
		r, err := iq.NewNPYReader(bytes.NewReader(file[:len(file)-4-1]))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(r); !errors.Is(err, io.ErrUnexpectedEOF) || !bytes.HasPrefix(want, got) || len(want)-len(got) > width {
			t.Errorf("%s, cut off: %d of %d bytes, error %v", c.dict, len(got), len(want), err)
		}
	}
}

func TestAnArrayThatIsNoRowOfSamplesIsRefusedWithTheFix(t *testing.T) {
	for _, c := range []struct{ promise, dict, want string }{
		{"an unsaid byte order", "{'descr': 'c8', 'fortran_order': False, 'shape': (3,), }", "byte order: save x.astype('<c8')"},
		{"that of some machine", "{'descr': '=i2', 'fortran_order': False, 'shape': (3, 2), }", "x.astype('<i2')"},
		{"objects", "{'descr': '|O', 'fortran_order': False, 'shape': (3,), }", "save x.astype('<c8')"},
		{"real numbers", "{'descr': '<f8', 'fortran_order': False, 'shape': (3,), }", "numpy.column_stack"},
		{"32-bit integers", "{'descr': '<i4', 'fortran_order': False, 'shape': (3, 2), }", "holds no samples"},
		{"a structured type", "{'descr': [('i', '<i2'), ('q', '<i2')], 'fortran_order': False, 'shape': (3,), }", "structured dtype"},
		{"two rows", "{'descr': '<c8', 'fortran_order': False, 'shape': (2, 3), }", "save x.reshape(-1)"},
		{"one number", "{'descr': '<c8', 'fortran_order': False, 'shape': (), }", "save x.reshape(-1)"},
		{"three columns", "{'descr': '<i2', 'fortran_order': False, 'shape': (3, 3), }", "not (N, 2)"},
		{"columns one after the other", "{'descr': '<i2', 'fortran_order': True, 'shape': (3, 2), }", "numpy.ascontiguousarray(x)"},
		{"more than the world holds", "{'descr': '<c8', 'fortran_order': False, 'shape': (9223372036854775807,), }", "too large"},
		{"a length beyond 64 bits", "{'descr': '<c8', 'fortran_order': False, 'shape': (9223372036854775808,), }", "too large"},
		{"a negative length", "{'descr': '<c8', 'fortran_order': False, 'shape': (-1,), }", "a length is missing"},
		{"a shape in parentheses alone", "{'descr': '<c8', 'fortran_order': False, 'shape': (3), }", "not a tuple"},
		{"a missing key", "{'descr': '<c8', 'shape': (3,), }", `"fortran_order" is missing`},
		{"a key twice", "{'descr': '<c8', 'descr': '<c8', 'fortran_order': False, 'shape': (3,), }", "occurs twice"},
		{"an unknown key", "{'descr': '<c8', 'fortran_order': False, 'shape': (3,), 'x': 1}", `"x" is not known`},
		{"code", "__import__('os').system('true')", "missing before"},
		{"text after the dict", "{'descr': '<c8', 'fortran_order': False, 'shape': (3,), } + 1", "text follows"},
		{"an unclosed dict", "{'descr': '<c8', 'fortran_order': False, 'shape': (3,)", "missing"},
		{"an unclosed string", "{'descr: ", "not a plain string"},
		{"an escape", `{'descr': '<c\x38', 'fortran_order': False, 'shape': (3,), }`, "not a plain string"},
		{"a number for a truth", "{'descr': '<c8', 'fortran_order': 0, 'shape': (3,), }", `"False" is missing`},
		{"no dict", "", `"{" is missing`},
	} {
		t.Run(c.promise, func(t *testing.T) {
			_, err := iq.NewNPYReader(bytes.NewReader(npy(1, c.dict, nil)))
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), "read npy header: ") {
				t.Errorf("error is %v, want one with %q", err, c.want)
			}
		})
	}
}

func TestAFileThatIsNoNPYIsRefused(t *testing.T) {
	whole := npy(1, "{'descr': '<c8', 'fortran_order': False, 'shape': (3,), }", nil)
	for n := range whole {
		if _, err := iq.NewNPYReader(bytes.NewReader(whole[:n])); err == nil {
			t.Errorf("the first %d bytes of a header were accepted", n)
		}
	}
	for _, b := range []string{"PK\x03\x04 an npz file", "\x93NUMPY\x04\x00\x00\x00\x00\x00", "\x93NUMPY\x01\x01\x00\x00", "\x93NUMPY\x02\x00\xFF\xFF\xFF\x7F"} {
		if _, err := iq.NewNPYReader(strings.NewReader(b)); err == nil {
			t.Errorf("%q was accepted", b)
		}
	}
}

func TestATruncatedArrayGivesItsSamplesAndThenSaysWhatIsMissing(t *testing.T) {
	file := npy(1, "{'descr': '<i2', 'fortran_order': False, 'shape': (100, 2), }", make([]byte, 39))
	r, err := iq.NewNPYReader(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(r)
	if len(got) != 39 || !errors.Is(err, io.ErrUnexpectedEOF) || !strings.Contains(err.Error(), "after 9 of 100 samples") {
		t.Errorf("read %d bytes, error %v", len(got), err)
	}
}

// python finds an interpreter with numpy, or skips the test.
func python(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"/usr/bin/python3", "python3"} {
		if exec.Command(name, "-c", "import numpy").Run() == nil {
			return name
		}
	}
	if os.Getenv("HEIMDALL_TEST_PYTHON") == "required" {
		t.Fatal("python3 with numpy is not installed")
	}
	t.Skip("SKIPPED: python3 with numpy is not installed; HEIMDALL_TEST_PYTHON=required makes this a failure")
	return ""
}

func TestNumpyReadsWhatWeWriteAndWritesTheSameBytes(t *testing.T) {
	py, dir := python(t), t.TempDir()
	z := make([]complex64, 125_000)
	for k := range z {
		z[k] = complex(float32(k), -float32(k)/3)
	}
	ours := iq.NPYHeader(int64(len(z)))
	body := make([]byte, len(z)*8)
	iq.Encode(body, z, iq.CF32LE)
	if err := os.WriteFile(filepath.Join(dir, "ours.npy"), append(ours, body...), 0o666); err != nil {
		t.Fatal(err)
	}
	run(t, py, dir, `
import numpy as np
x = np.load('ours.npy')
assert x.dtype == np.complex64 and x.shape == (125000,), (x.dtype, x.shape)
k = np.arange(125000, dtype=np.float32)
assert (x.real == k).all() and (x.imag == -k / np.float32(3)).all()
np.save('theirs.npy', x)
for n in (0, 1, 7, 10**6): np.save('n%d.npy' % n, np.zeros(n, np.complex64))
`)
	theirs, err := os.ReadFile(filepath.Join(dir, "theirs.npy"))
	if err != nil {
		t.Fatal(err)
	}
	if len(theirs) != 1_000_128 || !bytes.Equal(theirs, append(ours, body...)) {
		t.Errorf("numpy writes %d other bytes: %q", len(theirs), theirs[:128])
	}
	for _, n := range []int64{0, 1, 7, 1e6} {
		b, err := os.ReadFile(filepath.Join(dir, fmt.Sprintf("n%d.npy", n)))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.HasPrefix(b, iq.NPYHeader(n)) {
			t.Errorf("%d samples: numpy's header is %q", n, b[:128])
		}
	}
}

func TestWeReadWhatNumpyWrites(t *testing.T) {
	py, dir := python(t), t.TempDir()
	run(t, py, dir, `
import numpy as np
k = np.arange(1000)
pairs = np.column_stack((k % 100, -(k % 50)))
np.save('c8.npy', ((k + 1j * -k) / 4).astype('<c8'))
np.save('c16.npy', ((k + 1j * -k) / 4).astype('<c16'))
np.save('i2.npy', pairs.astype('<i2'))
np.save('i1.npy', pairs.astype('i1'))
np.save('u1.npy', (pairs + 50).astype('u1'))
with open('v2.npy', 'wb') as f: np.lib.format.write_array(f, ((k + 1j * -k) / 4).astype('<c8'), version=(2, 0))
with open('v3.npy', 'wb') as f: np.lib.format.write_array(f, ((k + 1j * -k) / 4).astype('<c8'), version=(3, 0))
`)
	ramp := func(k int) complex64 { return complex(float32(k)/4, -float32(k)/4) }
	for _, c := range []struct {
		name   string
		format iq.Format
		want   func(k int) complex64
	}{
		{"c8", iq.CF32LE, ramp}, {"c16", iq.CF64LE, ramp}, {"v2", iq.CF32LE, ramp}, {"v3", iq.CF32LE, ramp},
		{"i2", iq.CI16LE, func(k int) complex64 { return complex(float32(k%100)/32768, -float32(k%50)/32768) }},
		{"i1", iq.CI8, func(k int) complex64 { return complex(float32(k%100)/128, -float32(k%50)/128) }},
		{"u1", iq.CU8, func(k int) complex64 {
			return complex((float32(k%100)-77.5)*(1/127.5), (-float32(k%50)-77.5)*(1/127.5))
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			file, err := os.Open(filepath.Join(dir, c.name+".npy"))
			if err != nil {
				t.Fatal(err)
			}
			defer file.Close()
			r, err := iq.NewNPYReader(file)
			if err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(r)
			z := make([]complex64, 1001)
			if n := iq.Decode(z, body, r.Format); err != nil || n != 1000 || r.Format != c.format {
				t.Fatalf("%v, %d samples, error %v", r.Format, n, err)
			}
			for k := range 1000 {
				if z[k] != c.want(k) {
					t.Fatalf("sample %d is %v, want %v", k, z[k], c.want(k))
				}
			}
		})
	}
}

func run(t *testing.T, python, dir, script string) {
	t.Helper()
	cmd := exec.Command(python, "-c", script)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

func FuzzNPYReader(f *testing.F) {
	f.Add(append(iq.NPYHeader(2), make([]byte, 16)...))
	f.Add(npy(2, "{'descr': '|u1', 'fortran_order': False, 'shape': (3, 2), }", make([]byte, 6)))
	f.Add(npy(3, "{'shape': (3L,), \"descr\": '<c16', 'fortran_order': True}", nil))
	f.Fuzz(func(t *testing.T, file []byte) {
		r, err := iq.NewNPYReader(bytes.NewReader(file))
		if err != nil {
			return
		}
		n, err := io.Copy(io.Discard, r)
		whole := r.Samples * int64(r.Format.Size())
		if r.Samples < 0 || n > whole || (err == nil) != (n == whole) {
			t.Fatalf("%d samples of %v announced, %d bytes read, error %v", r.Samples, r.Format, n, err)
		}
	})
}
