package teamsfake_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"parley/bot/teams/teamsfake"
	"parley/bot/teams/teamsfake/tenant"
)

// After the app was removed from a team, clicks on its cards fail, and the bot isn't asked.
func TestClickWithoutApp(t *testing.T) {
	w := newWorld(t, teamsfake.Options{})
	body := card(textBlock("hello"))
	body["content"].(obj)["refresh"] = obj{"action": obj{"type": "Action.Execute", "verb": "see"}}
	root := w.postCard(withActions(body, execute("Go", "go", nil), fetch("Ask")))
	noError(t, w.srv.Admin.Uninstall(w.ctx, team))
	w.bot.forget()
	for _, button := range []string{"Go", "Ask"} {
		if _, err := w.ann.Click(w.ctx, tickets, root, button, nil); !errors.Is(err, tenant.ErrNoApp) {
			t.Errorf("clicking %s: got %v, want %v", button, err, tenant.ErrNoApp)
		}
	}
	if _, err := w.ann.View(w.ctx, tickets, root); !errors.Is(err, tenant.ErrNoApp) {
		t.Errorf("looking at the card: got %v, want %v", err, tenant.ErrNoApp)
	}
	wantEqual(t, "activities at the bot", len(w.bot.all), 0)
}

// Nobody can reply or react to a message that only one person sees.
func TestTargetedIsAlone(t *testing.T) {
	w := newWorld(t, teamsfake.Options{})
	u, _ := w.srv.User(ann)
	onlyAnn := obj{"type": "message", "text": "only you", "recipient": obj{"id": u.TeamsID, "isTargeted": true}}
	got := w.wantCall("posting", "POST", "conversations/"+tickets+"/activities?isTargetedActivity=true", onlyAnn, http.StatusCreated)
	id := got["id"].(string)
	w.wantReplyRefused(id, http.StatusNotFound, "ConversationNotFound")
	if _, err := w.ann.Reply(tickets, id, "under it"); !errors.Is(err, tenant.ErrNoThread) {
		t.Errorf("Ann replies: got %v, want %v", err, tenant.ErrNoThread)
	}
	if err := w.ann.React(tickets, id, "like"); !errors.Is(err, tenant.ErrNoMessage) {
		t.Errorf("Ann reacts: got %v, want %v", err, tenant.ErrNoMessage)
	}
}

// The bot isn't told of a private channel to which the app wasn't added.
func TestPrivateChannelIsQuiet(t *testing.T) {
	w := newWorld(t, teamsfake.Options{})
	hush := w.srv.Admin.AddChannel(teamsfake.Channel{Team: team, Name: "hush", Kind: tenant.KindPrivate})
	noError(t, w.srv.Admin.RenameChannel(hush.ID, "hush hush"))
	noError(t, w.srv.Admin.DeleteChannel(hush.ID))
	noError(t, w.srv.Admin.RestoreChannel(hush.ID))
	noError(t, w.srv.Admin.RenameChannel(tickets, "cases")) // the bot is told of this one
	wantField(t, w.waitActivity("conversationUpdate"), "channelData.channel.id", tickets)
}

// The id of a channel is enough to begin a thread in it. The members can be asked for with a message's address.
func TestNewerClients(t *testing.T) {
	w := newWorld(t, teamsfake.Options{})
	hello := obj{"type": "message", "text": "hello"}
	got := w.wantCall("beginning a thread", "POST", "conversations",
		obj{"tenantId": w.srv.TenantID(), "channelData": obj{"channel": obj{"id": tickets}}, "activity": hello}, http.StatusCreated)
	wantEqual(t, "threads", len(w.srv.Roots(tickets)), 1)
	root, _ := got["activityId"].(string)
	address := w.srv.ServiceURL() + "v3/conversations/" + conv(tickets, root) + "/activities/" + root + "/members"
	if members := w.wantGet("members", address, w.token, http.StatusOK); strings.Count(members, "@acme.test") < 2 {
		t.Errorf("members are %s, want Ann and Ben", members)
	}
}

// A file in a channel is in SharePoint. The connector only hands out pasted pictures.
func TestAttachmentsArePictures(t *testing.T) {
	w := newWorld(t, teamsfake.Options{})
	id := must(w.ann.Post(teamsfake.Post{Channel: tickets, Text: "look", Files: []teamsfake.NewFile{
		{Name: "a.txt", Data: []byte("text")}, {Name: "b.png", Type: "image/png", Data: []byte("picture"), Image: true}}}))(t)
	for i, status := range []int{404, 200} {
		f := w.srv.Message(tickets, id).Files[i]
		w.wantGet(f.Name, w.srv.ServiceURL()+"v3/attachments/"+f.ID+"/views/original", w.token, status)
	}
}

// A problem names its message. A message that is refused because of the rate limit isn't a problem.
func TestProblemsAreOfMessages(t *testing.T) {
	c := newClock()
	w := newWorld(t, teamsfake.Options{Clock: c.now, Limits: true, TokenLife: time.Hour})
	root := w.postCard(card(textBlock("hello")))
	odd := obj{"type": "message", "attachments": []obj{card(textBlock(""))}}
	w.wantCall("an odd card", "PUT", "conversations/"+conv(tickets, root)+"/activities/"+root, odd, http.StatusOK)
	for status := http.StatusCreated; status == http.StatusCreated; { // until it comes too fast
		status, _ = w.botReplies(root, obj{"text": "x"})
	}

	before := w.srv.Problems()
	if len(before) != 1 || before[0].ID != root {
		t.Errorf("problems are %+v, want one of %s", before, root)
	}
	status, _ := w.botReplies(root, odd)
	wantEqual(t, "status of an odd card that comes too fast", status, http.StatusTooManyRequests)
	wantEqual(t, "problems", len(w.srv.Problems()), len(before))
}
