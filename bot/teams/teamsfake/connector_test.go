package teamsfake_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"parley/bot/teams/teamsfake"
)

func TestTokens(t *testing.T) {
	w := newServer(t, teamsfake.Options{})
	for name, x := range map[string]struct {
		tenant string
		change url.Values
		status int
		code   string
	}{
		"fine":         {status: 200},
		"graph":        {change: url.Values{"scope": {"https://graph.microsoft.com/.default"}}, status: 200},
		"other tenant": {tenant: "botframework.com", status: 400, code: "AADSTS700016"},
		"bad tenant":   {tenant: "nowhere", status: 400, code: "AADSTS90002"},
		"bad secret":   {change: url.Values{"client_secret": {"no"}}, status: 401, code: "AADSTS7000215"},
		"bad client":   {change: url.Values{"client_id": {"no"}}, status: 400, code: "AADSTS700016"},
		"bad grant":    {change: url.Values{"grant_type": {"password"}}, status: 400, code: "AADSTS70003"},
		"bad scope":    {change: url.Values{"scope": {"https://api.botframework.com"}}, status: 400, code: `"error_codes":[70011]`},
	} {
		t.Run(name, func(t *testing.T) {
			form := url.Values{
				"grant_type":    {"client_credentials"},
				"client_id":     {w.srv.AppID()},
				"client_secret": {w.srv.AppPassword()},
				"scope":         {"https://api.botframework.com/.default"},
			}
			for k, v := range x.change {
				form[k] = v
			}
			tenant := x.tenant
			if tenant == "" {
				tenant = w.srv.TenantID()
			}
			status, body := w.postToken(tenant, form)
			wantEqual(t, "status", status, x.status)
			if !strings.Contains(string(body), x.code) {
				t.Errorf("got %s, want %s in it", body, x.code)
			}
		})
	}
}

// A token gives access to the connector for an hour or until it is revoked, and only in teams that have the app.
func TestTokenOpensConnector(t *testing.T) {
	c := newClock()
	w := newServer(t, teamsfake.Options{Clock: c.now})
	w.srv.Activities.SetEndpoint("http://127.0.0.1:1")
	w.wantCall("a team without the app", "GET", "teams/"+team, nil, http.StatusForbidden)

	graph := w.login("https://graph.microsoft.com/.default")
	w.wantGet("with a token for Graph", w.srv.ServiceURL()+"v3/teams/"+team, graph, http.StatusUnauthorized)

	c.advance(time.Hour)
	w.wantCall("with an expired token", "GET", "teams/"+team, nil, http.StatusUnauthorized)

	w.token = w.login("https://api.botframework.com/.default")
	w.srv.Entra.RevokeTokens()
	w.wantCall("with a revoked token", "GET", "teams/"+team, nil, http.StatusUnauthorized)
}

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

// The bot can update and delete its messages. A deleted message stays as a tombstone.
func TestUpdateAndDelete(t *testing.T) {
	w := newWorld(t, teamsfake.Options{})
	root := w.postCard(card(textBlock("Printer on fire")))
	_, reply := w.botReplies(root, obj{"text": "old"})
	id := reply["id"].(string)
	path := "conversations/" + conv(tickets, root) + "/activities/" + id

	got := w.wantCall("update", "PUT", path, obj{"type": "message", "text": "**new**"}, http.StatusOK)
	wantField(t, got, "id", id)

	m := w.srv.Message(tickets, id)
	wantEqual(t, "updated content", m.HTML, "<p><strong>new</strong></p>")
	wantEqual(t, "it isn't marked as edited", m.EditedAt.IsZero(), false)
	wantEqual(t, "channel", m.Channel, tickets)

	w.wantCall("delete", "DELETE", path, nil, http.StatusOK)
	w.wantRefused("delete again", "DELETE", path, nil, http.StatusNotFound, "ActivityNotFoundInConversation")
	if thread := w.srv.Thread(tickets, root); len(thread) != 2 || !thread[1].Deleted() {
		t.Errorf("the thread is %+v, want the root and a tombstone", thread)
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

// A message with a text and a card becomes two messages.
func TestSplit(t *testing.T) {
	w := newWorld(t, teamsfake.Options{})
	root := w.postCard(card(textBlock("hello")))
	status, got := w.botReplies(root, obj{"text": "and", "attachments": []obj{card(textBlock("card"))}})
	wantEqual(t, "status", status, http.StatusAccepted)
	if got != nil {
		t.Errorf("the answer is %v, want none, as there are two ids", got)
	}
	if all := w.srv.Thread(tickets, root); len(all) != 3 || all[1].Text != "and" || len(all[2].Cards) != 1 {
		t.Errorf("the thread is %+v, want the root, the text and the card", all)
	}
}

func TestRoster(t *testing.T) {
	const persons, annAndBen, guest = 120, 2, 1
	var people []teamsfake.User
	for i := range persons {
		people = append(people, teamsfake.User{Name: fmt.Sprintf("Person %d", i)})
	}
	w := newWorld(t, teamsfake.Options{Users: append(people, teamsfake.User{Name: "Gus Guest", Guest: true, TenantID: "elsewhere"})})

	seen, token, pages := map[string]obj{}, "", 0
	for {
		status, got := w.call("GET", "conversations/"+tickets+"/pagedmembers?pageSize=10&continuationToken="+token, nil)
		if status != 200 {
			t.Fatal(status, got)
		}
		for _, m := range got["members"].([]any) {
			seen[dig(m, "aadObjectId").(string)] = m.(obj)
		}
		pages++
		if token, _ = got["continuationToken"].(string); token == "" {
			break
		}
	}

	wantEqual(t, "members", len(seen), persons+annAndBen+guest)
	wantEqual(t, "pages of 50, which is the least", pages, 3)
	wantField(t, seen[ann], "tenantId", w.srv.TenantID())
	id := seen[ann]["id"].(string)
	for _, key := range []string{ann, id, url.PathEscape(id), "ann@acme.test", url.PathEscape("Ann@acme.test")} {
		got := w.wantCall(key, "GET", "conversations/"+tickets+"/members/"+key, nil, http.StatusOK)
		wantField(t, got, "aadObjectId", ann)
		wantField(t, got, "id", id)
		wantField(t, got, "userRole", "user")
		wantField(t, got, "email", "ann@acme.test")
	}

	_, got := w.call("GET", "teams/"+team, nil)
	wantField(t, got, "aadGroupId", group)
	_, got = w.call("GET", "teams/"+url.PathEscape(team)+"/conversations", nil)
	wantField(t, got, "conversations.0.id", team)
	wantField(t, got, "conversations.0.name", nil)
	wantField(t, got, "conversations.1.name", "tickets")
}
