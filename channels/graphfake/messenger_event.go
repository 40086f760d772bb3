package graphfake

import (
	"encoding/json"
	"slices"
)

// This file sends the webhooks about what happens in a conversation of Messenger. Each is an item of the list "messaging":
//
//	{"sender": {"id": "<who did it>"}, "recipient": {"id": "<the other side>"}, "timestamp": 1790000000000,
//	 "message": {"mid": "m_…", "text": "Hello?"}}
//
// Source: Messenger Platform, "Webhooks Reference".

// pageItem returns an item of the list "messaging", at a time in Unix milliseconds. what is under its last key.
func pageItem(sender, recipient string, at int64, key string, what any) map[string]any {
	return map[string]any{
		"sender":    map[string]any{"id": sender},
		"recipient": map[string]any{"id": recipient},
		"timestamp": at,
		key:         what,
	}
}

// notifyEventLocked sends the webhook about something that she did: value, under the name key. what and field are those of notifyLocked.
func (c *PageCustomer) notifyEventLocked(what, field, key string, value any) {
	item := pageItem(c.id, c.page.config.ID, c.page.g.clock().UnixMilli(), key, value)
	c.lastEvent = func() { c.page.notifyLocked(what, field, item) }
	c.lastEvent()
}

// Again lets Facebook send the webhook of what she did last once more.
func (c *PageCustomer) Again() {
	c.page.g.change(func() {
		if c.lastEvent != nil {
			c.lastEvent()
		}
	})
}

// notifyDeliveryLocked sends the webhook that everything was delivered to her phone, unless it is offline or there is nothing.
// The webhook names the Page's newest message; all older ones count as delivered, too.
func (c *PageCustomer) notifyDeliveryLocked() {
	if c.offline {
		return
	}
	for _, m := range slices.Backward(c.messages) {
		if !m.FromPage {
			continue
		}
		delivery := map[string]any{"mids": []string{m.ID}, "watermark": m.At.UnixMilli()}
		item := pageItem(c.id, c.page.config.ID, c.page.g.clock().UnixMilli(), "delivery", delivery)
		c.page.notifyLocked("delivery", "message_deliveries", item)
		return
	}
}

// notifyEchoLocked sends the webhook about a message that the Page sent with an app.
func (p *Page) notifyEchoLocked(to *PageCustomer, m *PageMessage, app string) {
	body := map[string]any{"mid": m.ID, "is_echo": true, "app_id": json.Number(app)}
	if m.Metadata != "" {
		body["metadata"] = m.Metadata
	}
	if m.ReplyTo != "" {
		body["reply_to"] = map[string]any{"mid": m.ReplyTo}
	}

	switch m.Kind {
	case "":
		body["text"] = m.Text
	case "template":
		body["attachments"] = []any{map[string]any{"type": "template", "payload": m.raw}}
	default:
		body["attachments"] = []any{map[string]any{"type": m.Kind, "payload": map[string]any{"url": p.fileURLLocked(m)}}}
	}

	p.notifyLocked("echo", "message_echoes", pageItem(p.config.ID, to.id, m.At.UnixMilli(), "message", body))
}
