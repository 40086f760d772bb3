package app

import (
	"context"
	"log/slog"

	"parley/bot/web/openid"
	"parley/cmd/parley/consent"
	"parley/cmd/parley/inspect"
)

// SetUpChats are the chats that are set up, as Examine is told of them.
type SetUpChats struct {
	Surfaces map[string]any // by kind
	Fault    error          // why they could not be found out; nil if they could
}

// Examine checks database, credentials, mailboxes and chats, and says what to do. It changes nothing.
func (db *Database) Examine(ctx context.Context, env Env, chats SetUpChats, log *slog.Logger) (inspect.Report, error) {
	options := inspect.Options{
		Pool:          db.Pool,
		Sealer:        db.Sealer,
		Specs:         Specs(),
		Surfaces:      chats.Surfaces,
		SurfacesFault: chats.Fault,
		Outside:       env.Outside,
		Log:           log,
	}
	if db.Sealer != nil {
		options.Grant = consent.New(db.Pool, db.Sealer, env.OAuth, log).ConsentOf
	}

	bucket, err := env.Objects.Connect()
	if err != nil {
		return inspect.Report{}, err
	}
	if bucket != nil {
		options.Objects = bucket
	}

	model, err := NewModel(ctx, env, log)
	if err != nil {
		return inspect.Report{}, err
	}
	if model != nil {
		options.Model = model
		defer func() { _ = model.Close() }()
	}
	for _, provider := range env.Providers("") {
		if provider.Kind == openid.Any { // the others are examined with their chats
			options.SignIn = provider
		}
	}
	if db.IsEmbedded() {
		options.Backups = BackupFolder(env)
	}

	return inspect.Doctor(ctx, options), nil
}
