package site_test

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"parley/channels"
	"parley/cmd/parley/site"
	"parley/cmd/parley/site/sitetest"
	"parley/store"
)

const onlyAnn = `agents: [{email: ann@acme.test, name: Ann Lee, roles: [admin]}]`

// channelsOf is a chat that knows its channels and people.
type channelsOf map[string]string

func (c channelsOf) Resolve(_ context.Context, _, channel string) (string, error) {
	return c[channel], nil
}

func (c channelsOf) Find(_ context.Context, _, email string) (string, error) { return c[email], nil }

// The steps from an empty Parley to the first thread; what is done stays done.
func TestFirstSteps(t *testing.T) {
	t.Parallel()
	asked, chat := "", channelsOf{"#support": "C0SUPPORT"}
	s := sitetest.Start(t, onlyAnn, func(o *site.Options) {
		o.Chats = []site.Chat{{Kind: "slack", Name: "Slack"}}
		o.Lookup = chat
		o.CheckSlack = func(_ context.Context, bot, app string) []channels.Finding {
			asked = bot + " " + app
			return []channels.Finding{{OK: true, What: "bot token", Text: "belongs to Parley in Acme"},
				{What: "scopes", Text: "missing: files:write", Hint: "Update the app."}}
		}
	})
	b := s.Browser("ann@acme.test")
	b.Open("/settings/first-steps")
	b.Shows("Slack is connected.")
	b.Shows("Not known in Slack")
	b.Looks("first-steps-begin")
	b.Value("String(document.querySelector('details').open = true)")
	b.Write("#f-bot_token", "xoxb-tops3cret")
	b.Write("#f-app_token", "xapp-tops3cret")
	b.Press(`form[action$="/slack"] button`)
	b.Shows("missing: files:write")
	b.Looks("first-steps-tokens")
	if asked != "xoxb-tops3cret xapp-tops3cret" || strings.Contains(b.Value("document.documentElement.outerHTML"), "tops3cret") {
		t.Errorf("asked with %q, or the page shows a token", asked)
	}
	b.Write("#f-channel", "#suport")
	b.Press(`form[action$="/team"] button`)
	b.Shows("no such channel")
	b.Write("#f-channel", "#support")
	b.Press(`form[action$="/team"] button`)
	b.Shows("The team Support has its channel.")

	b.Press(`form[action$="/agents"] button`)
	b.Shows("Nobody was found.")
	chat["ann@acme.test"] = "U0ANN"
	b.Press(`form[action$="/agents"] button`)
	b.Shows("1 found.")
	b.Shows("1 agent, who is known in a chat.")

	s.Apply(`accounts: [{name: help, kind: email, team: Support, mode: watch, email: {address: help@acme.test, oauth: google}}]`)
	b.Open("/settings/first-steps")
	b.Shows("Write a mail to help@acme.test")
	accounts, err := store.ListAccounts(t.Context(), s.Pool)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Pool.Exec(t.Context(), `INSERT INTO events (account_id, external_id, order_key, payload, size_bytes) VALUES ($1, 'm1', 'k', 'x', 1)`, accounts[len(accounts)-1].ID); err != nil {
		t.Fatal(err)
	}
	b.Press(`a.button[href="/settings/first-steps"]`)
	b.Shows("Something has arrived.")
	b.Looks("first-steps-end")
}

// The app's descriptions are files that Slack and Teams take.
func TestFirstStepsFiles(t *testing.T) {
	t.Parallel()
	s := sitetest.Start(t, onlyAnn, func(o *site.Options) { o.BaseURL = "https://help.acme.test" })
	v := s.Visitor("ann@acme.test")
	a := v.Get("/settings/first-steps/slack-manifest.json")
	if a.Header.Get("Content-Disposition") != `attachment; filename="parley-slack-manifest.json"` || !json.Valid([]byte(a.Body)) || !a.Has("socket_mode_enabled") {
		t.Errorf("%v %s", a.Header, a.Body)
	}
	a = v.Get("/settings/first-steps/teams-app.zip?app_id=00000000-0000-0000-0000-000000000001")
	if _, err := zip.NewReader(bytes.NewReader([]byte(a.Body)), int64(len(a.Body))); err != nil || a.Status != http.StatusOK {
		t.Errorf("%d, %v", a.Status, err)
	}
	if a = v.Get("/settings/first-steps/teams-app.zip?app_id=" + url.QueryEscape("<b>x")); a.Status != http.StatusUnprocessableEntity || a.Has("<b>x") {
		t.Errorf("%d %s", a.Status, a.Body)
	}
}
