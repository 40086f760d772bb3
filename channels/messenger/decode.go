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
	customer := ev.customer(s.Page)
	if customer == "" && ev.Policy != nil {
		return []channels.Inbound{{Kind: channels.InboundNotice, At: ev.Timestamp.time(), Notices: []string{ev.Policy.words()}}}, nil
	}
	if s.Page == "" || customer == "" {
		return nil, errors.New("messenger: event: nobody it is about")
	}
	base := channels.Inbound{From: channels.Party{Key: customer}, At: ev.Timestamp.time()}
	if s.Standby {
		base.Automatic = standbyWhy
	}
	fromPage := ev.Sender.ID == s.Page
	switch {
	case ev.Message != nil && (ev.Message.IsEcho || fromPage):
		return c.echo(base, ev.Message), nil
	case ev.Message != nil:
		return said(base, ev.Message), nil
	case ev.Postback != nil && !fromPage:
		return tapped(base, ev.Postback), nil
	case ev.Reaction != nil && !fromPage:
		return reacted(base, ev.Reaction), nil
	case ev.Edit != nil && !fromPage:
		return edited(base, ev.Edit), nil
	case ev.Read != nil:
		return seen(base, channels.StateRead, ev.Read), nil
	case ev.Delivery != nil:
		return seen(base, channels.StateDelivered, ev.Delivery), nil
	case ev.Referral != nil && !fromPage:
		// The customer only opened the conversation by a link: nobody needs to be notified.
		base.Kind, base.Automatic, base.Notices = channels.InboundMessage, linkWhy, []string{ev.Referral.words()}
		return []channels.Inbound{base}, nil
	}
	return nil, nil // a kind of event that isn't about a conversation, or that is unknown
}

// time reads milliseconds since 1970; the zero time if there are none.
func (n number) time() time.Time {
	if n <= 0 || n > 1<<53 {
		return time.Time{}
	}
	return time.UnixMilli(int64(n)).UTC()
}

// said returns a customer's message.
func said(in channels.Inbound, m *message) []channels.Inbound {
	in.Kind, in.ExternalID = channels.InboundMessage, m.MID
	body(&in, m)
	if m.QuickReply != nil {
		in.Chosen = m.QuickReply.Payload
	}
	if m.ReplyTo != nil {
		in.Answers.External = m.ReplyTo.MID
	}
	if m.Referral != nil {
		in.Notices = append(in.Notices, m.Referral.words())
	}
	if in.Automatic != "" {
		in.Notices = append(in.Notices, "Another app holds this conversation on Messenger; it answers.")
	}
	if in.Text == "" && len(in.Attachments) == 0 && len(in.Notices) == 0 {
		in.Notices = []string{"Sent something that Messenger doesn't pass on. Look into the Page's inbox."}
	}
	return []channels.Inbound{in}
}

// body sets the text, attachments and remarks of a message.
func body(in *channels.Inbound, m *message) {
	in.Text = wamark.Escape(m.Text)
	for i, a := range m.Attachments {
		if i == maxShown {
			in.Notices = append(in.Notices, fmt.Sprintf("Sent %d things more. Look into the Page's inbox.", len(m.Attachments)-maxShown))
			break
		}
		a.add(in, m.Text)
	}
}

// echo returns a message of the Page: ours, or one that was written outside of Parley.
func (c *Channel) echo(in channels.Inbound, m *message) []channels.Inbound {
	in.ExternalID, in.Automatic = m.MID, ""
	t, ours := parseToken(c.env.Keys, c.page, m.Metadata)
	if !ours {
		in.Kind = channels.InboundForeign
		body(&in, m)
		if in.Text == "" && len(in.Attachments) == 0 && len(in.Notices) == 0 {
			in.Notices = []string{"The Page sent something that Messenger doesn't pass on."}
		}
		return []channels.Inbound{in}
	}
	in.Kind, in.Answers.Conversation, in.Answers.Message = channels.InboundOwn, t.conversation, t.message
	if !t.more {
		in.Status = &channels.Status{State: channels.StateSent, MessageID: t.message, External: []string{m.MID}}
	}
	return []channels.Inbound{in}
}

// tapped returns a tap on a button or in the Page's menu.
func tapped(in channels.Inbound, p *postback) []channels.Inbound {
	in.Kind, in.ExternalID, in.Chosen = channels.InboundMessage, p.MID, p.Payload
	in.Text = wamark.Escape(p.Title)
	if in.Text == "" {
		in.Notices = append(in.Notices, "Tapped a button.")
	}
	if p.Referral != nil {
		in.Notices = append(in.Notices, p.Referral.words())
	}
	return []channels.Inbound{in}
}

func reacted(in channels.Inbound, r *reaction) []channels.Inbound {
	in.Kind, in.Change.Target, in.Opens, in.Automatic = channels.InboundReaction, r.MID, true, ""
	if r.MID == "" {
		return nil
	}
	if r.Action != "unreact" {
		in.Change.Emoji = r.emoji()
	}
	return []channels.Inbound{in}
}

// emoji returns the emoji of a reaction; older webhooks only have its name.
func (r *reaction) emoji() string {
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

func edited(in channels.Inbound, e *edit) []channels.Inbound {
	if e.MID == "" {
		return nil
	}
	in.Kind, in.Change.Target, in.Text = channels.InboundEdit, e.MID, wamark.Escape(e.Text)
	return []channels.Inbound{in}
}

// seen returns a receipt for all our messages up to the watermark. It ignores mids, because they may be
// missing, and may name messages that people wrote outside of Parley.
func seen(in channels.Inbound, state channels.DeliveryState, w *watermark) []channels.Inbound {
	in.Kind, in.Automatic = channels.InboundStatus, ""
	if until := w.Watermark.time(); !until.IsZero() {
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

// words says for agents from where a customer came: an ad, a link, a product.
func (r *referral) words() string {
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

// oneLine shortens a stranger's text to one line.
func oneLine(s string) string {
	return clip(strings.Join(strings.Fields(s), " "), 120)
}

// words tells the account's people of a measure against the Page.
func (p *policy) words() string {
	reason := clip(strings.Join(strings.Fields(p.Reason), " "), 300)
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
	return "Facebook has taken a measure against this Page: " + clip(oneLine(p.Action), 40) + "." + reason
}
