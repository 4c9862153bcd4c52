package bulk

import (
	"encoding/csv"
	"errors"
	"fmt"
	"os"
	"strconv"
)

// The columns that a file of rejects has before those of its source. An import passes over them.
const (
	rejectedLine   = "rejected_line"
	rejectedColumn = "rejected_column"
	rejectedReason = "rejected_reason"
)

// rejects are the file of rows that were not imported. It is made with the first of them.
type rejects struct {
	path   string
	source source
	file   *os.File
	w      *csv.Writer
}

func (r *rejects) add(row *row) error {
	if r.file == nil {
		var err error
		if r.file, err = os.Create(r.path); err != nil {
			return fmt.Errorf("create file of rejects: %w", err)
		}
		r.w = csv.NewWriter(r.file)
		if err := r.w.Write(append([]string{rejectedLine, rejectedColumn, rejectedReason}, r.source.columns()...)); err != nil {
			return fmt.Errorf("write file of rejects: %w", err)
		}
	}
	record := []string{strconv.FormatInt(row.line, 10), row.bad.Fields[0].Field, row.bad.Error()}
	if err := r.w.Write(append(record, r.source.cells(row)...)); err != nil {
		return fmt.Errorf("write file of rejects: %w", err)
	}
	return nil
}

// flush writes what was added, so that somebody may look at it while the import goes on.
func (r *rejects) flush() error {
	if r.file == nil {
		return nil
	}
	r.w.Flush()
	if err := r.w.Error(); err != nil {
		return fmt.Errorf("write file of rejects: %w", err)
	}
	return nil
}

func (r *rejects) close() error {
	if r.file == nil {
		return nil
	}
	return errors.Join(r.flush(), r.file.Close())
}
