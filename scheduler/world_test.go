package scheduler

import (
	"cmp"
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"vigil/casefile"
	"vigil/lifecycle"
	"vigil/observe"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// world is the internet of these tests: a Looker that follows a script in virtual time.
type world struct {
	vantages []casefile.Vantage
	takes    time.Duration
	portal   bool // control targets answer with the script's page as it is
	// script answers a look that begins now.
	script func(vantage string, s casefile.Subject) casefile.Observation

	mu      sync.Mutex
	started map[casefile.Purpose]int
	last    map[string]time.Time // end of the last look, by host
	closest time.Duration        // the shortest rest between two looks at one host from one vantage
}

var local = casefile.Vantage{Name: "local", Country: "NL", Network: "AS64500"}

func newWorld(script func(vantage string, s casefile.Subject) casefile.Observation) *world {
	return &world{vantages: []casefile.Vantage{local}, takes: 100 * time.Millisecond, script: script,
		started: map[casefile.Purpose]int{}, last: map[string]time.Time{}, closest: time.Hour}
}

func (w *world) Vantages() []casefile.Vantage { return w.vantages }

func (w *world) Look(ctx context.Context, vantage string, s casefile.Subject) casefile.Observation {
	began := time.Now()
	place := vantage + " " + s.Target.Host()
	w.mu.Lock()
	w.started[s.Purpose]++
	if end, known := w.last[place]; known && s.Purpose != casefile.PurposeControl {
		w.closest = min(w.closest, began.Sub(end))
	}
	w.mu.Unlock()
	o := w.script(vantage, s)
	if n := isControl(s); n >= 0 && o.Features != nil && !w.portal { // each control has a page of its own
		f := *o.Features
		f.Digest, f.Structure, f.SimHash = fmt.Sprintf("%064x", n), uint64(1000+n), 0x9e3779b97f4a7c15*uint64(n+1)
		o.Features = &f
	}
	if o.Took == 0 {
		o.Took = w.takes
	}
	if !observe.Sleep(ctx, o.Took) {
		o = fault(casefile.FaultInterrupted, casefile.PhaseRequest)
	}
	w.mu.Lock()
	w.last[place] = time.Now()
	w.mu.Unlock()
	o.Vantage, o.Purpose, o.Started, o.Took = vantage, s.Purpose, began.UTC(), time.Since(began)
	return o
}

func (w *world) looks(p casefile.Purpose) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.started[p]
}

var (
	homeAddress = netip.MustParseAddr("192.0.2.10")
	awayAddress = netip.MustParseAddr("198.51.100.20")
)

// page is an answer with a status; a page of its own text when it is 200.
func page(status int) casefile.Observation {
	o := casefile.Observation{
		Resolution: casefile.Resolution{Rcode: "NOERROR", Addresses: []netip.Addr{homeAddress}},
		Hops:       []casefile.Hop{{Address: homeAddress, Status: status, MediaType: "text/html", Protocol: "HTTP/1.1"}},
		Status:     status, BodyBytes: 4000,
		Features: &casefile.Features{Digest: fmt.Sprintf("%064x", status), SimHash: 0x0f0f0f0f12345678, Structure: 42, Words: 600, Elements: 80, Links: 12, Images: 6, HTML: true, Title: "ab"},
	}
	if status == 404 {
		o.Features = &casefile.Features{Digest: strings.Repeat("9", 64), SimHash: 0xffff0000ffff0000, Structure: 7, Words: 12, Elements: 9, Links: 1, HTML: true, Markers: []casefile.Marker{casefile.MarkerNotFound}}
		o.BodyBytes = 200
	}
	return o
}

func at(o casefile.Observation, a netip.Addr) casefile.Observation {
	o.Resolution.Addresses = []netip.Addr{a}
	o.Hops = slices.Clone(o.Hops)
	for i := range o.Hops {
		o.Hops[i].Address = a
	}
	return o
}

func fault(k casefile.FaultKind, p casefile.Phase) casefile.Observation {
	o := casefile.Observation{Fault: &casefile.Fault{Kind: k, Phase: p}}
	if k == casefile.FaultNXDomain {
		o.Resolution.Rcode = "NXDOMAIN"
	}
	return o
}

// answer is what a site serves: its own page to the target, 404 to a decoy.
func answer(s casefile.Subject, o casefile.Observation) casefile.Observation {
	if s.Purpose == casefile.PurposeDecoy {
		return page(404)
	}
	return o
}

func target(t testing.TB, url string) casefile.Target {
	t.Helper()
	x, err := casefile.NewTarget(url)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// shelf is a Store in memory.
type shelf struct {
	mu        sync.Mutex
	cases     map[casefile.CaseID]casefile.Case
	visits    []casefile.Visit
	events    map[casefile.CaseID][]casefile.Event
	notices   map[string]casefile.Notice
	siblings  map[casefile.HostKey]casefile.Observation
	postponed int
	// refuse fails RecordVisit with its error when set and not nil.
	refuse func(casefile.Visit) error
	// meanwhile runs once after a visit began, as somebody else would act.
	meanwhile func(*shelf)
}

func newShelf(cases ...casefile.Case) *shelf {
	s := &shelf{cases: map[casefile.CaseID]casefile.Case{}, events: map[casefile.CaseID][]casefile.Event{}, notices: map[string]casefile.Notice{}, siblings: map[casefile.HostKey]casefile.Observation{}}
	for _, c := range cases {
		s.cases[c.ID] = c
	}
	return s
}

func (s *shelf) due(now time.Time, host casefile.HostKey) []casefile.Case {
	var due []casefile.Case
	for _, c := range s.cases {
		if (host == "" || c.HostKey == host) && !c.Due.At.IsZero() && !c.Due.At.After(now) {
			due = append(due, c)
		}
	}
	slices.SortFunc(due, func(a, b casefile.Case) int { return cmp.Or(a.Due.At.Compare(b.Due.At), cmp.Compare(a.ID, b.ID)) })
	return due
}

func (s *shelf) DueHosts(_ context.Context, now time.Time, limit int) ([]casefile.HostKey, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var hosts []casefile.HostKey
	for _, c := range s.due(now, "") {
		if !slices.Contains(hosts, c.HostKey) && len(hosts) < limit {
			hosts = append(hosts, c.HostKey)
		}
	}
	return hosts, nil
}

func (s *shelf) DueCases(_ context.Context, host casefile.HostKey, now time.Time, limit int) ([]casefile.Case, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	due := s.due(now, host)
	return due[:min(limit, len(due))], nil
}

func (s *shelf) StartVisit(ctx context.Context, id casefile.CaseID, version int64, now time.Time) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.cases[id]
	if c.Version != version {
		return casefile.Problemf(casefile.ProblemConflict, "", "the case changed")
	}
	c.Looking = now
	s.cases[id] = c
	if f := s.meanwhile; f != nil {
		s.meanwhile = nil
		f(s)
	}
	return nil
}

func (s *shelf) RecordVisit(ctx context.Context, v casefile.Visit) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.refuse != nil {
		if err := s.refuse(v); err != nil {
			return err
		}
	}
	c := s.cases[v.CaseID]
	if c.Version != v.After.Version {
		c.Visits, c.Looking, v.Counted = c.Visits+1, time.Time{}, false
		s.cases[v.CaseID] = c
		s.visits = append(s.visits, v)
		return casefile.Problemf(casefile.ProblemConflict, "", "the case changed")
	}
	v.After.Version++
	s.cases[v.CaseID] = v.After
	s.visits = append(s.visits, v)
	s.events[v.CaseID] = append(s.events[v.CaseID], v.Events...)
	for _, n := range v.Notices {
		s.notices[n.Key] = n
		s.events[v.CaseID] = append(s.events[v.CaseID], lifecycle.Composed(n))
	}
	for _, o := range v.Observations {
		if o.Purpose == casefile.PurposeDecoy {
			s.siblings[v.After.HostKey] = o
		}
	}
	return nil
}

func (s *shelf) PostponeHost(_ context.Context, host casefile.HostKey, now, until time.Time, why casefile.Why) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	due := s.due(now, host)
	for _, c := range due {
		c.Due = casefile.Due{At: until, Why: why}
		s.cases[c.ID] = c
	}
	s.postponed += len(due)
	return len(due), nil
}

func (s *shelf) Decoy(_ context.Context, host casefile.HostKey, since time.Time) (*casefile.Observation, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o, known := s.siblings[host]
	if !known || o.Started.Before(since) {
		return nil, nil
	}
	return &o, nil
}

func (s *shelf) get(id casefile.CaseID) casefile.Case {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.cases[id]
}

func (s *shelf) recorded(p casefile.Purpose) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, v := range s.visits {
		for _, o := range v.Observations {
			if o.Purpose == p {
				n++
			}
		}
	}
	return n
}

// kinds are the kinds of a case's events in order.
func (s *shelf) kinds(id casefile.CaseID) string {
	var all []string
	for _, e := range s.events[id] {
		if e.Kind.Bookkeeping() {
			continue
		}
		k := string(e.Kind)
		if e.Kind == casefile.EventStanding {
			k = e.Data["from"] + ">" + e.Data["to"]
		}
		all = append(all, k)
	}
	return strings.Join(all, " ")
}

// atlas is a Locator with a country for each address.
type atlas struct {
	mu    sync.Mutex
	asked int
	// decide overrides the decision when set.
	decide func(o casefile.Observation) casefile.Hosting
	// behind is the name of an edge in front of every target; empty for none.
	behind string
}

func (a *atlas) Locate(_ context.Context, q casefile.Inquiry) casefile.Hosting {
	o := q.Looks[0]
	for _, look := range q.Looks {
		if len(look.Resolution.Addresses) > 0 {
			o = look
			break
		}
	}
	a.mu.Lock()
	a.asked++
	a.mu.Unlock()
	if a.decide != nil {
		return a.decide(o)
	}
	if a.behind != "" {
		return behindEdge(o, a.behind, q.Backend)
	}
	return hosted(o)
}

// behindEdge decides as the rule does for a target behind an edge.
func behindEdge(o casefile.Observation, edge string, origin *casefile.Backend) casefile.Hosting {
	h := hosted(o)
	if origin != nil {
		h = hosted(at(o, origin.Address))
		h.Addresses, h.Claims = o.Resolution.Addresses, origin.Claims()
	} else {
		h.Country, h.Confidence, h.Origin, h.Provider, h.ASN = "", 0, casefile.OriginUnknown, edge, 64510
		h.Contacts = []casefile.Contact{{Party: casefile.PartyEdge, Role: "abuse", Email: "abuse@edge.example"}}
	}
	h.Edge = &casefile.Edge{Name: edge, Evidence: "asn"}
	return h
}

func hosted(o casefile.Observation) casefile.Hosting {
	h := casefile.Hosting{Addresses: o.Resolution.Addresses, Decided: time.Now().UTC(), Origin: casefile.OriginKnown, Confidence: 0.9, Country: "NL", Provider: "Example Hosting", ASN: 64501,
		Contacts: []casefile.Contact{{Party: casefile.PartyHost, Role: "abuse", Email: "abuse@host-1.example", Source: "rdap"}}}
	if slices.Contains(h.Addresses, awayAddress) {
		h.Country, h.Provider, h.ASN, h.Contacts[0].Email = "DE", "Example Moved", 64502, "abuse@host-2.example"
	}
	if len(h.Addresses) == 0 {
		h.Country, h.Confidence, h.Provider, h.ASN, h.Contacts = "", 0, "", 0, nil
	}
	return h
}

// clerk is a Desk with a hotline in each country.
type clerk struct{ fail error }

func (clerk) Assign(h casefile.Hosting, now time.Time) casefile.Assignment {
	a := casefile.Assignment{HostingCountry: h.Country, AssignedCountry: h.Country, Hotlines: []string{"Hotline " + h.Country}, Policy: "hosting_country", At: now, Confirmed: true}
	if h.Country == "" {
		a.AssignedCountry, a.Hotlines, a.Policy = "NL", []string{"Hotline NL"}, "unknown_country"
	}
	return a
}

func (k clerk) Compose(c casefile.Case, now time.Time) ([]casefile.Notice, error) {
	if k.fail != nil {
		return nil, k.fail
	}
	key := func(kind casefile.NoticeKind, to string) casefile.Notice {
		return casefile.Notice{Episode: c.Episode.Number, Kind: kind, Step: 1, Key: fmt.Sprint(kind, c.ID, c.Episode.Number, to), State: casefile.NoticeDraft, Composed: now}
	}
	all := []casefile.Notice{key(casefile.NoticeAssignment, c.Assignment.Hotlines[0])}
	if !c.Held && len(c.Hosting.Contacts) > 0 {
		all = append(all, key(casefile.NoticeRemoval, c.Hosting.Contacts[0].Email))
	}
	return all, nil
}

// rig is everything a test needs around a Visitor.
type rig struct {
	world *world
	shelf *shelf
	atlas *atlas
	*Visitor
}

func newRig(t testing.TB, w *world, s *shelf, change func(*Options)) *rig {
	t.Helper()
	r := &rig{world: w, shelf: s, atlas: &atlas{}}
	o := Options{Looker: w, Locator: r.atlas, Composer: clerk{}, Store: s, Schedule: usual(), PerHostGap: time.Second}
	o.Schedule.Jitter = 0.1
	if change != nil {
		change(&o)
	}
	v, err := NewVisitor(o)
	if err != nil {
		t.Fatal(err)
	}
	r.Visitor = v
	return r
}

// reported opens a case of the host with the number, due now.
func reported(t testing.TB, id int, host string) casefile.Case {
	t.Helper()
	now := time.Now().UTC()
	c, _ := lifecycle.Open(casefile.Report{Target: target(t, fmt.Sprintf("https://%s.example/folder/page-%d.html", host, id)), Received: now, Source: "public"}, casefile.HostKey(host), now)
	c.ID = casefile.CaseID(id)
	return c
}

// live runs rounds as the feeder would, minute by minute in virtual time, until
// the time is over. Hosts are worked at once.
func (r *rig) live(ctx context.Context, t testing.TB, d time.Duration) {
	t.Helper()
	for end := time.Now().Add(d); time.Now().Before(end) && ctx.Err() == nil; {
		var all sync.WaitGroup
		err := r.Feed(ctx, func(_ context.Context, hosts []casefile.HostKey) error {
			for _, h := range hosts {
				all.Go(func() {
					if err := r.Round(ctx, h); err != nil && ctx.Err() == nil {
						t.Error(err)
					}
				})
			}
			return nil
		})
		all.Wait()
		if err != nil {
			t.Fatal(err)
		}
		observe.Sleep(ctx, time.Minute)
	}
}
