package slack

import "testing"

// Slack reports revoked tokens, and only the bot's one matters: a person may revoke a permission, such as to sign in with
// Slack, while the app stays. A report that doesn't say which tokens were revoked may mean the bot's.
func TestRevokedTokens(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		event string
		want  string // the event by which we lost our token; "" if we have it
	}{
		{name: "of the app", event: `{"type":"app_uninstalled"}`, want: "app_uninstalled"},
		{name: "of the bot", event: `{"type":"tokens_revoked","tokens":{"bot":["UBOT"]}}`, want: "tokens_revoked"},
		{name: "of the bot and a person", event: `{"type":"tokens_revoked","tokens":{"oauth":["UANN"],"bot":["UBOT"]}}`, want: "tokens_revoked"},
		{name: "of a person", event: `{"type":"tokens_revoked","tokens":{"oauth":["UANN"]}}`},
		{name: "of a person and of no bot", event: `{"type":"tokens_revoked","tokens":{"oauth":["UANN"],"bot":[]}}`},
		{name: "not said of whom", event: `{"type":"tokens_revoked"}`, want: "tokens_revoked"},
		{name: "said in another form", event: `{"type":"tokens_revoked","tokens":"all"}`, want: "tokens_revoked"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			split := testSelf().SplitEvent(KindEvent, factCallbackOf(tt.event))
			wantEqual(t, "revoked by", split.Revoked, tt.want)
			wantEqual(t, "facts", len(split.Facts), 0)
		})
	}
}
