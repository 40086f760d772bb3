package graphfake

import "strings"

// This file validates what a customer can tap below a message of a Page: quick replies, and the buttons of a template.

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

// checkQuickReplies validates quick replies. Those without a text ask for the phone number or the address that Facebook knows
// of the customer. Source: Messenger Platform, "Quick replies".
func checkQuickReplies(replies []PageReply) *APIError {
	if len(replies) > maxQuickReplies {
		return invalidParameter("Param message[quick_replies] has too many elements: at most 13.")
	}

	for _, q := range replies {
		switch q.ContentType {
		case "user_phone_number", "user_email":
			continue
		case "text":
			// It is checked below.
		default:
			return invalidParameter("Param content_type must be one of {text, user_phone_number, user_email}.")
		}

		if q.Title == "" || q.Payload == "" {
			return invalidParameter("Param message[quick_replies]: content_type, title and payload are required.")
		}
		if !hasLength(q.Title, maxPageTitle) || !hasLength(q.Payload, maxPayload) {
			return invalidParameter("Param message[quick_replies]: title has at most 20 characters, payload 1000.")
		}
	}

	return nil
}

func checkPageButtons(buttons []PageButton) *APIError {
	if len(buttons) > maxPageButtons {
		return invalidParameter("Param buttons has too many elements: at most 3.")
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
func (b PageButton) check() *APIError {
	linksAccounts := b.Type == "account_link" || b.Type == "account_unlink"
	if !linksAccounts && !hasLength(b.Title, maxPageTitle) {
		return invalidParameter("Param title of a button must have 1 to 20 characters.")
	}

	switch b.Type {
	case "web_url", "account_link":
		if !isWebURL(b.URL) {
			return invalidParameter("Param url of a button should represent a valid URL.")
		}
	case "postback":
		if !hasLength(b.Payload, maxPayload) {
			return invalidParameter("Param payload of a button must have 1 to 1000 characters.")
		}
	case "phone_number":
		if !strings.HasPrefix(b.Payload, "+") {
			return invalidParameter("Param payload of a button must be a phone number with +.")
		}
	case "account_unlink":
		// It has no other fields.
	default:
		return invalidParameter("Param type of a button must be one of {web_url, postback, phone_number, account_link, account_unlink}.")
	}

	return nil
}
