package graphfake

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"unicode/utf8"
)

// PagetemplateFault is the reason why something is refused, as Facebook words it.
type PagetemplateFault string

func (f PagetemplateFault) Error() string { return string(f) }

// Limits of the Send API: lengths in characters, and numbers of items.
// Source: Messenger Platform, "Send API" and "Templates".
const (
	maxPayload             = 1000
	maxTitle               = 20 // of a quick reply or button
	maxQuickReplies        = 13
	pagetemplateMaxButtons = 3
	pagetemplateMaxText    = 640 // of a text with a button template
	pagetemplateMaxCards   = 10
	maxCardText            = 80
)

// QuickReply is an answer that a customer can choose below a message.
type QuickReply struct {
	ContentType string `json:"content_type"`
	Title       string `json:"title"`
	Payload     string `json:"payload"`
}

// PagetemplateButton is a button of a template.
type PagetemplateButton struct {
	Type    string `json:"type"`
	Title   string `json:"title"`
	URL     string `json:"url"`
	Payload string `json:"payload"`
}

// CheckQuickReplies validates quick replies. Those without a text ask for the phone number or the address that Facebook knows
// of the customer. Source: Messenger Platform, "Quick replies".
func CheckQuickReplies(replies []QuickReply) error {
	if len(replies) > maxQuickReplies {
		return PagetemplateFault("Param message[quick_replies] has too many elements: at most 13.")
	}

	for _, q := range replies {
		switch q.ContentType {
		case "user_phone_number", "user_email":
			continue
		case "text":
			// It is checked below.
		default:
			return PagetemplateFault("Param content_type must be one of {text, user_phone_number, user_email}.")
		}

		if q.Title == "" || q.Payload == "" {
			return PagetemplateFault("Param message[quick_replies]: content_type, title and payload are required.")
		}
		if !hasLength(q.Title, maxTitle) || !hasLength(q.Payload, maxPayload) {
			return PagetemplateFault("Param message[quick_replies]: title has at most 20 characters, payload 1000.")
		}
	}

	return nil
}

func checkButtons(buttons []PagetemplateButton) error {
	if len(buttons) > pagetemplateMaxButtons {
		return PagetemplateFault("Param buttons has too many elements: at most 3.")
	}
	for _, b := range buttons {
		if err := b.check(); err != nil {
			return err
		}
	}
	return nil
}

// check validates a button. Facebook itself writes the titles of those that link accounts.
// Source: Messenger Platform, "Buttons".
func (b PagetemplateButton) check() error {
	linksAccounts := b.Type == "account_link" || b.Type == "account_unlink"
	if !linksAccounts && !hasLength(b.Title, maxTitle) {
		return PagetemplateFault("Param title of a button must have 1 to 20 characters.")
	}

	switch b.Type {
	case "web_url", "account_link":
		if !IsWebURL(b.URL) {
			return PagetemplateFault("Param url of a button should represent a valid URL.")
		}
	case "postback":
		if !hasLength(b.Payload, maxPayload) {
			return PagetemplateFault("Param payload of a button must have 1 to 1000 characters.")
		}
	case "phone_number":
		if !strings.HasPrefix(b.Payload, "+") {
			return PagetemplateFault("Param payload of a button must be a phone number with +.")
		}
	case "account_unlink":
		// It has no other fields.
	default:
		return PagetemplateFault("Param type of a button must be one of {web_url, postback, phone_number, account_link, account_unlink}.")
	}

	return nil
}

// Card is a card of a carousel.
type Card struct {
	Title    string               `json:"title"`
	Subtitle string               `json:"subtitle"`
	ImageURL string               `json:"image_url"`
	Buttons  []PagetemplateButton `json:"buttons"`
}

// PagetemplateTemplate is a template with buttons or cards, the payload of an attachment.
type PagetemplateTemplate struct {
	Type    string               `json:"template_type"` // button or generic
	Text    string               `json:"text"`
	Buttons []PagetemplateButton `json:"buttons"`
	Cards   []Card               `json:"elements"`
}

// ReadPagetemplate reads and validates a template. After an error it returns what could be read.
func ReadPagetemplate(payload json.RawMessage) (PagetemplateTemplate, error) {
	var t PagetemplateTemplate
	if json.Unmarshal(payload, &t) != nil {
		return t, PagetemplateFault("Param message[attachment][payload] is malformed.")
	}

	switch t.Type {
	case "button":
		return t, checkButtonTemplate(t.Text, t.Buttons)
	case "generic":
		return t, checkCards(t.Cards)
	}
	return t, PagetemplateFault(fmt.Sprintf("Param template_type: %q is not supported.", t.Type))
}

func checkButtonTemplate(text string, buttons []PagetemplateButton) error {
	if !hasLength(text, pagetemplateMaxText) {
		return PagetemplateFault("Param text of a button template must have 1 to 640 characters.")
	}
	if len(buttons) == 0 {
		return PagetemplateFault("Param buttons of a button template must be non-empty.")
	}
	return checkButtons(buttons)
}

func checkCards(cards []Card) error {
	if len(cards) == 0 || len(cards) > pagetemplateMaxCards {
		return PagetemplateFault("Param elements of a generic template must have 1 to 10 elements.")
	}
	for _, card := range cards {
		if err := card.check(); err != nil {
			return err
		}
	}
	return nil
}

func (c Card) check() error {
	if !hasLength(c.Title, maxCardText) || utf8.RuneCountInString(c.Subtitle) > maxCardText {
		return PagetemplateFault("Param elements: title has 1 to 80 characters, subtitle at most 80.")
	}
	if c.Subtitle == "" && c.ImageURL == "" && len(c.Buttons) == 0 {
		return PagetemplateFault("Param elements: at least one property besides title is required.")
	}
	return checkButtons(c.Buttons)
}

// IsWebURL reports whether a text is an absolute http or https URL.
func IsWebURL(text string) bool {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" {
		return false
	}
	return u.Scheme == "http" || u.Scheme == "https"
}
