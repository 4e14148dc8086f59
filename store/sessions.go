package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Sessions keeps the sessions of the pages. It has the shapes of scs.Store,
// scs.IterableStore and their context forms. A session token is as good as a
// password, so the database holds its digest, and token and data sealed.
type Sessions struct{ s *Store }

// Sessions gives the sessions of this database.
func (s *Store) Sessions() *Sessions { return &Sessions{s} }

type session struct {
	Token string `json:"token"`
	Data  []byte `json:"data"`
}

func (x *Sessions) key(token string) string { return x.s.keys.Digest("session", []byte(token)) }

func (x *Sessions) open(key string, sealed []byte) (session, error) {
	var v session
	plain, err := x.s.keys.Open(sealed, []byte("session:"+key))
	if err == nil {
		err = json.Unmarshal(plain, &v)
	}
	return v, err
}

// FindCtx reads a session that has not expired; found is false when there is none.
func (x *Sessions) FindCtx(ctx context.Context, token string) (data []byte, found bool, err error) {
	key := x.key(token)
	var sealed []byte
	err = x.s.read.QueryRowContext(ctx, "SELECT data_sealed FROM sessions WHERE token_key = $1 AND expires_at > $2", key, time.Now().UnixMilli()).Scan(&sealed)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, fmt.Errorf("read session: %w", explain(err))
	}
	v, err := x.open(key, sealed)
	if err != nil {
		return nil, false, fmt.Errorf("read session: %w", err)
	}
	return v.Data, true, nil
}

// CommitCtx writes a session that ends at expiry, and drops expired ones. Its data
// is bounded to about 12 kB.
func (x *Sessions) CommitCtx(ctx context.Context, token string, data []byte, expiry time.Time) error {
	plain, err := json.Marshal(session{Token: token, Data: data})
	if err != nil {
		return fmt.Errorf("write session: %w", err)
	}
	if len(plain) > maxSession {
		return fmt.Errorf("write session: %d bytes are more than the %d that are kept", len(plain), maxSession)
	}
	key := x.key(token)
	sealed, err := x.s.keys.Seal(plain, []byte("session:"+key))
	if err != nil {
		return fmt.Errorf("write session: %w", err)
	}
	err = x.s.inTx(ctx, func(ctx context.Context, tx *transaction) error {
		if _, err := tx.ExecContext(ctx, "DELETE FROM sessions WHERE expires_at <= $1", time.Now().UnixMilli()); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO sessions (token_key, data_sealed, expires_at) VALUES ($1, $2, $3)
			ON CONFLICT (token_key) DO UPDATE SET data_sealed = excluded.data_sealed, expires_at = excluded.expires_at`, key, sealed, expiry.UnixMilli())
		return err
	})
	if err != nil {
		return fmt.Errorf("write session: %w", err)
	}
	return nil
}

// DeleteCtx ends a session; one that is not there is no error.
func (x *Sessions) DeleteCtx(ctx context.Context, token string) error {
	err := x.s.inTx(ctx, func(ctx context.Context, tx *transaction) error {
		_, err := tx.ExecContext(ctx, "DELETE FROM sessions WHERE token_key = $1", x.key(token))
		return err
	})
	if err != nil {
		return fmt.Errorf("end session: %w", err)
	}
	return nil
}

// maxSessions bounds AllCtx.
const maxSessions = 10_000

// AllCtx reads the sessions that have not expired, by token, at most 10,000.
func (x *Sessions) AllCtx(ctx context.Context) (map[string][]byte, error) {
	rows, err := x.s.read.QueryContext(ctx, "SELECT token_key, data_sealed FROM sessions WHERE expires_at > $1 ORDER BY expires_at DESC LIMIT $2", time.Now().UnixMilli(), maxSessions)
	list, err := collect(rows, err, func(row scanner) (session, error) {
		var key string
		var sealed []byte
		if err := row.Scan(&key, &sealed); err != nil {
			return session{}, err
		}
		return x.open(key, sealed)
	})
	if err != nil {
		return nil, fmt.Errorf("read sessions: %w", err)
	}
	all := make(map[string][]byte, len(list))
	for _, v := range list {
		all[v.Token] = v.Data
	}
	return all, nil
}

// Find is FindCtx for callers without a context.
func (x *Sessions) Find(token string) ([]byte, bool, error) {
	return x.FindCtx(context.Background(), token)
}

// Commit is CommitCtx for callers without a context.
func (x *Sessions) Commit(token string, data []byte, expiry time.Time) error {
	return x.CommitCtx(context.Background(), token, data, expiry)
}

// Delete is DeleteCtx for callers without a context.
func (x *Sessions) Delete(token string) error { return x.DeleteCtx(context.Background(), token) }

// All is AllCtx for callers without a context.
func (x *Sessions) All() (map[string][]byte, error) { return x.AllCtx(context.Background()) }
