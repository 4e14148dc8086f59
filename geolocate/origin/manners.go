package origin

import (
	"sync"
	"time"

	"vigil/geolocate/registry"
)

// A service that fails is left alone, as registries are (docs/hosting.md): after three
// failures in a row for 30 s, doubled with each further one, up to 15 min.
const (
	breakAfter   = 3
	firstBreak   = 30 * time.Second
	longestBreak = 15 * time.Minute
	maxProbe     = time.Minute // after how long a probe that never reported back counts as lost

	// A service that asks to be left alone is, for as long as it says, within these bounds.
	minHold   = 5 * time.Second
	usualHold = time.Minute // when it states no time
	maxHold   = 24 * time.Hour
)

// manners say whether the service may be asked, from how the exchanges with it ended.
// The time comes in. Safe for concurrent use.
type manners struct {
	mu       sync.Mutex
	held     time.Time // it asked to be left alone until then
	failures int       // in a row
	pause    time.Duration
	until    time.Time // end of the break
	probe    time.Time // until when a probe is under way
	last     registry.Problem
}

// allow must be followed by settle when the problem is empty. The problem is
// rate_limited during a hold, and that of the last failure during a break.
func (m *manners) allow(now time.Time) registry.Problem {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case now.Before(m.held):
		return registry.ProblemRateLimited
	case m.pause == 0:
		return ""
	case now.Before(m.until), now.Before(m.probe):
		return m.last
	}
	m.probe = now.Add(maxProbe)
	return ""
}

// settle takes the outcome of an exchange; "" is a success. stated is how long a
// service that is rate_limited asked to be left alone, 0 when it did not say. pause is
// how long the service is left alone because of this outcome.
func (m *manners) settle(now time.Time, outcome registry.Problem, stated time.Duration) (pause time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch outcome {
	case registry.ProblemTimeout, registry.ProblemUnreachable, registry.ProblemServer:
	case registry.ProblemInterrupted, registry.ProblemBusy:
		m.probe = time.Time{}
		return 0
	default:
		m.failures, m.pause, m.until, m.probe, m.last = 0, 0, time.Time{}, time.Time{}, ""
		if outcome != registry.ProblemRateLimited {
			return 0
		}
		hold := usualHold
		if stated > 0 {
			hold = min(max(stated, minHold), maxHold)
		}
		if until := now.Add(hold); until.After(m.held) {
			m.held = until
		}
		return hold
	}
	if m.pause > 0 && now.Before(m.until) {
		return 0 // it began before the break, and tells nothing new
	}
	m.probe = time.Time{}
	if m.failures++; m.failures < breakAfter {
		return 0
	}
	m.pause = min(max(2*m.pause, firstBreak), longestBreak)
	m.until, m.last = now.Add(m.pause), outcome
	return m.pause
}
