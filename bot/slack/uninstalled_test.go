package slack

import (
	"testing"

	"parley/channels"
)

// reconnect has Slack renew all connections, as it does from time to time, and waits for what people are told then.
func (w *world) reconnect() channels.Condition {
	w.t.Helper()
	before := len(w.desk.Reports())
	w.fake.Sockets.Disconnect("refresh_requested")
	w.desk.Wait(w.t, "a report", func() bool { return len(w.desk.Reports()) > before })
	return w.desk.Reports()[before]
}

// After the app was removed from the workspace Slack still opens connections. That doesn't mean that Slack works.
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

// A connection that opens tells that Slack works again.
func TestReportAfterReconnect(t *testing.T) {
	t.Parallel()
	w := newConnectedWorld(t)
	wantEqual(t, "status", w.reconnect().Status, channels.Active)
}
