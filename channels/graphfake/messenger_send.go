package graphfake

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"
	"unicode/utf8"
)

// This file emulates Messenger's Send API, by which an app sends messages of a Page: "POST /{page}/messages" with the body
// {"recipient": {"id": "1234"}, "messaging_type": "RESPONSE", "message": {"text": "Hello"}}.

// Limits of the Send API, in characters. Source: Messenger Platform, "Send API".
const (
	maxPageText = 2000
	maxMetadata = 1000
)

// humanWindow is how long after a customer's message an agent may reply with the tag HUMAN_AGENT. Without the tag, it is
// replyWindow.
const humanWindow = 7 * 24 * time.Hour

// pageRequest is the body of a call of the Send API. It contains either a message, or an action such as "typing_on".
type pageRequest struct {
	Recipient struct {
		ID string `json:"id"`
	} `json:"recipient"`
	Type    string       `json:"messaging_type"`
	Tag     string       `json:"tag"`
	Message *pageContent `json:"message"`
	Action  string       `json:"sender_action"`
	ReplyTo *struct {
		MID string `json:"mid"`
	} `json:"reply_to"`
}

type pageContent struct {
	Text         string       `json:"text"`
	Metadata     string       `json:"metadata"`
	QuickReplies []QuickReply `json:"quick_replies"`
	Attachment   *attachment  `json:"attachment"`
}

func invalidParameter(format string, args ...any) *APIError {
	return &APIError{Code: Invalid, Message: fmt.Sprintf(format, args...)}
}

// postMessage handles a call of the Send API.
func (p *Page) postMessage(c *call) (any, *APIError) {
	var req pageRequest
	if err := c.readBody(&req); err != nil {
		return nil, err
	}

	to, err := p.admit(req)
	if err != nil {
		return nil, err
	}
	if req.Action != "" {
		return p.doAction(to, req)
	}

	return p.deliver(to, req)
}

// admit returns the recipient of a request, or the error with which the request is refused.
func (p *Page) admit(req pageRequest) (*PageCustomer, *APIError) {
	p.g.mu.Lock()
	defer p.g.mu.Unlock()
	to := p.findPersonLocked(req.Recipient.ID)
	switch {
	case req.Recipient.ID == "":
		return nil, invalidParameter("Param recipient must be non-empty.")
	case to == nil:
		return nil, &APIError{Code: Invalid, Subcode: SubNoPerson, Message: "No matching user found"}
	case req.Action != "" && req.Message != nil:
		return nil, invalidParameter("Cannot specify both sender_action and message.")
	case req.Action != "":
		return to, nil
	}
	return to, p.checkSendingLocked(to, req)
}

// deliver adds a message to the conversation and sends its webhooks.
func (p *Page) deliver(to *PageCustomer, req pageRequest) (any, *APIError) {
	p.g.mu.Lock()
	defer p.g.mu.Unlock()
	defer p.g.Poke()
	m := &PageMessage{ID: p.g.newMessageIDLocked(), At: p.g.clock(), FromPage: true, Tag: req.Tag}
	if err := p.fillLocked(to, m, req); err != nil {
		return nil, err
	}

	to.typingUntil = time.Time{}
	to.messages = append(to.messages, m)
	p.notifyEchoLocked(to, m, p.g.opts.AppID)
	to.notifyDeliveryLocked()
	return map[string]any{"recipient_id": to.id, "message_id": m.ID}, nil
}

// findPersonLocked returns the customer with an id, or nil if the Page doesn't know her.
func (p *Page) findPersonLocked(id string) *PageCustomer {
	i := slices.IndexFunc(p.people, func(c *PageCustomer) bool { return c.id == id })
	if i < 0 {
		return nil
	}
	return p.people[i]
}

// checkSendingLocked returns the reason why a message may not be sent now (the reply window or its tag), or nil.
func (p *Page) checkSendingLocked(to *PageCustomer, req pageRequest) *APIError {
	age := p.g.clock().Sub(to.lastIn)
	closed := &APIError{Code: Permission, Subcode: SubWindow, Message: "This message is sent outside of allowed window."}
	switch {
	case req.Type == "":
		return invalidParameter("The parameter messaging_type is required.")
	case !slices.Contains([]string{"RESPONSE", "UPDATE", "MESSAGE_TAG"}, req.Type):
		return invalidParameter("Param messaging_type must be one of {RESPONSE, UPDATE, MESSAGE_TAG}")
	case (req.Type == "MESSAGE_TAG") != (req.Tag != ""):
		return invalidParameter("Param tag goes with messaging_type MESSAGE_TAG, and only with it.")
	case req.Tag != "" && req.Tag != "HUMAN_AGENT":
		return invalidParameter("Param tag: %s is deprecated.", req.Tag)
	case req.Tag != "" && !p.config.HumanAgent:
		return &APIError{Code: Permission, Message: "Application does not have permission for this action"}
	case req.Tag == "" && age >= replyWindow, age >= humanWindow:
		return closed
	}

	return nil
}

// pageTypingLife is how long the phone shows that the Page is typing.
// Source: Meta, "Sender Actions".
const pageTypingLife = 20 * time.Second

func (p *Page) doAction(to *PageCustomer, req pageRequest) (any, *APIError) {
	p.g.mu.Lock()
	defer p.g.mu.Unlock()
	defer p.g.Poke()
	switch req.Action {
	case "typing_on", "typing_off":
		to.typingUntil = time.Time{}
		if req.Action == "typing_on" {
			to.typingUntil = p.g.clock().Add(pageTypingLife)
		}
	case "mark_seen":
		to.seenAt = p.g.clock()
	default:
		return nil, invalidParameter("Param sender_action must be one of {MARK_SEEN, TYPING_ON, TYPING_OFF}")
	}

	return map[string]any{"recipient_id": to.id}, nil
}

// fillLocked validates the content of a request and copies it to m.
func (p *Page) fillLocked(to *PageCustomer, m *PageMessage, req pageRequest) *APIError {
	in := req.Message
	if in == nil {
		return invalidParameter("Param message must be non-empty: text or attachment.")
	}
	if err := in.check(); err != nil {
		return err
	}
	if req.ReplyTo != nil {
		if to.findLocked(req.ReplyTo.MID) == nil {
			return invalidParameter("Param reply_to[mid] isn't a message of this conversation.")
		}
		m.ReplyTo = req.ReplyTo.MID
	}

	m.Text, m.Metadata = in.Text, in.Metadata
	m.QuickReplies = in.QuickReplies
	if in.Attachment == nil {
		return nil
	}

	m.Kind = in.Attachment.Type
	if m.Kind == "template" {
		m.raw = in.Attachment.Payload
		return fillTemplate(m, in.Attachment.Payload)
	}
	var payload struct {
		ID string `json:"attachment_id"`
	}
	_ = json.Unmarshal(in.Attachment.Payload, &payload) // if it fails, no file is found
	file := p.saved[payload.ID]
	if file == nil || file.kind != m.Kind {
		return invalidParameter("Invalid attachment id %s for type %s.", payload.ID, m.Kind)
	}
	m.File, m.ContentType, m.Name = file.content, file.contentType, file.name
	return nil
}

// check validates the content of a message, except for its attachment.
func (in *pageContent) check() *APIError {
	switch {
	case in.Text == "" && in.Attachment == nil:
		return invalidParameter("Param message must be non-empty: text or attachment.")
	case in.Text != "" && in.Attachment != nil:
		return invalidParameter("Param message: text and attachment can't be sent together.")
	case utf8.RuneCountInString(in.Text) > maxPageText:
		return invalidParameter("Length of param message[text] must be less than or equal to 2000")
	case utf8.RuneCountInString(in.Metadata) > maxMetadata:
		return invalidParameter("Length of param message[metadata] must be less than or equal to 1000")
	}

	return checkQuickReplies(in.QuickReplies)
}

// fillTemplate validates a button or generic template, and copies its content to m.
func fillTemplate(m *PageMessage, payload json.RawMessage) *APIError {
	t, err := readTemplate(payload)
	if err != nil {
		return err
	}

	m.Buttons, m.Cards = t.Buttons, t.Cards
	if t.Type == "button" {
		m.Text = t.Text
	}
	return nil
}
