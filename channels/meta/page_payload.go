package meta

import (
	"bytes"
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"time"
)

// event is an event of a webhook, an element of its list "messaging" or "standby". The pointer that is set
// indicates its kind. For example:
//
//	{"sender": {"id": "24"}, "recipient": {"id": "1"}, "timestamp": 1764331200000, "message": {"mid": "m_1", "text": "Hi"}}
//
// Source: Meta, "Messenger webhook events" reference.
type event struct {
	Sender    person        `json:"sender"`
	Recipient person        `json:"recipient"`
	Timestamp number        `json:"timestamp"` // milliseconds
	Message   *pageMessage  `json:"message"`
	Postback  *postback     `json:"postback"`
	Reaction  *reaction     `json:"reaction"`
	Edit      *edit         `json:"message_edit"`
	Read      *watermark    `json:"read"`
	Delivery  *watermark    `json:"delivery"`
	Referral  *pageReferral `json:"referral"`
	Policy    *policy       `json:"policy_enforcement"` // concerns the Page itself, and names no customer
}

// policy is a measure that Meta took against the Page.
// Source: Meta, "messaging_policy_enforcement".
type policy struct {
	Action string `json:"action"` // "warning", "block" or "unblock"
	Reason string `json:"reason"` // "" for unblock
}

type person struct {
	ID string `json:"id"`
}

type pageMessage struct {
	MID         string       `json:"mid"`
	Text        string       `json:"text"`
	Attachments []attachment `json:"attachments"`
	QuickReply  *struct {
		Payload string `json:"payload"`
	} `json:"quick_reply"`
	ReplyTo *struct {
		MID string `json:"mid"`
	} `json:"reply_to"`
	Referral *pageReferral `json:"referral"`
	IsEcho   bool          `json:"is_echo"`
	Metadata string        `json:"metadata"`
	Deleted  bool          `json:"is_deleted"` // the sender deleted it; then only MID is set
}

type attachment struct {
	Type    string  `json:"type"`
	Title   string  `json:"title"` // set for the type "fallback" only
	URL     string  `json:"url"`   // likewise
	Payload payload `json:"payload"`
}

// payload is the content of an attachment. Which fields are set depends on the type of the attachment.
type payload struct {
	URL         string `json:"url"`
	Title       string `json:"title"`
	StickerID   number `json:"sticker_id"`
	Coordinates *struct {
		Lat  decimal `json:"lat"`
		Long decimal `json:"long"`
	} `json:"coordinates"`
	Text     string        `json:"text"` // of a template
	Buttons  []linkButton  `json:"buttons"`
	Elements []templateRow `json:"elements"`
	Product  *struct {
		Elements []templateRow `json:"elements"`
	} `json:"product"`
}

type templateRow struct {
	Title    string       `json:"title"`
	Subtitle string       `json:"subtitle"`
	Buttons  []linkButton `json:"buttons"`
}

type linkButton struct {
	Title string `json:"title"`
	URL   string `json:"url"`
}

type postback struct {
	MID      string        `json:"mid"`
	Title    string        `json:"title"`
	Payload  string        `json:"payload"`
	Referral *pageReferral `json:"referral"`
}

type reaction struct {
	MID    string `json:"mid"`
	Action string `json:"action"` // react, unreact
	Emoji  string `json:"emoji"`
}

type edit struct {
	MID   string `json:"mid"`
	Text  string `json:"text"`
	Count number `json:"num_edit"`
}

// watermark is a receipt: all messages sent up to this time were delivered, or read.
type watermark struct {
	MIDs      []string `json:"mids"`
	Watermark number   `json:"watermark"` // milliseconds
}

type pageReferral struct {
	Ref    string `json:"ref"`
	Source string `json:"source"` // ADS, SHORTLINK, CUSTOMER_CHAT_PLUGIN
	AdID   string `json:"ad_id"`
	Ad     *struct {
		Title string `json:"ad_title"`
	} `json:"ads_context_data"`
	Product *struct {
		ID string `json:"id"`
	} `json:"product"`
}

// number is an integer that some webhooks encode as a string. A fraction is cut off, and any other value
// becomes 0, so that the rest of the message isn't lost.
type number int64

// UnmarshalJSON implements json.Unmarshaler.
func (n *number) UnmarshalJSON(raw []byte) error {
	text := string(bytes.Trim(raw, `"`))
	if v, err := strconv.ParseInt(text, 10, 64); err == nil {
		*n = number(v)
		return nil
	}
	*n = 0
	v, err := strconv.ParseFloat(text, 64)
	if err == nil && math.Abs(v) < maxExact {
		*n = number(v)
	}
	return nil
}

// maxExact is the limit up to which a float64 represents all integers exactly.
const maxExact = 1 << 53

// maxSeconds is later than any time in seconds, and earlier than any in milliseconds.
const maxSeconds = 100_000_000_000

// asTime converts a Unix time in milliseconds, or in seconds, which Messenger uses in some places. It returns
// the zero time for 0 and for values out of range.
func (n number) asTime() time.Time {
	if n <= 0 || n > maxExact {
		return time.Time{}
	}
	if n < maxSeconds {
		return time.Unix(int64(n), 0).UTC()
	}
	return time.UnixMilli(int64(n)).UTC()
}

// UnmarshalJSON implements json.Unmarshaler. Of a payload with an unexpected shape, it keeps only the URL, so
// that the rest of the message isn't lost.
func (p *payload) UnmarshalJSON(raw []byte) error {
	type plain payload
	var v plain
	if readJSON(raw, &v) == nil {
		*p = payload(v)
		return nil
	}
	var only struct {
		URL string `json:"url"`
	}
	_ = json.Unmarshal(raw, &only) // on failure, the payload stays empty
	*p = payload{URL: only.URL}
	return nil
}

// maxLine is the maximum length of a name or a title, in characters.
const maxLine = 120

// shortLine puts a text from outside into one line and shortens it.
func shortLine(s string) string { return clipText(strings.Join(strings.Fields(s), " "), maxLine) }
