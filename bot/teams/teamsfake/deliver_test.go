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

// The bot is told when its app is installed and when it is removed. If it refuses that, the installation fails.
func TestInstallation(t *testing.T) {
	w := newServer(t, teamsfake.Options{})
	w.bot = listen(t)
	noError(t, w.srv.Admin.Connect(w.ctx, w.bot.url))

	a := w.waitActivity("conversationUpdate")
	wantField(t, a, "membersAdded.0.id", "28:"+w.srv.AppID())
	wantField(t, a, "recipient.id", "28:"+w.srv.AppID())
	wantField(t, a, "channelData.team.aadGroupId", group)
	a = w.waitActivity("installationUpdate")
	wantField(t, a, "action", "add")
	wantField(t, a, "conversation.id", team)
	wantField(t, a, "serviceUrl", w.srv.ServiceURL())

	noError(t, w.srv.Admin.Uninstall(w.ctx, team))
	wantField(t, w.waitActivity("conversationUpdate"), "membersRemoved.0.id", "28:"+w.srv.AppID())
	wantField(t, w.waitActivity("installationUpdate"), "action", "remove")

	w.bot.setAnswer(func(obj) (int, any) { return http.StatusUnauthorized, nil })
	if err := w.srv.Admin.Install(w.ctx, team); err == nil || !strings.Contains(err.Error(), "401") {
		t.Errorf("installing for a bot that answers 401: got %v, want an error that says so", err)
	}
}

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

// The bot is told of edits, deletions and reactions.
func TestChangesArePushed(t *testing.T) {
	w := newWorld(t, teamsfake.Options{})
	root := w.postCard(card(textBlock("hello")))
	id := must(w.ann.Reply(tickets, root, "one"))(t)
	w.waitActivity("message")

	noError(t, w.ann.Edit(tickets, id, "two"))
	noError(t, w.ann.Delete(tickets, id))
	noError(t, w.ann.Undelete(tickets, id))
	noError(t, w.ben.React(tickets, id, "heart"))
	noError(t, w.ann.React(tickets, root, "like"))
	noError(t, w.ann.Unreact(tickets, root, "like"))

	a := w.waitActivity("messageUpdate")
	wantField(t, a, "id", id)
	wantField(t, a, "text", "two")
	wantField(t, a, "channelData.eventType", "editMessage")

	a = w.waitActivity("messageDelete")
	wantField(t, a, "id", id)
	wantField(t, a, "text", nil)
	wantField(t, a, "channelData.eventType", "softDeleteMessage")

	a = w.waitActivity("messageUpdate")
	wantField(t, a, "channelData.eventType", "undeleteMessage")
	wantField(t, a, "text", "two")

	a = w.waitActivity("messageReaction") // the bot isn't told of reactions to a person's message
	wantField(t, a, "reactionsAdded.0.type", "like")
	wantField(t, a, "replyToId", root)
	wantField(t, a, "conversation.id", tickets)
	wantField(t, w.waitActivity("messageReaction"), "reactionsRemoved.0.type", "like")

	if err := w.ben.Edit(tickets, id, "x"); err == nil {
		t.Error("Ben edited Ann's message")
	}
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

// If a bot takes longer than Teams waits, it gets the activity again.
func TestSlowBot(t *testing.T) {
	w := newWorld(t,
		teamsfake.Options{RedeliverAfter: 500 * time.Millisecond, RetryDelays: slices.Repeat([]time.Duration{time.Millisecond}, 20)})
	release := make(chan struct{})
	var calls atomic.Int64
	w.bot.setAnswer(func(obj) (int, any) {
		if calls.Add(1) == 1 {
			<-release
		}
		return http.StatusOK, nil
	})

	id := must(w.ann.Post(teamsfake.Post{Channel: tickets, Text: "hello"}))(t)
	wantField(t, w.waitActivity("message"), "id", id)
	close(release)
	wantField(t, w.waitActivity("message"), "id", id)
}
