package lifecycle

import (
	"net/netip"
	"slices"
	"strconv"

	"vigil/casefile"
)

// Acted is what a person does to a case. A move that the transition table does not have is a Problem of code
// conflict.
type Acted struct{ Action casefile.Action }

// Allows says whether a person may do so to the case. page is what the last look read; nil when none is at
// hand.
func Allows(c casefile.Case, kind casefile.ActionKind, page *casefile.Features) bool {
	_, _, problem := Apply(c, c.Opened, Acted{casefile.Action{Kind: kind, Reason: "may it be done?", Page: page}})
	return problem == nil
}

func (w Acted) apply(s *step) *casefile.Problem {
	a := w.Action
	if !a.Kind.Valid() {
		return casefile.Problemf(casefile.ProblemField, "action", "%.40q is no action; use withdraw, hold, release, look_now, record_removal, "+
			"undo_removal, keep_watching, accept_page, note, record_origin or forget_origin", string(a.Kind))
	}
	if a.Reason == "" || len(a.Reason) > casefile.MaxActionReason {
		return casefile.Problemf(casefile.ProblemField, "reason", "give a reason of 1 to %d bytes; it is kept in the history",
			casefile.MaxActionReason)
	}
	s.actor = a.Actor
	because := facts{"reason": a.Reason}
	switch a.Kind {
	case casefile.ActHold:
		if s.Held {
			return conflict("the case is held already")
		}
		s.emit(casefile.EventHeld, because)
	case casefile.ActRelease:
		if !s.Held {
			return conflict("the case is not held")
		}
		s.emit(casefile.EventReleased, because)
		s.lookAgain()
	case casefile.ActLook:
		if !s.Standing.Visited() {
			return asleep(s.Standing)
		}
		s.emit(casefile.EventAsked, because)
		s.lookAgain()
	case casefile.ActOrigin, casefile.ActForget:
		return s.origin(a, because)
	case casefile.ActKeep, casefile.ActAccept:
		return s.settle(a, because)
	case casefile.ActWithdraw:
		return s.end(a, casefile.CauseWithdrawn, casefile.Due{Why: casefile.WhyNever})
	case casefile.ActRecord:
		return s.end(a, casefile.CauseRecorded, casefile.Due{At: s.at, Why: casefile.WhyAftercare})
	case casefile.ActOverturn:
		return s.end(a, casefile.CauseOverturned, casefile.Due{At: s.at, Why: casefile.WhyAsked})
	case casefile.ActNote:
		s.emit(casefile.EventNoted, because)
	}
	return nil
}

func conflict(format string, args ...any) *casefile.Problem {
	return casefile.Problemf(casefile.ProblemConflict, "action", format, args...)
}

func asleep(standing casefile.Standing) *casefile.Problem {
	return conflict("a case that is %s is not looked at; report the URL again to wake it", standing)
}

// lookAgain makes the case due at once, when it is looked at.
func (s *step) lookAgain() {
	if s.Standing.Visited() {
		s.Due = casefile.Due{At: s.at, Why: casefile.WhyAsked}
	}
}

// end moves the case by a person's word.
func (s *step) end(a casefile.Action, cause casefile.Cause, due casefile.Due) *casefile.Problem {
	if !s.move(cause, facts{"reason": a.Reason}) {
		return conflict("a case that is %s cannot %s", s.Standing, a.Kind)
	}
	s.Due = due
	return nil
}

// settle takes an answer to the question of a review that leaves the case watched. It is
// due at once: what the answer changed is seen with the next look.
func (s *step) settle(a casefile.Action, data facts) *casefile.Problem {
	if !s.Standing.Visited() {
		return asleep(s.Standing)
	}
	about := s.Topic()
	data["answer"] = string(a.Kind)
	answers := true // the question of the review
	switch {
	case a.Kind == casefile.ActAccept && a.Page == nil:
		return conflict("no page was read that could be the reported content; ask for a look, or record what you know otherwise")
	case a.Kind == casefile.ActAccept:
		page := *a.Page
		s.Baseline = &page
		answers = about != casefile.TopicHosting
		data["visit"], data["words"] = strconv.FormatInt(int64(a.Visit), 10), strconv.Itoa(page.Words)
	case s.Standing != casefile.Review:
		return conflict("a case that is %s asks nothing: it is watched as it is", s.Standing)
	case about != casefile.TopicHosting && about != casefile.ReviewTopic(casefile.ReasonFenced):
		return conflict("the question is whether the reported content is there: answer with accept_page, record_removal or withdraw, " +
			"or leave the case in review")
	}
	answers = answers && s.Standing == casefile.Review
	if answers {
		data["about"] = string(about)
	}
	s.emit(casefile.EventSettled, data)
	if answers {
		s.move(casefile.CauseSettled, nil)
	}
	s.lookAgain()
	return nil
}

// origin records or forgets the origin. The present hosting stays as it is: the
// next visit, due at once, decides anew because the decision's origin differs, and
// tells other parties only when that led to another hosting.
func (s *step) origin(a casefile.Action, data facts) *casefile.Problem {
	kind, told := casefile.EventOriginForgotten, s.Backend
	if a.Kind == casefile.ActForget {
		if s.Backend == nil {
			return conflict("no origin is recorded for this case")
		}
		s.Backend = nil
	} else {
		o := &casefile.Backend{Address: a.Origin.Unmap(), Country: a.Country, By: a.Actor, At: a.At}
		if problem := checkOrigin(o); problem != nil {
			return problem
		}
		if s.Hosting == nil {
			return conflict("the case was not looked at yet; record the origin when its hosting was decided")
		}
		switch {
		case s.Hosting.Edge == nil:
			o.Of = s.Hosting.Addresses
		case slices.Contains(s.Hosting.Addresses, o.Address):
			return casefile.Problemf(casefile.ProblemField, "origin",
				"this is the address of the edge that the target answers at; give that of the machine behind it")
		}
		s.Backend, told, kind = o, o, casefile.EventOriginRecorded
	}
	if n := told.Network(); n.IsValid() {
		data["network"] = n.String()
	}
	if told.Country != "" {
		data["country"] = told.Country
	}
	s.emit(kind, data)
	s.lookAgain()
	return nil
}

// checkOrigin says whether the record can be of an origin at all.
func checkOrigin(o *casefile.Backend) *casefile.Problem {
	addr := o.Address
	problem := func(field, format string, args ...any) *casefile.Problem {
		return casefile.Problemf(casefile.ProblemField, field, format, args...)
	}
	switch {
	case !addr.IsValid() && o.Country == "":
		return problem("origin", "give the address of the origin, for example 192.0.2.7, or its country")
	case o.Country != "" && (len(o.Country) != 2 || o.Country[0] < 'A' || o.Country[0] > 'Z' || o.Country[1] < 'A' || o.Country[1] > 'Z'):
		return problem("country", "%.10q is no country: give the two capital letters of ISO 3166-1, for example NL", o.Country)
	case addr.Zone() != "":
		return problem("origin", "an address with a zone means something on one machine only; give a public address")
	case addr.IsValid() && (addr.IsUnspecified() || addr.IsMulticast() || addr == netip.AddrFrom4([4]byte{255, 255, 255, 255})):
		return problem("origin", "this is no address of one machine; give the public address of the origin")
	}
	return nil
}
