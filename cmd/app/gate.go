package app

import (
	"fmt"
	"time"

	"vigil/casefile"
	"vigil/crawler/resolve"
	"vigil/internal/config"
	"vigil/observe"
	"vigil/scheduler"
	"vigil/words"
)

// NewGate builds the gate of the configuration. m may be nil.
func (a *App) NewGate(look observe.Looker, m scheduler.Meter) (*scheduler.Gate, error) {
	o := scheduler.GateOptions{Looker: look, PerVantage: map[string][]casefile.Target{}, Log: a.Log, Meter: m}
	var err error
	if o.Targets, err = a.Controls("gate.targets", a.Config.Gate.Targets); err != nil {
		return nil, err
	}
	for vantage, raw := range a.Config.Gate.PerVantage {
		if o.PerVantage[vantage], err = a.Controls("gate.per_vantage."+vantage, raw); err != nil {
			return nil, err
		}
	}
	servers, err := resolverServers(a.Config)
	if err != nil {
		return nil, err
	}
	for _, server := range servers { // each alone, and an answer is never older than the question
		r, err := resolve.New(resolve.Options{Servers: []string{server}, Timeout: a.Config.Resolver.Timeout, Dial: a.World.Foreign, MaxTTL: time.Nanosecond})
		if err != nil {
			return nil, err
		}
		o.Resolvers = append(o.Resolvers, r)
	}
	return scheduler.NewGate(o)
}

// controls reads a list of control URLs.
func (a *App) Controls(key string, raw []string) ([]casefile.Target, error) {
	var all []casefile.Target
	for i, url := range raw {
		t, problem := a.Parse(url)
		if problem != nil {
			return nil, config.Faults{fmt.Sprintf("%s[%d]: %s", key, i, problem.Detail)}
		}
		all = append(all, t)
	}
	return all, nil
}

// Degraded tells people from where our own line is not sound, and which vantage always
// dissents; none while all is well.
func (e *Engine) Degraded() []string {
	var all []string
	for _, line := range e.Gate.Status() {
		if !line.Sound {
			all = append(all, words.In(words.English).Say("degraded", "gate_closed", "vantage", line.Vantage,
				"since", words.Clock(line.Since), "answered", line.Answered, "n", line.Controls, "advice", line.Fault.Advice()))
		}
	}
	return append(all, e.Agreement.said()...)
}
