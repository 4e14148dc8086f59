package fakenet

import "strings"

// AllNames returns b with a wildcard (RFC 4592): every name below the host that is not a site of its own
// has the host's addresses, and is answered by b.
func (b Behaviour) AllNames() Behaviour { b.Wildcard = true; return b }

// under is the site whose wildcard a name falls under now; nil when there is none. The caller holds the lock.
func (n *Net) under(name string) *site {
	for {
		_, parent, found := strings.Cut(name, ".")
		if !found {
			return nil
		}
		if s := n.sites[parent]; s != nil {
			if s.at(n.elapsed()).Wildcard {
				return s
			}
			return nil
		}
		name = parent
	}
}

// Delegate gives the zone of a host other name servers.
func (n *Net) Delegate(host string, nameservers ...string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.name(zoneOf(host), func(d *dnsName) { d.nameservers = nameservers })
}
