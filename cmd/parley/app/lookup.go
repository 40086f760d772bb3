package app

import (
	"context"
	"log/slog"

	"parley/bridge"
	"parley/bridge/engine"
)

// Lookup finds channels and people in the chats that agents work in. `parley apply` needs it: parley.yaml names channels
// and agents as people do ("#support", "ann@acme.example"), but Slack and Teams identify them by ids such as C024BE91L.
//
// A surface is the code for one kind of chat.
type Lookup struct {
	surface func(kind string) bridge.Surface // nil if there is none of this kind
}

// NewLookup returns a Lookup for all chats that have credentials in the environment or in the database. It opens no
// connection. With readOnly, looking up a channel doesn't make Parley's app join it.
func NewLookup(ctx context.Context, env Env, db *Database, log *slog.Logger, readOnly bool) (*Lookup, error) {
	surfaces := map[string]bridge.Surface{}
	e, err := engine.New(ctx, engine.Options{Pool: db.Pool, Log: log})
	if err != nil {
		return nil, err
	}
	if env, err = db.SignedIn(ctx, env); err != nil {
		return nil, err
	}

	list, err := openSurfaces(ctx, env, db, e, Surfaces(), SurfaceOptions{Log: log, ReadOnly: readOnly})
	if err != nil {
		return nil, err
	}

	for _, s := range list {
		surfaces[s.kind] = s.surface
	}

	return &Lookup{func(kind string) bridge.Surface { return surfaces[kind] }}, nil
}

// Resolve returns the id of the channel "#name" in the chat of this kind; "" if there is no such channel or chat.
func (l *Lookup) Resolve(ctx context.Context, kind, channel string) (string, error) {
	if s := l.surface(kind); s != nil {
		return s.Resolve(ctx, channel)
	}
	return "", nil
}

// Find returns the user with an e-mail address in the chat of this kind; "" if there is no such user or chat.
func (l *Lookup) Find(ctx context.Context, kind, email string) (bridge.SurfaceUser, error) {
	if s := l.surface(kind); s != nil {
		return s.Lookup(ctx, email)
	}
	return "", nil
}

// Surfaces returns the surfaces by kind, for `parley doctor`.
func (l *Lookup) Surfaces() map[string]any {
	list := map[string]any{}
	for _, spec := range Surfaces() {
		if s := l.surface(spec.Kind); s != nil {
			list[spec.Kind] = s
		}
	}
	return list
}
