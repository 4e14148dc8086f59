package fakenet

import (
	"encoding/hex"
	"net/netip"
	"slices"
	"strings"

	"github.com/miekg/dns"
)

// Reverse is what the DNS says about an address.
type Reverse struct {
	// Names are the PTR names; the pattern of the network when nil.
	Names []string
	// DNS is how it is answered: Kind, Delay, TTL, and CNAMEs with CutChain for a
	// delegation of less than a /24 (RFC 2317).
	DNS DNS
}

// reverse is a name in a reverse zone that a test has set.
type reverse struct {
	Reverse
	address netip.Addr
	alias   int // 1.. in the chain; 0 is the address's own name
}

// SetReverse sets what the DNS says about an address from now on.
func (n *Net) SetReverse(a netip.Addr, r Reverse) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.reverses[ReverseName(a)] = &reverse{Reverse: r, address: a}
	for i, name := range r.DNS.CNAMEs {
		n.reverses[strings.ToLower(name)] = &reverse{Reverse: r, address: a, alias: i + 1}
	}
}

// ReverseName is the name under which the PTR names of an address are asked for (RFC
// 1035, section 3.5; RFC 3596, section 2.5), without the trailing dot.
func ReverseName(a netip.Addr) string {
	if a.Is4() {
		b := a.As4()
		slices.Reverse(b[:])
		return netip.AddrFrom4(b).String() + ".in-addr.arpa"
	}
	b := a.As16()
	nibbles := strings.Split(hex.EncodeToString(b[:]), "")
	slices.Reverse(nibbles)
	return strings.Join(nibbles, ".") + ".ip6.arpa"
}

// addressOf is the address of a name in a reverse zone.
func addressOf(name string) (netip.Addr, bool) {
	if four, found := strings.CutSuffix(name, ".in-addr.arpa"); found {
		labels := strings.Split(four, ".")
		slices.Reverse(labels)
		a, err := netip.ParseAddr(strings.Join(labels, "."))
		return a, err == nil && a.Is4()
	}
	six, found := strings.CutSuffix(name, ".ip6.arpa")
	nibbles := strings.Split(six, ".")
	slices.Reverse(nibbles)
	b, err := hex.DecodeString(strings.Join(nibbles, ""))
	if !found || err != nil || len(b) != 16 || len(nibbles) != 32 {
		return netip.Addr{}, false
	}
	return netip.AddrFrom16([16]byte(b)), true
}

// reverse answers PTR for what a test has set and for the addresses of the networks;
// false when there is no such name.
func (n *Net) reverse(m *dns.Msg, name string, d DNS, ttl uint32) bool {
	n.mu.RLock()
	set := n.reverses[name]
	n.mu.RUnlock()
	a, ok := addressOf(name)
	var names []string
	owner := m.Question[0].Name
	if set != nil {
		a, ok, names = set.address, true, set.Names
	}
	if !ok {
		return false
	}
	if names == nil {
		w, ours := n.NetworkOf(a)
		if !ours || w.Reverse == NoReverse {
			return false
		}
		names = []string{w.reverseName(a)}
	}
	if m.Question[0].Qtype != dns.TypePTR {
		n.negative(m, name)
		return true
	}
	for i := 0; set != nil && i+set.alias < len(d.CNAMEs); i++ {
		next := dns.Fqdn(d.CNAMEs[i+set.alias])
		m.Answer = append(m.Answer, cname(owner, next, ttl))
		owner = next
		if d.CutChain {
			return true
		}
	}
	for _, ptr := range names {
		m.Answer = append(m.Answer, &dns.PTR{Hdr: dns.RR_Header{Name: owner, Rrtype: dns.TypePTR, Class: dns.ClassINET, Ttl: ttl}, Ptr: dns.Fqdn(ptr)})
	}
	if len(m.Answer) == 0 {
		n.negative(m, name)
	}
	return true
}

// reverseName is the PTR name of an address by the network's pattern.
func (w Network) reverseName(a netip.Addr) string {
	pattern := w.Reverse
	if pattern == "" {
		pattern = "host-{address}." + strings.ToLower(w.Name) + ".test"
	}
	return strings.ReplaceAll(pattern, "{address}", strings.NewReplacer(".", "-", ":", "-").Replace(a.StringExpanded()))
}
