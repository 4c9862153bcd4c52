package wire

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/heimdall-sdr/heimdall"
)

// CSV has one column per JSON key, under the same name. An empty cell is null, or the default on import;
// times are RFC 3339; numbers keep every digit; a list is its items with a space between them. Package
// encoding/csv reads a line break inside a cell as \n, also where \r\n was written.

// maxRows bounds what one import may hold.
const maxRows = 100_000

// requiredColumns must be there, and filled: an empty latitude is not 0.
var requiredColumns = []string{"name", "kind", "url", "latitude", "longitude"}

// ReadWebSDRs reads what a WebSDR export wrote, or what somebody wrote by hand: with the columns in any order, without
// any but name, kind, url, latitude and longitude, or with password beside them. The error is a *heimdall.InvalidError whose
// fields are named "line 3, latitude"; nothing is skipped silently.
func ReadWebSDRs(r io.Reader) ([]WebSDRInput, error) {
	in := csv.NewReader(r)
	in.ReuseRecord = true
	header, err := in.Read()
	if err != nil {
		return nil, badCSV(err)
	}
	fields, err := inputFields(header)
	if err != nil {
		return nil, err
	}
	columns := columnsOf(reflect.TypeFor[WebSDRInput]())
	var list []WebSDRInput
	var bad heimdall.InvalidError
	for {
		record, err := in.Read()
		if errors.Is(err, io.EOF) {
			return orEmpty(list), bad.Err()
		}
		if err != nil {
			return nil, badCSV(err)
		}
		if len(list) == maxRows {
			bad.Add("csv", "must have at most %d rows: split it", maxRows)
			return nil, bad.Err()
		}
		line, _ := in.FieldPos(0)
		var row WebSDRInput
		for i, cell := range record {
			column := columns[fields[i]]
			err := setCell(reflect.ValueOf(&row).Elem().Field(fields[i]), cell)
			if cell == "" && slices.Contains(requiredColumns, column) {
				err = errors.New("must not be empty")
			}
			if err != nil {
				bad.Add(fmt.Sprintf("line %d, %s", line, column), "%s", err)
			}
		}
		list = append(list, row)
	}
}

func badCSV(err error) error {
	var bad heimdall.InvalidError
	if errors.Is(err, io.EOF) {
		bad.Add("csv", "is empty: its first line must name the columns, such as name,kind,url,latitude,longitude")
	} else {
		bad.Add("csv", "cannot be read: %v", err)
	}
	return &bad
}

// inputFields maps each column of header to the field of WebSDRInput that it fills.
func inputFields(header []string) ([]int, error) {
	known := columnsOf(reflect.TypeFor[WebSDRInput]())
	var bad heimdall.InvalidError
	var fields []int
	seen := map[string]bool{}
	for i, name := range header {
		if i == 0 {
			name = strings.TrimPrefix(name, "\ufeff") // spreadsheets put a byte order mark first
		}
		at := -1
		for k, column := range known {
			if column == name {
				at = k
			}
		}
		switch {
		case at < 0:
			bad.Add("csv", "has an unknown column %q: use %s", name, strings.Join(known, ", "))
		case seen[name]:
			bad.Add("csv", "has the column %q twice", name)
		}
		seen[name] = true
		fields = append(fields, at)
	}
	for _, name := range requiredColumns {
		if !seen[name] {
			bad.Add("csv", "lacks the column %q", name)
		}
	}
	return fields, bad.Err()
}

// columnsOf lists the JSON keys of a struct, embedded ones in their place.
func columnsOf(t reflect.Type) []string {
	var names []string
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Anonymous {
			names = append(names, columnsOf(f.Type)...)
			continue
		}
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		names = append(names, name)
	}
	return names
}

func cellsOf(v reflect.Value) []string {
	var cells []string
	for i := range v.NumField() {
		if v.Type().Field(i).Anonymous {
			cells = append(cells, cellsOf(v.Field(i))...)
			continue
		}
		cells = append(cells, cellOf(v.Field(i)))
	}
	return cells
}

func cellOf(v reflect.Value) string {
	if v.Kind() == reflect.Pointer {
		if v.IsNil() {
			return ""
		}
		v = v.Elem()
	}
	switch x := v.Interface().(type) {
	case time.Time:
		return x.Format(time.RFC3339Nano)
	case []string:
		return strings.Join(x, " ")
	case float64:
		return strconv.FormatFloat(x, 'g', -1, 64)
	case map[string]int64:
		return Counts(x)
	}
	return fmt.Sprint(v.Interface())
}

// Counts is counts by name as one cell, in order of the names: "busy=3 transport=1".
func Counts(counts map[string]int64) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(counts)) {
		parts = append(parts, name+"="+strconv.FormatInt(counts[name], 10))
	}
	return strings.Join(parts, " ")
}

// Columns are those of rows of type T, in order.
func Columns[T any]() []string { return columnsOf(reflect.TypeFor[T]()) }

// Cells is a row, in the order of its Columns.
func Cells[T any](row T) []string { return cellsOf(reflect.ValueOf(row)) }

// setCell is the reverse of cellOf; an empty cell leaves the field alone.
func setCell(v reflect.Value, cell string) error {
	if cell == "" {
		return nil
	}
	if v.Kind() == reflect.Pointer {
		v.Set(reflect.New(v.Type().Elem()))
		v = v.Elem()
	}
	switch v.Interface().(type) {
	case time.Time:
		t, err := time.Parse(time.RFC3339Nano, cell)
		if err != nil {
			return fmt.Errorf("must be a time such as 2026-03-01T12:00:00Z, not %q", cell)
		}
		v.Set(reflect.ValueOf(t))
		return nil
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(cell)
	case reflect.Bool:
		b, err := strconv.ParseBool(cell)
		if err != nil {
			return fmt.Errorf("must be true or false, not %q", cell)
		}
		v.SetBool(b)
	case reflect.Int, reflect.Int64:
		n, err := strconv.ParseInt(cell, 10, 64)
		if err != nil {
			return fmt.Errorf("must be a whole number, not %q", cell)
		}
		v.SetInt(n)
	case reflect.Float64:
		x, err := strconv.ParseFloat(cell, 64)
		if err != nil || x != finite(x) {
			return fmt.Errorf("must be a number, not %q", cell)
		}
		v.SetFloat(x)
	}
	return nil
}
