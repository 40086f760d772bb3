package upload

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"parley/bridge"
)

// TicketLife is how long a ticket is valid. Anybody who gets hold of the URL can reply in the user's name, so the time is
// short. A click in the chat makes a new ticket.
const TicketLife = time.Hour

// Ticket replaces a sign-in on the upload page, a web page on which an agent replies to a customer with files. It is part of the
// page's URL, and allows one user of a chat to reply once, in one conversation. It is signed (HMAC-SHA256), so that nobody can
// forge or change it. The signature doesn't prove that the user has access to the conversation, whose id came from the user's
// client: the engine checks that for each reply.
type Ticket struct {
	User         bridge.SurfaceUser    `json:"user"`
	Conversation bridge.ConversationID `json:"conversation"`
	Message      bridge.MessageID      `json:"message,omitempty"` // the message to answer
	// The recipients that the user has entered in the chat's form, as in bridge.Args.
	To          []string     `json:"to,omitempty"`
	Cc          []string     `json:"cc,omitempty"`
	Shown       string       `json:"shown,omitempty"` // digest of the recipients that the form showed
	Promotional bool         `json:"promotional,omitempty"`
	Place       bridge.Place `json:"place"`            // where in the chat the form was opened
	Opened      int64        `json:"opened,omitempty"` // when the form was opened, in Unix seconds; 0 means unknown
	Nonce       string       `json:"nonce"`            // identifies the reply, so that it is sent once however often it is submitted
	Until       int64        `json:"until"`            // when the ticket expires, in Unix seconds
}

// Args returns the arguments of the reply.
func (t Ticket) Args() bridge.Args {
	return bridge.Args{
		Conversation: t.Conversation,
		Message:      t.Message,
		ReplyArgs:    bridge.ReplyArgs{To: t.To, Cc: t.Cc, Shown: t.Shown, Promotional: t.Promotional},
	}
}

// OpenedAt returns when the chat's form was opened, or the zero time if that isn't known.
func (t Ticket) OpenedAt() time.Time {
	if t.Opened == 0 {
		return time.Time{}
	}
	return time.Unix(t.Opened, 0)
}

// sign encodes a ticket as "TICKET.MAC", both in base64url.
func sign(key []byte, t Ticket) string {
	body, err := json.Marshal(t)
	if err != nil {
		panic("upload: ticket: " + err.Error()) // impossible for this struct
	}
	text := base64.RawURLEncoding.EncodeToString(body)
	return text + "." + macOf(key, text)
}

// macOf returns the HMAC of an encoded ticket.
func macOf(key []byte, text string) string {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte("upload." + text)) // so that nothing else that the key signs is valid as a ticket
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// readTicket decodes a ticket that sign has encoded. ok is false if none of the keys signed it, or it has expired.
func readTicket(keys [][]byte, signed string, now time.Time) (t Ticket, ok bool) {
	text, mac, _ := strings.Cut(signed, ".")
	isSigned := slices.ContainsFunc(keys, func(key []byte) bool { return hmac.Equal([]byte(macOf(key, text)), []byte(mac)) })
	if !isSigned {
		return Ticket{}, false
	}

	body, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || json.Unmarshal(body, &t) != nil {
		return Ticket{}, false
	}
	return t, now.Unix() <= t.Until
}
