package registry

import (
	"context"
	"net/netip"
	"net/url"

	"github.com/openrdap/rdap"
)

// maxRDAPServers bounds how many of the responsible servers are asked for one answer.
const maxRDAPServers = 2

// rdapNetwork asks RDAP for the network of an address (RFC 9082, section 3.1.1).
func (r *Registry) rdapNetwork(ctx context.Context, addr netip.Addr) (Network, Problem) {
	object, problem := r.rdapObject(ctx, rdap.IPRequest, addr.String())
	if problem != "" {
		return Network{}, problem
	}
	return networkOf(object, addr)
}

// rdapObject asks the responsible servers in turn. Each query has a client of its
// own, because the library's is not safe for concurrent use.
func (r *Registry) rdapObject(ctx context.Context, kind rdap.RequestType, query string) (any, Problem) {
	servers, problem := r.responsible(ctx, query)
	if problem != "" {
		return nil, problem
	}
	for i, server := range servers {
		if i == maxRDAPServers {
			break
		}
		var object any
		object, problem = r.rdapQuery(ctx, server, kind, query)
		if problem == "" || problem == ProblemNotFound || problem == ProblemInterrupted || ctx.Err() != nil {
			return object, problem
		}
	}
	return nil, problem
}

func (r *Registry) rdapQuery(ctx context.Context, server *url.URL, kind rdap.RequestType, query string) (any, Problem) {
	client := &rdap.Client{HTTP: r.http, UserAgent: userAgent}
	resp, err := client.Do((&rdap.Request{Type: kind, Query: query, Server: server}).WithContext(ctx))
	if resp == nil || len(resp.HTTP) == 0 {
		return nil, ProblemBroken
	}
	exchange := resp.HTTP[len(resp.HTTP)-1]
	if exchange.Response == nil {
		return nil, ProblemOf(ctx, exchange.Error)
	}
	if problem := statusProblem(exchange.Response); problem != "" {
		return nil, problem
	}
	if err != nil || resp.Object == nil {
		return nil, BodyProblem(ctx, exchange.Error)
	}
	if refusal, ok := resp.Object.(*rdap.Error); ok {
		if refusal.ErrorCode != nil && *refusal.ErrorCode == 404 {
			return nil, ProblemNotFound
		}
		return nil, ProblemServer
	}
	return resp.Object, ""
}
