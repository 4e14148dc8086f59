package main

import (
	"fmt"
	"time"

	"vigil/casefile"
	"vigil/crawler/resolve"
	"vigil/internal/config"
	"vigil/scheduler"
)

// newGate builds the gate of the configuration. m may be nil.
func (h *house) newGate(look scheduler.Looker, m scheduler.Meter) (*scheduler.Gate, error) {
	o := scheduler.GateOptions{Looker: look, PerVantage: map[string][]casefile.Target{}, Log: h.log, Meter: m}
	var err error
	if o.Targets, err = h.controls("gate.targets", h.cfg.Gate.Targets); err != nil {
		return nil, err
	}
	for vantage, raw := range h.cfg.Gate.PerVantage {
		if o.PerVantage[vantage], err = h.controls("gate.per_vantage."+vantage, raw); err != nil {
			return nil, err
		}
	}
	servers, err := resolverServers(h.cfg)
	if err != nil {
		return nil, err
	}
	for _, server := range servers { // each alone, and an answer is never older than the question
		r, err := resolve.New(resolve.Options{Servers: []string{server}, Timeout: h.cfg.Resolver.Timeout, Dial: h.world.foreign, MaxTTL: time.Nanosecond})
		if err != nil {
			return nil, err
		}
		o.Resolvers = append(o.Resolvers, r)
	}
	return scheduler.NewGate(o)
}

// controls reads a list of control URLs.
func (h *house) controls(key string, raw []string) ([]casefile.Target, error) {
	var all []casefile.Target
	for i, url := range raw {
		t, problem := h.parse(url)
		if problem != nil {
			return nil, config.Faults{fmt.Sprintf("%s[%d]: %s", key, i, problem.Detail)}
		}
		all = append(all, t)
	}
	return all, nil
}

// degraded tells people from where our own line is not sound, and which vantage always
// dissents; none while all is well.
func (e *engine) degraded() []string {
	var all []string
	for _, line := range e.gate.Status() {
		if !line.Sound {
			all = append(all, fmt.Sprintf("The gate is closed from %s: our own line is not sound since %s; nothing but live counts. %d of %d %s.",
				line.Vantage, line.Since.Format(time.DateTime+" UTC"), line.Answered, line.Controls, "control targets answered; "+line.Fault.Advice()))
		}
	}
	return append(all, e.witnesses.said()...)
}
