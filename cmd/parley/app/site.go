package app

import (
	"context"
	"errors"
	"io"
	"net"
	"net/url"
	"strings"
	"time"

	"parley/bot/teams"
	"parley/bot/web/openid"
	"parley/bridge/engine"
	emailmailbox "parley/channels/email/mailbox"
	"parley/channels/wire"
	"parley/cmd/parley/operate"
	"parley/cmd/parley/site"
	"parley/store"
)

// This file connects the site, which is Parley's web pages for agents and admins, with the rest of the process: the
// database, the connected chats, sign-in and backups.

// BaseURL returns the URL of the site, without a final slash. It is the public address or, if there is none, the one
// at which the process listens.
func (e Env) BaseURL() string {
	if e.PublicURL != "" {
		return e.PublicURL
	}
	host, port, err := net.SplitHostPort(e.Listen)
	if err != nil {
		return "http://" + e.Listen
	}
	listensEverywhere := host == "" || net.ParseIP(host).IsUnspecified()
	if listensEverywhere {
		host = "127.0.0.1"
	}
	return (&url.URL{Scheme: "http", Host: net.JoinHostPort(host, port)}).String()
}

// hasPath reports whether the public address has a path, such as https://example.org/help. Webhooks work there, but the
// site doesn't: links between its pages are absolute paths, such as /settings, which leave /help.
func (e Env) hasPath() bool {
	u, err := url.Parse(e.PublicURL)
	return err == nil && u.Path != ""
}

// addSite makes the site.
func (a *App) addSite() error {
	if a.env.hasPath() {
		a.log.Warn("PARLEY_PUBLIC_URL has a path: webhooks come in there, but the site's pages need a host of their own",
			"url", a.env.PublicURL)
	}

	signUp, err := a.env.newSignUp()
	if err != nil {
		return err
	}

	pages, err := site.New(site.Options{
		Pool:     a.db.Pool,
		Sealer:   a.db.Sealer,
		Analyzer: a.opt.Analyzer,
		TryRules: TryRulesOnPage(a.db.Pool, a.opt.Analyzer),
		Specs:    a.opt.Specs,
		Lookup:   &Lookup{a.chats.findSurface},
		Consents: a.accounts.consents,
		Finder:   emailmailbox.NewAutoconfig(wire.New(), net.DefaultResolver),
		Outside:  a.env.Outside,
		SignUp:   signUp,
		Inbox:    a.engine.Inbox(),
		Chats: site.Chats{
			Connected:      a.connectedChats,
			Identify:       a.identifyChat,
			AwaitConnected: a.chats.awaitConnected,
			Surface:        a.chats.findSurface,
			SlackTeam:      a.slackTeam,
		},
		Signatures: operate.NewForPages(wire.New()),
		BaseURL:    a.env.BaseURL(),
		Doors:      a.newDoors(),
		Operations: a.newOperations(),
		Log:        a.log,
	})
	if err != nil {
		return err
	}

	a.site = pages.Handler()
	return nil
}

// newDoors returns the ways to sign in to the site: with an identity provider, such as that of a connected chat, and in a
// tab of Teams. Both are functions, because they depend on the chats' credentials, which may change at any time. There
// is a tab only if the site has an https URL, since Teams shows no other pages.
func (a *App) newDoors() site.Doors {
	return site.Doors{
		Proxies: a.env.SignIn.Proxies,
		Providers: func() []openid.Config {
			env := a.chats.signedIn()
			return env.Providers(a.env.BaseURL())
		},
		Tab: func() site.Tab {
			env := a.chats.signedIn()
			base, err := url.Parse(a.env.BaseURL())
			isSecure := err == nil && base.Scheme == "https"
			if !isSecure || !env.Teams.canSignIn() {
				return site.Tab{}
			}
			return site.Tab{Host: strings.ToLower(base.Hostname()), Ancestors: teams.FrameOrigins()}
		},
	}
}

// connectedChats returns the chats to which this process is connected.
func (a *App) connectedChats() (list []site.Chat) {
	for _, s := range a.chats.list() {
		for _, spec := range a.opt.Surfaces {
			if spec.Kind == s.kind {
				list = append(list, site.Chat{Kind: s.kind, Name: spec.Name, FromEnv: a.env.hasChat(s.kind)})
			}
		}
	}
	return list
}

// newOperations returns what an admin can do on the site: check the system, erase a contact (a customer), and export the
// data about a contact.
func (a *App) newOperations() site.Operations {
	return site.Operations{
		Objects:  a.objects,
		AskChats: engine.ErasePosts,
		Examine: func(ctx context.Context) (operate.InspectReport, error) {
			surfaces := map[string]any{}
			for _, s := range a.chats.list() {
				surfaces[s.kind] = s.surface
			}
			return a.db.Examine(ctx, a.env, SetUpChats{Surfaces: surfaces}, a.log)
		},
		AgreeErasures: func(ctx context.Context) error {
			_, err := a.db.AgreeErasures(ctx, a.env)
			return err
		},
		ExportContact: func(ctx context.Context, contacts []store.ContactID, w io.Writer) error {
			_, err := a.db.ExportContact(ctx, a.env, contacts, w)
			return err
		},
	}
}

// workspaceFinder is implemented by the connection to Slack.
type workspaceFinder interface {
	Workspace(ctx context.Context) (id string, err error)
}

// slackTeam returns the id of the Slack workspace that Parley is connected to. Only its members may sign in with Slack.
func (a *App) slackTeam(ctx context.Context) (string, error) {
	slack, ok := a.chats.findSurface(kindSlack).(workspaceFinder)
	if !ok {
		return "", errors.New("sign-in by Slack: no workspace is connected; connect Slack in the settings")
	}
	return slack.Workspace(ctx)
}

// expiredSessionsInterval is how often sessions that have expired are removed.
const expiredSessionsInterval = time.Hour

// dropExpiredSessions removes expired sessions of the site until ctx ends.
func (a *App) dropExpiredSessions(ctx context.Context) error {
	tick := time.NewTicker(expiredSessionsInterval)
	defer tick.Stop()
	for {
		err := store.DropExpiredSessions(ctx, a.db.Pool)
		if err != nil && ctx.Err() == nil {
			a.log.Error("site: expired sessions not removed", "error", err, "retry_in", expiredSessionsInterval)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
	}
}

// sayFirstLink prints a link on the terminal with which a person becomes the first admin, unless there is an admin.
func (a *App) sayFirstLink(ctx context.Context, say func(string)) error {
	link, err := site.FirstLink(ctx, a.db.Pool, a.env.BaseURL())
	if err != nil {
		return err
	}
	if link != "" {
		say("Nobody looks after this Parley yet. Open this link within a day to become its first admin:\n " + link)
	}
	return nil
}
