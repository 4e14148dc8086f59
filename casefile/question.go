package casefile

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// ReviewTopic is what a person is asked about while a case is in review: hosting, or the
// reason of the verdicts that nobody but a person can decide.
type ReviewTopic string

// MatterHosting asks where the target is hosted. All other matters are reasons.
const TopicHosting ReviewTopic = "hosting"

// ReviewDecision is what a person is asked about a case, and what was answered in the running
// episode, so that the same question does not come back with the next look (ADR-0041).
// The zero value: nothing was asked, nothing answered.
type ReviewDecision struct {
	// Asked is the content of the present review; it means nothing in other standings.
	Asked ReviewTopic `json:"asked,omitempty"`
	// Fenced says that a person knows that it is seen from some vantages only. It is not asked again.
	Fenced bool `json:"fenced,omitempty"`
	// Hosting says that a person knows that nobody can tell the hosting. Another hosting ends it.
	Hosting bool `json:"hosting,omitempty"`
	// Overturned is the reason of the gone verdicts of a removal that a person undid. Until
	// the target is seen live again such verdicts confirm nothing: they ask.
	Overturned Reason `json:"overturned,omitempty"`
	// Gone is the reason for which looks found it gone, of a removal that stands: of those that confirmed it,
	// and of those that bore out a recorded one before or since. Looks that saw nothing leave it.
	Gone Reason `json:"gone,omitempty"`
}

// QuestionKind is the code of what a person is asked. Each has its own answers.
type QuestionKind string

// Kinds of questions.
const (
	AskHosting    QuestionKind = "hosting"    // where it is hosted, and by whom
	AskFenced     QuestionKind = "fenced"     // whether it is blocked for some only
	AskGone       QuestionKind = "gone"       // whether it is gone by now: a person undid a removal for this reason
	AskChanged    QuestionKind = "changed"    // whether what is there now is the reported content
	AskRedirected QuestionKind = "redirected" // whether the reported content is where it leads
)

// Question is what a person must decide, with the facts that it rests on; explain has its words.
type Question struct {
	Kind    QuestionKind
	About   ReviewTopic
	Answers []ActionKind
	// Looks are those that found it; none of a question about the hosting.
	Looks Streak
	// Page is what the last look read, nil when that is not at hand; Before is the page that it is compared
	// with.
	Page, Before *Features
	Hosting      *Hosting // of a question about it; nil when nothing was decided
}

// Question is what a person must decide about a case in review; ok is false in all other
// standings. page is what the last look read, nil when that is not at hand. Pure.
func (c Case) Question(page *Features) (q Question, ok bool) {
	if c.Standing != Review {
		return q, false
	}
	q = Question{Kind: AskChanged, About: c.Topic(), Looks: c.Undecided, Page: page, Before: c.Baseline}
	q.Answers = []ActionKind{ActAccept, ActRecord, ActWithdraw}
	switch {
	case q.About == TopicHosting:
		q.Kind, q.Answers = AskHosting, []ActionKind{ActOrigin, ActKeep, ActWithdraw}
		q.Hosting, q.Looks, q.Page = c.Hosting, Streak{}, nil
	case q.About == ReviewTopic(ReasonFenced):
		q.Kind, q.Answers = AskFenced, []ActionKind{ActKeep, ActRecord, ActWithdraw}
	case Reason(q.About).State() == StateGone:
		q.Kind, q.Answers = AskGone, []ActionKind{ActRecord, ActNote, ActWithdraw}
	case q.About == ReviewTopic(ReasonRedirectedElsewhere):
		q.Kind = AskRedirected
	}
	return q, true
}

// Topic is what the review is about. Reviews of before ReviewDecision was kept do not say it.
func (c Case) Topic() ReviewTopic {
	switch {
	case c.Review.Asked != "":
		return c.Review.Asked
	case c.Undecided.Count == 0:
		return TopicHosting
	case c.Last.State == StateChanged || c.Last.State == StateFenced:
		return ReviewTopic(c.Last.Reason)
	}
	return ReviewTopic(ReasonContentDiffers)
}

// Facts are the question as the data of an event: codes, counts and times.
func (q Question) Facts() map[string]string {
	facts := map[string]string{"about": string(q.About)}
	if q.Looks.Count > 0 {
		facts["verdicts"], facts["since"] = strconv.Itoa(q.Looks.Count), q.Looks.First.UTC().Format(time.RFC3339)
	}
	if p := q.Page; p != nil {
		for name, n := range map[string]int{"words": p.Words, "links": p.Links, "images": p.Images, "media": p.Media} {
			facts[name] = strconv.Itoa(n)
		}
	}
	if h := q.Hosting; h != nil && h.Edge != nil && h.Origin == OriginUnknown {
		facts["edge"] = bounded(h.Edge.Name)
	} else if named := q.Hosting.Countries(); len(named) > 0 {
		facts["countries"], facts["confidence"] = strings.Join(named, ", "), strconv.FormatFloat(q.Hosting.Confidence, 'f', 2, 64)
	}
	return facts
}

// maxNamed bounds how many opinions on the country a question names.
const maxNamed = 8

// Countries are those that sources name, each once, sorted; at most maxNamed of them. h may be nil.
func (h *Hosting) Countries() []string {
	var named []string
	if h != nil {
		for _, c := range h.Claims {
			if v := bounded(c.Value); c.Fact == FactCountry && v != "" && !slices.Contains(named, v) && len(named) < maxNamed {
				named = append(named, v)
			}
		}
	}
	slices.Sort(named)
	return named
}

// bounded cuts a foreign text in a question.
func bounded(s string) string {
	if len(s) > 200 {
		s = s[:200]
	}
	return strings.ToValidUTF8(s, "")
}

// Page is what the look read that bears out the verdict of the visit: of the vantages that
// agree with it, the first by name. Nil when none read a body with a 2xx status. It is a copy.
func (v Visit) Page() *Features {
	var best *Observation
	for i := range v.Observations {
		o := &v.Observations[i]
		differs := slices.ContainsFunc(v.Verdict.Dissent, func(d Dissent) bool { return d.Vantage == o.Vantage })
		if o.Purpose.IsProbe() || o.Fault != nil || o.Features == nil || o.Answered()/100 != 2 || differs {
			continue
		}
		if best == nil || o.Vantage < best.Vantage {
			best = o
		}
	}
	if best == nil {
		return nil
	}
	f := *best.Features
	return &f
}
