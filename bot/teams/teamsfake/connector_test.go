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
	c := newClock()
	w := newServer(t, teamsfake.Options{Clock: c.now})
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
				"grant_type": {"client_credentials"}, "client_id": {w.srv.AppID()}, "client_secret": {w.srv.AppPassword()}, "scope": {"https://api.botframework.com/.default"},
			}
			for k, v := range x.change {
				form[k] = v
			}
			tenant := x.tenant
			if tenant == "" {
				tenant = w.srv.TenantID()
			}
			if status, body := w.form(tenant, form); status != x.status || !strings.Contains(string(body), x.code) {
				t.Errorf("%d %s", status, body)
			}
		})
	}
	w.srv.Activities.SetEndpoint("http://127.0.0.1:1")
	status, _ := w.call("GET", "teams/"+team, nil)
	if status != http.StatusForbidden {
		t.Errorf("not installed: %d", status)
	}
	graph := w.login("https://graph.microsoft.com/.default")
	if status, _ := w.do("GET", w.srv.ServiceURL()+"v3/teams/"+team, graph, "", nil); status != http.StatusUnauthorized {
		t.Errorf("a token for Graph: %d", status)
	}
	c.advance(time.Hour)
	if status, _ := w.call("GET", "teams/"+team, nil); status != http.StatusUnauthorized {
		t.Errorf("expired: %d", status)
	}
	w.token = w.login("https://api.botframework.com/.default")
	w.srv.Entra.RevokeTokens()
	if status, _ := w.call("GET", "teams/"+team, nil); status != http.StatusUnauthorized {
		t.Errorf("revoked: %d", status)
	}
}

func TestThread(t *testing.T) {
	w := newWorld(t, teamsfake.Options{})
	root := w.start(card(textBlock("Printer on fire")))
	for _, form := range []string{
		conv(tickets, root) + "/activities",
		tickets + ";messageid=" + root + "/activities",
		conv(tickets, root) + "/activities/" + root,
		url.PathEscape(tickets) + "/activities/" + root,
	} {
		status, got := w.call("POST", "conversations/"+form, obj{"type": "message", "textFormat": "xml", "text": "<b>Kim</b><br>1 &lt; 2 &amp; <3"})
		if status != http.StatusCreated {
			t.Fatalf("%s: %d %v", form, status, got)
		}
		m := w.srv.Message(tickets, got["id"].(string))
		if m.Root != root || m.Text != "Kim\n1 < 2 & <3" || !m.Bot {
			t.Errorf("%s: %+v", form, m)
		}
	}
	replies := w.srv.Thread(tickets, root)
	if len(replies) != 5 {
		t.Fatalf("%d messages", len(replies))
	}
	for i := range replies[1:] {
		if replies[i].ID >= replies[i+1].ID {
			t.Errorf("ids do not rise: %s, %s", replies[i].ID, replies[i+1].ID)
		}
	}
	id := replies[1].ID
	path := "conversations/" + conv(tickets, root) + "/activities/" + id
	if status, got := w.call("PUT", path, obj{"type": "message", "text": "**new**"}); status != 200 || got["id"] != id {
		t.Errorf("update: %d %v", status, got)
	}
	if m := w.srv.Message(tickets, id); m.HTML != "<p><strong>new</strong></p>" || m.EditedAt.IsZero() || m.Channel != tickets {
		t.Errorf("updated: %+v", m)
	}
	if status, _ := w.call("DELETE", path, nil); status != 200 {
		t.Errorf("delete: %d", status)
	}
	if status, got := w.call("DELETE", path, nil); status != 404 || code(got) != "ActivityNotFoundInConversation" {
		t.Errorf("delete again: %d %v", status, got)
	}
	if got := w.srv.Thread(tickets, root); len(got) != 5 || !got[1].Deleted() {
		t.Errorf("no tombstone: %+v", got[1])
	}
	w.clean()
}

func TestRefused(t *testing.T) {
	w := newWorld(t, teamsfake.Options{})
	root := w.start(card(textBlock("hello")))
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
		"no such channel":      {"POST", "conversations/19:no@thread.tacv2/activities", say, 404, "ConversationNotFound"},
		"no such thread":       {"POST", "conversations/" + conv(tickets, "17") + "/activities", say, 404, "ConversationNotFound"},
		"a reply is no thread": {"POST", "conversations/" + conv(tickets, theirs) + "/activities", say, 404, "ConversationNotFound"},
		"not installed":        {"POST", "conversations/" + outside.ID + "/activities", say, 403, "BotNotInConversationRoster"},
		"somebody else's":      {"PUT", there + "/" + theirs, say, 403, "BadArgument"},
		"unknown message":      {"PUT", there + "/17", say, 404, "ActivityNotFoundInConversation"},
		"no JSON":              {"POST", there, "{", 400, "BadSyntax"},
		"trailing JSON":        {"POST", there, `{"type":"message","text":"x"} {}`, 400, "BadSyntax"},
		"other type":           {"POST", there, obj{"type": "event"}, 400, "BadArgument"},
		"empty":                {"POST", there, obj{"type": "message", "text": " "}, 400, "BadArgument"},
		"format":               {"POST", there, with("textFormat", "html"), 400, "BadArgument"},
		"too big":              {"POST", there, obj{"type": "message", "text": pages}, 413, "MessageSizeTooBig"},
		"no picture":           {"POST", there, obj{"type": "message", "text": ";base64," + pages}, 413, "MessageSizeTooBig"},
		"no card":              {"POST", there, obj{"type": "message", "attachments": []obj{{"contentType": "application/vnd.microsoft.card.adaptive", "content": obj{"type": "Card"}}}}, 400, "BadArgument"},
		"http picture":         {"POST", there, obj{"type": "message", "attachments": []obj{{"contentType": "image/png", "contentUrl": "http://x.test/a.png"}}}, 400, "BadArgument"},
		"odd attachment":       {"POST", there, obj{"type": "message", "attachments": []obj{{"contentType": "application/pdf"}}}, 400, "BadArgument"},
		"file in a channel":    {"POST", there, obj{"type": "message", "attachments": []obj{{"contentType": "application/vnd.microsoft.teams.card.file.consent"}}}, 400, "BadArgument"},
		"other tenant":         {"POST", "conversations", obj{"isGroup": true, "tenantId": "x"}, 400, "BadArgument"},
		"group chat":           {"POST", "conversations", obj{"isGroup": true, "tenantId": w.srv.TenantID()}, 403, "BadArgument"},
		"chat with nobody":     {"POST", "conversations", obj{"tenantId": w.srv.TenantID(), "members": []obj{{"id": "29:x"}}}, 400, "BadSyntax"},
		"unknown team":         {"GET", "teams/19:x@thread.tacv2", nil, 404, "ConversationNotFound"},
		"unknown member":       {"GET", "conversations/" + tickets + "/members/29:x", nil, 404, "MemberNotFoundInConversation"},
	} {
		t.Run(name, func(t *testing.T) {
			if status, got := w.call(x.verb, x.path, x.body); status != x.status || code(got) != x.code {
				t.Errorf("%d %v", status, got)
			}
		})
	}
	if status, got := w.reply(root, obj{"textFormat": "plain", "text": strings.Repeat("<", 50_000)}); status != 201 {
		t.Errorf("escaped in JSON: %d %v", status, got)
	}
	if got := w.srv.Thread(tickets, root); len(got) != 3 {
		t.Errorf("something was posted: %d messages", len(got))
	}
}

func TestSplit(t *testing.T) {
	w := newWorld(t, teamsfake.Options{})
	root := w.start(card(textBlock("hello")))
	status, got := w.reply(root, obj{"text": "and", "attachments": []obj{card(textBlock("card"))}})
	if status != http.StatusAccepted || got != nil {
		t.Errorf("%d %v", status, got)
	}
	if all := w.srv.Thread(tickets, root); len(all) != 3 || all[1].Text != "and" || len(all[2].Cards) != 1 {
		t.Errorf("%d messages", len(all))
	}
}

func TestRoster(t *testing.T) {
	var people []teamsfake.User
	for i := range 120 {
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
	if len(seen) != 123 || pages != 3 { // 10 is taken for 50
		t.Errorf("%d members on %d pages", len(seen), pages)
	}
	want(t, seen[ann], "tenantId", w.srv.TenantID())
	id := seen[ann]["id"].(string)
	for _, key := range []string{ann, id, url.PathEscape(id)} {
		status, got := w.call("GET", "conversations/"+tickets+"/members/"+key, nil)
		if status != 200 {
			t.Fatal(status, got)
		}
		want(t, got, "aadObjectId", ann)
		want(t, got, "id", id)
		want(t, got, "userRole", "user")
		want(t, got, "email", "ann@acme.test")
	}
	_, got := w.call("GET", "teams/"+team, nil)
	want(t, got, "aadGroupId", group)
	_, got = w.call("GET", "teams/"+url.PathEscape(team)+"/conversations", nil)
	want(t, got, "conversations.0.id", team)
	want(t, got, "conversations.0.name", nil)
	want(t, got, "conversations.1.name", "tickets")
}
