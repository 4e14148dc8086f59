package registry

import "time"

// A server that fails is left alone: a dead one would hold every look-up for its whole
// time limit. The numbers are ours (docs/hosting.md): three failures in a row are no
// accident, 30 s is shorter than most repairs, 15 min bounds how late we notice one.
const (
	breakAfter   = 3
	firstBreak   = 30 * time.Second
	longestBreak = 15 * time.Minute
	// maxProbe is after how long a probe that never reported back counts as lost.
	maxProbe = time.Minute
)

// Breaker decides whether a server may be asked, from how the exchanges with it ended. The
// zero value lets every question pass. It is pure: the time comes in. It is not safe for
// concurrent use.
//
// Failures are timeout, unreachable and server_error: the server did no work for us,
// and asking again at once would not help. All other problems are answers of a server
// that works: not_found, rate_limited (a hold, not a failure), broken, too_large and
// other_object. interrupted says nothing about the server, and counts for neither.
type Breaker struct {
	failures int           // in a row
	pause    time.Duration // of the break that is on or was last; 0: none since the last success
	until    time.Time     // end of the break
	probe    time.Time     // until when a probe is under way; zero: none
	last     Problem       // of the failure that began the break
}

// Allow says whether the server may be asked now; "" is yes, and must be followed by
// Settle. When not, the problem is that of the last failure. After a break one caller is
// let through as a probe; the others go on getting the last problem until it has reported.
func (b *Breaker) Allow(now time.Time) Problem {
	if b.pause == 0 {
		return ""
	}
	if now.Before(b.until) || now.Before(b.probe) {
		return b.last
	}
	b.probe = now.Add(maxProbe)
	return ""
}

// Settle takes the outcome of an exchange; "" is a success, and interrupted says that the
// server was not asked. pause is how long it is left alone because of this outcome, else 0.
func (b *Breaker) Settle(now time.Time, outcome Problem) (pause time.Duration) {
	switch outcome {
	case ProblemTimeout, ProblemUnreachable, ProblemServer:
	case ProblemInterrupted, ProblemBusy:
		b.probe = time.Time{}
		return 0
	default:
		*b = Breaker{}
		return 0
	}
	if b.pause > 0 && now.Before(b.until) {
		return 0 // it began before the break, and tells nothing new
	}
	b.probe = time.Time{}
	if b.failures++; b.failures < breakAfter {
		return 0
	}
	b.pause = min(max(2*b.pause, firstBreak), longestBreak)
	b.until, b.last = now.Add(b.pause), outcome
	return b.pause
}

// Idle says that forgetting the breaker loses nothing.
func (b *Breaker) Idle() bool { return b.failures == 0 && b.pause == 0 }
