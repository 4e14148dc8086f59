package fetch

import (
	"bytes"
	"errors"
	"net/http"
	"slices"
	"strings"

	"vigil/casefile"
)

// Bounds of what is read for signs.
const (
	maxTagSign    = 1 << 10  // bytes of a tag; longer ones hold data and not names
	maxScriptSign = 4 << 10  // bytes of a script or comment
	maxPathSign   = 1 << 10  // bytes of a host and path, from its end
	maxSigns      = 64 << 10 // bytes of a page
	maxSigned     = 300      // elements; a page of more has content of its own
	maxPictures   = 8        // pictures
)

// sign looks for signs in a tag, a script or a comment. It reads them as words, so that neither
// quotes nor the order of the letters' case matter. It stops when the page is too long for a sign to count.
func (p *page) sign(raw []byte, at position) {
	if p.Words > maxPhraseWords || p.Elements > maxSigned || p.signed > maxSigns || p.store {
		return
	}
	raw = raw[:min(len(raw), maxScriptSign)]
	if at == inTag {
		raw = raw[:min(len(raw), maxTagSign)]
	}
	p.signed += len(raw)
	p.signs.pause()
	words(raw, func(hash uint64, k kind) {
		if k == kindQuote {
			return
		}
		if list := p.signs.word(hash); list != nil {
			p.matches.note(&p.signs, list, at)
		}
	})
}

// pathMarks are the markers of the URL that answered: hosts send what they removed or suspended
// to pages of their own. A sign must end the path.
func pathMarks(t casefile.Target) markerSet {
	if t.IsZero() {
		return 0
	}
	path, _, _ := strings.Cut(t.Path(), "?")
	track := tracker{matcher: traits()}
	var list []phrase
	feed := func(hash uint64, k kind) {
		if k != kindQuote {
			list = track.word(hash)
		}
	}
	words([]byte(t.Host()), feed)
	words([]byte(path[max(0, len(path)-maxPathSign):]), feed)
	var h matches
	h.note(&track, list, inPath)
	return h.short
}

// isStoreError says whether the body is the error document of an object store: XML with the root
// element Error, as Amazon S3, Google Cloud Storage, Azure Blob Storage, Alibaba OSS and the many
// that speak S3's protocol send it (Amazon S3 API Reference, "REST error responses").
func isStoreError(contentType string, peek func(int) ([]byte, error)) bool {
	if !slices.Contains([]string{"application/xml", "text/xml", ""}, mediaType(contentType)) {
		return false
	}
	head, _ := peek(sniffBytes)
	head = bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf")), " \t\r\n")
	if bytes.HasPrefix(head, []byte("<?xml")) {
		_, rest, _ := bytes.Cut(head, []byte("?>"))
		head = bytes.TrimLeft(rest, " \t\r\n")
	}
	return bytes.HasPrefix(head, []byte("<Error>")) || bytes.HasPrefix(head, []byte("<Error "))
}

// listing is what is known of a directory index that a server made: Apache's mod_autoindex,
// nginx's autoindex and lighttpd's mod_dirlisting write the title "Index of", and links to the
// directory above or, Apache only, to other orders.
type listing struct {
	index   bool // by its title
	orders  bool // by its links
	entries int
}

// link counts a link's address.
func (l *listing) link(href []byte) {
	switch {
	case len(href) == 0, href[0] == '#':
	case bytes.HasPrefix(href, []byte("../")), bytes.HasPrefix(href, []byte("?C=")), bytes.HasPrefix(href, []byte("?N=")):
		l.orders = true
	case href[0] == '/', href[0] == '?', bytes.HasPrefix(href, []byte("http")):
		// the directory above, or the maker's address at the foot
	default:
		l.entries++
	}
}

func (l *listing) marker() (casefile.Marker, bool) {
	switch {
	case !l.index || !l.orders:
		return "", false
	case l.entries == 0:
		return casefile.MarkerEmptyListing, true
	}
	return casefile.MarkerListing, true
}

// addHeader adds a sign of the form "name" or "name: part of the value".
func (m *matcher) addHeader(marker casefile.Marker, sign string) error {
	name, part, _ := strings.Cut(sign, ":")
	if !marker.Valid() || strings.Trim(name, "* ") == "" {
		return errors.New("a header needs a known marker, and the form name or name: part of the value")
	}
	if strings.HasPrefix(name, "*") {
		name = strings.ToLower(name)
	} else {
		name = http.CanonicalHeaderKey(name)
	}
	m.headers = append(m.headers, headerTrait[casefile.Marker]{name: name, part: strings.ToLower(strings.TrimSpace(part)), says: marker})
	return nil
}

// headerMarks are the markers that headers give.
func headerMarks(h http.Header) markerSet {
	var marks markerSet
	traits := traits().headers
	for i := range traits {
		if traits[i].in(h) {
			marks.add(traits[i].says)
		}
	}
	return marks
}
