package meta

import (
	"bytes"
	"cmp"
	"encoding/json"
	"strconv"
	"time"
)

// This file has the JSON types of Meta's webhooks, with the fields that Parley reads. An envelope is the body
// of a whole webhook. Its items, such as messages and statuses, are stored unchanged (fact.go) and parsed
// later into the types that follow it.

// loose is a string that may be encoded as a number: Meta sends ids and times in both forms.
type loose string

// UnmarshalJSON implements json.Unmarshaler. A value other than a string or number becomes "".
func (l *loose) UnmarshalJSON(b []byte) error {
	b = bytes.TrimSpace(b)
	*l = ""

	if len(b) == 0 {
		return nil
	}

	switch first := b[0]; first {
	case '"':
		var s string
		if err := json.Unmarshal(b, &s); err != nil {
			return err
		}
		*l = loose(s)
	case '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
		*l = loose(b)
	}

	return nil
}

// firstOf returns the first non-empty value.
func firstOf(list ...loose) string { return string(cmp.Or(list...)) }

// readPart parses the named field of a message. A field that can't be parsed counts as missing.
func readPart[T any](parts map[string]json.RawMessage, name string) (v T, ok bool) {
	var none T
	raw, ok := parts[name]
	if !ok || string(raw) == "null" {
		return none, false
	}
	if readJSON(raw, &v) != nil {
		return none, false
	}
	return v, true
}

// timeOf parses a Unix time in seconds. It returns the zero time if s is malformed.
func timeOf(s loose) time.Time {
	seconds, err := strconv.ParseInt(string(s), 10, 64)
	const maxSeconds = 1 << 40 // 35,000 years from now
	isTime := seconds > 0 && seconds <= maxSeconds
	if err != nil || !isTime {
		return time.Time{}
	}
	return time.Unix(seconds, 0).UTC()
}

// envelope is the body of a webhook. Its changes are parsed one by one, so that a malformed one doesn't
// affect the others.
type envelope struct {
	Object string `json:"object"`
	Entry  []struct {
		ID      loose `json:"id"`
		Time    loose `json:"time"`
		Changes []struct {
			Field string          `json:"field"`
			Value json.RawMessage `json:"value"`
		} `json:"changes"`
	} `json:"entry"`
}

// changeValue is the value of a change, with its lists of items.
type changeValue struct {
	Metadata struct {
		PhoneNumberID loose `json:"phone_number_id"`
	} `json:"metadata"`
	Contacts    []json.RawMessage `json:"contacts"`
	Messages    []json.RawMessage `json:"messages"`
	Statuses    []json.RawMessage `json:"statuses"`
	Errors      []json.RawMessage `json:"errors"`
	Echoes      []json.RawMessage `json:"message_echoes"`
	Preferences []json.RawMessage `json:"user_preferences"`
}

// identifiers has the fields, of all kinds of items, that identify an item and its customer.
type identifiers struct {
	ID              loose `json:"id"`
	From            loose `json:"from"`
	FromUserID      loose `json:"from_user_id"`
	To              loose `json:"to"`
	ToUserID        loose `json:"to_user_id"`
	WaID            loose `json:"wa_id"`
	UserID          loose `json:"user_id"`
	Recipient       loose `json:"recipient_id"`
	RecipientUserID loose `json:"recipient_user_id"`
	Status          loose `json:"status"`
	Timestamp       loose `json:"timestamp"`
	Value           loose `json:"value"`
	Category        loose `json:"category"`

	System json.RawMessage `json:"system"`
}

// contact is a customer in a webhook. Either id, WaID (the phone number) or UserID, may be missing.
// Source: Cloud API, "Business-scoped user IDs".
type contact struct {
	Profile struct {
		Name     loose `json:"name"`
		Username loose `json:"username"`
	} `json:"profile"`
	WaID   loose `json:"wa_id"`
	UserID loose `json:"user_id"`
}

// message has the fields common to all messages. The content is in the field with the name of the type, such
// as "text"; see readPart.
type message struct {
	ID         loose         `json:"id"`
	From       loose         `json:"from"`
	FromUserID loose         `json:"from_user_id"`
	To         loose         `json:"to"` // in an echo only
	ToUserID   loose         `json:"to_user_id"`
	GroupID    loose         `json:"group_id"`
	Timestamp  loose         `json:"timestamp"` // seconds since 1970
	Type       loose         `json:"type"`
	Errors     []errorObject `json:"errors"`
}

// messageContext names the message that a message replies to, and says whether it was forwarded.
type messageContext struct {
	ID                  loose `json:"id"`
	Forwarded           bool  `json:"forwarded"`
	FrequentlyForwarded bool  `json:"frequently_forwarded"`
	Product             *struct {
		CatalogID loose `json:"catalog_id"`
		Item      loose `json:"product_retailer_id"`
	} `json:"referred_product"`
}

// referral is the advertisement or post that led the customer here.
type referral struct {
	SourceURL  loose `json:"source_url"`
	SourceType loose `json:"source_type"`
	Headline   loose `json:"headline"`
	Body       loose `json:"body"`
}

// media is an image, video, audio, document or sticker.
type media struct {
	ID       loose `json:"id"`
	MimeType loose `json:"mime_type"`
	SHA256   loose `json:"sha256"` // base64 or hex
	Caption  loose `json:"caption"`
	Filename loose `json:"filename"`
	Voice    bool  `json:"voice"`
}

type location struct {
	Latitude  decimal `json:"latitude"`
	Longitude decimal `json:"longitude"`
	Name      loose   `json:"name"`
	Address   loose   `json:"address"`
	URL       loose   `json:"url"`
}

type card struct {
	VCard loose `json:"vcard"` // more detailed than the other fields only if we requested the card
	Name  struct {
		Formatted loose `json:"formatted_name"`
		First     loose `json:"first_name"`
		Last      loose `json:"last_name"`
	} `json:"name"`
	Org struct {
		Company    loose `json:"company"`
		Department loose `json:"department"`
		Title      loose `json:"title"`
	} `json:"org"`
	Birthday loose `json:"birthday"`
	Phones   []struct {
		Phone loose `json:"phone"`
		WaID  loose `json:"wa_id"`
		Type  loose `json:"type"`
	} `json:"phones"`
	Emails []struct {
		Email loose `json:"email"`
		Type  loose `json:"type"`
	} `json:"emails"`
	URLs []struct {
		URL loose `json:"url"`
	} `json:"urls"`
	Addresses []struct {
		Street  loose `json:"street"`
		City    loose `json:"city"`
		State   loose `json:"state"`
		Zip     loose `json:"zip"`
		Country loose `json:"country"`
	} `json:"addresses"`
}

type interactive struct {
	Type        loose  `json:"type"`
	ButtonReply *reply `json:"button_reply"`
	ListReply   *reply `json:"list_reply"`
	Form        *struct {
		Name     loose `json:"name"`
		Body     loose `json:"body"`
		Response loose `json:"response_json"`
	} `json:"nfm_reply"`
	Calls *struct {
		Response loose `json:"response"`
	} `json:"call_permission_reply"`
}

type reply struct {
	ID          loose `json:"id"`
	Title       loose `json:"title"`
	Description loose `json:"description"`
}

type order struct {
	Text  loose `json:"text"`
	Items []struct {
		Item     loose   `json:"product_retailer_id"`
		Quantity decimal `json:"quantity"`
		Price    decimal `json:"item_price"`
		Currency loose   `json:"currency"`
	} `json:"product_items"`
}

type system struct {
	Body           loose `json:"body"`
	Type           loose `json:"type"`
	WaID           loose `json:"wa_id"`
	NewWaID        loose `json:"new_wa_id"` // in older versions
	UserID         loose `json:"user_id"`
	PreviousUserID loose `json:"previous_user_id"`
}

// status is the status of one of our messages.
type status struct {
	ID              loose `json:"id"`
	Status          loose `json:"status"`
	Timestamp       loose `json:"timestamp"`
	RecipientID     loose `json:"recipient_id"`
	RecipientUserID loose `json:"recipient_user_id"`
	Token           loose `json:"biz_opaque_callback_data"`
	Pricing         *struct {
		Category loose `json:"category"`
	} `json:"pricing"`
	Errors []errorObject `json:"errors"`
}

type preference struct {
	WaID      loose `json:"wa_id"`
	UserID    loose `json:"user_id"`
	Value     loose `json:"value"` // stop, resume
	Timestamp loose `json:"timestamp"`
}
