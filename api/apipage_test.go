package api_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const apiPageHead = `<!-- Made by make generate from the API itself, api/routes.go and api/wire: change those. -->
# API

Every operation of a server, by subject. The same for programs is docs/openapi.json, which a server gives as ` + "`/openapi.json`" + `;
` + "`/docs`" + ` is a page of it with every field of every answer. The examples ask a server on the machine itself, such as
` + "`heimdall demo`" + ` runs; put the ids of your own acquisitions and WebSDRs there. A test sends each of them, and each parameter
below, to a server on SQLite and to one on PostgreSQL, and compares the answers with the document.

## What all have in common

**Who asks.** On loopback everybody may. From elsewhere a caller sends a token, ` + "`-H 'Authorization: Bearer heimdall_…'`" + `, whose scope is
that of the operation or above it: read, operate, admin (docs/access.md).

**Units** end the names: ` + "`_mhz`, `_khz`, `_hz`, `_s` or `_seconds`, `_db`, `_dbfs`, `_dbm`, `_km`" + `. Times are RFC 3339 in UTC;
` + "`from`" + ` is included, ` + "`to`" + ` is not. What is not known is null, never 0. dBm is null unless a calibration backs it.

**Errors** are problems (RFC 9457, ` + "`application/problem+json`" + `): ` + "`status`, `title`, `detail`" + `, which says what to do, ` + "`request_id`" + `, by which the
server's log knows the request, and in ` + "`errors`" + ` every field that is wrong, with its ` + "`location`" + ` such as ` + "`body.frequency_mhz`" + `. Parameters and
fields that are unknown, empty or given twice are refused: a misspelt filter must not return every row.

| status | what to do |
|---|---|
| 400, 422 | what was asked is wrong; nothing was done. ` + "`errors`" + ` names the fields |
| 401, 403 | send a token, or one of a higher scope |
| 404 | there is no such thing, or it has been deleted |
| 408, 413, 415 | the body came too slowly, is too large, or is of another media type than the operation reads |
| 409 | it cannot be done as things stand; the detail says why |
| 412 | somebody else changed it since: get it again and repeat with its new ETag |
| 429 | ask again after Retry-After |
| 500 | a fault of ours: the log of the server has it under the request id |
| 501 | this server cannot |
| 503 | the database or the objects do not answer now: nothing was done, ask again after Retry-After |
| 507 | there is no room left: nothing was done |

**Paging.** Lists have ` + "`limit`" + ` (100 unless you say, 1000 at most) and ` + "`next_cursor`" + `, which is the ` + "`cursor`" + ` of the next page and null on the
last one. Rows that arrive meanwhile make a page neither skip nor repeat others.

**ETag.** Answers that are read again and again have one: sent back as If-None-Match it makes the answer 304, without a body, while nothing has
changed. WebSDRs and schedules have one that a change must name as If-Match. Downloads have one for If-Range.

**Formats and streams.** Where there is more than JSON, ` + "`format`" + ` chooses, or the Accept header: CSV, ndjson, Parquet, or an Arrow IPC stream.
Measurements are then streamed, all rows unless there is a limit; an answer that breaks off lacks its end. Event streams are server-sent events: ` + "`curl -N`" + ` shows them, and Last-Event-ID
goes on where a reader was cut off.
`

// subjects are the tags of operations in the order in which a newcomer needs them.
var subjects = []string{"Acquisitions", "Captures", "Measurements", "Statistics", "WebSDRs", "Emitters", "Schedules", "Events", "Fleet", "Retention", "Access", "Service", "Python"}

// common are the statuses that the head explains once for all.
var common = []string{"400", "401", "403", "408", "413", "415", "422", "429", "500", "503"}

// An entry is one operation on the page.
type entry struct {
	path, method string
	describedOperation
}

// apiPage is docs/api.md.
func apiPage(d described) string {
	bySubject := map[string][]entry{}
	for _, path := range slices.Sorted(maps.Keys(d.Paths)) {
		for _, method := range []string{"get", "post", "put", "patch", "delete"} {
			if op, ok := d.Paths[path][method]; ok {
				bySubject[op.Tags[0]] = append(bySubject[op.Tags[0]], entry{path, method, op})
			}
		}
	}
	var b strings.Builder
	b.WriteString(apiPageHead)
	for _, subject := range subjects {
		fmt.Fprintf(&b, "\n## %s\n", subject)
		if subject == "Python" {
			b.WriteString("\nThe addresses of the first Heimdall, for programs that know them. New programs use the others.\n")
		}
		for _, e := range bySubject[subject] {
			d.describe(&b, e)
		}
	}
	return b.String()
}

func (d described) describe(b *strings.Builder, e entry) {
	fmt.Fprintf(b, "\n### %s %s\n\n%s.", strings.ToUpper(e.method), e.path, e.Summary)
	if e.Description != "" {
		fmt.Fprintf(b, " %s", e.Description)
	}
	fmt.Fprintf(b, "\n\n    %s\n", d.curl(e))
	if len(e.Parameters) > 0 {
		b.WriteString("\n| parameter | in | what it may be | meaning |\n|---|---|---|---|\n")
		for _, p := range e.Parameters {
			fmt.Fprintf(b, "| `%s` | %s | %s | %s |\n", p.Name, p.In, tableCell(d.allowed(p.Schema)), tableCell(p.Description))
		}
	}
	if fields := d.body(e); len(fields.Properties) > 0 {
		b.WriteString("\n| field of the body | what it may be | meaning |\n|---|---|---|\n")
		for _, name := range slices.Sorted(maps.Keys(fields.Properties)) {
			f := fields.Properties[name]
			if f.ReadOnly {
				continue
			}
			needed := ""
			if slices.Contains(fields.Required, name) {
				needed = ", needed"
			}
			fmt.Fprintf(b, "| `%s` | %s%s | %s |\n", name, tableCell(d.allowed(f)), needed, tableCell(f.Description))
		}
	}
	fmt.Fprintf(b, "\n%s\n", d.outcomes(e))
}

// outcomes is what may come back, in a line.
func (d described) outcomes(e entry) string {
	var answers, errors []string
	for _, status := range slices.Sorted(maps.Keys(e.Responses)) {
		switch {
		case slices.Contains(common, status):
		case status < "400":
			text := status
			if types := slices.Sorted(maps.Keys(e.Responses[status].Content)); len(types) > 0 {
				text += " (" + strings.Join(types, ", ") + ")"
			}
			answers = append(answers, text)
		default:
			errors = append(errors, status)
		}
	}
	text := "Answers: " + strings.Join(answers, "; ") + "."
	if len(errors) > 0 {
		text += " Errors beside the usual: " + strings.Join(errors, ", ") + "."
	}
	for _, s := range e.Security {
		if scopes := s["token"]; len(scopes) > 0 {
			text += " Scope: " + scopes[0] + "."
		}
	}
	return text
}

// curl is the request that everyOperation sends first, with the ids that the document shows.
func (d described) curl(e entry) string {
	t := d.tries(e.path, e.method, e.describedOperation, nil)[0]
	words := []string{"curl"}
	for status, r := range e.Responses {
		if _, stream := r.Content["text/event-stream"]; stream && status == "200" {
			words = append(words, "-N")
		}
		for media := range r.Content {
			if status == "200" && (strings.HasPrefix(media, "image/") || media == "application/x-tar") && !slices.Contains(words, "-OJ") {
				words = append(words, "-OJ")
			}
		}
	}
	if t.method != http.MethodGet {
		words = append(words, "-X", t.method)
	}
	if t.body != "" {
		words = append(words, "-H", "'Content-Type: "+t.contentType+"'", "-d", "'"+t.body+"'")
	}
	address := "http://localhost:8001" + t.target
	if strings.ContainsAny(address, "?&") {
		address = "'" + address + "'"
	}
	return strings.Join(append(words, address), " ")
}

func (d described) resolved(s describedSchema) describedSchema {
	if s.Ref == "" {
		return s
	}
	return d.Components.Schemas[s.Ref[strings.LastIndex(s.Ref, "/")+1:]]
}

// body is the schema of a JSON body.
func (d described) body(e entry) (s describedSchema) {
	if e.RequestBody == nil {
		return s
	}
	for _, media := range slices.Sorted(maps.Keys(e.RequestBody.Content)) {
		if s := d.resolved(e.RequestBody.Content[media].Schema); s.Properties != nil {
			return s
		}
	}
	return s
}

// allowed says which values a schema takes.
func (d described) allowed(s describedSchema) string {
	s = d.resolved(s)
	kind, _ := s.Type.(string)
	null := ""
	if list, ok := s.Type.([]any); ok { // or null
		kind, _ = list[0].(string)
		null = " or null"
	}
	if kind == "array" && s.Items != nil {
		return "list of " + d.allowed(*s.Items) + null
	}
	switch {
	case len(s.Enum) > 0:
		var values []string
		for _, v := range s.Enum {
			if v != nil {
				values = append(values, fmt.Sprintf("`%v`", v))
			}
		}
		kind = strings.Join(values, " ")
	case s.Format == "date-time":
		kind = "time"
	}
	number := func(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }
	switch {
	case s.Minimum != nil && s.Maximum != nil:
		kind += " from " + number(*s.Minimum) + " to " + number(*s.Maximum)
	case s.Minimum != nil:
		kind += " from " + number(*s.Minimum)
	case s.Maximum != nil:
		kind += " up to " + number(*s.Maximum)
	}
	if s.Default != nil {
		kind += fmt.Sprintf(", %v when absent", s.Default)
	}
	return kind + null
}

// tableCell keeps | from ending a cell.
func tableCell(text string) string { return strings.ReplaceAll(text, "|", `\|`) }

func TestTheCommittedAPIPageIsCurrent(t *testing.T) {
	const file = "../docs/api.md"
	got := apiPage(theDescription(t))
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("docs/api.md is out of date, run: make generate\n%.2000s", diff)
	}
	d := theDescription(t)
	for path, methods := range d.Paths {
		for method, op := range methods {
			if n := strings.Count(got, "\n### "+strings.ToUpper(method)+" "+path+"\n"); n != 1 {
				t.Errorf("%s is on the page %d times: is its subject, %v, among the subjects?", op.OperationID, n, op.Tags)
			}
		}
	}
}

var example = regexp.MustCompile(`(?m)^    curl (.*)$`)

// The examples of the page, as they stand, are sent to a server: nothing about them may be refused as malformed.
func TestTheExamplesOfTheAPIPageAreUnderstood(t *testing.T) {
	page, err := os.ReadFile("../docs/api.md")
	if err != nil {
		t.Fatal(err)
	}
	r := newRig(t)
	r.websdr("One")
	sent := 0
	for _, line := range example.FindAllStringSubmatch(string(page), -1) {
		method, body, contentType, address := shellWords(line[1])
		target, ok := strings.CutPrefix(address, "http://localhost:8001")
		if !ok {
			t.Errorf("%s goes to %q", line[0], address)
			continue
		}
		sent++
		a := r.do(method, target, body, "Content-Type", contentType)
		var p struct{ Errors []struct{ Location string } }
		_ = json.NewDecoder(bytes.NewReader([]byte(a.body))).Decode(&p) // what is no JSON is no problem either
		for _, e := range p.Errors {
			if a.status == http.StatusUnprocessableEntity && (method == http.MethodGet || strings.HasPrefix(e.Location, "query.") || strings.HasPrefix(e.Location, "path.")) {
				t.Errorf("%s: refused for %s: %s", line[0], e.Location, a.body)
			}
		}
		if a.status == http.StatusMethodNotAllowed || a.status >= 500 && a.status != http.StatusNotImplemented {
			t.Errorf("%s: %d %s", line[0], a.status, a.body)
		}
	}
	if sent < 50 {
		t.Errorf("only %d examples were found", sent)
	}
}

// shellWords reads an example as a shell would.
func shellWords(line string) (method, body, contentType, address string) {
	method = http.MethodGet
	var words []string
	for _, m := range regexp.MustCompile(`'[^']*'|\S+`).FindAllString(line, -1) {
		words = append(words, strings.Trim(m, "'"))
	}
	for i := 0; i < len(words); i++ {
		switch words[i] {
		case "-N", "-OJ":
		case "-X":
			i++
			method = words[i]
		case "-H":
			i++
			contentType = strings.TrimPrefix(words[i], "Content-Type: ")
		case "-d":
			i++
			body = words[i]
		default:
			address = words[i]
		}
	}
	return method, body, contentType, address
}
