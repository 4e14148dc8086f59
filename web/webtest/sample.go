package webtest

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"math"
	"net/netip"
	"time"

	"golang.org/x/crypto/argon2"

	"vigil/casefile"
	"vigil/stats"
	"vigil/web/auth"
)

// Start is when the samples take place: Now is their present.
var (
	Start = time.Date(2026, 11, 2, 8, 0, 0, 0, time.UTC)
	Now   = Start.Add(30 * time.Hour)
)

// Removal is the streak that confirms a removal where one vantage looks.
var Removal = casefile.Confirm{Verdicts: 6, Span: 48 * time.Hour}

// Secret is in the URL of every sample: no answer but a reveal may hold it.
const Secret = "site-secret"

// Target is a sample target.
func Target(n int) casefile.Target {
	t, err := casefile.NewTarget(fmt.Sprintf("https://www.%s-%d.example/folder/page-%d.html", Secret, n, n))
	if err != nil {
		panic(err)
	}
	return t
}

// Parse takes canonical http and https URLs only: enough for tests of the web.
func Parse(raw string) (casefile.Target, *casefile.Problem) {
	t, err := casefile.NewTarget(raw)
	if err != nil {
		return t, casefile.Problemf(casefile.ProblemSyntax, "url", "this is no URL that Vigil can look at; use http or https")
	}
	return t, nil
}

// Origin reads an origin as the real one does, but knows two countries only and
// refuses private and loopback addresses.
func Origin(address, country string) (netip.Addr, string, *casefile.Problem) {
	var origin netip.Addr
	if address != "" {
		var err error
		if origin, err = netip.ParseAddr(address); err != nil {
			return origin, "", casefile.Problemf(casefile.ProblemField, "origin", "this is no IP address")
		}
		if origin.IsPrivate() || origin.IsLoopback() {
			return origin, "", casefile.Problemf(casefile.ProblemField, "origin", "the address is private or reserved")
		}
	}
	if country != "" && country != "NL" && country != "DE" {
		return origin, "", casefile.Problemf(casefile.ProblemField, "country", "this is no country")
	}
	return origin, country, nil
}

// Sampled is a store with n cases, the first six of which are in different standings;
// the seventh is on a platform and in review, the eighth behind an edge, the ninth
// behind an edge with a recorded origin.
func Sampled(n int) *Store {
	s := NewStore()
	for i := 1; i <= n; i++ {
		at := Start.Add(time.Duration(i) * time.Minute)
		if _, err := s.AddReports(context.Background(), []casefile.Report{{
			Target: Target(i), Source: "public", Reference: fmt.Sprintf("R-%d", i), Classification: casefile.ClassBaseline, Received: at.Add(-10 * time.Minute),
		}}, at); err != nil {
			panic(err)
		}
		s.grow(i, at)
	}
	return s
}

// grow gives case i a life.
func (s *Store) grow(i int, at time.Time) {
	c := &s.cases[i-1]
	c.Visits, c.Episode.FirstSeen, c.Episode.LastSeen = 2, at.Add(time.Minute), at.Add(time.Hour)
	c.Last = casefile.Opinion{State: casefile.StateLive, Reason: casefile.ReasonServed, At: at.Add(time.Hour)}
	c.Due = casefile.Due{At: Now.Add(2 * time.Hour), Why: casefile.WhyCadence}
	c.Hosting, c.Assignment = hosting(c.Target, i), assignment(c.ID, i)
	c.Episode.Provider, c.Episode.ProviderSince = c.Hosting.Provider, at.Add(time.Minute)
	c.Episode.Country, c.Episode.CountrySince = c.Hosting.Country, at.Add(time.Minute)
	if i == 2 { // the first case found a hop of its name, and moved within its country
		s.names[1] = casefile.SameLabelDomains{Cases: []casefile.SameLabelCase{{CaseID: c.ID, Standing: casefile.Removed, Country: c.Hosting.Country, Opened: c.Opened}}, Endings: 1}
		s.cases[0].Episode.ProviderSince = at.Add(20 * time.Hour)
	}
	s.append(c.ID, casefile.Event{At: at.Add(time.Minute), Kind: casefile.EventFirstSeen, Actor: casefile.ActorVigil},
		casefile.Event{At: at.Add(time.Minute), Kind: casefile.EventHosting, Actor: casefile.ActorVigil, Data: map[string]string{"country": c.Hosting.Country, "provider": c.Hosting.Provider}})
	switch i {
	case 7:
		onPlatform(c)
	case 8, 9:
		if behindEdge(c, i == 9); c.Backend != nil {
			s.append(c.ID, casefile.Event{At: c.Backend.At, Kind: casefile.EventOriginRecorded, Actor: c.Backend.By, Data: map[string]string{
				"reason": "the provider told us", "network": c.Backend.Network().String(), "country": c.Backend.Country,
			}})
		}
	}
	switch i % 6 {
	case 1:
		c.Standing, c.Streak = casefile.Confirming, casefile.Streak{Count: 2, First: Now.Add(-6 * time.Hour), Last: Now.Add(-time.Hour)}
		c.Last = casefile.Opinion{State: casefile.StateGone, Reason: casefile.ReasonHTTP404, At: Now.Add(-time.Hour)}
		c.Episode.FirstGone, c.Due.Why = c.Streak.First, casefile.WhyConfirm
	case 2:
		c.Standing, c.Episode.FirstGone, c.Episode.Removed = casefile.Removed, at.Add(2*time.Hour), at.Add(26*time.Hour)
		c.Last = casefile.Opinion{State: casefile.StateGone, Reason: casefile.ReasonSoft404, At: at.Add(26 * time.Hour)}
		c.Due.Why = casefile.WhyAftercare
	case 3:
		c.Standing, c.Unseen = casefile.Unavailable, Now.Add(-20*time.Hour)
		c.Last = casefile.Opinion{State: casefile.StateWithheld, Reason: casefile.ReasonLogin, At: Now.Add(-time.Hour)}
	case 4:
		c.Held = true
	case 5:
		c.Standing, c.Due = casefile.Withdrawn, casefile.Due{Why: casefile.WhyNever}
	}
	if i == 7 {
		c.Standing = casefile.Review
	}
	for v, ago := range []time.Duration{20 * time.Hour, time.Hour} {
		made := visit(*c, casefile.VisitID(10*i+v), Now.Add(-ago))
		made.Counted = i != 3 || v > 0 // at the first visit of the third case the gate was closed
		s.visits[c.ID] = append(s.visits[c.ID], made)
	}
	s.notices = append(s.notices, notice(*c, casefile.NoticeID(len(s.notices)+1), at))
}

func hosting(t casefile.Target, i int) *casefile.Hosting {
	address := netip.AddrFrom4([4]byte{192, 0, 2, byte(i)})
	asOf := Start.AddDate(0, 0, -3)
	country := []string{"NL", "DE", "US", "FR"}[i%4]
	return &casefile.Hosting{
		Provider: "Example Hosting " + country, ASN: 64500, Network: netip.MustParsePrefix("192.0.2.0/24"), Country: country, Confidence: 0.9, Disputed: i%3 == 0,
		Claims: []casefile.Claim{
			{Fact: casefile.FactCountry, Value: country, Source: "mmdb:country", AsOf: asOf, Address: address},
			{Fact: casefile.FactASN, Value: "64500", Source: "mmdb:asn", AsOf: asOf, Address: address},
			{Fact: casefile.FactReverseName, Value: "srv." + t.Host(), Source: "dns", AsOf: Now, Address: address},
			{Fact: casefile.FactRegisteredCountry, Source: "whois", AsOf: Now, Address: address, Problem: "timeout"},
		},
		Origin: casefile.OriginKnown, Addresses: []netip.Addr{address}, Decided: Start.Add(time.Hour),
		Contacts: []casefile.Contact{
			{Party: casefile.PartyHost, Name: "Example Hosting", Role: "abuse", Email: "abuse@hosting.test", Source: "rdap"},
			{Party: casefile.PartyRegistrar, Role: "abuse", Email: "abuse@" + t.Host(), Source: "rfc2142"},
		},
		Registrar: &casefile.Registrar{Name: "Example Registrar", AbuseEmail: "abuse@registrar.test", DomainStatus: []string{"clientTransferProhibited"}, Created: asOf},
		Steps:     []string{"two of three sources name " + country, "the registered country was not asked"},
	}
}

func assignment(id casefile.CaseID, i int) *casefile.Assignment {
	country := []string{"NL", "DE", "US", "FR"}[i%4]
	return &casefile.Assignment{
		ID: casefile.AssignmentID(i), CaseID: id, HostingCountry: country, AssignedCountry: country, Hotlines: []string{"Hotline " + country},
		Policy: "hosting_country", At: Start.Add(time.Hour), Confirmed: i%4 != 3,
	}
}

func visit(c casefile.Case, id casefile.VisitID, at time.Time) casefile.Visit {
	o := casefile.Observation{
		Vantage: "local", Purpose: casefile.PurposeTarget, Started: at, Took: 184 * time.Millisecond,
		Resolution: casefile.Resolution{Rcode: "NOERROR", Addresses: c.Hosting.Addresses, CNAMEs: []string{"edge." + c.Target.Host()},
			Nameservers: []string{"ns1." + c.Target.Host(), "ns2.dns.test"}, Took: 27 * time.Millisecond},
		Hops: []casefile.Hop{{Target: c.Target, Address: c.Hosting.Addresses[0], Status: 404, TLS: &casefile.TLS{Version: "1.3", Problem: "expired"},
			Protocol: "HTTP/1.1", Took: 150 * time.Millisecond}},
		Status: 404, BodyBytes: 1834, Features: &casefile.Features{Digest: hex.EncodeToString(make([]byte, 32)), HTML: true, Markers: []casefile.Marker{casefile.MarkerNotFound}},
	}
	silent := casefile.Observation{Vantage: "abroad", Purpose: casefile.PurposeTarget, Started: at, Took: 20 * time.Second,
		Fault: &casefile.Fault{Kind: casefile.FaultTimeout, Phase: casefile.PhaseConnect}}
	state := c.Last.State
	return casefile.Visit{
		ID: id, CaseID: c.ID, Started: at, Ended: at.Add(21 * time.Second), Why: casefile.WhyCadence, Counted: true,
		Observations: []casefile.Observation{o, silent},
		Verdict: casefile.Verdict{
			State: state, Reason: c.Last.Reason,
			Signals: []casefile.Signal{{Name: "status", Value: "404", PointsTo: casefile.StateGone}, {Name: "marker", Value: "not_found_phrase", PointsTo: casefile.StateGone}},
			Dissent: []casefile.Dissent{{Vantage: "abroad", State: casefile.StateSilent, Reason: casefile.ReasonTimeout}},
		},
	}
}

func notice(c casefile.Case, id casefile.NoticeID, at time.Time) casefile.Notice {
	return casefile.Notice{
		ID: id, CaseID: c.ID, Episode: 1, Kind: casefile.NoticeRemoval, Step: 1, Contact: c.Hosting.Contacts[0], Key: fmt.Sprintf("n-%d", id),
		Subject: fmt.Sprintf("Request for removal (case %d)", c.ID), Body: "Please remove this page.\n\n" + c.Target.URL() + "\n\nThank you.\n",
		State: casefile.NoticeDraft, Composed: at.Add(2 * time.Minute),
	}
}

// Figures are sample figures: half of the episodes are gone after two days.
func Figures(_ context.Context, q stats.Query) (stats.Removal, error) {
	f := stats.Removal{Query: q, AsOf: Now, All: stats.Summary{Figures: sampleOf(400, true)}}
	if q.By != stats.ByNothing {
		for i, name := range []string{"NL", "US", "", "DE"} {
			f.Groups = append(f.Groups, stats.GroupSummary{Key: name, Summary: stats.Summary{Figures: sampleOf(160-40*i, false)}})
		}
		last := &f.Groups[3]
		last.Median, last.P90, last.Shares = stats.Quantile{}, stats.Quantile{}, []stats.Share{{Within: 24 * time.Hour}}
	}
	return f, nil
}

func sampleOf(n int, curve bool) stats.Figures {
	day := 24 * time.Hour
	median, p90 := 47*time.Hour, 9*day
	g := stats.Figures{
		N: n, Hosts: n / 5, Removed: n * 8 / 10, Recorded: n / 40, Censored: n*15/100 + n*5/100, Unavailable: n * 5 / 100, Excluded: stats.Excluded{NeverSeen: n / 20},
		Median: stats.Quantile{At: &median}, P90: stats.Quantile{At: &p90},
	}
	remaining := func(t time.Duration) float64 { return math.Exp2(-t.Hours() / 47) }
	for _, d := range []int{1, 2, 3, 7, 28, 42} {
		gone := 1 - remaining(time.Duration(d)*day)
		g.Shares = append(g.Shares, stats.Share{Within: time.Duration(d) * day, Estimate: gone, Lower: max(0, gone-0.04), Upper: min(1, gone+0.03), Reached: d < 42})
	}
	for i := range 40 {
		if !curve {
			break
		}
		t := time.Duration(i) * 9 * time.Hour
		r := remaining(t)
		p := stats.Point{At: t, Survival: r, Lower: max(0, r-0.05), Upper: min(1, r+0.05), Removed: 8, AtRisk: n - 10*i}
		if i%4 == 3 {
			p.Censored = 6
		}
		g.Curve = append(g.Curve, p)
	}
	return g
}

// People of the tests. Password is that of every user.
const Password = "a calm night watch"

// People has a token and a log-in for each role; the name is that of the role.
type People struct {
	tokens map[string]casefile.Person // by hash
	secret map[casefile.Role]string
	hash   string
}

// NewPeople makes them.
func NewPeople() *People {
	p := &People{tokens: map[string]casefile.Person{}, secret: map[casefile.Role]string{}}
	for _, role := range []casefile.Role{casefile.RoleViewer, casefile.RoleAnalyst, casefile.RoleAdmin} {
		token, hash := auth.NewToken()
		p.secret[role], p.tokens[string(hash)] = token, casefile.Person{Name: string(role), Role: role}
	}
	// A cheap hash: the tests log in often.
	salt := []byte("salt of the tests")
	b64 := base64.RawStdEncoding.EncodeToString
	p.hash = fmt.Sprintf("$argon2id$v=%d$m=64,t=1,p=1$%s$%s", argon2.Version, b64(salt), b64(argon2.IDKey([]byte(Password), salt, 1, 64, 1, 32)))
	return p
}

// Token is the token of a role.
func (p *People) Token(role casefile.Role) string { return p.secret[role] }

// Tokens finds who holds a token.
func (p *People) Tokens(_ context.Context, hash []byte) (casefile.Person, error) {
	if person, ok := p.tokens[string(hash)]; ok {
		return person, nil
	}
	return casefile.Person{}, casefile.Problemf(casefile.ProblemNotFound, "token", "there is no such token")
}

// Accounts finds a user of the pages.
func (p *People) Accounts(_ context.Context, name string) (casefile.Person, string, error) {
	if role := casefile.Role(name); role.Valid() {
		return casefile.Person{Name: name, Role: role}, p.hash, nil
	}
	return casefile.Person{}, "", casefile.Problemf(casefile.ProblemNotFound, "name", "there is no such user")
}
