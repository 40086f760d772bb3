package slackfake_test

import (
	"net/url"
	"testing"

	"parley/bot/slack/slackfake"
)

// A scope is a permission of the app. These tests check that each call is refused without its scope. world
// (helper_test.go) is an emulated workspace with Ann, Ben and the channel #support, and clients of the app.

// scopedCall is a call that needs a scope.
type scopedCall struct {
	method string
	args   url.Values
	scope  string
}

// scopedCalls are calls for all scopes that the emulator knows. newScopeWorld has what they ask for.
func scopedCalls() []scopedCall {
	return []scopedCall{
		{method: "chat.postMessage", args: args("channel", "C0SUPPORT1", "text", "x"), scope: "chat:write"},
		{method: "conversations.history", args: args("channel", "C0SUPPORT1"), scope: "channels:history"},
		{method: "conversations.history", args: args("channel", "C0SECRET01"), scope: "groups:history"},
		{method: "conversations.info", args: args("channel", "C0SUPPORT1"), scope: "channels:read"},
		{method: "conversations.info", args: args("channel", "C0SECRET01"), scope: "groups:read"},
		{method: "conversations.list", args: args("types", "private_channel"), scope: "groups:read"},
		{method: "conversations.join", args: args("channel", "C0SUPPORT1"), scope: "channels:join"},
		{method: "conversations.open", args: args("users", "U0ANN00001"), scope: "im:write"},
		{method: "users.info", args: args("user", "U0ANN00001"), scope: "users:read"},
		{method: "users.lookupByEmail", args: args("email", "ann@acme.test"), scope: "users:read.email"},
		{method: "files.getUploadURLExternal", args: args("filename", "a", "length", "1"), scope: "files:write"},
	}
}

// newScopeWorld starts a workspace with a private channel in which the bot is. The app hears no events.
func newScopeWorld(t *testing.T) *world {
	t.Helper()
	return newWorld(t, slackfake.Options{Events: []string{}, Channels: []slackfake.Channel{
		{ID: "C0SECRET01", Name: "secret", Private: true, Members: []string{"U0FAKEBOT01"}},
	}})
}

func TestCallWithoutItsScopeIsRefused(t *testing.T) {
	t.Parallel()
	w := newScopeWorld(t)
	w.srv.Admin.SetScopes("commands")
	for _, c := range scopedCalls() {
		t.Run(c.method+" with "+c.scope, func(t *testing.T) {
			_, _, body := w.call(c.method, w.srv.BotToken(), c.args)
			wantFields(t, c.method, body, dict{"error": "missing_scope", "needed": c.scope, "provided": "commands"})
		})
	}
}
