package columnar_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/heimdall-sdr/heimdall/api/wire"
	"github.com/heimdall-sdr/heimdall/columnar"
)

// readers print, for each program that reads what we write, its name and the rows that it found, in the words of JSON.
const readers = `
import fs from "fs"
import { tableFromIPC } from "apache-arrow"
import { parquetReadObjects } from "hyparquet"
import { compressors } from "hyparquet-compressors"
import { DuckDBInstance } from "@duckdb/node-api"
const [arrow, parquet] = process.argv.slice(1)
const print = (name, rows) => console.log(JSON.stringify([name, rows], (k, v) => typeof v === "bigint" ? { whole: String(v) } : v))

const t = tableFromIPC(fs.readFileSync(arrow)), rows = []
for (let i = 0; i < t.numRows; i++) rows.push(Object.fromEntries(t.schema.fields.map(f => {
  const data = t.getChild(f.name).data[0], v = t.getChild(f.name).get(i)
  if (v === null) return [f.name, v]
  if (String(f.type) === "Timestamp<MICROSECOND, UTC>") return [f.name, data.values[i]] // get rounds to milliseconds
  return [f.name, String(f.type) === "List<Utf8>" ? [...v] : v]
})))
print("apache-arrow", rows)

const b = fs.readFileSync(parquet)
print("hyparquet", await parquetReadObjects({ file: b.buffer.slice(b.byteOffset, b.byteOffset + b.length), compressors, parsers: { timestampFromMicroseconds: v => v } }))

const duck = await (await DuckDBInstance.create(":memory:")).connect()
const read = await duck.runAndReadAll("SELECT * FROM '" + parquet + "'")
const types = Object.fromEntries(read.columnNames().map((name, i) => [name, String(read.columnTypes()[i])]))
print("DuckDB", read.getRowObjects().map(row => Object.fromEntries(Object.entries(row).map(([name, v]) => {
  if (v === null) return [name, v]
  if (types[name] === "TIMESTAMP WITH TIME ZONE") return [name, v.micros]
  return [name, types[name] === "VARCHAR[]" ? v.items : v]
}))))`

// HEIMDALL_NODE_MODULES names a folder in which somebody has run
// npm install apache-arrow hyparquet hyparquet-compressors @duckdb/node-api
func TestProgramsOfOthersReadTheSameRows(t *testing.T) {
	folder := os.Getenv("HEIMDALL_NODE_MODULES")
	if folder == "" {
		t.Skip("SKIPPED: HEIMDALL_NODE_MODULES names no folder with apache-arrow, hyparquet, hyparquet-compressors and @duckdb/node-api")
	}
	t.Run("measurements", func(t *testing.T) { othersRead[wire.Measurement](t, folder) })
	t.Run("frequency-drift", func(t *testing.T) { othersRead[wire.DriftRow](t, folder) })
	t.Run("sessions", func(t *testing.T) { othersRead[wire.SessionStatistics](t, folder) })
	t.Run("all WebSDRs", func(t *testing.T) { othersRead[wire.WebSDR](t, folder) })
}

func othersRead[T any](t *testing.T, folder string) {
	random := rand.New(rand.NewPCG(3, 4))
	rows := make([]T, 100)
	for i := range rows {
		vary(reflect.ValueOf(&rows[i]).Elem(), random)
	}
	var stream, file bytes.Buffer
	a, err := columnar.NewArrow[T](&stream)
	writeRows(t, a, err, rows)
	p, err := columnar.NewParquet[T](&file)
	writeRows(t, p, err, rows)
	arrowPath, parquetPath := filepath.Join(t.TempDir(), "some.arrow"), filepath.Join(t.TempDir(), "some.parquet")
	if err := errors.Join(os.WriteFile(arrowPath, stream.Bytes(), 0o600), os.WriteFile(parquetPath, file.Bytes(), 0o600)); err != nil {
		t.Fatal(err)
	}
	node := exec.Command("node", "--input-type=module", "--eval", readers, arrowPath, parquetPath)
	node.Dir = folder
	out, err := node.Output()
	if failed, ok := errors.AsType[*exec.ExitError](err); ok {
		t.Fatalf("%v: %s", err, failed.Stderr)
	}
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for line := range strings.Lines(string(out)) {
		var name string
		var read []map[string]any
		if err := json.Unmarshal([]byte(line), &[]any{&name, &read}); err != nil {
			t.Fatal(err)
		}
		t.Run(name, func(t *testing.T) { compareJSON(t, rows, table{wire.Columns[T](), wholes(t, read)}) })
		found++
	}
	if found != 3 {
		t.Errorf("%d programs said what they read", found)
	}
}

// wholes makes int64 of what JavaScript has no numbers for.
func wholes(t *testing.T, rows []map[string]any) []map[string]any {
	for _, row := range rows {
		for name, v := range row {
			if big, ok := v.(map[string]any); ok {
				var n int64
				if err := json.Unmarshal([]byte(big["whole"].(string)), &n); err != nil {
					t.Fatal(err)
				}
				row[name] = n
			}
		}
	}
	return rows
}
