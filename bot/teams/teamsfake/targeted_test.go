package teamsfake_test

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"parley/bot/teams/teamsfake"
)

// targetedWorld is an organisation with a thread in which the bot can write to one person alone (a targeted message).
type targetedWorld struct {
	*world
	root  string
	path  string // of the thread's messages
	annID string // her id in Teams
	clock *clock
}

// targetedOnly is the parameter that each call about a targeted message needs.
const targetedOnly = "?isTargetedActivity=true"

// newTargetedWorld starts an organisation. Gus is from another tenant.
func newTargetedWorld(t *testing.T) targetedWorld {
	t.Helper()
	c := newClock()
	w := newWorld(t, teamsfake.Options{
		Clock: c.now, TokenLife: 240 * time.Hour, Users: []teamsfake.User{{ID: "gus", Name: "Gus", TenantID: "elsewhere"}},
	})
	root := w.postCard(card(textBlock("hello")))
	u, ok := w.srv.User(ann)
	if !ok {
		t.Fatal("Ann isn't there")
	}
	return targetedWorld{
		world: w, root: root, path: "conversations/" + conv(tickets, root) + "/activities", annID: u.TeamsID, clock: c,
	}
}

// targeted is a message for one person alone.
func targeted(id string) obj {
	return obj{"type": "message", "text": "only you", "recipient": obj{"id": id, "isTargeted": true}}
}

// sendToAnn sends a message to Ann alone, and returns its path.
func (w targetedWorld) sendToAnn() (path string) {
	w.t.Helper()
	got := w.wantCall("to Ann", "POST", w.path+targetedOnly, targeted(w.annID), http.StatusCreated)
	id, ok := got["id"].(string)
	if !ok {
		w.t.Fatalf("got %v, want the id of a message", got)
	}
	return w.path + "/" + id
}

func TestTargetedMessageIsRefused(t *testing.T) {
	w := newTargetedWorld(t)
	gus, _ := w.srv.User("gus")
	for _, tt := range []struct {
		name   string
		path   string
		body   obj
		status int
		code   string
	}{
		{
			name: "no recipient", path: w.path + targetedOnly, body: obj{"type": "message", "text": "x"},
			status: http.StatusBadRequest, code: "BadArgument",
		},
		{name: "no parameter", path: w.path, body: targeted(w.annID), status: http.StatusBadRequest, code: "BadArgument"},
		{
			name: "not in the channel", path: w.path + targetedOnly, body: targeted("29:nobody"),
			status: http.StatusForbidden, code: "BotNotInConversationRoster",
		},
		{
			name: "of another tenant", path: w.path + targetedOnly, body: targeted(gus.TeamsID),
			status: http.StatusForbidden, code: "BotNotInConversationRoster",
		},
	} {
		w.wantRefused(tt.name, "POST", tt.path, tt.body, tt.status, tt.code)
	}
}

func TestTargetedMessageInAPersonalChatIsRefused(t *testing.T) {
	w := newTargetedWorld(t)
	_, got := w.call("POST", "conversations", obj{"tenantId": w.srv.TenantID(), "members": []obj{{"id": w.annID}}})
	chat, ok := got["id"].(string)
	if !ok {
		t.Fatalf("got %v, want the id of a chat", got)
	}
	path := "conversations/" + url.PathEscape(chat) + "/activities" + targetedOnly
	w.wantCall("in a personal chat", "POST", path, targeted(w.annID), http.StatusBadRequest)
}

func TestTargetedMessageIsSeenByOnePerson(t *testing.T) {
	w := newTargetedWorld(t)
	w.sendToAnn()
	wantEqual(t, "messages for Ann alone", len(w.srv.Targeted(ann)), 1)
	wantEqual(t, "messages for Ben alone", len(w.srv.Targeted(ben)), 0)
	wantEqual(t, "messages that everybody sees", len(w.srv.Thread(tickets, w.root)), 1)
}

func TestTargetedMessageIsChanged(t *testing.T) {
	w := newTargetedWorld(t)
	path := w.sendToAnn()
	w.wantCall("change", "PUT", path+targetedOnly, obj{"type": "message", "text": "new"}, http.StatusOK)
	shown := w.srv.Targeted(ann)
	if len(shown) != 1 {
		t.Fatalf("Ann sees %d messages, want one: %+v", len(shown), shown)
	}
	wantEqual(t, "text", shown[0].Text, "new")
}

func TestChangeOfATargetedMessageIsRefused(t *testing.T) {
	w := newTargetedWorld(t)
	path := w.sendToAnn()
	w.wantCall("without the parameter", "PUT", path, obj{"type": "message", "text": "new"}, http.StatusNotFound)
	w.wantCall("with a recipient", "PUT", path+targetedOnly, targeted(w.annID), http.StatusBadRequest)
	w.wantCall("a reaction", "PUT", path+"/reactions/like", nil, http.StatusBadRequest)
}

// A targeted message is gone after a day.
func TestTargetedMessageLivesForADay(t *testing.T) {
	w := newTargetedWorld(t)
	path := w.sendToAnn()
	w.clock.advance(24 * time.Hour)
	w.wantCall("change", "PUT", path+targetedOnly, obj{"type": "message", "text": "late"}, http.StatusNotFound)
	wantEqual(t, "messages for Ann alone", len(w.srv.Targeted(ann)), 0)
}

// openPersonalChat opens the chat of Ann and the bot, and returns its id and the path of its messages.
func (w *world) openPersonalChat() (id, path string) {
	w.t.Helper()
	u, _ := w.srv.User(ann)
	members := obj{"tenantId": w.srv.TenantID(), "members": []obj{{"id": u.TeamsID}}}
	got := w.wantCall("a personal chat", "POST", "conversations", members, http.StatusCreated)
	wantField(w.t, got, "id", w.srv.PersonalID(ann))
	return w.srv.PersonalID(ann), "conversations/" + w.srv.PersonalID(ann) + "/activities"
}

func TestPersonalChat(t *testing.T) {
	w := newWorld(t, teamsfake.Options{})
	id, path := w.openPersonalChat()
	w.wantCall("the bot's message", "POST", path, obj{"type": "message", "text": "hello"}, http.StatusCreated)
	must(w.ann.Say("hi"))(t)
	a := w.waitActivity("message")
	wantField(t, a, "conversation.conversationType", "personal")
	wantField(t, a, "conversation.id", id)

	chat := w.srv.Personal(ann)
	if len(chat) != 2 {
		t.Fatalf("got %d messages, want 2: %+v", len(chat), chat)
	}
	wantEqual(t, "text of the bot's message", chat[0].Text, "hello")
	wantEqual(t, "author of the second message", chat[1].User, ann)
}

func TestPersonalChatWithSomebodyWhoBlockedTheBot(t *testing.T) {
	w := newWorld(t, teamsfake.Options{})
	_, path := w.openPersonalChat()
	w.srv.Admin.Block(ann, true)
	w.wantRefused("blocked", "POST", path, obj{"type": "message", "text": "hello"}, http.StatusForbidden, "ConversationBlockedByUser")
}
