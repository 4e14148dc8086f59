package main

import (
	"context"
	"fmt"
	"time"
)

// soonExpired is how long before its end a certificate is worth a warning.
const soonExpired = 30 * 24 * time.Hour

// remoteEyes asks every remote eye who it is.
func (d *doctor) remoteEyes(ctx context.Context, p *panel) {
	for _, v := range p.Vantages() {
		e := p.eyes[v.Name]
		if e == nil {
			continue
		}
		started := time.Now()
		who, err := e.Identity(ctx)
		left := time.Until(e.Expires())
		switch {
		case err != nil:
			d.say(fail, "remote eye", v.Name+": "+err.Error(), "look at `vigil vantage` there, its certificates and the way to it; until then its looks count as interrupted, never as evidence")
		case left < soonExpired:
			d.say(warn, "remote eye", fmt.Sprintf("%s answers, but our certificate for it ends on %s", v.Name, e.Expires().Format(time.DateOnly)), "make new ones with `vigil vantage keys` and change them on both sides")
		case who.Build != version():
			d.say(warn, "remote eye", v.Name+" answers and runs another build than this one", "install the same release on both: two releases may see one page differently")
		default:
			d.say(good, "remote eye", fmt.Sprintf("%s answers in %d ms and is who it should be", v.Name, time.Since(started).Milliseconds()), "")
		}
	}
}
