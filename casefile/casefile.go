// Package casefile holds the words of Vigil: the domain types, their rules and
// their errors.
//
// It is the leaf of the tree: every room imports it and it imports nothing but
// the standard library. Values come in and go out; nothing here sees a clock, a
// context, a database or the network. All types are plain values: they may be
// copied and read from several goroutines, and nothing here locks.
//
// Times are UTC. Enumerations are string types with Valid; the zero value is
// never valid.
package casefile

import (
	"slices"
	"time"
)

// Identities. They are numbers the store gives; zero means "not stored yet".
type (
	ReportID      int64
	CaseID        int64
	VisitID       int64
	ObservationID int64
	AssignmentID  int64
	NoticeID      int64
	EventID       int64
)

// HostKey is the keyed digest of a target's host, in lower-case hex. It stands
// for the host where the host itself must not be shown: in jobs, rounds and indexes.
type HostKey string

// Classification is the analyst's baseline class of the reported content, in the
// names of XARF v4 content/csam (xarf.org).
type Classification string

// Classifications of XARF v4. Unclassified is what a report without one gets.
const (
	ClassUnclassified Classification = "unclassified"
	ClassBaseline     Classification = "baseline"
	ClassA1           Classification = "A1"
	ClassA2           Classification = "A2"
	ClassB1           Classification = "B1"
	ClassB2           Classification = "B2"
)

// Valid says whether c is one of the known classifications.
func (c Classification) Valid() bool {
	return slices.Contains([]Classification{ClassUnclassified, ClassBaseline, ClassA1, ClassA2, ClassB1, ClassB2}, c)
}

// Report is one party's word that a URL holds content to be removed. Several
// reports of one target attach to one case.
type Report struct {
	ID       ReportID `json:"id"`
	CaseID   CaseID   `json:"-"`
	Target   Target   `json:"-"`
	Referrer Target   `json:"-"` // where the reporter came from; zero when unknown
	// Source names who reported, for example "public" or a hotline; at most MaxSource bytes.
	Source string `json:"source"`
	// Reference is the reporter's own number for it; at most MaxReference bytes, may be empty.
	Reference      string         `json:"reference,omitempty"`
	Classification Classification `json:"classification"`
	// Received is when the hotline received the report: the start of the clock
	// report -> removal.
	Received time.Time `json:"received"`
	// Held asks for a police-first hold: no notice to providers until released.
	Held bool `json:"held"`
}

// Bounds of what a report may carry, in bytes.
const (
	MaxSource    = 120
	MaxReference = 200
)

// Life is where a case is in its life. Only lifecycle changes it, and every change has its event.
type Life struct {
	Standing Standing `json:"standing"`
	// Held is the police-first flag: it stops provider notices and nothing else.
	Held    bool    `json:"held,omitempty"`
	Episode Episode `json:"episode"`
	Streak  Streak  `json:"streak,omitzero"`
	// Undecided is the run of changed and fenced verdicts that no live verdict ended; long enough, it asks
	// for a review.
	Undecided Streak `json:"undecided,omitzero"`
	// Unseen is since when every counted verdict was silent or withheld; zero when the last was not.
	Unseen time.Time `json:"unseen,omitzero"`
	// Last is the last counted verdict; its zero State says that there was none yet.
	Last Opinion `json:"last,omitzero"`
	// Aftercare is how many of the looks after a removal were made.
	Aftercare int `json:"aftercare,omitempty"`
	// ReviewDecision is what a person is asked in review, and what was answered in this episode.
	Review ReviewDecision `json:"ruling,omitzero"`
	// NoticesComposed says that the parties of the present hosting were told in this episode, or drafts
	// written for them. A new hosting, a return and a released hold clear it.
	NoticesComposed bool `json:"informed,omitempty"`
}

// Case is the life of one target. Its JSON is the document in which the store keeps what is not a column,
// sealed, or a row of its own: never in it is what reveals the target.
type Case struct {
	ID       CaseID  `json:"-"`
	Target   Target  `json:"-"`
	Referrer Target  `json:"-"` // the latest referrer a report carried; zero when unknown
	HostKey  HostKey `json:"-"`
	Life
	// Version grows by one with each record; a record made from an older version is refused.
	Version int64 `json:"-"`
	Due     Due   `json:"-"`
	// Baseline is what the first confirmed live look saw; nil before that.
	Baseline *Features `json:"baseline,omitempty"`
	Hosting  *Hosting  `json:"-"` // the last decision; nil before the first
	// Origin is where a person said that the target is really hosted; nil when nobody did.
	// It stays until it is forgotten, over moves and episodes.
	Backend    *Backend    `json:"-"`
	Assignment *Assignment `json:"assignment,omitempty"` // the last assignment; nil before the first
	Visits     int         `json:"-"`
	Opened     time.Time   `json:"-"` // when the first report was stored
	// Looking is when a visit that has not been recorded yet began; zero when none is under way.
	Looking time.Time `json:"-"`
	// Report is the report that the case rests on (the latest), where a reader loaded it, else nil.
	// Notices name its source, reference, classification and received time. It is not part of the
	// case's own record: whoever writes a case leaves it alone.
	Report *Report `json:"-"`
}

// Opinion is the short form of a verdict that a case remembers.
type Opinion struct {
	State  State     `json:"state"`
	Reason Reason    `json:"reason"`
	At     time.Time `json:"at"`
}

// Episode is one stretch of a case from report (or return) to removal. A return
// opens the next one, with a clock of its own.
type Episode struct {
	// Number counts from 1.
	Number int `json:"number"`
	// Opened is the start of the clock: the first report's Received time, or for a
	// return the first live look after the removal.
	Opened time.Time `json:"opened" doc:"start of the clock"`
	// FirstSeen and LastSeen are the first and the last live verdict; zero when never live.
	FirstSeen time.Time `json:"first_seen,omitzero"`
	LastSeen  time.Time `json:"last_seen,omitzero"`
	// FirstGone is the first gone verdict of the running streak; zero when there is none.
	FirstGone time.Time `json:"first_gone,omitzero"`
	// Removed is when removal was confirmed. The removal itself lies in
	// (LastSeen, FirstGone]: FirstGone is the figure Vigil publishes (ADR-0008).
	Removed time.Time `json:"removed,omitzero" doc:"when removal was confirmed, or recorded"`
	// Recorded says that a person recorded the removal, and no streak of verdicts confirmed it.
	Recorded bool `json:"recorded" doc:"the removal rests on a person's word, not on verdicts"`
	// FirstNotice and LastNotice are when a provider notice of this episode was sent; zero when none was.
	FirstNotice time.Time `json:"first_notice,omitzero"`
	LastNotice  time.Time `json:"last_notice,omitzero"`
	// Provider and Country are who hosted the target, and where, when it was last not
	// found gone; empty when no decision named one. They are what figures by provider
	// and by country count the episode under.
	Provider string `json:"provider,omitempty" doc:"who hosted it when it was last not found gone: the figures count the episode under it"`
	Country  string `json:"country,omitempty" doc:"where it was hosted then"`
	// ProviderSince and CountrySince are when that provider, and that country, were first
	// found in the episode, without another in between: the clocks of those who can act.
	// Zero before the first decision. Opened is the clock of the case, and stays.
	ProviderSince time.Time `json:"provider_since,omitzero" doc:"when the provider was first found in this episode: the clock of the provider"`
	CountrySince  time.Time `json:"country_since,omitzero" doc:"when the hosting country was first found in this episode"`
}

// MaxProvider bounds Episode.Provider, in bytes.
const MaxProvider = 200

// Streak is a run of verdicts of one kind: how many, the first and the last. The zero value is no streak.
type Streak struct {
	Count int       `json:"count"`
	First time.Time `json:"first,omitzero"`
	Last  time.Time `json:"last,omitzero"`
}

// Span is the time between the first and the last verdict of the streak.
func (s Streak) Span() time.Duration { return s.Last.Sub(s.First) }

// Confirm is how long a streak must be to count: so many verdicts, and at least so
// long from the first to the last of them.
type Confirm struct {
	Verdicts int
	Span     time.Duration
}

// By says whether the streak is long enough.
func (c Confirm) By(s Streak) bool { return s.Count >= c.Verdicts && s.Span() >= c.Span }

// Due is when the next visit must be, and why. The zero value means never.
type Due struct {
	At  time.Time `json:"at"`
	Why Why       `json:"why"`
}

// Why is the cause of a due time.
type Why string

// Causes of a due time.
const (
	WhyReported  Why = "reported"       // a new report: look now
	WhyCadence   Why = "cadence"        // the ordinary pace
	WhyConfirm   Why = "confirming"     // a streak of gone verdicts tightens the pace
	WhyAftercare Why = "aftercare"      // looking for a return
	WhyPostponed Why = "host_postponed" // the host did not answer an earlier visit of the round
	WhyGate      Why = "gate_closed"    // our own uplink, resolver or clock was not sound
	WhyAsked     Why = "asked"          // a person asked for a look now
	WhyNever     Why = "never"          // the case is closed or withdrawn
)

// Valid says whether w is one of the known causes.
func (w Why) Valid() bool {
	return slices.Contains([]Why{WhyReported, WhyCadence, WhyConfirm, WhyAftercare, WhyPostponed, WhyGate, WhyAsked, WhyNever}, w)
}

// Visit is one scheduled pass over a case with all that it found, ready to be
// recorded in one transaction.
type Visit struct {
	ID      VisitID
	CaseID  CaseID
	Started time.Time
	Ended   time.Time
	// Why is the cause of the due time that led to the visit.
	Why          Why
	Observations []Observation
	Verdict      Verdict
	Basis        Basis // what the verdict was made from besides
	// Counted is false when the gate was closed: the verdict is kept, and counts for nothing.
	Counted bool
	// Hosting is set when hosting was decided anew in this visit, else nil.
	Hosting *Hosting
	// Assignment is set when the case was assigned anew in this visit, else nil.
	Assignment *Assignment
	Notices    []Notice
	Events     []Event
	// After is the case as the visit leaves it; its Version is still the one that was read.
	After Case
}
