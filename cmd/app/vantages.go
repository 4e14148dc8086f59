package app

import (
	"fmt"

	"go.uber.org/zap"

	"vigil/casefile"
	"vigil/crawler"
	"vigil/crawler/guard"
	"vigil/crawler/remote"
	"vigil/internal/config"
)

// newVantages builds every vantage of the configuration: our own crawler from here and through proxies,
// and clients of remote vantages. direct are those whose round trips begin where they stand: all but those
// behind a proxy.
func newVantages(cfg config.Config, g *guard.Guard, resolver crawler.Resolver, digestKey []byte, log *zap.Logger) (set *crawler.VantageSet, direct []casefile.Vantage, err error) {
	far := map[string]crawler.Vantage{}
	var here []crawler.VantageOptions
	for i, v := range cfg.Crawler.Vantages {
		from := casefile.Vantage{Name: v.Name, Country: v.Country, Network: v.Network}
		if v.Proxy == "" {
			direct = append(direct, from)
		}
		if v.Eye == (config.Eye{}) {
			here = append(here, crawler.VantageOptions{Vantage: from, Proxy: v.Proxy})
			continue
		}
		far[v.Name], err = remote.NewClient(remote.ClientOptions{
			Vantage: from, Address: v.Eye.Address, Credentials: remote.Credentials{CA: v.Eye.CA, Cert: v.Eye.Cert, Key: v.Eye.Key},
			Manner: lookSettings(cfg.Crawler, digestKey), InFlight: cfg.Crawler.InFlight,
		})
		if err != nil {
			return nil, nil, config.Faults{fmt.Sprintf("crawler.vantages[%d].eye: %v", i, err)}
		}
	}
	var local *crawler.Crawler
	if len(here) > 0 {
		if local, err = NewCrawler(cfg.Crawler, g, resolver, here, digestKey, log); err != nil {
			return nil, nil, err
		}
	}
	all := make([]crawler.Vantage, len(cfg.Crawler.Vantages))
	for i, v := range cfg.Crawler.Vantages {
		if all[i] = far[v.Name]; all[i] == nil {
			all[i] = local.Named(v.Name)
		}
	}
	set, err = crawler.NewVantageSet(all...)
	return set, direct, err
}

// lookSettings are how every look of this installation is made, wherever from.
func lookSettings(c config.Crawler, digestKey []byte) remote.LookSettings {
	limits := remote.Limits{Timeout: c.Timeout, MaxBody: int64(c.MaxBody), MaxRedirects: c.MaxRedirects}
	return remote.LookSettings{Limits: limits, DigestKey: string(digestKey), UserAgent: c.UserAgent}
}

// NewCrawler makes a crawler that looks from the vantages given.
func NewCrawler(c config.Crawler, g *guard.Guard, resolver crawler.Resolver, from []crawler.VantageOptions, digestKey []byte, log *zap.Logger) (*crawler.Crawler, error) {
	most := c.MaxRedirects
	if most == 0 {
		most = -1 // to the crawler 0 means its default
	}
	return crawler.New(crawler.Options{
		Resolver: resolver, Guard: g, Vantages: from, Timeout: c.Timeout, MaxBody: int64(c.MaxBody), MaxRedirects: most,
		UserAgent: c.UserAgent, InFlight: c.InFlight, DigestKey: digestKey, Log: log,
	})
}
