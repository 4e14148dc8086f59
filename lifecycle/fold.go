package lifecycle

import (
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"vigil/casefile"
)

// Replay gives the life that a case's events tell, in order, from its first one or from a snapshot on.
func Replay(events []casefile.Event) casefile.Life {
	var l casefile.Life
	for _, e := range events {
		l = Fold(l, e)
	}
	return l
}

// Snapshot is the event that holds a whole life: what an upgrade writes for a case whose older events do not
// tell all.
func Snapshot(l casefile.Life, at time.Time) (casefile.Event, error) {
	text, err := json.Marshal(l)
	if err != nil {
		return casefile.Event{}, fmt.Errorf("write snapshot: %w", err)
	}
	return casefile.Event{At: at, Kind: casefile.EventSnapshot, Actor: casefile.ActorVigil, Data: facts{"life": string(text)}}, nil
}

// Fold gives the life after an event. Events that tell nothing of a life leave it as it is.
func Fold(l casefile.Life, e casefile.Event) casefile.Life {
	at := milliseconds(e.At)
	switch e.Kind {
	case casefile.EventSnapshot:
		var whole casefile.Life
		if json.Unmarshal([]byte(e.Data["life"]), &whole) == nil {
			return whole
		}
	case casefile.EventReported:
		if l.Standing == "" {
			l.Standing, l.Episode = casefile.Watching, casefile.Episode{Number: 1, Opened: moment(e.Data["received"])}
		}
	case casefile.EventHeld:
		l.Held = true
	case casefile.EventReleased:
		l.Held, l.NoticesComposed = false, false
	case casefile.EventVisited:
		return visited(l, e.Data, at)
	case casefile.EventFirstSeen:
		l.Episode.FirstSeen = at
	case casefile.EventReturned:
		l = nextEpisode(l, at)
		l.Episode.FirstSeen, l.Episode.LastSeen = at, at
	case casefile.EventStanding:
		return moved(l, e.Data, at)
	case casefile.EventReviewRequested:
		if l.Standing == casefile.Review && e.Data["origin"] != casefile.OriginUnknown {
			l.Review.Asked = casefile.ReviewTopic(e.Data["about"])
		}
	case casefile.EventSettled:
		return settled(l, e.Data)
	case casefile.EventHosting: // others must be told, and asked, than before
		l.NoticesComposed, l.Review.Hosting = false, false
	case casefile.EventHosted:
		if provider, said := e.Data["provider"]; said {
			l.Episode.Provider, l.Episode.ProviderSince = provider, at
		}
		if country, said := e.Data["country"]; said {
			l.Episode.Country, l.Episode.CountrySince = country, at
		}
	case casefile.EventAssigned:
		l.NoticesComposed = false
	case casefile.EventNoticesComposed:
		l.NoticesComposed = true
	case casefile.EventNoticeSent:
		if e.Data["kind"] == string(casefile.NoticeRemoval) && e.Data["episode"] == strconv.Itoa(l.Episode.Number) {
			l.Episode.LastNotice = at
			if l.Episode.FirstNotice.IsZero() {
				l.Episode.FirstNotice = at
			}
		}
	case casefile.EventNoticeComposed, casefile.EventNoticeFailed, casefile.EventRevealed, casefile.EventAsked, casefile.EventNoted,
		casefile.EventInterrupted, casefile.EventAcknowledged, casefile.EventAssessed, casefile.EventBaseline,
		casefile.EventOriginRecorded, casefile.EventOriginForgotten, casefile.EventSameLabel:
	}
	return l
}

// visited takes a verdict that counts. A sighting of a removed case has ended the removal before.
func visited(l casefile.Life, data facts, at time.Time) casefile.Life {
	state, reason := casefile.State(data["state"]), casefile.Reason(data["reason"])
	l.Last = casefile.Opinion{State: state, Reason: reason, At: at}
	switch {
	case state == casefile.StateLive:
		l = sighted(l, at)
		l.Undecided, l.Review.Overturned = casefile.Streak{}, ""
	case state == casefile.StateFenced:
		l = undecided(sighted(l, at), reason, at)
	case l.Standing == casefile.Removed:
		if n, err := strconv.Atoi(data["aftercare"]); err == nil {
			l.Aftercare = n
		}
		if state == casefile.StateGone {
			l.Review.Gone = reason
		}
	case state == casefile.StateGone && reason != l.Review.Overturned:
		l.Unseen = time.Time{}
		l.Streak = longer(l.Streak, at)
		l.Episode.FirstGone = l.Streak.First
	case state == casefile.StateGone, state == casefile.StateChanged:
		// Something else is there, perhaps the content in another form; or a person knows better than this
		// reason.
		l.Unseen = time.Time{}
		l = undecided(withoutStreak(l), reason, at)
	case state == casefile.StateSilent, state == casefile.StateWithheld:
		if l.Unseen.IsZero() {
			l.Unseen = at
		}
	}
	return l
}

func sighted(l casefile.Life, at time.Time) casefile.Life {
	l.Unseen, l.Episode.LastSeen = time.Time{}, at
	return withoutStreak(l)
}

// undecided lengthens the run of verdicts that a person may have to decide. In a review that was asked for by
// verdicts the question is about the latest of them.
func undecided(l casefile.Life, reason casefile.Reason, at time.Time) casefile.Life {
	if reason == casefile.ReasonFenced && l.Review.Fenced {
		l.Undecided = casefile.Streak{}
		return l // a person knows
	}
	l.Undecided = longer(l.Undecided, at)
	if l.Standing == casefile.Review && l.Review.Asked != casefile.TopicHosting {
		l.Review.Asked = casefile.ReviewTopic(reason)
	}
	return l
}

// moved takes a change of standing.
func moved(l casefile.Life, data facts, at time.Time) casefile.Life {
	l.Standing = casefile.Standing(data["to"])
	switch casefile.Cause(data["cause"]) {
	case casefile.CauseReported:
		l = nextEpisode(l, moment(data["opened"]))
	case casefile.CauseConfirmed:
		l.Episode.Removed, l.Aftercare, l.Undecided, l.Review.Gone = at, 0, casefile.Streak{}, l.Last.Reason
	case casefile.CauseRecorded:
		l = withoutRuns(l)
		l.Episode.Removed, l.Episode.Recorded, l.Aftercare = at, true, 0
		if l.Episode.FirstGone.IsZero() { // else looks found it gone before the person did
			l.Episode.FirstGone = at
		}
		l.Review.Gone = ""
		if l.Last.State == casefile.StateGone {
			l.Review.Gone = l.Last.Reason
		}
	case casefile.CauseOverturned:
		if l.Last.State == casefile.StateGone { // also of a removal of before Gone was kept
			l.Review.Overturned = l.Last.Reason
		} else if l.Review.Gone != "" {
			l.Review.Overturned = l.Review.Gone
		}
		l = withoutRuns(l)
		l.Review.Gone = ""
		l.Episode.Removed, l.Episode.FirstGone, l.Episode.Recorded, l.Aftercare = time.Time{}, time.Time{}, false, 0
	case casefile.CauseWithdrawn:
		l = withoutRuns(l)
	case casefile.CauseUnseen: // what was seen so long ago confirms nothing by now
		l = withoutStreak(l)
		l.Undecided = casefile.Streak{}
	case casefile.CauseUndecided:
		l.Review.Asked = casefile.ReviewTopic(data["about"])
	case casefile.CauseGone, casefile.CauseSeen, casefile.CauseSettled, casefile.CauseAged:
	}
	return l
}

// settled takes a person's answer to the question of a review.
func settled(l casefile.Life, data facts) casefile.Life {
	l.Undecided = casefile.Streak{}
	switch about := casefile.ReviewTopic(data["about"]); {
	case data["answer"] == string(casefile.ActAccept):
		l.Review.Overturned = ""
	case about == casefile.TopicHosting:
		l.Review.Hosting = true
	case about == casefile.ReviewTopic(casefile.ReasonFenced):
		l.Review.Fenced = true
	}
	return l
}

// nextEpisode opens an episode with a clock of its own. What a person knows of the hosting stays known.
func nextEpisode(l casefile.Life, opened time.Time) casefile.Life {
	l = withoutRuns(l)
	l.Episode = casefile.Episode{Number: l.Episode.Number + 1, Opened: opened}
	l.Aftercare, l.NoticesComposed, l.Review = 0, false, casefile.ReviewDecision{Hosting: l.Review.Hosting}
	return l
}

func withoutStreak(l casefile.Life) casefile.Life {
	l.Streak, l.Episode.FirstGone = casefile.Streak{}, time.Time{}
	return l
}

// withoutRuns ends all runs of verdicts; FirstGone stays.
func withoutRuns(l casefile.Life) casefile.Life {
	l.Streak, l.Undecided, l.Unseen = casefile.Streak{}, casefile.Streak{}, time.Time{}
	return l
}

// longer is the streak with one more verdict at the time given.
func longer(k casefile.Streak, at time.Time) casefile.Streak {
	if k.Count == 0 {
		k.First = at
	}
	k.Count++
	k.Last = at
	return k
}

// moment reads what instant wrote; the zero time of anything else.
func moment(s string) time.Time {
	t, _ := time.Parse(time.RFC3339Nano, s) // zero with an error
	return t.UTC()
}
