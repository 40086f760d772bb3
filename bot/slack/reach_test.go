package slack

import (
	"testing"

	"parley/bot/slack/slackfake"
	"parley/channels"
)

// Slack counts as reachable if it answers, whatever that is. If it has revoked the token, it refuses us.
//
func TestReach(t *testing.T) {
	t.Parallel()
	st := newStage(t)
	authTest := func(f slackfake.Fault) slackfake.Fault {
		f.Method = "auth.test"
		return f
	}
	for name, tt := range map[string]struct {
		fault slackfake.Fault
		err   string // wanted: "", "not reached" or "refused"
	}{
		"no fault":            {fault: slackfake.Fault{Method: "none"}},
		"too many calls":      {fault: authTest(slackfake.Fault{Kind: slackfake.FaultRateLimit, Retry: 1})},
		"an outage":           {fault: authTest(slackfake.Fault{Kind: slackfake.FaultHTTP}), err: "not reached"},
		"no answer":           {fault: authTest(slackfake.Fault{Kind: slackfake.FaultDrop}), err: "not reached"},
		"a token of the past": {fault: authTest(slackfake.Fault{Kind: slackfake.FaultError, Error: "token_revoked"}), err: "refused"},
		"no such app":         {fault: authTest(slackfake.Fault{Kind: slackfake.FaultError, Error: "account_inactive"}), err: "refused"},
	} {
		st.fake.ClearFaults()
		st.fake.Inject(tt.fault)
		got := ""
		if err := st.surface.Reach(t.Context()); channels.ClassOf(err) == channels.AuthBroken {
			got = "refused"
		} else if err != nil {
			got = "not reached"
		}
		wantEqual(t, name, got, tt.err)
	}
}
