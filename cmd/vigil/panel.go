package main

import (
	"context"
	"fmt"
	"time"

	"vigil/casefile"
	"vigil/crawler"
	"vigil/crawler/eye"
	"vigil/crawler/guard"
	"vigil/internal/config"

	"go.uber.org/zap"
)

// panel looks from every vantage of the configuration: from here and through
// proxies with our own crawler, from elsewhere through remote eyes. It is safe for
// concurrent use.
type panel struct {
	order []casefile.Vantage
	local *crawler.Crawler // nil when every vantage is a remote eye
	eyes  map[string]*eye.Client
}

// Vantages are the places to look from, in the order of the configuration.
func (p *panel) Vantages() []casefile.Vantage { return append([]casefile.Vantage(nil), p.order...) }

// Look looks at s from the named vantage; see crawler.Crawler.Look.
func (p *panel) Look(ctx context.Context, vantage string, s casefile.Subject) casefile.Observation {
	if e := p.eyes[vantage]; e != nil {
		return e.Look(ctx, s)
	}
	if p.local != nil {
		return p.local.Look(ctx, vantage, s)
	}
	fault := &casefile.Fault{Kind: casefile.FaultInterrupted, Phase: casefile.PhaseResolve, Detail: "unknown vantage"}
	return casefile.Observation{Vantage: vantage, Purpose: s.Purpose, Started: time.Now().UTC(), Fault: fault}
}

// newPanel makes the crawler for the vantages without an eye, and a client for each
// of the others. direct are the vantages whose round trips begin where they stand:
// all but those behind a proxy.
func newPanel(cfg config.Config, g *guard.Guard, resolver crawler.Resolver, digestKey []byte, log *zap.Logger) (p *panel, direct []casefile.Vantage, err error) {
	p = &panel{eyes: map[string]*eye.Client{}}
	var local []crawler.VantageOptions
	for i, v := range cfg.Crawler.Vantages {
		from := casefile.Vantage{Name: v.Name, Country: v.Country, Network: v.Network}
		p.order = append(p.order, from)
		if v.Proxy == "" {
			direct = append(direct, from)
		}
		if v.Eye == (config.Eye{}) {
			local = append(local, crawler.VantageOptions{Vantage: from, Proxy: v.Proxy})
			continue
		}
		p.eyes[v.Name], err = eye.NewClient(eye.ClientOptions{
			Vantage: from, Address: v.Eye.Address, Credentials: eye.Credentials{CA: v.Eye.CA, Cert: v.Eye.Cert, Key: v.Eye.Key},
			Manner: manner(cfg.Crawler, digestKey), InFlight: cfg.Crawler.InFlight,
		})
		if err != nil {
			return nil, nil, config.Faults{fmt.Sprintf("crawler.vantages[%d].eye: %v", i, err)}
		}
	}
	if len(local) == 0 {
		return p, direct, nil
	}
	p.local, err = newCrawler(cfg.Crawler, g, resolver, local, digestKey, log)
	return p, direct, err
}

// manner is how every look of this installation is made, wherever from.
func manner(c config.Crawler, digestKey []byte) eye.Manner {
	return eye.Manner{DigestKey: string(digestKey), Timeout: c.Timeout, MaxBody: int64(c.MaxBody), MaxRedirects: c.MaxRedirects, UserAgent: c.UserAgent}
}

func newCrawler(c config.Crawler, g *guard.Guard, resolver crawler.Resolver, from []crawler.VantageOptions, digestKey []byte, log *zap.Logger) (*crawler.Crawler, error) {
	return crawler.New(crawler.Options{
		Resolver: resolver, Guard: g, Vantages: from, Timeout: c.Timeout, MaxBody: int64(c.MaxBody), MaxRedirects: redirects(c.MaxRedirects),
		UserAgent: c.UserAgent, InFlight: c.InFlight, DigestKey: digestKey, Log: log,
	})
}
