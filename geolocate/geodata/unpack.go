package geodata

import (
	"archive/tar"
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path"
	"strings"
)

// maxEntries bounds the files of an archive; MaxMind's has four.
const maxEntries = 100

// unpack writes the database in r to w and gives its size. r is a database, one in
// gzip (RFC 1952), or a tar archive in gzip that holds exactly one .mmdb file; which of
// them, its first bytes tell. Names in an archive are only read, never written to.
// r is read to its end. Neither the database nor all that is unpacked has more than most bytes.
func unpack(w io.Writer, r io.Reader, most int64) (int64, error) {
	outer := bufio.NewReader(r)
	head, _ := outer.Peek(512)
	if page := http.DetectContentType(head); strings.HasPrefix(page, "text/html") || strings.HasPrefix(page, "text/xml") {
		return 0, errors.New("the server sent a web page instead of a database: look at the URL, or open it in a browser to see what it says")
	}
	var size int64
	var err error
	if bytes.HasPrefix(head, []byte{0x1f, 0x8b}) {
		size, err = unpackGzip(w, outer, most)
	} else {
		size, err = copyBounded(w, outer, most)
	}
	if err != nil {
		return 0, err
	}
	if _, err := io.Copy(io.Discard, outer); err != nil { // what follows belongs to the digest
		return 0, err
	}
	return size, nil
}

func unpackGzip(w io.Writer, r io.Reader, most int64) (int64, error) {
	z, err := gzip.NewReader(r)
	if err != nil {
		return 0, broken(err)
	}
	inner := bufio.NewReader(&counter{r: z, left: most + maxEntries*1024, heard: func(int64) {}})
	head, _ := inner.Peek(512)
	var size int64
	if len(head) == 512 && bytes.HasPrefix(head[257:], []byte("ustar")) { // POSIX.1, ustar: the magic of a header
		size, err = unpackTar(w, inner, most)
	} else {
		size, err = copyBounded(w, inner, most)
	}
	if err != nil {
		return 0, broken(err)
	}
	if _, err := io.Copy(io.Discard, inner); err != nil { // reads the check sum of the stream
		return 0, broken(err)
	}
	return size, nil
}

func unpackTar(w io.Writer, r io.Reader, most int64) (size int64, err error) {
	archive := tar.NewReader(r)
	found := false
	for n := 0; ; n++ {
		h, err := archive.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return 0, err
		}
		if n >= maxEntries {
			return 0, fmt.Errorf("the archive has more than %d files: this is not the expected one", maxEntries)
		}
		if h.Typeflag != tar.TypeReg || path.Ext(h.Name) != ".mmdb" {
			continue
		}
		if found {
			return 0, errors.New("the archive has several .mmdb files: give the URL of an archive with one")
		}
		found = true
		if size, err = copyBounded(w, archive, most); err != nil {
			return 0, err
		}
	}
	if !found {
		return 0, errors.New("the archive has no .mmdb file: give the URL of one in MaxMind's binary format, not CSV")
	}
	return size, nil
}

// copyBounded fails, and does not cut silently, when there is more than most.
func copyBounded(w io.Writer, r io.Reader, most int64) (int64, error) {
	n, err := io.Copy(w, io.LimitReader(r, most+1))
	if err == nil && n > most {
		err = tooLarge(n, most)
	}
	return n, err
}

// broken tells a damaged archive from other faults.
func broken(err error) error {
	if errors.Is(err, gzip.ErrHeader) || errors.Is(err, gzip.ErrChecksum) || errors.Is(err, tar.ErrHeader) {
		return fmt.Errorf("the archive is damaged (%w): try again", err)
	}
	return err
}
