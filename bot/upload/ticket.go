package upload

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"strings"
	"time"

	"parley/bridge"
)

// A ticket stands in the address of the upload page in place of a sign-in. It names a person and a conversation, and
// is signed (HMAC-SHA256), so that nobody can make one or change it.

// TicketLife is how long a ticket is valid. Whoever has the ticket acts for its person in one
// conversation, so the time is short; a button gives another ticket.
const TicketLife = time.Hour

// Ticket lets the person to whom it was given reply once, in one conversation. Its conversation and
// place came from that person's client and are only claims: the engine authorises the reply.
type Ticket struct {
	User         bridge.SurfaceUser    `json:"user"`
	Conversation bridge.ConversationID `json:"conversation"`
	Message      bridge.MessageID      `json:"message,omitempty"` // the one that is answered
	// The recipients of the form in which the reply was begun, as bridge.Args has them.
	To          []string     `json:"to,omitempty"`
	Cc          []string     `json:"cc,omitempty"`
	Shown       string       `json:"shown,omitempty"` // a digest of the recipients that the form showed
	Promotional bool         `json:"promotional,omitempty"`
	Place       bridge.Place `json:"place"`
	Opened      int64        `json:"opened,omitempty"` // unix seconds when its form was opened; 0 means not known
	Nonce       string       `json:"nonce"`            // names the reply: a ticket makes one reply, however often it is submitted
	Until       int64        `json:"until"`            // unix seconds
}

// Args are the arguments of the reply.
func (t Ticket) Args() bridge.Args {
	return bridge.Args{
		Conversation: t.Conversation,
		Message:      t.Message,
		ReplyArgs:    bridge.ReplyArgs{To: t.To, Cc: t.Cc, Shown: t.Shown, Promotional: t.Promotional},
	}
}

// OpenedAt is when the form was opened in which the reply was begun, or zero if that isn't known.
func (t Ticket) OpenedAt() time.Time {
	if t.Opened == 0 {
		return time.Time{}
	}
	return time.Unix(t.Opened, 0)
}

// sign makes "TICKET.MAC" of a ticket.
func sign(key []byte, t Ticket) string {
	body, err := json.Marshal(t)
	if err != nil {
		panic("upload: ticket: " + err.Error()) // our own plain struct
	}
	text := base64.RawURLEncoding.EncodeToString(body)
	return text + "." + macOf(key, text)
}

// macOf returns the signature of a text: its HMAC with a key.
func macOf(key []byte, text string) string {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte("upload." + text)) // the prefix tells tickets from other things that the keys sign
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// readTicket reads a ticket that one of the keys signed. It returns false if none did, or if the ticket isn't valid any more.
func readTicket(keys [][]byte, signed string, now time.Time) (Ticket, bool) {
	text, mac, _ := strings.Cut(signed, ".")
	for _, key := range keys {
		if !hmac.Equal([]byte(macOf(key, text)), []byte(mac)) {
			continue
		}
		var t Ticket
		body, err := base64.RawURLEncoding.DecodeString(text)
		if err != nil || json.Unmarshal(body, &t) != nil {
			return Ticket{}, false
		}
		return t, now.Unix() <= t.Until
	}
	return Ticket{}, false
}
