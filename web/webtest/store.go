// Package webtest holds what the tests of the API and of the pages share: a small
// store in memory and a few cases that show every part of a page.
//
// All of it is made up: example names, documentation addresses, our own text. It
// must not be used outside of tests.
package webtest

import (
	"context"
	"slices"
	"sync"
	"time"

	"vigil/casefile"
	"vigil/lifecycle"
)

// Store keeps cases in memory, as the web needs them kept. It is safe for
// concurrent use. Err, when set, is what every method answers.
type Store struct {
	Err error

	mu       sync.Mutex
	cases    []casefile.Case // by id from 1
	reports  []casefile.Report
	visits   map[casefile.CaseID][]casefile.Visit
	events   map[casefile.CaseID][]casefile.Event
	notices  []casefile.Notice
	names    map[casefile.CaseID]casefile.SameLabelDomains
	once     map[string]once
	sessions map[string]session
}

type once struct {
	request string
	added   []casefile.Added
}

type session struct {
	data   []byte
	expiry time.Time
}

// NewStore makes an empty Store.
func NewStore() *Store {
	return &Store{
		visits: map[casefile.CaseID][]casefile.Visit{}, events: map[casefile.CaseID][]casefile.Event{},
		names: map[casefile.CaseID]casefile.SameLabelDomains{}, once: map[string]once{}, sessions: map[string]session{},
	}
}

var missing = casefile.Problemf(casefile.ProblemNotFound, "id", "there is no such case")

func (s *Store) find(id casefile.CaseID) (*casefile.Case, error) {
	if s.Err != nil {
		return nil, s.Err
	}
	if id < 1 || int(id) > len(s.cases) {
		return nil, missing
	}
	return &s.cases[id-1], nil
}

func (s *Store) append(id casefile.CaseID, events ...casefile.Event) {
	history := s.events[id]
	var seq int64
	var hash string
	if n := len(history); n > 0 {
		seq, hash = history[n-1].Seq, history[n-1].Hash
	}
	casefile.Chain(id, seq, hash, events)
	s.events[id] = append(history, events...)
}

// AddReports opens or finds the case of each report.
func (s *Store) AddReports(_ context.Context, reports []casefile.Report, now time.Time) ([]casefile.Added, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.add(reports, now)
}

func (s *Store) add(reports []casefile.Report, now time.Time) ([]casefile.Added, error) {
	if s.Err != nil {
		return nil, s.Err
	}
	var added []casefile.Added
	for _, r := range reports {
		at := slices.IndexFunc(s.cases, func(c casefile.Case) bool { return c.Target.URL() == r.Target.URL() })
		opened := at < 0
		var events []casefile.Event
		if opened {
			c, e := lifecycle.Open(r, "0123", now)
			c.ID = casefile.CaseID(len(s.cases) + 1)
			s.cases, at, events = append(s.cases, c), len(s.cases), e
		} else {
			s.cases[at], events, _ = lifecycle.Apply(s.cases[at], now, lifecycle.Reported{Report: r})
		}
		r.CaseID, r.ID = s.cases[at].ID, casefile.ReportID(len(s.reports)+1)
		s.reports = append(s.reports, r)
		s.append(r.CaseID, events...)
		added = append(added, casefile.Added{ReportID: r.ID, CaseID: r.CaseID, New: opened})
	}
	return added, nil
}

// AddReportsOnce adds reports once a key.
func (s *Store) AddReportsOnce(_ context.Context, key string, request []byte, reports []casefile.Report, now time.Time) ([]casefile.Added, bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if before, known := s.once[key]; known {
		if before.request != string(request) {
			return nil, false, casefile.Problemf(casefile.ProblemConflict, "Idempotency-Key", "this key was used for another request")
		}
		return before.added, true, nil
	}
	added, err := s.add(reports, now)
	if err == nil {
		s.once[key] = once{string(request), added}
	}
	return added, false, err
}

// Case finds one.
func (s *Store) Case(_ context.Context, id casefile.CaseID) (casefile.Case, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, err := s.find(id)
	if err != nil {
		return casefile.Case{}, err
	}
	return *c, nil
}

// Cases lists newest first.
func (s *Store) Cases(_ context.Context, f casefile.CaseFilter) ([]casefile.Case, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []casefile.Case
	for _, c := range slices.Backward(s.cases) {
		switch {
		case len(out) == f.Limit, f.Before > 0 && c.ID >= f.Before, f.Standing != "" && c.Standing != f.Standing,
			f.Country != "" && (c.Hosting == nil || c.Hosting.Country != f.Country),
			f.Hotline != "" && (c.Assignment == nil || !slices.Contains(c.Assignment.Hotlines, f.Hotline)):
			continue
		}
		out = append(out, c)
	}
	return out, s.Err
}

// Counts counts by standing.
func (s *Store) Counts(context.Context) (map[casefile.Standing]int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	counts := map[casefile.Standing]int{}
	for _, c := range s.cases {
		counts[c.Standing]++
	}
	return counts, s.Err
}

// Reports of a case.
func (s *Store) Reports(_ context.Context, id casefile.CaseID) ([]casefile.Report, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []casefile.Report
	for _, r := range s.reports {
		if r.CaseID == id {
			out = append(out, r)
		}
	}
	return out, s.Err
}

// SameLabelDomains of a case, as the samples set them.
func (s *Store) SameLabelCases(_ context.Context, id casefile.CaseID) (casefile.SameLabelDomains, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.names[id], s.Err
}

// Visits of a case, newest first.
func (s *Store) Visits(_ context.Context, id casefile.CaseID, before casefile.VisitID, limit int) ([]casefile.Visit, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []casefile.Visit
	for _, v := range slices.Backward(s.visits[id]) {
		if len(out) < limit && (before == 0 || v.ID < before) {
			out = append(out, v)
		}
	}
	return out, s.Err
}

// LatestEvents of a case, newest first, without the bookkeeping.
func (s *Store) LatestEvents(_ context.Context, id casefile.CaseID, before int64, limit int) ([]casefile.Event, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []casefile.Event
	for i := len(s.events[id]) - 1; i >= 0 && len(out) < limit; i-- {
		if e := s.events[id][i]; !e.Kind.Bookkeeping() && (before == 0 || e.Seq < before) {
			out = append(out, e)
		}
	}
	return out, s.Err
}

// Events of a case, oldest first.
func (s *Store) Events(_ context.Context, id casefile.CaseID, afterSeq int64, limit int) ([]casefile.Event, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []casefile.Event
	for _, e := range s.events[id] {
		if len(out) < limit && e.Seq > afterSeq {
			out = append(out, e)
		}
	}
	return out, s.Err
}

// Act applies an action.
func (s *Store) Act(_ context.Context, id casefile.CaseID, a casefile.Action) (casefile.Case, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, err := s.find(id)
	if err != nil {
		return casefile.Case{}, err
	}
	for i := len(s.visits[id]) - 1; i >= 0 && a.Kind == casefile.ActAccept && a.Page == nil; i-- {
		if v := s.visits[id][i]; a.Visit == 0 || a.Visit == v.ID {
			a.Visit, a.Page = v.ID, v.Page()
		}
	}
	next, events, problem := lifecycle.Apply(*c, a.At, lifecycle.Acted{Action: a})
	if problem != nil {
		return casefile.Case{}, problem
	}
	next.Version++
	*c = next
	s.append(id, events...)
	return next, nil
}

// Reveal appends the event, then answers.
func (s *Store) Reveal(_ context.Context, id casefile.CaseID, actor, reason string, now time.Time) (casefile.Target, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, err := s.find(id)
	if err != nil {
		return casefile.Target{}, err
	}
	s.append(id, casefile.Event{At: now, Kind: casefile.EventRevealed, Actor: actor, Data: map[string]string{"reason": reason}})
	return c.Target, nil
}

// Notices lists newest first.
func (s *Store) Notices(_ context.Context, f casefile.NoticeFilter) ([]casefile.Notice, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []casefile.Notice
	for _, n := range slices.Backward(s.notices) {
		if len(out) < f.Limit && (f.Before == 0 || n.ID < f.Before) && (f.CaseID == 0 || n.CaseID == f.CaseID) && (f.State == "" || n.State == f.State) {
			out = append(out, n)
		}
	}
	return out, s.Err
}

// Notice finds one.
func (s *Store) Notice(_ context.Context, id casefile.NoticeID) (casefile.Notice, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.Err != nil {
		return casefile.Notice{}, s.Err
	}
	if id < 1 || int(id) > len(s.notices) {
		return casefile.Notice{}, casefile.Problemf(casefile.ProblemNotFound, "id", "there is no such notice")
	}
	return s.notices[id-1], nil
}

// Find is a session (the shape of an scs store).
func (s *Store) Find(token string) ([]byte, bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	found, ok := s.sessions[token]
	return found.data, ok && time.Now().Before(found.expiry), s.Err
}

// Commit keeps a session.
func (s *Store) Commit(token string, b []byte, expiry time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sessions[token] = session{b, expiry}
	return s.Err
}

// Delete ends a session.
func (s *Store) Delete(token string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.sessions, token)
	return s.Err
}
