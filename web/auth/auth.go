// Package auth knows who is behind a request to the API or the pages.
//
// Tokens and passwords come in; a casefile.Person goes out. Only hashes leave
// this package towards the store. It must never log, store or return a token
// or a password.
package auth

import (
	"context"

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
