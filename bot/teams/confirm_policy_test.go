package teams

import (
	"testing"

	"parley/bridge"
)

// A reply that the organisation's data loss prevention blocks in Teams, for people outside or for everybody, must not
// leave. It may leave if its sender was only warned, or has lifted the block.
func TestConfirmFindsABlock(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		policy map[string]string
		want   bridge.Confirmation
	}{
		{name: "blocked", policy: map[string]string{"dlpAction": "BlockAccess"}, want: bridge.Blocked},
		{name: "with a tip", policy: map[string]string{"dlpAction": "notifySender,blockAccess", "userAction": "none"}, want: bridge.Blocked},
		{name: "for those outside", policy: map[string]string{"dlpAction": "blockAccessExternal"}, want: bridge.Blocked},
		{name: "told about", policy: map[string]string{"dlpAction": "notifySender"}, want: bridge.Unchanged},
		{name: "lifted", policy: map[string]string{"dlpAction": "blockAccess", "userAction": "Override"}, want: bridge.Unchanged},
		{name: "reported in vain", policy: map[string]string{
			"dlpAction": "blockAccess", "userAction": "reportFalsePositive", "verdictDetails": "allowOverrideWithJustification",
		}, want: bridge.Blocked},
		{name: "reported, which lifts it", policy: map[string]string{
			"dlpAction": "blockAccess", "userAction": "reportFalsePositive", "verdictDetails": "allowFalsePositiveOverride",
		}, want: bridge.Unchanged},
		{name: "judged no more", policy: nil, want: bridge.Unchanged},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w, reply := newReplyWorld(t)
			noError(t, w.fake.Admin.Judge(w.channel, reply.Place.Message, tt.policy))
			w.wantConfirmed(tt.name, reply, tt.want)
		})
	}
}
