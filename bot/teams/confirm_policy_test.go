package teams

import (
	"context"
	"errors"
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

// A blocked reply that was deleted counts as deleted.
func TestConfirmFindsADeletionBehindABlock(t *testing.T) {
	t.Parallel()
	w, reply := newReplyWorld(t)
	noError(t, w.fake.Admin.Judge(w.channel, reply.Place.Message, map[string]string{"dlpAction": "blockAccess"}))
	noError(t, w.ann.Delete(w.channel, reply.Place.Message))
	w.wantConfirmed("deleted", reply, bridge.Gone)
}

// downDesk is a desk that can't tell now which posts are ours.
type downDesk struct{ *fakeDesk }

func (downDesk) IsOwnPost(context.Context, bridge.Place) (bool, error) { return false, errDown }

// A reply that Graph shows as blocked doesn't leave either if something else about it can't be found out now.
func TestConfirmFindsABlockBesideAFault(t *testing.T) {
	t.Parallel()
	w, reply := newReplyWorld(t)

	noError(t, w.fake.Admin.Judge(w.channel, reply.Place.Message, map[string]string{"dlpAction": "blockAccess"}))
	o := w.surface.opt
	o.Desk = downDesk{w.desk}
	s, err := New(o)
	noError(t, err)

	got, err := s.Confirm(w.ctx(), reply.Place, reply.Text)
	if !errors.Is(err, errDown) {
		t.Errorf("Confirm returns the error %v, want %v", err, errDown)
	}
	wantEqual(t, "confirmation", got, bridge.Blocked)
}
