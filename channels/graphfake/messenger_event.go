package graphfake

import (
	"encoding/json"
	"slices"
)

// This file sends the webhooks about events in a Messenger conversation. Each event is an item of the list "messaging":
//
//	{"sender": {"id": "<who did it>"}, "recipient": {"id": "<the other side>"}, "timestamp": 1790000000000,
//	 "message": {"mid": "m_…", "text": "Hello?"}}
//
// Source: Messenger Platform, "Webhooks Reference".

// pageItem returns an item of the list "messaging". at is in Unix milliseconds; value is stored under the key.
func pageItem(sender, recipient string, at int64, key string, value any) map[string]any {
	return map[string]any{
		"sender":    map[string]any{"id": sender},
		"recipient": map[string]any{"id": recipient},
		"timestamp": at,
		key:         value,
	}
}

// notifyEventLocked sends the webhook about an action of the customer. For what and field, see notifyLocked; for key and
// value, see pageItem.
func (c *PageCustomer) notifyEventLocked(what, field, key string, value any) {
	item := pageItem(c.id, c.page.config.ID, c.page.g.clock().UnixMilli(), key, value)
	c.lastEvent = func() { c.page.notifyLocked(what, field, item) }
	c.lastEvent()
}

// Again sends the webhook about her last action again, as Facebook sometimes does.
func (c *PageCustomer) Again() {
	c.page.g.change(func() {
		if c.lastEvent != nil {
			c.lastEvent()
		}
	})
}

// notifyDeliveryLocked reports that all messages of the Page were delivered to her phone, if there
// are any. The webhook contains the newest message, and implies all older ones.
func (c *PageCustomer) notifyDeliveryLocked() {
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

// notifyEchoLocked sends the echo of a message that the Page has sent. app is the id of the app that was used.
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
