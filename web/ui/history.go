package ui

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"strconv"
	"time"

	"vigil/casefile"
	"vigil/web/mask"
)

// Bounds of one page of a case's history.
const (
	historyEvents = 60
	historyVisits = 40
	// maxHistory bounds how many events are counted to find the newest.
	maxHistory = 100_000
)

// entry is a line of a case's history: an event or a visit.
type entry struct {
	At    time.Time
	Event *casefile.Event
	Visit *casefile.Visit
}

// problemIn is the person's fault in err; nil when there is none.
func problemIn(err error) *casefile.Problem {
	var p *casefile.Problem
	errors.As(err, &p)
	return p
}

// history fills the timeline: events and visits, newest first, and the way to the page before.
func (u *UI) history(ctx context.Context, v *caseView, q url.Values, m mask.Masker) error {
	beforeEvent, _ := strconv.ParseInt(q.Get("event"), 10, 64) // not a number: from the newest
	beforeVisit, _ := strconv.ParseInt(q.Get("visit"), 10, 64)
	own := "/cases/" + strconv.FormatInt(int64(v.Case.ID), 10)
	if beforeEvent > 0 || beforeVisit > 0 {
		v.Newest = own + "#history"
	}
	events, err := u.eventsBefore(ctx, v.Case.ID, beforeEvent)
	if err != nil {
		return err
	}
	visits, err := u.Store.Visits(ctx, v.Case.ID, casefile.VisitID(max(0, beforeVisit)), historyVisits+1)
	if err != nil {
		return err
	}
	var more bool
	v.Timeline, more = merge(events, visits)
	for i := range v.Timeline {
		e := &v.Timeline[i]
		if e.Event != nil {
			data := make(map[string]string, len(e.Event.Data))
			for k, value := range e.Event.Data {
				data[k] = m.Text(value)
			}
			e.Event.Data = data
			beforeEvent = e.Event.Seq
		} else {
			beforeVisit = int64(e.Visit.ID)
		}
	}
	if more {
		v.Earlier = own + "?event=" + strconv.FormatInt(beforeEvent, 10) + "&visit=" + strconv.FormatInt(beforeVisit, 10) + "#history"
	}
	return nil
}

// eventsBefore are the events below seq, or the newest when seq is not above zero,
// in order: at most one more than fit a page. Events are numbered without a gap.
func (u *UI) eventsBefore(ctx context.Context, id casefile.CaseID, seq int64) ([]casefile.Event, error) {
	if seq > 0 {
		first := max(0, seq-1-(historyEvents+1))
		if seq == 1 {
			return nil, nil
		}
		return u.Store.Events(ctx, id, first, int(seq-1-first))
	}
	var newest []casefile.Event
	for after := int64(0); after < maxHistory; {
		next, err := u.Store.Events(ctx, id, after, casefile.MaxPage)
		if err != nil {
			return nil, err
		}
		newest = append(newest, next...)
		if over := len(newest) - (historyEvents + 1); over > 0 {
			newest = newest[over:]
		}
		if len(next) < casefile.MaxPage {
			break
		}
		after = next[len(next)-1].Seq
	}
	return newest, nil
}

// merge makes one list of events (oldest first) and visits (newest first), newest
// first; each keeps its own order. Either may have one more than fits: then the
// list ends where that one does, so that nothing is missing in between, and more is true.
func merge(events []casefile.Event, visits []casefile.Visit) (list []entry, more bool) {
	events = slices.Clone(events)
	slices.Reverse(events)
	moreEvents, moreVisits := len(events) > historyEvents, len(visits) > historyVisits
	events, visits = events[:min(len(events), historyEvents)], visits[:min(len(visits), historyVisits)]
	for e, v := 0, 0; e < len(events) || v < len(visits); {
		if e == len(events) && moreEvents || v == len(visits) && moreVisits {
			return list, true
		}
		if v == len(visits) || e < len(events) && !events[e].At.Before(visits[v].Started) {
			list = append(list, entry{At: events[e].At, Event: &events[e]})
			e++
			continue
		}
		list = append(list, entry{At: visits[v].Started, Visit: &visits[v]})
		v++
	}
	return list, moreEvents || moreVisits
}
