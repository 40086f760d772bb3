package app

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"parley/bot/slack"
	"parley/bot/teams"
	"parley/bridge"
	"parley/bridge/engine"
	"parley/store"
)

// SurfaceSpec is a chat in which agents can work.
type SurfaceSpec struct {
	Kind string // "slack": its account's kind, and its keys in the set-up file
	Name string // "Slack"

	// Named reports whether the environment, or what is stored in its place, configures this surface; nil if it always is.
	Named func(Env) bool

	// New makes the surface. It opens no connection yet.
	New func(Env, SurfaceOptions) (bridge.Surface, error)
}

// Desk is what the surfaces, together, ask of the engine.
type Desk interface {
	slack.Desk
	teams.Desk
}

// SurfaceOptions are what a surface gets besides the environment.
type SurfaceOptions struct {
	Desk     Desk
	Log      *slog.Logger
	Now      func() time.Time // nil means time.Now
	Sweep    time.Duration    // between two searches for missed messages; 0 means the surface's default
	LinkKeys [][]byte         // HMAC keys of links to the surface's own pages: the first signs, all verify
	ReadOnly bool             // the surface must change nothing, not even join a channel
}

// Surfaces lists the chats that agents can work in. What else a new one needs is in docs/adding-a-surface.md.
func Surfaces() []SurfaceSpec {
	return []SurfaceSpec{
		{Kind: kindSlack, Name: "Slack", Named: func(e Env) bool { return e.hasChat(kindSlack) }, New: newSlack},
		{Kind: kindTeams, Name: "Microsoft Teams", Named: func(e Env) bool { return e.hasChat(kindTeams) }, New: newTeams},
	}
}

func newSlack(e Env, o SurfaceOptions) (bridge.Surface, error) {
	return slack.New(slack.Options{BotToken: e.SlackBotToken, AppToken: e.SlackAppToken, SigningSecret: e.SlackSigningSecret,
		APIURL: e.SlackAPIURL, Rate: e.SlackRate, Desk: o.Desk, Log: o.Log, Now: o.Now, ReadOnly: o.ReadOnly, SweepInterval: o.Sweep})
}

func newTeams(e Env, o SurfaceOptions) (bridge.Surface, error) {
	t := e.Teams
	return teams.New(teams.Options{
		AppID:         t.AppID,
		AppPassword:   t.AppPassword,
		TenantID:      t.TenantID,
		LoginURL:      t.LoginURL,
		OpenIDURL:     t.OpenIDURL,
		ServiceURLs:   t.ServiceURLs,
		GraphURL:      t.GraphURL,
		Rate:          t.Rate,
		AllowUnsigned: t.AllowUnsigned,
		PublicURL:     e.PublicURL,
		LinkKeys:      o.LinkKeys,
		Desk:          o.Desk,
		Log:           o.Log,
		Now:           o.Now,
		ReadOnly:      o.ReadOnly,
		SweepInterval: o.Sweep,
	})
}

// opened is a surface with its account.
type opened struct {
	kind    string
	account store.AccountID
	surface bridge.Surface
}

// openSurfaces makes the surfaces that the environment names, each for its account.
func openSurfaces(ctx context.Context, env Env, db *Database, e *engine.Engine, specs []SurfaceSpec, o SurfaceOptions) ([]opened, error) {
	var list []opened
	for _, s := range specs {
		if s.Named != nil && !s.Named(env) {
			continue
		}

		id, err := store.EnsureSurface(ctx, db.Pool, s.Kind)
		if err != nil {
			return nil, err
		}

		own := o
		own.Desk = e.Desk(id)
		own.Log = o.Log.With("surface", s.Kind)
		surface, err := s.New(env, own)
		if err != nil {
			return nil, fmt.Errorf("surface %s: %w", s.Kind, err)
		}

		list = append(list, opened{kind: s.Kind, account: id, surface: surface})
	}

	return list, nil
}
