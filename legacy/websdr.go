package legacy

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/heimdall-sdr/heimdall"
)

// idHere is the websdr_id that one of the Python system has in the database.
func (i *importer) idHere(there int64) (int64, error) {
	id, told := i.opt.WebSDRs[there]
	if !told {
		id = there
	}
	if id < 1 || id > math.MaxInt32 {
		return 0, fmt.Errorf("WebSDR %d can have no such id here: say which one it is with --websdr %d=ID", there, there)
	}
	return id, nil
}

// websdr is the row of one, which is made if the database has none; of is the first that needs it.
func (i *importer) websdr(ctx context.Context, id int64, of string) (heimdall.WebSDR, error) {
	i.asking.Lock()
	defer i.asking.Unlock()
	if w, known := i.websdrs[id]; known {
		return w, nil
	}
	w, err := i.to.WebSDR(ctx, id)
	if errors.Is(err, heimdall.ErrNotFound) {
		w, err = i.addWebSDR(ctx, id, of)
	}
	if err == nil {
		i.websdrs[id] = w
	}
	return w, err
}

func (i *importer) addWebSDR(ctx context.Context, id int64, of string) (heimdall.WebSDR, error) {
	w := standIn(id)
	for _, known := range i.opt.Known {
		if known.ID == id {
			w = known
		}
	}
	if i.opt.DryRun {
		i.count(func(n *Report) { n.WebSDRs++ })
		i.note(of, StandIn, "is of WebSDR %d, which the database does not have: it would be made, as %q", id, w.Name)
		return w, nil
	}
	restored, err := i.to.RestoreWebSDR(ctx, w)
	if err != nil {
		return w, fmt.Errorf("add WebSDR %d: %w", id, err)
	}
	if restored {
		i.count(func(n *Report) { n.WebSDRs++ })
		i.note(of, StandIn, "is of WebSDR %d, which the database did not have: it is there now, as %q", id, w.Name)
	}
	return i.to.WebSDR(ctx, id)
}

// standIn is what is known of a WebSDR that is only a number: the Python system spoke to OpenWebRX. It is inactive, so
// that nobody tunes it by a slip.
func standIn(id int64) heimdall.WebSDR {
	return heimdall.WebSDR{
		ID: id, Name: fmt.Sprintf("python-heimdall %d", id), Kind: "openwebrx", URL: fmt.Sprintf("http://websdr-%d.invalid", id),
		Timeout: heimdall.DefaultTimeout,
		Notes:   "Made by an import from the Python system, which knew it as a number: put in name, address and place.",
	}
}

// isMade tells of a dry run whether it would make the WebSDR.
func (i *importer) isMade(id int64) bool {
	i.asking.Lock()
	defer i.asking.Unlock()
	w, known := i.websdrs[id]
	return known && w.CreatedAt.IsZero()
}
