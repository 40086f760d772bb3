package app_test

import (
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"parley/cmd/parley/app"
	"parley/cmd/parley/site/sitetest"
)

// Tokens that an admin types on the first page are tried at Slack itself, before Parley has any. Each finding that is wrong
// has a hint, and none shows a token.
func TestTypedTokens(t *testing.T) {
	t.Parallel()
	w := openWorld(t)
	env := environment(t)
	env.SlackAPIURL = w.Slack.APIURL()
	db := openDatabase(t, env)
	a := start(t, env, db, app.Options{})

	for _, c := range []struct {
		name, bot, app string
		want           string // what is wrong; "" if nothing
	}{
		{name: "both right", bot: w.Slack.BotToken(), app: w.Slack.AppToken()},
		{name: "a wrong bot token", bot: "xoxb-made-up", app: w.Slack.AppToken(), want: "bot token"},
		{name: "a wrong app token", bot: w.Slack.BotToken(), app: "xapp-made-up", want: "app-level token"},
		{name: "no app token", bot: w.Slack.BotToken(), want: "Slack"},
	} {

		wrong := ""
		for _, f := range a.CheckSlack(t.Context(), c.bot, c.app) {
			if !f.OK {
				wrong += f.What
			}
			if hasHint := f.Hint != ""; hasHint == f.OK {
				t.Errorf("%s: got %+v, want a hint only for what is wrong", c.name, f)
			}
			if strings.Contains(f.Text+f.Hint, c.bot) {
				t.Errorf("%s: %+v shows the token", c.name, f)
			}
		}
		if wrong != c.want {
			t.Errorf("%s: got %q as wrong, want %q", c.name, wrong, c.want)
		}
	}
}

// If a proxy puts Parley below a folder, webhooks still come in, but the pages of the site lead out of the folder. The log
// says so.
func TestSiteBelowAFolder(t *testing.T) {
	t.Parallel()
	env := environment(t)
	env.PublicURL = "https://acme.test/help"
	var log logged
	must(app.New(t.Context(), env, openDatabase(t, env), slog.New(slog.NewTextHandler(&log, nil)), app.Options{}))(t)
	if got := log.String(); !strings.Contains(got, "PARLEY_PUBLIC_URL has a path") {
		t.Errorf("the log has %q, want a warning of the path", got)
	}
}

// Who opens the bare public address comes to the site. What else isn't there stays unknown.
func TestBareAddressLeadsToTheSite(t *testing.T) {
	t.Parallel()
	env := environment(t)
	db := openDatabase(t, env)
	a := start(t, env, db, app.Options{})
	v := sitetest.At(t, db.Pool, "http://"+a.Address()).Visitor("")

	if got := v.Get("/"); got.Status != http.StatusSeeOther || got.Header.Get("Location") != "/settings" {
		t.Errorf("GET /: got %d to %q, want %d to /settings", got.Status, got.Header.Get("Location"), http.StatusSeeOther)
	}
	if got := v.Get("/nowhere"); got.Status != http.StatusNotFound {
		t.Errorf("GET /nowhere: got %d, want %d", got.Status, http.StatusNotFound)
	}
	if got := v.Post("/", nil); got.Status != http.StatusNotFound {
		t.Errorf("POST /: got %d, want %d", got.Status, http.StatusNotFound)
	}
}
