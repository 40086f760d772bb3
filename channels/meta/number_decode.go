package meta

import (
	"encoding/json"
	"fmt"
	"slices"

	"parley/channels"
)

// Decode implements channels.Channel. raw is a stored fact (fact.go): one item of a webhook, such as a
// message or a status. Decode converts it to what the customer, or WhatsApp, did: for example, to an
// InboundMessage with text and files. It returns no Inbound for facts that are irrelevant, for example
// messages in groups. It uses neither network nor clock, so that the same fact always gives the same result.
// Errors: raw isn't a fact of this channel, or its item can't be read.
func (c *Number) Decode(raw []byte) ([]channels.Inbound, error) {
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
		return c.decodeChange(f)
	}

	return nil, fmt.Errorf("whatsapp: fact: unknown kind %.40q", f.Kind)
}

// decodeMessage decodes a message from a customer.
func decodeMessage(f fact) ([]channels.Inbound, error) {
	m, parts, err := readMessage(f.Data)
	if err != nil {
		return nil, err
	}
	if m.GroupID != "" {
		return nil, nil
	}

	who := contactOf(f)
	from := partyOf(loose(firstOf(m.FromUserID, who.UserID)), loose(firstOf(m.From, who.WaID)), nameOf(who))
	if from.Key == "" && m.Type != "system" { // a system message may name the customer in its own field only: see systemOf
		return nil, fmt.Errorf("whatsapp: message: nobody sent it")
	}

	in := channels.Inbound{
		Kind:       channels.InboundMessage,
		ExternalID: boundedID(string(m.ID)),
		From:       from,
		At:         timeOf(m.Timestamp),
	}
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

// decodeEcho decodes an echo: a message that the business wrote with the WhatsApp app on a phone.
func decodeEcho(f fact) ([]channels.Inbound, error) {
	m, parts, err := readMessage(f.Data)
	if err != nil {
		return nil, err
	}

	who := contactOf(f)
	to := partyOf(loose(firstOf(m.ToUserID, who.UserID)), loose(firstOf(m.To, who.WaID)), nameOf(who))
	if to.Key == "" {
		return nil, fmt.Errorf("whatsapp: echo: it went to nobody")
	}

	in := channels.Inbound{Kind: channels.InboundElsewhere, ExternalID: boundedID(string(m.ID)), From: to, At: timeOf(m.Timestamp)}

	switch m.Type {
	case "reaction", "edit", "revoke", "system": // they change an earlier message, which agents keep seeing unchanged
		return nil, nil
	}

	readContent(&in, string(m.Type), parts)
	addContext(&in, parts)
	return []channels.Inbound{in}, nil
}

// readMessage parses the fields that all messages have. parts has all fields, including those of only one
// type of message.
func readMessage(data []byte) (m message, parts map[string]json.RawMessage, err error) {
	if err := readJSON(data, &m); err != nil {
		return m, nil, fmt.Errorf("whatsapp: message: %w", err)
	}
	if err := json.Unmarshal(data, &parts); err != nil {
		return m, nil, fmt.Errorf("whatsapp: message: %w", err)
	}
	if m.ID == "" {
		return m, nil, fmt.Errorf("whatsapp: message: it has no id")
	}
	return m, parts, nil
}

// errorNotice returns why WhatsApp couldn't deliver a message's content, or "" if it could.
func errorNotice(m message) string {
	if len(m.Errors) == 0 {
		return ""
	}
	return "WhatsApp says: " + errorWords(m.Errors[0])
}

// reactionOf decodes a reaction to a message. Without an emoji, the reaction was withdrawn.
func reactionOf(in channels.Inbound, parts map[string]json.RawMessage) []channels.Inbound {
	r, ok := readPart[struct {
		MessageID loose `json:"message_id"`
		Emoji     loose `json:"emoji"`
	}](parts, "reaction")
	if !ok || r.MessageID == "" {
		return makePlaceholder(in, "reaction")
	}
	const maxEmoji = 32 // one emoji, such as a family or a flag, may consist of many characters
	in.Kind = channels.InboundReaction
	in.Change.Target = boundedID(string(r.MessageID))
	in.Change.Emoji = clippedLine(r.Emoji, maxEmoji)
	return []channels.Inbound{in}
}

// editOf decodes a customer's edit of a message. The field "edit" has the new version of the message.
// Source: Cloud API, "Edit webhook reference".
func editOf(in channels.Inbound, parts map[string]json.RawMessage) []channels.Inbound {
	e, ok := readPart[struct {
		Original loose                      `json:"original_message_id"`
		Message  map[string]json.RawMessage `json:"message"`
	}](parts, "edit")
	if !ok || e.Original == "" {
		return makePlaceholder(in, "edit")
	}
	kind, _ := readPart[loose](e.Message, "type") // without a type, readContent adds a notice
	readContent(&in, string(kind), e.Message)
	in.Kind = channels.InboundEdit
	in.Change.Target = boundedID(string(e.Original))
	in.Attachments = nil // an edit changes the words only
	return []channels.Inbound{in}
}

// revokeOf decodes the deletion of a message by the customer.
func revokeOf(in channels.Inbound, parts map[string]json.RawMessage) []channels.Inbound {
	r, ok := readPart[struct {
		Original loose `json:"original_message_id"`
	}](parts, "revoke")
	if !ok || r.Original == "" {
		return makePlaceholder(in, "revoke")
	}
	in.Kind = channels.InboundDelete
	in.Change.Target = boundedID(string(r.Original))
	return []channels.Inbound{in}
}

// systemOf decodes a system message. Most of them say that a customer's phone number or user id (party.go)
// has changed; in.From has the ids before the change. The result names the ids that the customer gave up.
// They include all spellings of her old number, because somebody else may get that number.
func systemOf(in channels.Inbound, m message, parts map[string]json.RawMessage) []channels.Inbound {
	s, ok := readPart[system](parts, "system")
	if !ok {
		return makePlaceholder(in, "system")
	}

	if !isIDChange(s.Type) {
		shown := makePlaceholder(in, "system")
		if body := clippedLine(s.Body, maxDetail); body != "" {
			shown[0].Notices = append(shown[0].Notices, "WhatsApp says: "+body)
		}
		return shown
	}

	phoneBefore := phoneKey(m.From)
	phonesBefore := append([]string{phoneBefore}, channels.OtherForms(phoneBefore)...)
	now := partyOf(s.UserID, loose(firstOf(s.WaID, s.NewWaID)), in.From.Name)
	if now.Key == "" || slices.Contains(phonesBefore, now.Key) { // no new id: for example, only the security code has changed
		return nil
	}

	keepsPhone := s.Type == "user_changed_user_id" && phoneBefore != "" // only the user id has changed
	if keepsPhone && len(now.Also) == 0 {
		now.Also, now.Phone = phonesBefore, phoneBefore
	}

	usersBefore := []string{userKey(s.PreviousUserID), userKey(m.FromUserID)}
	previous := formerParty(now, usersBefore, phonesBefore)
	if previous.Key == "" { // she keeps all her ids
		return nil
	}
	in.Kind, in.From, in.Change.Previous = channels.InboundIdentity, now, previous
	return []channels.Inbound{in}
}

// formerParty returns the ids that a customer gave up: the user ids and phones from before the change, except
// those that she still has. It returns the zero Party if there are none.
func formerParty(now channels.Party, users, phones []string) channels.Party {
	var p channels.Party
	for _, key := range slices.Concat(users, phones) {
		isCurrent := key == now.Key || slices.Contains(now.Also, key)
		if key == "" || isCurrent || key == p.Key {
			continue
		}

		if p.Key == "" {
			p.Key, p.Lasting = key, slices.Contains(users, key)
		} else if !slices.Contains(p.Also, key) {
			p.Also = append(p.Also, key)
		}
	}
	return p
}

// isIDChange reports whether a system message of this type says that a customer's ids have changed.
func isIDChange(systemType loose) bool {
	switch systemType {
	case "user_changed_number", "user_changed_user_id", "customer_changed_number", "customer_identity_changed":
		return true
	}
	return false
}

// makePlaceholder returns in with a notice for agents that something can't be shown.
func makePlaceholder(in channels.Inbound, kind string) []channels.Inbound {
	if in.From.Key == "" { // the customer is unknown
		in.Kind = channels.InboundNotice
		in.ExternalID = ""
		in.Notices = []string{"WhatsApp tells something about a customer that it doesn't name."}
		return []channels.Inbound{in}
	}
	in.Notices = append(in.Notices, unshownNotice(kind))
	return []channels.Inbound{in}
}
