package registry

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/netip"
	"time"

	"go.uber.org/zap"
)

// Options of a Registry.
type Options struct {
	// Dial is the guarded dialer; required. network is "tcp", address is "ip:port".
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// LookupHost resolves the names of registry servers; required.
	LookupHost func(ctx context.Context, host string) ([]netip.Addr, error)
	// Bootstrap is the base URL of the RDAP bootstrap files (RFC 9224); default IANA's.
	Bootstrap string
	// WHOISServer is the root of WHOIS referrals, host:port; default IANA's.
	WHOISServer string
	// NoRDAP and NoWHOIS switch a source off.
	NoRDAP, NoWHOIS bool
	// NetworkTTL is how long answers about networks are used without asking again; default
	// 72 h: networks change hands within weeks. DomainTTL is the same for domains; default
	// 6 h: a registrar's hold shows within the hour (ICANN asks registries to publish
	// changes within 60 minutes), and is evidence of a removal.
	NetworkTTL, DomainTTL time.Duration
	// NegativeTTL is how long "no such object" is kept; default 1 h. Retry is how long other
	// failures are; default 5 min. All times to live vary by a tenth, up and down.
	NegativeTTL, Retry time.Duration
	// Timeout bounds all queries to one source for one answer; default 5 s.
	Timeout time.Duration
	// Waiting bounds the callers that wait for a registry at once, those that wait for the
	// query of another caller too; default 64. The next one waits for its turn as long as
	// Patience, default 1 s, and is then answered with busy. One Locate makes up to nine calls.
	Waiting  int
	Patience time.Duration
	// PerSecond and Burst bound the queries to one server; default 2 and 10. Servers that
	// are known to be stricter have quotas of their own (strictServers).
	PerSecond float64
	Burst     int
	// Processes is how many processes ask from the same address; default 1. Rates and
	// quotas are divided by it.
	Processes int
	// Entries bounds the answers in memory, for networks and for domains each; default 20,000.
	Entries int
	// Cache keeps answers over restarts, and shares answers and holds among processes; nil for none.
	Cache Cache
	// Digest is a keyed digest: answers about domains are written to Cache under it, so
	// that no name of a domain is in the Cache. Without it they are not written.
	Digest func(domain string) string
	// TLS is for labs with an authority of their own; nil for the system's.
	TLS *tls.Config
	Log *zap.Logger // default none
}

// Defaults of Options.
const (
	DefaultBootstrap   = "https://data.iana.org/rdap/"
	DefaultWHOISServer = "whois.iana.org:43"

	defaultNetworkTTL  = 72 * time.Hour
	defaultDomainTTL   = 6 * time.Hour
	defaultNegativeTTL = time.Hour
	defaultRetry       = 5 * time.Minute
	defaultTimeout     = 5 * time.Second
	defaultPerSecond   = 2
	defaultBurst       = 10
	defaultEntries     = 20_000
	defaultWaiting     = 64
	defaultPatience    = time.Second
)

// defaults fills in what is 0, and refuses what is negative.
func (o *Options) defaults() error {
	o.NetworkTTL, o.DomainTTL = cmp.Or(o.NetworkTTL, defaultNetworkTTL), cmp.Or(o.DomainTTL, defaultDomainTTL)
	o.NegativeTTL, o.Retry, o.Timeout = cmp.Or(o.NegativeTTL, defaultNegativeTTL), cmp.Or(o.Retry, defaultRetry), cmp.Or(o.Timeout, defaultTimeout)
	o.PerSecond, o.Burst, o.Processes = cmp.Or(o.PerSecond, defaultPerSecond), cmp.Or(o.Burst, defaultBurst), cmp.Or(o.Processes, 1)
	o.Entries, o.Waiting = cmp.Or(o.Entries, defaultEntries), cmp.Or(o.Waiting, defaultWaiting)
	o.Patience, o.Log = cmp.Or(o.Patience, defaultPatience), cmp.Or(o.Log, zap.NewNop())
	o.Bootstrap, o.WHOISServer = cmp.Or(o.Bootstrap, DefaultBootstrap), cmp.Or(o.WHOISServer, DefaultWHOISServer)
	if min(o.NetworkTTL, o.DomainTTL, o.NegativeTTL, o.Retry, o.Timeout, o.Patience) < 0 {
		return errors.New("registry times must not be negative")
	}
	if o.PerSecond < 0 || min(o.Burst, o.Processes, o.Entries, o.Waiting) < 0 {
		return errors.New("registry bounds must not be negative")
	}
	return nil
}
