package email

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/publicsuffix"
)

var judged = []struct {
	raw, email string
	problem    Problem
}{
	// Plain.
	{raw: "abuse@host.example", email: "abuse@host.example"},
	{raw: "Abuse+desk@net.host.example", email: "Abuse+desk@net.host.example"},
	{raw: "a@b.co", email: "a@b.co"},
	{raw: "abuse@host.test", email: "abuse@host.test"},
	{raw: "o'neil@host.example", email: "o'neil@host.example"},
	{raw: "abuse_desk-1@host-2.example", email: "abuse_desk-1@host-2.example"},
	{raw: "abuse@xn--bcher-kva.example", email: "abuse@xn--bcher-kva.example"},
	{raw: "ABUSE@HOST.EXAMPLE", email: "ABUSE@host.example"},
	{raw: "abuse=64500@host.example", email: "abuse=64500@host.example"},
	{raw: "postmaster@host.example", email: "postmaster@host.example"},
	{raw: "spam@host.example", email: "spam@host.example"},
	{raw: "small.hoster@gmail.com", email: "small.hoster@gmail.com"},
	{raw: "name.abuse@host.example", email: "name.abuse@host.example"},
	{raw: "privacy-team@host.example", email: "privacy-team@host.example"},
	{raw: "contest@host.example", email: "contest@host.example"},
	{raw: "x.y@host.example", email: "x.y@host.example"},
	{raw: "abuse@examples.example", email: "abuse@examples.example"},
	{raw: "abuse@myexample.com", email: "abuse@myexample.com"},
	{raw: strings.Repeat("a", 64) + "@host.example", email: strings.Repeat("a", 64) + "@host.example"},
	{raw: "abuse@" + strings.Repeat("b", 63) + ".example", email: "abuse@" + strings.Repeat("b", 63) + ".example"},
	// What stands around an address.
	{raw: "  abuse@host.example\t", email: "abuse@host.example"},
	{raw: "mailto:abuse@host.example", email: "abuse@host.example"},
	{raw: "MailTo:abuse@host.example?subject=abuse", email: "abuse@host.example"},
	{raw: "mailto:abuse%40host.example", email: "abuse@host.example"},
	{raw: "<mailto:abuse@host.example>", email: "abuse@host.example"},
	{raw: "<abuse@host.example>", email: "abuse@host.example"},
	{raw: "Abuse <abuse@host.example>", email: "abuse@host.example"},
	{raw: `"Desk, Abuse" <abuse@host.example>`, email: "abuse@host.example"},
	{raw: "Abuse Desk <abuse@host.example", email: "abuse@host.example"}, // the end was trimmed
	{raw: "abuse@host.example (Abuse desk)", email: "abuse@host.example"},
	{raw: "abuse@host.example.", email: "abuse@host.example"},
	{raw: "'abuse@host.example'", email: "abuse@host.example"},
	{raw: `"abuse@host.example"`, email: "abuse@host.example"},
	{raw: "abuse@host.example;", email: "abuse@host.example"},
	{raw: "abuse@host.example,", email: "abuse@host.example"},
	{raw: "(abuse@host.example)", email: "abuse@host.example"},
	{raw: "abuse@host.example:", email: "abuse@host.example"},
	// Hidden from robots.
	{raw: "abuse(at)host.example", email: "abuse@host.example"},
	{raw: "abuse [at] host [dot] example", email: "abuse@host.example"},
	{raw: "abuse (AT) host (DOT) example", email: "abuse@host.example"},
	{raw: "abuse{at}host.example", email: "abuse@host.example"},
	{raw: "abuse(a)host.example", email: "abuse@host.example"},
	{raw: "abuse<at>host.example", email: "abuse@host.example"},
	{raw: "abuse[@]host[.]example", email: "abuse@host.example"},
	{raw: "abuse at host dot example", email: "abuse@host.example"},
	{raw: "abuse AT host.example", email: "abuse@host.example"},
	{raw: "noc at net dot host dot example", email: "noc@net.host.example"},
	{raw: "abuse＠host.example", email: "abuse@host.example"},
	{raw: "hosted at provider.example", problem: Absent},
	{raw: "look at our pages", problem: Absent},
	// Internationalised domains.
	{raw: "abuse@bücher.example", email: "abuse@xn--bcher-kva.example"},
	{raw: "abuse@BÜCHER.example", email: "abuse@xn--bcher-kva.example"},
	{raw: "abuse@例え.テスト", email: "abuse@xn--r8jz45g.xn--zckzah"},
	{raw: "abuse@host。example", email: "abuse@host.example"},
	{raw: "abuse@bü_cher.example", problem: Broken},
	{raw: "abusé@host.example", problem: Broken}, // needs RFC 6531 on the whole way
	// No addresses.
	{raw: "", problem: Empty},
	{raw: " \t ", problem: Empty},
	{raw: "abuse", problem: Absent},
	{raw: "see the website", problem: Absent},
	{raw: "+31 20 555 0100", problem: Absent},
	{raw: "@", problem: Broken},
	{raw: "@host.example", problem: Broken},
	{raw: "abuse@", problem: Broken},
	{raw: "abuse@host", problem: Broken},
	{raw: "abuse@@host.example", problem: Broken},
	{raw: "a b@host.example", problem: Broken},
	{raw: "abuse@host..example", problem: Broken},
	{raw: "abuse@.host.example", problem: Broken},
	{raw: ".a@host.example", problem: Broken},
	{raw: "a.@host.example", problem: Broken},
	{raw: "a..b@host.example", problem: Broken},
	{raw: "abuse@-host.example", problem: Broken},
	{raw: "abuse@host-.example", problem: Broken},
	{raw: "abuse@ho_st.example", problem: Broken},
	{raw: "abuse@host.example\r\nBcc: x@y.example", problem: Broken},
	{raw: "abuse@host.example\x00", problem: Broken},
	{raw: "abuse@host.\xff", problem: Broken},
	{raw: "abuse\\@host.example", problem: Broken},
	{raw: "abuse@host.example/form", problem: Broken},
	{raw: "abuse@192.0.2.1", problem: Literal},
	{raw: "abuse@[192.0.2.1]", problem: Literal},
	{raw: "abuse@[IPv6:2001:db8::1]", problem: Literal},
	{raw: `"abuse desk"@host.example`, problem: Quoted},
	{raw: `abuse desk"@host.example`, problem: Quoted}, // the first quote was trimmed
	{raw: `"a@b"@host.example`, problem: Quoted},
	{raw: strings.Repeat("a", 65) + "@host.example", problem: TooLong},
	{raw: "a@" + strings.Repeat("b", 64) + ".example", problem: TooLong},
	{raw: "a@" + strings.Repeat("b.", 126) + "example", problem: TooLong},
	{raw: strings.Repeat("a", 60) + "@" + strings.Repeat("b.", 94) + "example", problem: TooLong},
	{raw: strings.Repeat("a", 2000), problem: TooLong},
	{raw: "a@host.example, b@host.example", problem: Several},
	{raw: "a@host.example b@host.example", problem: Several},
	{raw: "a@host.example/b@host.example", problem: Several},
	{raw: "https://host.example/abuse", problem: WebForm},
	{raw: "HTTP://host.example/", problem: WebForm},
	{raw: "<https://host.example/abuse?to=abuse@host.example>", problem: WebForm},
	// Filler and mailboxes that nobody reads.
	{raw: "abuse@example.com", problem: Placeholder},
	{raw: "user@example.net", problem: Placeholder},
	{raw: "abuse@mail.example.org", problem: Placeholder},
	{raw: "name@domain.com", problem: Placeholder},
	{raw: "your@email.com", problem: Placeholder},
	{raw: "test@test.com", problem: Placeholder},
	{raw: "you@yourdomain.com", problem: Placeholder},
	{raw: "abuse@yourdomain.com", problem: Placeholder},
	{raw: "abuse@domain.tld", problem: Placeholder},
	{raw: "none@none.invalid", problem: Placeholder},
	{raw: "abuse@host.invalid", problem: Placeholder},
	{raw: "abuse@server.local", problem: Placeholder},
	{raw: "root@server.localhost", problem: Placeholder},
	{raw: "abuse@server.internal", problem: Placeholder},
	{raw: "abuse@hidden.onion", problem: Placeholder},
	{raw: "xxx@xxx", problem: Placeholder},
	{raw: "XXXX@host.example", problem: Placeholder},
	{raw: "---@host.example", problem: Placeholder},
	{raw: "No-Reply@host.example", problem: Placeholder},
	{raw: "noreply@host.example", problem: Placeholder},
	{raw: "do_not_reply@host.example", problem: Placeholder},
	{raw: "abuse-noreply@host.example", problem: Placeholder},
	{raw: "no-email@host.example", problem: Placeholder},
	{raw: "nomail@host.example", problem: Placeholder},
	{raw: "anonymous@host.example", problem: Placeholder},
	{raw: "nobody@host.example", problem: Placeholder},
	{raw: "dev/null@host.example", problem: Placeholder},
	{raw: "n/a@host.example", problem: Placeholder},
	{raw: "not.disclosed@host.example", problem: Placeholder},
	{raw: "gdpr-masked@host.example", problem: Placeholder},
	{raw: "unread@ripe.net", problem: Placeholder},
	{raw: "bitbucket@ripe.net", problem: Placeholder},
	{raw: "firstname.lastname@host.example", problem: Placeholder},
	{raw: "unmonitored-mailbox@host.example", problem: Placeholder},
	// Redacted.
	{raw: "REDACTED FOR PRIVACY", problem: Redacted},
	{raw: "redacted@host.example", problem: Redacted},
	{raw: "abuse@redacted.example", problem: Redacted},
	{raw: "Please query the RDDS service of the Registrar of Record identified in this output", problem: Redacted},
	{raw: "Select Contact Domain Holder link at https://registrar.example/whois?domain=site-1.example", problem: Redacted},
	{raw: "https://registrar.example/select-contact-domain-holder-link", problem: Redacted},
	{raw: "https://tieredaccess.com/contact/12", problem: Redacted},
	{raw: "Not Disclosed", problem: Redacted},
	{raw: "<data not disclosed>", problem: Redacted},
	{raw: "Non-Public Data", problem: Redacted},
	{raw: "GDPR Masked", problem: Redacted},
	{raw: "***@***", problem: Redacted},
	{raw: "a****@host.example", problem: Redacted},
	{raw: "abuse@h***.example", problem: Redacted},
	// Privacy services and registries.
	{raw: "site-1.example@domainsbyproxy.com", problem: Privacy},
	{raw: "0a1b2c.protect@whoisguard.com", problem: Privacy},
	{raw: "0a1b2c.protect@withheldforprivacy.com", problem: Privacy},
	{raw: "site-1.example@contactprivacy.com", problem: Privacy},
	{raw: "0a1b@u.o-w-o.info", problem: Privacy},
	{raw: "pw-0a1b@privacyguardian.org", problem: Privacy},
	{raw: "contact@privacyprotect.org", problem: Privacy},
	{raw: "hostmaster@ripe.net", problem: Registry},
	{raw: "abuse@ripe.net", problem: Registry},
	{raw: "search-apnic-not-arin@apnic.net", problem: Registry},
	{raw: "irt@nic.or.kr", problem: Registry},
	{raw: "hostmaster@nic.ad.jp", problem: Registry},
	{raw: "ipas@cnnic.cn", problem: Registry},
	{raw: "hm-changed@vnnic.vn", problem: Registry},
}

func TestParse(t *testing.T) {
	t.Parallel()
	if len(judged) < 120 {
		t.Errorf("only %d cases", len(judged))
	}
	for _, test := range judged {
		t.Run(test.raw, func(t *testing.T) {
			t.Parallel()
			email, problem := Parse(test.raw)
			if email != test.email || problem != test.problem {
				t.Errorf("%q, problem %q; want %q, problem %q", email, problem, test.email, test.problem)
			}
			if problem != "" && problem.Words() == "" {
				t.Errorf("problem %q has no words", problem)
			}
			if Usable(test.raw) != (problem == "" && strings.EqualFold(email, test.raw)) {
				t.Errorf("usable: %v", Usable(test.raw))
			}
		})
	}
}

func TestSplit(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string][]string{
		"abuse@host.example":                               {"abuse@host.example"},
		"a@host.example, b@host.example;c@host.example":    {"a@host.example", "b@host.example", "c@host.example"},
		"a@host.example b@host.example":                    {"a@host.example", "b@host.example"},
		"a@host.example or b@host.example":                 {"a@host.example", "b@host.example"},
		"a@host.example/b@host.example":                    {"a@host.example", "b@host.example"},
		"a@host.example\nb@host.example":                   {"a@host.example", "b@host.example"},
		`"Desk, Abuse" <abuse@host.example>`:               {`Abuse" <abuse@host.example>`},
		"abuse at host dot example, noc (at) host.example": {"abuse at host dot example", "noc (at) host.example"},
		"https://host.example/a/b":                         {"https://host.example/a/b"},
		"https://host.example/abuse or abuse@host.example": {"https://host.example/abuse", "abuse@host.example"},
		"REDACTED, FOR PRIVACY":                            {"REDACTED, FOR PRIVACY"},
		"john smith@host.example":                          {"john smith@host.example"},
		"a@@host.example":                                  {"a@@host.example"},
		"":                                                 {""},
		strings.Repeat("a@host.example,", 20):              {"a@host.example", "a@host.example", "a@host.example", "a@host.example", "a@host.example"},
	} {
		if diff := cmp.Diff(want, Split(raw)); diff != "" {
			t.Errorf("%q: %s", raw, diff)
		}
	}
	if got := Split(strings.Repeat("a@host.example,", 100)); len(got) != 1 {
		t.Errorf("a field over its bound was split into %d", len(got))
	}
}

func TestFormIn(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]string{
		"https://host.example/abuse":                       "https://host.example/abuse",
		"<http://host.example/a?b=c>":                      "http://host.example/a?b=c",
		"https://":                                         "",
		"https://user@host.example/":                       "",
		"ftp://host.example/":                              "",
		"javascript:alert(1)":                              "",
		"https://host.example/a b":                         "",
		"https://host.example/\r\nx":                       "",
		"abuse@host.example":                               "",
		"https://host.example/" + strings.Repeat("a", 500): "",
		"https://:80/":                                     "",
	} {
		if got := FormIn(raw); got != want {
			t.Errorf("%q: %q, want %q", raw, got, want)
		}
	}
}

// The embedded list reads, holds each value once, folded as it is compared, with its source.
func TestList(t *testing.T) {
	t.Parallel()
	list, err := parseList(listCSV)
	if err != nil {
		t.Fatal(err)
	}
	for kind, least := range map[string]int{"local": 50, "domain": 20, "privacy": 20, "registry": 5, "mailbox": 60, "phrase": 10, "part": 5} {
		if len(list[kind]) < least {
			t.Errorf("the list is short: %d of %s", len(list[kind]), kind)
		}
	}
	if n := len(list["domain"]) + len(list["privacy"]) + len(list["registry"]); n < 80 {
		t.Errorf("the list is short: %d domains", n)
	}
	seen := map[string]bool{}
	for line := range strings.Lines(listCSV) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		kind, rest, _ := strings.Cut(strings.TrimSpace(line), ",")
		value, source, _ := strings.Cut(rest, ",")
		if key := kind + value; seen[key] || source == "" || value != strings.ToLower(value) || (kind == "local" || kind == "part") && strings.ContainsAny(value, ".-_+") {
			t.Errorf("line %q", line)
		}
		seen[kind+value] = true
		if domain, err := publicsuffix.EffectiveTLDPlusOne(value); kind == "mailbox" && (err != nil || domain != value) {
			t.Errorf("mailbox %q is no registrable domain", value)
		}
	}
	for _, broken := range []string{"local,none\n", "what,none,source\n", "local,\"none,source\n"} {
		if _, err := parseList(broken); err == nil {
			t.Errorf("%q is taken", broken)
		}
	}
}

// Whatever stands in a field: what comes out is one plain address that is judged the
// same again, or nothing and a known problem.
func FuzzParse(f *testing.F) {
	for _, test := range judged {
		f.Add(test.raw)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		email, problem := Parse(raw)
		if (email == "") == (problem == "") {
			t.Fatalf("%q: %q and problem %q", raw, email, problem)
		}
		if problem != "" && problem.Words() == "" {
			t.Errorf("%q: problem %q is not of the set", raw, problem)
		}
		if problem == "" {
			again, p := Parse(email)
			if again != email || p != "" {
				t.Errorf("%q became %q, which became %q (%s)", raw, email, again, p)
			}
			if len(email) > maxMailbox || strings.Count(email, "@") != 1 || strings.ContainsFunc(email, func(c rune) bool { return c <= ' ' || c > '~' || strings.ContainsRune("\"(),:;<>[]\\*", c) }) {
				t.Errorf("%q became %q", raw, email)
			}
		}
		parts := Split(raw)
		if len(parts) == 0 || len(parts) > maxInField {
			t.Errorf("%q became %d parts", raw, len(parts))
		}
		if form := FormIn(raw); len(form) > MaxForm || strings.ContainsAny(form, " \r\n\x00") {
			t.Errorf("%q became the form %q", raw, form)
		}
	})
}

func TestPlain(t *testing.T) {
	t.Parallel()
	for _, good := range []string{"abuse@provider.test", "noreply@Provider.TEST", "a.b+c@x-1.provider.test", "o'neil@provider.test"} {
		if !Plain(good) {
			t.Errorf("%q is refused", good)
		}
	}
	for _, bad := range []string{
		"", "abuse", "abuse@", "@provider.test", "abuse@provider", "a@b@c.test", "Abuse <abuse@provider.test>", "a@provider.test,b@provider.test", "a b@provider.test",
		"a@provider.test\r\nBcc: x", "a@[192.0.2.1]", "a@-x.test", "a@x-.test", "a@x..test", "a@x.test.", "é@provider.test", "a@prövider.test", "\"a b\"@provider.test", strings.Repeat("a", 65) + "@provider.test",
		"a@" + strings.Repeat("b", 64) + ".test", "a@" + strings.Repeat("b.", 150) + "test", "a@x_y.test",
	} {
		if Plain(bad) {
			t.Errorf("%q is taken", bad)
		}
	}
}

func TestParseMailbox(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]string{
		"desk@hotline.example": "desk@hotline.example", `"Desk, Hotline" <desk@hotline.example>`: "desk@hotline.example", "=?utf-8?q?D=C3=A9sk?= <desk@hotline.example>": "desk@hotline.example",
		"": "", "desk": "", "desk@localhost": "", "a@hotline.example, b@hotline.example": "", "desk@hotline.example\r\nBcc: x@y.example": "", "désk@hotline.example": "",
		`"a b"@hotline.example`: "", "=?utf-8?q?D=0Ask?= <desk@hotline.example>": "",
	} {
		a, err := ParseMailbox(raw)
		if (err != nil) != (want == "") || err == nil && a.Address != want {
			t.Errorf("%q: %v, %v", raw, a, err)
		}
	}
}
