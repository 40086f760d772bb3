package graphfake

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"time"
	"unicode/utf8"

	"parley/channels/graphfake/codes"
)

// This file emulates Messenger's Send API, by which an app sends messages of a Page: "POST /{page}/messages" with the body
// {"recipient": {"id": "1234"}, "messaging_type": "RESPONSE", "message": {"text": "Hello"}}.

// Limits of the Send API: lengths in characters, and numbers of items.
// Source: Messenger Platform, "Send API" and "Templates".
const (
	maxPageText     = 2000
	maxMetadata     = 1000
	maxPayload      = 1000
	maxPageTitle    = 20 // of a quick reply or button
	maxQuickReplies = 13
	maxPageButtons  = 3
	maxButtonText   = 640 // of a text with a button template
	maxElements     = 10
	maxCardText     = 80
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
	Payload struct {
		MessageID string `json:"message_id"`
		Reaction  string `json:"reaction"`
	} `json:"payload"`
	ReplyTo *struct {
		MID string `json:"mid"`
	} `json:"reply_to"`
}

type pageContent struct {
	Text         string      `json:"text"`
	Metadata     string      `json:"metadata"`
	QuickReplies []PageReply `json:"quick_replies"`
	Attachment   *attachment `json:"attachment"`
}

// PageCard is a card of a carousel.
type PageCard struct {
	Title    string       `json:"title"`
	Subtitle string       `json:"subtitle"`
	ImageURL string       `json:"image_url"`
	Buttons  []PageButton `json:"buttons"`
}

func invalidParameter(format string, args ...any) *APIError {
	return &APIError{Code: codes.Invalid, Message: fmt.Sprintf(format, args...)}
}

// postMessage handles a call of the Send API. A message's file is received in between the checks and the delivery, without the
// lock, because it may have to be downloaded.
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

	var file *pageFile
	if req.Message != nil && req.Message.Attachment != nil {
		if file, err = p.receiveFile(c, *req.Message.Attachment); err != nil {
			return nil, err
		}
	}
	return p.deliver(to, req, file)
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
		return nil, &APIError{Code: codes.Invalid, Subcode: codes.SubNoPerson, Message: "No matching user found"}
	case req.Action != "" && req.Message != nil:
		return nil, invalidParameter("Cannot specify both sender_action and message.")
	case req.Action != "":
		return to, nil
	}
	return to, p.checkSendingLocked(to, req)
}

// deliver adds a message to the conversation and sends its webhooks. file is the file that the call contains; nil means none.
func (p *Page) deliver(to *PageCustomer, req pageRequest, file *pageFile) (any, *APIError) {
	p.g.mu.Lock()
	defer p.g.mu.Unlock()
	defer p.g.Poke()
	m := &PageMessage{ID: p.g.newMessageIDLocked(), At: p.g.clock(), FromPage: true, Tag: req.Tag}
	attachmentID, err := p.fillLocked(to, m, req, file)
	if err != nil {
		return nil, err
	}

	to.typing = false
	to.messages = append(to.messages, m)
	p.notifyEchoLocked(to, m, p.g.opts.AppID)
	to.notifyDeliveryLocked()
	answer := map[string]any{"recipient_id": to.id, "message_id": m.ID}
	if attachmentID != "" {
		answer["attachment_id"] = attachmentID
	}
	return answer, nil
}

// findPersonLocked returns the customer with an id, or nil if the Page doesn't know her.
func (p *Page) findPersonLocked(id string) *PageCustomer {
	i := slices.IndexFunc(p.people, func(c *PageCustomer) bool { return c.id == id })
	if i < 0 {
		return nil
	}
	return p.people[i]
}

// checkSendingLocked returns the reason why a message may not be sent now (the reply window, its tag, or a block), or nil.
func (p *Page) checkSendingLocked(to *PageCustomer, req pageRequest) *APIError {
	age := p.g.clock().Sub(to.lastIn)
	closed := &APIError{Code: codes.Permission, Subcode: codes.SubWindow, Message: "This message is sent outside of allowed window."}
	switch {
	case req.Type == "":
		return invalidParameter("The parameter messaging_type is required.")
	case !slices.Contains([]string{"RESPONSE", "UPDATE", "MESSAGE_TAG"}, req.Type):
		return invalidParameter("Param messaging_type must be one of {RESPONSE, UPDATE, MESSAGE_TAG}")
	case (req.Type == "MESSAGE_TAG") != (req.Tag != ""):
		return invalidParameter("Param tag goes with messaging_type MESSAGE_TAG, and only with it.")
	case req.Tag != "" && req.Tag != "HUMAN_AGENT":
		return invalidParameter("Param tag: %s is deprecated.", req.Tag)
	case p.standby:
		const text = "Message Not Sent: another app is controlling this thread now."
		return &APIError{Code: codes.Permission, Subcode: codes.SubHeld, Message: text}
	case p.restricted:
		return &APIError{Code: codes.Permission, Subcode: codes.SubRestricted, Message: "The Page is restricted from sending messages."}
	case to.blocked:
		return &APIError{Code: codes.Unavailable, Subcode: codes.SubBlocked, Message: "This person isn't available right now."}
	case req.Tag != "" && !p.config.HumanAgent:
		return &APIError{Code: codes.Permission, Message: "Application does not have permission for this action"}
	case req.Tag == "" && age >= replyWindow, age >= humanWindow:
		return closed
	}

	return nil
}

func (p *Page) doAction(to *PageCustomer, req pageRequest) (any, *APIError) {
	p.g.mu.Lock()
	defer p.g.mu.Unlock()
	defer p.g.Poke()
	switch req.Action {
	case "typing_on", "typing_off":
		to.typing = req.Action == "typing_on"
	case "mark_seen":
		to.seenAt = p.g.clock()
	case "react", "unreact":
		m := to.findLocked(req.Payload.MessageID)
		if m == nil {
			return nil, invalidParameter("Param payload[message_id] isn't a message of this conversation.")
		}

		m.PageReaction = ""
		if req.Action == "react" {
			if req.Payload.Reaction == "" {
				return nil, invalidParameter("Param payload[reaction] must be non-empty.")
			}
			m.PageReaction = req.Payload.Reaction
		}
	default:
		return nil, invalidParameter("Param sender_action must be one of {MARK_SEEN, TYPING_ON, TYPING_OFF, REACT, UNREACT}")
	}

	return map[string]any{"recipient_id": to.id}, nil
}

// fillLocked validates the content of a request and copies it to m. It returns the id by which the file can be used again; ""
// means that it can't.
func (p *Page) fillLocked(to *PageCustomer, m *PageMessage, req pageRequest, file *pageFile) (attachmentID string, err *APIError) {
	in := req.Message
	if in == nil {
		return "", invalidParameter("Param message must be non-empty: text or attachment.")
	}
	if err := in.check(); err != nil {
		return "", err
	}
	if req.ReplyTo != nil {
		if to.findLocked(req.ReplyTo.MID) == nil {
			return "", invalidParameter("Param reply_to[mid] isn't a message of this conversation.")
		}
		m.ReplyTo = req.ReplyTo.MID
	}

	m.Text, m.Metadata = in.Text, in.Metadata
	m.QuickReplies = in.QuickReplies
	if in.Attachment == nil {
		return "", nil
	}

	m.Kind = in.Attachment.Type
	switch m.Kind {
	case "image", "video", "audio", "file":
		return p.attachLocked(m, *in.Attachment, file)
	case "template":
		m.raw = in.Attachment.Payload
		return "", fillTemplate(m, in.Attachment.Payload)
	}

	return "", invalidParameter("Param message[attachment][type] must be one of {audio, file, image, template, video}")
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

// attachLocked attaches a file to a message: the one that the call contains, or an earlier upload. It returns the id by which a
// file of the call can be used again; "" means that it can't.
func (p *Page) attachLocked(m *PageMessage, a attachment, file *pageFile) (attachmentID string, err *APIError) {
	payload, err := a.readPayload()
	switch {
	case err != nil:
		return "", err
	case file != nil && payload.IsReusable:
		p.saveLocked(file)
		attachmentID = file.id
	case file == nil:
		file = p.saved[payload.ID]
	}
	if file == nil || file.kind != m.Kind {
		return "", invalidParameter("Invalid attachment id %s for type %s.", payload.ID, m.Kind)
	}

	m.File, m.ContentType = file.content, file.contentType
	m.Name = file.name
	return attachmentID, nil
}

// fillTemplate validates a button or generic template, and copies its content to m.
func fillTemplate(m *PageMessage, payload json.RawMessage) *APIError {
	var t struct {
		Type     string       `json:"template_type"`
		Text     string       `json:"text"`
		Buttons  []PageButton `json:"buttons"`
		Elements []PageCard   `json:"elements"`
	}
	if json.Unmarshal(payload, &t) != nil {
		return invalidParameter("Param message[attachment][payload] is malformed.")
	}

	switch t.Type {
	case "button":
		m.Text, m.Buttons = t.Text, t.Buttons
		return checkButtonTemplate(t.Text, t.Buttons)
	case "generic":
		m.Cards = t.Elements
		return checkCards(t.Elements)
	}
	return invalidParameter("Param template_type: %q is not supported.", t.Type)
}

func checkButtonTemplate(text string, buttons []PageButton) *APIError {
	if !hasLength(text, maxButtonText) {
		return invalidParameter("Param text of a button template must have 1 to 640 characters.")
	}
	if len(buttons) == 0 {
		return invalidParameter("Param buttons of a button template must be non-empty.")
	}
	return checkPageButtons(buttons)
}

func checkCards(cards []PageCard) *APIError {
	if len(cards) == 0 || len(cards) > maxElements {
		return invalidParameter("Param elements of a generic template must have 1 to 10 elements.")
	}
	for _, card := range cards {
		if err := card.check(); err != nil {
			return err
		}
	}
	return nil
}

func (c PageCard) check() *APIError {
	if !hasLength(c.Title, maxCardText) || utf8.RuneCountInString(c.Subtitle) > maxCardText {
		return invalidParameter("Param elements: title has 1 to 80 characters, subtitle at most 80.")
	}
	if c.Subtitle == "" && c.ImageURL == "" && len(c.Buttons) == 0 {
		return invalidParameter("Param elements: at least one property besides title is required.")
	}
	return checkPageButtons(c.Buttons)
}

// isWebURL reports whether a text is an absolute http or https URL.
func isWebURL(text string) bool {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" {
		return false
	}
	return u.Scheme == "http" || u.Scheme == "https"
}
