package graphfake

import "strconv"

// tickLocked moves a message on and tells it by webhook: hook.status.sent and so on.
// Called under the lock.
func (n *Number) tickLocked(m *Message, to Tick) {
	if rank(to) <= rank(m.Tick) || m.Tick == TickFailed {
		return
	}
	now := n.g.clock()
	m.Tick = to
	m.ticks = append(m.ticks, tickAt{to, now})
	n.statusLocked(m, to, m.to.ids("recipient_id", "recipient_user_id"), 0)
}

// failLocked fails a message with an error.
func (n *Number) failLocked(m *Message, in incoming, code int) {
	m.Tick, m.Error = TickFailed, code
	m.ticks = append(m.ticks, tickAt{TickFailed, n.g.clock()})
	ids := map[string]any{"recipient_id": digits(in.To)}
	if in.To == "" {
		ids = map[string]any{"recipient_user_id": in.Recipient}
	}
	if m.to != nil {
		ids = m.to.ids("recipient_id", "recipient_user_id")
	}
	n.statusLocked(m, TickFailed, ids, code)
}

// Fail lets a message fail after it was taken, as late as a test likes: 131026.
func (n *Number) Fail(id string, code int) {
	n.g.change(func() {
		m := n.findLocked(id)
		if m == nil {
			return
		}
		n.statusLocked(m, TickFailed, m.to.ids("recipient_id", "recipient_user_id"), code)
		if rank(m.Tick) < rank(TickDelivered) {
			m.Tick, m.Error = TickFailed, code
		}
	})
}

func rank(t Tick) int {
	switch t {
	case TickSent:
		return 2
	case TickDelivered:
		return 3
	case TickRead:
		return 4
	case TickFailed:
		return 5
	case TickAccepted:
		return 1
	}
	return 0
}

// statusLocked tells a status by webhook.
func (n *Number) statusLocked(m *Message, t Tick, ids map[string]any, code int) {
	st := map[string]any{"id": m.ID, "status": string(t), "timestamp": strconv.FormatInt(n.g.clock().Unix(), 10)}
	for k, v := range ids {
		st[k] = v
	}
	if m.Token != "" {
		st["biz_opaque_callback_data"] = m.Token
	}
	if t == TickSent || t == TickDelivered {
		st["pricing"] = map[string]any{"billable": true, "pricing_model": "PMP", "category": n.categoryLocked(m)}
	}
	if code != 0 {
		st["errors"] = []any{map[string]any{"code": code, "title": words(code), "message": words(code),
			"error_data": map[string]any{"details": words(code) + "."}, "href": "https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes/"}}
	}
	n.notify("hook.status."+string(t), "messages", map[string]any{"statuses": []any{st}})
}

func (n *Number) categoryLocked(m *Message) string {
	if m.Type != "template" {
		return "service"
	}
	if t := n.waba.templateOfLocked(m); t != nil {
		return lower(t.Category)
	}
	return "utility"
}
