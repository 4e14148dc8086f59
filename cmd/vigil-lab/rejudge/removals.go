package rejudge

import (
	"time"

	"vigil/casefile"
	"vigil/lifecycle"
)

// removalsOf are the removals that a case's counted verdicts confirm by themselves, whatever people did beside them:
// what the verdicts of one version of the rules come to, to be compared with those of another. The verdicts are in
// the order of the visits. Of each removal FirstGone and Removed are set.
func removalsOf(verdicts []casefile.Opinion, t lifecycle.Thresholds) (all []casefile.Episode) {
	l := casefile.Life{Standing: casefile.Watching}
	emit := func(kind casefile.EventKind, at time.Time, data map[string]string) {
		l = lifecycle.Fold(l, casefile.Event{At: at, Kind: kind, Data: data})
	}
	move := func(cause casefile.Cause, at time.Time) {
		if to, ok := l.Standing.Move(cause); ok {
			emit(casefile.EventStanding, at, map[string]string{"to": string(to), "cause": string(cause)})
		}
	}
	for _, v := range verdicts {
		sighted := v.State == casefile.StateLive || v.State == casefile.StateFenced
		if sighted && l.Standing == casefile.Removed {
			emit(casefile.EventReturned, v.At, nil)
			move(casefile.CauseSeen, v.At)
		}
		emit(casefile.EventVisited, v.At, map[string]string{"state": string(v.State), "reason": string(v.Reason)})
		switch {
		case l.Standing == casefile.Removed:
		case sighted, v.State == casefile.StateChanged:
			move(casefile.CauseSeen, v.At)
		case v.State != casefile.StateGone:
			if v.At.Sub(l.Unseen) >= t.UnavailableAfter {
				move(casefile.CauseUnseen, v.At)
			}
		case t.Removal().By(l.Streak):
			move(casefile.CauseConfirmed, v.At)
			all = append(all, casefile.Episode{FirstGone: l.Episode.FirstGone, Removed: l.Episode.Removed})
		default:
			move(casefile.CauseGone, v.At)
		}
	}
	return all
}
