// Package auth knows who is behind a request to the API or the pages.
//
// Tokens and passwords come in; a casefile.Person goes out. Only hashes leave
// this package towards the store. It must never log, store or return a token
// or a password.
package auth

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"strings"
	"sync"
	"time"

	lru "github.com/hashicorp/golang-lru/v2/simplelru"

	"golang.org/x/time/rate"

	"vigil/casefile"
)

type personKey struct{}

// With returns a context that carries the person behind a request.
func With(ctx context.Context, p casefile.Person) context.Context {
	return context.WithValue(ctx, personKey{}, p)
}

// From is the person behind a request. The zero Person, who may do nothing, when there is none.
func From(ctx context.Context) casefile.Person {
	p, _ := ctx.Value(personKey{}).(casefile.Person)
	return p
}

// Tokens finds who holds the token with this hash (HashToken). An unknown,
// revoked or expired one is a *casefile.Problem of code not_found.
type Tokens func(ctx context.Context, hash []byte) (casefile.Person, error)

// Accounts finds a user of the pages by name, with the hash that HashPassword made
// of the password. An unknown or disabled one is a *casefile.Problem of code not_found.
type Accounts func(ctx context.Context, name string) (p casefile.Person, passwordHash string, err error)

// MayReveal says whether who asks may reveal URLs.
func MayReveal(ctx context.Context) bool { return From(ctx).Role.May(casefile.RoleAnalyst) }

// TokenPrefix begins every token, so that secret scanners know one when they see it.
const TokenPrefix = "vgl_"

// tokenBytes is the entropy of a token: 256 bits.
const tokenBytes = 32

// NewToken makes a token of 256 random bits and the hash to store for it. The
// token is shown once and never stored.
func NewToken() (token string, hash []byte) {
	var secret [tokenBytes]byte
	_, _ = rand.Read(secret[:]) // never fails, by its documentation
	token = TokenPrefix + base64.RawURLEncoding.EncodeToString(secret[:])
	sum := sha256.Sum256([]byte(token))
	return token, sum[:]
}

// Bearer is the hash of the token in an Authorization header (RFC 6750); ok is false when there is none that is well-formed.
func Bearer(header string) (hash []byte, ok bool) {
	scheme, token, _ := strings.Cut(header, " ")
	hash, ok = HashToken(strings.TrimSpace(token))
	return hash, ok && strings.EqualFold(scheme, "Bearer")
}

// HashToken is the SHA-256 of a well-formed token; ok is false when it is not
// well-formed. A token holds 256 random bits: a plain hash is as good as a slow
// one, and looking up by it takes no time that depends on the secret.
func HashToken(token string) (hash []byte, ok bool) {
	encoded, found := strings.CutPrefix(token, TokenPrefix)
	if !found || len(encoded) != base64.RawURLEncoding.EncodedLen(tokenBytes) {
		return nil, false
	}
	if _, err := base64.RawURLEncoding.Strict().DecodeString(encoded); err != nil {
		return nil, false
	}
	sum := sha256.Sum256([]byte(token))
	return sum[:], true
}

// Limiter gives each key (a token's hash, an address, a name) its own token
// bucket. Of more than maxKeys keys it forgets the one used longest ago. It is safe for concurrent use.
type Limiter struct {
	every time.Duration
	burst int

	mu   sync.Mutex
	keys *lru.LRU[string, *rate.Limiter]
}

// maxKeys bounds the memory of a Limiter to a few MB.
const maxKeys = 20_000

// NewLimiter allows burst at once, and then one each time every has passed. Both must be above zero.
func NewLimiter(every time.Duration, burst int) *Limiter {
	keys, _ := lru.NewLRU[string, *rate.Limiter](maxKeys, nil) // fails for a size below 1 only
	return &Limiter{every: every, burst: burst, keys: keys}
}

// Allow takes one from the key's bucket. When it is empty, wait is how long until there is one again, at least a second.
func (l *Limiter) Allow(key string) (ok bool, wait time.Duration) {
	now := time.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	bucket, known := l.keys.Get(key)
	if !known {
		bucket = rate.NewLimiter(rate.Every(l.every), l.burst)
		l.keys.Add(key, bucket)
	}
	if bucket.AllowN(now, 1) {
		return true, 0
	}
	missing := 1 - bucket.TokensAt(now)
	return false, max(time.Second, time.Duration(missing*float64(l.every)))
}
