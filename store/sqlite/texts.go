package sqlite

import (
	"context"

	"github.com/heimdall-sdr/heimdall"
)

// What is sought for in texts is found once, among the few labels and WebSDRs that there are, and not again for each row.
const (
	// From each label the index leads to the next.
	labelsWith = `
WITH RECURSIVE labels (label) AS (
    SELECT (SELECT min(label) FROM acquisitions)
    UNION ALL SELECT (SELECT min(a.label) FROM acquisitions AS a WHERE a.label > labels.label) FROM labels WHERE labels.label IS NOT NULL)
SELECT label FROM labels WHERE instr(lower(label), lower(?)) > 0`

	websdrsWith = `
SELECT websdr_id FROM websdrs WHERE instr(lower(name), lower(?1)) > 0 OR instr(lower(location_name), lower(?1)) > 0`
)

func scanOne[T any](r row) (v T, err error) {
	err = r.Scan(&v)
	return v, err
}

func (s *Store) labelsWith(ctx context.Context, text string) ([]string, error) {
	rows, err := s.reader.QueryContext(ctx, labelsWith, text)
	return all(rows, err, scanOne[string])
}

// addText chooses rows of a table by what people call things: the label of the acquisition, the name and the location of
// the WebSDR. + keeps an index of either from taking the order of the rows away.
func (s *Store) addText(ctx context.Context, w *where, table, text string) error {
	if text == "" {
		return nil
	}
	found, err := s.labelsWith(ctx, text)
	if err != nil {
		return err
	}
	labels, err := asJSON(found)
	if err != nil {
		return err
	}
	rows, err := s.reader.QueryContext(ctx, websdrsWith, text)
	ids, err := all(rows, err, scanOne[int64])
	if err != nil {
		return err
	}
	if len(ids) == 0 {
		return s.addAsked(ctx, w, table, "label", labels)
	}
	websdrs, err := asJSON(ids)
	w.add("(+websdr_id IN (SELECT value FROM json_each(?)) OR "+hasAsked(table, "label")+")", websdrs, labels)
	return err
}

// addLabels chooses acquisitions by labels that are looked up in the index when there is one.
func (w *where) addLabels(labels []string) error {
	switch len(labels) {
	case 0:
		w.add("0")
		return nil
	case 1:
		w.add("a.label = ?", labels[0])
		return nil
	}
	list, err := asJSON(labels)
	w.add("+a.label IN (SELECT value FROM json_each(?))", list)
	return err
}

// addNamed chooses acquisitions by what is sought in their label, and in text also in the names and locations of their
// WebSDRs.
func (s *Store) addNamed(ctx context.Context, w *where, f heimdall.AcquisitionFilter) error {
	if f.Label != "" {
		labels, err := s.labelsWith(ctx, f.Label)
		if err == nil {
			err = w.addLabels(labels)
		}
		if err != nil {
			return err
		}
	}
	if f.Text == "" {
		return nil
	}
	labels, err := s.labelsWith(ctx, f.Text)
	if err != nil {
		return err
	}
	rows, err := s.reader.QueryContext(ctx, websdrsWith, f.Text)
	ids, err := all(rows, err, scanOne[int64])
	if err != nil {
		return err
	}
	if len(ids) == 0 {
		return w.addLabels(labels)
	}
	websdrs, err := asJSON(ids)
	if err != nil {
		return err
	}
	list, err := asJSON(labels)
	w.add(`(+a.label IN (SELECT value FROM json_each(?)) OR EXISTS (SELECT 1 FROM captures AS c
WHERE c.task_id = a.task_id AND c.websdr_id IN (SELECT value FROM json_each(?))))`, list, websdrs)
	return err
}
