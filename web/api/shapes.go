package api

import (
	"net/netip"
	"time"

	"vigil/casefile"
	"vigil/explain"
	"vigil/web/mask"
	"vigil/web/shape"
	"vigil/words"
)

// Times are RFC 3339 in UTC and left out when there is none; durations are seconds, as the names say.

// CaseRow is a case in a list.
type CaseRow struct {
	ID             casefile.CaseID   `json:"id"`
	Target         string            `json:"target" doc:"masked"`
	Standing       casefile.Standing `json:"standing"`
	Held           bool              `json:"held"`
	Opened         time.Time         `json:"opened"`
	Episode        casefile.Episode  `json:"episode"`
	Due            *casefile.Due     `json:"due,omitempty" doc:"absent when the case is not looked at any more"`
	LastVerdict    *Opinion          `json:"last_verdict,omitempty" doc:"the last believed one"`
	HostingCountry string            `json:"hosting_country,omitempty"`
	Provider       string            `json:"provider,omitempty"`
	Assigned       string            `json:"assigned_country,omitempty"`
	Hotlines       []string          `json:"hotlines" nullable:"false"`
	Visits         int               `json:"visits"`
	Question       *Question         `json:"question,omitempty" doc:"what a person must decide; of cases in review"`
}

// Question is what a person must decide about a case.
type Question struct {
	About   casefile.ReviewTopic `json:"about" doc:"hosting, or the reason of the verdicts that a person must decide"`
	Text    string               `json:"text"`
	Answers []Answer             `json:"answers" nullable:"false"`
}

// Answer is one way to settle a question.
type Answer = explain.Answer

// Opinion is the short form of a verdict.
type Opinion struct {
	casefile.Opinion
	ICCAM casefile.ICCAMReason `json:"iccam_reason"`
}

// Streak is a run of gone verdicts.
type Streak struct {
	casefile.Streak
	SpanSeconds int64 `json:"span_seconds"`
	// Needed and NeededSpan are what confirms a removal in this installation.
	Needed     int   `json:"needed" doc:"gone verdicts in a row that confirm a removal here; twice the configured number with one vantage"`
	NeededSpan int64 `json:"needed_span_seconds" doc:"the least time from the first to the last of them"`
}

// CaseDetail is a case with all that is known.
type CaseDetail struct {
	CaseRow
	Version      int64             `json:"version"`
	Streak       Streak            `json:"streak"`
	UnseenSince  time.Time         `json:"unseen_since,omitzero"`
	LookingSince time.Time         `json:"looking_since,omitzero" doc:"a visit is under way"`
	Verdict      *shape.Verdict    `json:"verdict,omitempty" doc:"that of the last visit, believed or not"`
	Believed     *bool             `json:"believed,omitempty" doc:"false when the gate was closed at the last visit"`
	Hosting      *Hosting          `json:"hosting,omitempty"`
	Origin       *casefile.Backend `json:"origin,omitempty" doc:"where a person said that the target is really hosted; absent when nobody did"`
	Assignment   *Assigned         `json:"assignment,omitempty"`
	Reports      []Report          `json:"reports" nullable:"false"`
	// SameLabelDomains are links to look at; they decide nothing.
	Namesakes     []casefile.SameLabelCase `json:"namesakes" nullable:"false" doc:"cases of the same name under other endings, the newest of each"`
	NamesakeCount int                      `json:"namesake_count" doc:"how many other domains have the name, counted up to 500"`
}

// Report is a report as it is shown.
type Report struct {
	casefile.Report
	Referrer string `json:"referrer,omitempty" doc:"masked"`
}

// Hosting is the decision who hosts a target and where. What is not known is absent.
type Hosting struct {
	casefile.Hosting
	ASN     uint32    `json:"asn,omitempty"`
	Network string    `json:"network,omitempty"`
	Country string    `json:"country,omitempty" doc:"absent when it is not decided"`
	Decided time.Time `json:"decided"`
}

// Assigned says who must act.
type Assigned struct {
	HostingCountry  string    `json:"hosting_country,omitempty"`
	AssignedCountry string    `json:"assigned_country,omitempty"`
	Hotlines        []string  `json:"hotlines" nullable:"false"`
	Policy          string    `json:"policy"`
	At              time.Time `json:"at"`
	Acknowledged    time.Time `json:"acknowledged,omitzero"`
	Confirmed       bool      `json:"confirmed" doc:"false when the directory is not sure of a hotline"`
}

// Visit is one pass over a case.
type Visit struct {
	ID           casefile.VisitID `json:"id"`
	Started      time.Time        `json:"started"`
	Ended        time.Time        `json:"ended"`
	Why          casefile.Why     `json:"why"`
	Verdict      shape.Verdict    `json:"verdict"`
	Believed     bool             `json:"believed"`
	Observations []Observation    `json:"observations" nullable:"false"`
	Explanation  Explanation      `json:"explanation"`
}

// Explanation is the verdict in words, with the transcript of each look. Hosts are told by their role.
type Explanation = explain.Explanation

// Observation is what one look saw. Host names are left out.
type Observation struct {
	Vantage   string            `json:"vantage"`
	Purpose   casefile.Purpose  `json:"purpose"`
	Started   time.Time         `json:"started"`
	TookMS    int64             `json:"took_ms"`
	Rcode     string            `json:"rcode,omitempty"`
	Addresses []netip.Addr      `json:"addresses" nullable:"false"`
	Hops      []Hop             `json:"hops" nullable:"false"`
	Status    int               `json:"status,omitempty" doc:"of the last hop"`
	BodyBytes int64             `json:"body_bytes"`
	Truncated bool              `json:"truncated"`
	Markers   []casefile.Marker `json:"markers" nullable:"false"`
	Fault     *casefile.Fault   `json:"fault,omitempty"`
}

// Hop is one answer on the way.
type Hop struct {
	Address    netip.Addr `json:"address,omitzero"`
	Status     int        `json:"status"`
	TLS        string     `json:"tls,omitempty" doc:"version of TLS"`
	TLSProblem string     `json:"tls_problem,omitempty"`
	TookMS     int64      `json:"took_ms"`
}

func rowOf(c casefile.Case, m mask.Masker) CaseRow {
	r := CaseRow{
		ID: c.ID, Target: c.Target.String(), Standing: c.Standing, Held: c.Held, Opened: c.Opened,
		Episode: mask.Of(m, c.Episode), Visits: c.Visits, Hotlines: []string{},
	}
	if !c.Due.At.IsZero() {
		r.Due = &c.Due
	}
	if c.Last.State != "" {
		r.LastVerdict = &Opinion{c.Last, c.Last.Reason.ICCAM()}
	}
	if c.Hosting != nil {
		r.HostingCountry, r.Provider = c.Hosting.Country, m.Text(c.Hosting.Provider)
	}
	if c.Assignment != nil {
		r.Assigned, r.Hotlines = c.Assignment.AssignedCountry, shape.List(c.Assignment.Hotlines)
	}
	r.Question = questionOf(c, nil, m)
	return r
}

// questionOf is the question of a case in review, else nil. page is what the last visit read, where it is at hand.
func questionOf(c casefile.Case, page *casefile.Features, m mask.Masker) *Question {
	q, ok := c.Question(page)
	if !ok {
		return nil
	}
	text, answers := explain.Question(words.In(words.English), q)
	return &Question{About: q.About, Text: m.Text(text), Answers: answers}
}

func hostingOf(h casefile.Hosting, m mask.Masker) *Hosting {
	h = mask.Of(m, h)
	out := &Hosting{Hosting: h, ASN: h.ASN, Country: h.Country, Decided: h.Decided}
	if h.Network.IsValid() {
		out.Network = h.Network.String()
	}
	return out
}

func assignedOf(a casefile.Assignment) *Assigned {
	return &Assigned{a.HostingCountry, a.AssignedCountry, shape.List(a.Hotlines), a.Policy, a.At, a.Acknowledged, a.Confirmed}
}

func visitOf(v casefile.Visit, t casefile.Target, m mask.Masker) Visit {
	return Visit{
		ID: v.ID, Started: v.Started, Ended: v.Ended, Why: v.Why, Verdict: shape.VerdictOf(mask.Of(m, v.Verdict)), Believed: v.Counted,
		Observations: each(v.Observations, observationOf),
		Explanation:  explain.Verdict(v.Verdict, v.Observations, explain.Reading{Target: t, Shown: m.Text}),
	}
}

func observationOf(o casefile.Observation) Observation {
	seen := Observation{
		Vantage: o.Vantage, Purpose: o.Purpose, Started: o.Started, TookMS: o.Took.Milliseconds(), Rcode: o.Resolution.Rcode,
		Addresses: shape.List(o.Resolution.Addresses), Status: o.Status, BodyBytes: o.BodyBytes, Truncated: o.Truncated,
		Markers: []casefile.Marker{}, Fault: o.Fault,
	}
	if o.Features != nil {
		seen.Markers = shape.List(o.Features.Markers)
	}
	seen.Hops = each(o.Hops, func(h casefile.Hop) Hop {
		hop := Hop{Address: h.Address, Status: h.Status, TookMS: h.Took.Milliseconds()}
		if h.TLS != nil {
			hop.TLS, hop.TLSProblem = h.TLS.Version, h.TLS.Problem
		}
		return hop
	})
	return seen
}

func eventOf(e casefile.Event, m mask.Masker) casefile.Event {
	shown := mask.Of(m, e)
	shown.Hash = e.Hash
	return shown
}
