package auth

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"
	"golang.org/x/sync/semaphore"
)

// Parameters of argon2id: 19 MiB, two passes, one lane (OWASP Password Storage
// Cheat Sheet, 2024).
const (
	argonMemory = 19 * 1024 // KiB
	argonPasses = 2
	argonLanes  = 1
	argonSalt   = 16 // bytes
	argonKey    = 32 // bytes
)

// Bounds of a password, in bytes, and of the work a stored hash may ask for.
const (
	MinPassword = 12
	MaxPassword = 1024

	maxMemory = 256 * 1024 // KiB
	maxPasses = 16
)

var errPasswordHash = errors.New("not an argon2id hash")

// HashPassword makes the argon2id hash of a password in PHC form, with a fresh
// salt. Its error says that the password is too short or too long.
func HashPassword(password string) (string, error) {
	if len(password) < MinPassword || len(password) > MaxPassword {
		return "", fmt.Errorf("a password has %d to %d bytes", MinPassword, MaxPassword)
	}
	salt := make([]byte, argonSalt)
	_, _ = rand.Read(salt) // never fails, by its documentation
	key := argon2.IDKey([]byte(password), salt, argonPasses, argonMemory, argonLanes, argonKey)
	return phcOf(salt, key), nil
}

// phcOf writes a hash with our parameters.
func phcOf(salt, key []byte) string {
	b64 := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, argonMemory, argonPasses, argonLanes,
		b64.EncodeToString(salt), b64.EncodeToString(key))
}

type phc struct {
	memory, passes uint32
	lanes          uint8
	salt, key      []byte
}

func parseHash(hash string) (phc, error) {
	parts := strings.Split(hash, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return phc{}, errPasswordHash
	}
	var h phc
	if n, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &h.memory, &h.passes, &h.lanes); err != nil || n != 3 {
		return phc{}, errPasswordHash
	}
	if h.memory < 8 || h.memory > maxMemory || h.passes < 1 || h.passes > maxPasses || h.lanes < 1 {
		return phc{}, errPasswordHash
	}
	var err error
	if h.salt, err = base64.RawStdEncoding.DecodeString(parts[4]); err != nil || len(h.salt) < 8 {
		return phc{}, errPasswordHash
	}
	if h.key, err = base64.RawStdEncoding.DecodeString(parts[5]); err != nil || len(h.key) < 16 || len(h.key) > 64 {
		return phc{}, errPasswordHash
	}
	return h, nil
}

// Verifier checks passwords, a few at a time: each takes 19 MiB. It is safe for
// concurrent use.
type Verifier struct {
	slots *semaphore.Weighted
	dummy string // what unknown users are checked against: costs as much, and never counts
}

// verifyAtOnce bounds the memory that log-ins can take: 4 x 19 MiB.
const verifyAtOnce = 4

// NewVerifier makes a Verifier.
func NewVerifier() *Verifier {
	return &Verifier{slots: semaphore.NewWeighted(verifyAtOnce), dummy: phcOf(make([]byte, argonSalt), make([]byte, argonKey))}
}

// Verify says whether password belongs to hash. An empty hash, for a user who
// does not exist, takes as long and is never right. Its error is that of ctx, or
// says that the stored hash is broken.
func (v *Verifier) Verify(ctx context.Context, hash, password string) (bool, error) {
	if v.slots.Acquire(ctx, 1) != nil {
		return false, context.Cause(ctx)
	}
	defer v.slots.Release(1)
	known := hash != ""
	if !known {
		hash = v.dummy
	}
	h, err := parseHash(hash)
	if err != nil {
		return false, err
	}
	if len(password) > MaxPassword {
		password = password[:MaxPassword]
		known = false
	}
	key := argon2.IDKey([]byte(password), h.salt, h.passes, h.memory, h.lanes, uint32(len(h.key)))
	return subtle.ConstantTimeCompare(key, h.key) == 1 && known, nil
}
