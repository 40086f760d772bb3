package slack

import (
	"net"
	"syscall"
	"testing"

	"parley/bot/slack/slackfake"
	"parley/channels"
)

// breakAuthTest injects a fault into auth.test, the method by which Reach finds out whether Slack answers.
func (w *world) breakAuthTest(f slackfake.Fault) {
	f.Method = "auth.test"
	w.fake.Inject(f)
}

// Slack counts as reachable if it answers, even if it asks for fewer calls.
// Requirement R-274: An inbox in the browser.
func TestSlackIsReached(t *testing.T) {
	t.Parallel()
	noError(t, newWorld(t).surface.Reach(t.Context()))
}

// Requirement R-274: An inbox in the browser.
func TestSlackIsReachedAlthoughItAsksForFewerCalls(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.breakAuthTest(slackfake.Fault{Kind: slackfake.FaultRateLimit, Retry: 1})
	noError(t, w.surface.Reach(t.Context()))
}

// Requirement R-274: An inbox in the browser.
func TestSlackIsNotReached(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		fault slackfake.Fault
	}{
		{name: "an outage", fault: slackfake.Fault{Kind: slackfake.FaultHTTP}},
		{name: "no answer", fault: slackfake.Fault{Kind: slackfake.FaultDrop}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.breakAuthTest(tt.fault)

			err := w.surface.Reach(t.Context())
			if err == nil {
				t.Fatal("Slack is reached, want an error")
			}
			if class := channels.ClassOf(err); class == channels.AuthBroken {
				t.Errorf("got error %v of class %s, want another class", err, class)
			}
		})
	}
}

// If Slack answers but doesn't accept our token any more, the error says that.
// Requirement R-274: An inbox in the browser.
func TestSlackRefusesUs(t *testing.T) {
	t.Parallel()
	for _, code := range []string{"token_revoked", "account_inactive"} {
		t.Run(code, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.breakAuthTest(slackfake.Fault{Kind: slackfake.FaultError, Error: code})
			err := w.surface.Reach(t.Context())
			wantEqual(t, "class of the error", channels.ClassOf(err), channels.AuthBroken)
		})
	}
}

// While Slack can't be asked, doctor doesn't say that Slack refused the token. Otherwise people would make new tokens
// in vain.
func TestCheckWithoutSlackBlamesNoToken(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]slackfake.Fault{
		"no connection": {Kind: slackfake.FaultDrop}, "busy": {Kind: slackfake.FaultError, Error: "service_unavailable"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.breakAuthTest(fault)
			found := w.surface.Check(t.Context())
			wantEqual(t, "findings", len(found), 1)
			wantWords(t, found[0].Text, "can't be asked now")
			wantWords(t, found[0].Hint, "network")
		})
	}
}

// If no connection can be made, people are told to check the network.
func TestNoConnectionIsReportedWithAHint(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.surface.connections.reportError(&net.OpError{Op: "dial", Err: syscall.ECONNREFUSED})
	wantWords(t, w.desk.Reports()[0].Hint, "Check the network")
}

// The token of an app that was installed for a whole Enterprise organisation belongs to no workspace, so Parley can't
// tell whose messages it gets. Check and a report say so.
func TestTokenOfAnOrganisation(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(_ *Options, f *slackfake.Options) { f.TeamID = "E0ACME" })
	found := w.surface.Check(t.Context())
	wantEqual(t, "findings", len(found), 1)
	wantEqual(t, "it is as it should be", found[0].OK, false)
	wantWords(t, found[0].Text, "whole Enterprise organisation")

	_, err := w.surface.Workspace(t.Context())
	if err == nil {
		t.Fatal("its workspace is known, want an error")
	}

	w.surface.connections.reportError(err)
	told := w.desk.Reports()
	wantEqual(t, "number of reports", len(told), 1)
	wantWords(t, told[0].Text, "whole Enterprise organisation")
}
