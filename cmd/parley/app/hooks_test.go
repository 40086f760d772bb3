package app_test

import (
	"errors"
	"net/http"
	"testing"

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
