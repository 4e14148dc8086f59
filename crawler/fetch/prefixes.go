package fetch

import (
	"encoding/hex"
	"hash"
	"net/http"
	"strconv"
	"strings"

	"vigil/casefile"
)

// prefixSum is the length of a digest of a file's beginning: 128 of 256 bits, far more than are
// needed to tell two beginnings apart.
const prefixSum = 16

// What decides that a body is a file is read through inBuffer: no more of it may have
// gone by than the first digest is made of.
const _ = uint(casefile.FirstPrefix - inBuffer)

// prefixDigests are the digests of a file's beginning, taken from the digest of the whole while
// it is made: no byte is hashed twice.
type prefixDigests struct {
	next int64 // where the next one is due; 0: none is
	sums []string
}

// begin asks for them, once it is known that the body is a file.
func (d *prefixDigests) begin(mac hash.Hash, n int64) {
	d.next = casefile.FirstPrefix
	d.reach(mac, n)
}

// upTo is how many of size bytes may be digested before the next one is due.
func (d *prefixDigests) upTo(n int64, size int) int {
	if d.next == 0 {
		return size
	}
	return int(min(int64(size), d.next-n))
}

// reach takes the digest of the first n bytes when it is due.
func (d *prefixDigests) reach(mac hash.Hash, n int64) {
	if n != d.next || n == 0 {
		return
	}
	var sum [64]byte
	d.sums = append(d.sums, hex.EncodeToString(mac.Sum(sum[:0])[:prefixSum]))
	if d.next *= 2; len(d.sums) == casefile.MaxPrefixDigests {
		d.next = 0
	}
}

// kindOf is the type of a file by its first bytes, without parameters. The standard library
// answers from the closed set of the MIME Sniffing standard.
func kindOf(peek func(int) ([]byte, error)) string {
	head, _ := peek(512)
	if len(head) == 0 {
		return ""
	}
	kind, _, _ := strings.Cut(http.DetectContentType(head), ";")
	return kind
}

// fileSize completes the traits of a file: n bytes were read, and all says that it ended with them.
func fileSize(f *casefile.Features, r *http.Response, n int64, all, coded bool) {
	if f.HTML {
		return
	}
	f.Bytes = n
	switch {
	case r.StatusCode == http.StatusPartialContent:
		start, total := contentRange(r.Header.Get("Content-Range"))
		f.Length = total
		if start != 0 { // it is not the file's beginning
			f.Kind, f.PrefixDigests = "", nil
		}
	case all:
		f.Length = n
	case !coded && r.ContentLength > 0:
		f.Length = r.ContentLength
	}
}

// contentRange reads "bytes 0-1023/146515" (RFC 9110, section 14.4). No look asks for a range, but a
// server may send one. start is -1 when it cannot be read; total is 0 when it is not stated.
func contentRange(s string) (start, total int64) {
	rest, ok := strings.CutPrefix(strings.TrimSpace(s), "bytes ")
	span, size, okSize := strings.Cut(rest, "/")
	first, last, okSpan := strings.Cut(span, "-")
	start, errFirst := strconv.ParseInt(first, 10, 64)
	end, errLast := strconv.ParseInt(last, 10, 64)
	if !ok || !okSize || !okSpan || errFirst != nil || errLast != nil || start < 0 || end < start {
		return -1, 0
	}
	total, err := strconv.ParseInt(size, 10, 64)
	if err != nil || total <= end {
		return start, 0
	}
	return start, total
}
