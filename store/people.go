package store

import (
	"context"
	"encoding/hex"
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
	_, err := s.exec(ctx, "add user", `INSERT INTO users (name, role, password_hash, created_at) VALUES ($1, $2, $3, $4)
		ON CONFLICT (name) DO UPDATE SET role = excluded.role, password_hash = excluded.password_hash`, p.Name, string(p.Role), passwordHash,
		now.UnixMilli())
	return err
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
	_, err := s.exec(ctx, "add token", "INSERT INTO tokens (token_hash, name, role, created_at) VALUES ($1, $2, $3, $4)",
		hex.EncodeToString(hash), p.Name, string(p.Role), now.UnixMilli())
	return err
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
		if _, err := s.exec(ctx, "write use of token", use, key, now.UnixMilli()); err != nil {
			return casefile.Person{}, err
		}
	}
	return p, nil
}

// RemoveToken withdraws the tokens that were made under a name, and says how many.
func (s *Store) RemoveToken(ctx context.Context, name string) (int, error) {
	n, err := s.exec(ctx, "remove token", "DELETE FROM tokens WHERE name = $1", clip(name, maxName+1))
	return int(n), err
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
