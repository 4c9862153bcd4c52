package export

import (
	"archive/tar"
	"bytes"
	"time"

	"github.com/heimdall-sdr/heimdall/sigmf"
)

// tarBlock is the unit of a tar: every file is padded to it, and two empty ones end the archive.
const tarBlock = 512

// archive is a SigMF archive of one recording (SigMF specification, "SigMF Archives"): a POSIX.1-2001 tar that
// holds base/base.sigmf-meta and base/base.sigmf-data. A tar is headers between padded files, so it needs no
// more than its headers to be read from anywhere.
func archive(base string, meta []byte, data part, modified time.Time) ([]part, error) {
	metaHeader, err := tarHeader(base+"/"+base+sigmf.MetaExt, int64(len(meta)), modified)
	if err != nil {
		return nil, err
	}
	dataHeader, err := tarHeader(base+"/"+base+sigmf.DataExt, data.size, modified)
	if err != nil {
		return nil, err
	}
	return []part{
		fixed(metaHeader), fixed(meta), fixed(padding(int64(len(meta)))),
		fixed(dataHeader), data, fixed(append(padding(data.size), make([]byte, 2*tarBlock)...)),
	}, nil
}

// tarHeader returns what comes before a file. From 8 GiB on, or with a long name, that is a PAX record, too.
func tarHeader(name string, size int64, modified time.Time) ([]byte, error) {
	var b bytes.Buffer
	err := tar.NewWriter(&b).WriteHeader(&tar.Header{
		Typeflag: tar.TypeReg, Name: name, Size: size, Mode: 0o644, ModTime: modified.UTC().Truncate(time.Second), Format: tar.FormatPAX,
	})
	return b.Bytes(), err
}

func padding(size int64) []byte { return make([]byte, (tarBlock-size%tarBlock)%tarBlock) }
