package notices_test

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"vigil/casefile"
	"vigil/internal/fakenet"
	"vigil/notices"
	"vigil/notices/smtp"
)

// shelf is a small store: what is claimed is taken off, what is settled is put back.
type shelf struct {
	mu   sync.Mutex
	rows map[casefile.NoticeID]casefile.Notice
	c    casefile.Case
}

func (s *shelf) ClaimNotices(_ context.Context, now time.Time, limit int) (claimed []casefile.Notice, _ error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, id := range slices.Sorted(maps.Keys(s.rows)) {
		if n := s.rows[id]; n.State == casefile.NoticeQueued && !n.NextTry.After(now) && len(claimed) < limit {
			n.State = casefile.NoticeSending
			s.rows[id] = n
			claimed = append(claimed, n)
		}
	}
	return claimed, nil
}

func (s *shelf) SettleNotice(_ context.Context, n casefile.Notice) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rows[n.ID] = n
	return nil
}

func (s *shelf) RecoverNotices(context.Context, time.Time) (int, error) { return 0, nil }

func (s *shelf) Case(context.Context, casefile.CaseID) (casefile.Case, error) { return s.c, nil }

// From a case to the mail in the sink of the simulated internet, over another
// implementation of SMTP than ours, with every way in which it can go wrong.
func TestFromCaseToMailbox(t *testing.T) {
	t.Parallel()
	for rule, want := range map[fakenet.MailRule]struct {
		state casefile.NoticeState
		proof string // its beginning
		mails int
		tls   bool
	}{
		fakenet.MailAccept:         {casefile.NoticeSent, "250 2.0.0", 1, false},
		"over TLS":                 {casefile.NoticeSent, "250 2.0.0", 1, true},
		fakenet.MailUnknown:        {casefile.NoticeRefused, "rcpt: 550 5.1.1", 0, false},
		fakenet.MailFull:           {casefile.NoticeRefused, "rcpt: 552 5.2.2", 0, false},
		fakenet.MailDefer:          {casefile.NoticeQueued, "rcpt: 451 4.7.1", 0, false},
		fakenet.MailRejectData:     {casefile.NoticeRefused, "reply: 554 5.7.1", 0, false},
		fakenet.MailHang:           {casefile.NoticeQueued, "rcpt: no answer in time", 0, false},
		fakenet.MailDropBeforeData: {casefile.NoticeQueued, "rcpt: no answer", 0, false},
		fakenet.MailDropAfterData:  {casefile.NoticeUncertain, "reply: no answer", 1, false},
		fakenet.MailNoGreeting:     {casefile.NoticeQueued, "greeting: 554 5.3.2", 0, false},
		fakenet.MailBadTLS:         {casefile.NoticeQueued, "starttls: ", 0, false},
	} {
		t.Run("rule "+string(rule), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				network := fakenet.New(fakenet.Options{})
				defer network.Close()
				options := smtp.Options{Address: network.SMTP(), From: "Anna Analist <notices@laagland.test>", Dial: network.Dialer("local")}
				if rule == "over TLS" {
					network.MailTLS(true)
					options.Address, options.TLS, options.RootCAs, options.LookupHost = fakenet.MailHost+":25", smtp.TLSRequired, network.Roots(), network.Lookup
				} else {
					network.MailRule("*", rule)
				}
				sender, err := smtp.New(options)
				if err != nil {
					t.Fatal(err)
				}
				store := composed(t)
				outbox, err := notices.NewOutbox(notices.OutboxOptions{Store: store, Sender: sender, Interval: time.Second})
				if err != nil {
					t.Fatal(err)
				}
				ctx, cancel := context.WithTimeout(t.Context(), 50*time.Second)
				defer cancel()
				if err := outbox.Run(ctx); err != nil {
					t.Fatal(err)
				}
				n := store.rows[1]
				if n.State != want.state || !strings.HasPrefix(n.Proof, want.proof) || n.Tries != 1 {
					t.Errorf("%s after %d tries, proof %q; want %s, %q", n.State, n.Tries, n.Proof, want.state, want.proof)
				}
				mails := network.Mails()
				if len(mails) != want.mails {
					t.Fatalf("%d mails, want %d", len(mails), want.mails)
				}
				for _, m := range mails {
					got := []string{m.From, strings.Join(m.To, " "), m.MessageID, m.Subject}
					if diff := cmp.Diff([]string{"notices@laagland.test", "abuse@rheinblick.test", n.Key + "@laagland.test", n.Subject}, got); diff != "" || m.TLS != want.tls {
						t.Errorf("TLS %v, %s", m.TLS, diff)
					}
				}
			})
		})
	}
}

// composed is a store with the removal notice of one case.
func composed(t *testing.T) *shelf {
	t.Helper()
	directory, err := notices.BuiltInDirectory()
	if err != nil {
		t.Fatal(err)
	}
	desk, err := notices.NewComposer(notices.Options{Directory: directory, OrphanCountry: "NL", From: "Anna Analist <notices@laagland.test>", Send: true})
	if err != nil {
		t.Fatal(err)
	}
	target, err := casefile.NewTarget("https://site-1.example/a?b=c")
	if err != nil {
		t.Fatal(err)
	}
	c := casefile.Case{ID: 1, Target: target, Report: &casefile.Report{Source: "public", Classification: casefile.ClassA1}, Life: casefile.Life{Standing: casefile.Watching, Episode: casefile.Episode{Number: 1, Opened: time.Now()}}, Hosting: &casefile.Hosting{
		Provider: "Rheinblick", Country: "DE", Confidence: 0.9, Origin: casefile.OriginKnown,
		Contacts: []casefile.Contact{{Party: casefile.PartyHost, Role: "abuse", Email: "abuse@rheinblick.test", Source: "rdap"}},
	}}
	a := desk.Assign(*c.Hosting, time.Now())
	c.Assignment = &a
	letters, err := desk.Compose(c, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	s := &shelf{rows: map[casefile.NoticeID]casefile.Notice{}, c: c}
	for _, n := range letters {
		if n.Kind == casefile.NoticeAssignment {
			if n.State != casefile.NoticeDraft || n.Contact.Form == "" { // the built-in directory has no mail addresses
				t.Errorf("assignment %s, form %q", n.State, n.Contact.Form)
			}
			continue
		}
		n.ID = 1
		s.rows[n.ID] = n
	}
	if len(letters) != 4 || len(s.rows) != 1 {
		t.Fatalf("%d letters, %d to send", len(letters), len(s.rows))
	}
	return s
}
