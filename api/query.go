package api

import (
	"math"
	"reflect"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"

	"github.com/heimdall-sdr/heimdall"
)

// defaultPage is how many rows a page has when the caller does not say.
const defaultPage = 100

// The parts of requests that several operations share are exported because huma fills no others.

// A Page is the part of a list that the caller wants. Its length is 0 when the caller did not say.
type Page struct {
	Limit  int    `query:"limit" minimum:"1" maximum:"1000" doc:"Most rows of a page; 100 when absent"`
	Cursor string `query:"cursor" maxLength:"400" doc:"next_cursor of the page before"`
}

func (p Page) limit() int {
	if p.Limit == 0 {
		return defaultPage
	}
	return p.Limit
}

// A Period is the time that the caller asks about.
type Period struct {
	From time.Time `query:"from" doc:"At or after this time (RFC 3339)" example:"2026-03-01T00:00:00Z"`
	To   time.Time `query:"to" doc:"Before this time (RFC 3339)" example:"2026-03-02T00:00:00Z"`
}

func (p Period) check() error {
	var bad heimdall.InvalidError
	if !p.From.IsZero() && !p.To.IsZero() && !p.From.Before(p.To) {
		bad.Add("to", "must lie after from")
	}
	return inQuery(&bad)
}

// checkText refuses bytes that no stored text has, and that not every database compares.
func checkText(field, text string) error {
	var bad heimdall.InvalidError
	if !utf8.ValidString(text) || strings.ContainsRune(text, 0) {
		bad.Add(field, "must be text in UTF-8")
	}
	return inQuery(&bad)
}

// An optional parameter knows absence from zero.
type optional[T any] struct {
	Value T
	IsSet bool
}

// Schema is that of the value.
func (o optional[T]) Schema(r huma.Registry) *huma.Schema {
	return huma.SchemaFromType(r, reflect.TypeFor[T]())
}

// Receiver is where huma puts the value.
func (o *optional[T]) Receiver() reflect.Value { return reflect.ValueOf(o).Elem().Field(0) }

// OnParamSet is how huma says whether there was one.
func (o *optional[T]) OnParamSet(isSet bool, _ any) { o.IsSet = isSet }

// notFinite refuses the NaN and Inf that Go's parser of numbers lets through.
func notFinite(bad *heimdall.InvalidError, field string, v float64) {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		bad.Add(field, "must be a finite number")
	}
}

func splitPattern(pattern string) (method, path string) {
	method, path, _ = strings.Cut(pattern, " ")
	return method, path
}

func statusKey(status int) string { return strconv.Itoa(status) }
