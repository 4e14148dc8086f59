package geolocate

import (
	"cmp"
	"slices"
	"strings"
)

// suffixes finds the longest known suffix of a host name. A label of a pattern is written
// out, is "*" (any one label), or ends in "*" (any label with that start). It is only
// read after the last add, and then safe for concurrent use.
type suffixes struct {
	exact map[string]*suffix
	wild  map[string][]*suffix // by what stands behind the last label with a star
}

type suffix struct {
	pattern string // as written
	labels  int
	owner   *service
	host    bool // the target's own host counts too, not only a canonical name
}

// add makes a pattern known: lower case, without dots at its ends.
func (s *suffixes) add(pattern string, owner *service, host bool) {
	if s.exact == nil {
		s.exact, s.wild = map[string]*suffix{}, map[string][]*suffix{}
	}
	at := &suffix{pattern, strings.Count(pattern, ".") + 1, owner, host}
	star := strings.LastIndexByte(pattern, '*')
	if star < 0 {
		s.exact[pattern] = at
		return
	}
	_, rest, _ := strings.Cut(pattern[star:], ".")
	s.wild[rest] = append(s.wild[rest], at)
	slices.SortFunc(s.wild[rest], func(a, b *suffix) int { // the longest start goes first
		return cmp.Or(b.labels-a.labels, len(b.pattern)-len(a.pattern))
	})
}

// find returns the pattern with the most labels that the name ends with, or nil; a
// written-out label goes before a start, a longer start before a shorter. The name is in
// lower case, without a trailing dot.
func (s *suffixes) find(name string) *suffix {
	var best *suffix
	labels := 0
	take := func(at *suffix) { best, labels = at, at.labels }
	for rest := name; rest != ""; _, rest, _ = strings.Cut(rest, ".") {
		if at := s.exact[rest]; at != nil && at.labels > labels {
			take(at)
		}
		for _, at := range s.wild[rest] {
			if at.labels > labels && at.fits(name) {
				take(at)
			}
		}
	}
	return best
}

// fits says whether a name ends with the pattern, label by label.
func (s *suffix) fits(name string) bool {
	var want, got string
	for pattern := s.pattern; pattern != ""; {
		want, pattern = lastLabel(pattern)
		got, name = lastLabel(name)
		start, wild := strings.CutSuffix(want, "*")
		if got == "" || got != want && (!wild || !strings.HasPrefix(got, start)) {
			return false
		}
	}
	return true
}

// lastLabel splits the last label off a name.
func lastLabel(name string) (label, rest string) {
	if dot := strings.LastIndexByte(name, '.'); dot >= 0 {
		return name[dot+1:], name[:dot]
	}
	return name, ""
}

// plain is a host name as the tables write it: lower case, without a trailing dot.
func plain(name string) string { return strings.ToLower(strings.TrimSuffix(name, ".")) }
