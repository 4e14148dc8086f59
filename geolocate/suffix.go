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

// find returns the entry of the longest pattern that the name ends with, or nil. The
// name is in lower case, without a trailing dot. A written-out label goes before a
// start, and a way that leads nowhere is not walked back: patterns are few and disjoint.
func (s *suffixes) find(name string) *suffixes {
	var best *suffixes
	at := s
	for rest := name; rest != ""; {
		var label string
		label, rest = lastLabel(rest)
		next := at.label[label]
		for i := 0; next == nil && i < len(at.starts); i++ {
			if strings.HasPrefix(label, at.starts[i].start) {
				next = at.starts[i].next
			}
		}
		if next == nil {
			break
		}
		if at = next; at.pattern != "" {
			best = at
		}
	}
	return best
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
