package fetch

import (
	"bufio"
	"bytes"
	"cmp"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"
)

// acceptEncoding is what browsers send over TLS; some servers answer by it.
const acceptEncoding = "gzip, deflate, br, zstd"

// Bounds of decoders. A decoder's memory is its window, which the server chooses:
// gzip and deflate 32 KiB (RFC 1951), br up to 16 MiB (RFC 7932, section 9.1), zstd up
// to the 8 MiB that a browser must take (RFC 9659, section 3).
const (
	maxCodings   = 3        // stacked; honest servers send one
	maxZstd      = 8 << 20  // bytes of window
	zstdWeight   = 10 << 20 // bytes held by a decoder with that window (9.4 MB measured)
	brotliExtra  = 128 << 10
	decoderRoom  = 256 << 20 // bytes that the windows of all looks may take together
	smallDecoder = 1 << 20   // bytes; a decoder that took more is dropped and not pooled
)

// codings are the content encodings of an answer in the order they were applied, in
// lower case; identity is none.
func codings(h http.Header) []string {
	var list []string
	for c := range strings.SplitSeq(strings.Join(h["Content-Encoding"], ","), ",") {
		switch c = strings.ToLower(strings.TrimSpace(c)); c {
		case "", "identity":
		case "x-gzip": // RFC 9110, section 8.4.1.3
			list = append(list, "gzip")
		default:
			list = append(list, c)
		}
	}
	return list
}

// decodable says whether all of them can be undone.
func decodable(list []string) bool {
	known := []string{"gzip", "deflate", "br", "zstd"}
	return len(list) <= maxCodings && !slices.ContainsFunc(list, func(c string) bool { return !slices.Contains(known, c) })
}

// decoding is what one body's decoders need; close gives all of it back.
type decoding struct {
	ctx   context.Context //nolint:containedctx // of one body: room for a window is waited for in the middle of a read
	x     *exchange
	s     *scratch
	over  bool // a bound on compressed bytes was reached
	held  int64
	gz    *gzip.Reader // goes back to the buffers
	close []func()
}

// open stacks decoders on raw, the last coding first. What goes into each is bounded:
// in a stack the first one's output is the second one's input.
func (d *decoding) open(raw io.Reader, list []string) io.Reader {
	buffer := d.s.zipped // pooled; only stacks, which are rare, need another
	for _, coding := range slices.Backward(list) {
		if buffer == nil {
			buffer = bufio.NewReaderSize(nil, inBuffer)
		}
		buffer.Reset(&inputLimit{d: d, r: raw, left: d.x.f.options.MaxBody + rawSlack})
		raw = &lazyDecoder{d: d, coding: coding, in: buffer}
		buffer = nil
	}
	return raw
}

// done gives room and decoders back.
func (d *decoding) done() {
	for _, give := range d.close {
		give()
	}
	d.s.gz = cmp.Or(d.gz, d.s.gz)
	d.x.f.room.Release(d.held)
}

// take waits for room for a window. errNoRoom says that the look's time went by.
func (d *decoding) take(bytes int64) error {
	if d.x.f.room.Acquire(d.ctx, bytes) != nil {
		return errNoRoom
	}
	d.held += bytes
	return nil
}

var errNoRoom = errors.New("no room for a decoder")

// inputLimit ends a compressed stream at its bound, and notes that it did.
type inputLimit struct {
	d    *decoding
	r    io.Reader
	left int64
}

func (l *inputLimit) Read(p []byte) (int, error) {
	if l.left == 0 {
		l.d.over = true
		return 0, io.EOF
	}
	n, err := l.r.Read(p[:min(int64(len(p)), l.left)])
	l.left -= int64(n)
	return n, err
}

// lazyDecoder makes its decoder at the first byte: an empty body is empty, whatever
// its headers say, and a window's size stands in the first byte.
type lazyDecoder struct {
	d      *decoding
	coding string
	in     *bufio.Reader
	out    io.Reader
	some   bool // something was decoded
}

func (l *lazyDecoder) Read(p []byte) (int, error) {
	if l.out == nil {
		first, err := l.in.Peek(2)
		if len(first) == 0 {
			return 0, err
		}
		if l.out, err = l.d.decoder(l.coding, l.in, first); err != nil {
			return 0, err
		}
	}
	n, err := l.out.Read(p)
	if l.some = l.some || n > 0; l.some && surplus(err) {
		err = io.EOF
	}
	return n, err
}

// surplus says whether bytes came after the end of a whole compressed stream. Browsers
// take no notice of them, and no more does a look: the page was complete.
func surplus(err error) bool {
	return errors.Is(err, gzip.ErrHeader) || errors.Is(err, zstd.ErrMagicMismatch) || err != nil && err.Error() == "brotli: excessive input"
}

func (d *decoding) decoder(coding string, in *bufio.Reader, first []byte) (io.Reader, error) {
	switch coding {
	case "gzip":
		return d.gunzip(in)
	case "deflate":
		// RFC 9110, section 8.4.1.2, says zlib; many servers send bare deflate, and
		// browsers take both. The header of RFC 1950 tells them apart.
		if len(first) == 2 && first[0]&0x0f == 8 && (int(first[0])<<8|int(first[1]))%31 == 0 {
			return zlib.NewReader(in)
		}
		return flate.NewReader(in), nil
	case "br":
		return d.brotli(in, first[0])
	}
	return d.zstd(in) // no other is decodable
}

// brotli makes a decoder for the window that the first byte asks for.
func (d *decoding) brotli(in *bufio.Reader, first byte) (io.Reader, error) {
	window := brotliWindow(first)
	if err := d.take(window + brotliExtra); err != nil {
		return nil, err
	}
	r := d.s.br
	if r == nil {
		r = new(brotli.Reader)
	}
	d.s.br = nil
	_ = r.Reset(in)
	if window <= smallDecoder {
		d.close = append(d.close, func() { _ = r.Reset(bytes.NewReader(nil)); d.s.br = r })
	}
	return r, nil
}

// brotliWindow is the window that the header of a brotli stream declares, in bytes
// (RFC 7932, section 9.1). The "large window" form that the RFC does not know is
// refused by the decoder.
func brotliWindow(first byte) int64 {
	switch {
	case first&1 == 0:
		return 1 << 16
	case first>>1&7 != 0:
		return 1 << (17 + first>>1&7)
	case first>>4&7 == 0:
		return 1 << 17
	}
	return 1 << (8 + first>>4&7)
}

// zstd makes a decoder. It is not pooled: its window stays as large as it ever was.
func (d *decoding) zstd(in io.Reader) (io.Reader, error) {
	if err := d.take(zstdWeight); err != nil {
		return nil, err
	}
	z, err := zstd.NewReader(in, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxZstd))
	if err != nil {
		return nil, err
	}
	d.close = append(d.close, z.Close)
	return z, nil
}

// gunzip makes a decoder, or takes that of the buffers when it is free.
func (d *decoding) gunzip(in *bufio.Reader) (io.Reader, error) {
	z := d.s.gz
	if z == nil {
		z = new(gzip.Reader)
	}
	d.s.gz, d.gz = nil, z
	return z, z.Reset(in)
}
