package graphfake

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"time"
	"unicode/utf8"
)

// pageRequest is the body of the Send API.
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
	Attachment   *struct {
		Type    string          `json:"type"`
		Payload json.RawMessage `json:"payload"`
	} `json:"attachment"`
}

// PageReply is a quick reply.
type PageReply struct {
	ContentType string `json:"content_type"`
	Title       string `json:"title"`
	Payload     string `json:"payload"`
}

// PageButton is a button of a template.
type PageButton struct {
	Type    string `json:"type"`
	Title   string `json:"title"`
	URL     string `json:"url"`
	Payload string `json:"payload"`
}

// PageCard is a card of a carousel.
type PageCard struct {
	Title    string       `json:"title"`
	Subtitle string       `json:"subtitle"`
	ImageURL string       `json:"image_url"`
	Buttons  []PageButton `json:"buttons"`
}

func invalid(format string, args ...any) *APIError {
	return &APIError{Code: 100, Message: fmt.Sprintf(format, args...)}
}

// messages answers the Send API: a message or a sender action.
func (p *Page) messages(c *call) (any, *APIError) {
	var req pageRequest
	if err := c.json(&req); err != nil {
		return nil, err
	}
	p.g.mu.Lock()
	defer p.g.mu.Unlock()
	defer p.g.Poke()
	to := p.person(req.Recipient.ID)
	switch {
	case req.Recipient.ID == "":
		return nil, invalid("Param recipient must be non-empty.")
	case to == nil:
		return nil, &APIError{Code: 100, Subcode: 2018001, Message: "No matching user found"}
	case req.Action != "" && req.Message != nil:
		return nil, invalid("Cannot specify both sender_action and message.")
	case req.Action != "":
		return p.act(to, req)
	}
	if err := p.mayWrite(to, req); err != nil {
		return nil, err
	}
	m := &PageMessage{ID: p.g.mid(), At: p.g.clock(), FromPage: true, Tag: req.Tag}
	if err := p.fill(to, m, req); err != nil {
		return nil, err
	}
	to.typing = false
	to.messages = append(to.messages, m)
	p.echo(to, m, p.g.opts.AppID)
	to.arrive()
	return map[string]any{"recipient_id": to.id, "message_id": m.ID}, nil
}

func (p *Page) person(id string) *PageCustomer {
	i := slices.IndexFunc(p.people, func(c *PageCustomer) bool { return c.id == id })
	if i < 0 {
		return nil
	}
	return p.people[i]
}

// mayWrite enforces windows, tags and blocks. Called under the lock.
func (p *Page) mayWrite(to *PageCustomer, req pageRequest) *APIError {
	age := p.g.clock().Sub(to.lastIn)
	closed := &APIError{Code: 10, Subcode: 2018278, Message: "This message is sent outside of allowed window."}
	switch {
	case req.Type == "":
		return invalid("The parameter messaging_type is required.")
	case !slices.Contains([]string{"RESPONSE", "UPDATE", "MESSAGE_TAG"}, req.Type):
		return invalid("Param messaging_type must be one of {RESPONSE, UPDATE, MESSAGE_TAG}")
	case (req.Type == "MESSAGE_TAG") != (req.Tag != ""):
		return invalid("Param tag goes with messaging_type MESSAGE_TAG, and only with it.")
	case req.Tag != "" && req.Tag != "HUMAN_AGENT":
		return invalid("Param tag: %s is deprecated.", req.Tag)
	case p.standby:
		return &APIError{Code: 10, Subcode: 2018300, Message: "Message Not Sent: another app is controlling this thread now."}
	case p.restricted:
		return &APIError{Code: 10, Subcode: 1893063, Message: "The Page is restricted from sending messages."}
	case to.blocked:
		return &APIError{Code: 551, Subcode: 1545041, Message: "This person isn't available right now."}
	case req.Tag != "" && !p.config.HumanAgent:
		return &APIError{Code: 10, Message: "Application does not have permission for this action"}
	case req.Tag == "" && age >= 24*time.Hour, age >= 7*24*time.Hour:
		return closed
	}
	return nil
}

// act does a sender action. Called under the lock.
func (p *Page) act(to *PageCustomer, req pageRequest) (any, *APIError) {
	switch req.Action {
	case "typing_on", "typing_off":
		to.typing = req.Action == "typing_on"
	case "mark_seen":
		to.seenAt = p.g.clock()
	case "react", "unreact":
		m := to.find(req.Payload.MessageID)
		if m == nil {
			return nil, invalid("Param payload[message_id] is no message of this conversation.")
		}
		m.PageReaction = ""
		if req.Action == "react" {
			if req.Payload.Reaction == "" {
				return nil, invalid("Param payload[reaction] must be non-empty.")
			}
			m.PageReaction = req.Payload.Reaction
		}
	default:
		return nil, invalid("Param sender_action must be one of {MARK_SEEN, TYPING_ON, TYPING_OFF, REACT, UNREACT}")
	}
	return map[string]any{"recipient_id": to.id}, nil
}

// fill checks a message's content and takes it over. Called under the lock.
func (p *Page) fill(to *PageCustomer, m *PageMessage, req pageRequest) *APIError {
	in := req.Message
	switch {
	case in == nil || in.Text == "" && in.Attachment == nil:
		return invalid("Param message must be non-empty: text or attachment.")
	case in.Text != "" && in.Attachment != nil:
		return invalid("Param message: text and attachment can't be sent together.")
	case utf8.RuneCountInString(in.Text) > 2000:
		return invalid("Length of param message[text] must be less than or equal to 2000")
	case utf8.RuneCountInString(in.Metadata) > 1000:
		return invalid("Length of param message[metadata] must be less than or equal to 1000")
	case len(in.QuickReplies) > 13:
		return invalid("Param message[quick_replies] has too many elements: at most 13.")
	case req.ReplyTo != nil && to.find(req.ReplyTo.MID) == nil:
		return invalid("Param reply_to[mid] is no message of this conversation.")
	}
	for _, q := range in.QuickReplies {
		if q.ContentType != "text" || q.Title == "" || q.Payload == "" {
			return invalid("Param message[quick_replies]: content_type, title and payload are required.")
		}
		if utf8.RuneCountInString(q.Title) > 20 || utf8.RuneCountInString(q.Payload) > 1000 {
			return invalid("Param message[quick_replies]: title has at most 20 characters, payload 1000.")
		}
	}
	m.Text, m.Metadata, m.QuickReplies = in.Text, in.Metadata, in.QuickReplies
	if req.ReplyTo != nil {
		m.ReplyTo = req.ReplyTo.MID
	}
	if in.Attachment == nil {
		return nil
	}
	m.Kind = in.Attachment.Type
	switch m.Kind {
	case "image", "video", "audio", "file":
		return p.attach(m, in.Attachment.Payload)
	case "template":
		m.raw = in.Attachment.Payload
		return fillTemplate(m, in.Attachment.Payload)
	}
	return invalid("Param message[attachment][type] must be one of {audio, file, image, template, video}")
}

// attach uses an uploaded file.
func (p *Page) attach(m *PageMessage, payload json.RawMessage) *APIError {
	var v struct {
		ID  string `json:"attachment_id"`
		URL string `json:"url"`
	}
	if json.Unmarshal(payload, &v) != nil || v.ID == "" {
		return &APIError{Code: 100, Subcode: 2018008, Message: "Failed to fetch the file from the url."} // it has no way out
	}
	f := p.saved[v.ID]
	if f == nil || f.kind != m.Kind {
		return invalid("Invalid attachment id %s for type %s.", v.ID, m.Kind)
	}
	m.File, m.Name, m.ContentType = f.content, f.name, f.contentType
	return nil
}

// fillTemplate checks a button or generic template.
func fillTemplate(m *PageMessage, payload json.RawMessage) *APIError {
	var t struct {
		Type     string       `json:"template_type"`
		Text     string       `json:"text"`
		Buttons  []PageButton `json:"buttons"`
		Elements []PageCard   `json:"elements"`
	}
	if json.Unmarshal(payload, &t) != nil {
		return invalid("Param message[attachment][payload] is malformed.")
	}
	switch t.Type {
	case "button":
		if n := utf8.RuneCountInString(t.Text); n == 0 || n > 640 {
			return invalid("Param text of a button template must have 1 to 640 characters.")
		}
		if len(t.Buttons) == 0 {
			return invalid("Param buttons of a button template must be non-empty.")
		}
		m.Text, m.Buttons = t.Text, t.Buttons
		return checkPageButtons(t.Buttons)
	case "generic":
		if len(t.Elements) == 0 || len(t.Elements) > 10 {
			return invalid("Param elements of a generic template must have 1 to 10 elements.")
		}
		for _, e := range t.Elements {
			if n := utf8.RuneCountInString(e.Title); n == 0 || n > 80 || utf8.RuneCountInString(e.Subtitle) > 80 {
				return invalid("Param elements: title has 1 to 80 characters, subtitle at most 80.")
			}
			if e.Subtitle == "" && e.ImageURL == "" && len(e.Buttons) == 0 {
				return invalid("Param elements: at least one property besides title is required.")
			}
			if err := checkPageButtons(e.Buttons); err != nil {
				return err
			}
		}
		m.Cards = t.Elements
		return nil
	}
	return invalid("Param template_type: %q is not supported.", t.Type)
}

func checkPageButtons(buttons []PageButton) *APIError {
	if len(buttons) > 3 {
		return invalid("Param buttons has too many elements: at most 3.")
	}
	for _, b := range buttons {
		if n := utf8.RuneCountInString(b.Title); n == 0 || n > 20 {
			return invalid("Param title of a button must have 1 to 20 characters.")
		}
		switch b.Type {
		case "web_url":
			if u, err := url.Parse(b.URL); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
				return invalid("Param url of a button should represent a valid URL.")
			}
		case "postback":
			if n := utf8.RuneCountInString(b.Payload); n == 0 || n > 1000 {
				return invalid("Param payload of a button must have 1 to 1000 characters.")
			}
		default:
			return invalid("Param type of a button must be one of {web_url, postback}.")
		}
	}
	return nil
}
