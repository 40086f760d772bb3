package slack

import (
	"slices"
	"testing"

	"parley/bot/slack/slackfake"
	"parley/channels"
)

// These tests check what people are told when an admin has removed the app, when a token has expired, and when
// Slack opens no connection.

// reconnect has Slack renew all connections, as it does from time to time. It waits for the next report to people.
func (w *world) reconnect() channels.Condition {
	w.t.Helper()
	before := len(w.desk.Reports())
	w.fake.Sockets.Disconnect("refresh_requested")
	w.desk.Wait(w.t, "a report", func() bool { return len(w.desk.Reports()) > before })
	return w.desk.Reports()[before]
}

// reconnectInVain has Slack renew all connections, and waits until people are told that something is broken.
func (w *world) reconnectInVain() channels.Condition {
	w.t.Helper()
	w.fake.Sockets.Disconnect("refresh_requested")
	isBroken := func(c channels.Condition) bool { return c.Status == channels.Broken }
	w.desk.Wait(w.t, "a broken condition", func() bool { return slices.ContainsFunc(w.desk.Reports(), isBroken) })
	return w.desk.Reports()[slices.IndexFunc(w.desk.Reports(), isBroken)]
}

// After the app was removed from the workspace, Slack still opens connections. They don't count as a sign that Slack
// works.
func TestReconnectAfterUninstall(t *testing.T) {
	t.Parallel()
	w := newConnectedWorld(t)
	w.fake.Admin.Uninstall()
	w.waitAcknowledged() // people are told before that
	wantEqual(t, "status after the removal", w.desk.Status(), channels.Broken)

	got := w.reconnect()
	wantEqual(t, "status", got.Status, channels.Broken)
	wantWords(t, got.Text, "refuses our token")
}

// If Slack refuses the app-level token and opens no connection, nothing that people type arrives. People are told so,
// and which token it is.
func TestAppTokenRefused(t *testing.T) {
	t.Parallel()
	for _, code := range []string{
		"missing_scope", // slack-go tries again by itself
		"invalid_auth",  // slack-go gives up
	} {
		t.Run(code, func(t *testing.T) {
			t.Parallel()
			w := newConnectedWorld(t)
			w.fake.Inject(slackfake.Fault{Method: "apps.connections.open", Kind: slackfake.FaultError, Error: code})
			got := w.reconnectInVain()
			wantWords(t, got.Text, "app-level token", code)
			wantWords(t, got.Hint, "connections:write")
		})
	}
}
