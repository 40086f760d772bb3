package teamsfake

import (
	"encoding/json"
	"fmt"
	stdhtml "html"
	"net/url"
	"strings"
	"time"
)

// graphPath is the path of a message, without host.
func (v *graphView) graphPath(ch *channel, m *Message) string {
	path := "/graph/v1.0/teams/" + v.org.teams[ch.Team].GroupID + "/channels/" + url.PathEscape(ch.ID) + "/messages/" + m.Root
	if m.Root != m.ID {
		path += "/replies/" + m.ID
	}
	return path
}

// graphView shows messages as Graph tells them.
type graphView struct {
	*ground
	org   *organisation
	files *library
}

// chatMessage is a message as Graph tells it. Caller holds the lock.
// Source: Graph reference, "chatMessage resource type", read 2026-11.
func (v *graphView) chatMessage(ch *channel, m *Message) object {
	modified := m.At
	for _, at := range []time.Time{m.EditedAt, m.DeletedAt, m.restoredAt} {
		if at.After(modified) {
			modified = at
		}
	}
	for _, x := range m.Reactions {
		if x.At.After(modified) {
			modified = x.At
		}
	}
	out := object{
		"id": m.ID, "replyToId": nil, "etag": fmt.Sprint(modified.UnixMilli()), "messageType": "message",
		"createdDateTime": graphTime(m.At), "lastModifiedDateTime": graphTime(modified),
		"lastEditedDateTime": graphTime(m.EditedAt), "deletedDateTime": graphTime(m.DeletedAt),
		"subject": nil, "summary": nil, "chatId": nil, "importance": "normal", "locale": "en-us", "policyViolation": nil, "eventDetail": nil,
		"webUrl": v.deepLink(ch, m), "channelIdentity": object{"teamId": v.org.teams[ch.Team].GroupID, "channelId": ch.ID},
		"from": nil, "body": v.graphBody(ch, m), "attachments": v.graphAttachments(m), "mentions": v.graphMentions(m), "reactions": v.graphReactions(m),
	}
	if from := v.graphFrom(m); from != nil {
		out["from"] = from
	}
	if m.Root != m.ID {
		out["replyToId"] = m.Root
	}
	if m.Subject != "" {
		out["subject"] = m.Subject
	}
	if m.Summary != "" {
		out["summary"] = m.Summary
	}
	if m.system {
		out["messageType"], out["from"] = "unknownFutureValue", nil
		out["body"] = object{"contentType": "html", "content": "<systemEventMessage/>"}
		out["eventDetail"] = object{
			"@odata.type":  "#microsoft.graph.teamsAppInstalledEventMessageDetail",
			"teamsAppId":   v.opt.AppID,
			"teamsAppName": v.opt.BotName, "initiator": object{"user": nil, "application": nil},
		}
	}
	return out
}

func graphTime(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UTC().Format("2006-01-02T15:04:05.000Z")
}

// graphBody is the HTML with tags for cards and files.
func (v *graphView) graphBody(ch *channel, m *Message) object {
	html := m.HTML
	if m.Bot {
		for i, x := range m.Mentions {
			name := "<at>" + stdhtml.EscapeString(x.Name) + "</at>"
			html = strings.Replace(html, name, fmt.Sprintf(`<at id="%d">%s</at>`, i, stdhtml.EscapeString(x.Name)), 1)
		}
	}
	for _, a := range v.graphAttachments(m) {
		html += fmt.Sprintf(`<attachment id="%v"></attachment>`, a["id"])
	}
	for _, f := range m.Files {
		if f.Image {
			html += fmt.Sprintf(`<p><img src="%s" alt="image" itemid="%s"></p>`,
				v.host.URL()+v.graphPath(ch, m)+"/hostedContents/"+f.ID+"/$value", f.ID)
		}
	}
	return object{"contentType": "html", "content": html}
}

// graphAttachments are cards, with the card as text, and references to files. The id of a
// card's attachment is Teams' own.
func (v *graphView) graphAttachments(m *Message) []object {
	out := []object{}
	for i, a := range m.attachments {
		item := object{
			"id": guidOf(m.guid, fmt.Sprint(i)), "contentType": a.ContentType, "contentUrl": nil, "content": nil, "name": nil,
			"thumbnailUrl": nil, "teamsAppId": nil,
		}
		if a.Content != nil {
			item["content"] = storedCard(a.Content)
		}
		if a.ContentURL != "" {
			item["contentUrl"] = a.ContentURL
		}
		if a.Name != "" {
			item["name"] = a.Name
		}
		out = append(out, item)
	}
	for _, f := range m.Files {
		if !f.Image {
			out = append(out, object{
				"id": f.ID, "contentType": "reference", "contentUrl": f.URL, "content": nil, "name": f.Name, "thumbnailUrl": nil, "teamsAppId": nil,
			})
		}
	}
	return out
}

// storedCard is a card as Graph gives it: its members come in another order than they were sent.
// Source: Graph, "Working with Microsoft Teams messaging APIs", card attachment, read 2026-11.
func storedCard(sent json.RawMessage) string {
	var card any
	if json.Unmarshal(sent, &card) != nil {
		return string(sent)
	}
	return string(mustJSON(card))
}

func (v *graphView) graphMentions(m *Message) []object {
	out := []object{}
	for i, x := range m.Mentions {
		out = append(out, object{"id": i, "mentionText": x.Name, "mentioned": v.graphMentioned(x)})
	}
	return out
}

func (v *graphView) graphReactions(m *Message) []object {
	out := []object{}
	for _, x := range m.Reactions {
		user := object{"application": nil, "device": nil, "user": object{"id": x.User, "displayName": nil, "userIdentityType": "aadUser"}}
		if x.Bot {
			user = object{"application": object{"id": v.opt.AppID, "displayName": nil, "applicationIdentityType": "bot"}, "user": nil}
		}
		out = append(out, object{"reactionType": x.Type, "createdDateTime": graphTime(x.At), "user": user})
	}
	return out
}
