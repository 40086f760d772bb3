package slackfake_test

import (
	"testing"

	"github.com/slack-go/slack"

	"parley/bot/slack/slackfake"
)

// TestManageChannels does with the API what administrators do by hand.
func TestManageChannels(t *testing.T) {
	t.Parallel()
	w := newWorld(t, slackfake.Options{})
	do := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	ch, err := w.api.CreateConversationContext(w.ctx, slack.CreateConversationParams{ChannelName: "vip"})
	do(err)
	_, err = w.api.CreateConversationContext(w.ctx, slack.CreateConversationParams{ChannelName: "vip"})
	refused(t, err, "name_taken")
	_, err = w.api.CreateConversationContext(w.ctx, slack.CreateConversationParams{ChannelName: "V I P"})
	refused(t, err, "invalid_name_specials")
	_, err = w.api.InviteUsersToConversationContext(w.ctx, ch.ID, w.ann.ID(), w.ben.ID())
	do(err)
	_, err = w.api.InviteUsersToConversationContext(w.ctx, ch.ID, w.ann.ID())
	refused(t, err, "already_in_channel")
	do(w.api.KickUserFromConversationContext(w.ctx, ch.ID, w.ben.ID()))
	refused(t, w.api.KickUserFromConversationContext(w.ctx, ch.ID, w.srv.BotUserID()), "cant_kick_self")
	got, err := w.api.SetTopicOfConversationContext(w.ctx, ch.ID, "help here")
	do(err)
	if got.Topic.Value != "help here" {
		t.Errorf("topic = %+v", got.Topic)
	}
	if _, err = w.api.SetPurposeOfConversationContext(w.ctx, ch.ID, "helping"); err != nil {
		t.Fatal(err)
	}
	if got, err = w.api.RenameConversationContext(w.ctx, ch.ID, "vips"); err != nil || got.Name != "vips" {
		t.Errorf("rename = %+v, %v", got, err)
	}
	do(w.api.ArchiveConversationContext(w.ctx, ch.ID))
	refused(t, w.api.ArchiveConversationContext(w.ctx, ch.ID), "already_archived")
	do(w.api.UnArchiveConversationContext(w.ctx, ch.ID))
	_, err = w.api.LeaveConversationContext(w.ctx, ch.ID)
	do(err)
	gone, err := w.api.LeaveConversationContext(w.ctx, ch.ID)
	if err != nil || !gone {
		t.Errorf("leave twice = %v, %v", gone, err)
	}
	if _, err = w.api.GetUserProfileContext(w.ctx, &slack.GetUserProfileParameters{UserID: w.ann.ID()}); err != nil {
		t.Error(err)
	}
	if _, err = w.api.GetUserPresenceContext(w.ctx, w.ann.ID()); err != nil {
		t.Error(err)
	}
	if _, err = w.api.SendAuthRevokeContext(w.ctx, w.srv.BotToken()); err != nil {
		t.Error(err)
	}
	_, err = w.api.AuthTestContext(w.ctx)
	refused(t, err, "account_inactive")
}
