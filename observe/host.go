package observe

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"vigil/casefile"
)

// Host is what the visits of one host share while they are made in a row: its pace, its answer to a path that
// does not exist, and decisions on hosting. The zero value is a host that nobody looked at. It belongs to
// one goroutine.
type Host struct {
	// Recall finds the host's answer to a path that does not exist from an earlier time, of after lastSeen;
	// nil when there is none. Nobody remembers when it is not set.
	Recall func(ctx context.Context, lastSeen time.Time) *casefile.Observation

	last    time.Time // end of the last look; zero before the first
	decoy   *casefile.Observation
	located map[string]casefile.Hosting // by evidence
}

// maxLocated bounds the decisions that a Host remembers.
const maxLocated = 16

// Rest waits until gap has passed since the last look; false when the context ended first.
func (h *Host) Rest(ctx context.Context, gap time.Duration) bool {
	if h.last.IsZero() {
		return ctx.Err() == nil
	}
	return Sleep(ctx, gap-time.Since(h.last))
}

// Sleep waits for d, or until the context ends; it says whether the wait was complete.
func Sleep(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// evidenceOf is what a decision on hosting depends on within one host: what the looks saw, and what a person
// recorded.
func evidenceOf(looks []casefile.Observation, told *casefile.Backend) string {
	var addresses []netip.Addr
	var names []string
	edges := make([]string, 0, len(looks))
	for _, o := range looks {
		addresses, names = append(addresses, o.Resolution.Addresses...), append(names, o.Resolution.CNAMEs...)
		edges = append(edges, o.Final().Edge)
	}
	slices.SortFunc(addresses, netip.Addr.Compare)
	var record []casefile.Claim
	if told != nil {
		record = told.Claims()
	}
	return fmt.Sprint(slices.Compact(addresses), names, edges, record)
}
