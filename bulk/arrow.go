package bulk

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/heimdall-sdr/heimdall"
)

// What the two forms of Arrow IPC begin with: a file with its name, a stream with a marker.
const (
	arrowFileMagic   = "ARROW1"
	arrowStreamMagic = "\xff\xff\xff\xff"
	arrowStreamEnd   = arrowStreamMagic + "\x00\x00\x00\x00"
)

// An arrowFile is a table in Arrow IPC, as a stream or as a file, which is also Feather. Its columns are plain; only flags
// may be a list.
type arrowFile struct {
	typedTable
	file    *os.File
	size    int64
	batches batches
	batch   arrow.RecordBatch // nil before the first
	next    int64             // row of batch
	at      int64             // rows read
	opened  int               // batches
	total   int               // batches of a file; of a stream nobody knows
}

// Batches are a stream or a file.
type batches interface {
	Schema() *arrow.Schema
	Read() (arrow.RecordBatch, error)
}

func openArrow(file *os.File, size int64, stream bool, ignore []string) (*arrowFile, error) {
	f := &arrowFile{file: file, size: size}
	return f, guard("Arrow", func() error { return f.open(stream, ignore) })
}

// open takes from a file no more memory than it has bytes, whatever it claims, except for what it holds compressed.
func (f *arrowFile) open(stream bool, ignore []string) error {
	limits := []ipc.Option{ipc.WithAllocator(bounded{memory.NewGoAllocator()}), ipc.WithMetadataSizeLimit(f.size), ipc.WithBodySizeLimit(f.size)}
	var err error
	if stream {
		f.batches, err = f.stream(limits)
	} else {
		f.batches, err = f.table(limits)
	}
	if err != nil {
		return fmt.Errorf("open Arrow: %w", err)
	}
	var names []string
	for _, c := range f.batches.Schema().Fields() {
		names = append(names, c.Name)
	}
	if f.typedTable, err = newTypedTable(names, ignore); err != nil {
		return err
	}
	var bad heimdall.InvalidError
	for i, c := range f.batches.Schema().Fields() {
		if f.fields[i].field != nil && !isReadable(c.Type, f.fields[i].name == "flags") {
			bad.Add("file", "has the column %q as %v, which cannot be read: write it as a plain number, text or time", c.Name, c.Type)
		}
	}
	return bad.Err()
}

var errCutOff = errors.New("it breaks off without an end of stream: get it again")

// stream insists on the mark at the end, which the format does not: without it a download that broke off is a smaller one.
func (f *arrowFile) stream(limits []ipc.Option) (batches, error) {
	end := make([]byte, len(arrowStreamEnd))
	if _, err := f.file.ReadAt(end, max(0, f.size-int64(len(end)))); err != nil || string(end) != arrowStreamEnd {
		return nil, errCutOff
	}
	return ipc.NewReaderFromMessageReader(ipc.NewMessageReader(f.file, limits...), limits...)
}

func (f *arrowFile) table(limits []ipc.Option) (batches, error) {
	r, err := ipc.NewFileReader(f.file, limits...)
	if err == nil {
		f.total = r.NumRecords()
	}
	return r, err
}

// bounded refuses what a damaged file says that it needs.
type bounded struct{ memory.Allocator }

const mostBuffer = 1 << 30

func (b bounded) Allocate(size int) []byte {
	if size > mostBuffer {
		panic(fmt.Sprintf("a column of %d bytes", size))
	}
	return b.Allocator.Allocate(size)
}

func (b bounded) Reallocate(size int, old []byte) []byte {
	if size > mostBuffer {
		panic(fmt.Sprintf("a column of %d bytes", size))
	}
	return b.Allocator.Reallocate(size, old)
}

func isReadable(t arrow.DataType, list bool) bool {
	switch t := t.(type) {
	case *arrow.DictionaryType:
		return isReadable(t.ValueType, false)
	case arrow.ListLikeType:
		return list && isReadable(t.Elem(), false)
	}
	switch t.ID() {
	case arrow.NULL, arrow.BOOL, arrow.TIMESTAMP, arrow.STRING, arrow.LARGE_STRING, arrow.STRING_VIEW:
		return true
	}
	return arrow.IsInteger(t.ID()) || arrow.IsFloating(t.ID()) || arrow.IsDecimal(t.ID())
}

func (f *arrowFile) read(rows []row) (n int, err error) {
	return n, guard("Arrow", func() error {
		for n < len(rows) {
			if f.batch == nil || f.next == f.batch.NumRows() {
				if f.batch, err = f.batches.Read(); errors.Is(err, io.EOF) {
					return io.EOF
				} else if err != nil {
					return fmt.Errorf("read Arrow, after row %d: %w", f.at, err)
				}
				f.next = 0
				f.opened++
				continue
			}
			for i := range f.values {
				f.values[i] = cell{}
				if f.fields[i].field != nil {
					f.values[i] = cellAt(f.batch.Column(i), int(f.next))
				}
			}
			f.next++
			f.at++
			rows[n] = f.row(f.at)
			n++
		}
		return nil
	})
}

// cellAt is a value. Text is copied, because it would hold its whole batch in memory.
func cellAt(a arrow.Array, i int) cell {
	if a.IsNull(i) {
		return cell{}
	}
	switch a := a.(type) {
	case *array.Null:
		return cell{}
	case array.StringLike:
		return cell{kind: text, text: strings.Clone(a.Value(i))}
	case *array.Float64:
		return cell{kind: number, number: a.Value(i)}
	case *array.Int64:
		return cell{kind: whole, whole: a.Value(i)}
	case *array.Boolean:
		return cell{kind: truth, truth: a.Value(i)}
	case *array.Timestamp:
		unit := a.DataType().(*arrow.TimestampType).Unit
		return cell{kind: moment, moment: since1970(int64(a.Value(i)), unit.Multiplier())}
	case *array.Dictionary:
		return cellAt(a.Dictionary(), a.GetValueIndex(i))
	case array.ListLike:
		c := cell{kind: texts}
		for from, to := a.ValueOffsets(i); from < to; from++ {
			item := cellAt(a.ListValues(), int(from))
			c.texts = append(c.texts, item.String())
		}
		return c
	}
	return cell{kind: text, text: a.ValueStr(i)} // a number of another width, in its shortest decimal form
}

func (f *arrowFile) done() float64 {
	if f.total > 0 {
		return float64(f.opened) / float64(f.total)
	}
	at, err := f.file.Seek(0, io.SeekCurrent)
	if err != nil {
		return 0
	}
	return float64(at) / float64(f.size)
}

func (f *arrowFile) close() error { return f.file.Close() }
