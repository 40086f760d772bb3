package fact

import "testing"

// TestRevokedTokens: only the token of the bot counts. A person may take back what they allowed the app themselves, such as
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
		if a := testSelf().SplitEvent(KindEvent, callbackOf(event)); a.Revoked != want || len(a.Facts) != 0 {
			t.Errorf("%s: %q, facts %v", event, a.Revoked, a.Facts)
		}
	}
}
