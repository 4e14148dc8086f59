package crawler

import (
	"context"
	"fmt"
	"slices"

	"vigil/casefile"
	"vigil/crawler/guard"
)

// Vantage is a place to look from: *remote.Client far away, those of a Crawler
// on this machine. It is safe for concurrent use, and Look never fails for what the world did.
type Vantage interface {
	Vantage() casefile.Vantage
	Look(ctx context.Context, s casefile.Subject) casefile.Observation
}

// VantageSet looks from each of several vantages, by name. It is safe for concurrent use.
type VantageSet struct {
	order  []casefile.Vantage
	byName map[string]Vantage
}

// NewVantageSet keeps the order given. Names must be there, and differ.
func NewVantageSet(all ...Vantage) (*VantageSet, error) {
	s := &VantageSet{byName: make(map[string]Vantage, len(all))}
	for i, v := range all {
		place := v.Vantage()
		if _, twice := s.byName[place.Name]; twice || place.Name == "" {
			return nil, fmt.Errorf("vantage %d has no name, or one that another has", i+1)
		}
		s.order, s.byName[place.Name] = append(s.order, place), v
	}
	return s, nil
}

// Vantages are the places to look from, in order.
func (s *VantageSet) Vantages() []casefile.Vantage {
	return slices.Clone(s.order)
}

// Named is the vantage of that name; nil when there is none.
func (s *VantageSet) Named(name string) Vantage { return s.byName[name] }

// Look looks at subject from the named vantage. Without one the observation has a fault of kind interrupted.
func (s *VantageSet) Look(ctx context.Context, name string, subject casefile.Subject) casefile.Observation {
	if v := s.byName[name]; v != nil {
		return v.Look(ctx, subject)
	}
	o := casefile.NewObservation(name, subject)
	o.Fault = interrupted(detailVantage)
	return o
}

// local is a vantage of this machine, with a dialer of its own.
type local struct {
	c     *Crawler
	place casefile.Vantage
	dial  guard.Dial
}

func (l *local) Vantage() casefile.Vantage { return l.place }
