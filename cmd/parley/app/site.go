package app

import (
	"context"
	"errors"
	"io"
	"net"
	"net/url"
	"time"

	"parley/bridge"
	"parley/channels/email/autoconfig"
	"parley/channels/guard"
	"parley/cmd/parley/inspect"
	"parley/cmd/parley/signature"
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
	pages, err := site.New(site.Options{Pool: a.db.Pool, Sealer: a.db.Sealer, Specs: a.opt.Specs, Lookup: chats,
		Consents: a.accounts.consents, Finder: autoconfig.New(guard.New(), net.DefaultResolver), Outside: a.env.Outside, Signatures: signature.Online(guard.New()), BaseURL: a.env.BaseURL(), Log: a.log,
		Providers: a.env.Providers(a.env.BaseURL()), SlackTeam: a.slackTeam, Operations: a.operations()})
	if err != nil {
		return err
	}
	a.site = pages.Handler()
	return nil
}

// operations are what the site's pages need of this process.
func (a *App) operations() site.Operations {
	surfaces := map[string]any{}
	for _, s := range a.surfaces {
		surfaces[s.kind] = s.surface
	}
	o := site.Operations{WithObjects: a.objects != nil,
		Examine: func(ctx context.Context) (inspect.Report, error) { return a.db.Examine(ctx, a.env, surfaces, a.log) },
		AgreeErasures: func(ctx context.Context) error {
			_, err := a.db.AgreeErasures(ctx, a.env)
			return err
		},
		ExportContact: func(ctx context.Context, contacts []int64, w io.Writer) error {
			_, err := a.db.ExportContact(ctx, a.env, contacts, w)
			return err
		}}
	if a.db.Embedded() {
		o.Backups = BackupFolder(a.env)
	}
	return o
}

// slackTeam asks which workspace Parley is in.
func (a *App) slackTeam(ctx context.Context) (string, error) {
	for _, s := range a.surfaces {
		if w, ok := s.surface.(interface {
			Workspace(ctx context.Context) (string, error)
		}); ok {
			return w.Workspace(ctx)
		}
	}
	return "", errors.New("sign-in by Slack: no workspace is connected")
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
		say("Nobody looks after this Parley yet. Open this link within a day to become its first admin:\n " + link)
	}
	return err
}
