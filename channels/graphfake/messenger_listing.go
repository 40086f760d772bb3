package graphfake

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// This file emulates the list of a Page's conversations, by which an app can find messages whose webhooks it has missed:
// "GET /me/conversations?fields=participants,messages.limit(5)".

// maxRecent is the maximum number of messages that are listed for a conversation.
const maxRecent = 20

// limitPattern matches the number of messages that the parameter fields requests.
var limitPattern = regexp.MustCompile(`messages\.limit\((\d+)\)`)

// listConversations returns the Page's conversations, the one with the newest message first.
func (p *Page) listConversations(c *call) (any, *APIError) {
	q := c.req.Query
	platform, user := q.Get("platform"), q.Get("user_id")
	if platform != "" && platform != "messenger" {
		return map[string]any{"data": []any{}}, nil
	}

	p.g.mu.Lock()
	defer p.g.mu.Unlock()
	var people []*PageCustomer
	for _, person := range p.people {
		isWanted := user == "" || user == person.id
		isListed := len(person.messages) > 0 && !person.hidesConversation
		if isWanted && isListed {
			people = append(people, person)
		}
	}
	slices.SortStableFunc(people, func(a, b *PageCustomer) int { return b.lastMessage().At.Compare(a.lastMessage().At) })

	window, err := c.readWindow(len(people))
	if err != nil {
		return nil, err
	}

	data := []any{}
	for _, person := range people[window.from:window.to] {
		data = append(data, p.describeConversationLocked(person, q.Get("fields")))
	}
	return window.answer(data), nil
}

// describeConversationLocked returns a conversation with the requested fields.
func (p *Page) describeConversationLocked(person *PageCustomer, fields string) map[string]any {
	one := map[string]any{"id": "t_" + person.id, "updated_time": graphTime(person.lastMessage())}
	if strings.Contains(fields, "participants") {
		one["participants"] = map[string]any{"data": []any{map[string]any{"id": person.id, "name": person.name},
			map[string]any{"id": p.config.ID, "name": p.config.Name}}}
	}
	if strings.Contains(fields, "messages") && !person.hidesMessages {
		limit := maxRecent
		if m := limitPattern.FindStringSubmatch(fields); m != nil {
			n, _ := strconv.Atoi(m[1])
			limit = min(limit, max(n, 1))
		}
		one["messages"] = map[string]any{"data": p.listMessages(person, limit)}
	}
	return one
}

// lastMessage returns the newest message. The conversation must have one.
func (c *PageCustomer) lastMessage() *PageMessage { return c.messages[len(c.messages)-1] }

func graphTime(m *PageMessage) string { return m.At.UTC().Format("2006-01-02T15:04:05-0700") }

// listMessages returns the last messages of a conversation, newest first. Their metadata isn't included.
func (p *Page) listMessages(c *PageCustomer, limit int) []any {
	list := []any{}
	for _, m := range slices.Backward(c.messages) {
		if len(list) == limit {
			break
		}
		list = append(list, p.describeMessageLocked(c, m))
	}
	return list
}

func (p *Page) describeMessageLocked(c *PageCustomer, m *PageMessage) map[string]any {
	from := map[string]any{"id": c.id, "name": c.name}
	if m.FromPage {
		from = map[string]any{"id": p.config.ID, "name": p.config.Name}
	}

	one := map[string]any{"id": m.ID, "created_time": graphTime(m), "from": from, "message": m.Text}
	var attached map[string]any
	switch m.Kind {
	case "":
		return one
	case "template":
		one["message"] = ""
		attached = map[string]any{"id": "a_" + m.ID, "generic_template": map[string]any{"title": m.Text}}
	default:
		attached = p.describeFileLocked(m)
	}
	one["attachments"] = map[string]any{"data": []any{attached}}
	return one
}

func (p *Page) describeFileLocked(m *PageMessage) map[string]any {
	file := map[string]any{"id": "a_" + m.ID, "name": m.Name, "mime_type": m.ContentType, "size": len(m.File)}
	address := p.fileURLLocked(m)
	switch m.Kind {
	case "image", "sticker":
		file["image_data"] = map[string]any{"url": address, "render_as_sticker": m.Kind == "sticker"}
	case "video":
		file["video_data"] = map[string]any{"url": address}
	default:
		file["file_url"] = address
	}
	return file
}
