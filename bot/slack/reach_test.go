package slack

import (
	"errors"
	"testing"

	"parley/bot/slack/slackfake"
	"parley/channels"
)

// Slack can be reached, whatever it answers; one that gives no answer can't, and one that has revoked the token
// refuses us.
//
func TestReach(t *testing.T) {
	t.Parallel()
	st := newStage(t, false)
	for name, tt := range map[string]struct {
		fault          slackfake.Fault
		there, refused bool
	}{
		"as ever":     {slackfake.Fault{Method: "none"}, true, false},
		"too often":   {slackfake.Fault{Method: "auth.test", Kind: slackfake.FaultRateLimit, Retry: 1}, true, false},
		"an outage":   {slackfake.Fault{Method: "auth.test", Kind: slackfake.FaultHTTP}, false, false},
		"no answer":   {slackfake.Fault{Method: "auth.test", Kind: slackfake.FaultDrop}, false, false},
		"not ours":    {slackfake.Fault{Method: "auth.test", Kind: slackfake.FaultError, Error: "token_revoked"}, false, true},
		"no such app": {slackfake.Fault{Method: "auth.test", Kind: slackfake.FaultError, Error: "account_inactive"}, false, true},
	} {
		st.fake.ClearFaults()
		st.fake.Inject(tt.fault)
		err := st.s.Reach(t.Context())
		var se *channels.SendError
		if refused := errors.As(err, &se) && se.Class == channels.AuthBroken; (err == nil) != tt.there || refused != tt.refused {
			t.Errorf("%s: %v", name, err)
		}
	}
}
