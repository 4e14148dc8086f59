package resolve

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/miekg/dns"

	"vigil/casefile"
)

// maxNames is how many names of an address are kept.
const maxNames = 4

// names is what is remembered of an address.
type names struct {
	list  []string
	fault *casefile.Fault
}

// LookupAddr finds the names that the holder of an address gave it (PTR records: RFC
// 1035, section 3.5; RFC 3596, section 2.5 for IPv6), through the CNAMEs of delegated
// parts (RFC 2317): at most four, sorted, in lower case, without a trailing dot. What is
// no host name of two labels or more (RFC 1123, section 2.1) is dropped. They are only
// what someone wrote, and need not lead back to the address.
//
// An address without names is no error. The error is the context's, or names the fault
// (servfail, timeout) and never the address. Answers are kept for their time to live, at
// most MaxTTL; absence at most 5 min, failures 5 s. An IPv4 address inside IPv6 is asked
// for as IPv4. Safe for concurrent use; the same address is asked for once.
func (r *Resolver) LookupAddr(ctx context.Context, addr netip.Addr) ([]string, error) {
	addr = addr.Unmap().WithZone("")
	name, err := dns.ReverseAddr(addr.String())
	if err != nil {
		return nil, errors.New("resolve: an address is required to look up its names")
	}
	name = plain(name)
	found, err := r.names.get(ctx, name, func() (names, time.Duration) { return r.askNames(ctx, name) })
	switch {
	case err != nil || found.fault != nil && ctx.Err() != nil:
		return nil, fmt.Errorf("resolve: %w", context.Cause(ctx))
	case found.fault != nil:
		return nil, fmt.Errorf("resolve: %s", found.fault.Kind)
	}
	return slices.Clone(found.list), nil
}

// askNames asks for the names of an address and says how long they may be counted.
func (r *Resolver) askNames(ctx context.Context, name string) (names, time.Duration) {
	a := r.follow(ctx, name, dns.TypePTR)
	if a.fault != nil {
		if ctx.Err() != nil {
			a.ttl = 0
		}
		return names{fault: a.fault}, a.ttl
	}
	slices.Sort(a.names)
	a.names = slices.Compact(a.names)
	return names{list: slices.Clone(a.names[:min(len(a.names), maxNames)])}, a.ttl
}

// isHost says whether a name in lower case is a host name: labels of letters, digits and
// inner hyphens, at least two, 253 bytes at most (RFC 1123, section 2.1). A name whose
// last label is a number is an address, and one that ends in arpa is not a host.
func isHost(name string) bool {
	if len(name) > 253 || !strings.Contains(name, ".") {
		return false
	}
	var last string
	for last = range strings.SplitSeq(name, ".") {
		if last == "" || len(last) > 63 || last[0] == '-' || last[len(last)-1] == '-' {
			return false
		}
		for _, c := range []byte(last) {
			if c != '-' && (c < 'a' || c > 'z') && (c < '0' || c > '9') {
				return false
			}
		}
	}
	return strings.Trim(last, "0123456789") != "" && last != "arpa"
}
