package store

import (
	"context"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"go.uber.org/zap"
	"golang.org/x/net/publicsuffix"

	"vigil/casefile"
)

// minLabel is the shortest label that links cases, in bytes. Names of three letters are
// all taken under every large ending, by people who do not know each other.
const minLabel = 4

// weakLabel says that a label is too common to link anything by: words that stand for a
// kind of site and not for one. The list is of 2026-11, written for Vigil; extend it when
// a link turns out to be an accident. A wrong link costs a look, and decides nothing.
func weakLabel(label string) bool {
	switch label {
	case "adult", "album", "albums", "blog", "cams", "chat", "cloud", "club", "content", "download", "downloads", "file", "files", "forum",
		"free", "gallery", "girls", "home", "host", "hosting", "image", "images", "link", "links", "live", "mail", "media", "mirror", "model",
		"models", "news", "online", "page", "pages", "photo", "photos", "pics", "picture", "pictures", "porn", "porno", "proxy", "search",
		"server", "share", "shop", "site", "static", "store", "stream", "test", "tube", "upload", "uploads", "video", "videos", "wiki":
		return true
	}
	return false
}

// named gives the label by which cases of one name under several endings find each other,
// and the registrable domain: example and example.co.uk for www.example.co.uk. Both are
// empty when there is no such label: addresses, public suffixes themselves, names under
// private suffixes (customers of a platform share labels by accident), and labels that are
// too short or too common.
//
// Endings that the list of public suffixes does not know count as endings (its rule "*"):
// a site hops to new ones first, and our copy of the list is never new enough.
func named(host string) (label, domain string) {
	host = strings.TrimSuffix(host, ".")
	if _, err := netip.ParseAddr(host); err == nil {
		return "", ""
	}
	suffix, icann := publicsuffix.PublicSuffix(host)
	if !icann && strings.Contains(suffix, ".") { // a private suffix
		return "", ""
	}
	domain, err := publicsuffix.EffectiveTLDPlusOne(host)
	if err != nil {
		return "", ""
	}
	if label = strings.TrimSuffix(domain, "."+suffix); len(label) < minLabel || weakLabel(label) {
		return "", ""
	}
	return label, domain
}

// nameKeys are the keyed digests of what named gives for the target; empty texts for a
// target without a label.
func (s *Store) nameKeys(t casefile.Target) (label, domain string) {
	label, domain = named(t.Host())
	if label == "" {
		return "", ""
	}
	return s.keys.Digest("label", []byte(label)), s.keys.Digest("domain", []byte(domain))
}

// namesakesQuery walks the index from one domain of the label ($1) to the next, so that
// its cost is the number of domains, however many cases each has. $2 is the domain to
// leave out, $3 how many domains are walked over at most. The window counts before the limit cuts.
const namesakesQuery = `WITH RECURSIVE d (domain_key, n) AS (
		SELECT (SELECT MIN(domain_key) FROM cases WHERE label_key = $1 AND label_key <> ''), 1
		UNION ALL
		SELECT (SELECT MIN(x.domain_key) FROM cases x WHERE x.label_key = $1 AND x.label_key <> '' AND x.domain_key > d.domain_key), d.n + 1
		FROM d WHERE d.domain_key IS NOT NULL AND d.n <= $3),
	newest (id) AS (SELECT (SELECT MAX(m.id) FROM cases m WHERE m.label_key = $1 AND m.label_key <> '' AND m.domain_key = d.domain_key)
		FROM d WHERE d.domain_key <> $2),
	shown (id, endings) AS (SELECT id, COUNT(*) OVER () FROM newest ORDER BY id DESC LIMIT $4)
	SELECT c.id, c.standing, c.country, c.opened_at, shown.endings FROM shown JOIN cases c ON c.id = shown.id ORDER BY c.id DESC`

// readNamesakes reads the cases of the same label of a name.
func readNamesakes(ctx context.Context, from querier, label, domain string) (casefile.SameLabelDomains, error) {
	var found casefile.SameLabelDomains
	if label == "" {
		return found, nil
	}
	// One more domain is walked over than counted: the case's own.
	list, err := query(ctx, from, func(row scanner) (n casefile.SameLabelCase, err error) {
		return n, row.Scan(&n.CaseID, &n.Standing, &n.Country, stamp{&n.Opened}, &found.Endings)
	}, namesakesQuery, label, domain, casefile.MaxEndings, casefile.MaxSameLabelCases)
	found.Cases = list
	found.Endings = min(found.Endings, casefile.MaxEndings)
	return found, err
}

// SameLabelDomains reads the cases of the same name under other endings; a Problem of code
// not_found when there is no such case. Cases of one domain are not cases of the same label of each
// other. A case that an older Vigil opened while this one runs has none until the next Open.
func (s *Store) SameLabelCases(ctx context.Context, id casefile.CaseID) (casefile.SameLabelDomains, error) {
	var label, domain string
	const names = "SELECT COALESCE(label_key, ''), COALESCE(domain_key, '') FROM cases WHERE id = $1"
	if err := s.read.QueryRowContext(ctx, names, id).Scan(&label, &domain); err != nil {
		return casefile.SameLabelDomains{}, notFound(err, "case")
	}
	found, err := readNamesakes(ctx, s.read, label, domain)
	wrap(&err, "read namesakes of case %d", id)
	return found, err
}

// tellNamesakes puts the cases of the same label of a case that is being opened into its history, and
// the case into the history of the newest of them that is still looked at. The earlier one
// is told only of the first case of a domain: a site reported with a thousand pages makes
// one line there, not a thousand.
func (tx *transaction) tellNamesakes(ctx context.Context, id casefile.CaseID, label, domain string, now time.Time) (
	[]casefile.Event, error,
) {
	found, err := readNamesakes(ctx, tx, label, domain)
	if err != nil || len(found.Cases) == 0 {
		return nil, err
	}
	numbers := make([]string, len(found.Cases))
	for i, n := range found.Cases {
		numbers[i] = strconv.FormatInt(int64(n.CaseID), 10)
	}
	event := func(cases string) casefile.Event {
		return casefile.Event{At: now, Kind: casefile.EventSameLabel, Actor: casefile.ActorVigil,
			Data: map[string]string{"cases": cases, "endings": strconv.Itoa(found.Endings)}}
	}
	var first *casefile.CaseID
	const firstQuery = "SELECT MIN(id) FROM cases WHERE label_key = $1 AND label_key <> '' AND domain_key = $2"
	err = tx.QueryRowContext(ctx, firstQuery, label, domain).Scan(&first)
	if err != nil {
		return nil, err
	}
	for _, n := range found.Cases {
		if first == nil && n.Standing.Visited() {
			if err := tx.appendToCase(ctx, n.CaseID, event(strconv.FormatInt(int64(id), 10))); err != nil {
				return nil, err
			}
			break
		}
	}
	return []casefile.Event{event(strings.Join(numbers, ", "))}, nil
}

const unnamedQuery = "SELECT id, target_key, target_sealed FROM cases WHERE label_key IS NULL ORDER BY id LIMIT $1"

// nameCases gives the next cases that an older Vigil opened their names: they need the keys. A target that
// cannot be opened gets no name, and is told in the log.
func (s *Store) nameCases(ctx context.Context) (int, error) {
	type sealedCase struct {
		id     casefile.CaseID
		key    string
		target []byte
	}
	// Read first, in a transaction of nobody: a start that finds nothing to do never waits for a writer.
	scan := func(row scanner) (c sealedCase, err error) { return c, row.Scan(&c.id, &c.key, &c.target) }
	list, err := query(ctx, s.read, scan, unnamedQuery, repairBatch)
	if err != nil || len(list) == 0 {
		return 0, err
	}
	unreadable := 0
	err = s.alone(ctx, func(tx *transaction) error {
		for _, c := range list {
			t, err := s.openTarget("target", c.key, c.target)
			if err != nil {
				unreadable++
			}
			label, domain := s.nameKeys(t) // none of a target that cannot be opened
			const name = "UPDATE cases SET label_key = $2, domain_key = $3 WHERE id = $1 AND label_key IS NULL"
			if _, err := tx.ExecContext(ctx, name, c.id, label, domain); err != nil {
				return err
			}
		}
		return nil
	})
	if unreadable > 0 {
		s.log.Error("targets could not be opened: restore the database from a backup", zap.Int("cases", unreadable))
	}
	return len(list), err
}
