package teamsfake_test

import (
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"parley/bot/teams/teamsfake"
)

// Without the right to read messages, the bot only gets messages that mention it. With it, the bot gets all messages.
func TestMentionRule(t *testing.T) {
	w := newWorld(t, teamsfake.Options{})
	root := w.postCard(card(textBlock("hello")))

	w.srv.Entra.SetRSC(false)
	must(w.ann.Reply(tickets, root, "between us"))(t)
	must(w.ann.Reply(tickets, root, "<@bot> resolve <@"+ben+"> please"))(t)

	g := w.waitRequest("message")
	a := g.body
	wantField(t, a, "text", "<at>Parley</at>\u00a0resolve <at>Ben Ode</at>\u00a0please\n")
	wantField(t, a, "from.aadObjectId", ann)
	wantField(t, a, "conversation.id", tickets+";messageid="+root)
	wantField(t, a, "replyToId", root)
	wantField(t, a, "entities.0.mentioned.id", w.srv.BotID())
	wantField(t, a, "entities.1.text", "<at>Ben Ode</at>")
	wantField(t, a, "attachments.0.content", `<p><at id="0">Parley</at>&nbsp;resolve <at id="1">Ben Ode</at>&nbsp;please</p>`)
	wantField(t, a, "channelData.channel.id", tickets)
	wantEqual(t, "X-Ms-Tenant-Id", g.header.Get("X-Ms-Tenant-Id"), w.srv.TenantID())
	wantEqual(t, "X-Ms-Conversation-Id", g.header.Get("X-Ms-Conversation-Id"), tickets+";messageid="+root)

	w.srv.Entra.SetRSC(true)
	must(w.ann.Reply(tickets, root, "1 < 2 & **bold** <at>Parley</at>"))(t)
	a = w.waitActivity("message")
	wantField(t, a, "text", "1 < 2 & bold <at>Parley</at>")
	wantField(t, a, "attachments.0.content", "<p>1 &lt; 2 &amp; <strong>bold</strong> &lt;at&gt;Parley&lt;/at&gt;</p>")
	w.waitFor("nothing pending", func() bool { return w.srv.Activities.Pending() == 0 })
}

// Teams sends an activity again if the bot fails, and gives up after some attempts.
func TestRedelivery(t *testing.T) {
	w := newWorld(t, teamsfake.Options{RetryDelays: []time.Duration{time.Millisecond, time.Millisecond}})
	var calls atomic.Int64
	w.bot.setAnswer(func(obj) (int, any) {
		if calls.Add(1) < 3 {
			return http.StatusServiceUnavailable, nil
		}
		return http.StatusOK, nil
	})

	id := must(w.ann.Post(teamsfake.Post{Channel: tickets, Text: "hello"}))(t)
	for range 3 {
		wantField(t, w.waitActivity("message"), "id", id)
	}
	w.waitFor("nothing pending", func() bool { return w.srv.Activities.Pending() == 0 })
	if lost := w.srv.Activities.Lost(); len(lost) != 0 {
		t.Errorf("lost are %+v, want none", lost)
	}

	calls.Store(-100) // more failures than there are attempts
	id = must(w.ann.Post(teamsfake.Post{Channel: tickets, Text: "hello"}))(t)
	w.waitFor("a loss", func() bool { return len(w.srv.Activities.Lost()) == 1 })
	wantEqual(t, "lost activity", w.srv.Activities.Lost()[0].ID, id)
	wantEqual(t, "reason of the loss", w.srv.Activities.Lost()[0].Reason, "503")
}
