package slackfake_test

import (
	"testing"

	"github.com/slack-go/slack"
	"github.com/slack-go/slack/slackevents"

	"parley/bot/slack/slackfake"
)

// TestConversationRoundTrip walks the path that every helpdesk takes.
func TestConversationRoundTrip(t *testing.T) {
	t.Parallel()
	w := newWorld(t, slackfake.Options{})
	auth := must(w.api.AuthTestContext(w.ctx))(t)
	if auth.UserID != w.srv.BotUserID() || auth.TeamID != w.srv.TeamID() || auth.BotID != w.srv.BotID() {
		t.Errorf("auth.test = %+v", auth)
	}
	if auth.Header.Get("X-OAuth-Scopes") == "" {
		t.Error("auth.test must name the granted scopes in a header")
	}
	a := w.listen(nil)
	root := w.post("customer writes")
	reply := w.say(w.ann, root, "On our way, *soon*")

	for {
		ev, raw := a.inner("message")
		m := ev.InnerEvent.Data.(*slackevents.MessageEvent)
		if m.TimeStamp == root {
			if raw["bot_id"] != w.srv.BotID() || raw["app_id"] != w.srv.AppID() {
				t.Errorf("own echo lacks ids: %v", raw)
			}
			continue
		}
		if m.TimeStamp != reply || m.ThreadTimeStamp != root || m.User != w.ann.ID() || m.Text != "On our way, *soon*" {
			t.Errorf("reply event = %v", raw)
		}
		break
	}
	if _, _, _, err := w.api.UpdateMessageContext(w.ctx, w.ch, root, slack.MsgOptionText("changed", false)); err != nil {
		t.Fatal(err)
	}
	a.message("message_changed")
	msgs, _, _, err := w.api.GetConversationRepliesContext(w.ctx, &slack.GetConversationRepliesParameters{ChannelID: w.ch, Timestamp: root})
	if err != nil || len(msgs) != 2 || msgs[0].Text != "changed" || msgs[0].ReplyCount != 1 || msgs[0].LatestReply != reply {
		t.Errorf("replies = %+v, %v", msgs, err)
	}
	if th := w.srv.Thread(w.ch, root); len(th) != 2 || th[1].User != w.ann.ID() {
		t.Errorf("thread = %+v", th)
	}
}
