package teams

import "testing"

// TestEdgeCases are the cases of the protocol reference, section 8. Keys, tokens and bodies
// (21, and most of 28) are also tested where they are checked: bot/teams/auth, bot/teams/inbound.
func TestEdgeCases(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		test func(*testing.T)
	}{
		{"01 mentions", edgeMentions}, {"02 forged mention", edgeForged}, {"03 space behind a mention", edgeSpaces}, {"04 nothing but a mention", edgeNothing},
		{"05 reply without a mention", edgeUnmentioned}, {"06 mention elsewhere", edgeElsewhere}, {"07 the same twice", edgeTwice}, {"08 edits", edgeEdits}, {"09 deletion", edgeDeletion},
		{"10 two click at once", edgeTwoClicks}, {"11 stale card", edgeStale}, {"12 old client", edgeOldClient}, {"13 refresh", edgeRefresh}, {"14 dialog handed in late", edgeLateDialog}, {"15 text and card", edgeTextAndCard},
		{"16 throttled", edgeThrottled}, {"17 stored, then 502", edgeStored}, {"18 removed and added again", edgeRemoved}, {"19 channels come and go", edgeChannels}, {"20 service address", edgeService},
		{"21 keys", edgeKeys}, {"22 hostile text", edgeHostile}, {"23 strangers", edgeStrangers}, {"24 private channel", edgePrivate}, {"25 targeted", edgeTargeted},
		{"26 message of a foreign thread", edgeForeignThread}, {"27 files and nothing else", edgeFilesOnly}, {"28 what nobody expects", edgeUnexpected},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.test(t)
		})
	}
}
