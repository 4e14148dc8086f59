package geodata

import (
	"archive/tar"
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"time"
)

var (
	errNotModified = errors.New("not modified")
	errNotFound    = errors.New("the server has no such file (404): look at the URL; a publisher may have moved it")
	errStalled     = errors.New("the server stopped sending: try again")
	errCut         = errors.New("the download was cut off: try again")
)

// download is a file that came, not yet proven.
type download struct {
	temporary string // the unpacked database
	kept             // what is to be noted of it; without the sum of the database
}

// digest is the promised SHA-256 of the download: written down, or asked of the publisher. Empty when there
// is none.
func (u *Updater) digest(ctx context.Context, s Source) (string, error) {
	if !strings.Contains(s.SHA256, "://") {
		return strings.ToLower(s.SHA256), nil
	}
	wrong := func(err error) (string, error) { return "", fmt.Errorf("fetch its SHA-256: %w", err) }
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	response, err := u.get(ctx, s.SHA256, s.Account, kept{})
	if err != nil {
		return wrong(err)
	}
	defer response.Body.Close()
	stall := time.AfterFunc(u.o.Stall, func() { cancel(errStalled) })
	defer stall.Stop()
	text, err := io.ReadAll(io.LimitReader(response.Body, maxDigestFile))
	if err != nil {
		return wrong(said(ctx, err))
	}
	first := firstDigest.Find(text)
	if first == nil {
		return wrong(fmt.Errorf("%s does not begin with 64 hexadecimal digits: look at the URL", withoutQuery(s.SHA256)))
	}
	return strings.ToLower(string(bytes.TrimSpace(first))), nil
}

var firstDigest = regexp.MustCompile(`^[0-9a-fA-F]{64}(\s|$)`)

// get asks for one URL. known makes it conditional: errNotModified when nothing is newer.
func (u *Updater) get(ctx context.Context, at string, account bool, known kept) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, at, nil)
	if err != nil {
		return nil, errors.New("its URL cannot be read: correct it")
	}
	request.Header.Set("User-Agent", "Vigil (geodata update)")
	if known.ETag != "" {
		request.Header.Set("If-None-Match", known.ETag)
	}
	if known.LastModified != "" {
		request.Header.Set("If-Modified-Since", known.LastModified)
	}
	if account {
		request.SetBasicAuth(u.o.Account, u.o.Key) // not sent on to another host by a redirect
	}
	response, err := u.client.Do(request)
	if err != nil {
		return nil, said(ctx, err)
	}
	if response.StatusCode == http.StatusOK {
		return response, nil
	}
	response.Body.Close()
	if response.StatusCode == http.StatusNotModified && (known.ETag != "" || known.LastModified != "") {
		return nil, errNotModified
	}
	return nil, refused(response, account)
}

// refused says what a status other than 200 means.
func refused(r *http.Response, account bool) error {
	switch r.StatusCode {
	case http.StatusNotFound, http.StatusGone:
		return errNotFound
	case http.StatusUnauthorized, http.StatusForbidden:
		if account {
			return fmt.Errorf("the server refuses the account (%d): look at geolocate.maxmind.account and "+
				"VIGIL_GEOLOCATE_MAXMIND_KEY, and whether the account may download this database", r.StatusCode)
		}
		return fmt.Errorf("the server refuses (%d): look at the URL and whether it needs an account", r.StatusCode)
	case http.StatusTooManyRequests:
		return errors.New("the publisher's limit of downloads is used up (429): try again tomorrow")
	}
	return fmt.Errorf("the server answers %d instead of a file: try again later, then look at the URL", r.StatusCode)
}

// said turns an error of the client into what a person can use: the cause when the context ended, and never
// a URL.
func said(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		if cause := context.Cause(ctx); !errors.Is(cause, context.Canceled) {
			return cause
		}
		return errors.New("interrupted; the present file is as it was")
	}
	var inner *url.Error
	if errors.As(err, &inner) {
		err = inner.Err
	}
	var slow interface{ Timeout() bool }
	var unproven *tls.CertificateVerificationError
	switch {
	case errors.As(err, &unproven):
		return fmt.Errorf("the server cannot prove who it is: look at the URL, at this machine's clock and at its certificate "+
			"authorities: %w", unproven.Err)
	case errors.Is(err, io.ErrUnexpectedEOF):
		return errCut
	case errors.As(err, &slow) && slow.Timeout():
		return fmt.Errorf("the server does not answer in time: try again: %w", err)
	}
	return err
}

// receive downloads and unpacks into a temporary file beside path. The caller removes it.
func (u *Updater) receive(ctx context.Context, d Database, path string, present state, force bool) (download, error) {
	known := present.kept
	if force {
		known = kept{}
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var got download
	response, at, err := u.edition(ctx, d.Source, known)
	got.From = withoutQuery(at)
	if err != nil {
		return got, err
	}
	defer response.Body.Close()
	total := response.ContentLength
	if total > d.Source.most() {
		return got, tooLarge(total, d.Source.most())
	}
	got.ETag, got.LastModified = response.Header.Get("ETag"), response.Header.Get("Last-Modified")
	stall := time.AfterFunc(u.o.Stall, func() { cancel(errStalled) })
	defer stall.Stop()
	sum := sha256.New()
	counted := &counter{r: response.Body, left: d.Source.most(), heard: func(done int64) {
		stall.Reset(u.o.Stall)
		if u.o.Progress != nil {
			u.o.Progress(d.Path, done, total)
		}
	}}
	got.temporary, err = u.store(path, io.TeeReader(counted, sum), d.Source)
	if err == nil && ctx.Err() != nil { // a server that sees us leave may end a part of a file in order
		_ = os.Remove(got.temporary)
		err = ctx.Err()
	}
	if err != nil {
		return got, said(ctx, err)
	}
	if total >= 0 && counted.done != total {
		_ = os.Remove(got.temporary)
		return got, errCut
	}
	got.Digest = hex.EncodeToString(sum.Sum(nil))
	return got, nil
}

// edition asks for the newest edition of a source, and gives the URL that was asked last.
func (u *Updater) edition(ctx context.Context, s Source, known kept) (response *http.Response, at string, err error) {
	for _, at = range s.urls(u.now()) {
		conditions := known
		if known.From != withoutQuery(at) {
			conditions = kept{} // an ETag belongs to its URL
		}
		response, err = u.get(ctx, at, s.Account, conditions)
		if !errors.Is(err, errNotFound) {
			return response, at, err
		}
	}
	return nil, at, err
}

func tooLarge(n, most int64) error {
	return fmt.Errorf("the file has %d bytes or more, over the bound of %d: this is not the expected database", n, most)
}

// store unpacks what comes into a temporary file and syncs it. On any error nothing is left.
func (u *Updater) store(path string, packed io.Reader, s Source) (name string, err error) {
	folder := filepath.Dir(path)
	f, err := os.CreateTemp(folder, temporaryName)
	if err != nil {
		return "", onDisk(folder, err)
	}
	defer func() {
		if err != nil {
			f.Close()
			_ = os.Remove(f.Name())
		}
	}()
	disk := &diskWriter{w: u.disk(f)}
	size, err := unpack(disk, packed, s.most())
	if disk.err != nil {
		return "", onDisk(folder, disk.err)
	}
	if err != nil {
		return "", err
	}
	if size < s.least() {
		return "", fmt.Errorf("the database has only %d bytes, less than the %d that are expected: "+
			"the publisher may have a fault, so try again tomorrow", size, s.least())
	}
	if err := f.Sync(); err != nil {
		return "", onDisk(folder, err)
	}
	return f.Name(), f.Close()
}

// onDisk says what a failure to write means.
func onDisk(folder string, err error) error {
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return fmt.Errorf("the disk of %s is full: make room", folder)
	case errors.Is(err, os.ErrPermission), errors.Is(err, syscall.EROFS):
		return fmt.Errorf("%s cannot be written in: give the folder to the user that runs this command, or run it as its owner", folder)
	case errors.Is(err, os.ErrNotExist):
		return fmt.Errorf("the folder %s does not exist: make it", folder)
	}
	return fmt.Errorf("write in %s: %w", folder, err)
}

// counter bounds and counts what comes.
type counter struct {
	r          io.Reader
	done, left int64
	heard      func(done int64)
}

func (c *counter) Read(p []byte) (int, error) {
	if c.left <= 0 {
		if n, err := c.r.Read(p[:min(1, len(p))]); n == 0 {
			return 0, err
		}
		return 0, tooLarge(c.done+1, c.done)
	}
	n, err := c.r.Read(p[:min(int64(len(p)), c.left)])
	c.done, c.left = c.done+int64(n), c.left-int64(n)
	if n > 0 {
		c.heard(c.done)
	}
	return n, err
}

// diskWriter remembers its failure, which is another's fault than the server's.
type diskWriter struct {
	w   io.Writer
	err error
}

func (d *diskWriter) Write(p []byte) (int, error) {
	n, err := d.w.Write(p)
	if err != nil {
		d.err = err
	}
	return n, err
}

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
