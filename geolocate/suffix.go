package geolocate

import (
	"slices"
	"strings"
)

// suffixes finds the longest known suffix of a host name, label by label. A label of
// a pattern is written out, is "*" (any one label), or ends in "*" (any label with
// that start). It is only read after the last add, and then safe for concurrent use.
type suffixes struct {
	label   map[string]*suffixes
	starts  []suffixStart
	pattern string // as written; empty when no pattern ends here
	owner   *service
	host    bool // the target's own host counts too, not only a canonical name
}

type suffixStart struct {
	start string // "" for any label
	next  *suffixes
}

// add makes a pattern known: lower case, without dots at its ends.
func (s *suffixes) add(pattern string, owner *service, host bool) {
	at := s
	for rest := pattern; rest != ""; {
		var label string
		label, rest = lastLabel(rest)
		at = at.child(label)
	}
	at.pattern, at.owner, at.host = pattern, owner, host
}

func (s *suffixes) child(label string) *suffixes {
	if start, wild := strings.CutSuffix(label, "*"); wild {
		for _, w := range s.starts {
			if w.start == start {
				return w.next
			}
		}
		next := &suffixes{}
		s.starts = append(s.starts, suffixStart{start, next})
		slices.SortFunc(s.starts, func(a, b suffixStart) int { return len(b.start) - len(a.start) }) // the longest goes first
		return next
	}
	if next := s.label[label]; next != nil {
		return next
	}
	if s.label == nil {
		s.label = map[string]*suffixes{}
	}
	next := &suffixes{}
	s.label[label] = next
	return next
}

// find returns the entry of the pattern with the most labels that the name ends with,
// or nil; a written-out label goes before a start, a longer start before a shorter. The
// name is in lower case, without a trailing dot.
func (s *suffixes) find(name string) *suffixes {
	at, _ := s.deepest(name, 0)
	return at
}

// deepest is find below a node; the tree is as deep as the longest pattern.
func (s *suffixes) deepest(rest string, depth int) (best *suffixes, labels int) {
	if s.pattern != "" {
		best, labels = s, depth
	}
	if rest == "" {
		return best, labels
	}
	label, rest := lastLabel(rest)
	if next := s.label[label]; next != nil {
		if at, n := next.deepest(rest, depth+1); n > labels {
			best, labels = at, n
		}
	}
	for i := range s.starts {
		if !strings.HasPrefix(label, s.starts[i].start) {
			continue
		}
		if at, n := s.starts[i].next.deepest(rest, depth+1); n > labels {
			best, labels = at, n
		}
	}
	return best, labels
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
