package notices

import (
	"errors"
	"regexp"
	"slices"
	"strings"
	"time"

	"vigil/casefile"
)

// maxTries is how often a notice is offered before it is given up.
const maxTries = 8

// waits are how long a notice waits after its n-th try came to nothing, some 20 h in all;
// the last one counts for all that follow. RFC 5321, section 4.5.4.1, wants at least 30
// min between later tries; the first two serve greylisting.
var waits = [...]time.Duration{time.Minute, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 6 * time.Hour}

func backoff(tries int) time.Duration { return waits[min(max(tries, 1), len(waits))-1] }

// overtaken says, in words for people, why a notice must not leave any more; empty
// when it must. It is asked right before each try. Pure.
func overtaken(c casefile.Case, n casefile.Notice) string {
	switch c.Standing {
	case casefile.Removed, casefile.Withdrawn, casefile.Closed:
		return text("overtaken_standing", "standing", c.Standing)
	case casefile.Watching, casefile.Confirming, casefile.Unavailable, casefile.Review:
	}
	if c.Episode.Number != n.Episode {
		return text("overtaken_episode")
	}
	switch n.Kind {
	case casefile.NoticeAssignment:
		if a := c.Assignment; a != nil && !slices.Contains(a.Hotlines, n.Contact.Name) {
			return text("overtaken_hotline")
		}
	case casefile.NoticeRemoval:
		if c.Hosting != nil && !hostedBy(*c.Hosting, n.Contact) {
			return text("overtaken_host")
		}
	}
	return ""
}

// holdRecheck is how often a notice that a police-first hold keeps back is asked for again.
const holdRecheck = 15 * time.Minute

// heldBack says whether a hold keeps the notice back for now. It is not overtaken:
// its key would stand in the way of the same notice after the release.
func heldBack(c casefile.Case, n casefile.Notice) bool {
	return c.Held && n.Kind == casefile.NoticeRemoval
}

// hostedBy says whether the contact is still one of the hosting's.
func hostedBy(h casefile.Hosting, to casefile.Contact) bool {
	same := func(k casefile.Contact) bool { return k.Party == to.Party && strings.EqualFold(k.Email, to.Email) }
	return h.Edge != nil && same(casefile.Contact{Party: casefile.PartyEdge, Email: h.Edge.AbuseEmail}) ||
		slices.ContainsFunc(h.Contacts, same)
}

// giveBack is a claimed notice that was not handed over: it waits until at, and
// the try does not count.
func giveBack(n casefile.Notice, at time.Time) casefile.Notice {
	n.State, n.NextTry = casefile.NoticeQueued, at.UTC()
	return n
}

func overtake(n casefile.Notice, why string) casefile.Notice {
	n.State, n.Proof = casefile.NoticeOvertaken, why
	return n
}

// afterTry is a notice after it was handed to a sender that returned err. An error
// that does not say what it means is uncertain: at most once comes before
// everything else.
func afterTry(n casefile.Notice, proof string, err error, now time.Time) casefile.Notice {
	n.Tries++
	n.Proof, n.State = proof, casefile.NoticeUncertain
	if err == nil {
		n.State, n.Sent = casefile.NoticeSent, now.UTC()
		return n
	}
	failure, ok := errors.AsType[interface {
		error
		Outcome() casefile.NoticeState
	}](err)
	if !ok {
		return n
	}
	switch failure.Outcome() {
	case casefile.NoticeRefused:
		n.State = casefile.NoticeRefused
	case casefile.NoticeQueued:
		n.State, n.NextTry = casefile.NoticeQueued, now.Add(backoff(n.Tries)).UTC()
		if n.Tries >= maxTries {
			n.State = casefile.NoticeRefused
			n.Proof = clean(text("gave_up", "n", n.Tries, "proof", proof), casefile.MaxProof/4)
		}
	case casefile.NoticeSent, casefile.NoticeUncertain, casefile.NoticeDraft, casefile.NoticeSending, casefile.NoticeOvertaken:
	}
	return n
}

// anyURL is what looks like a URL in the answer of a mail server, defanged ones too.
var anyURL = regexp.MustCompile(`(?i)[a-z][a-z0-9+.-]{1,15}\[?:\]?//\S+`)

// redact takes every URL, and the target's host with the domains above it, out of
// a server's answer: spam filters quote what they refuse, and a proof stands in
// the history. The result is one ASCII line of at most casefile.MaxProof bytes.
func redact(proof string, t casefile.Target) string {
	proof = anyURL.ReplaceAllString(clean(proof, 4*casefile.MaxProof), "[sealed]")
	_, isAddress := t.Address()
	for domain := t.Host(); domain != ""; {
		proof = replaceFold(proof, domain)
		_, above, _ := strings.Cut(domain, ".")
		if isAddress || !strings.Contains(above, ".") {
			break
		}
		domain = above
	}
	// An answer is ASCII unless it quotes something, such as a host in its own script.
	proof = strings.Map(func(r rune) rune {
		if r > '~' {
			return '?'
		}
		return r
	}, proof)
	return clean(proof, casefile.MaxProof) // cut last: half a host is not found any more
}

// replaceFold replaces every ASCII case variant of word.
func replaceFold(s, word string) string {
	return regexp.MustCompile(`(?i)`+regexp.QuoteMeta(word)).ReplaceAllLiteralString(s, "[sealed]")
}
