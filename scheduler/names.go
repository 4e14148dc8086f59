package scheduler

import (
	"context"
	"crypto/rand"
	"net/netip"
	"slices"
	"strings"
	"sync"

	"vigil/casefile"
)

// Names is one resolver: resolve.Resolver with a single server and no memory.
// It is safe for concurrent use.
type Resolver interface {
	Resolve(ctx context.Context, name string, nameservers bool) (casefile.Resolution, *casefile.Fault)
}

// maxName is the longest name of the DNS, in bytes of text (RFC 1035, section 2.3.4).
const maxName = 253

// lying says whether one of the resolvers does not tell the truth about the
// control targets. Each counts, as any may be the one that answers for a case. One
// that is silent or fails does not: the next is asked in its place, and when
// none answers, neither do the control targets.
func lying(ctx context.Context, resolvers []Resolver, targets []casefile.Target) bool {
	var hosts []string
	for _, t := range targets {
		if _, literal := t.Address(); !literal && !slices.Contains(hosts, t.Host()) {
			hosts = append(hosts, t.Host())
		}
	}
	if len(hosts) == 0 {
		return false
	}
	lies := make([]bool, len(resolvers))
	var all sync.WaitGroup
	for i, r := range resolvers {
		all.Go(func() { lies[i] = liesAbout(ctx, r, hosts) })
	}
	all.Wait()
	return slices.Contains(lies, true)
}

// liesAbout asks one resolver for each host, and for a name below it that nobody can
// have registered. It lies when it denies more than half of the hosts, or finds
// the impossible names of more than half at addresses which are not the host's own: a
// wildcard of the host's operator leads to the host (RFC 4592), a resolver that sells or
// blocks what does not exist leads to somebody else.
func liesAbout(ctx context.Context, r Resolver, hosts []string) bool {
	denied, invented := make([]bool, len(hosts)), make([]bool, len(hosts))
	var all sync.WaitGroup
	for i, host := range hosts {
		all.Go(func() {
			own, fault := r.Resolve(ctx, host, false)
			if fault != nil {
				denied[i] = fault.Kind == casefile.FaultNXDomain || fault.Kind == casefile.FaultNoAddress
				return
			}
			never := strings.ToLower(rand.Text()) + "." + host
			if len(never) > maxName {
				return
			}
			found, fault := r.Resolve(ctx, never, false)
			invented[i] = fault == nil && len(found.Addresses) > 0 &&
				!slices.ContainsFunc(found.Addresses, func(a netip.Addr) bool { return slices.Contains(own.Addresses, a) })
		})
	}
	all.Wait()
	count := func(all []bool) (n int) {
		for _, is := range all {
			if is {
				n++
			}
		}
		return n
	}
	return count(denied)*2 > len(hosts) || count(invented)*2 > len(hosts)
}
