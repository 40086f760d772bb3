package app

import (
	"context"
	"errors"
	"io"
	"net"
	"net/url"
	"time"

	"parley/bridge"
	"parley/channels"
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
	o := site.Options{Pool: a.db.Pool, Sealer: a.db.Sealer, Specs: a.opt.Specs, Lookup: chats, Inbox: a.engine.Inbox(), CheckSlack: a.checkSlack,
		Consents: a.accounts.consents, Finder: autoconfig.New(guard.New(), net.DefaultResolver), Outside: a.env.Outside, Analyzer: a.opt.Analyzer, BaseURL: a.env.BaseURL(), Log: a.log,
		Signatures: signature.Online(guard.New()), Providers: a.env.Providers(a.env.BaseURL()), SlackTeam: a.slackTeam, Operations: a.operations()}
	for _, s := range a.surfaces {
		chats.surfaces[s.kind] = s.surface
		for _, spec := range a.opt.Surfaces {
			if spec.Kind == s.kind {
				o.Chats = append(o.Chats, site.Chat{Kind: s.kind, Name: spec.Name})
			}
		}
	}
	pages, err := site.New(o)
	if err != nil {
		return err
	}
	a.site = pages.Handler()
	return nil
}

// checkSlack asks Slack about tokens that an admin typed. It keeps and changes nothing.
func (a *App) checkSlack(ctx context.Context, botToken, appToken string) []channels.Finding {
	env := a.env
	env.SlackBotToken, env.SlackAppToken, env.SlackSigningSecret = botToken, appToken, ""
	surface, err := newSlack(env, SurfaceOptions{Desk: a.engine.Desk(0), Log: a.log, OnlyLook: true}) // of no account: it has no channels
	if err != nil {
		return []channels.Finding{{What: "tokens", Text: err.Error(), Hint: "Copy both from the app's pages at api.slack.com."}}
	}
	checker, ok := surface.(channels.Checker)
	if !ok {
		return nil
	}
	return checker.Check(ctx)
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
