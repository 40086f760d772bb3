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
	wantEqual(t, "user of auth.test", auth.UserID, w.srv.BotUserID())
	wantEqual(t, "workspace of auth.test", auth.TeamID, w.srv.TeamID())
	wantEqual(t, "bot of auth.test", auth.BotID, w.srv.BotID())
	wantEqual(t, "auth.test names the granted scopes", auth.Header.Get("X-OAuth-Scopes") != "", true)
	a := w.listen(nil)
	root := w.postAsBot("customer writes")
	reply := w.postAs(w.ann, root, "On our way, *soon*")

	// The app hears of its own message and of the reply.
	echo := dict{"ts": root, "bot_id": w.srv.BotID(), "app_id": w.srv.AppID()}
	wantFields(t, "the echo of the bot's own message", a.waitMessage(""), echo)
	ev, _ := a.waitInner("message")
	m := ev.InnerEvent.Data.(*slackevents.MessageEvent)
	wantEqual(t, "time stamp of the reply", m.TimeStamp, reply)
	wantEqual(t, "thread of the reply", m.ThreadTimeStamp, root)
	wantEqual(t, "author of the reply", m.User, w.ann.ID())
	wantEqual(t, "text of the reply", m.Text, "On our way, *soon*")

	// It changes its message, and reads the thread.
	_, _, _, err := w.api.UpdateMessageContext(w.ctx, w.ch, root, slack.MsgOptionText("changed", false))
	noError(t, err)
	a.waitMessage("message_changed")
	msgs := w.replies(root, 2)
	wantEqual(t, "text of the root", msgs[0].Text, "changed")
	wantEqual(t, "replies that the root counts", msgs[0].ReplyCount, 1)
	wantEqual(t, "last reply that the root names", msgs[0].LatestReply, reply)
	if th := w.srv.Thread(w.ch, root); len(th) != 2 || th[1].User != w.ann.ID() {
		t.Errorf("the workspace has the thread %+v, want the root and Ann's reply", th)
	}
}
