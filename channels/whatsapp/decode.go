package whatsapp

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"time"

	"parley/channels"
	"parley/channels/graph"
	"parley/channels/wamark"
)

// Decode turns a stored fact into what the customer, or WhatsApp, did. It returns no Inbound for facts that
// matter to nobody (groups, history). Pure.
// Errors: the bytes are no fact of this channel.
func (c *Channel) Decode(raw []byte) ([]channels.Inbound, error) {
	var f fact
	if err := json.Unmarshal(raw, &f); err != nil {
		return nil, fmt.Errorf("whatsapp: fact: %w", err)
	}
	switch f.Kind {
	case factMessage:
		return decodeMessage(f)
	case factEcho:
		return decodeEcho(f)
	case factStatus:
		return c.decodeStatus(f)
	case factConsent:
		return decodeConsent(f)
	case factErrors:
		return decodeErrors(f)
	case factChange:
		return decodeChange(f)
	}
	return nil, fmt.Errorf("whatsapp: fact: unknown kind %.40q", f.Kind)
}

// decodeMessage reads what a customer sent.
func decodeMessage(f fact) ([]channels.Inbound, error) {
	m, parts, err := readMessage(f.Data)
	if err != nil {
		return nil, err
	}
	if m.GroupID != "" {
		return nil, nil
	}
	var who contact
	if len(f.Contact) > 0 {
		_ = graph.Read(f.Contact, &who) // without it only the name is missing
	}
	from := partyOf(loose(firstOf(m.FromUserID, who.UserID)), loose(firstOf(m.From, who.WaID)), nameOf(who))
	if from.Key == "" && m.Type != "system" { // system messages may have the ids in their own part only
		return nil, fmt.Errorf("whatsapp: message: nobody sent it")
	}
	in := channels.Inbound{Kind: channels.InboundMessage, ExternalID: boundedID(string(m.ID)), From: from, At: timeOf(m.Timestamp)}
	switch m.Type {
	case "reaction":
		return reactionOf(in, parts), nil
	case "edit":
		return editOf(in, parts), nil
	case "revoke":
		return revokeOf(in, parts), nil
	case "system":
		return systemOf(in, m, parts), nil
	case "request_welcome": // the customer opened the chat and wrote nothing
		return nil, nil
	}
	readContent(&in, string(m.Type), parts)
	if about := errorNotice(m); about != "" {
		in.Notices = append(in.Notices, about)
	}
	addContext(&in, parts)
	return []channels.Inbound{in}, nil
}

// decodeEcho reads a message that the business wrote with the WhatsApp app on a phone.
func decodeEcho(f fact) ([]channels.Inbound, error) {
	m, parts, err := readMessage(f.Data)
	if err != nil {
		return nil, err
	}
	var who contact
	if len(f.Contact) > 0 {
		_ = graph.Read(f.Contact, &who) // without it only the name is missing
	}
	to := partyOf(loose(firstOf(m.ToUserID, who.UserID)), loose(firstOf(m.To, who.WaID)), nameOf(who))
	if to.Key == "" {
		return nil, fmt.Errorf("whatsapp: echo: it went to nobody")
	}
	in := channels.Inbound{Kind: channels.InboundForeign, ExternalID: boundedID(string(m.ID)), From: to, At: timeOf(m.Timestamp)}
	switch m.Type {
	case "reaction", "edit", "revoke", "system": // about a message that stays as it was shown
		return nil, nil
	}
	readContent(&in, string(m.Type), parts)
	addContext(&in, parts)
	return []channels.Inbound{in}, nil
}

// readMessage reads the fields that all messages have, and all fields by their names.
func readMessage(data []byte) (message, map[string]json.RawMessage, error) {
	var m message
	if err := graph.Read(data, &m); err != nil {
		return m, nil, fmt.Errorf("whatsapp: message: %w", err)
	}
	var parts map[string]json.RawMessage
	if err := json.Unmarshal(data, &parts); err != nil {
		return m, nil, fmt.Errorf("whatsapp: message: %w", err)
	}
	if m.ID == "" {
		return m, nil, fmt.Errorf("whatsapp: message: it has no id")
	}
	return m, parts, nil
}

// readPart reads the field of a message that is named like the message's type.
func readPart[T any](parts map[string]json.RawMessage, name string) (v T, ok bool) {
	raw, ok := parts[name]
	if !ok || string(raw) == "null" || graph.Read(raw, &v) != nil {
		var none T
		return none, false
	}
	return v, true
}

// timeOf reads a time in seconds. It returns the zero time if s is no time.
func timeOf(s loose) time.Time {
	seconds, err := strconv.ParseInt(string(s), 10, 64)
	if err != nil || seconds <= 0 || seconds > 1<<40 {
		return time.Time{}
	}
	return time.Unix(seconds, 0).UTC()
}

func reactionOf(in channels.Inbound, parts map[string]json.RawMessage) []channels.Inbound {
	r, ok := readPart[struct {
		MessageID loose `json:"message_id"`
		Emoji     loose `json:"emoji"`
	}](parts, "reaction")
	if !ok || r.MessageID == "" {
		return placeholder(in, "reaction")
	}
	in.Kind = channels.InboundReaction
	in.Change.Target = boundedID(string(r.MessageID))
	in.Change.Emoji = clippedLine(r.Emoji, 32)
	return []channels.Inbound{in}
}

// editOf reads the edit of a message. Source: Cloud API, "Edit webhook reference".
func editOf(in channels.Inbound, parts map[string]json.RawMessage) []channels.Inbound {
	e, ok := readPart[struct {
		Original loose                      `json:"original_message_id"`
		Message  map[string]json.RawMessage `json:"message"`
	}](parts, "edit")
	if !ok || e.Original == "" {
		return placeholder(in, "edit")
	}
	kind, _ := readPart[loose](e.Message, "type")
	readContent(&in, string(kind), e.Message)
	in.Kind = channels.InboundEdit
	in.Change.Target = boundedID(string(e.Original))
	in.Attachments = nil // an edit changes the words only
	return []channels.Inbound{in}
}

func revokeOf(in channels.Inbound, parts map[string]json.RawMessage) []channels.Inbound {
	r, ok := readPart[struct {
		Original loose `json:"original_message_id"`
	}](parts, "revoke")
	if !ok || r.Original == "" {
		return placeholder(in, "revoke")
	}
	in.Kind = channels.InboundDelete
	in.Change.Target = boundedID(string(r.Original))
	return []channels.Inbound{in}
}

// systemOf reads a change of a customer's ids. in.From has the ids before it.
func systemOf(in channels.Inbound, m message, parts map[string]json.RawMessage) []channels.Inbound {
	s, ok := readPart[system](parts, "system")
	if !ok {
		return placeholder(in, "system")
	}
	switch s.Type {
	case "user_changed_number", "user_changed_user_id", "customer_changed_number", "customer_identity_changed":
	default:
		placed := placeholder(in, "system")
		if body := clippedLine(s.Body, 500); body != "" {
			placed[0].Notices = append(placed[0].Notices, "WhatsApp says: "+body)
		}
		return placed
	}
	now := partyOf(s.UserID, loose(firstOf(s.WaID, s.NewWaID)), in.From.Name)
	if now.Key == "" { // another system message, for example about a new security code
		return nil
	}
	if s.Type == "user_changed_user_id" && len(now.Also) == 0 && phoneKey(m.From) != "" { // the number stays
		now.Also = []string{phoneKey(m.From)}
	}
	var list []channels.Inbound
	for _, before := range []string{userKey(s.PreviousUserID), userKey(m.FromUserID), phoneKey(m.From)} {
		isCurrent := before == now.Key || slices.Contains(now.Also, before)
		isListed := slices.ContainsFunc(list, func(change channels.Inbound) bool { return change.Change.Previous == before })
		if before == "" || isCurrent || isListed {
			continue
		}
		change := in
		change.Kind = channels.InboundIdentity
		change.From = now
		change.Change.Previous = before
		list = append(list, change)
	}
	return list
}

// placeholder returns a message that says that something came which can't be shown.
func placeholder(in channels.Inbound, kind string) []channels.Inbound {
	if in.From.Key == "" { // it belongs to no customer
		in.Kind = channels.InboundNotice
		in.ExternalID = ""
		in.Notices = []string{"WhatsApp tells something about a customer that it doesn't name."}
		return []channels.Inbound{in}
	}
	in.Text = unshownText(kind)
	return []channels.Inbound{in}
}

func unshownText(kind string) string {
	what := ""
	if kind = clippedLine(loose(kind), 40); kind != "" && kind != "unsupported" && kind != "unknown" {
		what = " (" + wamark.Escape(kind) + ")"
	}
	return "*A message that WhatsApp doesn't pass on" + what + ". It can only be seen on the customer's phone.*"
}
