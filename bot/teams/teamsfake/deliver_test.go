package teamsfake_test

import (
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"parley/bot/teams/teamsfake"
)

func TestInstallation(t *testing.T) {
	w := newServer(t, teamsfake.Options{})
	w.bot = listen(t)
	if err := w.srv.Admin.Connect(w.ctx, w.bot.url); err != nil {
		t.Fatal(err)
	}
	a := w.next("conversationUpdate")
	want(t, a, "membersAdded.0.id", "28:"+w.srv.AppID())
	want(t, a, "recipient.id", "28:"+w.srv.AppID())
	want(t, a, "channelData.team.aadGroupId", group)
	a = w.next("installationUpdate")
	want(t, a, "action", "add")
	want(t, a, "conversation.id", team)
	want(t, a, "serviceUrl", w.srv.ServiceURL())
	if err := w.srv.Admin.Uninstall(w.ctx, team); err != nil {
		t.Fatal(err)
	}
	want(t, w.next("conversationUpdate"), "membersRemoved.0.id", "28:"+w.srv.AppID())
	want(t, w.next("installationUpdate"), "action", "remove")
	w.bot.answers(func(obj) (int, any) { return http.StatusUnauthorized, nil })
	if err := w.srv.Admin.Install(w.ctx, team); err == nil || !strings.Contains(err.Error(), "401") {
		t.Errorf("a bot that refuses: %v", err)
	}
}

func TestMentionRule(t *testing.T) {
	w := newWorld(t, teamsfake.Options{})
	root := w.start(card(textBlock("hello")))
	w.srv.Entra.SetRSC(false)
	must(w.ann.Reply(tickets, root, "between us"))(t)
	must(w.ann.Reply(tickets, root, "<@bot> resolve <@"+ben+"> please"))(t)
	g := w.nextRequest("message")
	a := g.body
	want(t, a, "text", "<at>Parley</at>\u00a0resolve <at>Ben Ode</at>\u00a0please\n")
	want(t, a, "from.aadObjectId", ann)
	want(t, a, "conversation.id", tickets+";messageid="+root)
	want(t, a, "replyToId", root)
	want(t, a, "entities.0.mentioned.id", w.srv.BotID())
	want(t, a, "entities.1.text", "<at>Ben Ode</at>")
	want(t, a, "attachments.0.content", `<p><at id="0">Parley</at>&nbsp;resolve <at id="1">Ben Ode</at>&nbsp;please</p>`)
	want(t, a, "channelData.channel.id", tickets)
	if g.header.Get("X-Ms-Tenant-Id") != w.srv.TenantID() || g.header.Get("X-Ms-Conversation-Id") != tickets+";messageid="+root {
		t.Errorf("headers: %v", g.header)
	}
	w.srv.Entra.SetRSC(true)
	must(w.ann.Reply(tickets, root, "1 < 2 & **bold** <at>Parley</at>"))(t)
	a = w.next("message")
	want(t, a, "text", "1 < 2 & bold <at>Parley</at>")
	want(t, a, "attachments.0.content", "<p>1 &lt; 2 &amp; <strong>bold</strong> &lt;at&gt;Parley&lt;/at&gt;</p>")
	if w.srv.Activities.Pending() != 0 {
		w.until("nothing pending", func() bool { return w.srv.Activities.Pending() == 0 })
	}
}

func TestChangesArePushed(t *testing.T) {
	w := newWorld(t, teamsfake.Options{})
	root := w.start(card(textBlock("hello")))
	id := must(w.ann.Reply(tickets, root, "one"))(t)
	w.next("message")
	for _, err := range []error{
		w.ann.Edit(tickets, id, "two"), w.ann.Delete(tickets, id), w.ann.Undelete(tickets, id),
		w.ben.React(tickets, id, "heart"), w.ann.React(tickets, root, "like"), w.ann.Unreact(tickets, root, "like"),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	a := w.next("messageUpdate")
	want(t, a, "id", id)
	want(t, a, "text", "two")
	want(t, a, "channelData.eventType", "editMessage")
	a = w.next("messageDelete")
	want(t, a, "id", id)
	want(t, a, "text", nil)
	want(t, a, "channelData.eventType", "softDeleteMessage")
	a = w.next("messageUpdate")
	want(t, a, "channelData.eventType", "undeleteMessage")
	want(t, a, "text", "two")
	a = w.next("messageReaction") // of those to a person's message, the bot is not told
	want(t, a, "reactionsAdded.0.type", "like")
	want(t, a, "replyToId", root)
	want(t, a, "conversation.id", tickets)
	want(t, w.next("messageReaction"), "reactionsRemoved.0.type", "like")
	if err := w.ben.Edit(tickets, id, "x"); err == nil {
		t.Error("somebody else edited")
	}
}

func TestRedelivery(t *testing.T) {
	w := newWorld(t, teamsfake.Options{RetryDelays: []time.Duration{time.Millisecond, time.Millisecond}})
	var calls atomic.Int64
	w.bot.answers(func(obj) (int, any) {
		if calls.Add(1) < 3 {
			return http.StatusServiceUnavailable, nil
		}
		return http.StatusOK, nil
	})
	id := must(w.ann.Post(teamsfake.Post{Channel: tickets, Text: "hello"}))(t)
	for range 3 {
		want(t, w.next("message"), "id", id)
	}
	w.until("nothing pending", func() bool { return w.srv.Activities.Pending() == 0 })
	if lost := w.srv.Activities.Lost(); len(lost) != 0 {
		t.Errorf("lost: %+v", lost)
	}
	calls.Store(-100)
	id = must(w.ann.Post(teamsfake.Post{Channel: tickets, Text: "hello"}))(t)
	w.until("a loss", func() bool { return len(w.srv.Activities.Lost()) == 1 })
	if lost := w.srv.Activities.Lost()[0]; lost.ID != id || lost.Reason != "503" {
		t.Errorf("lost: %+v", lost)
	}
}

// A bot that takes longer than Teams waits gets the activity again.
func TestSlowBot(t *testing.T) {
	w := newWorld(t, teamsfake.Options{RedeliverAfter: 500 * time.Millisecond, RetryDelays: slices.Repeat([]time.Duration{time.Millisecond}, 20)})
	release := make(chan struct{})
	var calls atomic.Int64
	w.bot.answers(func(obj) (int, any) {
		if calls.Add(1) == 1 {
			<-release
		}
		return http.StatusOK, nil
	})
	id := must(w.ann.Post(teamsfake.Post{Channel: tickets, Text: "hello"}))(t)
	want(t, w.next("message"), "id", id)
	close(release)
	want(t, w.next("message"), "id", id)
}
