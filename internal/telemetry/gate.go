package telemetry

import (
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// closedCollector adds up how long the gate was closed, from the first probe that
// was not sound to the first that was, also while it still is.
type closedCollector struct {
	desc *prometheus.Desc

	mu    sync.Mutex
	lines map[string]*closedLine // by vantage, a closed set
}

type closedLine struct {
	since time.Time // zero while the gate is open
	total time.Duration
}

func (c *closedCollector) probed(vantage string, sound bool, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	l := c.lines[vantage]
	if l == nil {
		l = &closedLine{}
		c.lines[vantage] = l
	}
	switch {
	case sound && !l.since.IsZero():
		l.total, l.since = l.total+now.Sub(l.since), time.Time{}
	case !sound && l.since.IsZero():
		l.since = now
	}
}

// Describe tells Prometheus the metric.
func (c *closedCollector) Describe(ch chan<- *prometheus.Desc) { ch <- c.desc }

// Collect tells Prometheus the seconds so far.
func (c *closedCollector) Collect(ch chan<- prometheus.Metric) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for vantage, l := range c.lines {
		total := l.total
		if !l.since.IsZero() {
			total += time.Since(l.since)
		}
		ch <- prometheus.MustNewConstMetric(c.desc, prometheus.CounterValue, total.Seconds(), vantage)
	}
}
