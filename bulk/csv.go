package bulk

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/heimdall-sdr/heimdall"
)

// maxLine is the longest line that is read; a row of all columns has about 1,000 bytes.
const maxLine = 1 << 20

// A csvFile is comma-separated text whose first line names the columns.
type csvFile struct {
	file   io.Closer
	lines  *bufio.Reader
	size   int64
	at     int64 // bytes read
	line   int64 // number of the last line read
	header []string
	fields []column
}

func openCSV(file io.ReadCloser, size int64, ignore []string) (*csvFile, error) {
	f := &csvFile{file: file, lines: bufio.NewReaderSize(file, maxLine), size: size}
	line, err := f.next()
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	var bad heimdall.InvalidError
	if line == "" {
		bad.Add("file", "is empty: its first line must name the columns, such as task_id,websdr_id,timestamp_utc,frequency_mhz,snr_db")
		return nil, &bad
	}
	if f.header, err = split(strings.TrimPrefix(line, "\ufeff")); err != nil { // spreadsheets put a byte order mark first
		bad.Add("file", "must be CSV or Parquet: its first line cannot be read: %v", err)
		return nil, &bad
	}
	f.fields, err = columnsOf(f.header, ignore)
	return f, err
}

var errTooLong = fmt.Errorf("is longer than %d bytes", maxLine)

// next is the next line that is not empty. A line that is too long is passed over and errTooLong.
func (f *csvFile) next() (string, error) {
	for {
		b, err := f.lines.ReadSlice('\n')
		f.at += int64(len(b))
		f.line++
		if errors.Is(err, bufio.ErrBufferFull) {
			for errors.Is(err, bufio.ErrBufferFull) {
				b, err = f.lines.ReadSlice('\n')
				f.at += int64(len(b))
			}
			if err == nil || errors.Is(err, io.EOF) {
				err = errTooLong
			}
			return "", err
		}
		b = bytes.TrimSuffix(bytes.TrimSuffix(b, []byte("\n")), []byte("\r"))
		if len(b) > 0 && (err == nil || errors.Is(err, io.EOF)) {
			return string(b), nil
		}
		if err != nil {
			return "", err
		}
	}
}

// split is one line as cells.
func split(line string) ([]string, error) {
	if !strings.Contains(line, `"`) {
		return strings.Split(line, ","), nil
	}
	cells, err := csv.NewReader(strings.NewReader(line)).Read()
	if e, ok := errors.AsType[*csv.ParseError](err); ok {
		err = e.Err
	}
	return cells, err
}

func (f *csvFile) read(rows []row) (int, error) {
	for n := range rows {
		line, err := f.next()
		if err != nil && !errors.Is(err, errTooLong) {
			return n, err
		}
		rows[n] = f.parse(line, err)
	}
	return len(rows), nil
}

// parse is one line as a row; err is what is wrong with it already.
func (f *csvFile) parse(line string, err error) row {
	r := row{line: f.line, m: begin(), text: line}
	var bad heimdall.InvalidError
	var cells []string
	if err == nil {
		cells, err = split(line)
	}
	switch {
	case err != nil:
		bad.Add("line", "%s", err)
	case len(cells) != len(f.fields):
		bad.Add("line", "has %d cells, the header %d", len(cells), len(f.fields))
	default:
		for i, c := range cells {
			f.fields[i].put(&r.m, &cell{kind: text, text: c}, &bad)
		}
	}
	if bad.Err() != nil {
		r.bad = &bad
	}
	return r
}

// cells are what the file says of r: one cell of all where it cannot be split.
func (f *csvFile) cells(r *row) []string {
	if cells, err := split(r.text); err == nil {
		return cells
	}
	return []string{r.text}
}

func (f *csvFile) columns() []string { return f.header }

func (f *csvFile) done() float64 {
	if f.size == 0 {
		return 1
	}
	return float64(f.at) / float64(f.size)
}

func (f *csvFile) close() error { return f.file.Close() }

// What Arrow begins with. It is not read, because there is no reader yet that survives a damaged file.
const (
	arrowStream = "\xff\xff\xff\xff"
	arrowFile   = "ARRO"
)

// open opens a file by what it begins with, whatever its name.
func open(path string, ignore []string) (source, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	src, err := openAs(file, ignore)
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return src, nil
}

func openAs(file *os.File, ignore []string) (source, error) {
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	magic := make([]byte, len(parquetMagic))
	if _, err := file.ReadAt(magic, 0); err == nil {
		switch string(magic) {
		case parquetMagic:
			return openParquet(file, info.Size(), ignore)
		case arrowStream, arrowFile:
			var bad heimdall.InvalidError
			bad.Add("file", "is Arrow, which cannot be imported: write it as Parquet or CSV")
			return nil, &bad
		}
	}
	return openCSV(file, info.Size(), ignore)
}
