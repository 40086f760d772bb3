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

// SurfaceSpec describes a kind of surface. A surface is the code for a chat in which agents work, such as Slack: it posts
// customers' messages into threads, and passes what agents type to the engine.
type SurfaceSpec struct {
	Kind string // "slack", as in the database and in parley.yaml
	Name string // "Slack"

	// Named reports whether an Env has credentials for this surface; nil means that it needs none.
	Named func(Env) bool

	// New makes the surface. It opens no connection.
	New func(Env, SurfaceOptions) (bridge.Surface, error)
}

// Desk is the part of the engine that surfaces call, for example when an agent has typed a reply.
type Desk = teams.Desk // it asks for the most

// SurfaceOptions are the options of a new surface beyond those in Env.
type SurfaceOptions struct {
	Desk     Desk
	Log      *slog.Logger
	Now      func() time.Time // nil means time.Now
	Sweep    time.Duration    // time between two searches for missed messages; 0 means the surface's default
	LinkKeys [][]byte         // HMAC keys of links to the surface's own pages: the first one signs, all verify
	ReadOnly bool             // the surface must change nothing, not even join a channel
}

// Surfaces returns all kinds of surfaces. docs/adding-a-surface.md says how to add one.
func Surfaces() []SurfaceSpec {
	return []SurfaceSpec{
		{Kind: kindSlack, Name: "Slack", Named: func(e Env) bool { return e.hasChat(kindSlack) }, New: newSlack},
		{Kind: kindTeams, Name: "Microsoft Teams", Named: func(e Env) bool { return e.hasChat(kindTeams) }, New: newTeams},
	}
}

func newSlack(e Env, o SurfaceOptions) (bridge.Surface, error) {
	return slack.New(slack.Options{
		BotToken:      e.SlackBotToken,
		AppToken:      e.SlackAppToken,
		SigningSecret: e.SlackSigningSecret,
		APIURL:        e.SlackAPIURL,
		Rate:          e.SlackRate,
		Desk:          o.Desk,
		Log:           o.Log,
		Now:           o.Now,
		ReadOnly:      o.ReadOnly,
		SweepInterval: o.Sweep,
	})
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

// opened is a surface with the id of its account, which is the row of the database that represents the chat.
type opened struct {
	kind    string
	account store.AccountID
	surface bridge.Surface
}

// openSurfaces makes a surface, and if necessary its account, for each of specs that env has credentials for. o lacks the
// Desk, which differs by account.
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
