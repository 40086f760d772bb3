package messenger

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"parley/channels"
	"parley/channels/graph"
	"parley/channels/wamark"
)

// Values of Inbound.Automatic for events to which nothing may react automatically.
const (
	standbyWhy = "standby" // the message came while another app had control of the conversation
	linkWhy    = "link"    // the customer followed a link and wrote nothing
)

// Decode implements channels.Channel.
func (c *Channel) Decode(raw []byte) ([]channels.Inbound, error) {
	var s stored
	var ev event

	if err := json.Unmarshal(raw, &s); err != nil {
		return nil, fmt.Errorf("messenger: event: %w", err)
	}
	if err := graph.Read(s.Event, &ev); err != nil {
		return nil, fmt.Errorf("messenger: event: %w", err)
	}
	if s.Person != "" {
		return []channels.Inbound{{Kind: channels.InboundIdentity, From: channels.Party{Key: s.Person, Name: oneLine(s.Name)}}}, nil
	}

	customer := ev.findCustomer(s.Page)
	if customer == "" && ev.Policy != nil {
		return []channels.Inbound{{Kind: channels.InboundNotice, At: ev.Timestamp.asTime(), Notices: []string{ev.Policy.makeNotice()}}}, nil
	}
	if s.Page == "" || customer == "" {
		return nil, errors.New("messenger: event: nobody it is about")
	}

	base := channels.Inbound{From: channels.Party{Key: customer}, At: ev.Timestamp.asTime()}
	if s.Standby {
		base.Automatic = standbyWhy
	}

	fromPage := ev.Sender.ID == s.Page
	if ev.Message != nil {
		if ev.Message.IsEcho || fromPage {
			return c.echoOf(base, ev.Message), nil
		}
		return messageOf(base, ev.Message), nil
	}

	switch { // an event is of one kind; of the Page's own taps, reactions and edits nothing is to be told
	case ev.Postback != nil && !fromPage:
		return tapOf(base, ev.Postback), nil
	case ev.Reaction != nil && !fromPage:
		return reactionOf(base, ev.Reaction), nil
	case ev.Edit != nil && !fromPage:
		return editOf(base, ev.Edit), nil
	case ev.Read != nil:
		return receiptsOf(base, channels.StateRead, ev.Read), nil
	case ev.Delivery != nil:
		return receiptsOf(base, channels.StateDelivered, ev.Delivery), nil
	case ev.Referral != nil && !fromPage:
		// The customer only opened the conversation by a link: nobody needs to be notified.
		base.Kind = channels.InboundMessage
		base.Automatic = linkWhy
		base.Notices = []string{ev.Referral.makeNotice()}
		return []channels.Inbound{base}, nil
	}

	return nil, nil // a kind of event that isn't about a conversation, or that is unknown
}

// maxExact bounds numbers: a float64 holds all integers up to it exactly.
const maxExact = 1 << 53

// asTime reads milliseconds since 1970. It returns the zero time if there are none.
func (n number) asTime() time.Time {
	if n <= 0 || n > maxExact {
		return time.Time{}
	}
	return time.UnixMilli(int64(n)).UTC()
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
	if in.Automatic != "" {
		in.Notices = append(in.Notices, "Another app holds this conversation on Messenger; it answers.")
	}
	if isEmpty(in) {
		addNotice(&in, "Sent something that Messenger doesn't pass on.")
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
			addNotice(in, fmt.Sprintf("Sent %d things more.", len(m.Attachments)-maxAttachments))
			break
		}
		a.addTo(in, m.Text)
	}
}

// echoOf returns a message of the Page: ours, or one that was written outside of Parley.
func (c *Channel) echoOf(in channels.Inbound, m *message) []channels.Inbound {
	in.ExternalID = m.MID
	in.Automatic = "" // whoever has control of the conversation: nothing reacts to the Page's own messages
	t, isOurs := parseToken(c.env.Keys, c.page, m.Metadata)
	if !isOurs {
		in.Kind = channels.InboundForeign
		readBody(&in, m)

		if isEmpty(in) {
			in.Notices = []string{"The Page sent something that Messenger doesn't pass on."}
		}
		return []channels.Inbound{in}
	}

	in.Kind = channels.InboundOwn
	in.Answers.Conversation = t.conversation
	in.Answers.Message = t.message
	if !t.more {
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
	in.Opens = true
	in.Automatic = ""
	if r.Action != "unreact" {
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

// receiptsOf returns a receipt for all our messages up to the watermark. If there is a watermark it ignores the
// ids of messages, because they may be missing, and may name messages that people wrote outside of Parley.
func receiptsOf(in channels.Inbound, state channels.DeliveryState, w *watermark) []channels.Inbound {
	in.Kind, in.Automatic = channels.InboundStatus, ""
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

// makeNotice says for agents how a customer came: by an ad, a link, a product.
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

// How many characters are kept of others' texts.
const (
	maxLine   = 120 // a name, a title
	maxReason = 300
	maxWord   = 40 // a constant
)

// oneLine shortens a stranger's text to one line.
func oneLine(s string) string {
	return graph.ClipText(strings.Join(strings.Fields(s), " "), maxLine)
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
