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
	"time"

	"github.com/andybalholm/brotli"

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
	in      *bufio.Reader // in front of the connection
	out     []byte        // the request
	zipped  *bufio.Reader // in front of the decoder
	gz      *gzip.Reader
	br      *brotli.Reader
	mac     hash.Hash     // of the body
	title   hash.Hash     // of the title, under the same key
	peek    *bufio.Reader // in front of the parser
	drain   []byte
	matcher *matcher
	page    page
}

func newScratch(key []byte) *scratch {
	return &scratch{
		matcher: traits(),
		in:      bufio.NewReaderSize(nil, inBuffer),
		peek:    bufio.NewReaderSize(nil, inBuffer),
		zipped:  bufio.NewReaderSize(nil, inBuffer),
		drain:   make([]byte, drainBuffer),
		mac:     hmac.New(sha256.New, key),
		title:   hmac.New(sha256.New, key),
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
	raw := &rawBody{r: r.Body, length: r.ContentLength, chunked: len(r.TransferEncoding) > 0, begin: time.Now()}
	raw.last = raw.begin
	wait, cancel := context.WithDeadline(ctx, x.conn.end())
	defer cancel()
	d := &decoding{ctx: wait, x: x, s: s}
	defer d.done()
	list := codings(r.Header)
	understood := decodable(list)
	var decoded io.Reader = raw
	if understood {
		decoded = d.open(raw, list)
	} // else it was not asked for: digested as it came, and not parsed
	m := &meter{r: decoded, mac: s.mac, max: x.f.options.MaxBody}
	s.mac.Reset()
	features := casefile.Features{}
	s.read(m, x.ask.Target, r.Header, understood, &features)
	features.Digest = hexSum(s.mac)
	fileSize(&features, r, m.n, !m.truncated && !d.over && errors.Is(m.err, io.EOF), len(list) > 0)
	if handsOn(r.StatusCode, &features) {
		x.answer.Onward = s.page.onward
	}
	s.page.onward = "" // as sensitive as a URL
	x.answer.BodyBytes, x.answer.Features = m.n, &features
	x.answer.Truncated = m.truncated || d.over || features.Length > m.n && errors.Is(m.err, io.EOF) // a range is not all
	switch {
	case m.err == nil, errors.Is(m.err, io.EOF), d.over:
	case errors.Is(m.err, errNoRoom):
		x.answer.Fault = &casefile.Fault{Kind: casefile.FaultInterrupted, Phase: casefile.PhaseBody, Detail: detailNoRoom}
	case raw.err == nil || errors.Is(raw.err, io.EOF):
		// The transfer was whole: what is broken is the encoding inside of it.
		x.answer.Fault = &casefile.Fault{Kind: casefile.FaultProtocol, Phase: casefile.PhaseBody, Detail: detailEncoding}
	default:
		x.answer.Fault = raw.fault(ctx)
	}
}

// handsOn says whether a page does nothing but send its visitors on by a refresh: a few words about that, and
// no content, no form and no script of its own. A slide show or a page with something to read that leads on is
// a page.
func handsOn(status int, f *casefile.Features) bool {
	return status/100 == 2 && f.HTML && f.Words <= casefile.RefreshWords && f.Images+f.Media+f.Frames+f.Forms+f.Scripts == 0 &&
		len(f.Markers) == 1 && f.Mentions(casefile.MarkerMetaRefresh)
}

// rawBody is the body as it was transferred. It notes the transfer's own error,
// apart from what a decoder makes of it, and how fast it came.
type rawBody struct {
	r       io.Reader
	length  int64 // announced; below 0 none was
	chunked bool
	err     error
	n       int64     // bytes that came
	begin   time.Time // of the body
	last    time.Time // when the last bytes came
}

func (b *rawBody) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	if n > 0 {
		b.n += int64(n)
		b.last = time.Now()
	}
	// Without length and chunks the body ends with the connection. Over TLS many
	// servers just close: that is an end and no truncation, as for browsers.
	if b.length < 0 && !b.chunked && errors.Is(err, io.ErrUnexpectedEOF) {
		err = io.EOF
	}
	if err != nil {
		b.err = err
	}
	return n, err
}

// Numbers of a body that did not end in time.
const (
	stillShare = 4   // the body stood still when nothing came in the last quarter of its time
	dripRate   = 256 // bytes a second; no connection that people read pages over is as slow
)

// fault says why the transfer broke off.
func (b *rawBody) fault(ctx context.Context) *casefile.Fault {
	fault := faultOf(ctx, b.err, casefile.PhaseBody)
	took := time.Since(b.begin)
	switch {
	case fault.Kind == casefile.FaultTimeout && time.Since(b.last) > took/stillShare:
		fault.Detail = detailStill
	case fault.Kind == casefile.FaultTimeout && float64(b.n) < dripRate*took.Seconds():
		fault.Detail = detailDrip
	case fault.Kind != casefile.FaultReset || fault.Detail != detailClosedBody:
	case b.chunked:
		fault.Detail = detailClosedChunk
	case b.length >= 0:
		fault.Detail = detailShort
	}
	return fault
}

// meter digests and counts what is read, up to max bytes. One more byte is asked
// for to know whether that was all.
type meter struct {
	r         io.Reader
	mac       hash.Hash
	prefixes  prefixDigests
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
	for rest := p[:n]; len(rest) > 0; {
		k := m.prefixes.upTo(m.n, len(rest))
		m.mac.Write(rest[:k])
		m.n += int64(k)
		m.prefixes.reach(m.mac, m.n)
		rest = rest[k:]
	}
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
