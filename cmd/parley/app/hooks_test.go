package app_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"parley/bridge/setup"
	"parley/channels"
	"parley/cmd/parley/app"
)

// cracked is a kind of channel that can't be made.
func cracked() channels.Spec {
	return channels.Spec{Kind: "cracked", Name: "Cracked", Fields: []channels.Field{{Name: "part"}},
		New: func(channels.Account, channels.Env) (channels.Channel, error) {
			return nil, errors.New("a part is missing")
		}}
}

// A provider that calls for an account whose channel isn't open here is asked to call again. After a 404 it would give up
// what a customer wrote.
func TestHookOfAClosedChannel(t *testing.T) {
	t.Parallel()
	env := environment(t)
	db := openDatabase(t, env)
	elsewhere := newDoves().spec()
	elsewhere.Kind = "swan" // a kind of the next version, which another replica runs
	applyFile(t, db, []channels.Spec{newDoves().spec(), cracked(), elsewhere}, `
teams: [{name: T, slack_channel: C1}]
accounts:
  - {name: works, kind: dove, team: T, dove: {number: "111"}}
  - {name: fails, kind: cracked, team: T, cracked: {part: none}}
  - {name: later, kind: swan, team: T, swan: {number: "222"}}`)
	a := start(t, env, db, app.Options{Specs: []channels.Spec{newDoves().spec(), cracked()}})

	tests := []struct {
		name, account  string
		wantStatus     int
		wantRetryAfter string
	}{
		{name: "an open channel", account: "works", wantStatus: http.StatusOK},
		{name: "settings of which no channel can be made", account: "fails", wantStatus: http.StatusServiceUnavailable, wantRetryAfter: "5"},
		{name: "a kind that this version doesn't have", account: "later", wantStatus: http.StatusServiceUnavailable, wantRetryAfter: "5"},
		{name: "the account of a chat", account: "slack", wantStatus: http.StatusNotFound},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			status, body, header := request(t, http.MethodGet, "http://"+a.Address()+"/hooks/"+tt.account+"?challenge=42")
			if status != tt.wantStatus {
				t.Errorf("got %d %s, want %d", status, body, tt.wantStatus)
			}
			if got := header.Get("Retry-After"); got != tt.wantRetryAfter {
				t.Errorf("got Retry-After %q, want %q", got, tt.wantRetryAfter)
			}
		})
	}
}

// An account that was made a moment ago is known when its provider calls for the first time, even within a second.
func TestHookOfANewAccount(t *testing.T) {
	t.Parallel()
	env := environment(t)
	db := openDatabase(t, env)
	specs := []channels.Spec{newDoves().spec()}
	applyFile(t, db, specs, `teams: [{name: T, slack_channel: C1}]`)
	a := start(t, env, db, app.Options{Specs: specs})

	applyFile(t, db, specs, `accounts: [{name: new, kind: dove, team: T, dove: {number: "111"}}]`)
	status, body, _ := request(t, http.MethodGet, "http://"+a.Address()+"/hooks/new?challenge=42")
	isKnown := status == http.StatusOK || status == http.StatusServiceUnavailable
	if !isKnown {
		t.Errorf("got %d %s, want %d, or %d until its channel is open", status, body, http.StatusOK, http.StatusServiceUnavailable)
	}
}

// Settings of which no channel can be made are refused before they are stored.
func TestUnusableSettingsAreRefused(t *testing.T) {
	t.Parallel()
	env := environment(t)
	db := openDatabase(t, env)
	tests := []struct{ name, account, want string }{
		{name: "http with a short secret", account: `kind: http, http: {secret: short, callback_url: "https://shop.test/x"}`,
			want: "http: secret: at least 16 characters"},
		{name: "http without https", account: `kind: http, http: {secret: a-secret-that-is-long, callback_url: "http://shop.test/x"}`,
			want: "http: callback_url: it must be https"},
		{name: "http to a name", account: `kind: http, http: {secret: a-secret-that-is-long, callback_url: shop}`, want: "http: callback_url: write it like"},
		{name: "SMS from a number without +", account: `kind: sms, twilio: {account_sid: AC1, auth_token: t, from: "15550100123"}`,
			want: "twilio: from: a number with +"},
		{name: "WhatsApp by Twilio from a short code",
			account: `kind: twilio_whatsapp, twilio: {account_sid: AC1, auth_token: t, from: "12345"}`, want: "twilio: from: a number with +"},
		{name: "WhatsApp by its number",
			account: `kind: whatsapp, whatsapp: {phone_number_id: "+1555", waba_id: "2", token: t, app_secret: s, verify_token: v}`,
			want:    "whatsapp: phone_number_id: an ID has only digits"},
		{name: "WhatsApp by no version",
			account: `kind: whatsapp, whatsapp: {phone_number_id: "1", waba_id: "2", token: t, app_secret: s, verify_token: v, graph_version: "26"}`,
			want:    "whatsapp: graph_version: write it like v"},
		{name: "Messenger by a page's name", account: `kind: messenger, messenger: {page_id: acme, token: t, app_secret: s, verify_token: v}`,
			want: "messenger: page_id: must be the Page's number"},
		{name: "Messenger by no version",
			account: `kind: messenger, messenger: {page_id: "1", token: t, app_secret: s, verify_token: v, graph_version: latest}`,
			want:    "messenger: graph_version: write it like v"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			file := parse(t, "teams: [{name: T, slack_channel: C1}]\naccounts: [{name: one, team: T, "+tt.account+"}]")
			_, err := setup.Apply(t.Context(), db.Pool, file, setup.Options{Sealer: db.Sealer, Specs: app.Specs(), Operator: true})
			if err == nil || !strings.Contains(err.Error(), "account one: "+tt.want) {
				t.Errorf("got the error %v, want one with %q", err, tt.want)
			}
		})
	}
}
