package slack

import (
	"testing"

	"parley/channels"
)

// reconnect has Slack renew all connections, as it does from time to time, and waits for what people are told then.
func (st *stage) reconnect() channels.Condition {
	st.t.Helper()
	before := len(st.desk.Reports())
	st.fake.Sockets.Disconnect("refresh_requested")
	st.desk.Wait(st.t, "a report", func() bool { return len(st.desk.Reports()) > before })
	return st.desk.Reports()[before]
}

// After the app was removed from the workspace Slack still opens connections. That doesn't mean that Slack works.
func TestReconnectAfterUninstall(t *testing.T) {
	t.Parallel()
	st := newConnectedStage(t)
	st.fake.Admin.Uninstall()
	st.waitAcknowledged() // people are told before that
	wantEqual(t, "status after the removal", st.desk.Status(), channels.Broken)
	got := st.reconnect()
	wantEqual(t, "status", got.Status, channels.Broken)
	wantWords(t, got.Text, "refuses our token")
}

// A connection that opens tells that Slack works again.
func TestReportAfterReconnect(t *testing.T) {
	t.Parallel()
	st := newConnectedStage(t)
	wantEqual(t, "status", st.reconnect().Status, channels.Active)
}
