package teamsfake_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"parley/bot/teams/teamsfake"
)

func TestThread(t *testing.T) {
	w := newWorld(t, teamsfake.Options{})
	root := w.postCard(card(textBlock("Printer on fire")))
	paths := []string{ // each is a way to name the thread
		conv(tickets, root) + "/activities",
		tickets + ";messageid=" + root + "/activities",
		conv(tickets, root) + "/activities/" + root,
		url.PathEscape(tickets) + "/activities/" + root,
	}
	for _, path := range paths {
		got := w.wantCall(path, "POST", "conversations/"+path,
			obj{"type": "message", "textFormat": "xml", "text": "<b>Kim</b><br>1 &lt; 2 &amp; <3"}, http.StatusCreated)
		m := w.srv.Message(tickets, got["id"].(string))
		wantEqual(t, path+": thread", m.Root, root)
		wantEqual(t, path+": text", m.Text, "Kim\n1 < 2 & <3")
		wantEqual(t, path+": it is the bot's", m.Bot, true)
	}

	thread := w.srv.Thread(tickets, root)
	if len(thread) != 1+len(paths) {
		t.Fatalf("the thread has %d messages, want the root and %d replies", len(thread), len(paths))
	}
	for i := range thread[1:] {
		if thread[i].ID >= thread[i+1].ID {
			t.Errorf("%s comes before %s, want ids to rise", thread[i].ID, thread[i+1].ID)
		}
	}
	w.wantNoProblems()
}

func TestRefused(t *testing.T) {
	w := newWorld(t, teamsfake.Options{})
	root := w.postCard(card(textBlock("hello")))
	theirs := must(w.ann.Reply(tickets, root, "mine"))(t)
	outside := w.srv.Admin.AddTeam(teamsfake.Team{Name: "Other"})
	there := "conversations/" + conv(tickets, root) + "/activities"
	say := obj{"type": "message", "text": "x"}
	with := func(key string, v any) obj { return obj{"type": "message", "text": "x", key: v} }
	pages := strings.Repeat("x", 52_000)
	for name, x := range map[string]struct {
		verb, path string
		body       any
		status     int
		code       string
	}{
		"no such channel":        {"POST", "conversations/19:no@thread.tacv2/activities", say, 404, "ConversationNotFound"},
		"no such thread":         {"POST", "conversations/" + conv(tickets, "17") + "/activities", say, 404, "ConversationNotFound"},
		"a reply isn't a thread": {"POST", "conversations/" + conv(tickets, theirs) + "/activities", say, 404, "ConversationNotFound"},
		"an empty thread": {"POST", "conversations", obj{"isGroup": true, "tenantId": w.srv.TenantID(),
			"channelData": obj{"channel": obj{"id": tickets}}}, 400, "BadSyntax"},
		"not installed":   {"POST", "conversations/" + outside.ID + "/activities", say, 403, "BotNotInConversationRoster"},
		"somebody else's": {"PUT", there + "/" + theirs, say, 403, "BadArgument"},
		"unknown message": {"PUT", there + "/17", say, 404, "ActivityNotFoundInConversation"},
		"no JSON":         {"POST", there, "{", 400, "BadSyntax"},
		"trailing JSON":   {"POST", there, `{"type":"message","text":"x"} {}`, 400, "BadSyntax"},
		"other type":      {"POST", there, obj{"type": "event"}, 400, "BadArgument"},
		"empty":           {"POST", there, obj{"type": "message", "text": " "}, 400, "BadArgument"},
		"format":          {"POST", there, with("textFormat", "html"), 400, "BadArgument"},
		"too big":         {"POST", there, obj{"type": "message", "text": pages}, 413, "MessageSizeTooBig"},
		"no picture":      {"POST", there, obj{"type": "message", "text": ";base64," + pages}, 413, "MessageSizeTooBig"},
		"no card": {"POST", there, obj{"type": "message", "attachments": []obj{{
			"contentType": "application/vnd.microsoft.card.adaptive", "content": obj{"type": "Card"}}}}, 400, "BadArgument"},
		"http picture": {"POST", there, obj{"type": "message", "attachments": []obj{{"contentType": "image/png",
			"contentUrl": "http://x.test/a.png"}}}, 400, "BadArgument"},
		"odd attachment": {"POST", there, obj{"type": "message", "attachments": []obj{{"contentType": "application/pdf"}}}, 400, "BadArgument"},
		"file in a channel": {"POST", there,
			obj{"type": "message", "attachments": []obj{{"contentType": "application/vnd.microsoft.teams.card.file.consent"}}}, 400, "BadArgument"},
		"other tenant":     {"POST", "conversations", obj{"isGroup": true, "tenantId": "x"}, 400, "BadArgument"},
		"group chat":       {"POST", "conversations", obj{"isGroup": true, "tenantId": w.srv.TenantID()}, 400, "BadSyntax"},
		"chat with nobody": {"POST", "conversations", obj{"tenantId": w.srv.TenantID(), "members": []obj{{"id": "29:x"}}}, 400, "BadSyntax"},
		"unknown team":     {"GET", "teams/19:x@thread.tacv2", nil, 404, "ConversationNotFound"},
		"unknown member":   {"GET", "conversations/" + tickets + "/members/29:x", nil, 404, "MemberNotFoundInConversation"},
	} {
		w.wantRefused(name, x.verb, x.path, x.body, x.status, x.code)
	}

	// The limit counts the characters of a text, not those of its JSON escapes.
	status, _ := w.botReplies(root, obj{"textFormat": "plain", "text": strings.Repeat("<", 50_000)})
	wantEqual(t, "status of a text that is long in JSON alone", status, http.StatusCreated)
	const rootAndTheirs, long = 2, 1
	wantEqual(t, "messages in the thread", len(w.srv.Thread(tickets, root)), rootAndTheirs+long)
}
