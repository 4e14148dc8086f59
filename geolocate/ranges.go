package geolocate

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
)

// ranges are disjoint prefixes with their owners, sorted by address: a look-up is a
// binary search. It is only read after newRanges, and then safe for concurrent use.
type ranges []serviceRange

type serviceRange struct {
	first, last netip.Addr
	prefix      netip.Prefix
	owner       *service
}

// newRanges sorts the ranges. Two that overlap are an error: the table would depend
// on its order.
func newRanges(all ranges) (ranges, error) {
	slices.SortFunc(all, func(a, b serviceRange) int {
		return cmp.Or(a.first.Compare(b.first), cmp.Compare(a.prefix.Bits(), b.prefix.Bits()))
	})
	for i := 1; i < len(all); i++ {
		if a, b := all[i-1], all[i]; a.prefix.Overlaps(b.prefix) {
			return nil, fmt.Errorf("range %s of %s overlaps %s of %s: keep one of them", a.prefix, a.owner.name, b.prefix, b.owner.name)
		}
	}
	return all, nil
}

// find returns the range that holds the address, or nil.
func (r ranges) find(addr netip.Addr) *serviceRange {
	low, high := 0, len(r)
	for low < high {
		mid := int(uint(low+high) >> 1)
		if r[mid].last.Less(addr) {
			low = mid + 1
		} else {
			high = mid
		}
	}
	if low == len(r) || addr.Less(r[low].first) {
		return nil
	}
	return &r[low]
}

// rangeOf reads a prefix in its shortest form (RFC 4632, RFC 5952).
func rangeOf(text string, owner *service) (serviceRange, error) {
	p, err := netip.ParsePrefix(text)
	if err != nil {
		return serviceRange{}, fmt.Errorf("range of %s: %w", owner.name, err)
	}
	if p != p.Masked() || p.Addr().Is4In6() {
		return serviceRange{}, fmt.Errorf("range of %s: write %s as %s", owner.name, p, p.Masked())
	}
	return serviceRange{first: p.Addr(), last: lastOf(p), prefix: p, owner: owner}, nil
}

// lastOf is the last address of a prefix.
func lastOf(p netip.Prefix) netip.Addr {
	b := p.Addr().AsSlice()
	for i := p.Bits(); i < 8*len(b); i++ {
		b[i/8] |= 1 << (7 - i%8)
	}
	addr, _ := netip.AddrFromSlice(b)
	return addr
}
