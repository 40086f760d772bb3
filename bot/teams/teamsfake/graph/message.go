package graph

import (
	"encoding/json"
	"fmt"
	stdhtml "html"
	"net/url"
	"strings"
	"time"

	"parley/bot/teams/teamsfake/tenant"
)

// View gives messages the form in which Graph, and the menus of messages, show them to apps.
type View struct {
	*tenant.Ground
	org   *tenant.Directory
	files *tenant.Library
}

// NewView makes a View of the organisation whose files are in the library.
func NewView(files *tenant.Library) *View {
	return &View{Ground: files.Ground, org: files.Org, files: files}
}

// MessagePayload returns a message as the bot gets it when a person picks an entry in the message's menu. The caller
// holds the lock.
// Source: "Define message extension action commands", messagePayload, read 2026-11.
func (v *View) MessagePayload(ch *tenant.Room, m *tenant.Message) object {
	stamp := m.At.UTC().Format("2006-01-02T15:04:05.000Z")
	out := object{
		"id": m.ID, "replyToId": nil, "createdDateTime": stamp, "lastModifiedDateTime": nil, "deleted": m.Deleted(),
		"importance": "normal", "locale": "en-us", "subject": nil, "summary": nil,
		"linkToMessage": v.deepLink(ch, m), "body": object{"contentType": "html", "content": m.HTML},
		"from": v.authorItem(m), "attachments": []object{}, "mentions": []object{}, "reactions": []object{},
	}
	if m.Root != "" && m.Root != m.ID {
		out["replyToId"] = m.Root
	}
	if !m.EditedAt.IsZero() {
		out["lastModifiedDateTime"] = m.EditedAt.UTC().Format("2006-01-02T15:04:05.000Z")
	}

	var cards, mentions []object
	for i, card := range m.Cards {
		cards = append(cards, object{"id": fmt.Sprintf("%s-%d", m.GUID, i), "contentType": tenant.KindCard, "content": string(card)})
	}

	for i, x := range m.Mentions {
		mentions = append(mentions, object{"id": i, "mentionText": x.Name, "mentioned": v.mentionedItem(x)})
	}

	if cards != nil {
		out["attachments"] = cards
	}
	if mentions != nil {
		out["mentions"] = mentions
	}

	return out
}

// deepLink returns the address that opens a message in Teams.
func (v *View) deepLink(ch *tenant.Room, m *tenant.Message) string {
	if ch.Person != "" {
		return "https://teams.microsoft.com/l/message/" + ch.ID + "/" + m.ID + "?context=%7B%22contextType%22:%22chat%22%7D"
	}
	t := v.org.Teams[ch.Team]
	return fmt.Sprintf("https://teams.microsoft.com/l/message/%s/%s?tenantId=%s&groupId=%s&parentMessageId=%s",
		strings.ReplaceAll(ch.ID, "@", "%40"), m.ID, v.Opt.TenantID, t.GroupID, m.Root)
}

// authorItem returns the author of a message; nil if Graph doesn't say who it is.
func (v *View) authorItem(m *tenant.Message) object {
	app := func(id, name, kind string) object {
		return object{"application": object{"id": id, "displayName": name, "applicationIdentityType": kind}, "device": nil, "user": nil}
	}
	switch u := v.org.Users[m.User]; {
	case m.Bot:
		return app(v.Opt.AppID, v.Opt.BotName, "bot")
	case m.PostedAs == "connector":
		return app(tenant.GUIDOf("connector"), "Incoming webhook", "office365Connector")
	case u == nil || m.PostedAs == "nobody":
		return nil
	case u.Bot:
		return app(u.ID, u.Name, "bot")
	default:
		return object{"application": nil, "device": nil, "user": object{
			"id": u.ID, "displayName": stdhtml.UnescapeString(u.Name), "userIdentityType": "aadUser", "tenantId": u.TenantID,
		}}
	}
}

// mentionedItem returns a mentioned person or bot.
func (v *View) mentionedItem(x tenant.Mention) object {
	if x.Bot {
		return object{"application": object{"id": v.Opt.AppID, "displayName": x.Name, "applicationIdentityType": "bot"}, "user": nil}
	}
	return object{"application": nil, "user": object{"id": x.ID, "displayName": x.Name, "userIdentityType": "aadUser"}}
}

// messagePath returns the path of a message in Graph, without the host.
func (v *View) messagePath(ch *tenant.Room, m *tenant.Message) string {
	path := "/graph/v1.0/teams/" + v.org.Teams[ch.Team].GroupID + "/channels/" + url.PathEscape(ch.ID) + "/messages/" + m.Root
	if m.Root != m.ID {
		path += "/replies/" + m.ID
	}
	return path
}

// chatMessage returns a message as Graph shows it. The caller holds the lock.
// Source: Graph reference, "chatMessage resource type", read 2026-11.
func (v *View) chatMessage(ch *tenant.Room, m *tenant.Message) object {
	modified := lastChange(m)
	out := object{
		"id":                   m.ID,
		"replyToId":            nil,
		"etag":                 fmt.Sprint(modified.UnixMilli()),
		"messageType":          "message",
		"createdDateTime":      timeOrNil(m.At),
		"lastModifiedDateTime": timeOrNil(modified),
		"lastEditedDateTime":   timeOrNil(m.EditedAt),
		"deletedDateTime":      timeOrNil(m.DeletedAt),
		"subject":              nil,
		"summary":              nil,
		"chatId":               nil,
		"importance":           "normal",
		"locale":               "en-us",
		"policyViolation":      nil,
		"eventDetail":          nil,
		"webUrl":               v.deepLink(ch, m),
		"channelIdentity":      object{"teamId": v.org.Teams[ch.Team].GroupID, "channelId": ch.ID},
		"from":                 nil,
		"body":                 v.bodyItem(ch, m),
		"attachments":          v.attachmentItems(m),
		"mentions":             v.mentionItems(m),
		"reactions":            v.reactionItems(m),
	}
	if from := v.authorItem(m); from != nil {
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
	if m.Policy != nil {
		out["policyViolation"] = m.Policy
	}

	if m.System {
		out["messageType"], out["from"] = "unknownFutureValue", nil
		out["body"] = object{"contentType": "html", "content": "<systemEventMessage/>"}
		out["eventDetail"] = object{
			"@odata.type":  "#microsoft.graph.teamsAppInstalledEventMessageDetail",
			"teamsAppId":   v.Opt.AppID,
			"teamsAppName": v.Opt.BotName, "initiator": object{"user": nil, "application": nil},
		}
	}

	return out
}

// lastChange returns when a message, or what people think of it, changed for the last time.
func lastChange(m *tenant.Message) time.Time {
	last := m.At
	for _, at := range []time.Time{m.EditedAt, m.DeletedAt, m.RestoredAt} {
		if at.After(last) {
			last = at
		}
	}

	for _, x := range m.Reactions {
		if x.At.After(last) {
			last = x.At
		}
	}

	return last
}

// timeOrNil returns a time as text; nil, which becomes null, for the zero time.
func timeOrNil(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UTC().Format("2006-01-02T15:04:05.000Z")
}

// bodyItem returns the text of a message: HTML, in which tags stand for cards and files.
func (v *View) bodyItem(ch *tenant.Room, m *tenant.Message) object {
	html := m.HTML
	if m.Bot {
		for i, x := range m.Mentions {
			name := "<at>" + stdhtml.EscapeString(x.Name) + "</at>"
			html = strings.Replace(html, name, fmt.Sprintf(`<at id="%d">%s</at>`, i, stdhtml.EscapeString(x.Name)), 1)
		}
	}

	for _, a := range v.attachmentItems(m) {
		html += fmt.Sprintf(`<attachment id="%v"></attachment>`, a["id"])
	}

	for _, f := range m.Files {
		if f.Image {
			html += fmt.Sprintf(`<p><img src="%s" alt="image" itemid="%s"></p>`,
				v.Host.URL()+v.messagePath(ch, m)+"/hostedContents/"+f.ID+"/$value", f.ID)
		}
	}

	return object{"contentType": "html", "content": html}
}

// attachmentItems returns the attachments of a message. The content of a card is a string with JSON. Files are only
// references. Graph gives the attachment of a card an id of its own.
func (v *View) attachmentItems(m *tenant.Message) []object {
	out := []object{}
	for i, a := range m.Attachments {
		item := object{
			"id": tenant.GUIDOf(m.GUID, fmt.Sprint(i)), "contentType": a.ContentType, "contentUrl": nil, "content": nil, "name": nil,
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

// storedCard returns a card as Graph shows it: the members of its objects are in another order than they were sent.
// Source: Graph, "Working with Microsoft Teams messaging APIs", card attachment, read 2026-11.
func storedCard(sent json.RawMessage) string {
	var card any
	if json.Unmarshal(sent, &card) != nil {
		return string(sent)
	}
	return string(tenant.MustJSON(card))
}

func (v *View) mentionItems(m *tenant.Message) []object {
	out := []object{}
	for i, x := range m.Mentions {
		out = append(out, object{"id": i, "mentionText": x.Name, "mentioned": v.mentionedItem(x)})
	}
	return out
}
