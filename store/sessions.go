package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// expiring is a table of sealed values that end, found by the digest of a key.
type expiring struct {
	s                 *Store
	kind, what        string // of key, which is bound into the seal; what errors call a value
	table, key, value string // of the database
	limit             int    // of a value, in bytes
}

func (s *Store) answers() expiring {
	return expiring{s, "registry", "registry answer", "registry_cache", "question_key", "answer_sealed", maxAnswer}
}

// find reads a value that has not expired; ok is false when there is none.
func (x expiring) find(ctx context.Context, key string) (value []byte, ok bool, err error) {
	defer wrap(&err, "read %s", x.what)
	digest := x.s.keys.Digest(x.kind, []byte(key))
	var sealed []byte
	err = x.s.read.QueryRowContext(ctx, "SELECT "+x.value+" FROM "+x.table+" WHERE "+x.key+" = $1 AND expires_at > $2", digest,
		time.Now().UnixMilli()).Scan(&sealed)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, explain(err)
	}
	value, err = x.s.keys.Open(sealed, []byte(x.kind+":"+digest))
	return value, err == nil, err
}

// save keeps a value until it expires, and drops expired ones.
func (x expiring) save(ctx context.Context, key string, value []byte, expires time.Time) (err error) {
	defer wrap(&err, "write %s", x.what)
	if len(value) > x.limit {
		return fmt.Errorf("%d bytes are more than the %d that are kept", len(value), x.limit)
	}
	digest := x.s.keys.Digest(x.kind, []byte(key))
	sealed, err := x.s.keys.Seal(value, []byte(x.kind+":"+digest))
	if err != nil {
		return err
	}
	return x.s.inTx(ctx, func(ctx context.Context, tx *transaction) error {
		if _, err := tx.exec(ctx, "drop expired", "DELETE FROM "+x.table+" WHERE expires_at <= $1", time.Now().UnixMilli()); err != nil {
			return err
		}
		_, err := tx.exec(ctx, "keep", fmt.Sprintf(`INSERT INTO %[1]s (%[2]s, %[3]s, expires_at) VALUES ($1, $2, $3)
			ON CONFLICT (%[2]s) DO UPDATE SET %[3]s = excluded.%[3]s, expires_at = excluded.expires_at`, x.table, x.key, x.value), digest, sealed,
			expires.UnixMilli())
		return err
	})
}

// Cached reads an answer of a registry that has not expired; ok is false when there
// is none. It has the shape of geolocate/registry's cache.
func (s *Store) Cached(ctx context.Context, key string) (value []byte, ok bool, err error) {
	return s.answers().find(ctx, key)
}

// SaveCached keeps an answer of a registry until expires, and drops expired ones. Key
// and answer may name a domain: the key is digested and the answer sealed. An answer
// of more than 64 KiB is refused.
func (s *Store) SaveCached(ctx context.Context, key string, value []byte, expires time.Time) error {
	return s.answers().save(ctx, key, value, expires)
}

// Sessions keeps the sessions of the pages. It has the shapes of scs.Store and its
// context form. A session token is as good as a password, so the database holds its
// digest, and the data sealed.
type Sessions struct{ expiring }

// Sessions gives the sessions of this database.
func (s *Store) Sessions() *Sessions {
	return &Sessions{expiring{s, "session", "session", "sessions", "token_key", "data_sealed", maxSession}}
}

type session struct {
	Data []byte `json:"data"`
}

// FindCtx reads a session that has not expired; found is false when there is none.
func (x *Sessions) FindCtx(ctx context.Context, token string) (data []byte, found bool, err error) {
	plain, found, err := x.find(ctx, token)
	if err != nil || !found {
		return nil, false, err
	}
	var v session
	if err := json.Unmarshal(plain, &v); err != nil {
		return nil, false, fmt.Errorf("read session: %w", err)
	}
	return v.Data, true, nil
}

// CommitCtx writes a session that ends at expiry, and drops expired ones. Its data
// is bounded to about 12 kB.
func (x *Sessions) CommitCtx(ctx context.Context, token string, data []byte, expiry time.Time) error {
	plain, err := json.Marshal(session{data})
	if err != nil {
		return fmt.Errorf("write session: %w", err)
	}
	return x.save(ctx, token, plain, expiry)
}

// DeleteCtx ends a session; one that is not there is no error.
func (x *Sessions) DeleteCtx(ctx context.Context, token string) error {
	_, err := x.s.exec(ctx, "end session", "DELETE FROM sessions WHERE token_key = $1", x.s.keys.Digest(x.kind, []byte(token)))
	return err
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
