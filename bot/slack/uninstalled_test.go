package slack

import (
	"slices"
	"testing"

	slackapi "github.com/slack-go/slack"

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

// When a connection opens, people are told that Slack works again.
func TestReportAfterReconnect(t *testing.T) {
	t.Parallel()
	w := newConnectedWorld(t)
	wantEqual(t, "status", w.reconnect().Status, channels.Active)
}

// If the bot token has expired, Slack still opens connections by the app-level token. They don't count as a sign that
// Slack works.
func TestReconnectWithExpiredToken(t *testing.T) {
	t.Parallel()
	w := newConnectedWorld(t)
	w.fake.Inject(slackfake.Fault{Method: "auth.test", Kind: slackfake.FaultError, Error: "token_expired"})
	wantWords(t, w.reconnectInVain().Text, "token_expired")
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

// If Slack opens no connection for another reason, people aren't told that it is because of the app-level token.
func TestConnectionRefusedForAWhile(t *testing.T) {
	t.Parallel()
	w := newConnectedWorld(t)
	w.fake.Inject(slackfake.Fault{Method: "apps.connections.open", Kind: slackfake.FaultError, Error: "team_added_to_org"})
	wantEqual(t, "what people are told", w.reconnectInVain().Text, "Slack can't take it now (team_added_to_org).")
}

// While another connection is open, people aren't told of one that Slack refuses, because everything that people type
// arrives.
func TestSecondConnectionRefused(t *testing.T) {
	t.Parallel()
	w := newDoublyConnectedWorld(t)
	w.desk.Wait(t, "a connection is known to be open", func() bool { open, _ := w.surface.Connections(); return open > 0 })
	w.surface.connections.reportNotOpened(slackapi.SlackErrorResponse{Err: "missing_scope"})
	for _, c := range w.desk.Reports() {
		wantEqual(t, "status", c.Status, channels.Active)
	}
}
