package judge

import (
	"net/netip"
	"slices"
	"strings"

	"golang.org/x/net/publicsuffix"

	"vigil/casefile"
)

// Sizes of a parked lander: a page of links to advertisements and little else. Vissers, Joosen, Nikiforakis:
// Parking Sensors, NDSS 2015, section V, tell parked pages by the share of text that is in links and
// by how little there is besides; the numbers are ours, wide enough for a line of contact and a search box.
const (
	ParkedLanderLinks        = 5  // and more
	ParkedLanderMostLinks    = 40 // and fewer: a directory has more
	ParkedLanderWordsPerLink = 5  // at most
	ParkedLanderForms        = 1  // at most: a search box, or an offer
)

// Subdomain is a target under the registrable domain of t that surely does not exist: label as the name
// and label as the path, by the scheme and port of t. Parking answers for every name and path alike;
// a site has few names. It is zero for a t that is not the domain itself or its www, for
// addresses, and for customers of a platform (the private part of the Public Suffix List): their
// names are the platform's. label must be lower-case letters and digits.
func Subdomain(t casefile.Target, label string) casefile.Target {
	if _, literal := t.Address(); literal || t.IsZero() {
		return casefile.Target{}
	}
	domain, err := publicsuffix.EffectiveTLDPlusOne(t.Host())
	if err != nil || strings.TrimPrefix(t.Host(), "www.") != domain {
		return casefile.Target{}
	}
	if suffix, icann := publicsuffix.PublicSuffix(domain); !icann && strings.Contains(suffix, ".") {
		return casefile.Target{} // without a dot nobody manages it in the list: a top-level domain that is newer than the list
	}
	if len(label)+1+len(domain) > maxName {
		return casefile.Target{}
	}
	scheme, rest, _ := strings.Cut(t.Home().URL(), "://")
	under, err := casefile.NewTarget(scheme + "://" + label + "." + domain + strings.TrimPrefix(rest, t.Host()) + label)
	if err != nil {
		return casefile.Target{}
	}
	return under
}

// maxName is the longest name of the DNS, in bytes of text (RFC 1035, section 2.3.4).
const maxName = 253

// wantsSubdomain says whether the answer to a name that surely does not exist (Subdomain) would help. It
// would when no path is known to give another page, and the page or its domain bears a trait of parking that
// is not enough alone.
func (l *look) wantsSubdomain() bool {
	if l.redirect == toOtherSite || !l.everyPath() || !l.lapsedDomain() && !l.isNew(casefile.MarkerParkedSign) && !l.parkedLander() {
		return false
	}
	barrier, withheld := l.withheldByPage()
	_, absent := l.absent()
	return !absent && (!withheld || barrier == casefile.ReasonScriptRequired && l.lapsedDomain())
}

// compareNameDecoy compares the page with that of a name that surely does not exist. They are the same when
// one server answers both, by the same statuses on the way, with one and the same page, and the name is not
// sent to the domain's own: sites with a wildcard send strays home.
func (l *look) compareNameDecoy() decoyAnswer {
	s := l.in.Subdomain
	switch {
	case s == nil:
		return decoyUnknown
	case s.Fault != nil && len(s.Hops) == 0 && (s.Fault.Kind == casefile.FaultNXDomain || s.Fault.Kind == casefile.FaultNoAddress):
		return decoyNoAddress
	case s.Fault != nil, l.f == nil, s.Features == nil, len(s.Hops) == 0, len(l.o.Hops) != len(s.Hops):
		return decoyUnknown
	case s.Final().Target.Host() != s.Hops[0].Target.Host(), s.Final().Status != l.status, !l.sameServer(s), !l.similar(s):
		return decoyOther
	}
	return decoySimilar
}

// sameServer says whether an address answers for both.
func (l *look) sameServer(s *casefile.Observation) bool {
	if a := l.o.Final().Address; a.IsValid() && a == s.Final().Address {
		return true
	}
	return slices.ContainsFunc(l.o.Resolution.Addresses, func(a netip.Addr) bool { return slices.Contains(s.Resolution.Addresses, a) })
}

// everyPath says whether nothing speaks against one and the same page at every path. Of a front page, and
// where no decoy was asked, the name that surely does not exist tells: it is asked for a path that does not
// exist either.
func (l *look) everyPath() bool {
	return l.decoy == decoySimilar || l.decoy == decoyUnknown || l.decoy == decoyShell && !l.asksFirst()
}

// everyName says whether one and the same page stands at every name and path.
func (l *look) everyName() bool { return l.subdomain == decoySimilar && l.everyPath() }

// lapsedDomain says whether the domain is given up by its owner as far as others tell: its name servers serve
// domains that nobody uses, or its registration is being taken back.
func (l *look) lapsedDomain() bool {
	kind := l.nameServers()
	_, to := l.registration()
	return kind == parking || kind == expiry || to == casefile.StateGone
}

// parked says whether every name and path of a domain that is given up gives one page without any content. A
// page that is filled in the browser counts as well: what would fill it is a parking service's.
func (l *look) parked() bool {
	return l.everyName() && l.decoy != decoySimilar && l.redirect != toOtherSite && l.lapsedDomain() &&
		(l.bare() || l.parkedLander()) && embedded(l.f) == 0
}

// parkedRatherThanMissing gives a soft 404 its better reason: the same page stands at every name as well.
func (l *look) parkedRatherThanMissing() bool {
	if !l.everyName() {
		return false
	}
	links := l.parkedLander()
	if links {
		l.note("page", "links_only", casefile.StateGone)
	}
	return links || l.lapsedDomain()
}

// parked lander says whether the page is a list of links and little else. Link lists are like that too: it
// is one trait among others.
func (l *look) parkedLander() bool {
	f := l.f
	return f != nil && f.HTML && f.Words <= ThinWords && f.Links >= ParkedLanderLinks && f.Links <= ParkedLanderMostLinks &&
		f.Words <= ParkedLanderWordsPerLink*f.Links && embedded(f) == 0 && f.Forms <= ParkedLanderForms && f.Passwords == 0
}
