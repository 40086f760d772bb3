package demo

import (
	"cmp"
	"fmt"
	"hash/fnv"
	"regexp"
	"slices"
	"time"

	"parley/channels/graphfake"
	"parley/channels/twilio/twiliofake"
)

// Handset is the emulated phone of one customer of the demo. It has a phone number and three chats with the demo's
// company: by WhatsApp, SMS and Messenger. For example, h.Chat(SMS) returns the SMS chat, and its method Say sends a text
// message.
type Handset struct {
	name   string
	number string // E.164
	wa     *graphfake.Customer
	sms    *twiliofake.Phone
	page   *graphfake.PageCustomer
}

// ByWhatsApp returns the customer's account in the emulated WhatsApp.
func (h *Handset) ByWhatsApp() *graphfake.Customer { return h.wa }

// ByPage returns the customer's account in the emulated Messenger, which writes to the company's Page.
func (h *Handset) ByPage() *graphfake.PageCustomer { return h.page }

// Who returns the customer's name and phone number (E.164).
func (h *Handset) Who() (name, number string) { return h.name, h.number }

// phoneNumber derives a fictitious phone number from a mail address. The same address always gives the same number. If
// address is a phone number itself, phoneNumber returns it.
func phoneNumber(address string) string {
	if numberPattern.MatchString(address) {
		return address
	}
	const first, numbers = 2_000_000, 7_000_000 // every sum of both has seven digits
	sum := fnv.New32a()
	_, _ = sum.Write([]byte(address)) // a hash never returns an error
	return fmt.Sprintf("+1555%07d", first+sum.Sum32()%numbers)
}

// numberPattern matches a phone number in E.164.
var numberPattern = regexp.MustCompile(`^\+[0-9]{5,15}$`)

// Chat is a chat between a customer and the company by WhatsApp, SMS or Messenger, as the customer's phone shows it. Its
// messages are called lines.
type Chat interface {
	Lines() []Line // the oldest first
	Window(now time.Time) Window
	IsTyping() bool // whether the phone shows that the company is typing
	// Say sends a text, a file or both (f may be nil), and returns the id of the new line. answers is the id of the line
	// to which it replies, or "".
	Say(text string, f *File, answers string) (line string, err error)
	Tap(line, choice string) error  // taps a choice, such as a button, of a line
	React(line, emoji string) error // reacts to a line; "" removes the reaction
	Read()                          // marks all lines as read
}

// Line is a message as the phone shows it.
type Line struct {
	ID        string    `json:"id"`
	Mine      bool      `json:"mine"` // the customer wrote it
	Text      string    `json:"text"`
	At        time.Time `json:"at"`
	State     string    `json:"state"` // sent, delivered, read or failed; "" means none is shown
	File      *File     `json:"file,omitempty"`
	Choices   []Choice  `json:"choices,omitempty"`
	List      string    `json:"list,omitempty"`      // label of the button that opens the choices; "" means each choice is a button
	Answers   string    `json:"answers,omitempty"`   // id of the message it answers
	Reaction  string    `json:"reaction,omitempty"`  // the customer's reaction
	Ours      string    `json:"ours,omitempty"`      // the company's reaction
	Automatic bool      `json:"automatic,omitempty"` // the provider itself sent it as an automatic answer
	Elsewhere bool      `json:"elsewhere,omitempty"` // the company wrote it without Parley
}

// File is a file in a chat. JSON omits its content, which clients fetch separately.
type File struct {
	Name    string `json:"name"`
	Type    string `json:"type"`
	Content []byte `json:"-"`
}

// Choice is a button, a quick reply or a row of a list that the customer can tap.
type Choice struct {
	ID    string `json:"id"`
	Title string `json:"title"`
	Hint  string `json:"hint,omitempty"` // a second line
	URL   string `json:"url,omitempty"`  // for a link: its target; the company isn't notified of the tap
}

// Window describes until when the provider lets the company answer the customer.
type Window struct {
	Limited bool      `json:"limited"` // the provider has such a limit
	Open    bool      `json:"open"`    // the company may answer now
	Until   time.Time `json:"until"`
	Person  bool      `json:"person"`          // only people may answer now, not automatic answers
	People  time.Time `json:"people,omitzero"` // until when people may answer, if that is later than Until; zero means it isn't
	Stopped bool      `json:"stopped"`         // the customer opted out by sending STOP
}

// Kinds of chats, in the order of their tabs.
const (
	WhatsApp  = "whatsapp"
	SMS       = "sms"
	Messenger = "messenger"
)

// Kinds returns all kinds of chats in this order.
func Kinds() []string { return []string{WhatsApp, SMS, Messenger} }

// Chat returns the chat of a kind. Errors: kind is unknown.
func (h *Handset) Chat(kind string) (Chat, error) {
	switch kind {
	case WhatsApp:
		return WhatsAppChat(h.wa), nil
	case SMS:
		return SMSChat(h.sms), nil
	case Messenger:
		return MessengerChat(h.page), nil
	}
	return nil, fmt.Errorf("a phone has no %q", cmp.Or(kind, "such program"))
}

// LineOf returns the line of c with this id; false if there is none.
func LineOf(c Chat, id string) (Line, bool) {
	all := c.Lines()
	at := slices.IndexFunc(all, func(l Line) bool { return l.ID == id })
	if at < 0 {
		return Line{}, false
	}
	return all[at], true
}

// CompanyAt returns the company's address in a kind of chat, such as its phone number.
func CompanyAt(kind string) string {
	return map[string]string{WhatsApp: whatsAppNumber, SMS: smsNumber, Messenger: "facebook.com/acme"}[kind]
}
