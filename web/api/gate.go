package api

import (
	"context"
	"errors"
	"math"
	"mime"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"go.uber.org/zap"

	"vigil/casefile"
	"vigil/web/auth"
)

// needsRole is the key of an operation's role among its metadata.
const needsRole = "vigil.role"

var errTimeout = errors.New("the request took too long")

// bound gives the request its deadline.
func (a *API) bound(ctx huma.Context, next func(huma.Context)) {
	c, cancel := context.WithTimeoutCause(ctx.Context(), a.Timeout, errTimeout)
	defer cancel()
	next(huma.WithContext(ctx, c))
}

// authenticate lets a request pass whose token exists, has the role that the
// operation needs, and is within its rate; then whose body is JSON.
func (a *API) authenticate(ctx huma.Context, next func(huma.Context)) {
	refuse := func(status int, detail string) { _ = huma.WriteErr(a.huma, ctx, status, detail) }
	ctx.SetHeader("Cache-Control", "no-store")
	hash, ok := auth.Bearer(ctx.Header("Authorization"))
	if !ok {
		ctx.SetHeader("WWW-Authenticate", `Bearer realm="vigil"`)
		refuse(http.StatusUnauthorized, "send the header Authorization: Bearer "+auth.TokenPrefix+"...; vigil token create makes a token")
		return
	}
	person, err := a.Tokens(ctx.Context(), hash)
	var problem *casefile.Problem
	switch {
	case errors.As(err, &problem):
		ctx.SetHeader("WWW-Authenticate", `Bearer realm="vigil", error="invalid_token"`)
		refuse(http.StatusUnauthorized, "this token is unknown, expired or revoked")
		return
	case err != nil:
		a.Log.Error("token not looked up", zap.Error(err))
		refuse(http.StatusServiceUnavailable, "tokens cannot be looked up at the moment; try again")
		return
	}
	if ok, wait := a.limiter.Allow(string(hash)); !ok {
		ctx.SetHeader("Retry-After", strconv.Itoa(int(math.Ceil(wait.Seconds()))))
		refuse(http.StatusTooManyRequests, "this token makes too many requests; wait as long as Retry-After says")
		return
	}
	need, _ := ctx.Operation().Metadata[needsRole].(casefile.Role)
	if !need.Valid() || !person.Role.May(need) {
		refuse(http.StatusForbidden, "this needs the role "+string(need)+", and the token has "+string(person.Role))
		return
	}
	if ctx.Method() == http.MethodPost && !isJSON(ctx.Header("Content-Type"), ctx.Header("Content-Encoding")) {
		refuse(http.StatusUnsupportedMediaType, "send JSON, uncompressed, with the header Content-Type: application/json")
		return
	}
	next(huma.WithContext(ctx, auth.With(ctx.Context(), person)))
}

func isJSON(contentType, encoding string) bool {
	media, _, err := mime.ParseMediaType(contentType)
	return err == nil && media == "application/json" && (encoding == "" || encoding == "identity")
}

// now is the time of a request, in UTC.
func now() time.Time { return time.Now().UTC() }
