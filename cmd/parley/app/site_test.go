package app_test

import (
	"strings"
	"testing"

	"parley/cmd/parley/app"
)

// Tokens that an admin types on the first page are tried at Slack itself, before Parley has any.
func TestTypedTokens(t *testing.T) {
	t.Parallel()
	w := openWorld(t)
	env := environment(t)
	env.SlackAPIURL = w.Slack.APIURL()
	db := openDatabase(t, env)
	a := start(t, env, db, app.Options{})
	for _, c := range []struct {
		bot, app string
		want     string // what is wrong; "" if nothing
	}{
		{w.Slack.BotToken(), w.Slack.AppToken(), ""},
		{"xoxb-made-up", w.Slack.AppToken(), "bot token"},
		{w.Slack.BotToken(), "xapp-made-up", "app-level token"},
		{w.Slack.BotToken(), "", "Slack"},
	} {
		wrong := ""
		for _, f := range a.CheckSlack(t.Context(), c.bot, c.app) {
			if !f.OK {
				wrong += f.What
			}
			if (f.Hint == "") != f.OK || strings.Contains(f.Text+f.Hint, c.bot) {
				t.Errorf("%+v", f)
			}
		}
		if wrong != c.want {
			t.Errorf("%s, %s: %q is wrong, want %q", c.bot, c.app, wrong, c.want)
		}
	}
}
