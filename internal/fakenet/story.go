package fakenet

import (
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"vigil/casefile"
)

// Ending is what must have become of a case of the story after StoryDays days.
type Ending struct {
	Name string // the host
	URL  string // simulated; ask Sockets.URL(Name) on sockets
	// Standing the case ends in.
	Standing casefile.Standing
	// Returned says that it came back after a removal: the case is in its second episode.
	Returned bool
	// Excluded says that it was gone at the first look: it counts in no figure.
	Excluded bool
	// States that must have been seen on the way, in the order of their first sight.
	States []casefile.State
	// Reason of the last verdict; empty when it is not certain which one comes last.
	Reason casefile.Reason
	// Country of hosting at the end; empty when it cannot be known or does not matter.
	Country string
	// What happens, in words.
	What string
}

// StoryDays is how long the story lasts. Nothing changes after its day 4.
const StoryDays = 10

// The story is written for these rules, in days: a gap of at most 0.25 between
// visits, removal confirmed by 4 gone verdicts over 1 day, unavailable after 4
// days, looks at 1, 2 and 3 days after a removal.

// Story is the internet of the demo: sites that behave in every way of the
// verdict table, with their endings in the order of the table. day is the length
// of a story day; the clock starts now. DNS answers must not be remembered (TTL 0).
func Story(day time.Duration) (*Net, []Ending) {
	n := New(Options{Networks: storyNetworks(), TTL: -1, NegativeTTL: -1})
	n.Add(Site{Host: elsewhere, Network: "POTOMAC-NET", Acts: Always(Article(900, 3000))})
	var endings []Ending
	for i, row := range story {
		site := Site{Host: row.host, Network: row.network, HTTPS: row.has("https"), IPv6: row.has("ipv6"), Path: row.path}
		if site.Path == "" {
			site.Path = fmt.Sprintf("/articles/%d.html", 100+i)
		}
		first := Act{Behaviour: row.first(i)}
		home := n.Address(row.network)
		site.Addresses = []netip.Addr{home}
		if site.IPv6 {
			site.Addresses = append(site.Addresses, n.address6(row.network))
		}
		site.Acts = []Act{first}
		at := first.Behaviour
		for _, s := range row.then {
			at = s.act(at, i)
			if s.to != "" {
				at = at.At(n.Address(s.to))
			}
			if row.has("expired") {
				at = at.Over(TLSExpired)
			}
			site.Acts = append(site.Acts, Then(time.Duration(s.at*float64(day)), at))
		}
		n.Add(site)
		endings = append(endings, row.ending(n))
	}
	return n, endings
}

// row is a line of the story's table.
type row struct {
	host    string
	network string
	traits  string // words: https, ipv6, expired, edge, nowhere (no country can be known), returns, excluded
	path    string
	// begins is the first behaviour; an article of its own when nil.
	begins   func(i int) Behaviour
	then     []scene
	standing casefile.Standing
	states   string // words
	reason   casefile.Reason
	what     string
}

// scene is a change: at a day, to a behaviour, perhaps in another network.
type scene struct {
	at float64
	b  func() Behaviour // nil: as it began
	to string           // the network it moves to
}

func (s scene) act(_ Behaviour, i int) Behaviour {
	if s.b == nil {
		return Article(i, 4000)
	}
	return s.b()
}

func (r row) has(trait string) bool { return strings.Contains(" "+r.traits+" ", " "+trait+" ") }

func (r row) first(i int) Behaviour {
	b := Article(i, 4000)
	if r.begins != nil {
		b = r.begins(i)
	}
	if r.has("expired") {
		b = b.Over(TLSExpired)
	}
	if r.has("edge") {
		b = b.Edge(edgeHeader).On(DNS{CNAMEs: []string{r.host + ".cdn.cloudflare.net"}})
	}
	return b
}

// edgeHeader is what an edge that names itself adds.
var edgeHeader = http.Header{"Server": {"cloudflare"}, "Cf-Ray": {"8f0000000000abcd-AMS"}}

func (r row) ending(n *Net) Ending {
	e := Ending{
		Name: r.host, URL: n.URL(r.host), Standing: r.standing, Returned: r.has("returns"), Excluded: r.has("excluded"),
		Reason: r.reason, What: r.what,
	}
	for _, s := range strings.Fields(r.states) {
		e.States = append(e.States, casefile.State(s))
	}
	last := r.network
	for _, s := range r.then {
		if s.to != "" {
			last = s.to
		}
	}
	if !r.has("edge") && !r.has("nowhere") {
		e.Country = n.named(last).Country
	}
	return e
}

func (n *Net) named(network string) Network {
	n.mu.RLock()
	defer n.mu.RUnlock()
	return n.networkNamed(network).Network
}

// address6 reserves the next IPv6 address of a network.
func (n *Net) address6(network string) netip.Addr {
	n.mu.Lock()
	defer n.mu.Unlock()
	w := n.networkNamed(network)
	a := w.next6
	w.next6 = a.Next()
	return a
}
