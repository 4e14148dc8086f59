package origin

import (
	"sync"
	"time"

	"vigil/geolocate/registry"
)

// A service that asks to be left alone is, for as long as it says, within these bounds.
const (
	minHold   = 5 * time.Second
	usualHold = time.Minute // when it states no time
	maxHold   = 24 * time.Hour
)

// manners say whether the service may be asked, from how the exchanges with it ended: one
// that fails is left alone as registries are (docs/hosting.md). The time comes in. Safe
// for concurrent use.
type manners struct {
	mu      sync.Mutex
	held    time.Time // it asked to be left alone until then
	breaker registry.Breaker
}

// allow must be followed by settle when the problem is empty. The problem is
// rate_limited during a hold, and that of the last failure during a break.
func (m *manners) allow(now time.Time) registry.Problem {
	m.mu.Lock()
	defer m.mu.Unlock()
	if now.Before(m.held) {
		return registry.ProblemRateLimited
	}
	return m.breaker.Allow(now)
}

// settle takes the outcome of an exchange; "" is a success. stated is how long a
// service that is rate_limited asked to be left alone, 0 when it did not say. pause is
// how long the service is left alone because of this outcome.
func (m *manners) settle(now time.Time, outcome registry.Problem, stated time.Duration) (pause time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	pause = m.breaker.Settle(now, outcome)
	if outcome != registry.ProblemRateLimited {
		return pause
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
