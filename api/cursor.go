package api

import (
	"encoding/base64"
	"strconv"
	"strings"
	"time"

	"github.com/heimdall-sdr/heimdall"
)

// A cursor is the key of the last row of a page, so that the next page neither skips nor repeats a row while
// new ones arrive. Its first part names the list, so that a cursor of another list is refused.
const (
	acquisitionCursor = "a1"
	captureCursor     = "c1"
	measurementCursor = "m1"
	deletionCursor    = "d1"
	scheduleRunCursor = "s1"
	deliveryCursor    = "w1"
)

func encodeCursor(parts ...string) *string {
	return new(base64.RawURLEncoding.EncodeToString([]byte(strings.Join(parts, "|"))))
}

// decodeCursor returns the n parts after the list's name, or nothing for the empty cursor.
func decodeCursor(cursor, list string, n int) ([]string, error) {
	if cursor == "" {
		return nil, nil
	}
	text, err := base64.RawURLEncoding.Strict().DecodeString(cursor)
	parts := strings.Split(string(text), "|")
	if err != nil || parts[0] != list || len(parts) != n+1 {
		return nil, badCursor()
	}
	for _, p := range parts {
		if p == "" {
			return nil, badCursor()
		}
	}
	return parts[1:], nil
}

func badCursor() error {
	var bad heimdall.InvalidError
	bad.Add("cursor", "must be the next_cursor of the page before, of the same list")
	return inQuery(&bad)
}

func acquisitionAfter(cursor string) (taskID string, err error) {
	parts, err := decodeCursor(cursor, acquisitionCursor, 1)
	if err != nil || parts == nil {
		return "", err
	}
	return parts[0], nil
}

func captureAfter(cursor string) (taskID string, websdrID int64, err error) {
	parts, err := decodeCursor(cursor, captureCursor, 2)
	if err != nil || parts == nil {
		return "", 0, err
	}
	websdrID, err = strconv.ParseInt(parts[1], 10, 64)
	if err != nil || websdrID <= 0 {
		return "", 0, badCursor()
	}
	return parts[0], websdrID, nil
}

func measurementAfter(cursor string) (*heimdall.MeasurementKey, error) {
	parts, err := decodeCursor(cursor, measurementCursor, 3)
	if err != nil || parts == nil {
		return nil, err
	}
	micros, err1 := strconv.ParseInt(parts[0], 10, 64)
	websdrID, err2 := strconv.ParseInt(parts[2], 10, 64)
	if err1 != nil || err2 != nil || websdrID <= 0 {
		return nil, badCursor()
	}
	return &heimdall.MeasurementKey{Timestamp: time.UnixMicro(micros).UTC(), TaskID: parts[1], WebSDRID: websdrID}, nil
}

func deletionAfter(cursor string) (plannedAt time.Time, taskID string, err error) {
	parts, err := decodeCursor(cursor, deletionCursor, 2)
	if err != nil || parts == nil {
		return plannedAt, "", err
	}
	micros, err := strconv.ParseInt(parts[0], 10, 64)
	if err != nil {
		return plannedAt, "", badCursor()
	}
	return time.UnixMicro(micros).UTC(), parts[1], nil
}

func deliveryBefore(cursor string) (eventID int64, err error) {
	parts, err := decodeCursor(cursor, deliveryCursor, 1)
	if err != nil || parts == nil {
		return 0, err
	}
	if eventID, err = strconv.ParseInt(parts[0], 10, 64); err != nil || eventID <= 0 {
		return 0, badCursor()
	}
	return eventID, nil
}

func cursorOfMeasurement(m heimdall.Measurement) *string {
	return encodeCursor(measurementCursor, strconv.FormatInt(m.Timestamp.UnixMicro(), 10), m.TaskID, strconv.FormatInt(m.WebSDRID, 10))
}

func cursorOfCapture(c heimdall.Capture) *string {
	return encodeCursor(captureCursor, c.TaskID, strconv.FormatInt(c.WebSDRID, 10))
}

func cursorOfAcquisition(a heimdall.Acquisition) *string {
	return encodeCursor(acquisitionCursor, a.TaskID)
}
