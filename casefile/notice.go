package casefile

import (
	"slices"
	"time"
)

// Assignment says which hotlines must act on a case. Hosting country and
// assigned country are two facts: an orphan's differ.
type Assignment struct {
	ID              AssignmentID `json:"id"`
	CaseID          CaseID       `json:"case_id"`
	HostingCountry  string       `json:"hosting_country,omitempty"`  // empty when unknown
	AssignedCountry string       `json:"assigned_country,omitempty"` // empty when nobody could be found
	Hotlines        []string     `json:"hotlines"`
	// Policy names the rule that assigned: hosting_country, orphan, unknown_country, origin_unknown.
	Policy       string    `json:"policy"`
	At           time.Time `json:"at"`
	Acknowledged time.Time `json:"acknowledged,omitzero"`
	// Confirmed is false when the directory marks a hotline of it as uncertain.
	Confirmed bool `json:"confirmed"`
}

// Same says whether b sends the case to the same hotlines by the same policy.
func (a *Assignment) Same(b *Assignment) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.HostingCountry == b.HostingCountry && a.AssignedCountry == b.AssignedCountry && a.Policy == b.Policy &&
		slices.Equal(a.Hotlines, b.Hotlines)
}

// NoticeState is how far a notice is.
type NoticeState string

// Notice states. A notice is handed over at most once: what was being sent when
// Vigil died is uncertain, and is never sent again by itself (ADR-0010).
const (
	NoticeDraft     NoticeState = "draft"     // sending is off, or there is no address: a person reads it
	NoticeQueued    NoticeState = "queued"    // to be sent at NextTry
	NoticeSending   NoticeState = "sending"   // claimed by a sender
	NoticeSent      NoticeState = "sent"      // the party's server took it
	NoticeRefused   NoticeState = "refused"   // the party's server refused it for good
	NoticeUncertain NoticeState = "uncertain" // Vigil died, or the connection broke, while it was handed over
	NoticeOvertaken NoticeState = "overtaken" // the case was over or held before it left
)

// Valid says whether s is known.
func (s NoticeState) Valid() bool {
	return slices.Contains([]NoticeState{
		NoticeDraft, NoticeQueued, NoticeSending, NoticeSent, NoticeRefused, NoticeUncertain, NoticeOvertaken,
	}, s)
}

// NoticeKind is what a notice says.
type NoticeKind string

// Notice kinds.
const (
	NoticeAssignment NoticeKind = "assignment" // to a hotline: this case is yours
	NoticeRemoval    NoticeKind = "removal"    // to a provider: please remove this
)

// Valid says whether k is known.
func (k NoticeKind) Valid() bool { return k == NoticeAssignment || k == NoticeRemoval }

// Notice is the message to one party about one case.
type Notice struct {
	ID      NoticeID   `json:"id"`
	CaseID  CaseID     `json:"case_id"`
	Episode int        `json:"episode"`
	Kind    NoticeKind `json:"kind"`
	// Step counts the repeats to one party, from 1.
	Step    int     `json:"step"`
	Contact Contact `json:"contact"`
	// Key is the idempotency key: one message for each party, case, episode and step. It is
	// also the local part of the Message-ID.
	Key      string      `json:"-"`
	Subject  string      `json:"subject"` // never holds a URL or a host
	State    NoticeState `json:"state"`
	Composed time.Time   `json:"composed"`
	NextTry  time.Time   `json:"next_try,omitzero"`
	Tries    int         `json:"tries"`
	Sent     time.Time   `json:"sent,omitzero"`
	// Proof is what the party's server answered when it took or refused the message; at most MaxProof bytes.
	Proof string `json:"proof,omitempty" doc:"what the party's server answered"`
	// Body is the text of the message. It names the URL, so the store seals it, and no list has it.
	Body string `json:"body,omitempty" doc:"only in the answer for one notice"`
}

// Bounds of a notice, in bytes.
const (
	MaxProof      = 500
	MaxNoticeBody = 32 << 10
)
