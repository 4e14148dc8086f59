// Package telemetry counts what Vigil does and writes its log.
//
// In come what happened, in casefile's words; out go Prometheus metrics and a
// zap logger. Labels come from closed sets: never a host, a provider or a URL.
package telemetry

import (
	"context"
	"fmt"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
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
	closed    *closedCollector
	dissent   *prometheus.GaugeVec
	unbelief  *prometheus.CounterVec
	postponed *prometheus.CounterVec
	lost      prometheus.Counter
	notices   *prometheus.CounterVec
	sendTook  prometheus.Histogram
	recorded  atomic.Int64
}

// seconds are the upper bounds of the histograms, from 5 ms to a look's longest time-out.
var seconds = []float64{.005, .02, .05, .1, .25, .5, 1, 2.5, 5, 10, 20, 60, 300}

// New makes a Meter with a registry of its own.
func New() *Meter {
	m := &Meter{
		registry:  prometheus.NewRegistry(),
		visits:    counter("vigil_visits_total", "Recorded visits.", "state", "reason", "believed"),
		visitTook: histogram("vigil_visit_seconds", "From the start of a visit to its record."),
		looks:     counter("vigil_looks_total", "Looks, with the phase and kind of their fault.", "purpose", "phase", "fault"),
		lookTook:  histogram("vigil_look_seconds", "How long looks took."),
		gate:      counter("vigil_gate_probes_total", "Probes of our own line.", "vantage", "sound"),
		gateOpen:  prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "vigil_gate_open", Help: "1 while our own line is sound, by vantage."}, []string{"vantage"}),
		closed: &closedCollector{lines: map[string]*closedLine{}, desc: prometheus.NewDesc(
			"vigil_gate_closed_seconds_total", "How long the gate was closed, by vantage.", []string{"vantage"}, nil)},
		dissent: prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "vigil_vantage_dissent_ratio",
			Help: "Share of the newest visits, up to 50, in which a vantage stood against the others; absent below 20 visits."}, []string{"vantage"}),
		unbelief:  counter("vigil_visits_unbelieved_total", "Recorded visits that count for nothing.", "why"),
		postponed: counter("vigil_visits_postponed_total", "Due visits put off without a look.", "why"),
		lost:      prometheus.NewCounter(prometheus.CounterOpts{Name: "vigil_records_failed_total", Help: "Visits that could not be recorded; a person must look at the log."}),
		notices:   counter("vigil_notices_total", "Notices by what became of them.", "kind", "state"),
		sendTook:  histogram("vigil_notice_seconds", "How long handing over took."),
	}
	m.registry.MustRegister(m.visits, m.visitTook, m.looks, m.lookTook, m.gate, m.gateOpen, m.closed, m.dissent, m.unbelief, m.postponed, m.lost, m.notices, m.sendTook,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

func counter(name, help string, labels ...string) *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
}

func histogram(name, help string) prometheus.Histogram {
	return prometheus.NewHistogram(prometheus.HistogramOpts{Name: name, Help: help, Buckets: seconds})
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

// GateProbed tells the outcome of a probe of our own line. The vantage is a name
// from the configuration: a closed set.
func (m *Meter) GateProbed(vantage string, sound bool) {
	m.gate.WithLabelValues(vantage, fmt.Sprint(sound)).Inc()
	open := 0.0
	if sound {
		open = 1
	}
	m.gateOpen.WithLabelValues(vantage).Set(open)
	m.closed.probed(vantage, sound, time.Now())
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

// WatchCases publishes the number of cases by standing. counts is asked at each
// scrape and must be quick; when it fails the numbers are left out.
func (m *Meter) WatchCases(counts func(context.Context) (map[casefile.Standing]int, error)) {
	m.registry.MustRegister(&caseCollector{counts: counts, desc: prometheus.NewDesc("vigil_cases", "Cases by standing.", []string{"standing"}, nil)})
}

type caseCollector struct {
	counts func(context.Context) (map[casefile.Standing]int, error)
	desc   *prometheus.Desc
}

func (c *caseCollector) Describe(ch chan<- *prometheus.Desc) { ch <- c.desc }

func (c *caseCollector) Collect(ch chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	counts, err := c.counts(ctx)
	if err != nil {
		return
	}
	for _, s := range casefile.Standings {
		ch <- prometheus.MustNewConstMetric(c.desc, prometheus.GaugeValue, float64(counts[s]), string(s))
	}
}

// Handler serves the metrics.
func (m *Meter) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{MaxRequestsInFlight: 4, Timeout: 10 * time.Second})
}

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
