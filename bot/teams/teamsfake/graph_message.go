package teamsfake

import (
	"encoding/json"
	"fmt"
	stdhtml "html"
	"net/url"
	"strings"
	"time"
)

// View formats the messages of the emulated organisation as JSON in the two formats that Teams has for apps: the one of
// Microsoft Graph, and the one that a bot receives when a person picks its command in the menu of a message. A room is a
// channel or a personal chat.
type View struct {
	*Ground
	org   *Directory
	files *Library
}

// NewView makes a View of the organisation to which the library belongs.
func NewView(files *Library) *View {
	return &View{Ground: files.Ground, org: files.Org, files: files}
}

// graphTime is the format of times, which are in UTC.
const graphTime = "2006-01-02T15:04:05.000Z"

// MessagePayload returns a message as the bot receives it when a person picks a command in the menu of the message. The
// caller holds the lock.
// Source: "Define message extension action commands", messagePayload, read 2026-11.
func (v *View) MessagePayload(room *Room, m *Message) Object {
	cards := []Object{}
	for i, card := range m.Cards {
		cards = append(cards, Object{"id": fmt.Sprintf("%s-%d", m.GUID, i), "contentType": KindCard, "content": string(card)})
	}

	payload := Object{
		"id":                   m.ID,
		"replyToId":            nil,
		"createdDateTime":      m.At.UTC().Format(graphTime),
		"lastModifiedDateTime": timeOrNil(m.EditedAt),
		"deleted":              m.Deleted(),
		"importance":           "normal",
		"locale":               "en-us",
		"subject":              nil,
		"summary":              nil,
		"linkToMessage":        v.deepLink(room, m),
		"body":                 Object{"contentType": "html", "content": m.HTML},
		"from":                 v.authorItem(m),
		"attachments":          cards,
		"mentions":             v.mentionItems(m),
		"reactions":            []Object{},
	}
	if m.Root != "" && m.Root != m.ID {
		payload["replyToId"] = m.Root
	}
	return payload
}

// deepLink returns the URL that opens a message in Teams.
func (v *View) deepLink(room *Room, m *Message) string {
	if room.Person != "" {
		return "https://teams.microsoft.com/l/message/" + room.ID + "/" + m.ID + "?context=%7B%22contextType%22:%22chat%22%7D"
	}
	t := v.org.Teams[room.Team]
	return fmt.Sprintf("https://teams.microsoft.com/l/message/%s/%s?tenantId=%s&groupId=%s&parentMessageId=%s",
		strings.ReplaceAll(room.ID, "@", "%40"), m.ID, v.Opt.TenantID, t.GroupID, m.Root)
}

// authorItem returns the author of a message as JSON, or nil if Graph doesn't say who wrote it.
func (v *View) authorItem(m *Message) Object {
	app := func(id, name, kind string) Object {
		return Object{"application": Object{"id": id, "displayName": name, "applicationIdentityType": kind}, "device": nil, "user": nil}
	}
	switch u := v.org.Users[m.User]; {
	case m.Bot:
		return app(v.Opt.AppID, v.Opt.BotName, "bot")
	case m.PostedAs == "connector":
		return app(GUIDOf("connector"), "Incoming webhook", "office365Connector")
	case u == nil || m.PostedAs == "nobody":
		return nil
	case u.Bot:
		return app(u.ID, u.Name, "bot")
	default:
		return Object{"application": nil, "device": nil, "user": Object{
			"id": u.ID, "displayName": stdhtml.UnescapeString(u.Name), "userIdentityType": "aadUser", "tenantId": u.TenantID,
		}}
	}
}

// mentionedItem returns a mentioned person or bot as JSON.
func (v *View) mentionedItem(mention Mention) Object {
	if mention.Bot {
		bot := Object{"id": v.Opt.AppID, "displayName": mention.Name, "applicationIdentityType": "bot"}
		return Object{"application": bot, "user": nil}
	}
	return Object{"application": nil, "user": Object{"id": mention.ID, "displayName": mention.Name, "userIdentityType": "aadUser"}}
}

// messagePath returns the path of a message in Graph, without the host.
func (v *View) messagePath(room *Room, m *Message) string {
	path := "/graph/v1.0/teams/" + v.org.Teams[room.Team].GroupID + "/channels/" + url.PathEscape(room.ID) + "/messages/" + m.Root
	if m.Root != m.ID {
		path += "/replies/" + m.ID
	}
	return path
}

// chatMessage returns a message in Graph's format. The caller holds the lock.
// Source: Graph reference, "chatMessage resource type", read 2026-11.
func (v *View) chatMessage(room *Room, m *Message) Object {
	modified := lastChange(m)
	item := Object{
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
		"webUrl":               v.deepLink(room, m),
		"channelIdentity":      Object{"teamId": v.org.Teams[room.Team].GroupID, "channelId": room.ID},
		"from":                 nil,
		"body":                 v.bodyItem(room, m),
		"attachments":          v.attachmentItems(m),
		"mentions":             v.mentionItems(m),
		"reactions":            v.reactionItems(m),
	}
	if from := v.authorItem(m); from != nil {
		item["from"] = from
	}
	if m.Root != m.ID {
		item["replyToId"] = m.Root
	}
	if m.Subject != "" {
		item["subject"] = m.Subject
	}
	if m.Summary != "" {
		item["summary"] = m.Summary
	}
	if m.Policy != nil {
		item["policyViolation"] = m.Policy
	}

	if m.System {
		item["messageType"], item["from"] = "unknownFutureValue", nil
		item["body"] = Object{"contentType": "html", "content": "<systemEventMessage/>"}
		item["eventDetail"] = Object{
			"@odata.type":  "#microsoft.graph.teamsAppInstalledEventMessageDetail",
			"teamsAppId":   v.Opt.AppID,
			"teamsAppName": v.Opt.BotName, "initiator": Object{"user": nil, "application": nil},
		}
	}

	return item
}

// lastChange returns the time of the last change of a message or of its reactions.
func lastChange(m *Message) time.Time {
	last := m.At
	for _, at := range []time.Time{m.EditedAt, m.DeletedAt, m.RestoredAt} {
		if at.After(last) {
			last = at
		}
	}

	for _, reaction := range m.Reactions {
		if reaction.At.After(last) {
			last = reaction.At
		}
	}

	return last
}

// timeOrNil formats a time. It returns nil, which is null in JSON, for the zero time.
func timeOrNil(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UTC().Format(graphTime)
}

// bodyItem returns the text of a message as HTML. An <attachment> tag refers to each card and file, and an <img> tag to each
// pasted picture.
func (v *View) bodyItem(room *Room, m *Message) Object {
	html := m.HTML
	if m.Bot {
		for i, mention := range m.Mentions {
			name := stdhtml.EscapeString(mention.Name)
			html = strings.Replace(html, "<at>"+name+"</at>", fmt.Sprintf(`<at id="%d">%s</at>`, i, name), 1)
		}
	}

	for _, attachment := range v.attachmentItems(m) {
		html += fmt.Sprintf(`<attachment id="%v"></attachment>`, attachment["id"])
	}

	for _, f := range m.Files {
		if f.Image {
			html += fmt.Sprintf(`<p><img src="%s" alt="image" itemid="%s"></p>`,
				v.Host.URL()+v.messagePath(room, m)+"/hostedContents/"+f.ID+"/$value", f.ID)
		}
	}

	return Object{"contentType": "html", "content": html}
}

// attachmentItems returns the attachments of a message. The content of a card is a JSON text in a string. A file is only a
// reference to its URL. Graph gives the attachment of a card an id of its own.
func (v *View) attachmentItems(m *Message) []Object {
	items := []Object{}
	for i, attachment := range m.Attachments {
		item := Object{
			"id": GUIDOf(m.GUID, fmt.Sprint(i)), "contentType": attachment.ContentType, "contentUrl": nil, "content": nil,
			"name": nil, "thumbnailUrl": nil, "teamsAppId": nil,
		}
		if attachment.Content != nil {
			item["content"] = storedCard(attachment.Content)
		}
		if attachment.ContentURL != "" {
			item["contentUrl"] = attachment.ContentURL
		}
		if attachment.Name != "" {
			item["name"] = attachment.Name
		}

		items = append(items, item)
	}

	for _, f := range m.Files {
		if !f.Image {
			items = append(items, Object{
				"id": f.ID, "contentType": "reference", "contentUrl": f.URL, "content": nil, "name": f.Name, "thumbnailUrl": nil, "teamsAppId": nil,
			})
		}
	}

	return items
}

// storedCard returns a card as Graph returns it: the properties of its objects may be in another order than they were sent.
// Source: Graph, "Working with Microsoft Teams messaging APIs", card attachment, read 2026-11.
func storedCard(sent json.RawMessage) string {
	var card any
	if json.Unmarshal(sent, &card) != nil {
		return string(sent)
	}
	return string(MustJSON(card))
}

func (v *View) mentionItems(m *Message) []Object {
	items := []Object{}
	for i, mention := range m.Mentions {
		items = append(items, Object{"id": i, "mentionText": mention.Name, "mentioned": v.mentionedItem(mention)})
	}
	return items
}
