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

// Phone is a customer's phone, in the chat with one of the company's numbers. Tests use it to write as the customer, and to see what
// arrived.
type Phone struct {
	exchange        *exchange
	Address, Number string // as Twilio writes them
	Name            string // WhatsApp profile
	UserID          string // WhatsApp's own id of the person: US.…; "" means that callbacks don't have it
	inbox           []*stored
	tail            chan struct{}         // closed once the last message to the customer is delivered or failed
	extra           map[string]url.Values // by message: further fields of its callback
}

// Media is a file that a customer sends or has got.
type Media struct {
	ContentType string `json:"content_type"`
	Content     []byte `json:"content"` // in JSON as base64
}

// Message is what a customer sends.
type Message struct {
	Text    string
	Media   []Media
	ReplyTo string     // the message it answers (WhatsApp)
	Fields  url.Values // further fields of the callback: Latitude, ButtonText, ListId, …
}

// Received is a message on a customer's phone.
type Received struct {
	SID       string    `json:"sid"`
	Text      string    `json:"text"`
	Status    string    `json:"status"`
	Media     []Media   `json:"media,omitempty"`
	Location  string    `json:"location,omitempty"` // "1.5,2.5|label"
	Buttons   []Button  `json:"buttons,omitempty"`  // to tap: answers, links, rows of a list
	List      string    `json:"list,omitempty"`     // what opens the rows; "" means buttons
	At        time.Time `json:"at"`
	Automatic bool      `json:"automatic"` // Twilio's own answer
	Mine      bool      `json:"mine"`      // the customer wrote it: Chat only
}

// Button is something to tap.
type Button struct {
	ID    string `json:"id"`
	Title string `json:"title"`
	URL   string `json:"url,omitempty"`
}

// Phone returns the customer with that address who talks to one of our numbers.
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

// Send sends a message to the company. It blocks until the message's callback was answered or given up.
// Errors: Twilio doesn't know the number; the callback was refused.
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

// Post is Send without waiting for the callback.
// Errors: Twilio doesn't know the number.
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

	form    url.Values // of the callback
	webhook string     // takes the callback; "" if none does
}

// storeMessage stores a customer's message. With an error, the message is empty.
func (p *Phone) storeMessage(msg Message) (sentMessage, error) {
	e := p.exchange
	e.mu.Lock()
	defer e.mu.Unlock()
	n := e.findNumberLocked(p.Number)
	if n == nil {
		return sentMessage{stored: &stored{}}, errors.New("twiliofake: nobody has this number")
	}

	now := e.opt.Now().UTC()
	prefix := "SM"
	if len(msg.Media) > 0 {
		prefix = "MM"
	}

	m := &stored{
		sid:       newSID(prefix),
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

// handleKeywordLocked does what Twilio does when a customer texts STOP, START or HELP, and returns that keyword, or "" for any
// other text.
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
	case "START", "UNSTOP", "YES": // whether the customer had stopped before or not
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

// inboundFormLocked returns the callback of a customer's message.
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

	if person, isWhatsApp := strings.CutPrefix(p.Address, waPrefix); isWhatsApp {
		f.Set("ProfileName", p.Name)
		f.Set("MessageType", "text")
		if len(m.media) > 0 {
			kind, _, _ := strings.Cut(m.media[0].kind, "/") // image, video, audio, application
			f.Set("MessageType", kind)
		}
		if digits, isNumber := strings.CutPrefix(person, "+"); isNumber {
			f.Set("WaId", digits)
		}
		if p.UserID != "" {
			f.Set("ExternalUserId", waPrefix+p.UserID)
		}
	} else {
		f.Set("ToCountry", "US")
		f.Set("FromCity", "") // fields without a value are sent, and signed
		f.Set("FromZip", "")
	}

	maps.Copy(f, p.extra[m.sid])
	return f
}

// Stop forbids further messages, by the word that customers type.
func (p *Phone) Stop() (string, error) { return p.Send(Message{Text: "STOP"}) }

// Start allows messages again, by the word that customers type.
func (p *Phone) Start() (string, error) { return p.Send(Message{Text: "Start"}) }

// Tap answers with a button of a message that the customer got.
func (p *Phone) Tap(messageSid string, b Button) (string, error) {
	return p.Send(Message{
		Text:    b.Title,
		ReplyTo: messageSid,
		Fields:  url.Values{"MessageType": {"button"}, "ButtonText": {b.Title}, "ButtonPayload": {b.ID}},
	})
}

// Share sends a place.
func (p *Phone) Share(latitude, longitude float64, label, address string) (string, error) {
	return p.Send(Message{Fields: url.Values{
		"MessageType": {"location"},
		"Latitude":    {strconv.FormatFloat(latitude, 'f', -1, 64)},
		"Longitude":   {strconv.FormatFloat(longitude, 'f', -1, 64)},
		"Label":       {label},
		"Address":     {address},
	}})
}

// Read marks everything that came by WhatsApp as seen by the customer.
func (p *Phone) Read() {
	for _, m := range p.listUnread() {
		p.exchange.move(m, messageRead, 0)
	}
}

// listUnread returns the messages that came by WhatsApp and weren't seen by the customer.
func (p *Phone) listUnread() []*stored {
	p.exchange.mu.Lock()
	defer p.exchange.mu.Unlock()
	var unread []*stored
	for _, m := range p.inbox {
		isOurs := m.direction == directionOurs && strings.HasPrefix(m.from, waPrefix)
		if isOurs && m.status == messageDelivered {
			unread = append(unread, m)
		}
	}
	return unread
}

// Stopped reports whether the customer opted out of this number's text messages.
func (p *Phone) Stopped() bool {
	p.exchange.mu.Lock()
	defer p.exchange.mu.Unlock()
	return p.exchange.blocked[pairKey(p.Address, p.Number)]
}

// Inbox returns what the customer has got, oldest first.
func (p *Phone) Inbox() []Received {
	return slices.DeleteFunc(p.Chat(), func(r Received) bool { return r.Mine })
}

// Chat returns what the phone shows, from both sides, oldest first.
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

// Texts returns the texts of Inbox without Twilio's own answers.
func (p *Phone) Texts() []string {
	texts := []string{}
	for _, r := range p.Inbox() {
		if !r.Automatic {
			texts = append(texts, r.Text)
		}
	}
	return texts
}
