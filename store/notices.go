package store

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"go.uber.org/zap"

	"vigil/casefile"
	"vigil/lifecycle"
)

// NoticeLease is how long a sender may hold a claimed notice. It is far longer than
// a hand-over with all its time-outs; a notice still "sending" after it was left
// behind by a process that died.
const NoticeLease = 10 * time.Minute

// maxContactField bounds each text of a contact, in bytes: six of them fit beside the
// longest body even when every byte is escaped.
const maxContactField = 900

// sealContent seals the part of a notice that could give the host away: the body names
// the URL, and so may a contact's address. The contact is one line of JSON; the body
// follows as it is, so that its length does not grow.
func (s *Store) sealContent(id casefile.CaseID, n casefile.Notice) ([]byte, error) {
	c := n.Contact
	for _, field := range []*string{&c.Name, &c.Role, &c.Email, &c.Form, &c.Source} {
		*field = clip(*field, maxContactField)
	}
	contact, err := json.Marshal(c)
	if err != nil {
		return nil, fmt.Errorf("write contact: %w", err)
	}
	return s.keys.Seal(append(append(contact, '\n'), n.Body...), sealContext("notice", id))
}

func (s *Store) openContent(sealed []byte, n *casefile.Notice) error {
	plain, err := s.open("notice", n.CaseID, sealed)
	if err != nil {
		return err
	}
	contact, body, _ := bytes.Cut(plain, []byte{'\n'})
	if err := json.Unmarshal(contact, &n.Contact); err != nil {
		return fmt.Errorf("read contact of notice %d: %w", n.ID, err)
	}
	n.Body = string(body)
	return nil
}

const noticeColumns = "id, case_id, episode, kind, step, message_key, subject, content_sealed, state, composed_at, next_try, tries, " +
	"sent_at, proof_sealed"

func (s *Store) scanNotice(row scanner) (casefile.Notice, error) {
	var n casefile.Notice
	var sealed, proof []byte
	err := row.Scan(&n.ID, &n.CaseID, &n.Episode, &n.Kind, &n.Step, &n.Key, &n.Subject, &sealed, &n.State, stamp{&n.Composed},
		stamp{&n.NextTry}, &n.Tries, stamp{&n.Sent}, &proof)
	if err != nil {
		return n, err
	}
	if err := s.openContent(sealed, &n); err != nil {
		return n, err
	}
	if proof != nil {
		if proof, err = s.open("proof", n.CaseID, proof); err != nil {
			return n, err
		}
	}
	n.Proof = string(proof)
	return n, nil
}

// insertNotice stores a notice, and says whether it did: not when one of its key is
// known. One that was overtaken, and so never handed over, is composed again: the
// case moved away and back, or a removal was undone.
func (tx *transaction) insertNotice(ctx context.Context, id casefile.CaseID, n casefile.Notice) (bool, error) {
	sealed, err := tx.s.sealContent(id, n)
	if err != nil {
		return false, err
	}
	next := n.NextTry
	if next.IsZero() && n.State == casefile.NoticeQueued {
		next = n.Composed
	}
	rows, err := tx.exec(ctx, "insert notice", `INSERT INTO notices (case_id, episode, kind, step, party, message_key, subject,
		content_sealed, state, composed_at, next_try, tries)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 0)
		ON CONFLICT (message_key) DO UPDATE SET subject = excluded.subject, content_sealed = excluded.content_sealed, state = excluded.state,
		composed_at = excluded.composed_at, next_try = excluded.next_try, tries = 0, proof_sealed = NULL
		WHERE notices.state = 'overtaken'`,
		id, n.Episode, string(n.Kind), n.Step, string(n.Contact.Party), n.Key, clip(n.Subject, maxSubject), sealed, string(n.State),
		n.Composed.UnixMilli(), at(next))
	return rows > 0, err
}

// Notices reads a page of notices, newest first. A limit of 0 means casefile.MaxPage.
func (s *Store) Notices(ctx context.Context, f casefile.NoticeFilter) (list []casefile.Notice, err error) {
	text, args, err := noticesQuery(f)
	if err != nil {
		return nil, err
	}
	defer wrap(&err, "list notices")
	return query(ctx, s.read, s.scanNotice, text, args...)
}

func noticesQuery(f casefile.NoticeFilter) (string, []any, error) {
	limit, err := page(f.Limit)
	if err != nil {
		return "", nil, err
	}
	if f.State != "" && !f.State.Valid() {
		return "", nil, casefile.Problemf(casefile.ProblemField, "state", "%.40q is no state of a notice", string(f.State))
	}
	var w where
	w.add(f.CaseID != 0, "case_id = ?", f.CaseID)
	w.add(f.State != "", "state = ?", string(f.State))
	w.add(f.Before > 0, "id < ?", f.Before)
	return "SELECT " + noticeColumns + " FROM notices" + w.String() + " ORDER BY id DESC LIMIT " + w.param(limit), w.args, nil
}

// Notice reads a notice; a Problem of code not_found when there is none.
func (s *Store) Notice(ctx context.Context, id casefile.NoticeID) (casefile.Notice, error) {
	n, err := s.scanNotice(s.read.QueryRowContext(ctx, noticeQuery, id))
	return n, notFound(err, "notice")
}

const noticeQuery = "SELECT " + noticeColumns + " FROM notices WHERE id = $1"

const queuedQuery = "SELECT id FROM notices WHERE state = 'queued' AND next_try <= $1 ORDER BY next_try, id LIMIT $2"

// ClaimNotices takes queued notices whose time has come, the earliest first, and
// marks them as being sent. It is durable before anything is handed over, and no
// other sender gets them. The claim is a lease of NoticeLease.
func (s *Store) ClaimNotices(ctx context.Context, now time.Time, limit int) (claimed []casefile.Notice, err error) {
	if limit, _ = page(limit); limit == 0 {
		return nil, fmt.Errorf("claim notices: ask for 1 to %d", casefile.MaxPage)
	}
	defer wrap(&err, "claim notices")
	skip := ""
	if s.dialect == DialectPostgres {
		skip = " FOR UPDATE SKIP LOCKED"
	}
	err = s.inTx(ctx, func(ctx context.Context, tx *transaction) error {
		claimed, err = query(ctx, tx, s.scanNotice, "UPDATE notices SET state = 'sending', claimed_at = $1 WHERE id IN ("+queuedQuery+skip+") "+
			"RETURNING "+noticeColumns,
			now.UnixMilli(), limit)
		return err
	})
	slices.SortFunc(claimed, func(a, b casefile.Notice) int {
		return cmp.Or(a.NextTry.Compare(b.NextTry), cmp.Compare(a.ID, b.ID))
	})
	return claimed, err
}

// SettleNotice writes how sending went: State, Tries, NextTry, Sent and Proof of n,
// its event, and for a removal notice that was sent the clock of its episode, in one
// transaction. n.State is queued (try again at NextTry; no event), sent, refused,
// uncertain or overtaken. Only a claimed notice can be settled, or one that was
// found uncertain because its sender was late; else it is a Problem of code conflict.
func (s *Store) SettleNotice(ctx context.Context, n casefile.Notice) (err error) {
	defer wrap(&err, "settle notice %d", n.ID)
	if !n.State.Valid() || n.State == casefile.NoticeDraft || n.State == casefile.NoticeSending {
		return fmt.Errorf("%.20q is no outcome", string(n.State))
	}
	n.Proof = clip(n.Proof, casefile.MaxProof)
	return s.inTx(ctx, func(ctx context.Context, tx *transaction) error { return tx.settleNotice(ctx, n, time.Now()) })
}

func (tx *transaction) settleNotice(ctx context.Context, n casefile.Notice, now time.Time) error {
	known, err := tx.s.scanNotice(tx.QueryRowContext(ctx, noticeQuery+tx.s.lock(), n.ID))
	if err != nil {
		return notFound(err, "notice")
	}
	late := known.State == casefile.NoticeUncertain && n.State != casefile.NoticeQueued
	if known.State != casefile.NoticeSending && !late {
		return casefile.Problemf(casefile.ProblemConflict, "state", "notice %d is %s and was not claimed", n.ID, known.State)
	}
	var proof any
	if n.Proof != "" {
		if proof, err = tx.s.keys.Seal([]byte(n.Proof), sealContext("proof", known.CaseID)); err != nil {
			return err
		}
	}
	next := n.NextTry
	if n.State == casefile.NoticeQueued && next.IsZero() {
		next = now
	}
	const update = "UPDATE notices SET state = $2, tries = $3, next_try = $4, sent_at = $5, proof_sealed = $6, claimed_at = NULL WHERE id = $1"
	_, err = tx.exec(ctx, "write outcome", update, n.ID, string(n.State), n.Tries, at(next), at(n.Sent), proof)
	if err != nil || n.State == casefile.NoticeQueued {
		return err
	}
	known.State, known.Sent = n.State, n.Sent
	event := lifecycle.Delivered(known, now)
	if n.Proof != "" { // sealed with the notice; the history holds its digest, which proves it and quotes no URL
		sum := sha256.Sum256([]byte(n.Proof))
		event.Data["proof_sha256"] = hex.EncodeToString(sum[:])
	}
	if n.State == casefile.NoticeSent && !n.Sent.IsZero() && known.Kind == casefile.NoticeRemoval {
		const clock = "UPDATE episodes SET first_notice = COALESCE(first_notice, $3), last_notice = $3 WHERE case_id = $1 AND number = $2"
		if _, err := tx.exec(ctx, "write clock of notice", clock, known.CaseID, known.Episode, n.Sent.UnixMilli()); err != nil {
			return err
		}
	}
	return tx.appendToCase(ctx, known.CaseID, event)
}

// RecoverNotices turns notices that were claimed more than NoticeLease ago and never
// settled into uncertain ones, each with its event, and says how many. They are
// never sent again by themselves: the party may have them.
func (s *Store) RecoverNotices(ctx context.Context, now time.Time) (n int, err error) {
	defer wrap(&err, "recover notices")
	err = s.inTx(ctx, func(ctx context.Context, tx *transaction) error {
		left, err := query(ctx, tx, s.scanNotice, "UPDATE notices SET state = 'uncertain', claimed_at = NULL WHERE state = 'sending' AND "+
			"claimed_at <= $1 RETURNING "+noticeColumns,
			now.Add(-NoticeLease).UnixMilli())
		slices.SortFunc(left, func(a, b casefile.Notice) int { return cmp.Compare(a.ID, b.ID) })
		for _, lost := range left {
			if err := tx.appendToCase(ctx, lost.CaseID, lifecycle.Delivered(lost, now)); err != nil {
				return err
			}
		}
		n = len(left)
		return err
	})
	if err == nil && n > 0 {
		s.log.Error("notices were left behind: ask their parties whether they came", zap.Int("notices", n))
	}
	return n, err
}
