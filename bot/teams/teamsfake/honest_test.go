package teamsfake_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"parley/bot/teams/teamsfake"
	"parley/bot/teams/teamsfake/tenant"
)

// Where the app was taken out its cards are dead, and nobody asks the bot.
func TestClickWithoutApp(t *testing.T) {
	w := newWorld(t, teamsfake.Options{})
	body := card(textBlock("hello"))
	body["content"].(obj)["refresh"] = obj{"action": obj{"type": "Action.Execute", "verb": "see"}}
	root := w.start(withActions(body, execute("Go", "go", nil), fetch("Ask")))
	if err := w.srv.Admin.Uninstall(w.ctx, team); err != nil {
		t.Fatal(err)
	}
	w.bot.forget()
	for _, button := range []string{"Go", "Ask"} {
		if _, err := w.ann.Click(w.ctx, tickets, root, button, nil); !errors.Is(err, tenant.ErrNoApp) {
			t.Errorf("%s: %v", button, err)
		}
	}
	if _, err := w.ann.View(w.ctx, tickets, root); !errors.Is(err, tenant.ErrNoApp) {
		t.Errorf("looked: %v", err)
	}
	if n := len(w.bot.all); n != 0 {
		t.Errorf("the bot got %d activities", n)
	}
}

// What only one person sees has no replies and no reactions.
func TestTargetedIsAlone(t *testing.T) {
	w := newWorld(t, teamsfake.Options{})
	u, _ := w.srv.User(ann)
	status, got := w.call("POST", "conversations/"+tickets+"/activities?isTargetedActivity=true",
		obj{"type": "message", "text": "only you", "recipient": obj{"id": u.TeamsID, "isTargeted": true}})
	if status != 201 {
		t.Fatal(status, got)
	}
	id := got["id"].(string)
	if status, got := w.reply(id, obj{"text": "under it"}); status != 404 || code(got) != "ConversationNotFound" {
		t.Errorf("the bot replied: %d %v", status, got)
	}
	if _, err := w.ann.Reply(tickets, id, "under it"); !errors.Is(err, tenant.ErrNoThread) {
		t.Errorf("replied: %v", err)
	}
	if err := w.ann.React(tickets, id, "like"); !errors.Is(err, tenant.ErrNoMessage) {
		t.Errorf("reacted: %v", err)
	}
}

// A private channel is none of the bot's business before the app is added to it.
func TestPrivateChannelIsQuiet(t *testing.T) {
	w := newWorld(t, teamsfake.Options{})
	hush := w.srv.Admin.AddChannel(teamsfake.Channel{Team: team, Name: "hush", Kind: tenant.KindPrivate})
	for _, err := range []error{w.srv.Admin.RenameChannel(hush.ID, "hush hush"), w.srv.Admin.DeleteChannel(hush.ID), w.srv.Admin.RestoreChannel(hush.ID), w.srv.Admin.RenameChannel(tickets, "cases")} {
		if err != nil {
			t.Fatal(err)
		}
	}
	want(t, w.next("conversationUpdate"), "channelData.channel.id", tickets)
}

// A channel is enough to begin a thread in it, and who is there can be asked by a message.
func TestNewerClients(t *testing.T) {
	w := newWorld(t, teamsfake.Options{})
	status, got := w.call("POST", "conversations", obj{"tenantId": w.srv.TenantID(), "channelData": obj{"channel": obj{"id": tickets}}, "activity": obj{"type": "message", "text": "hello"}})
	if status != 201 || len(w.srv.Roots(tickets)) != 1 {
		t.Fatal(status, got)
	}
	root, _ := got["activityId"].(string)
	status, members := w.do("GET", w.srv.ServiceURL()+"v3/conversations/"+conv(tickets, root)+"/activities/"+root+"/members", w.token, "", nil)
	if status != 200 || strings.Count(string(members), "@acme.test") < 2 {
		t.Errorf("%d %s", status, members)
	}
}

// A file of a channel lies in SharePoint: only pasted pictures are the connector's.
func TestAttachmentsArePictures(t *testing.T) {
	w := newWorld(t, teamsfake.Options{})
	id := must(w.ann.Post(teamsfake.Post{Channel: tickets, Text: "look", Files: []teamsfake.NewFile{
		{Name: "a.txt", Data: []byte("text")}, {Name: "b.png", Type: "image/png", Data: []byte("picture"), Image: true}}}))(t)
	for i, status := range []int{404, 200} {
		f := w.srv.Message(tickets, id).Files[i]
		if got, _ := w.do("GET", w.srv.ServiceURL()+"v3/attachments/"+f.ID+"/views/original", w.token, "", nil); got != status {
			t.Errorf("%s: %d", f.Name, got)
		}
	}
}

// A problem names the message that has it; what is refused for coming too fast is none.
func TestProblemsAreOfMessages(t *testing.T) {
	c := newClock()
	w := newWorld(t, teamsfake.Options{Clock: c.now, Limits: true, TokenLife: time.Hour})
	root := w.start(card(textBlock("hello")))
	odd := obj{"type": "message", "attachments": []obj{card(textBlock(""))}}
	if status, got := w.call("PUT", "conversations/"+conv(tickets, root)+"/activities/"+root, odd); status != 200 {
		t.Fatal(status, got)
	}
	for status := 201; status == 201; {
		status, _ = w.reply(root, obj{"text": "x"})
	}
	before := w.srv.Problems()
	if len(before) != 1 || before[0].ID != root {
		t.Errorf("problems %+v", before)
	}
	if status, _ := w.reply(root, odd); status != 429 || len(w.srv.Problems()) != len(before) {
		t.Errorf("%d, problems %+v", status, w.srv.Problems())
	}
}
