package app_test

import (
	"context"
	"log/slog"
	"testing"

	"parley/bridge/setup"
	"parley/channels"
	"parley/cmd/parley/app"
	"parley/cmd/parley/demo"
	"parley/store/storetest"
)

// environment is that of a Parley with a database and a folder of its own.
func environment(t *testing.T) app.Env {
	t.Helper()
	return app.Env{DatabaseURL: storetest.Reused(t).Config().ConnString(), Data: t.TempDir(), Listen: "127.0.0.1:0", PublicURL: "https://help.acme.test"}
}

// openWorld makes emulators of everything around Parley, until the test ends.
func openWorld(t *testing.T) *demo.Company {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background()) // Parley ends before what it talks to
	t.Cleanup(cancel)
	w := must(demo.New(ctx, demo.CompanyOptions{}))(t)
	t.Cleanup(func() { _ = w.Close() })
	return w
}

// withSlack lets agents work in the world's Slack.
func withSlack(env *app.Env, w *demo.Company) {
	env.SlackBotToken, env.SlackAppToken, env.SlackAPIURL = w.Slack.BotToken(), w.Slack.AppToken(), w.Slack.APIURL()
}

func openDatabase(t *testing.T, env app.Env) *app.Database {
	t.Helper()
	db := must(app.OpenDatabase(t.Context(), env, slog.New(slog.DiscardHandler), func(string) {}))(t)
	t.Cleanup(db.Close)
	check(t, db.Migrate(t.Context(), env))
	return db
}

func parse(t *testing.T, text string) *setup.File {
	t.Helper()
	return must(setup.Parse([]byte(text), func(name string) (string, bool) { return shopSecret, name == "SHOP_SECRET" }))(t)
}

// applyFile applies a set-up file.
func applyFile(t *testing.T, db *app.Database, specs []channels.Spec, text string) {
	t.Helper()
	must(setup.Apply(t.Context(), db.Pool, parse(t, text), setup.Options{Sealer: db.Sealer, Specs: specs, Operator: true}))(t)
}

// start runs Parley until the test ends.
func start(t *testing.T, env app.Env, db *app.Database, o app.Options) *app.App {
	t.Helper()
	a := must(app.New(t.Context(), env, db, slog.New(slog.DiscardHandler), o))(t)
	serve(t, a)
	return a
}

// serve runs what is made already until the test ends.
func serve(t *testing.T, a *app.App) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- a.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}
