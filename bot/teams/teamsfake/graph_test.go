package teamsfake_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"parley/bot/teams/teamsfake"
	"parley/bot/teams/teamsfake/tenant"
)

// graph is a GET of the bot; path begins after v1.0/ or is a whole address.
func (w *world) graph(token, path string) (status int, answer obj) {
	w.t.Helper()
	if !strings.HasPrefix(path, "http") {
		path = w.srv.GraphURL() + "/" + path
	}
	status, got := w.do("GET", path, token, "", nil)
	answer = obj{}
	if json.Unmarshal(got, &answer) != nil {
		answer["raw"] = string(got)
	}
	return status, answer
}

const inTickets = "teams/" + group + "/channels/" + tickets + "/messages"

func TestGraphMessages(t *testing.T) {
	w := newWorld(t, teamsfake.Options{GraphPage: 3})
	token := w.login("https://graph.microsoft.com/.default")
	root := w.start(card(textBlock("hello")))
	id := must(w.ann.Reply(tickets, root, "see <@bot> **this**"))(t)
	if err := w.ann.Edit(tickets, id, "see that"); err != nil {
		t.Fatal(err)
	}
	if err := w.ben.React(tickets, id, "like"); err != nil {
		t.Fatal(err)
	}
	gone := must(w.ann.Reply(tickets, root, "oops"))(t)
	if err := w.ann.Delete(tickets, gone); err != nil {
		t.Fatal(err)
	}
	must(w.ann.Private(tickets, root, "secret"))(t)
	u, _ := w.srv.User(ben)
	_, said := w.reply(root, obj{"textFormat": "xml", "text": "<b>hi</b> <at>Ben</at>", "entities": []obj{{"type": "mention", "text": "<at>Ben</at>", "mentioned": obj{"id": u.TeamsID}}}})
	must(w.ben.Reply(tickets, root, "last"))(t)
	_, got := w.graph(token, inTickets+"?$expand=replies&$top=1")
	want(t, got, "value.0.id", root)
	want(t, got, "value.0.from.application.id", w.srv.AppID())
	want(t, got, "value.0.attachments.0.contentType", "application/vnd.microsoft.card.adaptive")
	if text := dig(got, "value.0.attachments.0.content").(string); !strings.Contains(text, "hello") {
		t.Error(text)
	}
	want(t, got, "value.0.body.content", fmt.Sprintf(`<attachment id="%v"></attachment>`, dig(got, "value.0.attachments.0.id")))
	want(t, got, "value.0.replies.2.deletedDateTime", dig(got, "value.0.replies.2.lastModifiedDateTime"))
	want(t, got, "value.0.replies.2.body.content", "")
	want(t, got, "value.0.replies.1.body.content", `<b>hi</b> <at id="0">Ben</at>`)
	want(t, got, "value.0.replies.1.id", said["id"])
	want(t, got, "value.0.replies.1.mentions.0.mentioned.user.id", ben)
	status, rest := w.graph(token, dig(got, "value.0").(obj)["replies@odata.nextLink"].(string))
	if status != 200 || len(rest["value"].([]any)) != 1 {
		t.Fatal(status, rest)
	}
	want(t, rest, "value.0.id", id)
	want(t, rest, "value.0.from.user.id", ann)
	want(t, rest, "value.0.body.content", "<p>see that</p>")
	want(t, rest, "value.0.reactions.0.reactionType", "like")
	if dig(rest, "value.0.lastEditedDateTime") == nil {
		t.Error("not edited")
	}
	status, got = w.graph(token, inTickets+"/"+root+"/replies/"+id)
	want(t, got, "replyToId", root)
	if status != 200 {
		t.Error(status)
	}
	if status, _ := w.graph(token, inTickets+"/"+id); status != 404 {
		t.Errorf("a reply as a root: %d", status)
	}
}

func TestGraphPages(t *testing.T) {
	w := newWorld(t, teamsfake.Options{})
	token := w.login("https://graph.microsoft.com/.default")
	for i := range 45 {
		must(w.ann.Post(teamsfake.Post{Channel: tickets, Text: fmt.Sprint(i)}))(t)
	}
	seen, pages, next := 0, 0, inTickets
	for next != "" {
		status, got := w.graph(token, next)
		if status != 200 {
			t.Fatal(status, got)
		}
		seen += len(got["value"].([]any))
		pages++
		next, _ = got["@odata.nextLink"].(string)
	}
	if seen != 45 || pages != 3 {
		t.Errorf("%d messages on %d pages", seen, pages)
	}
	_, general := w.graph(token, "teams/"+group+"/channels/"+team+"/messages")
	want(t, general, "value.0.messageType", "unknownFutureValue")
	want(t, general, "value.0.from", nil)
	for name, x := range map[string]struct {
		path   string
		status int
	}{
		"too many":     {inTickets + "?$top=51", 400},
		"filter":       {inTickets + "?$filter=x", 400},
		"expand":       {inTickets + "?$expand=members", 400},
		"other team":   {"teams/no/channels/" + tickets + "/messages", 404},
		"other place":  {"teams/" + group + "/channels/19:no/messages", 404},
		"team":         {"teams/" + group, 200},
		"channels":     {"teams/" + group + "/channels", 200},
		"escaped":      {"teams/" + group + "/channels/" + url.PathEscape(tickets), 200},
		"unknown root": {inTickets + "/17/replies", 404},
	} {
		if status, got := w.graph(token, x.path); status != x.status {
			t.Errorf("%s: %d %v", name, status, got)
		}
	}
	if status, _ := w.graph(w.token, inTickets); status != 401 {
		t.Errorf("the connector's token: %d", status)
	}
	w.srv.Entra.SetRSC(false)
	if status, got := w.graph(token, inTickets); status != 403 || code(got) != "Forbidden" {
		t.Errorf("without RSC: %d %v", status, got)
	}
	w.srv.Entra.SetRSC(true)
	if err := w.srv.Admin.Uninstall(w.ctx, team); err != nil {
		t.Fatal(err)
	}
	if status, _ := w.graph(token, inTickets); status != 403 {
		t.Errorf("not installed: %d", status)
	}
}

func TestFiles(t *testing.T) {
	w := newWorld(t, teamsfake.Options{})
	token := w.login("https://graph.microsoft.com/.default")
	root := w.start(card(textBlock("hello")))
	png := []byte("\x89PNG\r\n\x1a\n0000")
	id := must(w.ann.Post(teamsfake.Post{Channel: tickets, Root: root, Files: []teamsfake.NewFile{
		{Name: "bill no 7.pdf", Data: []byte("%PDF-1.7")}, {Name: "shot.png", Data: png, Image: true},
	}}))(t)
	a := w.next("message")
	want(t, a, "attachments.0.contentType", "image/*")
	image := dig(a, "attachments.0.contentUrl").(string)
	if html := dig(a, "attachments.1.content").(string); !strings.Contains(html, "<attachment id=") || strings.Contains(html, "bill") {
		t.Errorf("the activity tells too much: %s", html)
	}
	if status, got := w.do("GET", image, w.token, "", nil); status != 200 || string(got) != string(png) {
		t.Errorf("%d %s", status, got)
	}
	if status, _ := w.do("GET", image, "", "", nil); status != 401 {
		t.Errorf("without token: %d", status)
	}
	_, got := w.graph(token, inTickets+"/"+root+"/replies/"+id)
	want(t, got, "attachments.0.contentType", "reference")
	want(t, got, "attachments.0.name", "bill no 7.pdf")
	address := dig(got, "attachments.0.contentUrl").(string)
	if status, _ := w.do("GET", address, token, "", nil); status != 403 {
		t.Errorf("SharePoint itself: %d", status)
	}
	share := "shares/u!" + base64.RawURLEncoding.EncodeToString([]byte(address)) + "/driveItem"
	if status, got := w.graph(token, share+"/content"); status != 200 || got["raw"] != "%PDF-1.7" {
		t.Errorf("%d %v", status, got)
	}
	_, item := w.graph(token, share)
	want(t, item, "name", "bill no 7.pdf")
	_, hosted := w.graph(token, inTickets+"/"+root+"/replies/"+id+"/hostedContents")
	if status, got := w.graph(token, fmt.Sprintf("%s/%s/replies/%s/hostedContents/%v/$value", inTickets, root, id, dig(hosted, "value.0.id"))); status != 200 || got["raw"] != string(png) {
		t.Errorf("%d %v", status, got)
	}
	_, folder := w.graph(token, "teams/"+group+"/channels/"+tickets+"/filesFolder")
	put := fmt.Sprintf("%s/drives/%v/items/%v:/%s:/content", w.srv.GraphURL(), dig(folder, "parentReference.driveId"), folder["id"], "report%201.txt")
	if status, got := w.do("PUT", put, token, "text/plain", []byte("data")); status != 201 || !strings.Contains(string(got), "report%201.txt") {
		t.Errorf("%d %s", status, got)
	}
	for _, f := range w.srv.Files() {
		if f.Uploaded != "" && (f.Name != "report 1.txt" || string(f.Data) != "data") {
			t.Errorf("%+v", f)
		}
	}
	w.srv.Entra.Permit(tenant.PermitMessages)
	for path, status := range map[string]int{share + "/content": 403, inTickets: 200} {
		if got, _ := w.graph(token, path); got != status {
			t.Errorf("%s: %d", path, got)
		}
	}
	if status, _ := w.do("PUT", put, token, "text/plain", []byte("data")); status != http.StatusForbidden {
		t.Errorf("upload: %d", status)
	}
	must(w.ann.Post(teamsfake.Post{Files: []teamsfake.NewFile{{Name: "a.txt", Data: []byte("mine")}}}))(t)
	a = w.next("message")
	want(t, a, "attachments.0.contentType", "application/vnd.microsoft.teams.file.download.info")
	if status, got := w.do("GET", dig(a, "attachments.0.content.downloadUrl").(string), "", "", nil); status != 200 || string(got) != "mine" {
		t.Errorf("%d %s", status, got)
	}
}
