package fact

import "testing"

// Of tokens that were revoked only that of the bot counts. A person may take back what they allowed the app themselves, such as
// to sign in with Slack, and the app stays.
func TestRevokedTokens(t *testing.T) {
	t.Parallel()
	for event, want := range map[string]string{
		`{"type":"tokens_revoked","tokens":{"oauth":["UANN"],"bot":["UBOT"]}}`: "tokens_revoked",
		`{"type":"tokens_revoked","tokens":{"bot":["UBOT"]}}`:                  "tokens_revoked",
		`{"type":"tokens_revoked","tokens":{"oauth":["UANN"],"bot":[]}}`:       "",
		`{"type":"tokens_revoked","tokens":{"oauth":["UANN"]}}`:                "",
		`{"type":"tokens_revoked"}`:                                            "tokens_revoked",
		`{"type":"tokens_revoked","tokens":"all"}`:                             "tokens_revoked",
		`{"type":"app_uninstalled"}`:                                           "app_uninstalled",
	} {
		split := testSelf().SplitEvent(KindEvent, callbackOf(event))
		wantEqual(t, event+" revokes", split.Revoked, want)
		wantEqual(t, event+": facts", len(split.Facts), 0)
	}
}
