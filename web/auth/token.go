package auth

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"strings"
)

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
