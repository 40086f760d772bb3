package app

import (
	"context"
	"log/slog"

	"parley/bot/web/openid"
	"parley/cmd/parley/operate"
)

// SetUpChats are the configured chats, or the error with which they could not be determined.
type SetUpChats struct {
	Surfaces map[string]any // the code that talks to each chat, by kind, such as "slack"
	Fault    error          // nil if Surfaces is complete
}

// Examine runs the checks of `parley doctor`: it checks the database, credentials, mailboxes and chats, and reports what
// to do about each problem: see inspect.Doctor. The Sealer may be nil; the report then says that there is no key.
// Errors: the object store or the model is configured wrongly.
func (db *Database) Examine(ctx context.Context, env Env, chats SetUpChats, log *slog.Logger) (operate.InspectReport, error) {
	options := operate.Options{
		Pool:          db.Pool,
		Sealer:        db.Sealer,
		Specs:         Specs(),
		Surfaces:      chats.Surfaces,
		SurfacesFault: chats.Fault,
		Outside:       env.Outside,
		Log:           log,
	}
	if db.Sealer != nil {
		options.Grant = operate.New(db.Pool, db.Sealer, env.OAuth, log).ConsentOf
	}

	bucket, err := env.Objects.Connect()
	if err != nil {
		return operate.InspectReport{}, err
	}
	if bucket != nil {
		options.Objects = bucket
	}

	model, err := NewModel(ctx, env, log)
	if err != nil {
		return operate.InspectReport{}, err
	}
	if model != nil {
		options.Model = model
		defer func() { _ = model.Close() }()
	}
	for _, provider := range env.Providers("") {
		if provider.Kind == openid.Any { // Slack and Microsoft are examined with their chats
			options.SignIn = provider
		}
	}

	return operate.Doctor(ctx, options), nil
}
