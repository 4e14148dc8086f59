package fetch

import (
	"bufio"
	"compress/gzip"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"net/http"
	"strings"

	"vigil/casefile"
)

const (
	inBuffer    = 4 << 10 // bytes buffered in front of a connection
	drainBuffer = 8 << 10 // bytes read at once where nothing is parsed
	// rawSlack is how much longer than MaxBody the compressed stream may be: honest
	// compression never grows a body by more than its headers.
	rawSlack = 64 << 10
)

// scratch is what one request needs in buffers. It is pooled: what a body left in
// the buffers stays in memory, and only there, until the next one overwrites it.
type scratch struct {
	in     *bufio.Reader // in front of the connection
	out    []byte        // the request
	zipped *bufio.Reader // in front of the decoder
	gz     *gzip.Reader
	mac    hash.Hash     // of the body
	title  hash.Hash     // of the title, under the same key
	peek   *bufio.Reader // in front of the parser
	drain  []byte
	page   page
}

func newScratch(key []byte) *scratch {
	return &scratch{
		in:     bufio.NewReaderSize(nil, inBuffer),
		peek:   bufio.NewReaderSize(nil, inBuffer),
		zipped: bufio.NewReaderSize(nil, inBuffer),
		drain:  make([]byte, drainBuffer),
		mac:    hmac.New(sha256.New, key),
		title:  hmac.New(sha256.New, key),
	}
}

// putScratch lets go of the connection and gives the buffers back.
func (f *Fetcher) putScratch(s *scratch) {
	s.in.Reset(nil)
	s.peek.Reset(nil)
	s.zipped.Reset(nil)
	f.scratch.Put(s)
}

// readBody reads the decoded body up to MaxBody, reduces it to features and drops
// it. Features are those of what came, also when a fault ends it.
func (x *exchange) readBody(ctx context.Context, s *scratch, r *http.Response) {
	raw := &rawBody{r: r.Body, left: -1, untilClose: r.ContentLength < 0 && len(r.TransferEncoding) == 0}
	var decoded io.Reader = raw
	var broken error
	understood := true
	switch coding := strings.ToLower(strings.TrimSpace(strings.Join(r.Header["Content-Encoding"], ","))); coding {
	case "", "identity":
	case "gzip", "x-gzip":
		raw.left = x.f.options.MaxBody + rawSlack
		decoded, broken = s.gunzip(raw)
	default:
		// Not asked for: digested as it came, and not parsed.
		understood = false
	}
	m := &meter{r: decoded, mac: s.mac, max: x.f.options.MaxBody}
	s.mac.Reset()
	if broken != nil {
		m.err = broken
	}
	features := casefile.Features{}
	s.read(m, x.ask.Target, r.Header, understood, &features)
	features.Digest = hexSum(s.mac)
	x.answer.BodyBytes, x.answer.Truncated, x.answer.Features = m.n, m.truncated || raw.over, &features
	switch {
	case m.err == nil, errors.Is(m.err, io.EOF), raw.over:
	case raw.err == nil || errors.Is(raw.err, io.EOF):
		// The transfer was whole: what is broken is the encoding inside of it.
		x.answer.Fault = &casefile.Fault{Kind: casefile.FaultProtocol, Phase: casefile.PhaseBody, Detail: detailEncoding}
	default:
		x.answer.Fault = faultOf(ctx, raw.err, casefile.PhaseBody)
	}
}

// gunzip starts decoding. An empty body is empty, whatever its headers say.
func (s *scratch) gunzip(raw io.Reader) (io.Reader, error) {
	s.zipped.Reset(raw)
	if _, err := s.zipped.Peek(1); errors.Is(err, io.EOF) {
		return s.zipped, nil
	}
	if s.gz == nil {
		z, err := gzip.NewReader(s.zipped)
		if err != nil {
			return nil, err
		}
		s.gz = z
		return z, nil
	}
	if err := s.gz.Reset(s.zipped); err != nil {
		return nil, err
	}
	return s.gz, nil
}

// rawBody is the body as it was transferred. It notes the transfer's own error,
// apart from what a decoder makes of it.
type rawBody struct {
	r    io.Reader
	left int64 // bytes that may still come; negative is no bound
	over bool  // the bound was reached
	err  error
	// untilClose says that the body ends with the connection. Over TLS many servers
	// just close: that is an end and no truncation, as for browsers.
	untilClose bool
}

func (b *rawBody) Read(p []byte) (int, error) {
	if b.left == 0 {
		b.over = true
		return 0, io.EOF
	}
	if b.left > 0 {
		p = p[:min(int64(len(p)), b.left)]
	}
	n, err := b.r.Read(p)
	if b.left > 0 {
		b.left -= int64(n)
	}
	if b.untilClose && errors.Is(err, io.ErrUnexpectedEOF) {
		err = io.EOF
	}
	if err != nil {
		b.err = err
	}
	return n, err
}

// meter digests and counts what is read, up to max bytes. One more byte is asked
// for to know whether that was all.
type meter struct {
	r         io.Reader
	mac       hash.Hash
	n, max    int64
	truncated bool
	err       error
	probe     [1]byte
}

func (m *meter) Read(p []byte) (int, error) {
	if m.err != nil {
		return 0, m.err
	}
	if m.n >= m.max {
		n, err := m.r.Read(m.probe[:])
		if n > 0 {
			m.truncated, err = true, io.EOF
		}
		m.err = err
		return 0, err
	}
	n, err := m.r.Read(p[:min(int64(len(p)), m.max-m.n)])
	m.mac.Write(p[:n])
	m.n += int64(n)
	m.err = err
	return n, err
}

// finish reads the rest for the digest.
func (m *meter) finish(buffer []byte) {
	for m.err == nil {
		_, _ = m.Read(buffer)
	}
}

// titleDigest is the keyed digest of a title, given as the hashes of its folded words.
func (s *scratch) titleDigest(words []uint64) string {
	s.title.Reset()
	s.title.Write([]byte("title\x00"))
	for _, w := range words {
		var b [8]byte
		binary.BigEndian.PutUint64(b[:], w)
		s.title.Write(b[:])
	}
	return hexSum(s.title)
}

func hexSum(mac hash.Hash) string {
	var sum [sha256.Size]byte
	return hex.EncodeToString(mac.Sum(sum[:0]))
}
