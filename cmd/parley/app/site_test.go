package app_test

import (
	"strings"
	"testing"

	"parley/cmd/parley/app"
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
