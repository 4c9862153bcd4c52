package legacy

import (
	"context"
	"fmt"
	"iter"
	"maps"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/blob"
)

// Names that the Python system gives: sessions/{task_id}/websdr_{id}.npy with websdr_{id}_metadata.json beside it, and
// sessions/{session_id}/chunk_{001..}_websdr_{id}.npy. A bucket may have been copied into a folder of any name.
var names = regexp.MustCompile(`^(?:.*/)?sessions/([^/]+)/(?:(chunk_[0-9]+)_)?websdr_(0|[1-9][0-9]{0,18})(\.npy|_metadata\.json)$`)

// A name is what the key of an object says.
type name struct {
	session  string
	chunk    string // such as chunk_001; "" for a whole recording
	websdrID int64  // there
	metadata bool   // the numbers, and not the samples
}

// nameOf reads a key; ok is false for any other than the Python system's.
func nameOf(key string) (n name, ok bool) {
	m := names.FindStringSubmatch(key)
	if m == nil || !utf8.ValidString(key) { // neither database could keep it
		return name{}, false
	}
	id, err := strconv.ParseInt(m[3], 10, 64)
	if err != nil {
		return name{}, false // 19 digits can be more than an int64 holds
	}
	return name{session: m[1], chunk: m[2], websdrID: id, metadata: m[4] != ".npy"}, true
}

// A recording is one npy object, and later what is known of it.
type recording struct {
	name
	key   string
	bytes int64
	info  blob.Info

	metadataKey string // "" when there is none
	here        int64  // its websdr_id in the database
	description
	legacy []heimdall.LegacyMetrics // without task and WebSDR here
}

// A session is one folder of recordings, in order of chunk and WebSDR.
type session struct {
	folder     string
	recordings []*recording
}

// listed is one listed object that has a name of the Python system.
type listed struct {
	name
	info blob.Info
}

// eachSession calls do for each session, and finds everything that belongs to none.
func (i *importer) eachSession(ctx context.Context, do func(session) error) error {
	var folder string
	var objects []listed
	flush := func() error {
		s := i.sessionOf(folder, objects)
		objects = nil
		if len(s.recordings) == 0 {
			return nil
		}
		return do(s)
	}
	for info, err := range i.from.List(ctx, "") {
		if err != nil {
			return fmt.Errorf("list objects: %w", err)
		}
		n, ok := nameOf(info.Key)
		if !ok {
			i.stranger(info.Key)
			continue
		}
		if at := path.Dir(info.Key); at != folder {
			if err := flush(); err != nil {
				return err
			}
			folder = at
		}
		objects = append(objects, listed{n, info})
	}
	return flush()
}

func (i *importer) stranger(key string) {
	i.count(func(r *Report) { r.Others++ })
	if strings.HasSuffix(key, "/xl.meta") {
		i.find(Finding{Key: key, Reason: MinIOInternal, Skipped: true,
			Detail: "is of MinIO's own storage: copy the bucket with a client such as mc mirror, or import it over S3"})
		return
	}
	i.find(Finding{Key: key, Reason: Foreign, Skipped: true, Detail: "is not named sessions/{task_id}/websdr_{id}.npy"})
}

// sessionOf puts metadata to their recordings.
func (i *importer) sessionOf(folder string, objects []listed) session {
	type place struct {
		chunk    string
		websdrID int64
	}
	found := map[place]*recording{}
	for _, o := range objects {
		if !o.metadata {
			found[place{o.chunk, o.websdrID}] = &recording{name: o.name, key: o.info.Key, bytes: o.info.Bytes, info: o.info}
		}
	}
	for _, o := range objects {
		if !o.metadata {
			continue
		}
		i.count(func(r *Report) { r.Others++ })
		if r := found[place{o.chunk, o.websdrID}]; r != nil {
			r.metadataKey = o.info.Key
		} else {
			i.find(Finding{Key: o.info.Key, Reason: MetadataAlone, Skipped: true, Detail: "its recording is not there"})
		}
	}
	list := slices.SortedFunc(maps.Values(found), func(a, b *recording) int {
		if a.chunk != b.chunk {
			return strings.Compare(a.chunk, b.chunk)
		}
		return int(min(max(a.websdrID-b.websdrID, -1), 1))
	})
	i.count(func(n *Report) { n.Recordings += int64(len(list)) })
	return session{folder, list}
}

// Survey counts the recordings of a source and their bytes, by their names alone.
func Survey(ctx context.Context, from Source) (recordings, bytes int64, err error) {
	for info, err := range from.List(ctx, "") {
		if err != nil {
			return 0, 0, fmt.Errorf("list objects: %w", err)
		}
		if n, ok := nameOf(info.Key); ok && !n.metadata {
			recordings++
			bytes += info.Bytes
		}
	}
	return recordings, bytes, nil
}

// chunks yields the recordings of each chunk; those of no chunk are one.
func (s *session) chunks() iter.Seq[[]*recording] {
	return func(yield func([]*recording) bool) {
		for rest := s.recordings; len(rest) > 0; {
			n := 1
			for n < len(rest) && rest[n].chunk == rest[0].chunk {
				n++
			}
			if !yield(rest[:n]) {
				return
			}
			rest = rest[n:]
		}
	}
}
