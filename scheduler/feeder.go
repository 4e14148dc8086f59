package scheduler

import (
	"context"
	"fmt"
	"slices"
	"time"

	"vigil/casefile"
)

// feedBatch is how many hosts are handed over at once: one transaction of the queue.
const feedBatch = 500

// Feed hands the hosts that have due cases to enqueue, in batches, the longest due
// first, at most FeedLimit. A host whose round is queued or under way may be
// among them; the queue passes it over.
func (v *Visitor) Feed(ctx context.Context, enqueue func(context.Context, []casefile.HostKey) error) error {
	hosts, err := v.store.DueHosts(ctx, time.Now().UTC(), v.feedLimit)
	if err != nil {
		return fmt.Errorf("find due hosts: %w", err)
	}
	for batch := range slices.Chunk(hosts, feedBatch) {
		if err := enqueue(ctx, batch); err != nil {
			return fmt.Errorf("enqueue the rounds of %d hosts: %w", len(batch), err)
		}
	}
	return nil
}
