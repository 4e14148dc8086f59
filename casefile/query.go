package casefile

import "time"

// CaseFilter asks for a page of cases, newest first. Zero fields do not filter.
type CaseFilter struct {
	Standing Standing
	Country  string // hosting country
	Hotline  string
	HostKey  HostKey
	Target   Target // exactly this one
	Before   CaseID // the keyset cursor: only cases with a smaller id
	Limit    int    // 1 to MaxPage
}

// NoticeFilter asks for a page of notices, newest first.
type NoticeFilter struct {
	CaseID CaseID
	State  NoticeState
	Before NoticeID
	Limit  int
}

// MaxPage is the most rows of one page.
const MaxPage = 200

// SameLabelCase is a case whose target has the same name under another ending: the label
// before the public suffix is the same, and the registrable domain another. Sites that
// lost a domain come back like that; the case is shown, and decides nothing.
type SameLabelCase struct {
	CaseID   CaseID    `json:"case_id"`
	Standing Standing  `json:"standing"`
	Country  string    `json:"hosting_country,omitempty"` // empty when unknown
	Opened   time.Time `json:"opened"`
}

// SameLabelDomains are the cases of the same label of a case: of each other registrable domain the newest
// case, newest first, at most MaxNamesakes. Endings counts those domains, up to
// MaxEndings.
type SameLabelDomains struct {
	Cases   []SameLabelCase
	Endings int
}

// Bounds of SameLabelDomains. In 2023 no name hopped more than six times, and all together 300 times (annual
// report of the IWF).
const (
	MaxSameLabelCases = 20
	MaxEndings        = 500
)

// Outcome is how an episode stands in the figures.
type Outcome string

// Outcomes.
const (
	OutcomeOpen        Outcome = "open"        // still there, as far as known: right-censored
	OutcomeRemoved     Outcome = "removed"     //
	OutcomeUnavailable Outcome = "unavailable" // a competing risk, no removal
	OutcomeWithdrawn   Outcome = "withdrawn"   // censored at the withdrawal
)

// EpisodeRecord is one episode as the figures need it.
type EpisodeRecord struct {
	CaseID  CaseID
	HostKey HostKey
	Episode Episode
	Outcome Outcome
	// Ended is when the outcome was reached; zero for open ones.
	Ended time.Time
}

// Assessed says whether the episode was ever seen live; one that was not is
// excluded from the figures as gone before assessment.
func (e EpisodeRecord) Assessed() bool { return !e.Episode.FirstSeen.IsZero() }

// Role is what a user or token may do.
type Role string

// Roles.
const (
	RoleViewer  Role = "viewer"  // sees cases with masked URLs and figures
	RoleAnalyst Role = "analyst" // reports, acts, reveals URLs
	RoleAdmin   Role = "admin"   // all that, and manages users and tokens
)

// ranks of the roles: each has the rights of those below it. Nobody has those of an unknown role.
var ranks = map[Role]int{RoleViewer: 1, RoleAnalyst: 2, RoleAdmin: 3}

// Valid says whether r is known.
func (r Role) Valid() bool { return ranks[r] > 0 }

// May says whether r has the rights of need.
func (r Role) May(need Role) bool { return need.Valid() && ranks[r] >= ranks[need] }

// Person is who is behind a request: a user of the pages or a token of the API.
type Person struct {
	Name string
	Role Role
}
