package app_test

import (
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"parley/bot/slack/slackfake"
	"parley/channels/email/mailfake"
	"parley/cmd/parley/app"
	"parley/cmd/parley/demo"
	"parley/cmd/parley/lab"
	"parley/cmd/parley/site"
	"parley/cmd/parley/site/sitetest"
	"parley/store"
)

// saveCredentials stores a chat's credentials as the page does, in another process than those that run.
func saveCredentials(t *testing.T, db *app.Database, kind string, values map[string]string) {
	t.Helper()
	check(t, store.InTx(t.Context(), db.Pool, func(tx pgx.Tx) error {
		return store.SaveCredential(t.Context(), tx, db.Sealer, store.Credential{Kind: kind, Home: "T0", Author: "ann@acme.test", Values: values})
	}))
}

// forgetCredentials removes a chat's credentials as the page does, in another process than those that run.
func forgetCredentials(t *testing.T, db *app.Database, kind string) {
	t.Helper()
	check(t, store.InTx(t.Context(), db.Pool, func(tx pgx.Tx) error { return store.ForgetCredential(t.Context(), tx, db.Sealer, kind) }))
}

// isInChannel reports whether a text was posted in the team's channel.
func isInChannel(s *slackfake.Server, text string) bool {
	for _, root := range s.Messages(lab.Support) {
		for _, m := range s.Thread(lab.Support, root.TS) {
			if strings.Contains(m.Text+string(m.Blocks), text) {
				return true
			}
		}
	}
	return false
}

// All replicas use the tokens that an admin gave on a page without a restart, on the sign-in page, too. They do so even if
// the process that took the tokens ended before it connected. When a token is revoked, /readyz says so until there is a new
// one. When the tokens are forgotten, the connections end. The log never has a token.
func TestTokensOfThePage(t *testing.T) {
	t.Parallel()
	w := openWorld(t)
	env := environment(t)
	env.SlackAPIURL = w.Slack.APIURL()
	env.SignIn.SlackClientID, env.SignIn.SlackClientSecret = "1.2", "geheim"
	db := openDatabase(t, env)
	tokens := map[string]string{site.SlackBotToken: w.Slack.BotToken(), site.SlackAppToken: w.Slack.AppToken()}
	saveCredentials(t, db, "slack", tokens) // then the process was killed

	var log logged
	a := must(app.New(t.Context(), env, db, slog.New(slog.NewTextHandler(&log, nil)), app.Options{}))(t)
	serve(t, a)
	const sockets = 2 // of each process
	until(t, "the process that starts next connects", func() bool { return w.Slack.Sockets.Count() == sockets })
	other := openDatabase(t, env)
	b := start(t, env, other, app.Options{})
	until(t, "so does its replica", func() bool { return w.Slack.Sockets.Count() == 2*sockets })

	applyFile(t, db, app.Specs(), w.Config(0)+"\n")
	sendMail := func(text string) {
		t.Helper()
		must(w.Mail.Customer("Jane Doe <jane@customer.test>").Send(demoMail(text)))(t)
	}
	sendMail("Is anybody there?")
	until(t, "a mail is a thread", func() bool { return isInChannel(w.Slack, "Is anybody there?") })

	w.Slack.Admin.Uninstall()
	tokens[site.SlackBotToken] = w.Slack.Admin.NewToken()
	sendMail("Hello again?")
	until(t, "/readyz says that Slack is broken", func() bool {
		status, text := ready(t, a)
		return status == http.StatusServiceUnavailable && strings.Contains(text, "slack:")
	})
	saveCredentials(t, db, "slack", tokens)
	until(t, "what waited leaves with the new token", func() bool { return isInChannel(w.Slack, "Hello again?") })
	for _, one := range []*app.App{a, b} {
		until(t, "/readyz says that all works", func() bool { status, _ := ready(t, one); return status == http.StatusOK })
	}
	until(t, "the connections of the former token are gone", func() bool { return w.Slack.Sockets.Count() == 2*sockets })

	forgetCredentials(t, other, "slack")
	until(t, "nobody is connected any more", func() bool { return w.Slack.Sockets.Count() == 0 })
	for _, one := range []*app.App{a, b} {
		until(t, "nobody signs in by Slack any more", func() bool { return !hasButton(t, db, one, "Slack") })
	}
	saveCredentials(t, db, "slack", tokens)
	for _, one := range []*app.App{a, b} {
		until(t, "the button is there again", func() bool { return hasButton(t, db, one, "Slack") })
	}

	for _, secret := range tokens {
		if strings.Contains(log.String(), secret) {
			t.Errorf("the log has a token:\n%s", log.String())
		}
	}
}

// hasButton reports whether the sign-in page of a process has a provider's button.
func hasButton(t *testing.T, db *app.Database, a *app.App, provider string) bool {
	t.Helper()
	return sitetest.At(t, db.Pool, "http://"+a.Address()).Visitor("").Get("/auth/sign-in").Has("Sign in with " + provider)
}

// If the environment has tokens, they are used even if others are stored. Stored tokens are sealed. StoredChats names their
// chat without showing them.
func TestEnvironmentBeforeThePage(t *testing.T) {
	t.Parallel()
	w := openWorld(t)
	env := environment(t)
	env.SlackAPIURL = w.Slack.APIURL()
	db := openDatabase(t, env)
	stored := map[string]string{site.SlackBotToken: "xoxb-stored", site.SlackAppToken: "xapp-stored"}
	saveCredentials(t, db, "slack", stored)
	withTokens := env
	withSlack(&withTokens, w)

	for _, c := range []struct {
		name string
		env  app.Env
		want string
	}{
		{name: "tokens in the environment, too", env: withTokens, want: w.Slack.BotToken()},
		{name: "stored tokens alone", env: env, want: "xoxb-stored"},
	} {
		signedIn, err := db.SignedIn(t.Context(), c.env)
		if err != nil || signedIn.SlackBotToken != c.want {
			t.Errorf("%s: got the token %q, %v; want %q", c.name, signedIn.SlackBotToken, err, c.want)
		}
	}

	var row string
	if err := db.Pool.QueryRow(t.Context(), `SELECT c::text
		FROM chat_credentials AS c`).Scan(&row); err != nil || strings.Contains(row, "xoxb") {
		t.Errorf("the row is %s, %v; want it without the token", row, err)
	}
	notes, err := db.StoredChats(t.Context())
	if err != nil || len(notes) != 1 || !strings.Contains(notes[0], "slack") || strings.Contains(notes[0], "xoxb") {
		t.Errorf("StoredChats: got %q, %v; want one note about slack without the token", notes, err)
	}
}

// An admin types the registration of a bot on the first page. It is tried at Microsoft, and connects Teams if it is right.
// Then the admin chooses the members of a team there.
func TestTeamsOfThePage(t *testing.T) {
	t.Parallel()
	var registration app.TeamsEnv
	w := openTeams(t, func(e *app.Env) {
		registration = e.Teams
		e.Teams.AppID, e.Teams.AppPassword, e.Teams.TenantID = "", "", ""
	})
	applyFile(t, w.db, app.Specs(), `agents: [{email: ann@acme.test, name: Ann Lee, roles: [admin]}]`)
	v := sitetest.At(t, w.db.Pool, "http://"+w.app.Address()).Visitor("ann@acme.test")
	form := func(password string) map[string][]string {
		return map[string][]string{
			site.TeamsAppID:    {registration.AppID},
			site.TeamsTenantID: {registration.TenantID},
			site.TeamsPassword: {password},
		}
	}

	a := v.Post("/settings/first-steps/teams", form("wr0ng-secret"))
	if a.Status != http.StatusUnprocessableEntity || !a.Has("Nothing was kept.") || !a.Has("AADSTS7000215") || a.Has("wr0ng-secret") {
		t.Errorf("a wrong secret: got %d, want %d, Microsoft's code, and the secret not shown:\n%s",
			a.Status, http.StatusUnprocessableEntity, a.Body)
	}
	if a = v.Post("/settings/first-steps/teams", form(registration.AppPassword)); a.Status != http.StatusSeeOther {
		t.Fatalf("the right secret: got %d, want %d:\n%s", a.Status, http.StatusSeeOther, a.Body)
	}

	w.connect(t) // requests of Teams are taken
	if !hasButton(t, w.db, w.app, "Microsoft") {
		t.Error("the sign-in page has no button for Microsoft before the next start")
	}
	a = v.Get("/settings/first-steps")
	if !a.Has("Microsoft Teams is connected with what ann@acme.test gave") || a.Has(registration.AppPassword) {
		t.Errorf("the page doesn't say who connected Teams, or shows the secret:\n%s", a.Body)
	}

	v.Post("/settings/first-steps/team", map[string][]string{"name": {"Night"}, "chat": {"teams"}, "channel": {"#Night shift"}})
	a = v.Get("/settings/first-steps/members?team=Night&chat=teams")
	if !a.Has("Ben Katz") || !a.Has("b.katz@acme.test") {
		t.Fatalf("the page doesn't offer Ben as a member:\n%s", a.Body)
	}
	chosen := a.Forms()[slices.IndexFunc(a.Forms(), func(f sitetest.Form) bool { return f.Values.Has("listed") })].Values
	chosen["user"] = []string{annInEntra, benInEntra}
	a = v.Post("/settings/first-steps/members", chosen)
	if a.Status != http.StatusSeeOther {
		t.Errorf("choose the members: got %d, want %d:\n%s", a.Status, http.StatusSeeOther, a.Body)
	}

	if out := v.Get("/settings/first-steps"); !out.Has("2 agents, who all have a user in a chat.") {
		t.Errorf("the page doesn't say that both agents are known in a chat:\n%s", out.Body)
	}
}

// demoMail is a mail to the company.
func demoMail(text string) mailfake.Mail {
	return mailfake.Mail{To: []string{demo.HelpAddress}, Subject: "Question", Text: text}
}
