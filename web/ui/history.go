package ui

import (
	"context"
	"net/url"
	"strconv"
	"time"

	"vigil/casefile"
	"vigil/web/mask"
)

// Bounds of one page of a case's history.
const (
	historyEvents = 60
	historyVisits = 40
)

// entry is a line of a case's history: an event or a visit.
type entry struct {
	At    time.Time
	Event *casefile.Event
	Visit *casefile.Visit
}

// history fills the timeline: events and visits, newest first, and the way to the page before.
func (u *UI) history(ctx context.Context, v *caseView, q url.Values, m mask.Masker) error {
	beforeEvent, _ := strconv.ParseInt(q.Get("event"), 10, 64) // not a number: from the newest
	beforeVisit, _ := strconv.ParseInt(q.Get("visit"), 10, 64)
	own := "/cases/" + strconv.FormatInt(int64(v.Case.ID), 10)
	if beforeEvent > 0 || beforeVisit > 0 {
		v.Newest = own + "#history"
	}
	events, err := u.Store.LatestEvents(ctx, v.Case.ID, max(0, beforeEvent), historyEvents+1)
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
			e.Event.Data = mask.Of(m, e.Event.Data)
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

// merge makes one list of events and visits, newest first, as they come; each keeps its own order. Either
// may have one more than fits: then the list ends where that one does, so that nothing is missing in
// between, and more is true.
func merge(events []casefile.Event, visits []casefile.Visit) (list []entry, more bool) {
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
