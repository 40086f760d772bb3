package demo

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"parley/channels/graphfake"
	"parley/channels/twilio/twiliofake"
)

// A customer's emulated phone has chats of three kinds: WhatsApp, SMS and Messenger. The emulators of Meta and Twilio
// represent them differently. The types in this file adapt each of them to the interface Chat, so that the demo's page
// and the tests can treat all chats alike. For example, chat.Say("Hello", nil, "") sends a text by any of them. The
// messages of a chat are called lines.

const (
	// dayWindow is how long after a customer's last message Meta lets a company answer freely.
	dayWindow = 24 * time.Hour
	// personWindow is how long Messenger accepts answers that a person wrote, as opposed to automatic ones.
	personWindow = 7 * dayWindow
)

// ErrNoLine means that the chat does not contain the message.
var ErrNoLine = errors.New("this message is gone")

// WhatsAppChat returns a customer's WhatsApp chat with the company.
func WhatsAppChat(c *graphfake.Customer) Chat { return whatsAppChat{c} }

// SMSChat returns a customer's SMS chat with the company.
func SMSChat(p *twiliofake.Phone) Chat { return smsChat{p} }

// MessengerChat returns a customer's Messenger chat with the company's Page.
func MessengerChat(c *graphfake.PageCustomer) Chat { return messengerChat{c} }

// whatsAppChat adapts a chat with the company's WhatsApp number.
type whatsAppChat struct{ wa *graphfake.Customer }

func (c whatsAppChat) Lines() []Line {
	var list []Line
	for _, m := range c.wa.Chat() {
		l := Line{ID: m.ID, Mine: m.FromCustomer, Text: m.Text, At: m.At, State: string(m.Tick), Answers: m.Answers}
		isEmpty := l.Text == "" && m.File == nil
		if m.Template != "" {
			l.Text = m.Template
		} else if isEmpty {
			l.Text = "[" + m.Type + "]"
		}

		if m.File != nil {
			l.File = &File{Name: m.File.Name, Type: m.File.ContentType, Content: m.File.Content}
		}

		if m.FromCustomer {
			l.Ours = m.Reaction
		} else {
			l.Reaction = m.Reaction
			l.List = listLabel(m)
			for _, b := range m.Choices() {
				l.Choices = append(l.Choices, Choice{ID: b.ID, Title: b.Title, Hint: b.Description, URL: b.URL})
			}
		}

		list = append(list, l)
	}

	return list
}

// listLabel returns the label of the button that opens a list message; "" if m isn't a list.
func listLabel(m graphfake.Message) string {
	if m.Type == "interactive" && strings.Contains(string(m.Content), `"sections"`) {
		return "Choose"
	}
	return ""
}

func (c whatsAppChat) Window(now time.Time) Window {
	until := c.wa.Window()
	return Window{Limited: true, Open: now.Before(until), Until: until}
}

func (c whatsAppChat) IsTyping() bool { return c.wa.Typing() }

func (c whatsAppChat) Say(text string, f *File, answers string) (string, error) {
	if f != nil {
		extra := map[string]any{}
		if text != "" {
			extra["caption"] = text
		}

		kind := mediaKind(f.Type)
		if kind == "file" {
			kind = "document"
		}

		id, _ := c.wa.Media(kind, graphfake.File{Name: f.Name, ContentType: f.Type, Content: f.Content}, extra)
		return id, nil
	}

	if answers != "" {
		return c.wa.Reply(answers, text), nil
	}
	return c.wa.Text(text), nil
}

func (c whatsAppChat) Tap(line, choice string) error {
	_, err := c.wa.Tap(line, choice)
	return err
}

func (c whatsAppChat) React(line, emoji string) error {
	c.wa.React(line, emoji)
	return nil
}

func (c whatsAppChat) Read() { c.wa.Read() }

// mediaKind returns Meta's media type for a content type: image, video, audio or file.
func mediaKind(contentType string) string {
	switch kind, _, _ := strings.Cut(contentType, "/"); kind {
	case "image", "video", "audio":
		return kind
	}
	return "file"
}

// smsChat adapts a chat with the company's SMS number.
type smsChat struct{ phone *twiliofake.Phone }

func (c smsChat) Lines() []Line {
	var list []Line
	for _, m := range c.phone.Chat() {
		l := Line{ID: m.SID, Mine: m.Mine, Text: m.Text, At: m.At, Automatic: m.Automatic}
		if m.Mine {
			l.State = "delivered" // phones show this once the network has accepted a message
		}
		if len(m.Media) > 0 {
			l.File = mediaFile(m.Media[0], 0)
		}

		list = append(list, l)
		for i := 1; i < len(m.Media); i++ { // show each further file as a separate line
			list = append(list, Line{ID: fmt.Sprintf("%s/%d", m.SID, i), Mine: m.Mine, At: m.At, State: l.State, File: mediaFile(m.Media[i], i)})
		}
	}

	return list
}

// mediaFile converts a file of a text message. Such files have no names, so it makes one from the index and type.
func mediaFile(m twiliofake.Media, index int) *File {
	_, kind, _ := strings.Cut(m.ContentType, "/")
	extension := map[string]string{"plain": "txt", "jpeg": "jpg", "mpeg": "mp3", "octet-stream": "bin"}[kind]
	return &File{Name: fmt.Sprintf("file-%d.%s", index+1, cmp.Or(extension, kind)), Type: m.ContentType, Content: m.Content}
}

func (c smsChat) Window(time.Time) Window { return Window{Open: true, Stopped: c.phone.Stopped()} }

func (c smsChat) IsTyping() bool { return false }

func (c smsChat) Say(text string, f *File, _ string) (string, error) {
	m := twiliofake.Message{Text: text}
	if f != nil {
		m.Media = []twiliofake.Media{{ContentType: f.Type, Content: f.Content}}
	}
	return c.phone.Post(m)
}

func (c smsChat) Tap(string, string) error {
	return errors.New("there is nothing to tap in a text message")
}
func (c smsChat) React(string, string) error { return errors.New("text messages have no reactions") }
func (c smsChat) Read()                      {}

// messengerChat adapts a chat with the company's Page.
type messengerChat struct{ page *graphfake.PageCustomer }

func (c messengerChat) Lines() []Line {
	var list []Line
	all := c.page.Conversation()
	seen := c.page.Seen()
	for i, m := range all {
		l := Line{
			ID:        m.ID,
			Mine:      !m.FromPage,
			Text:      m.Text,
			At:        m.At,
			Answers:   m.ReplyTo,
			Reaction:  m.Reaction,
			Elsewhere: m.Elsewhere,
		}
		if l.Mine {
			l.State, l.Reaction = "delivered", ""
			if !seen.Before(m.At) {
				l.State = "read"
			}
		}

		if len(m.File) > 0 {
			l.File = &File{Name: m.Name, Type: m.ContentType, Content: m.File}
		}

		if i == len(all)-1 { // quick replies are shown only below the last message
			for _, q := range m.QuickReplies {
				l.Choices = append(l.Choices, Choice{ID: q.Title, Title: q.Title})
			}
		}

		for _, card := range m.Cards {
			l.Text = strings.TrimSpace(l.Text + "\n" + card.Title + "\n" + card.Subtitle)
		}

		for _, b := range buttonsOf(m) {
			l.Choices = append(l.Choices, Choice{ID: b.Title, Title: b.Title, URL: b.URL})
		}

		if l.Text == "" && l.File == nil {
			l.Text = "[" + m.Kind + "]"
		}

		list = append(list, l)
	}

	return list
}

func buttonsOf(m graphfake.PageMessage) []graphfake.PageButton {
	list := slices.Clone(m.Buttons)
	for _, card := range m.Cards {
		list = append(list, card.Buttons...)
	}
	return list
}

func (c messengerChat) Window(now time.Time) Window {
	var last time.Time
	for _, m := range c.page.Conversation() {
		if !m.FromPage {
			last = m.At
		}
	}

	w := Window{Limited: true}
	if last.IsZero() {
		return w
	}

	w.Until = last.Add(dayWindow)
	untilForPeople := last.Add(personWindow)
	if now.Before(w.Until) {
		w.People = untilForPeople
	} else {
		w.Until, w.Person = untilForPeople, true
	}

	w.Open = now.Before(w.Until)
	return w
}

func (c messengerChat) IsTyping() bool { return c.page.Typing() }

func (c messengerChat) Say(text string, f *File, answers string) (id string, err error) {
	if f != nil {
		id = c.page.Media(mediaKind(f.Type), f.Name, f.Type, f.Content)
	}

	switch {
	case text == "":
		return id, nil
	case answers != "":
		return c.page.Answer(answers, text), nil
	}
	return c.page.Text(text), nil
}

func (c messengerChat) Tap(_, choice string) error { return c.page.Tap(choice) }

func (c messengerChat) React(line, emoji string) error {
	c.page.React(line, emoji)
	return nil
}

func (c messengerChat) Read() { c.page.Read() }

// CheckSay returns an error if a phone could not send a message with this text and file: it is empty or longer than
// MaxRunes.
func CheckSay(text string, f *File) error {
	if strings.TrimSpace(text) == "" && f == nil {
		return errors.New("there is nothing to send")
	}
	if n := len([]rune(text)); n > MaxRunes {
		return fmt.Errorf("that is too long for a phone: %d characters, at most %d", n, MaxRunes)
	}
	return nil
}

// MaxRunes is the maximum length of a message in characters. It is Twilio's limit, the smallest of all providers'.
const MaxRunes = 1600
