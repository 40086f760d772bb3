package graphfake

import (
	"maps"
	"slices"
	"strconv"
	"strings"
)

// tickLocked advances the delivery state of a message, for example to TickRead, and sends the webhook about it. It ignores a
// state that isn't later than the present one.
func (n *Number) tickLocked(m *Message, to Tick) {
	if rankOf(to) <= rankOf(m.Tick) || m.Tick == TickFailed {
		return
	}
	m.Tick = to
	n.statusLocked(m, to, m.to.idFields("recipient_id", "recipient_user_id"), 0)
}

// failLocked marks a message as failed, and sends the webhook about it.
func (n *Number) failLocked(m *Message, in incoming, code int) {
	m.Tick, m.Error = TickFailed, code
	ids := map[string]any{"recipient_id": digitsOf(in.To)}
	if in.To == "" {
		ids = map[string]any{"recipient_user_id": in.Recipient}
	}
	if m.to != nil {
		ids = m.to.idFields("recipient_id", "recipient_user_id")
	}
	n.statusLocked(m, TickFailed, ids, code)
}

// Fail reports that an accepted message has failed with an error code, such as 131026. A message that was delivered before keeps
// its state.
func (n *Number) Fail(id string, code int) {
	n.g.change(func() {
		m := n.findLocked(id)
		if m == nil {
			return
		}
		n.statusLocked(m, TickFailed, m.to.idFields("recipient_id", "recipient_user_id"), code)
		if rankOf(m.Tick) < rankOf(TickDelivered) {
			m.Tick, m.Error = TickFailed, code
		}
	})
}

// rankOf returns the position of a tick in their order; -1 if it is unknown.
func rankOf(t Tick) int {
	return slices.Index([]Tick{TickAccepted, TickSent, TickDelivered, TickRead, TickFailed}, t)
}

// statusLocked sends the webhook about a delivery state. ids identify the recipient. code is an error code; 0 means none.
func (n *Number) statusLocked(m *Message, t Tick, ids map[string]any, code int) {
	status := map[string]any{"id": m.ID, "status": string(t), "timestamp": strconv.FormatInt(n.g.clock().Unix(), 10)}
	maps.Copy(status, ids)
	if m.Token != "" {
		status["biz_opaque_callback_data"] = m.Token
	}
	if t == TickSent || t == TickDelivered {
		status["pricing"] = map[string]any{"billable": true, "pricing_model": "PMP", "category": n.categoryLocked(m)}
	}
	if code != 0 {
		status["errors"] = []any{map[string]any{"code": code, "title": Title(code), "message": Title(code),
			"error_data": map[string]any{"details": Title(code) + "."},
			"href":       "https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes/"}}
	}
	n.notifyMessagesLocked("hook.status."+string(t), map[string]any{"statuses": []any{status}})
}

// categoryLocked returns the price category of a message.
func (n *Number) categoryLocked(m *Message) string {
	if m.Type != "template" {
		return "service"
	}
	if t := n.waba.templateOfLocked(m); t != nil {
		return strings.ToLower(t.Category)
	}
	return "utility"
}
