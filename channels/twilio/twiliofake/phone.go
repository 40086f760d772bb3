package twiliofake

import (
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Phone is a customer's phone, in the chat with one of the company's numbers. Tests use it to write as the customer, and to see what she
// received:
//
//	p := server.Phone("+15550123", "+15550101", "Ann")
//	id, err := p.Send(Message{Text: "Hello"})
type Phone struct {
	exchange        *exchange
	Address, Number string // the customer's address and the company's, as Twilio writes them
	Name            string // the name in the WhatsApp profile
	UserID          string // WhatsApp's id of the person (US.…); "" if callbacks don't have it
	inbox           []*stored
	tail            chan struct{}         // closed when the last message to the customer is delivered or has failed
	extra           map[string]url.Values // additional fields of callbacks, by message id
}

// Media is a file that a customer sent or received.
type Media struct {
	ContentType string `json:"content_type"`
	Content     []byte `json:"content"` // in JSON as base64
}

// Message is what a customer sends.
type Message struct {
	Text    string
	Media   []Media
	ReplyTo string     // the id of the message to which it replies (WhatsApp)
	Fields  url.Values // additional fields of the callback: Latitude, ButtonText, ListId, …
}

// Received is a message as a customer's phone shows it.
type Received struct {
	SID       string    `json:"sid"`
	Text      string    `json:"text"`
	Status    string    `json:"status"`
	Media     []Media   `json:"media,omitempty"`
	Location  string    `json:"location,omitempty"` // "1.5,2.5|label"
	Buttons   []Button  `json:"buttons,omitempty"`  // quick replies, links, or rows of a list
	List      string    `json:"list,omitempty"`     // the title of the button that opens the list; "" if it isn't a list
	At        time.Time `json:"at"`
	Automatic bool      `json:"automatic"` // an automatic reply by Twilio
	Mine      bool      `json:"mine"`      // the customer wrote it; only in Chat
}

// Button is a button or a list row that a customer can tap.
type Button struct {
	ID    string `json:"id"`
	Title string `json:"title"`
	URL   string `json:"url,omitempty"`
}

// Phone returns the phone of the customer with an address, in the chat with one of the company's numbers. It creates the phone if
// necessary. A name other than "" becomes the customer's name.
func (e *exchange) Phone(address, number, name string) *Phone {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.findPhoneLocked(address, number, name)
}

// findPhoneLocked is Phone with the lock held.
func (e *exchange) findPhoneLocked(address, number, name string) *Phone {
	key := pairKey(address, number)
	p := e.phones[key]
	if p == nil {
		p = &Phone{exchange: e, Address: address, Number: number, extra: map[string]url.Values{}}
		e.phones[key] = p
	}
	if name != "" {
		p.Name = name
	}
	return p
}

// Send sends a message to the company and returns its id. It blocks until the company's webhook has responded, or all attempts to call it
// have failed.
// Errors: nobody has the number; the webhook responded with an error.
func (p *Phone) Send(msg Message) (string, error) {
	sent, err := p.storeMessage(msg)
	if err != nil || sent.webhook == "" {
		return sent.sid, err
	}
	status := p.exchange.hooks.call(sent.webhook, sent.form, sent.stored)
	if status/100 == 2 || p.exchange.hooks.isLosing() {
		return sent.sid, nil
	}
	return sent.sid, fmt.Errorf("twiliofake: webhook answered %d", status)
}

// Post is like Send but doesn't wait for the webhook.
// Errors: nobody has the number.
func (p *Phone) Post(msg Message) (string, error) {
	sent, err := p.storeMessage(msg)
	if err != nil {
		return sent.sid, err
	}
	isRunning := p.exchange.api.Context().Err() == nil
	if sent.webhook != "" && isRunning {
		p.exchange.api.Go(func() { p.exchange.hooks.call(sent.webhook, sent.form, sent.stored) })
	}
	return sent.sid, nil
}

// sentMessage is a customer's message with its callback.
type sentMessage struct {
	*stored

	form    url.Values // the callback's body
	webhook string     // the callback's URL; "" if there is none
}

// storeMessage stores a customer's message and prepares its callback. If it fails, the returned message is empty but not nil.
func (p *Phone) storeMessage(msg Message) (sentMessage, error) {
	e := p.exchange
	e.mu.Lock()
	defer e.mu.Unlock()
	n := e.findNumberLocked(p.Number)
	if n == nil {
		return sentMessage{stored: &stored{}}, errors.New("twiliofake: nobody has this number")
	}

	now := e.opt.Now().UTC()
	m := &stored{
		sid:       newMessageSID(len(msg.Media)),
		body:      msg.Text,
		from:      p.Address,
		to:        p.Number,
		direction: directionInbound,
		status:    messageReceived,
		service:   e.serviceOfLocked(p.Number),
		created:   now,
		sent:      now,
		updated:   now,
		segments:  1,
	}
	for _, md := range msg.Media {
		f := &file{sid: newSID("ME"), kind: md.ContentType, content: md.Content}
		m.media = append(m.media, f)
		e.media.files[f.sid] = f
	}

	e.messages = append(e.messages, m)
	e.lastIn[pairKey(p.Address, p.Number)] = now
	extra := url.Values{}
	maps.Copy(extra, msg.Fields)
	if msg.ReplyTo != "" {
		extra.Set("OriginalRepliedMessageSid", msg.ReplyTo)
	}
	if word := e.handleKeywordLocked(m); word != "" && e.opt.OptOutType {
		extra.Set("OptOutType", word)
	}

	p.extra[m.sid] = extra
	e.Poke()
	return sentMessage{stored: m, form: e.inboundFormLocked(m, p), webhook: e.findWebhookLocked(n)}, nil
}

// handleKeywordLocked imitates what Twilio does when a customer texts STOP, START or HELP, or one of their synonyms. It returns that
// keyword, or "" for any other text.
func (e *exchange) handleKeywordLocked(m *stored) string {
	if strings.HasPrefix(m.from, waPrefix) {
		return ""
	}

	pair := pairKey(m.from, m.to)
	switch strings.ToUpper(strings.TrimSpace(m.body)) {
	case "STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT":
		if !e.blocked[pair] {
			e.autoAnswerLocked(m, "You have successfully been unsubscribed. Reply START to resubscribe.")
		}
		e.blocked[pair] = true
		return "STOP"
	case "START", "UNSTOP", "YES": // also if the customer hadn't opted out
		if e.blocked[pair] {
			e.autoAnswerLocked(m, "You have successfully been re-subscribed to messages from this number.")
		}
		delete(e.blocked, pair)
		return "START"
	case "HELP", "INFO":
		e.autoAnswerLocked(m, "Reply STOP to unsubscribe. Msg&Data Rates May Apply.")
		return "HELP"
	}

	return ""
}

// inboundFormLocked returns the form of the callback for a customer's message.
func (e *exchange) inboundFormLocked(m *stored, p *Phone) url.Values {
	f := e.commonFormLocked(m)
	f.Set("SmsStatus", string(messageReceived))
	f.Set("Body", m.body)
	f.Set("NumSegments", strconv.Itoa(m.segments))
	f.Set("NumMedia", strconv.Itoa(len(m.media)))
	for i, md := range m.media {
		f.Set(fmt.Sprint("MediaUrl", i), e.api.URL()+e.mediaPath(m, md))
		f.Set(fmt.Sprint("MediaContentType", i), md.kind)
	}

	if strings.HasPrefix(p.Address, waPrefix) {
		p.addWhatsAppFields(f, m)
	} else {
		f.Set("ToCountry", "US")
		f.Set("FromCity", "") // Twilio also sends and signs fields without a value
		f.Set("FromZip", "")
	}

	maps.Copy(f, p.extra[m.sid])
	return f
}

// addWhatsAppFields adds the fields that only callbacks of WhatsApp messages have.
func (p *Phone) addWhatsAppFields(f url.Values, m *stored) {
	f.Set("ProfileName", p.Name)
	f.Set("MessageType", "text")
	if len(m.media) > 0 {
		kind, _, _ := strings.Cut(m.media[0].kind, "/") // image, video, audio, application
		f.Set("MessageType", kind)
	}
	if digits, isNumber := strings.CutPrefix(p.Address, waPrefix+"+"); isNumber {
		f.Set("WaId", digits)
	}
	if p.UserID != "" {
		f.Set("ExternalUserId", waPrefix+p.UserID)
	}
}

// Stop opts out of further messages by the keyword STOP.
func (p *Phone) Stop() (string, error) { return p.Send(Message{Text: "STOP"}) }

// Start opts in again by the keyword START, with the spelling of a customer.
func (p *Phone) Start() (string, error) { return p.Send(Message{Text: "Start"}) }

// Tap replies with a button of a message that the customer received.
func (p *Phone) Tap(messageSid string, b Button) (string, error) {
	return p.Send(Message{
		Text:    b.Title,
		ReplyTo: messageSid,
		Fields:  url.Values{"MessageType": {"button"}, "ButtonText": {b.Title}, "ButtonPayload": {b.ID}},
	})
}

// Stopped reports whether the customer has opted out of this number's messages.
func (p *Phone) Stopped() bool {
	p.exchange.mu.Lock()
	defer p.exchange.mu.Unlock()
	return p.exchange.blocked[pairKey(p.Address, p.Number)]
}

// Inbox returns the messages that the customer received, oldest first.
func (p *Phone) Inbox() []Received {
	return slices.DeleteFunc(p.Chat(), func(r Received) bool { return r.Mine })
}

// Chat returns the messages of both sides as the phone shows them, oldest first.
func (p *Phone) Chat() []Received {
	p.exchange.mu.Lock()
	defer p.exchange.mu.Unlock()
	all := []Received{}
	for _, m := range p.exchange.messages {
		mine := m.from == p.Address && m.to == p.Number
		if !mine && !slices.Contains(p.inbox, m) {
			continue
		}

		r := Received{
			SID:       m.sid,
			Text:      m.body,
			Status:    string(m.status),
			Location:  m.location,
			Buttons:   m.buttons,
			List:      m.list,
			At:        m.sent,
			Automatic: m.direction == directionTwilio,
			Mine:      mine,
		}
		for _, f := range m.media {
			r.Media = append(r.Media, Media{ContentType: f.kind, Content: f.content})
			if !mine && strings.HasPrefix(m.from, waPrefix) && !hasCaption(f.kind) {
				r.Text = ""
			}
		}

		all = append(all, r)
	}

	return all
}

// Texts returns the texts of Inbox without Twilio's automatic replies.
func (p *Phone) Texts() []string {
	texts := []string{}
	for _, r := range p.Inbox() {
		if !r.Automatic {
			texts = append(texts, r.Text)
		}
	}
	return texts
}
