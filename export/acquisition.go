package export

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/blob"
)

// Objects is what an archive asks of an object store; see blob.Store.
type Objects interface {
	Open(ctx context.Context, key string) (blob.Object, error)
	Stat(ctx context.Context, key string) (blob.Info, error)
}

// ArchiveOptions may be zero.
type ArchiveOptions struct {
	From, To     time.Time // as in Between, the same for every recording; zero is open
	AllowMissing bool      // leave out what cannot be had, and list it in MISSING.txt
}

// A Missing is a recording that an archive would lack.
type Missing struct {
	WebSDRID int64
	Why      error
}

// A MissingError says that an archive would not be whole.
type MissingError struct {
	Missing []Missing
	Of      int // recordings in all
}

func (e *MissingError) Error() string {
	const enough = 10
	var b strings.Builder
	fmt.Fprintf(&b, "%d of %d recordings cannot be had", len(e.Missing), e.Of)
	for k, m := range e.Missing {
		if k == enough {
			fmt.Fprintf(&b, "; and %d more", len(e.Missing)-enough)
			break
		}
		fmt.Fprintf(&b, "; WebSDR %d: %v", m.WebSDRID, m.Why)
	}
	return b.String()
}

// OpenArchive gives the recordings of an acquisition as one tar in format f: each as Open would give it, or with
// SigMF its two files. captures are those of the acquisition; what has no recording is passed over.
//
// With SigMF the tar is a SigMF archive, with a folder for each recording, and at the top the collection if one
// is stored, whose streams are then exactly these recordings. With any other format everything lies in one folder.
//
// Every object is asked for before OpenArchive returns, so that an archive is refused as a whole (*MissingError) or
// has all that it announces. It reads one at a time; ctx ends reading, too.
func OpenArchive(ctx context.Context, objects Objects, a heimdall.Acquisition, captures []heimdall.Capture, f Format, o ArchiveOptions) (*Archive, error) {
	if !known(f) {
		var bad heimdall.InvalidError
		bad.Add("format", "%q is not known: use one of %s", f, formatNames())
		return nil, &bad
	}
	b := archiveBuilder{ctx: ctx, objects: objects, format: f, archive: &Archive{ContentType: "application/x-tar"}}
	if !o.From.IsZero() || !o.To.IsZero() {
		b.options = append(b.options, Between(o.From, o.To))
	}
	recordings := 0
	for k := range captures {
		if captures[k].Recording == nil {
			continue
		}
		recordings++
		err := b.add(*captures[k].Recording)
		if unavailable(err) {
			b.missing = append(b.missing, Missing{captures[k].WebSDRID, err})
		} else if err != nil {
			return nil, err
		}
	}
	if recordings == 0 {
		return nil, fmt.Errorf("acquisition %s has no recordings: %w", a.TaskID, heimdall.ErrNotFound)
	}
	if len(b.missing) == recordings || len(b.missing) > 0 && !o.AllowMissing {
		return nil, refusal(&MissingError{b.missing, recordings})
	}
	b.name(&a, o)
	if err := b.extras(a.TaskID); err != nil {
		return nil, err
	}
	return b.finish()
}

// refusal blames the wish, by a *heimdall.InvalidError, if nothing at all can be had because of it.
func refusal(e *MissingError) error {
	for _, m := range e.Missing {
		if _, ok := errors.AsType[*heimdall.InvalidError](m.Why); !ok {
			return e
		}
	}
	if len(e.Missing) == e.Of {
		return e.Missing[0].Why
	}
	return e
}

// errDamaged is an object that is not what its row says.
var errDamaged = errors.New("it is damaged or not this recording")
