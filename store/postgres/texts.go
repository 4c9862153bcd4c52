package postgres

import (
	"context"

	"github.com/heimdall-sdr/heimdall"
)

// What is sought for in texts is found once, among the few labels and WebSDRs that there are, and not again for each row.
// The collation "C" knows the case of A to Z alone, as SQLite does.
var (
	// From each label the index leads to the next.
	labelsWith = `
WITH RECURSIVE labels (label) AS (
    (SELECT label COLLATE "C" FROM acquisitions ORDER BY 1 LIMIT 1)
    UNION ALL
    SELECT (SELECT a.label COLLATE "C" FROM acquisitions AS a WHERE a.label COLLATE "C" > labels.label ORDER BY 1 LIMIT 1)
    FROM labels WHERE labels.label IS NOT NULL)
SELECT label FROM labels WHERE strpos(lower(label), lower($1::text COLLATE "C")) > 0`

	websdrsWith = `
SELECT websdr_id FROM websdrs WHERE strpos(lower(name COLLATE "C"), lower($1::text COLLATE "C")) > 0
    OR strpos(lower(location_name COLLATE "C"), lower($1::text COLLATE "C")) > 0`
)

func scanOne[T any](r row) (v T, err error) {
	err = r.Scan(&v)
	return v, err
}

// with are the labels and the WebSDRs in which a text is found.
func with(ctx context.Context, q querier, text string) (labels []string, websdrs []int64, err error) {
	rows, err := q.Query(ctx, labelsWith, storable(text))
	if labels, err = all(rows, err, scanOne[string]); err != nil {
		return nil, nil, err
	}
	rows, err = q.Query(ctx, websdrsWith, storable(text))
	websdrs, err = all(rows, err, scanOne[int64])
	return labels, websdrs, err
}

const (
	ofLabels  = `task_id IN (SELECT t.task_id FROM acquisitions AS t WHERE t.label COLLATE "C" = ANY($::text[]))`
	ofOrigins = `task_id IN (SELECT t.task_id FROM acquisitions AS t WHERE t.origin = ANY($::text[]))`
)

// addText chooses rows by what people call things: the label of the acquisition, the name and the location of the WebSDR.
func (w *where) addText(ctx context.Context, q querier, text string) error {
	if text == "" {
		return nil
	}
	labels, websdrs, err := with(ctx, q, text)
	switch {
	case err != nil:
		return err
	case len(labels)+len(websdrs) == 0:
		w.add("false")
	case len(websdrs) == 0:
		w.add(ofLabels, labels)
	case len(labels) == 0:
		w.add("websdr_id = ANY($::bigint[])", websdrs)
	default:
		w.add("("+ofLabels+" OR websdr_id = ANY($::bigint[]))", labels, websdrs)
	}
	return nil
}

// addNamed chooses acquisitions by what is sought in their label, and in text also in the names and locations of their
// WebSDRs.
func (w *where) addNamed(ctx context.Context, q querier, f heimdall.AcquisitionFilter) error {
	if f.Label != "" {
		labels, _, err := with(ctx, q, f.Label)
		if err != nil {
			return err
		}
		w.add(`a.label COLLATE "C" = ANY($::text[])`, labels)
	}
	if f.Text == "" {
		return nil
	}
	labels, websdrs, err := with(ctx, q, f.Text)
	switch {
	case err != nil:
		return err
	case len(websdrs) == 0:
		w.add(`a.label COLLATE "C" = ANY($::text[])`, labels)
	default:
		w.add(`(a.label COLLATE "C" = ANY($::text[]) OR EXISTS (SELECT 1 FROM captures AS c
WHERE c.task_id = a.task_id AND c.websdr_id = ANY($::bigint[])))`, labels, websdrs)
	}
	return nil
}
