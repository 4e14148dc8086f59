package notices

import (
	"flag"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"vigil/casefile"
	"vigil/internal/email"
)

var update = flag.Bool("update", false, "rewrite the goldens in testdata")

var now = time.Date(2026, 11, 23, 14, 5, 0, 0, time.UTC)

const testDirectory = `country,hotline,status,email,approved,form,website,source
NL,Hotline Laagland,confirmed,desk@laagland.test,,,https://laagland.test,a source
DE,Meldestelle Nord,confirmed,nord@melden.test,,,,a source
DE,Meldestelle Süd,confirmed,,,,https://sued.test/melden,a source
BE,Belgian desk,confirmed,be@desk.test,no,,,a source
TH,Thai desk,uncertain,th@desk.test,,,,a source
PE,Desk of Peru,uncertain,pe@desk.test,yes,,,a source
AL,,uncertain,,,,,a source
GB,British desk,confirmed,gb@desk.test,,,,a source
`

func desk(t testing.TB, change func(*Options)) *Composer {
	t.Helper()
	directory, err := ReadDirectory(strings.NewReader(testDirectory), "test.csv")
	if err != nil {
		t.Fatal(err)
	}
	o := Options{Directory: directory, OrphanCountry: "NL", From: "Anna Analist <notices@laagland.test>", Organisation: "Hotline Laagland", Send: true}
	if change != nil {
		change(&o)
	}
	d, err := NewComposer(o)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func target(t testing.TB, canonical string) casefile.Target {
	t.Helper()
	u, err := casefile.NewTarget(canonical)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func hosting() *casefile.Hosting {
	asOf := time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC)
	return &casefile.Hosting{
		Provider: "Rheinblick Hosting GmbH", ASN: 64501, Network: netip.MustParsePrefix("203.0.113.0/24"), Country: "DE", Confidence: 0.9, Origin: casefile.OriginKnown,
		Addresses: []netip.Addr{netip.MustParseAddr("203.0.113.7"), netip.MustParseAddr("2001:db8:2::7")}, Decided: now.Add(-time.Minute),
		Claims: []casefile.Claim{
			{Fact: casefile.FactCountry, Value: "DE", Source: "mmdb:country", AsOf: asOf, Address: netip.MustParseAddr("203.0.113.7")},
			{Fact: casefile.FactCountry, Value: "AT", Source: "rdap", AsOf: now},
			{Fact: casefile.FactCountry, Source: "whois", Problem: "timeout", AsOf: now},
			{Fact: casefile.FactASN, Value: "64501", Source: "mmdb:asn", AsOf: asOf},
		},
		Disputed:  true,
		Contacts:  []casefile.Contact{{Party: casefile.PartyRegistrar, Role: "abuse", Email: "abuse@registrar.test"}, {Party: casefile.PartyHost, Name: "Rheinblick abuse desk", Role: "abuse", Email: "abuse@rheinblick.test", Source: "rdap"}, {Party: casefile.PartyHost, Role: "abuse", Email: "second@rheinblick.test", Source: "whois"}},
		Registrar: &casefile.Registrar{Name: "Plain Names Registrar"},
	}
}

// reported is a case that was just seen live in Germany and assigned there.
func reported(t testing.TB, d *Composer) casefile.Case {
	t.Helper()
	c := casefile.Case{
		ID: 42, Target: target(t, "https://site-1.example/gallery/view.php?id=7&page=%C3%A9"), Life: casefile.Life{Standing: casefile.Watching,
			Episode: casefile.Episode{Number: 1, Opened: now.Add(-2 * time.Hour), FirstSeen: now.Add(-time.Minute), LastSeen: now.Add(-time.Minute)}},
		Hosting: hosting(),
		Report:  &casefile.Report{Source: "public", Reference: "R-2026/0815", Classification: casefile.ClassA1, Received: now.Add(-2 * time.Hour)},
	}
	a := d.Assign(*c.Hosting, now)
	c.Assignment = &a
	return c
}

func TestAssign(t *testing.T) {
	t.Parallel()
	edge := &casefile.Edge{Name: "Example CDN", Evidence: "cname"}
	type A = casefile.Assignment
	for _, test := range []struct {
		name    string
		hosting casefile.Hosting
		own     string
		want    A
	}{
		{"one hotline", casefile.Hosting{Country: "NL", Origin: "known"}, "NL", A{HostingCountry: "NL", AssignedCountry: "NL", Hotlines: []string{"Hotline Laagland"}, Policy: "hosting_country", Confirmed: true}},
		{"several hotlines, sorted", casefile.Hosting{Country: "DE"}, "NL", A{HostingCountry: "DE", AssignedCountry: "DE", Hotlines: []string{"Meldestelle Nord", "Meldestelle Süd"}, Policy: "hosting_country", Confirmed: true}},
		{"another spelling of the country", casefile.Hosting{Country: "uk"}, "NL", A{HostingCountry: "GB", AssignedCountry: "GB", Hotlines: []string{"British desk"}, Policy: "hosting_country", Confirmed: true}},
		{"an uncertain hotline", casefile.Hosting{Country: "TH"}, "NL", A{HostingCountry: "TH", AssignedCountry: "TH", Hotlines: []string{"Thai desk"}, Policy: "hosting_country"}},
		{"a hotline without a name", casefile.Hosting{Country: "AL"}, "NL", A{HostingCountry: "AL", AssignedCountry: "AL", Hotlines: []string{"AL hotline (name unknown)"}, Policy: "hosting_country"}},
		{"no hotline there", casefile.Hosting{Country: "SC"}, "NL", A{HostingCountry: "SC", AssignedCountry: "NL", Hotlines: []string{"Hotline Laagland"}, Policy: "orphan", Confirmed: true}},
		{"no hotline there, none of our own", casefile.Hosting{Country: "SC"}, "", A{HostingCountry: "SC", Policy: "orphan"}},
		{"a code that ISO does not have", casefile.Hosting{Country: "XK"}, "NL", A{HostingCountry: "XK", AssignedCountry: "NL", Hotlines: []string{"Hotline Laagland"}, Policy: "orphan", Confirmed: true}},
		{"unknown country", casefile.Hosting{}, "NL", A{AssignedCountry: "NL", Hotlines: []string{"Hotline Laagland"}, Policy: "unknown_country", Confirmed: true}},
		{"unknown country, none of our own", casefile.Hosting{}, "", A{Policy: "unknown_country"}},
		{"behind an edge", casefile.Hosting{Edge: edge, Origin: "unknown"}, "NL", A{AssignedCountry: "NL", Hotlines: []string{"Hotline Laagland"}, Policy: "origin_unknown", Confirmed: true}},
		{"the country of an edge", casefile.Hosting{Country: "DE", Edge: edge, Origin: "unknown"}, "NL", A{AssignedCountry: "NL", Hotlines: []string{"Hotline Laagland"}, Policy: "origin_unknown", Confirmed: true}},
		{"an edge whose origin was learned", casefile.Hosting{Country: "DE", Edge: edge, Origin: "known"}, "NL", A{HostingCountry: "DE", AssignedCountry: "DE", Hotlines: []string{"Meldestelle Nord", "Meldestelle Süd"}, Policy: "hosting_country", Confirmed: true}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			d := desk(t, func(o *Options) { o.OrphanCountry = test.own })
			test.want.At = now
			if diff := cmp.Diff(test.want, d.Assign(test.hosting, now.In(time.FixedZone("", 3600)))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// The letters of every kind of case, as their readers see them.
func TestLetters(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*casefile.Case, *Composer){
		"germany": func(*casefile.Case, *Composer) {},
		"returned": func(c *casefile.Case, _ *Composer) {
			c.Episode.Number = 2
			var err error
			if c.Referrer, err = casefile.NewTarget("https://forum.site-2.example/thread/9"); err != nil {
				panic(err)
			}
		},
		"orphan": func(c *casefile.Case, d *Composer) {
			c.Hosting.Country, c.Hosting.Disputed, c.Hosting.Claims = "SC", false, nil
			a := d.Assign(*c.Hosting, now)
			c.Assignment, c.Report = &a, nil
		},
		"edge": func(c *casefile.Case, d *Composer) {
			c.Hosting = &casefile.Hosting{
				Provider: "Example CDN", Edge: &casefile.Edge{Name: "Example CDN", Evidence: "cname", AbuseEmail: "abuse@cdn.test"},
				Origin: casefile.OriginUnknown, Decided: now, Addresses: hosting().Addresses[:1],
			}
			a := d.Assign(*c.Hosting, now)
			c.Assignment = &a
		},
		"uncertain": func(c *casefile.Case, d *Composer) {
			c.Hosting.Country = "TH"
			c.Hosting.Provider = strings.Repeat("A very long provider name ", 6)
			a := d.Assign(*c.Hosting, now)
			c.Assignment = &a
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := desk(t, nil)
			c := reported(t, d)
			change(&c, d)
			letters, err := d.Compose(c, now)
			if err != nil {
				t.Fatal(err)
			}
			var b strings.Builder
			for _, n := range letters {
				b.WriteString("==== " + string(n.Kind) + " to " + n.Contact.Name + " <" + n.Contact.Email + "> " + n.Contact.Form + ", " + string(n.State) + ", key " + n.Key + "\nSubject: " + n.Subject + "\n\n" + n.Body)
				checkLetter(t, c, n)
			}
			golden(t, name+".txt", b.String())
		})
	}
}

// checkLetter holds what every letter must keep to.
func checkLetter(t *testing.T, c casefile.Case, n casefile.Notice) {
	t.Helper()
	if strings.Contains(n.Subject, c.Target.Host()) || strings.Contains(n.Subject, "://") || !strings.HasPrefix(n.Subject, "[Vigil V-42] ") {
		t.Errorf("subject %q", n.Subject)
	}
	if !strings.Contains(n.Body, "\n"+c.Target.URL()+"\n") {
		t.Error("the exact URL does not stand on a line of its own")
	}
	for l := range strings.SplitSeq(n.Body, "\n") {
		if utf8.RuneCountInString(l) > 78 && !strings.Contains(l, "://") || strings.TrimRight(l, " ") != l {
			t.Errorf("line %q", l)
		}
	}
	if strings.Contains(n.Body, "\n\n\n") || strings.ContainsAny(n.Body, "\r\t") || strings.Contains(n.Body, "<no value>") || !strings.HasSuffix(n.Body, "\n") {
		t.Errorf("layout of %q", n.Body)
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-update rewrites it): %s", path, diff)
	}
}

// told is a short form of a notice: kind, recipient, state.
func told(letters []casefile.Notice) []string {
	var list []string
	for _, n := range letters {
		to := n.Contact.Email
		if to == "" {
			to = n.Contact.Form
		}
		list = append(list, strings.TrimSpace(string(n.Kind)+" "+to)+" "+string(n.State))
	}
	return list
}

func TestWhoIsTold(t *testing.T) {
	t.Parallel()
	hotlines := []string{"assignment nord@melden.test queued", "assignment https://sued.test/melden draft"}
	assign := func(c *casefile.Case, d *Composer) {
		a := d.Assign(*c.Hosting, now)
		c.Assignment = &a
	}
	host := func(contacts ...casefile.Contact) func(*casefile.Case, *Composer) {
		return func(c *casefile.Case, _ *Composer) { c.Hosting.Contacts = contacts }
	}
	edge := func(contacts ...casefile.Contact) func(*casefile.Case, *Composer) {
		return func(c *casefile.Case, d *Composer) {
			c.Assignment = nil
			c.Hosting.Edge = &casefile.Edge{Name: "Example CDN", AbuseForm: "https://cdn.test/abuse"}
			c.Hosting.Country, c.Hosting.Confidence, c.Hosting.Origin, c.Hosting.Contacts = "", 0, casefile.OriginUnknown, contacts
		}
	}
	for _, test := range []struct {
		name   string
		send   bool
		change func(*casefile.Case, *Composer)
		want   []string
	}{
		{"hotlines and host", true, nil, append(hotlines[:2:2], "removal abuse@rheinblick.test queued")},
		{"sending is off", false, nil, []string{"assignment nord@melden.test draft", "assignment https://sued.test/melden draft", "removal abuse@rheinblick.test draft"}},
		{"police first", true, func(c *casefile.Case, _ *Composer) { c.Held = true }, hotlines},
		{"host not known well enough", true, func(c *casefile.Case, _ *Composer) { c.Hosting.Confidence = 0.49 }, nil},
		{"no country at all", true, func(c *casefile.Case, d *Composer) { c.Hosting.Country, c.Hosting.Confidence = "", 0; assign(c, d) }, []string{"assignment desk@laagland.test queued"}},
		{"a platform keeps the page, wherever it stands", true, func(c *casefile.Case, _ *Composer) {
			c.Hosting.Confidence, c.Hosting.Platform = 0.1, &casefile.Platform{Name: "Pages of Tests", Kind: "page_host"}
			c.Hosting.Contacts = []casefile.Contact{{Party: casefile.PartyHost, Email: "abuse@pages.test", Role: "abuse", Source: "platforms"}}
		}, []string{"removal abuse@pages.test queued"}},
		{"a cloud keeps machines, not pages", true, func(c *casefile.Case, _ *Composer) {
			c.Hosting.Confidence, c.Hosting.Platform = 0.1, &casefile.Platform{Name: "Cloud of Tests", Kind: "cloud"}
		}, nil},
		{"no contact", true, host(), hotlines},
		{"only a registrar", true, host(casefile.Contact{Party: casefile.PartyRegistrar, Email: "abuse@registrar.test"}), hotlines},
		{"a broken contact before a good one", true, host(casefile.Contact{Party: casefile.PartyHost, Email: "abuse@rheinblick.test\r\nBcc: x@site.test", Role: "abuse", Source: "rdap"}, casefile.Contact{Party: casefile.PartyHost, Email: "desk@rheinblick.test", Role: "abuse", Source: "rdap"}), append(hotlines[:2:2], "removal desk@rheinblick.test queued")},
		{"a form before an address", true, host(casefile.Contact{Party: casefile.PartyHost, Form: "https://rheinblick.test/abuse"}, casefile.Contact{Party: casefile.PartyHost, Email: "noc@rheinblick.test"}), append(hotlines[:2:2], "removal https://rheinblick.test/abuse draft")},
		{"edge with a form of its own", true, edge(), []string{"removal https://cdn.test/abuse draft"}},
		{"edge among the contacts", true, edge(casefile.Contact{Party: casefile.PartyHost, Email: "abuse@host.test"}, casefile.Contact{Party: casefile.PartyEdge, Email: "abuse@cdn.test", Role: "abuse", Source: "edges"}), []string{"removal abuse@cdn.test queued"}},
		{"no hosting", true, func(c *casefile.Case, _ *Composer) { c.Hosting = nil }, hotlines},
		{"neither hosting nor assignment", true, func(c *casefile.Case, _ *Composer) { c.Hosting, c.Assignment = nil, nil }, nil},
		{"uncertain hotline", true, func(c *casefile.Case, d *Composer) { c.Held, c.Hosting.Country = true, "TH"; assign(c, d) }, []string{"assignment th@desk.test draft"}},
		{"uncertain, but approved", true, func(c *casefile.Case, d *Composer) { c.Held, c.Hosting.Country = true, "PE"; assign(c, d) }, []string{"assignment pe@desk.test queued"}},
		{"confirmed, but not approved", true, func(c *casefile.Case, d *Composer) { c.Held, c.Hosting.Country = true, "BE"; assign(c, d) }, []string{"assignment be@desk.test draft"}},
		{"a hotline that left the directory", true, func(c *casefile.Case, _ *Composer) { c.Held, c.Assignment.Hotlines = true, []string{"Gone desk"} }, []string{"assignment draft"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			d := desk(t, func(o *Options) { o.Send = test.send })
			c := reported(t, d)
			if test.change != nil {
				test.change(&c, d)
			}
			letters, err := d.Compose(c, now)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, told(letters)); diff != "" {
				t.Error(diff)
			}
			for _, n := range letters {
				if (n.State == casefile.NoticeQueued) != n.NextTry.Equal(now) || n.Step != 1 || n.Episode != 1 || n.CaseID != 42 || !n.Composed.Equal(now) || n.Key != Key(n) {
					t.Errorf("notice %+v", n)
				}
			}
		})
	}
}

// Mail goes by itself to desks that are named for abuse, and to nobody else.
func TestWhoMayBeMailed(t *testing.T) {
	t.Parallel()
	d := desk(t, nil)
	const check = "nobody names it as an abuse desk: a person should check it"
	for _, test := range []struct {
		name   string
		to     casefile.Contact
		change func(*casefile.Case)
		why    string // empty: it is queued
	}{
		{"an approved row of the directory", casefile.Contact{Source: "directory", Role: "abuse", Approved: true, Why: "row"}, nil, ""},
		{"a row that nobody approved", casefile.Contact{Source: "directory", Role: "abuse", Why: "row"}, nil, "row; draft: your directory of providers does not approve it"},
		{"the desk that a platform publishes", casefile.Contact{Source: "platforms", Role: "abuse"}, nil, ""},
		{"the desk that an edge publishes", casefile.Contact{Source: "edges", Role: "abuse"}, nil, ""},
		{"the abuse role at RDAP", casefile.Contact{Source: "rdap", Role: "abuse"}, nil, ""},
		{"the abuse contact in WHOIS", casefile.Contact{Source: "whois", Role: "abuse"}, nil, ""},
		{"the network's operations", casefile.Contact{Source: "rdap", Role: "technical", Why: "mail line"}, nil, "mail line; draft: " + check},
		{"any mail line", casefile.Contact{Source: "whois", Role: "other"}, nil, "draft: " + check},
		{"abuse@ by convention", casefile.Contact{Source: "rfc2142", Role: "abuse"}, nil, "draft: " + check},
		{"approved by a source that cannot", casefile.Contact{Source: "whois", Role: "other", Approved: true}, nil, "draft: " + check},
		{"a source that nobody knows", casefile.Contact{Role: "abuse"}, nil, "draft: " + check},
		{"a form only", casefile.Contact{Source: "directory", Role: "abuse", Approved: true, Form: "https://rheinblick.test/abuse"}, nil, "draft: there is no mail address"},
		{"nobody classified the content", casefile.Contact{Source: "rfc2142", Role: "abuse"}, func(c *casefile.Case) { c.Report = nil }, "draft: no report classifies the content, " + check},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			c := reported(t, d)
			test.to.Party = casefile.PartyHost
			if test.to.Form == "" {
				test.to.Email = "desk@rheinblick.test"
			}
			c.Hosting.Contacts = []casefile.Contact{test.to}
			if test.change != nil {
				test.change(&c)
			}
			letters, err := d.Compose(c, now)
			if err != nil {
				t.Fatal(err)
			}
			n := letters[len(letters)-1]
			if n.Kind != casefile.NoticeRemoval || (n.State == casefile.NoticeQueued) != (test.why == "") || test.why != "" && (n.State != casefile.NoticeDraft || n.Contact.Why != test.why) {
				t.Errorf("%s, why %q; want %q", n.State, n.Contact.Why, test.why)
			}
		})
	}
}

// The same message has the same key whenever it is written; another message has another.
func TestKey(t *testing.T) {
	t.Parallel()
	base := casefile.Notice{CaseID: 42, Episode: 1, Step: 1, Kind: casefile.NoticeRemoval, Contact: casefile.Contact{Party: casefile.PartyHost, Name: "Rheinblick", Email: "abuse@rheinblick.test", Source: "rdap"}}
	change := func(f func(*casefile.Notice)) casefile.Notice { n := base; f(&n); return n }
	hotline := change(func(n *casefile.Notice) { n.Kind, n.Contact.Party = casefile.NoticeAssignment, casefile.PartyHotline })
	seen := map[string]string{}
	for name, n := range map[string]casefile.Notice{
		"base": base, "case": change(func(n *casefile.Notice) { n.CaseID = 43 }), "episode": change(func(n *casefile.Notice) { n.Episode = 2 }),
		"step": change(func(n *casefile.Notice) { n.Step = 2 }), "kind": change(func(n *casefile.Notice) { n.Kind = casefile.NoticeAssignment }),
		"party": change(func(n *casefile.Notice) { n.Contact.Party = casefile.PartyEdge }), "email": change(func(n *casefile.Notice) { n.Contact.Email = "noc@rheinblick.test" }),
		"form":    change(func(n *casefile.Notice) { n.Contact.Email, n.Contact.Form = "", "https://rheinblick.test/abuse" }),
		"hotline": hotline, "another hotline with its address": func() casefile.Notice { n := hotline; n.Contact.Name = "Other"; return n }(),
	} {
		key := Key(n)
		if other, twice := seen[key]; twice || len(key) != 32 || strings.Trim(key, "0123456789abcdef") != "" {
			t.Errorf("%s and %s: %q", name, other, key)
		}
		seen[key] = name
	}
	for name, n := range map[string]casefile.Notice{
		"case of letters": change(func(n *casefile.Notice) { n.Contact.Email = "Abuse@Rheinblick.test" }),
		"name":            change(func(n *casefile.Notice) { n.Contact.Name = "RHEINBLICK-MNT" }),
		"source":          change(func(n *casefile.Notice) { n.Contact.Source = "whois" }),
		"text":            change(func(n *casefile.Notice) { n.Body, n.Subject, n.Composed, n.State = "x", "y", now, casefile.NoticeSent }),
	} {
		if Key(n) != Key(base) {
			t.Errorf("another %s makes another key", name)
		}
	}
}

func TestComposeRefusesWhatIsNoCase(t *testing.T) {
	t.Parallel()
	d := desk(t, nil)
	for _, c := range []casefile.Case{{}, {ID: 1}, {Target: target(t, "https://site-1.example/")}} {
		if _, err := d.Compose(c, now); err == nil {
			t.Errorf("case %d is taken", c.ID)
		}
	}
}

// Whatever a registry or a reporter writes, a letter stays within its bounds and its lines stay its own.
func FuzzCompose(f *testing.F) {
	f.Add("Provider\r\nBcc: x@site.test", "abuse@rheinblick.test", "DE", "public\u2028x", "a=1")
	f.Add("{{.URL}}", "a@b.test>\r\n", "\xff", "", strings.Repeat("x", 8000))
	f.Fuzz(func(t *testing.T, provider, address, code, source, query string) {
		u, err := casefile.NewTarget("https://site-1.example/?" + query)
		if err != nil {
			return
		}
		d := desk(t, nil)
		c := reported(t, d)
		c.Target, c.Hosting.Provider, c.Report.Source, c.Report.Reference = u, provider, source, provider
		c.Hosting.Claims = append(c.Hosting.Claims, casefile.Claim{Fact: casefile.FactCountry, Value: code, Source: source})
		c.Hosting.Contacts = []casefile.Contact{{Party: casefile.PartyHost, Name: provider, Email: address, Form: source}}
		c.Hosting.Edge = &casefile.Edge{Name: source}
		c.Assignment.HostingCountry = code
		letters, err := d.Compose(c, now)
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range letters {
			if !utf8.ValidString(n.Subject+n.Contact.Name) || strings.ContainsAny(n.Subject+n.Contact.Name+n.Contact.Email+n.Contact.Role, "\r\n") || len(n.Body) > casefile.MaxNoticeBody {
				t.Fatalf("notice %+v", n)
			}
			if n.Contact.Email != "" && !email.Plain(n.Contact.Email) {
				t.Fatalf("recipient %q", n.Contact.Email)
			}
			for l := range strings.SplitSeq(n.Body, "\n") {
				if strings.HasPrefix(strings.ToLower(l), "bcc:") {
					t.Fatalf("a foreign line %q", l)
				}
			}
		}
	})
}

func TestNewDesk(t *testing.T) {
	t.Parallel()
	directory := desk(t, nil).directory
	for name, test := range map[string]struct {
		options Options
		want    []string
	}{
		"no directory":        {Options{}, []string{"directory of hotlines is required"}},
		"two things at once":  {Options{Directory: directory, OrphanCountry: "ZZ", Send: true}, []string{"notices.country", "notices.from"}},
		"no hotline of ours":  {Options{Directory: directory, OrphanCountry: "FR"}, []string{"FR has no hotline in the directory"}},
		"bad from":            {Options{Directory: directory, From: "Anna"}, []string{"notices.from must be one mailbox"}},
		"an endless argument": {Options{Directory: directory, Reason: strings.Repeat("x ", 1001)}, []string{"longer than 2000"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := NewComposer(test.options)
			for _, want := range test.want {
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("got %v, want %q", err, want)
				}
			}
		})
	}
	nameless, err := NewComposer(Options{Directory: directory, From: "notices@laagland.test", Send: true})
	if err != nil || nameless.name != "laagland.test" || nameless.organisation != "laagland.test" {
		t.Errorf("a sender without a name: %+v, %v", nameless, err)
	}
	d, err := NewComposer(Options{Directory: directory})
	if err != nil {
		t.Fatal(err)
	}
	c := reported(t, d)
	letters, err := d.Compose(c, now)
	if err != nil || len(letters) != 3 || letters[2].State != casefile.NoticeDraft || !strings.Contains(letters[2].Body, "(not set: see notices.from)") {
		t.Errorf("drafts without a notifier: %v, %v", told(letters), err)
	}
}

func TestWrap(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ text, want string }{
		{"", "a:"},
		{"short", "a: short"},
		{strings.Repeat("x", 100), "a: " + strings.Repeat("x", 100)},
		{strings.Repeat("y", 75) + " z", "a: " + strings.Repeat("y", 75) + "\n   z"},
		{strings.Repeat("é", 73) + " z", "a: " + strings.Repeat("é", 73) + " z"},
	} {
		if got := wrap(test.text, "a: ", "   "); got != test.want {
			t.Errorf("got %q, want %q", got, test.want)
		}
	}
}

func TestClean(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"a\r\nBcc: b": "a Bcc: b", "\x00\x1b[31mred\x7f": "[31mred", "a\u2028b\u2029c\u0085d": "a b c d", "x\u202ey\u2066z": "x y z",
		"bad\xffutf": "bad utf", "  many   spaces\u00a0here ": "many spaces here", "Süd": "Süd", "twenty letters long.": "twenty letters long.", "twenty-one letters xx": "twenty-one letter...",
	} {
		if got := clean(in, 20); got != want {
			t.Errorf("%q became %q, want %q", in, got, want)
		}
	}
	for limit, want := range map[int]string{0: "", 1: "t", 2: "tw", 3: "twe", 4: "t..."} {
		if got := clean("twenty", limit); got != want {
			t.Errorf("cut to %d it is %q, want %q", limit, got, want)
		}
	}
}

// BenchmarkCompose writes the letters of a case that was just located: three, two of them to the hotlines.
func BenchmarkCompose(b *testing.B) {
	d := desk(b, nil)
	c := reported(b, d)
	b.ReportAllocs()
	for b.Loop() {
		if letters, err := d.Compose(c, now); err != nil || len(letters) != 3 {
			b.Fatal(len(letters), err)
		}
	}
}
