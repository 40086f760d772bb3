package meta

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"parley/channels"
	"parley/channels/markdown"
)

// Values of Inbound.Automatic. They tell the engine not to react automatically to what a customer did.
const (
	automaticStandby = "standby" // another app had control of the conversation, and answers it
	automaticLink    = "link"    // the customer followed a link and wrote nothing
)

// Decode implements channels.Channel. It converts the JSON of a stored value (split.go), which is a webhook
// event or a customer's name, to what happened in a conversation. For example, an event with "reaction"
// becomes an InboundReaction. Two terms are Facebook's: an echo is a webhook about a message that the Page
// itself sent. An event is "standby" while another app has control of the conversation.
func (c *Page) Decode(raw []byte) ([]channels.Inbound, error) {
	var s stored
	if err := json.Unmarshal(raw, &s); err != nil {
		return nil, fmt.Errorf("messenger: event: %w", err)
	}
	if s.Person != "" {
		return []channels.Inbound{{
			Kind: channels.InboundIdentity,
			From: channels.Party{Key: s.Person, Name: shortLine(s.Name)},
		}}, nil
	}

	var ev event
	if err := readJSON(s.Event, &ev); err != nil {
		return nil, fmt.Errorf("messenger: event: %w", err)
	}

	customer := ev.findCustomer(s.Page)
	if customer == "" && ev.Policy != nil {
		return []channels.Inbound{{
			Kind:    channels.InboundNotice,
			At:      ev.Timestamp.asTime(),
			Notices: []string{ev.Policy.makeNotice()},
		}}, nil
	}
	if s.Page == "" || customer == "" {
		return nil, errors.New("messenger: event: nobody it is about")
	}

	return c.decodeEvent(ev, s, channels.Inbound{From: channels.Party{Key: customer}, At: ev.Timestamp.asTime()}), nil
}

// decodeEvent converts an event of a conversation. base has the customer and the time.
func (c *Page) decodeEvent(ev event, s stored, base channels.Inbound) []channels.Inbound {
	active := base // for events in which the customer writes or taps something
	if s.Standby {
		active.Automatic = automaticStandby
	}

	// Messages sent by the Page are handled as echoes. Its taps, reactions and edits are ignored.
	fromCustomer := ev.Sender.ID != s.Page
	isEcho := ev.Message != nil && (ev.Message.IsEcho || !fromCustomer)
	switch {
	case ev.Message != nil && ev.Message.Deleted:
		return deletionOf(base, ev.Message, fromCustomer)
	case isEcho:
		return c.echoOf(base, ev.Message)
	case ev.Message != nil:
		return messageOf(active, ev.Message)
	case ev.Postback != nil && fromCustomer:
		return tapOf(active, ev.Postback)
	case ev.Reaction != nil && fromCustomer:
		return pageReactionOf(base, ev.Reaction)
	case ev.Edit != nil && fromCustomer:
		return pageEditOf(active, ev.Edit)
	case ev.Read != nil:
		return receiptsOf(base, channels.StateRead, ev.Read)
	case ev.Delivery != nil:
		return receiptsOf(base, channels.StateDelivered, ev.Delivery)
	case ev.Referral != nil && fromCustomer:
		return arrivalOf(base, ev.Referral)
	}

	return nil // an event of an unknown kind, or not about a conversation
}

// messageOf converts a message from the customer.
func messageOf(in channels.Inbound, m *pageMessage) []channels.Inbound {
	in.Kind, in.ExternalID = channels.InboundMessage, m.MID
	readBody(&in, m)

	if m.QuickReply != nil {
		in.Chosen = m.QuickReply.Payload
	}
	if m.ReplyTo != nil {
		in.Answers.External = m.ReplyTo.MID
	}
	if m.Referral != nil {
		in.Notices = append(in.Notices, m.Referral.makeNotice())
	}
	if in.Automatic == automaticStandby {
		in.Notices = append(in.Notices, "Another app holds this conversation on Messenger; it answers.")
	}
	if isEmpty(in) {
		noteUnshown(&in, "Sent something that Messenger doesn't pass on.")
	}

	return []channels.Inbound{in}
}

// isEmpty reports whether a message has nothing to show to agents.
func isEmpty(in channels.Inbound) bool {
	return in.Text == "" && len(in.Attachments) == 0 && len(in.Notices) == 0
}

// readBody sets the text, attachments and notices of a message.
func readBody(in *channels.Inbound, m *pageMessage) {
	in.Text = markdown.Escape(m.Text)
	for i, a := range m.Attachments {
		if i == maxAttachments {
			noteUnshown(in, fmt.Sprintf("Sent further things: %d.", len(m.Attachments)-maxAttachments))
			break
		}
		a.addTo(in, m.Text)
	}
}

// echoOf converts a message that the Page sent. If its metadata has our token, Parley sent it, and the echo
// confirms that. Otherwise it was written outside Parley, for example in the Page's inbox.
func (c *Page) echoOf(in channels.Inbound, m *pageMessage) []channels.Inbound {
	in.ExternalID = m.MID
	t, isOurs := parsePageToken(c.env.Keys, c.id, m.Metadata)
	if !isOurs {
		in.Kind = channels.InboundElsewhere
		readBody(&in, m)

		if isEmpty(in) {
			in.Notices = append(in.Notices, "The Page sent something that Messenger doesn't pass on.")
		}
		return []channels.Inbound{in}
	}

	in.Kind = channels.InboundOwn
	in.Answers.Conversation = t.conversation
	in.Answers.Message = t.message
	if !t.hasMore { // this was the last part, so the whole message was sent
		in.Status = &channels.Status{State: channels.StateSent, MessageID: t.message, External: []string{m.MID}}
	}

	return []channels.Inbound{in}
}

// tapOf converts a tap on a button or in the Page's menu.
func tapOf(in channels.Inbound, p *postback) []channels.Inbound {
	in.Kind = channels.InboundMessage
	in.ExternalID = p.MID
	in.Chosen = p.Payload
	in.Text = markdown.Escape(p.Title)
	if in.Text == "" {
		in.Notices = append(in.Notices, "Tapped a button.")
	}
	if p.Referral != nil {
		in.Notices = append(in.Notices, p.Referral.makeNotice())
	}
	return []channels.Inbound{in}
}

// pageReactionOf converts a reaction to a message. Without an emoji, the reaction was withdrawn.
func pageReactionOf(in channels.Inbound, r *reaction) []channels.Inbound {
	if r.MID == "" {
		return nil
	}
	in.Kind = channels.InboundReaction
	in.Change.Target = r.MID
	if r.Action != "unreact" {
		in.Opens = true
		in.Change.Emoji = cmp.Or(r.Emoji, "❔")
	}
	return []channels.Inbound{in}
}

// pageEditOf converts a customer's edit of a message.
func pageEditOf(in channels.Inbound, e *edit) []channels.Inbound {
	if e.MID == "" {
		return nil
	}
	in.Kind = channels.InboundEdit
	in.Change.Target = e.MID
	in.Text = markdown.Escape(e.Text)
	return []channels.Inbound{in}
}

// deletionOf converts the deletion of a message by the customer. Deletions by the Page are ignored.
func deletionOf(in channels.Inbound, m *pageMessage, fromCustomer bool) []channels.Inbound {
	if m.MID == "" || !fromCustomer {
		return nil
	}
	in.Kind = channels.InboundDelete
	in.Change.Target = m.MID
	return []channels.Inbound{in}
}

// arrivalOf converts the opening of a conversation by a link. The customer wrote nothing, so nobody is
// notified.
func arrivalOf(in channels.Inbound, r *pageReferral) []channels.Inbound {
	in.Kind = channels.InboundMessage
	in.Automatic = automaticLink
	in.Notices = []string{r.makeNotice()}
	return []channels.Inbound{in}
}

// receiptsOf converts a read or delivery receipt. It returns one receipt for all our messages up to the
// watermark, which is a time or, without a watermark, one for each listed message. The watermark is preferred
// because the list may be incomplete, or may name messages that were not sent by Parley.
func receiptsOf(in channels.Inbound, state channels.DeliveryState, w *watermark) []channels.Inbound {
	in.Kind = channels.InboundStatus
	if until := w.Watermark.asTime(); !until.IsZero() {
		in.Status = &channels.Status{State: state, UpTo: until}
		return []channels.Inbound{in}
	}
	var list []channels.Inbound
	for _, mid := range w.MIDs {
		one := in
		one.Status = &channels.Status{State: state, External: []string{mid}}
		list = append(list, one)
	}
	return list
}

// makeNotice describes for agents how a customer came: "Came by an ad “Shoes”, product 12."
func (r *pageReferral) makeNotice() string {
	var parts []string
	switch strings.ToUpper(r.Source) {
	case "ADS":
		text := "an ad"
		if r.Ad != nil && r.Ad.Title != "" {
			text += " “" + shortLine(r.Ad.Title) + "”"
		} else if r.AdID != "" {
			text += " (" + shortLine(r.AdID) + ")"
		}

		parts = append(parts, text)
	case "SHORTLINK":
		parts = append(parts, "an m.me link")
	case "CUSTOMER_CHAT_PLUGIN", "CHAT_PLUGIN":
		parts = append(parts, "the chat on the website")
	default:
		parts = append(parts, "a link")
	}

	if r.Ref != "" {
		parts = append(parts, "ref “"+shortLine(r.Ref)+"”")
	}
	if r.Product != nil && r.Product.ID != "" {
		parts = append(parts, "product "+shortLine(r.Product.ID))
	}

	return "Came by " + strings.Join(parts, ", ") + "."
}

// makeNotice describes for the people of the account what measure Facebook took against the Page.
func (p *policy) makeNotice() string {
	reason := clipText(strings.Join(strings.Fields(p.Reason), " "), maxReason)
	if reason != "" {
		reason = " Its reason: " + reason
	}
	switch p.Action {
	case "block":
		return "Facebook has blocked the messages of this Page: customers get nothing until it is unblocked." + reason
	case "unblock":
		return "Facebook has unblocked the messages of this Page." + reason
	case "warning":
		return "Facebook warns that this Page breaks its rules, and may block its messages." + reason
	}
	return "Facebook has taken a measure against this Page: " + clipText(shortLine(p.Action), maxWord) + "." + reason
}
