package app

import (
	"context"
	"net"
	"net/url"
	"time"

	"parley/bridge"
	"parley/cmd/parley/site"
	sites "parley/store/site"
)

// BaseURL is where browsers reach this Parley: the public address, else the one at which it listens. It has no
// final slash.
func (e Env) BaseURL() string {
	if e.PublicURL != "" {
		return e.PublicURL
	}
	host, port, err := net.SplitHostPort(e.Listen)
	if err != nil {
		return "http://" + e.Listen
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return (&url.URL{Scheme: "http", Host: net.JoinHostPort(host, port)}).String()
}

// addSite makes the pages for agents and admins.
func (a *App) addSite() error {
	chats := &Lookup{surfaces: map[string]bridge.Surface{}}
	for _, s := range a.surfaces {
		chats.surfaces[s.kind] = s.surface
	}
	pages, err := site.New(site.Options{Pool: a.db.Pool, Sealer: a.db.Sealer, Specs: a.opt.Specs, Lookup: chats, BaseURL: a.env.BaseURL(), Log: a.log})
	if err != nil {
		return err
	}
	a.site = pages.Handler()
	return nil
}

// forgetSessions is how often sessions that have expired are removed.
const forgetSessions = time.Hour

// tendSite removes sessions that have expired, until ctx ends.
func (a *App) tendSite(ctx context.Context) error {
	tick := time.NewTicker(forgetSessions)
	defer tick.Stop()
	for {
		if err := sites.DropExpired(ctx, a.db.Pool); err != nil && ctx.Err() == nil {
			a.log.Error("site: old sessions stay", "error", err)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
	}
}

// sayFirstLink tells the person at the terminal how to become the first admin, as long as there is none.
func (a *App) sayFirstLink(ctx context.Context, say func(string)) error {
	link, err := site.FirstLink(ctx, a.db.Pool, a.env.BaseURL())
	if err == nil && link != "" {
		say("Nobody looks after this Parley yet. Open this link within a day to become its first admin:\n  " + link)
	}
	return err
}
