package slack

import (
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
