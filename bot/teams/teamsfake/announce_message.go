package teamsfake

import (
	"fmt"
	stdhtml "html"
	"path"
	"strings"
)

// This file of the Teams emulator encodes a person's message as Teams sends it to a bot: as plain text, and again as
// HTML in an attachment. A mention is <at>Name</at> in the text, and an entity that says who it is:
//
//	{"type":"message","text":"<at>Parley</at> hello\n",
//	 "entities":[{"type":"mention","mentioned":{"id":"28:…","name":"Parley"},"text":"<at>Parley</at>"},…],
//	 "attachments":[{"contentType":"text/html","content":"<p><at id=\"0\">Parley</at> hello</p>"}],…}

// hardSpace replaces a no-break space while client.Plain reads a text, because Plain would turn it into an ordinary
// space. It is a private-use character, like client.Placeholder, which doesn't occur in texts.
const hardSpace = "\uE002"

// wireText returns the plain text of a message, in which mentions are <at>Name</at>.
func wireText(m *Message) string {
	var names []string
	text := m.HTML
	for i, mention := range m.Mentions {
		tag := fmt.Sprintf(`<at id="%d">%s</at>`, i, stdhtml.EscapeString(mention.Name))
		names = append(names, "<at>"+mention.Name+"</at>")
		text = strings.Replace(text, tag, Placeholder(i), 1)
	}

	text = strings.ReplaceAll(text, "&nbsp;", hardSpace)
	text = strings.ReplaceAll(Plain(text), hardSpace, "\u00a0")
	for i, name := range names {
		text = strings.Replace(text, Placeholder(i), name, 1)
	}

	if len(names) > 0 {
		text += "\n" // Teams' editor ends the last paragraph so
	}

	return text
}

// MessageActivity returns the activity of a person's message. The caller holds the lock.
// Source: "Channel and group conversations with a bot", read 2026-11.
func (n *Announcer) MessageActivity(ch *Room, m *Message) Object {
	a := n.Base("message", Where{Room: ch, Root: m.Root, User: m.User})
	a["id"] = m.ID
	a["textFormat"] = "plain"
	a["text"] = wireText(m)
	a["locale"] = "en-US"
	if m.Root != "" && m.Root != m.ID {
		a["replyToId"] = m.Root
	}

	switch u := n.Org.Users[m.User]; {
	case m.PostedAs == "connector":
		a["from"] = Object{"id": "28:connector:" + GUIDOf("connector"), "name": "Incoming webhook"}
	case m.PostedAs == "nobody":
		// The activity has no sender.
	default:
		a["from"] = n.From(u)
	}

	entities := []Object{}
	for _, mention := range m.Mentions {
		id := n.Opt.BotID()
		if !mention.Bot {
			id = n.Org.Users[mention.ID].TeamsID
		}
		entities = append(entities, Object{
			"type": "mention", "mentioned": Object{"id": id, "name": mention.Name}, "text": "<at>" + mention.Name + "</at>",
		})
	}

	a["entities"] = append(entities, Object{"type": "clientInfo", "locale": "en-US", "country": "US", "platform": "Web"})
	a["attachments"] = n.personAttachments(ch, m)
	return a
}

// personAttachments returns the attachments of a person's message: pictures, files and the HTML. In a channel, files are
// only tags in the HTML. In a personal chat, they have an address from which the bot can download them.
func (n *Announcer) personAttachments(ch *Room, m *Message) []Object {
	out := []Object{}
	tags := ""
	for _, f := range m.Files {
		switch {
		case f.Image:
			out = append(out, Object{"contentType": "image/*", "contentUrl": f.URL})
			tags += fmt.Sprintf(`<p><img src="%s" alt="image"></p>`, stdhtml.EscapeString(f.URL))
		case ch.Person != "":
			out = append(out, Object{
				"contentType": "application/vnd.microsoft.teams.file.download.info", "contentUrl": f.URL, "name": f.Name,
				"content": Object{
					"downloadUrl": n.Files.DownloadURL(f),
					"uniqueId":    strings.ToUpper(f.ID),
					"fileType":    strings.TrimPrefix(path.Ext(f.Name), "."),
				},
			})
		default:
			tags += fmt.Sprintf(`<attachment id="%s"></attachment>`, f.ID)
		}
	}

	if m.WithoutHTML && tags == "" {
		return out
	}

	return append(out, Object{"contentType": KindHTML, "content": m.HTML + tags})
}

// Types of activities about a change.
const (
	MessageUpdate = "messageUpdate"
	MessageDelete = "messageDelete"
)

// MessageChange is an edit, a deletion or a restoration of a message.
type MessageChange struct {
	Activity  string // MessageUpdate or MessageDelete
	Event     string // eventType of the activity: editMessage …
	WasPushed bool   // the bot received the message, so it gets the change even if it may not receive the message any more
}

// TellChange sends a messageUpdate or messageDelete, if the bot may receive the message.
func (n *Announcer) TellChange(ch *Room, m *Message, change MessageChange) {
	if !change.WasPushed && !n.IsPushed(ch, m) {
		return
	}

	a := n.MessageActivity(ch, m)
	a["type"], a["timestamp"] = change.Activity, n.ChangeTime().UTC().Format("2006-01-02T15:04:05.000Z")
	if data, ok := a["channelData"].(Object); ok {
		data["eventType"] = change.Event
	}

	if change.Activity == MessageDelete {
		for _, k := range []string{"text", "textFormat", "attachments", "entities"} {
			delete(a, k)
		}
	}

	n.Activities.Emit(ThreadConversation(ch.ID, m.Root), a)
}
