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

// graph makes a GET as the bot. The path begins after v1.0/, or is a whole address.
func (w *world) graph(token, path string) (status int, answer obj) {
	w.t.Helper()
	if !strings.HasPrefix(path, "http") {
		path = w.srv.GraphURL() + "/" + path
	}
	status, got := w.request("GET", path, token, "", nil)
	answer = obj{}
	if json.Unmarshal(got, &answer) != nil {
		answer["raw"] = string(got)
	}
	return status, answer
}

// wantGraph is like graph, and checks the status.
func (w *world) wantGraph(what, token, path string, want int) obj {
	w.t.Helper()
	status, answer := w.graph(token, path)
	if status != want {
		w.t.Errorf("%s: got status %d, want %d; answer %v", what, status, want, answer)
	}
	return answer
}

const inTickets = "teams/" + group + "/channels/" + tickets + "/messages"

func TestGraphMessages(t *testing.T) {
	w := newWorld(t, teamsfake.Options{GraphPage: 3})
	token := w.login("https://graph.microsoft.com/.default")
	root := w.postCard(card(textBlock("hello")))
	id := must(w.ann.Reply(tickets, root, "see <@bot> **this**"))(t)
	noError(t, w.ann.Edit(tickets, id, "see that"))
	noError(t, w.ben.React(tickets, id, "like"))
	gone := must(w.ann.Reply(tickets, root, "oops"))(t)
	noError(t, w.ann.Delete(tickets, gone))
	must(w.ann.Private(tickets, root, "secret"))(t)

	u, _ := w.srv.User(ben)
	mention := obj{"type": "mention", "text": "<at>Ben</at>", "mentioned": obj{"id": u.TeamsID}}
	_, said := w.botReplies(root, obj{"textFormat": "xml", "text": "<b>hi</b> <at>Ben</at>", "entities": []obj{mention}})
	must(w.ben.Reply(tickets, root, "last"))(t)

	_, got := w.graph(token, inTickets+"?$expand=replies&$top=1")
	wantField(t, got, "value.0.id", root)
	wantField(t, got, "value.0.from.application.id", w.srv.AppID())
	wantField(t, got, "value.0.attachments.0.contentType", "application/vnd.microsoft.card.adaptive")
	if text := dig(got, "value.0.attachments.0.content").(string); !strings.Contains(text, "hello") {
		t.Errorf("the card is %s, want hello in it", text)
	}
	wantField(t, got, "value.0.body.content", fmt.Sprintf(`<attachment id="%v"></attachment>`, dig(got, "value.0.attachments.0.id")))
	wantField(t, got, "value.0.replies.2.deletedDateTime", dig(got, "value.0.replies.2.lastModifiedDateTime"))
	wantField(t, got, "value.0.replies.2.body.content", "")
	wantField(t, got, "value.0.replies.1.body.content", `<b>hi</b> <at id="0">Ben</at>`)
	wantField(t, got, "value.0.replies.1.id", said["id"])
	wantField(t, got, "value.0.replies.1.mentions.0.mentioned.user.id", ben)

	rest := w.wantGraph("the older replies", token, dig(got, "value.0").(obj)["replies@odata.nextLink"].(string), http.StatusOK)
	wantEqual(t, "older replies", len(rest["value"].([]any)), 1)
	wantField(t, rest, "value.0.id", id)
	wantField(t, rest, "value.0.from.user.id", ann)
	wantField(t, rest, "value.0.body.content", "<p>see that</p>")
	wantField(t, rest, "value.0.reactions.0.reactionType", "like")
	wantEqual(t, "it is marked as edited", dig(rest, "value.0.lastEditedDateTime") != nil, true)

	wantField(t, w.wantGraph("one reply", token, inTickets+"/"+root+"/replies/"+id, http.StatusOK), "replyToId", root)
	w.wantGraph("a reply as a root", token, inTickets+"/"+id, http.StatusNotFound)
}

func TestGraphPages(t *testing.T) {
	w := newWorld(t, teamsfake.Options{})
	token := w.login("https://graph.microsoft.com/.default")
	const messages, perPage = 45, 20
	for i := range messages {
		must(w.ann.Post(teamsfake.Post{Channel: tickets, Text: fmt.Sprint(i)}))(t)
	}
	seen, pages, next := 0, 0, inTickets
	for next != "" {
		got := w.wantGraph("a page", token, next, http.StatusOK)
		seen += len(got["value"].([]any))
		pages++
		next, _ = got["@odata.nextLink"].(string)
	}
	wantEqual(t, "messages", seen, messages)
	wantEqual(t, "pages", pages, (messages+perPage-1)/perPage)

	_, general := w.graph(token, "teams/"+group+"/channels/"+team+"/messages")
	wantField(t, general, "value.0.messageType", "unknownFutureValue")
	wantField(t, general, "value.0.from", nil)
}

// Graph answers only with a token for Graph, for teams in which the app is installed, and if the app may read messages.
func TestGraphRefuses(t *testing.T) {
	w := newWorld(t, teamsfake.Options{})
	token := w.login("https://graph.microsoft.com/.default")
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
		w.wantGraph(name, token, x.path, x.status)
	}

	w.wantGraph("the connector's token", w.token, inTickets, http.StatusUnauthorized)
	w.srv.Entra.SetRSC(false)
	refused := w.wantGraph("without permission", token, inTickets, http.StatusForbidden)
	wantEqual(t, "error code without permission", errorCode(refused), "Forbidden")
	w.srv.Entra.SetRSC(true)
	noError(t, w.srv.Admin.Uninstall(w.ctx, team))
	w.wantGraph("not installed", token, inTickets, http.StatusForbidden)
}

func TestFiles(t *testing.T) {
	w := newWorld(t, teamsfake.Options{})
	token := w.login("https://graph.microsoft.com/.default")
	root := w.postCard(card(textBlock("hello")))
	png := []byte("\x89PNG\r\n\x1a\n0000")
	id := must(w.ann.Post(teamsfake.Post{Channel: tickets, Root: root, Files: []teamsfake.NewFile{
		{Name: "bill no 7.pdf", Data: []byte("%PDF-1.7")}, {Name: "shot.png", Data: png, Image: true},
	}}))(t)

	a := w.waitActivity("message")
	wantField(t, a, "attachments.0.contentType", "image/*")
	image := dig(a, "attachments.0.contentUrl").(string)
	if html := dig(a, "attachments.1.content").(string); !strings.Contains(html, "<attachment id=") || strings.Contains(html, "bill") {
		t.Errorf("the activity has %s, want the attachment's id without its name", html)
	}
	wantEqual(t, "picture", w.wantGet("the picture", image, w.token, http.StatusOK), string(png))
	w.wantGet("the picture without token", image, "", http.StatusUnauthorized)

	// The file itself is in SharePoint, where the bot gets it only by Graph.
	_, got := w.graph(token, inTickets+"/"+root+"/replies/"+id)
	wantField(t, got, "attachments.0.contentType", "reference")
	wantField(t, got, "attachments.0.name", "bill no 7.pdf")
	address := dig(got, "attachments.0.contentUrl").(string)
	w.wantGet("SharePoint itself", address, token, http.StatusForbidden)
	share := "shares/u!" + base64.RawURLEncoding.EncodeToString([]byte(address)) + "/driveItem"
	wantField(t, w.wantGraph("the file", token, share+"/content", http.StatusOK), "raw", "%PDF-1.7")
	_, item := w.graph(token, share)
	wantField(t, item, "name", "bill no 7.pdf")
	_, hosted := w.graph(token, inTickets+"/"+root+"/replies/"+id+"/hostedContents")
	value := fmt.Sprintf("%s/%s/replies/%s/hostedContents/%v/$value", inTickets, root, id, dig(hosted, "value.0.id"))
	wantField(t, w.wantGraph("the picture by Graph", token, value, http.StatusOK), "raw", string(png))

	// The bot uploads a file.
	_, folder := w.graph(token, "teams/"+group+"/channels/"+tickets+"/filesFolder")
	put := fmt.Sprintf("%s/drives/%v/items/%v:/%s:/content",
		w.srv.GraphURL(), dig(folder, "parentReference.driveId"), folder["id"], "report%201.txt")
	status, uploaded := w.request("PUT", put, token, "text/plain", []byte("data"))
	wantEqual(t, "status of the upload", status, http.StatusCreated)
	if !strings.Contains(string(uploaded), "report%201.txt") {
		t.Errorf("the upload is answered with %s, want the escaped name in it", uploaded)
	}
	for _, f := range w.srv.Files() {
		if f.Uploaded != "" {
			wantEqual(t, "name of the uploaded file", f.Name, "report 1.txt")
			wantEqual(t, "content of the uploaded file", string(f.Data), "data")
		}
	}

	// With the permission for messages alone, the bot can neither read nor upload files.
	w.srv.Entra.Permit(tenant.PermitMessages)
	w.wantGraph("a file without permission", token, share+"/content", http.StatusForbidden)
	w.wantGraph("messages with permission", token, inTickets, http.StatusOK)
	status, _ = w.request("PUT", put, token, "text/plain", []byte("data"))
	wantEqual(t, "status of an upload without permission", status, http.StatusForbidden)
}

// A file in a personal chat comes with an address that needs no token.
func TestPersonalFile(t *testing.T) {
	w := newWorld(t, teamsfake.Options{})
	must(w.ann.Post(teamsfake.Post{Files: []teamsfake.NewFile{{Name: "a.txt", Data: []byte("mine")}}}))(t)
	a := w.waitActivity("message")
	wantField(t, a, "attachments.0.contentType", "application/vnd.microsoft.teams.file.download.info")
	wantEqual(t, "content", w.wantGet("the file", dig(a, "attachments.0.content.downloadUrl").(string), "", http.StatusOK), "mine")
}

// Graph tells what data loss prevention has found in a message.
func TestPolicy(t *testing.T) {
	w, root, id := newControlled(t)
	token := w.login("https://graph.microsoft.com/.default")
	wantField(t, w.wantGraph("before", token, inTickets+"/"+root+"/replies/"+id, http.StatusOK), "policyViolation", nil)
	w.control("POST", "admin/judge", teamsfake.Admin{Channel: tickets, Message: id, Policy: map[string]string{"dlpAction": "blockAccess"}})
	wantField(t, w.wantGraph("after", token, inTickets+"/"+root+"/replies/"+id, http.StatusOK), "policyViolation.dlpAction", "blockAccess")
}
