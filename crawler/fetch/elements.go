package fetch

import (
	"bytes"
	"strconv"

	"golang.org/x/net/html"

	"vigil/casefile"
)

// longestName is longer than every element name that is told apart.
const longestName = 12

// tagName reads the name of a raw tag in lower case: its first bytes, and a hash
// of it all. The tokenizer's own TagName makes a copy of each.
func tagName(raw []byte, name *[longestName]byte) (n int, hash uint64) {
	hash = fnvOffset
	raw = bytes.TrimPrefix(raw[1:], []byte("/"))
	for i, c := range raw {
		switch c {
		case ' ', '\t', '\n', '\r', '\f', '/', '>':
			return n, hash
		}
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		hash = (hash ^ uint64(c)) * fnvPrime
		if i < longestName {
			name[i] = c
			n++
		}
	}
	return n, hash
}

// start counts an element; it says whether its text is hidden.
func (p *page) start(z *html.Tokenizer) hiding {
	p.Elements++
	var name [longestName]byte
	raw := z.Raw()
	n, hash := tagName(raw, &name)
	p.structure = (p.structure ^ hash) * fnvPrime
	element := string(name[:n])
	p.endBlock(element, false)
	switch {
	case p.store:
		p.matches.note(&p.signs, p.signs.word(hash), inStore)
	case element == "a", element == "img" && p.Images >= maxPictures: // what a page links to says nothing of the page
	case len(raw) > n+len("</>"):
		p.sign(raw, inTag)
	}
	switch element {
	case "a", "area":
		p.Links++
		p.inLink = element == "a"
		if p.listing.index {
			p.listing.link(attribute(z, "href"))
		}
	case "img", "picture":
		p.Images++
		p.matches.led = p.matches.led || !p.inLink
	case "video", "audio", "embed", "object":
		p.Media++
	case "iframe", "frame":
		p.Frames++
	case "form":
		p.Forms++
	case "script":
		p.Scripts++
		return hidesScript
	case "style":
		return hidesStyle
	case "title":
		if p.inTitle = !p.titled; p.inTitle {
			p.text.pause()
			p.matches.quote = quotation{}
		}
	case "noscript":
		p.noscript++
	case "template":
		p.template++
	case "blockquote", "q", "textarea", "select": // quotations, and what a visitor may say
		p.quoted++
		p.text.pause()
	case "button":
		p.Buttons++
	case "input":
		p.input(z)
	case "meta":
		p.meta(z)
	}
	return hidesNothing
}

// input notes fields that tell what a form is for.
func (p *page) input(z *html.Tokenizer) {
	for {
		key, value, more := z.TagAttr()
		switch string(key) {
		case "type":
			if bytes.EqualFold(value, []byte("password")) {
				p.Passwords++
			}
			p.search = p.search || bytes.EqualFold(value, []byte("search"))
			if bytes.EqualFold(value, []byte("submit")) || bytes.EqualFold(value, []byte("button")) || bytes.EqualFold(value, []byte("image")) {
				p.Buttons++
			}
		case "name":
			p.search = p.search || searchFields[string(bytes.ToLower(value))]
		}
		if !more {
			return
		}
	}
}

// searchFields are the names that common software gives the field of a search: q (OpenSearch, and most
// engines), s (WordPress), query (Drupal 7 and older, MediaWiki's API), keys (Drupal), search (MediaWiki),
// searchword (Joomla), keywords (phpBB, XenForo), wd (Baidu).
var searchFields = map[string]bool{
	"q": true, "s": true, "query": true, "keys": true, "search": true, "searchword": true, "keyword": true, "keywords": true, "wd": true,
}

func attribute(z *html.Tokenizer, want string) []byte {
	for {
		key, value, more := z.TagAttr()
		if string(key) == want {
			return value
		}
		if !more {
			return nil
		}
	}
}

// meta notes a refresh that leads elsewhere within maxRefresh seconds.
func (p *page) meta(z *html.Tokenizer) {
	isRefresh, where := false, ""
	for {
		key, value, more := z.TagAttr()
		switch string(key) {
		case "http-equiv":
			isRefresh = bytes.EqualFold(value, []byte("refresh"))
		case "content":
			where = refreshTo(value)
		}
		if !more {
			break
		}
	}
	if isRefresh && p.onward == "" {
		p.onward = where
	}
}

// refreshTo is the address that a refresh leads to within maxRefresh seconds: a delay, a semicolon or
// comma, an address. It is empty when it does not: without an address the page loads itself anew.
func refreshTo(value []byte) string {
	delay, rest, found := bytes.Cut(value, []byte(";"))
	if !found {
		delay, rest, found = bytes.Cut(value, []byte(","))
	}
	if rest = bytes.TrimSpace(rest); len(rest) >= len("url=") && bytes.EqualFold(rest[:len("url=")], []byte("url=")) {
		rest = bytes.Trim(rest[len("url="):], " '\"")
	}
	seconds, err := strconv.ParseFloat(string(bytes.TrimSpace(delay)), 64)
	if !found || err != nil || seconds < 0 || seconds > maxRefresh || len(rest) > casefile.MaxURL {
		return ""
	}
	return string(rest)
}
