package store

import (
	"context"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"vigil/casefile"
)

// AddUser adds a user of the pages, or gives an existing one another role and
// password. passwordHash is what web/auth made of the password (argon2id); the
// password itself never comes here.
func (s *Store) AddUser(ctx context.Context, p casefile.Person, passwordHash string, now time.Time) error {
	if err := checkPerson(p); err != nil {
		return err
	}
	if passwordHash == "" || len(passwordHash) > 300 {
		return errors.New("add user: the hash of the password must have 1 to 300 bytes")
	}
	return s.exec(ctx, "add user", `INSERT INTO users (name, role, password_hash, created_at) VALUES ($1, $2, $3, $4)
		ON CONFLICT (name) DO UPDATE SET role = excluded.role, password_hash = excluded.password_hash`, p.Name, string(p.Role), passwordHash,
		now.UnixMilli())
}

// User reads a user and the hash of the password; a Problem of code not_found when
// there is none of that name.
func (s *Store) User(ctx context.Context, name string) (p casefile.Person, passwordHash string, err error) {
	defer wrap(&err, "read user")
	err = s.read.QueryRowContext(ctx, "SELECT name, role, password_hash FROM users WHERE name = $1", clip(name, maxName+1)).
		Scan(&p.Name, &p.Role, &passwordHash)
	return p, passwordHash, absent(err, "name", "there is no user of that name")
}

// AddToken adds a token of the API by its SHA-256 hash; the token itself never comes here.
func (s *Store) AddToken(ctx context.Context, hash []byte, p casefile.Person, now time.Time) error {
	if err := checkPerson(p); err != nil {
		return err
	}
	if len(hash) != 32 {
		return fmt.Errorf("add token: a hash of %d bytes, want the 32 of SHA-256", len(hash))
	}
	return s.exec(ctx, "add token", "INSERT INTO tokens (token_hash, name, role, created_at) VALUES ($1, $2, $3, $4)",
		hex.EncodeToString(hash), p.Name, string(p.Role), now.UnixMilli())
}

// tokenUseStep is how exactly the last use of a token is kept: not every request
// is worth a write.
const tokenUseStep = time.Minute

// Token finds who holds the token of this hash; a Problem of code not_found when
// nobody does. It keeps the time of the last use, to the minute.
func (s *Store) Token(ctx context.Context, hash []byte) (casefile.Person, error) {
	var p casefile.Person
	var used *int64
	key := hex.EncodeToString(hash)
	err := s.read.QueryRowContext(ctx, "SELECT name, role, last_used FROM tokens WHERE token_hash = $1", key).Scan(&p.Name, &p.Role, &used)
	if err != nil {
		return p, fmt.Errorf("read token: %w", absent(err, "token", "the token is not known"))
	}
	if now := time.Now(); used == nil || now.Sub(time.UnixMilli(*used)) >= tokenUseStep {
		const use = "UPDATE tokens SET last_used = $2 WHERE token_hash = $1"
		if err := s.exec(ctx, "write use of token", use, key, now.UnixMilli()); err != nil {
			return casefile.Person{}, err
		}
	}
	return p, nil
}

func checkPerson(p casefile.Person) error {
	if p.Name == "" || clip(p.Name, maxName) != p.Name {
		return casefile.Problemf(casefile.ProblemField, "name", "a name has 1 to %d bytes", maxName)
	}
	if !p.Role.Valid() {
		return casefile.Problemf(casefile.ProblemField, "role", "%.40q is no role; use viewer, analyst or admin", string(p.Role))
	}
	return nil
}

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
	return x.s.exec(ctx, "end session", "DELETE FROM sessions WHERE token_key = $1", x.s.keys.Digest(x.kind, []byte(token)))
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
