package main

import (
	"context"
	"fmt"
	"net"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"
	"go.uber.org/zap"

	"vigil/casefile"
	"vigil/cmd/app"
	"vigil/crawler"
	"vigil/crawler/remote"
	"vigil/internal/config"
)

func newVantage(o *options) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "vantage",
		Short: "Look for an installation elsewhere: be its remote vantage",
		Long: `Make looks for another installation of Vigil, which reaches this machine over TLS 1.3
with certificates on both sides. Nothing is stored here; URLs, the digest key and
what is seen are held in memory for as long as a look takes, and are not logged.

The sections vantage, resolver, guard and crawler of the configuration are read;
crawler.timeout, max_body and max_redirects are the most an owner may ask for.
See docs/vantages.md.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			a, err := o.app()
			if err != nil {
				return err
			}
			return serveVantage(cmd.Context(), a)
		},
	}
	cmd.AddCommand(newVantageKeys())
	return cmd
}

// serveVantage is a remote vantage until ctx ends.
func serveVantage(ctx context.Context, a *app.App) error {
	v, c, log := a.Config.Vantage, a.Config.Crawler, a.Log
	if v.Listen == "" {
		return config.Faults{"vantage.listen: is empty, so this is no remote vantage: fill the section vantage (docs/vantages.md)"}
	}
	resolver, err := a.NewResolver()
	if err != nil {
		return err
	}
	place := casefile.Vantage{Name: v.Name, Country: v.Country, Network: v.Network}
	server, err := remote.New(remote.Options{
		Vantage: place, Build: app.Version(), Credentials: remote.Credentials{CA: v.CA, Cert: v.Cert, Key: v.Key},
		Limits:   remote.Limits{Timeout: c.Timeout, MaxBody: int64(c.MaxBody), MaxRedirects: c.MaxRedirects},
		InFlight: c.InFlight, Log: log,
		Looker: func(m remote.LookSettings) (remote.Looker, error) {
			asked := config.Crawler{
				Timeout: m.Timeout, MaxBody: config.Size(m.MaxBody), MaxRedirects: m.MaxRedirects, UserAgent: m.UserAgent, InFlight: c.InFlight,
			}
			return a.NewCrawler(asked, resolver, []crawler.VantageOptions{{Vantage: place}}, []byte(m.DigestKey))
		},
	})
	if err != nil {
		return config.Faults{"vantage: " + err.Error()}
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", v.Listen)
	if err != nil {
		return fmt.Errorf("listen for the owner: %w; another vigil may be running, or set vantage.listen", err)
	}
	log.Info("looking for our owner", zap.String("listen", l.Addr().String()), zap.String("vantage", v.Name), zap.Int("wire", remote.Wire))
	err = server.Run(ctx, l)
	log.Info("stopped")
	return err
}

func newVantageKeys() *cobra.Command {
	return &cobra.Command{
		Use:   "keys DIR",
		Short: "Make the certificates of one remote vantage and its owner",
		Long: `Make an authority and two pairs of certificate and key, one for the remote vantage and one
for its owner, good for two years. The authority's own key is not kept: to renew,
make all of them anew in another folder. Each remote vantage needs a set of its own.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			now := time.Now()
			if err := remote.MakeKeys(args[0], now, remote.KeysFor); err != nil {
				return err
			}
			in := func(name string) string { return filepath.Join(args[0], name) }
			fmt.Fprintf(cmd.OutOrStdout(), `made keys, good until %s

On the remote vantage, in its configuration:
  vantage: {listen: "0.0.0.0:8443", name: NAME, country: CC, network: AS64500, ca: %q, cert: %q, key: %q}
Here, in crawler.vantages, with the same name, country and network:
  - {name: NAME, country: CC, network: AS64500, eye: {address: "HOST:8443", ca: %q, cert: %q, key: %q}}

Move %s, %s and %s to the remote vantage over a safe way, and delete the last one here.
`, now.Add(remote.KeysFor).Format(time.DateOnly), remote.FileCA, remote.FileVantage, remote.FileVantageKey,
				in(remote.FileCA), in(remote.FileOwner), in(remote.FileOwnerKey), remote.FileCA, remote.FileVantage, remote.FileVantageKey)
			return nil
		},
	}
}
