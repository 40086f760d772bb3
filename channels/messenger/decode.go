package messenger

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"parley/channels"
	"parley/channels/graph"
	"parley/channels/wamark"
)

// Values of Inbound.Automatic: why nothing may react automatically to what a customer did.
const (
	automaticStandby = "standby" // another app had control of the conversation: that app answers
	automaticLink    = "link"    // the customer followed a link and wrote nothing
)

// Decode implements channels.Channel. raw is the JSON of a stored value (split.go): an event of a webhook, or a customer's name.
func (c *Channel) Decode(raw []byte) ([]channels.Inbound, error) {
	var s stored
	if err := json.Unmarshal(raw, &s); err != nil {
		return nil, fmt.Errorf("messenger: event: %w", err)
	}
	if s.Person != "" {
		return []channels.Inbound{{
			Kind: channels.InboundIdentity,
			From: channels.Party{Key: s.Person, Name: oneLine(s.Name)},
		}}, nil
	}

	var ev event
	if err := graph.Read(s.Event, &ev); err != nil {
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

// decodeEvent returns what an event with a customer says. base has the customer and the time.
func (c *Channel) decodeEvent(ev event, s stored, base channels.Inbound) []channels.Inbound {
	said := base // for what the customer writes or taps
	if s.Standby {
		said.Automatic = automaticStandby
	}

	// Messages of the Page itself come back as echoes. Its taps, reactions and edits are ignored.
	fromCustomer := ev.Sender.ID != s.Page
	isEcho := ev.Message != nil && (ev.Message.IsEcho || !fromCustomer)
	switch {
	case ev.Message != nil && ev.Message.Deleted:
		return deletionOf(base, ev.Message, fromCustomer)
	case isEcho:
		return c.echoOf(base, ev.Message)
	case ev.Message != nil:
		return messageOf(said, ev.Message)
	case ev.Postback != nil && fromCustomer:
		return tapOf(said, ev.Postback)
	case ev.Reaction != nil && fromCustomer:
		return reactionOf(base, ev.Reaction)
	case ev.Edit != nil && fromCustomer:
		return editOf(said, ev.Edit)
	case ev.Read != nil:
		return receiptsOf(base, channels.StateRead, ev.Read)
	case ev.Delivery != nil:
		return receiptsOf(base, channels.StateDelivered, ev.Delivery)
	case ev.Referral != nil && fromCustomer:
		return arrivalOf(base, ev.Referral)
	}

	return nil // a kind of event that isn't about a conversation, or that is unknown
}

// messageOf returns a customer's message.
func messageOf(in channels.Inbound, m *message) []channels.Inbound {
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

// isEmpty reports whether a message has nothing to show.
func isEmpty(in channels.Inbound) bool {
	return in.Text == "" && len(in.Attachments) == 0 && len(in.Notices) == 0
}

// readBody sets the text, attachments and remarks of a message.
func readBody(in *channels.Inbound, m *message) {
	in.Text = wamark.Escape(m.Text)
	for i, a := range m.Attachments {
		if i == maxAttachments {
			noteUnshown(in, fmt.Sprintf("Sent further things: %d.", len(m.Attachments)-maxAttachments))
			break
		}
		a.addTo(in, m.Text)
	}
}

// echoOf returns a message of the Page: one of ours, which has our token in its metadata, or one that was written outside of Parley.
func (c *Channel) echoOf(in channels.Inbound, m *message) []channels.Inbound {
	in.ExternalID = m.MID
	t, isOurs := parseToken(c.env.Keys, c.page, m.Metadata)
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
	if !t.hasMore { // it is the last part: the whole message was sent
		in.Status = &channels.Status{State: channels.StateSent, MessageID: t.message, External: []string{m.MID}}
	}

	return []channels.Inbound{in}
}

// tapOf returns a tap on a button or in the Page's menu.
func tapOf(in channels.Inbound, p *postback) []channels.Inbound {
	in.Kind = channels.InboundMessage
	in.ExternalID = p.MID
	in.Chosen = p.Payload
	in.Text = wamark.Escape(p.Title)
	if in.Text == "" {
		in.Notices = append(in.Notices, "Tapped a button.")
	}
	if p.Referral != nil {
		in.Notices = append(in.Notices, p.Referral.makeNotice())
	}
	return []channels.Inbound{in}
}

// reactionOf returns a customer's reaction to a message. Without an emoji, it takes the reaction back.
func reactionOf(in channels.Inbound, r *reaction) []channels.Inbound {
	if r.MID == "" {
		return nil
	}
	in.Kind = channels.InboundReaction
	in.Change.Target = r.MID
	if r.Action != "unreact" {
		in.Opens = true
		in.Change.Emoji = r.findEmoji()
	}
	return []channels.Inbound{in}
}

// findEmoji returns the emoji of a reaction. Webhooks of old versions only have its name.
func (r *reaction) findEmoji() string {
	if r.Emoji != "" {
		return r.Emoji
	}

	switch strings.ToLower(r.Name) {
	case "love":
		return "❤"
	case "smile":
		return "😆"
	case "wow":
		return "😮"
	case "sad":
		return "😢"
	case "angry":
		return "😠"
	case "like":
		return "👍"
	case "dislike":
		return "👎"
	}

	return "❔"
}

// editOf returns a customer's change of a message.
func editOf(in channels.Inbound, e *edit) []channels.Inbound {
	if e.MID == "" {
		return nil
	}
	in.Kind = channels.InboundEdit
	in.Change.Target = e.MID
	in.Text = wamark.Escape(e.Text)
	return []channels.Inbound{in}
}

// deletionOf returns that a customer took a message back. Deletions by the Page are ignored.
func deletionOf(in channels.Inbound, m *message, fromCustomer bool) []channels.Inbound {
	if m.MID == "" || !fromCustomer {
		return nil
	}
	in.Kind = channels.InboundDelete
	in.Change.Target = m.MID
	return []channels.Inbound{in}
}

// arrivalOf returns that a customer opened the conversation by a link. She wrote nothing, so nobody needs to be notified.
func arrivalOf(in channels.Inbound, r *referral) []channels.Inbound {
	in.Kind = channels.InboundMessage
	in.Automatic = automaticLink
	in.Notices = []string{r.makeNotice()}
	return []channels.Inbound{in}
}

// receiptsOf returns one receipt for all our messages up to the watermark, a time. Without a watermark, it returns one for each message
// that is named. The watermark is preferred because names may be missing, or be those of messages that didn't leave through Parley.
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

// makeNotice says for agents how a customer came: "Came by an ad “Shoes”, product 12."
func (r *referral) makeNotice() string {
	var parts []string
	switch strings.ToUpper(r.Source) {
	case "ADS":
		text := "an ad"
		if r.Ad != nil && r.Ad.Title != "" {
			text += " “" + oneLine(r.Ad.Title) + "”"
		} else if r.AdID != "" {
			text += " (" + oneLine(r.AdID) + ")"
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
		parts = append(parts, "ref “"+oneLine(r.Ref)+"”")
	}
	if r.Product != nil && r.Product.ID != "" {
		parts = append(parts, "product "+oneLine(r.Product.ID))
	}

	return "Came by " + strings.Join(parts, ", ") + "."
}

// makeNotice says for the account's people what measure Facebook took against the Page.
func (p *policy) makeNotice() string {
	reason := graph.ClipText(strings.Join(strings.Fields(p.Reason), " "), maxReason)
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
	return "Facebook has taken a measure against this Page: " + graph.ClipText(oneLine(p.Action), maxWord) + "." + reason
}
