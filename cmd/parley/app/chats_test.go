package app_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"

	"parley/bot/slack/slackfake"
	"parley/bridge"
	"parley/bridge/bridgetest"
	"parley/channels/email/mailfake"
	"parley/cmd/parley/app"
	"parley/cmd/parley/demo/outside"
	"parley/cmd/parley/lab"
	"parley/cmd/parley/site"
	"parley/cmd/parley/site/sitetest"
	"parley/store"
	"parley/store/credential"
)

// pastes stores credentials as the page does, in another process than those that run.
func pastes(t *testing.T, db *app.Database, kind string, values map[string]string) {
	t.Helper()
	err := store.InTx(t.Context(), db.Pool, func(tx pgx.Tx) error {
		return credential.Save(t.Context(), tx, db.Sealer, credential.Credential{Kind: kind, Home: "T0", Author: "ann@acme.test", Values: values})
	})
	if err != nil {
		t.Fatal(err)
	}
}

// inChannel reports whether a text was posted in the team's channel.
func inChannel(s *slackfake.Server, text string) bool {
	for _, root := range s.Messages(lab.Support) {
		for _, m := range s.Thread(lab.Support, root.TS) {
			if strings.Contains(m.Text+string(m.Blocks), text) {
				return true
			}
		}
	}
	return false
}

// TestTokensOfThePage: what an admin gave is used by all replicas without a restart, on the sign-in page too, also when
// the process that took it ended before it connected; a revoked token is told, a new one takes its place, and what is forgotten ends the
// connection. The log never has a token.
func TestTokensOfThePage(t *testing.T) {
	t.Parallel()
	w := openWorld(t)
	env := environment(t)
	env.SlackAPIURL = w.Slack.APIURL()
	env.SignIn.SlackClientID, env.SignIn.SlackClientSecret = "1.2", "geheim"
	db := openDatabase(t, env)
	tokens := map[string]string{site.SlackBotToken: w.Slack.BotToken(), site.SlackAppToken: w.Slack.AppToken()}
	pastes(t, db, "slack", tokens) // and the process was killed
	var log logged
	a, err := app.New(t.Context(), env, db, slog.New(slog.NewTextHandler(&log, nil)), app.Options{})
	if err != nil {
		t.Fatal(err)
	}
	serve(t, a)
	until(t, "the process that starts next connects", func() bool { return w.Slack.Sockets.Count() == 2 })
	other := openDatabase(t, env)
	b := start(t, env, other, app.Options{})
	until(t, "so does its replica", func() bool { return w.Slack.Sockets.Count() == 4 })
	set(t, db, app.Specs(), w.Config(0)+"\n")
	says := func(text string) {
		t.Helper()
		if _, err := w.Mail.Customer("Jane Doe <jane@customer.test>").Send(demoMail(text)); err != nil {
			t.Fatal(err)
		}
	}
	says("Is anybody there?")
	until(t, "a mail is a thread", func() bool { return inChannel(w.Slack, "Is anybody there?") })

	w.Slack.Admin.Uninstall()
	tokens[site.SlackBotToken] = w.Slack.Admin.NewToken()
	says("Hello again?")
	until(t, "the revoked token is told", func() bool {
		status, text := ready(t, a)
		return status == http.StatusServiceUnavailable && strings.Contains(text, "slack:")
	})
	pastes(t, db, "slack", tokens)
	until(t, "what waited leaves with the new one", func() bool { return inChannel(w.Slack, "Hello again?") })
	for _, one := range []*app.App{a, b} {
		until(t, "all is well again", func() bool { status, _ := ready(t, one); return status == http.StatusOK })
	}
	until(t, "the links of the former token are gone", func() bool { return w.Slack.Sockets.Count() == 4 })

	err = store.InTx(t.Context(), other.Pool, func(tx pgx.Tx) error { return credential.Forget(t.Context(), tx, db.Sealer, "slack") })
	if err != nil {
		t.Fatal(err)
	}
	until(t, "nobody is connected any more", func() bool { return w.Slack.Sockets.Count() == 0 })
	for _, one := range []*app.App{a, b} {
		until(t, "nobody signs in by Slack any more", func() bool { return !hasButton(t, db, one, "Slack") })
	}
	pastes(t, db, "slack", tokens)
	for _, one := range []*app.App{a, b} {
		until(t, "the button is there again", func() bool { return hasButton(t, db, one, "Slack") })
	}
	for _, secret := range tokens {
		if strings.Contains(log.String(), secret) {
			t.Error("the log has a token")
		}
	}
}

// snail is a chat that takes its time to end.
type snail struct {
	bridge.Surface
	kind *snails
}

// snails are what a chat was made to, one after the other.
type snails struct {
	made, began chan string
	running     atomic.Int32
	mayEnd      chan struct{}
}

// Run implements bridge.Surface.
func (s *snail) Run(ctx context.Context) error {
	s.kind.began <- fmt.Sprint(s.kind.running.Add(1), " at once")
	<-ctx.Done()
	<-s.kind.mayEnd
	s.kind.running.Add(-1)
	return nil
}

// A chat that was taken away, and is connected again before it has ended, begins when it has: two at once would tell
// the engine of each other's gaps as of their own, so that a reply left which nobody had looked at again.
func TestTakenAwayAndBack(t *testing.T) {
	t.Parallel()
	chat := bridgetest.NewChat(t)
	kind := &snails{made: make(chan string, 10), began: make(chan string, 10), mayEnd: make(chan struct{})}
	mayEnd := sync.OnceFunc(func() { close(kind.mayEnd) })
	spec := app.SurfaceSpec{Kind: "slack", Name: "Slack", Named: func(e app.Env) bool { return e.SlackBotToken != "" },
		New: func(e app.Env, o app.SurfaceOptions) (bridge.Surface, error) {
			kind.made <- e.SlackBotToken
			return &snail{bridgetest.NewSurface(chat.URL(), o.Desk, 0), kind}, nil
		}}
	env := environment(t)
	db := openDatabase(t, env)
	connects := func(token string) {
		t.Helper()
		pastes(t, db, "slack", map[string]string{site.SlackBotToken: token, site.SlackAppToken: "xapp-1"})
		if made := receives(t, kind.made, "it is made"); made != token {
			t.Errorf("made with %s, not %s", made, token)
		}
	}
	a := start(t, env, db, app.Options{Surfaces: []app.SurfaceSpec{spec}})
	t.Cleanup(mayEnd)
	connects("xoxb-1")
	receives(t, kind.began, "it is connected")
	account, err := store.EnsureSurface(t.Context(), db.Pool, "slack")
	if err != nil {
		t.Fatal(err)
	}
	err = store.InTx(t.Context(), db.Pool, func(tx pgx.Tx) error { return credential.Forget(t.Context(), tx, db.Sealer, "slack") })
	if err != nil {
		t.Fatal(err)
	}
	until(t, "it is taken away", func() bool { return a.Engine().Surface(account) == nil })
	connects("xoxb-2")
	connects("xoxb-3") // so the second was begun, if it waits for nobody
	mayEnd()
	if began := receives(t, kind.began, "the latest is connected"); began != "1 at once" {
		t.Errorf("it ran with others: %s", began)
	}
}

// hasButton reports whether the sign-in page of a process has a provider's button.
func hasButton(t *testing.T, db *app.Database, a *app.App, provider string) bool {
	t.Helper()
	return sitetest.At(t, db.Pool, "http://"+a.Address()).Visitor("").Get("/auth/sign-in").Has("Sign in with " + provider)
}

// TestEnvironmentBeforeThePage: tokens of the environment are used even when others are stored, doctor asks with those
// that count, and a parley.yaml that is exported has none.
func TestEnvironmentBeforeThePage(t *testing.T) {
	t.Parallel()
	w := openWorld(t)
	env := environment(t)
	env.SlackAPIURL = w.Slack.APIURL()
	db := openDatabase(t, env)
	stored := map[string]string{site.SlackBotToken: "xoxb-stored", site.SlackAppToken: "xapp-stored"}
	pastes(t, db, "slack", stored)
	with := env
	withSlack(&with, w)
	for name, c := range map[string]struct {
		env  app.Env
		want string
	}{"the environment's": {with, w.Slack.BotToken()}, "those stored": {env, "xoxb-stored"}} {
		signedIn, err := db.SignedIn(t.Context(), c.env)
		if err != nil || signedIn.SlackBotToken != c.want {
			t.Errorf("%s: %v, or another token", name, err)
		}
	}
	var raw []byte
	if err := db.Pool.QueryRow(t.Context(), `SELECT convert_to(c::text, 'UTF8') FROM chat_credentials AS c`).Scan(&raw); err != nil || bytes.Contains(raw, []byte("xoxb")) {
		t.Errorf("stored as %s, %v", raw, err)
	}
	notes, err := db.StoredChats(t.Context())
	if err != nil || len(notes) != 1 || !strings.Contains(notes[0], "slack") || strings.Contains(notes[0], "xoxb") {
		t.Errorf("%q, %v", notes, err)
	}
}

// TestTeamsOfThePage: the registration of a bot is tried at Microsoft on the page, and connects Teams when it is right.
func TestTeamsOfThePage(t *testing.T) {
	t.Parallel()
	var named app.TeamsEnv
	w := openTeams(t, func(e *app.Env) {
		named = e.Teams
		e.Teams.AppID, e.Teams.AppPassword, e.Teams.TenantID = "", "", ""
	})
	set(t, w.db, app.Specs(), `agents: [{email: ann@acme.test, name: Ann Lee, roles: [admin]}]`)
	v := sitetest.At(t, w.db.Pool, "http://"+w.app.Address()).Visitor("ann@acme.test")
	form := func(password string) map[string][]string {
		return map[string][]string{site.TeamsAppID: {named.AppID}, site.TeamsTenantID: {named.TenantID}, site.TeamsPassword: {password}}
	}
	a := v.Post("/settings/first-steps/teams", form("wr0ng-secret"))
	if a.Status != http.StatusUnprocessableEntity || !a.Has("Nothing was kept.") || !a.Has("AADSTS7000215") || a.Has("wr0ng-secret") {
		t.Errorf("a wrong secret: %d %s", a.Status, a.Body)
	}
	if a = v.Post("/settings/first-steps/teams", form(named.AppPassword)); a.Status != http.StatusSeeOther {
		t.Fatalf("the right one: %d %s", a.Status, a.Body)
	}
	w.connect(t) // requests of Teams are taken
	if !hasButton(t, w.db, w.app, "Microsoft") {
		t.Error("nobody can sign in by Microsoft until the next start")
	}
	a = v.Get("/settings/first-steps")
	if !a.Has("Microsoft Teams is connected with what ann@acme.test gave") || a.Has(named.AppPassword) {
		t.Errorf("the page says:\n%s", a.Body)
	}
	v.Post("/settings/first-steps/team", map[string][]string{"name": {"Night"}, "chat": {"teams"}, "channel": {"#Night shift"}})
	a = v.Get("/settings/first-steps/members?team=Night&chat=teams")
	if !a.Has("Ben Katz") || !a.Has("b.katz@acme.test") {
		t.Fatalf("the members are:\n%s", a.Body)
	}
	chosen := a.Forms()[slices.IndexFunc(a.Forms(), func(f sitetest.Form) bool { return f.Values.Has("listed") })].Values
	chosen["user"] = []string{annInEntra, benInEntra}
	a = v.Post("/settings/first-steps/members", chosen)
	if a.Status != http.StatusSeeOther {
		t.Errorf("%d %s", a.Status, a.Body)
	}
	if out := v.Get("/settings/first-steps"); !out.Has("2 agents, all known in a chat.") {
		t.Errorf("the page says:\n%s", out.Body)
	}
}

func demoMail(text string) mailfake.Mail {
	return mailfake.Mail{To: []string{outside.HelpAddress}, Subject: "Question", Text: text}
}
