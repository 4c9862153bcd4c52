package recompute

import (
	"reflect"

	"github.com/heimdall-sdr/heimdall"
)

// A Change is a metric whose value differs.
type Change struct {
	Name     string // as in JSON
	Old, New any    // a number, a text, a truth or a list; nil where there is none
}

// changes lists what differs between two sets of metrics. Numbers are compared exactly, since the same samples
// under the same definitions give the same bits.
func changes(old, now *heimdall.Metrics) []Change {
	var list []Change
	a, b := reflect.ValueOf(old).Elem(), reflect.ValueOf(now).Elem()
	for i := range a.NumField() {
		before, after := value(a.Field(i)), value(b.Field(i))
		if !reflect.DeepEqual(before, after) {
			list = append(list, Change{Name: a.Type().Field(i).Tag.Get("json"), Old: before, New: after})
		}
	}
	return list
}

// value is what a field holds; nil when it is a nil pointer. No flags are an empty list, however they are kept.
func value(f reflect.Value) any {
	if f.Kind() == reflect.Slice && f.Len() == 0 {
		return reflect.MakeSlice(f.Type(), 0, 0).Interface()
	}
	if f.Kind() != reflect.Pointer {
		return f.Interface()
	}
	if f.IsNil() {
		return nil
	}
	return f.Elem().Interface()
}
