package iq

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
)

const (
	npyMagic     = "\x93NUMPY"
	npyMaxHeader = 64 << 10 // numpy itself refuses headers above 10000 bytes
)

// NPYHeader returns the header of a .npy file (NEP 1, version 1.0) of that many complex64 samples: the same
// 128 bytes that numpy.save writes. The samples follow as CF32LE.
func NPYHeader(samples int64) []byte {
	dict := fmt.Sprintf("{'descr': '<c8', 'fortran_order': False, 'shape': (%d,), }", samples)
	const align = 64
	total := (len(npyMagic) + 4 + len(dict) + 1 + align - 1) / align * align
	h := make([]byte, 0, total)
	h = append(h, npyMagic+"\x01\x00"...)
	h = binary.LittleEndian.AppendUint16(h, uint16(total-len(npyMagic)-4))
	h = append(h, dict...)
	for len(h) < total-1 {
		h = append(h, ' ')
	}
	return append(h, '\n')
}

// An NPYReader reads the samples of a .npy file: a row or a column of complex numbers, or a table of I and Q columns.
type NPYReader struct {
	Format      Format // that Read gives; the file itself may be big-endian
	Samples     int64  // that the header announces
	HeaderBytes int64  // before the first sample

	r    io.Reader
	left int64 // bytes
}

// NewNPYReader reads the header. Versions 1.0 to 3.0 are understood.
func NewNPYReader(r io.Reader) (*NPYReader, error) {
	dict, headerBytes, err := readNPYHeader(r)
	if err != nil {
		return nil, fmt.Errorf("read npy header: %w", err)
	}
	a, err := parseNPYDict(dict)
	if err != nil {
		return nil, fmt.Errorf("read npy header: %w", err)
	}
	format, samples, err := a.layout()
	if err != nil {
		return nil, fmt.Errorf("read npy header: %w", err)
	}
	if a.bigEndian() {
		r = &swapped{r: r, width: format.Size() / 2}
	}
	return &NPYReader{Format: format, Samples: samples, HeaderBytes: headerBytes,
		r: r, left: samples * int64(format.Size())}, nil
}

// Read gives the samples' bytes in Format. A file that ends before its last sample is an error that wraps
// io.ErrUnexpectedEOF, after everything that is there has been read.
func (n *NPYReader) Read(p []byte) (int, error) {
	if n.left == 0 {
		return 0, io.EOF
	}
	m, err := n.r.Read(p[:min(int64(len(p)), n.left)])
	n.left -= int64(m)
	if errors.Is(err, io.EOF) {
		err = nil
		if n.left > 0 {
			size := int64(n.Format.Size())
			err = fmt.Errorf("read npy samples: the file ends after %d of %d samples: %w",
				n.Samples-(n.left+size-1)/size, n.Samples, io.ErrUnexpectedEOF)
		}
	}
	return m, err
}

// readNPYHeader returns the Python dict of the header, as text.
func readNPYHeader(r io.Reader) (dict string, headerBytes int64, err error) {
	var b [12]byte
	if _, err := io.ReadFull(r, b[:8]); err != nil || string(b[:6]) != npyMagic {
		return "", 0, errors.New("the file does not begin with \\x93NUMPY: write it with numpy.save")
	}
	var length, fixed int64
	switch major, minor := b[6], b[7]; {
	case major == 1 && minor == 0:
		fixed = 10
		_, err = io.ReadFull(r, b[8:10])
		length = int64(binary.LittleEndian.Uint16(b[8:]))
	case (major == 2 || major == 3) && minor == 0:
		fixed = 12
		_, err = io.ReadFull(r, b[8:12])
		length = int64(binary.LittleEndian.Uint32(b[8:]))
	default:
		return "", 0, fmt.Errorf("version %d.%d is not known: save the array again with numpy.save", major, minor)
	}
	if err == nil && length > npyMaxHeader {
		return "", 0, fmt.Errorf("a header of %d bytes is not that of a plain array: save the samples alone", length)
	}
	text := make([]byte, length)
	if err == nil {
		_, err = io.ReadFull(r, text)
	}
	if err != nil {
		return "", 0, fmt.Errorf("the file ends within its header: %w", io.ErrUnexpectedEOF)
	}
	return string(text), fixed + length, nil
}

// order is how the bytes of a number are ordered: <, > or | where it has only one. Without a mark it is that of the
// machine, which nobody knows any more.
func (a *npyArray) order() (order, kind string) {
	if a.descr != "" && strings.ContainsAny(a.descr[:1], "<>|=") {
		return a.descr[:1], a.descr[1:]
	}
	return "|", a.descr
}

func (a *npyArray) bigEndian() bool {
	order, _ := a.order()
	return order == ">"
}

// layout says which samples the array holds.
func (a *npyArray) layout() (Format, int64, error) {
	order, kind := a.order()
	complexFormats := map[string]Format{"c8": CF32LE, "c16": CF64LE}
	pairFormats := map[string]Format{"i2": CI16LE, "u1": CU8, "i1": CI8, "f4": CF32LE, "f8": CF64LE}
	f, isComplex := complexFormats[kind]
	if !isComplex {
		f = pairFormats[kind]
	}
	samples, inLine := a.line()
	if !isComplex && len(a.shape) == 2 {
		samples = a.shape[0]
	}
	switch {
	case f == 0:
		return 0, 0, fmt.Errorf("dtype %q holds no samples: save x.astype('<c8')", a.descr)
	case order != "<" && order != ">" && f.Size() > 2:
		return 0, 0, fmt.Errorf("dtype %q does not say its byte order: save x.astype('<%s')", a.descr, kind)
	case isComplex && !inLine:
		return 0, 0, fmt.Errorf("shape %v of complex samples is not one-dimensional: save x.reshape(-1)", a.shape)
	case !isComplex && (len(a.shape) != 2 || a.shape[1] != 2):
		return 0, 0, fmt.Errorf("shape %v of dtype %q is not (N, 2) with columns I and Q: save numpy.column_stack((i, q))",
			a.shape, a.descr)
	case !isComplex && a.fortran && a.shape[0] > 1:
		return 0, 0, errors.New("the columns lie one after the other (Fortran order): save numpy.ascontiguousarray(x)")
	case samples > math.MaxInt64/int64(f.Size()):
		return 0, 0, fmt.Errorf("shape %v is too large", a.shape)
	}
	return f, samples, nil
}

// line is how many numbers lie in a line: those of an array all of whose dimensions but one have the length 1. In
// which order its dimensions lie makes no difference then.
func (a *npyArray) line() (n int64, ok bool) {
	n = 1
	long := 0
	for _, d := range a.shape {
		if d != 1 {
			n, long = d, long+1
		}
	}
	return n, len(a.shape) > 0 && long <= 1
}
