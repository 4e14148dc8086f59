package geolocate

import (
	_ "embed"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"vigil/casefile"
	"vigil/internal/email"
	"vigil/internal/operatorcsv"
)

//go:embed reverse.csv
var reverseCSV string

const (
	// maxReverseNames bounds the names of an address that are read.
	maxReverseNames = 8
	// maxReverseName bounds a name that is shown and stored, in bytes.
	maxReverseName = 100
	// minHintToken is the shortest code of a place.
	minHintToken = 3
	// minSquashed is the shortest label of a target that is looked for inside of words; shorter ones must be
	// words.
	minSquashed = 4
)

// hints reads countries out of the names of addresses. It is only read after parseHints,
// and safe for concurrent use.
//
// It is the weakest evidence that there is: whoever holds the address wrote the name,
// may have written it years ago, and may call a machine after a city. Of the hostnames of
// routers with a hint, plain lists of codes place 57% (DRoP) to 73% (HLOC) rightly, by the
// word of 13 operators (Luckie et al., Learning to Extract Geographic Information from Internet
// Router Hostnames, CoNEXT 2021, doi:10.1145/3485983.3494869); hosters' names are no
// better. The weight that the rule gives it must follow from that.
type hints struct {
	places  map[string]string // token -> country
	generic map[string]bool   // country-code domains that say nothing
}

func parseHints(text string) (*hints, error) {
	h := &hints{places: map[string]string{}, generic: map[string]bool{}}
	err := operatorcsv.Table(text, 4, func(row []string) error {
		kind, token, code := row[0], row[1], row[2]
		switch kind {
		case "generic":
			if len(token) != 2 || code != "" {
				return fmt.Errorf("generic domain %q must have two letters and no country", token)
			}
			h.generic[token] = true
		case "airport", "metro", "hoster", "clli", "city":
			switch {
			case len(token) < minHintToken || strings.Trim(token, "abcdefghijklmnopqrstuvwxyz") != "":
				return fmt.Errorf("%q is no token of three small letters or more", token)
			case strings.Trim(token, "abcdef") == "":
				return fmt.Errorf("%q may be a hexadecimal number", token)
			case code == "" || casefile.Country(code) != code:
				return fmt.Errorf("%q is no country of %s", code, token)
			case h.places[token] != "":
				return fmt.Errorf("%q stands twice", token)
			}
			h.places[token] = code
		default:
			return fmt.Errorf("unknown kind %q of %s", kind, token)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read table of reverse hints: %w", err)
	}
	return h, nil
}

// reverseHint reads the names of an address (PTR records) of the target. It gives a name
// that may be shown and stored, in lower case, at most 100 bytes (its end, from the
// start of a label), and the ISO 3166-1 country that all names hint at. Both may be empty.
//
// A country is hinted at by the code or the name of a place that is a word of the name
// ("fra1", "ams-3"), left of the registrable domain, and by the country-code domain that
// the name ends in, unless it is sold as a generic one. Hints at several countries are
// no hint. Names that hold the target's host, its registrable domain or one of its labels
// are passed over altogether: their owner is the site, not the host. For a target that
// is an address no name is given, because most names spell the address.
func (h *hints) reverseHint(names []string, target casefile.Target) (name, country string) {
	secret := newSecret(target)
	var codes []string
	for _, n := range names[:min(len(names), maxReverseNames)] {
		n = strings.TrimSuffix(strings.ToLower(n), ".")
		if !isHost(n) || secret.in(n) {
			continue
		}
		if name == "" && !secret.literal {
			name = shortName(n)
		}
		codes = append(codes, h.countries(n)...)
	}
	slices.Sort(codes)
	if codes = slices.Compact(codes); len(codes) == 1 {
		country = codes[0]
	}
	return name, country
}

// countries are those that a name hints at, with repeats.
func (h *hints) countries(name string) []string {
	var out []string
	domain := registrable(name)
	if places, found := strings.CutSuffix(name, "."+domain); found && domain != "" {
		for _, word := range strings.FieldsFunc(places, func(r rune) bool { return r == '.' || r == '-' }) {
			if code := h.places[strings.TrimRight(word, "0123456789")]; code != "" {
				out = append(out, code)
			}
		}
	}
	top := name[strings.LastIndexByte(name, '.')+1:]
	if code := casefile.Country(top); code != "" && !h.generic[top] {
		out = append(out, code)
	}
	return out
}

// secret is what a target's name must not be seen by.
type secret struct {
	literal bool     // the target is an address: every name may spell it
	domains []string // host and registrable domain
	inside  []string // squashed: must not be part of the squashed name
	whole   []string // must not be a word of the name
}

func newSecret(t casefile.Target) secret {
	host := strings.TrimSuffix(strings.ToLower(t.Host()), ".")
	if _, err := netip.ParseAddr(host); err == nil || host == "" {
		return secret{literal: true}
	}
	domain := registrable(host)
	s := secret{domains: []string{host}}
	own := host // the labels left of the public suffix
	if domain != "" {
		s.domains = append(s.domains, domain)
		_, suffix, _ := strings.Cut(domain, ".")
		own = strings.TrimSuffix(host, "."+suffix)
	}
	labels := strings.Split(own, ".")
	for i, label := range labels {
		registered := i == len(labels)-1 // the label that the owner chose; it counts however short
		switch squashed := squash(label); {
		case label == "":
		case len(squashed) >= minSquashed:
			s.inside = append(s.inside, squashed)
		case registered || len(squashed) >= minHintToken:
			s.whole = append(s.whole, label)
		}
	}
	return s
}

// in says whether a name holds the secret.
func (s secret) in(name string) bool {
	squashed := squash(name)
	if slices.ContainsFunc(s.domains, func(d string) bool { return strings.Contains("."+name+".", "."+d+".") }) ||
		slices.ContainsFunc(s.inside, func(part string) bool { return strings.Contains(squashed, part) }) {
		return true
	}
	hyphened := "-" + strings.ReplaceAll(name, ".", "-") + "-"
	for _, w := range s.whole {
		for at, rest := 0, hyphened; at >= 0; {
			if at = strings.Index(rest, "-"+w); at >= 0 {
				rest = rest[at+1+len(w):]
				if strings.TrimLeft(rest, "0123456789")[0] == '-' { // with or without a number
					return true
				}
			}
		}
	}
	return false
}

// squash leaves letters and digits: site-1.example and site1-example are then alike.
func squash(name string) string { return signs.Replace(name) }

var signs = strings.NewReplacer(".", "", "-", "", "_", "")

// shortName is the end of a host name, from the start of a label: who runs the machine
// stands there.
func shortName(name string) string {
	for len(name) > maxReverseName {
		_, name, _ = strings.Cut(name, ".") // a label has at most 63 bytes
	}
	return name
}

// isHost says whether a name has the form of a host name in A-labels (RFC 1123, section 2.1).
func isHost(name string) bool {
	host, problem := email.Host(name)
	return problem == "" && host == name
}
