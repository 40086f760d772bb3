package teamsfake

import (
	"fmt"
	stdhtml "html"
	"regexp"
	"strings"

	"parley/bot/teams/teamsfake/client"
)

var chip = regexp.MustCompile(`<@([^<>\s]+)>`) //nolint:gochecknoglobals // constant

// composer makes messages of what people type and attach.
type composer struct {
	*ground
	org   *organisation
	files *library
}

// write puts what a person typed into a message: HTML, plain text and mentions. Chips of
// unknown people stay text. Caller holds the lock.
func (w *composer) write(m *Message, in Post) {
	text := in.HTML
	if text == "" {
		text = in.Text
	}
	m.Mentions = nil
	n := 0
	text = chip.ReplaceAllStringFunc(text, func(c string) string {
		who := chip.FindStringSubmatch(c)[1]
		switch u := w.org.users[who]; {
		case who == "bot" || who == w.opt.AppID || who == w.opt.botID():
			m.Mentions = append(m.Mentions, Mention{ID: w.opt.AppID, Name: w.opt.BotName, Bot: true})
		case u != nil:
			m.Mentions = append(m.Mentions, Mention{ID: u.ID, Name: u.Name})
		default:
			return c
		}
		n++
		return client.Placeholder(n - 1)
	})
	if in.HTML == "" {
		text = client.Markdown(text)
	}
	for i, x := range m.Mentions {
		tag := fmt.Sprintf(`<at id="%d">%s</at>`, i, stdhtml.EscapeString(x.Name))
		// The editor puts a space after a chip that does not break.
		text = strings.Replace(text, client.Placeholder(i)+" ", tag+"&nbsp;", 1)
		text = strings.Replace(text, client.Placeholder(i), tag, 1)
	}
	m.HTML, m.Text = text, client.Plain(text)
	m.bare = in.Bare
}

// wireText is the text member of an activity: chips as <at>Name</at>.
func wireText(m *Message) string {
	var names []string
	text := m.HTML
	for i, x := range m.Mentions {
		tag := fmt.Sprintf(`<at id="%d">%s</at>`, i, stdhtml.EscapeString(x.Name))
		names = append(names, "<at>"+x.Name+"</at>")
		text = strings.Replace(text, tag, client.Placeholder(i), 1)
	}
	text = strings.ReplaceAll(text, "&nbsp;", "\uE002")
	text = strings.ReplaceAll(client.Plain(text), "\uE002", "\u00a0")
	for i, name := range names {
		text = strings.Replace(text, client.Placeholder(i), name, 1)
	}
	if len(names) > 0 {
		text += "\n" // as the editor's last paragraph leaves it
	}
	return text
}

// messageActivity is a person's message as the bot gets it. Caller holds the lock.
// Source: "Channel and group conversations with a bot", read 2026-11.
func (n *announcer) messageActivity(ch *channel, m *Message) object {
	a := n.base("message", where{ch: ch, root: m.Root, user: m.User})
	a["id"], a["textFormat"], a["text"], a["locale"] = m.ID, "plain", wireText(m), "en-US"
	if m.Root != "" && m.Root != m.ID {
		a["replyToId"] = m.Root
	}
	switch u := n.org.users[m.User]; {
	case m.Guise == "connector":
		a["from"] = object{"id": "28:connector:" + guidOf("connector"), "name": "Incoming webhook"}
	case m.Guise == "nobody":
	default:
		a["from"] = n.from(u)
	}
	entities := []object{}
	for _, x := range m.Mentions {
		who := object{"id": n.opt.botID(), "name": x.Name}
		if !x.Bot {
			who = object{"id": n.org.users[x.ID].TeamsID, "name": x.Name}
		}
		entities = append(entities, object{"type": "mention", "mentioned": who, "text": "<at>" + x.Name + "</at>"})
	}
	a["entities"] = append(entities, object{"type": "clientInfo", "locale": "en-US", "country": "US", "platform": "Web"})
	a["attachments"] = n.personAttachments(ch, m)
	return a
}

// personAttachments are the pictures and files of a person, and the HTML. In a channel a
// file is only a tag in the HTML; in a personal chat it has an address to download.
func (n *announcer) personAttachments(ch *channel, m *Message) []object {
	out := []object{}
	tags := ""
	for _, f := range m.Files {
		switch {
		case f.Image:
			out = append(out, object{"contentType": "image/*", "contentUrl": f.URL})
			tags += fmt.Sprintf(`<p><img src="%s" alt="image"></p>`, stdhtml.EscapeString(f.URL))
		case ch.person != "":
			_, kind, _ := strings.Cut(f.Name, ".")
			out = append(out, object{
				"contentType": "application/vnd.microsoft.teams.file.download.info", "contentUrl": f.URL, "name": f.Name,
				"content": object{"downloadUrl": n.files.downloadURL(f), "uniqueId": strings.ToUpper(f.ID), "fileType": kind},
			})
		default:
			tags += fmt.Sprintf(`<attachment id="%s"></attachment>`, f.ID)
		}
	}
	if m.bare && tags == "" {
		return out
	}
	return append(out, object{"contentType": kindHTML, "content": m.HTML + tags})
}
