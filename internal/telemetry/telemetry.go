// Package telemetry counts what Vigil does and writes its log.
//
// In come what happened, in casefile's words; out go Prometheus metrics and a
// zap logger. Labels come from closed sets: never a host, a provider or a URL.
package telemetry

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promauto"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"vigil/casefile"
)

// Meter counts. Its methods are safe for concurrent use.
type Meter struct {
	registry  *prometheus.Registry
	visits    *prometheus.CounterVec
	visitTook prometheus.Histogram
	looks     *prometheus.CounterVec
	lookTook  prometheus.Histogram
	gate      *prometheus.CounterVec
	gateOpen  *prometheus.GaugeVec
	dissent   *prometheus.GaugeVec
	unbelief  *prometheus.CounterVec
	postponed *prometheus.CounterVec
	lost      prometheus.Counter
	notices   *prometheus.CounterVec
	sendTook  prometheus.Histogram
	recorded  atomic.Int64

	mu     sync.Mutex
	closed map[string]*closedLine // how long the gate was closed, by vantage
}

// seconds are the upper bounds of the histograms, from 5 ms to a look's longest time-out.
var seconds = []float64{.005, .02, .05, .1, .25, .5, 1, 2.5, 5, 10, 20, 60, 300}

// New makes a Meter with a registry of its own.
func New() *Meter {
	m := &Meter{registry: prometheus.NewRegistry(), closed: map[string]*closedLine{}}
	m.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	metrics := promauto.With(m.registry)
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return metrics.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
	}
	gauge := func(name, help string) *prometheus.GaugeVec {
		return metrics.NewGaugeVec(prometheus.GaugeOpts{Name: name, Help: help}, []string{"vantage"})
	}
	histogram := func(name, help string) prometheus.Histogram {
		return metrics.NewHistogram(prometheus.HistogramOpts{Name: name, Help: help, Buckets: seconds})
	}
	m.visits = counter("vigil_visits_total", "Recorded visits.", "state", "reason", "believed")
	m.visitTook = histogram("vigil_visit_seconds", "From the start of a visit to its record.")
	m.looks = counter("vigil_looks_total", "Looks, with the phase and kind of their fault.", "purpose", "phase", "fault")
	m.lookTook = histogram("vigil_look_seconds", "How long looks took.")
	m.gate = counter("vigil_gate_probes_total", "Probes of our own uplink.", "vantage", "sound")
	m.gateOpen = gauge("vigil_gate_open", "1 while our own uplink is sound, by vantage.")
	m.dissent = gauge("vigil_vantage_dissent_ratio",
		"Share of the newest visits, up to 50, in which a vantage stood against the others; absent below 20 visits.")
	m.unbelief = counter("vigil_visits_unbelieved_total", "Recorded visits that count for nothing.", "why")
	m.postponed = counter("vigil_visits_postponed_total", "Due visits put off without a look.", "why")
	m.lost = metrics.NewCounter(prometheus.CounterOpts{
		Name: "vigil_records_failed_total", Help: "Visits that could not be recorded; a person must look at the log.",
	})
	m.notices = counter("vigil_notices_total", "Notices by what became of them.", "kind", "state")
	m.sendTook = histogram("vigil_notice_seconds", "How long handing over took.")
	return m
}

// VisitDone counts a recorded visit.
func (m *Meter) VisitDone(state casefile.State, reason casefile.Reason, believed bool, took time.Duration) {
	m.visits.WithLabelValues(string(state), string(reason), fmt.Sprint(believed)).Inc()
	m.visitTook.Observe(took.Seconds())
	m.recorded.Add(1)
}

// Visits is how many visits were recorded so far.
func (m *Meter) Visits() int64 { return m.recorded.Load() }

// LookDone counts a look; phase and fault are empty when it had none.
func (m *Meter) LookDone(purpose casefile.Purpose, phase casefile.Phase, fault casefile.FaultKind, took time.Duration) {
	m.looks.WithLabelValues(string(purpose), string(phase), string(fault)).Inc()
	m.lookTook.Observe(took.Seconds())
}

// GateProbed tells the outcome of a probe of our own uplink. The vantage is a name
// from the configuration: a closed set.
func (m *Meter) GateProbed(vantage string, sound bool) {
	m.gate.WithLabelValues(vantage, fmt.Sprint(sound)).Inc()
	open := 0.0
	if sound {
		open = 1
	}
	m.gateOpen.WithLabelValues(vantage).Set(open)
	m.countClosed(vantage, sound, time.Now())
}

// closedLine adds up how long the gate was closed, from the first probe that was not
// sound to the first that was, also while it still is.
type closedLine struct {
	since time.Time // zero while the gate is open
	total time.Duration
}

func (m *Meter) countClosed(vantage string, sound bool, now time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	l := m.closed[vantage]
	if l == nil {
		l = &closedLine{}
		m.closed[vantage] = l
		promauto.With(m.registry).NewCounterFunc(prometheus.CounterOpts{
			Name: "vigil_gate_closed_seconds_total", Help: "How long the gate was closed, by vantage.",
			ConstLabels: prometheus.Labels{"vantage": vantage},
		}, func() float64 {
			m.mu.Lock()
			defer m.mu.Unlock()
			if l.since.IsZero() {
				return l.total.Seconds()
			}
			return (l.total + time.Since(l.since)).Seconds()
		})
	}
	switch {
	case sound && !l.since.IsZero():
		l.total, l.since = l.total+now.Sub(l.since), time.Time{}
	case !sound && l.since.IsZero():
		l.since = now
	}
}

// Dissents publishes in what share of its visits, 0 to 1, a vantage stands against the
// others; known is false while there are too few to say. The vantage is a name from
// the configuration: a closed set.
func (m *Meter) Dissents(vantage string, ratio float64, known bool) {
	if !known {
		m.dissent.DeleteLabelValues(vantage)
		return
	}
	m.dissent.WithLabelValues(vantage).Set(ratio)
}

// Unbelieved counts a recorded visit that counts for nothing; why is from a closed set.
func (m *Meter) Unbelieved(why string) { m.unbelief.WithLabelValues(why).Inc() }

// Postponed counts due cases that were moved without a visit.
func (m *Meter) Postponed(why casefile.Why, cases int) {
	m.postponed.WithLabelValues(string(why)).Add(float64(cases))
}

// RecordFailed counts visits that could not be recorded.
func (m *Meter) RecordFailed() { m.lost.Inc() }

// NoticeSettled counts what a try to hand a notice over led to; queued means put off.
func (m *Meter) NoticeSettled(kind casefile.NoticeKind, state casefile.NoticeState, took time.Duration) {
	m.notices.WithLabelValues(string(kind), string(state)).Inc()
	m.sendTook.Observe(took.Seconds())
}

// collectorFunc makes metrics anew at each scrape.
type collectorFunc func(chan<- prometheus.Metric)

// Describe tells nothing: what there is depends on the time (prometheus.Collector, "unchecked").
func (collectorFunc) Describe(chan<- *prometheus.Desc) {}

// Collect tells the metrics.
func (f collectorFunc) Collect(ch chan<- prometheus.Metric) { f(ch) }

// WatchCases publishes the number of cases by standing. counts is asked at each
// scrape and must be quick; when it fails the numbers are left out.
func (m *Meter) WatchCases(counts func(context.Context) (map[casefile.Standing]int, error)) {
	desc := prometheus.NewDesc("vigil_cases", "Cases by standing.", []string{"standing"}, nil)
	m.registry.MustRegister(collectorFunc(func(ch chan<- prometheus.Metric) {
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
		defer cancel()
		counted, err := counts(ctx)
		if err != nil {
			return
		}
		for _, s := range casefile.Standings {
			ch <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, float64(counted[s]), string(s))
		}
	}))
}

// geodataKinds are the label values of the geo database metrics: the kinds of the
// files, and the table inside the program.
var geodataKinds = []string{"country", "asn", "embedded"}

// Geodata is one configured geo database, or the embedded table.
type Geodata struct {
	Kind   string // country, asn or embedded; others are not published
	Loaded bool
	Built  time.Time // used when it is loaded
}

// WatchGeodata publishes, by kind, how many geo databases are loaded and the age of the
// oldest of them. list is asked at each scrape and must be quick. The age of a kind
// of which none is loaded is left out.
func (m *Meter) WatchGeodata(list func() []Geodata) {
	loaded := prometheus.NewDesc("vigil_geodata_loaded", "Geo databases in use, by kind.", []string{"kind"}, nil)
	age := prometheus.NewDesc("vigil_geodata_age_seconds", "Since the oldest geo database in use of a kind was built.",
		[]string{"kind"}, nil)
	m.registry.MustRegister(collectorFunc(func(ch chan<- prometheus.Metric) {
		all := list()
		for _, kind := range geodataKinds {
			n, oldest := 0, time.Time{}
			for _, d := range all {
				if d.Loaded && d.Kind == kind {
					if n++; n == 1 || d.Built.Before(oldest) {
						oldest = d.Built
					}
				}
			}
			ch <- prometheus.MustNewConstMetric(loaded, prometheus.GaugeValue, float64(n), kind)
			if n > 0 {
				ch <- prometheus.MustNewConstMetric(age, prometheus.GaugeValue, time.Since(oldest).Seconds(), kind)
			}
		}
	}))
}

// Handler serves the metrics.
func (m *Meter) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{MaxRequestsInFlight: 4, Timeout: 10 * time.Second})
}

// Write writes the metrics to a file, as a scrape would read them.
func (m *Meter) Write(path string) error { return prometheus.WriteToTextfile(path, m.registry) }

// NewLog makes a logger that writes to standard error. level is debug, info, warn
// or error; format is json or console.
func NewLog(level, format string) (*zap.Logger, error) {
	var l zapcore.Level
	if err := l.UnmarshalText([]byte(level)); err != nil {
		return nil, fmt.Errorf("log level %q: use debug, info, warn or error", level)
	}
	c := zap.NewProductionConfig()
	if format == "console" {
		c = zap.NewDevelopmentConfig()
		c.EncoderConfig.EncodeLevel = zapcore.CapitalLevelEncoder
		c.Development = false
	}
	c.Level = zap.NewAtomicLevelAt(l)
	c.EncoderConfig.EncodeTime = zapcore.ISO8601TimeEncoder
	c.DisableCaller, c.DisableStacktrace = true, true
	c.Sampling = nil
	return c.Build()
}
