package scheduler

import (
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"math"
	"time"

	"vigil/casefile"
)

// Schedule says how often cases are visited. The numbers come from the
// configuration; docs/scheduling.md explains each in words.
type Schedule struct {
	// FirstGap is the gap of a fresh case, and the shortest ordinary one.
	FirstGap time.Duration
	// Growth is the share of a case's age that its gap grows to: 0.1 visits a
	// case that is ten hours old every hour. Zero keeps FirstGap.
	Growth float64
	// MaxGap is the longest gap. Jitter does not lengthen it.
	MaxGap time.Duration
	// Confirm says when gone verdicts are a removal: so many, over such a span. A
	// Visitor makes of it what its vantages need (lifecycle.Thresholds.Removal).
	Confirm casefile.Confirm
	// Aftercare are the looks after a removal, counted from it, growing.
	Aftercare []time.Duration
	// MinGap is the least time between two visits of a case; it stops loops.
	MinGap time.Duration
	// Jitter spreads visits by up to this share of their gap, 0 to 0.5.
	Jitter float64
}

// Validate says what is wrong with the pace.
func (p Schedule) Validate() error {
	switch {
	case p.FirstGap <= 0:
		return fmt.Errorf("first gap %v: must be positive", p.FirstGap)
	case p.MaxGap < p.FirstGap:
		return fmt.Errorf("max gap %v: must not be shorter than the first gap %v", p.MaxGap, p.FirstGap)
	case p.MinGap < 0 || p.MinGap > p.FirstGap:
		return fmt.Errorf("min gap %v: must be between 0 and the first gap %v", p.MinGap, p.FirstGap)
	case math.IsNaN(p.Growth) || p.Growth < 0 || p.Growth > 100:
		return fmt.Errorf("growth %v: must be between 0 and 100", p.Growth)
	case math.IsNaN(p.Jitter) || p.Jitter < 0 || p.Jitter > 0.5:
		return fmt.Errorf("jitter %v: must be between 0 and 0.5", p.Jitter)
	case p.Confirm.Verdicts < 1 || p.Confirm.Span < 0:
		return fmt.Errorf("confirm %d verdicts over %v: at least 1 verdict, over a span that is not negative", p.Confirm.Verdicts, p.Confirm.Span)
	}
	for i, d := range p.Aftercare {
		if d <= 0 || i > 0 && d <= p.Aftercare[i-1] {
			return fmt.Errorf("aftercare look %d after %v: must be later than the one before", i+1, d)
		}
	}
	return nil
}

// Next returns when the case must be visited again, in UTC, never before now+MinGap
// and, but for the looks of aftercare, never after now+MaxGap.
// Pure. A streak of gone verdicts tightens the pace; age stretches it (docs/scheduling.md).
func Next(now time.Time, c casefile.Case, p Schedule) casefile.Due {
	now = now.UTC()
	switch c.Standing {
	case casefile.Confirming:
		return p.due(now, p.confirming(now, c), casefile.WhyConfirm)
	case casefile.Removed:
		return p.due(now, p.aftercare(now, c), casefile.WhyAftercare)
	case casefile.Watching:
		return p.due(now, p.spread(c, p.ordinary(now, c)), casefile.WhyCadence)
	case casefile.Unavailable, casefile.Review:
		return p.due(now, p.spread(c, p.MaxGap), casefile.WhyCadence)
	case casefile.Withdrawn, casefile.Closed:
	}
	return casefile.Due{Why: casefile.WhyNever}
}

func (p Schedule) due(now time.Time, gap time.Duration, why casefile.Why) casefile.Due {
	return casefile.Due{At: now.Add(max(gap, p.MinGap)), Why: why}
}

// Heed moves a due time to the server's wish of Retry-After: no earlier than
// now+wish, but never later than now+MaxGap for it. A due time that is later
// anyway, or never, stays.
func (p Schedule) Heed(now time.Time, due casefile.Due, wish time.Duration) casefile.Due {
	if due.At.IsZero() || wish <= 0 {
		return due
	}
	if at := now.UTC().Add(min(wish, p.MaxGap)); at.After(due.At) {
		due.At = at
	}
	return due
}

// Retry is the due time of a visit that said nothing because our own uplink was not
// sound: soon at first, then as long as the uplink has been unsound, at most FirstGap.
func (p Schedule) Retry(now time.Time, c casefile.Case, closed time.Duration) casefile.Due {
	soon := min(max(p.MinGap, p.FirstGap/15), p.FirstGap) // a minute with the default of 15
	gap := min(max(closed, soon), p.FirstGap)
	return p.due(now.UTC(), p.spread(c, gap), casefile.WhyGate)
}

// Postpone is until when the rest of a silent host's cases wait: as long as the
// case that was visited, but between FirstGap and four times that, so that a
// fresh report does not wait as long as an old one.
func (p Schedule) Postpone(now time.Time, visited casefile.Due) time.Time {
	gap := p.FirstGap
	if !visited.At.IsZero() {
		gap = min(max(visited.At.Sub(now), p.FirstGap), 4*p.FirstGap)
	}
	return now.UTC().Add(min(gap, p.MaxGap))
}

// ordinary is the gap of a watched case, before jitter: a share of the time since
// the report, the last notice or the beginning of the provider's clock, whichever is
// latest, from FirstGap to MaxGap. A notice makes the pace quick again, because that is
// when removals happen, and so does a move: it may go on to the next provider.
func (p Schedule) ordinary(now time.Time, c casefile.Case) time.Duration {
	since := c.Episode.Opened
	for _, t := range []time.Time{c.Episode.LastNotice, c.Episode.ProviderSince} {
		if t.After(since) {
			since = t
		}
	}
	grown := p.Growth * float64(now.Sub(since))
	if grown >= float64(p.MaxGap) {
		return p.MaxGap
	}
	return min(max(time.Duration(grown), p.FirstGap), p.MaxGap)
}

// confirming spreads Confirm.Verdicts verdicts evenly over Confirm.Span from the
// first gone one, so that the removal is confirmed just after the span. What is
// late already follows after FirstGap when the last verdict was gone, and at the
// ordinary pace when the host went silent.
func (p Schedule) confirming(now time.Time, c casefile.Case) time.Duration {
	steps := max(p.Confirm.Verdicts-1, 1)
	step := p.Confirm.Span / time.Duration(steps)
	place := min(max(c.Streak.Count, 1), steps)
	until := c.Streak.First.Add(step * time.Duration(place)).Sub(now)
	if place == steps { // the deciding one: exactly the span, and never before it
		until = c.Streak.First.Add(p.Confirm.Span).Sub(now)
	}
	if c.Streak.First.IsZero() || until <= 0 {
		late := p.FirstGap
		if c.Last.State != casefile.StateGone {
			late = p.ordinary(now, c)
		}
		return p.spread(c, min(late, max(step, p.MinGap)))
	}
	return min(until+p.late(c, min(step, p.FirstGap)), p.MaxGap)
}

// aftercare is the gap to the next look after a removal. Looks that were missed
// follow one FirstGap after another; a case with no look left is visited once
// more, which closes it.
func (p Schedule) aftercare(now time.Time, c casefile.Case) time.Duration {
	if c.Aftercare < 0 || c.Aftercare >= len(p.Aftercare) {
		return p.spread(c, p.MaxGap)
	}
	after := p.Aftercare[c.Aftercare]
	until := c.Episode.Removed.Add(after).Sub(now)
	if until <= 0 {
		return p.spread(c, min(p.FirstGap, after))
	}
	return until + p.late(c, min(until, p.MaxGap))
}

// spread moves a gap by up to Jitter of it, to either side; what would pass
// MaxGap is mirrored at it, so that MaxGap holds and the spread stays.
func (p Schedule) spread(c casefile.Case, gap time.Duration) time.Duration {
	gap += time.Duration(p.Jitter * float64(gap) * (2*draw(c) - 1))
	if over := gap - p.MaxGap; over > 0 {
		gap = p.MaxGap - over
	}
	return gap
}

// late is a delay of up to Jitter of the gap, for moments that must not come early.
func (p Schedule) late(c casefile.Case, gap time.Duration) time.Duration {
	return time.Duration(p.Jitter * float64(gap) * draw(c))
}

// draw is a number in [0,1) that depends on the case and its count of visits only:
// the pace can be replayed.
func draw(c casefile.Case) float64 {
	var b [16]byte
	binary.BigEndian.PutUint64(b[:8], uint64(c.ID))
	binary.BigEndian.PutUint64(b[8:], uint64(c.Visits))
	h := fnv.New64a()
	_, _ = h.Write(b[:])
	x := h.Sum64() // FNV leaves the high bits of short keys alike: finish as SplitMix64 does
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	x ^= x >> 31
	return float64(x>>11) / (1 << 53)
}
