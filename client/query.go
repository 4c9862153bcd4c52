package client

import (
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/api/wire"
)

var errAfter = errors.New("list a page: the filter's After belongs to the store; give the cursor of the page before instead")

func addAll[T any](q url.Values, name string, values []T) {
	for _, v := range values {
		q.Add(name, fmt.Sprint(v))
	}
}

func addTime(q url.Values, name string, t time.Time) {
	if !t.IsZero() {
		q.Set(name, t.UTC().Format(time.RFC3339Nano))
	}
}

func addMHz(q url.Values, name string, hz int64) {
	if hz != 0 {
		addFloat(q, name, wire.MHz(hz))
	}
}

func addFloat(q url.Values, name string, v float64) {
	q.Set(name, strconv.FormatFloat(v, 'g', -1, 64))
}

func addText(q url.Values, name, text string) {
	if text != "" {
		q.Set(name, text)
	}
}

func addPlace(q url.Values, near *heimdall.Near, minHz, maxHz int64, text string) {
	if near != nil {
		addFloat(q, "near_latitude", near.LatitudeDeg)
		addFloat(q, "near_longitude", near.LongitudeDeg)
		addFloat(q, "near_km", near.RadiusKm)
	}
	addMHz(q, "frequency_min_mhz", minHz)
	addMHz(q, "frequency_max_mhz", maxHz)
	addText(q, "text", text)
}

func addPage(q url.Values, limit int, cursor string) {
	if limit != 0 {
		q.Set("limit", strconv.Itoa(limit))
	}
	addText(q, "cursor", cursor)
}
