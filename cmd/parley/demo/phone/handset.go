package phone

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

// Handset is one customer's phone: a number, and a chat each by WhatsApp, SMS and Messenger with the demo's
// company.
type Handset struct {
	name   string
	number string // E.164
	wa     *graphfake.Customer
	sms    *twiliofake.Phone
	page   *graphfake.PageCustomer
}

// ByWhatsApp returns the customer as a user of WhatsApp.
func (h *Handset) ByWhatsApp() *graphfake.Customer { return h.wa }

// ByPage returns the customer as a user of Messenger, who writes to the company's Page.
func (h *Handset) ByPage() *graphfake.PageCustomer { return h.page }

// Who returns the name of the customer, and the number of the phone in E.164.
func (h *Handset) Who() (name, number string) { return h.name, h.number }

// phoneNumber makes a phone number from a mail address. It is the same at each start and belongs to nobody. If
// address is a phone number itself, phoneNumber returns it.
func phoneNumber(address string) string {
	if numberPattern.MatchString(address) {
		return address
	}
	const first, numbers = 2_000_000, 7_000_000 // all have seven digits
	sum := fnv.New32a()
	_, _ = sum.Write([]byte(address)) // a hash takes everything
	return fmt.Sprintf("+1555%07d", first+sum.Sum32()%numbers)
}

// numberPattern matches a phone number in E.164.
var numberPattern = regexp.MustCompile(`^\+[0-9]{5,15}$`)

// Chat is a conversation between a customer and the company on the customer's phone, by WhatsApp, SMS or Messenger.
type Chat interface {
	Lines() []Line // the oldest first
	Window(now time.Time) Window
	IsTyping() bool // whether the phone shows that the company is typing
	// Say writes a text or sends a file, and returns the id of its line. answers is the id of the line that it answers, or "".
	Say(text string, f *File, answers string) (line string, err error)
	Tap(line, choice string) error  // taps a choice of a line
	React(line, emoji string) error // reacts to a line; "" takes the reaction back
	Read()                          // marks all lines as read
}

// Line is a message as the phone shows it.
type Line struct {
	ID        string    `json:"id"`
	Mine      bool      `json:"mine"`
	Text      string    `json:"text"`
	At        time.Time `json:"at"`
	State     string    `json:"state"` // sent, delivered, read, failed; "" means nothing is shown
	File      *File     `json:"file,omitempty"`
	Choices   []Choice  `json:"choices,omitempty"`
	List      string    `json:"list,omitempty"`      // what opens the choices; "" means they are buttons
	Answers   string    `json:"answers,omitempty"`   // id of the message it answers
	Reaction  string    `json:"reaction,omitempty"`  // the customer's
	Ours      string    `json:"ours,omitempty"`      // the company's reaction
	Automatic bool      `json:"automatic,omitempty"` // an answer that the provider itself gave
	Elsewhere bool      `json:"elsewhere,omitempty"` // the company wrote it without Parley
}

// File is a file in a chat; its content is fetched separately.
type File struct {
	Name    string `json:"name"`
	Type    string `json:"type"`
	Content []byte `json:"-"`
}

// Choice is something to tap.
type Choice struct {
	ID    string `json:"id"`
	Title string `json:"title"`
	Hint  string `json:"hint,omitempty"` // a second line
	URL   string `json:"url,omitempty"`  // where it leads, of which nobody is told
}

// Window says how long the company may answer.
type Window struct {
	Limited bool      `json:"limited"` // there is a time after which it may not
	Open    bool      `json:"open"`
	Until   time.Time `json:"until"`
	Person  bool      `json:"person"`          // by people only, not by automatic answers
	People  time.Time `json:"people,omitzero"` // how much longer people may; zero means no longer than anybody
	Stopped bool      `json:"stopped"`         // the customer said STOP
}

// Kinds of chats, in the order of their tabs.
const (
	WhatsApp  = "whatsapp"
	SMS       = "sms"
	Messenger = "messenger"
)

// Kinds lists the kinds in that order.
func Kinds() []string { return []string{WhatsApp, SMS, Messenger} }

// Chat returns the conversation of a kind. Errors: no such kind.
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

// LineOf finds a line by its id.
func LineOf(c Chat, id string) (Line, bool) {
	all := c.Lines()
	at := slices.IndexFunc(all, func(l Line) bool { return l.ID == id })
	if at < 0 {
		return Line{}, false
	}
	return all[at], true
}

// CompanyAt reports how the company is reached on a kind of chat.
func CompanyAt(kind string) string {
	return map[string]string{WhatsApp: whatsAppNumber, SMS: smsNumber, Messenger: "facebook.com/acme"}[kind]
}
