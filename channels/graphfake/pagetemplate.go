package graphfake

import (
	"encoding/json"
	"net/url"
	"unicode/utf8"
)

// Limits of the Send API: lengths in characters, and numbers of items.
// Source: Messenger Platform, "Send API" and "Templates".
const (
	maxPayload      = 1000
	maxTitle        = 20 // of a quick reply or button
	maxQuickReplies = 13
	maxPageButtons  = 3
	maxButtonText   = 640 // of a text with a button template
	maxPageCards    = 10
	maxCardText     = 80
)

// QuickReply is an answer that a customer can choose below a message.
type QuickReply struct {
	ContentType string `json:"content_type"`
	Title       string `json:"title"`
	Payload     string `json:"payload"`
}

// PageButton is a button of a template.
type PageButton struct {
	Type    string `json:"type"` // web_url or postback
	Title   string `json:"title"`
	URL     string `json:"url"`
	Payload string `json:"payload"`
}

// Card is a card of a carousel.
type Card struct {
	Title    string       `json:"title"`
	Subtitle string       `json:"subtitle"`
	ImageURL string       `json:"image_url"`
	Buttons  []PageButton `json:"buttons"`
}

// pageTemplate is a template with buttons or cards, the payload of an attachment.
type pageTemplate struct {
	Type    string       `json:"template_type"` // button or generic
	Text    string       `json:"text"`
	Buttons []PageButton `json:"buttons"`
	Cards   []Card       `json:"elements"`
}

// checkQuickReplies returns the reason why Facebook would refuse quick replies, or nil.
func checkQuickReplies(replies []QuickReply) *APIError {
	if len(replies) > maxQuickReplies {
		return invalidParameter("Param message[quick_replies] has too many elements: at most 13.")
	}
	for _, q := range replies {
		if q.ContentType != "text" || !hasLength(q.Title, maxTitle) || !hasLength(q.Payload, maxPayload) {
			return invalidParameter("Param message[quick_replies]: content_type is text, title has 1 to 20 characters, payload 1 to 1000.")
		}
	}
	return nil
}

// readTemplate reads a template, or returns the reason why Facebook would refuse it.
func readTemplate(payload json.RawMessage) (t pageTemplate, refused *APIError) {
	if json.Unmarshal(payload, &t) != nil {
		return t, invalidParameter("Param message[attachment][payload] is malformed.")
	}
	switch {
	case t.Type == "button" && (!hasLength(t.Text, maxButtonText) || len(t.Buttons) == 0):
		return t, invalidParameter("A button template has a text of 1 to 640 characters, and buttons.")
	case t.Type == "generic" && (len(t.Cards) == 0 || len(t.Cards) > maxPageCards):
		return t, invalidParameter("Param elements of a generic template must have 1 to 10 elements.")
	case t.Type != "button" && t.Type != "generic":
		return t, invalidParameter("Param template_type: %q is not supported.", t.Type)
	}

	lists := [][]PageButton{t.Buttons}
	for _, c := range t.Cards {
		lists = append(lists, c.Buttons)
		isBare := c.Subtitle == "" && c.ImageURL == "" && len(c.Buttons) == 0
		if isBare || !hasLength(c.Title, maxCardText) || utf8.RuneCountInString(c.Subtitle) > maxCardText {
			return t, invalidParameter("Param elements: a title of 1 to 80 characters, a subtitle of at most 80, and something besides the title.")
		}
	}
	for _, buttons := range lists {
		if len(buttons) > maxPageButtons {
			return t, invalidParameter("Param buttons has too many elements: at most 3.")
		}
		for _, b := range buttons {
			isLink := b.Type == "web_url" && isWebURL(b.URL)
			isAnswer := b.Type == "postback" && hasLength(b.Payload, maxPayload)
			if !hasLength(b.Title, maxTitle) || !isLink && !isAnswer {
				return t, invalidParameter("A button has a title of 1 to 20 characters, and a URL or a payload of 1 to 1000.")
			}
		}
	}
	return t, nil
}

// isWebURL reports whether a text is an absolute http or https URL.
func isWebURL(text string) bool {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" {
		return false
	}
	return u.Scheme == "http" || u.Scheme == "https"
}
