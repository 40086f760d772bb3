package graph

import (
	"strings"
	"time"
)

// Message is a channel's message as Graph tells it.
type Message struct {
	ID          string       `json:"id"`
	ReplyToID   string       `json:"replyToId"`       // the thread's first message; "" if this is the first
	Type        string       `json:"messageType"`     // "message"; others are events of the channel
	CreatedAt   time.Time    `json:"createdDateTime"` // Units: ms
	ModifiedAt  time.Time    `json:"lastModifiedDateTime"`
	EditedAt    time.Time    `json:"lastEditedDateTime"` // zero if never
	DeletedAt   time.Time    `json:"deletedDateTime"`    // zero if it isn't deleted
	From        *From        `json:"from"`               // nil for events
	Body        Body         `json:"body"`
	Attachments []Attachment `json:"attachments"`
	Mentions    []Mention    `json:"mentions"`
	Reactions   []Reaction   `json:"reactions"`
	Policy      *Policy      `json:"policyViolation"`        // nil if it breaks no rule
	Replies     []Message    `json:"replies"`                // at most 1000
	MoreReplies string       `json:"replies@odata.nextLink"` // see Client.Replies
}

// IsBlank reports whether nothing is in a message. Nobody can write such a message: Graph shows so one that was deleted,
// where it doesn't say when.
func (m *Message) IsBlank() bool {
	return strings.TrimSpace(m.Body.Content) == "" && len(m.Attachments) == 0
}

// Policy is what the organisation's data loss prevention has found in a message. Each field has one value or several of them, with
// commas between.
// Source: learn.microsoft.com/graph/api/resources/chatmessagepolicyviolation, read 2026-11.
type Policy struct {
	Action     string `json:"dlpAction"`      // none, notifySender, blockAccess, blockAccessExternal
	UserAction string `json:"userAction"`     // none, override, reportFalsePositive
	Verdict    string `json:"verdictDetails"` // what the sender may do: allowFalsePositiveOverride, allowOverrideWithJustification, …
}

// Blocks reports whether people may not read the message, or only those outside the organisation may not, and its sender has not
// lifted that.
func (p *Policy) Blocks() bool {
	if p == nil {
		return false
	}
	has := func(list, value string) bool { return strings.Contains(strings.ToLower(list), value) }
	isLifted := has(p.UserAction, "override") ||
		has(p.UserAction, "reportfalsepositive") && has(p.Verdict, "allowfalsepositiveoverride")
	return has(p.Action, "blockaccess") && !isLifted
}

// From is who wrote a message: exactly one field is set.
type From struct {
	User        *Identity `json:"user"`
	Application *Identity `json:"application"`
}

// Identity is a person or an app.
type Identity struct {
	ID   string `json:"id"` // Entra object id, or the app's id
	Name string `json:"displayName"`
}

// Body is a message's text.
type Body struct {
	ContentType string `json:"contentType"` // html, text
	Content     string `json:"content"`
}

// Attachment is a card, or with the type "reference" a file in SharePoint.
type Attachment struct {
	ID          string `json:"id"`
	ContentType string `json:"contentType"`
	ContentURL  string `json:"contentUrl"`
	Content     string `json:"content"` // of a card its JSON
	Name        string `json:"name"`
}

// Types of an Attachment.
// Source: learn.microsoft.com/graph/api/resources/chatmessageattachment, read 2026-11.
const (
	ContentFile    = "reference"                 // a file
	ContentQuote   = "messageReference"          // another message; Attachment.ID is its id
	ContentForward = "forwardedMessageReference" // a message that was forwarded from elsewhere
)

// Mention is a mention in a message's text: <at id="0">Name</at>.
type Mention struct {
	Text      string `json:"mentionText"`
	Mentioned From   `json:"mentioned"`
}

// Reaction is an emoji that somebody has put on a message.
// Source: learn.microsoft.com/graph/api/resources/chatmessagereaction, read 2026-11.
type Reaction struct {
	Type      string    `json:"reactionType"`    // a character such as "👀", or a name: like, angry, sad, laugh, heart, surprised, custom
	Name      string    `json:"displayName"`     // what people call it: "Eyes"
	CreatedAt time.Time `json:"createdDateTime"` // zero if Graph doesn't tell
	From      From      `json:"user"`
}

// IsByPerson reports whether a person has put the emoji there. Apps do so, too: ours marks replies.
func (r *Reaction) IsByPerson() bool { return r.From.User != nil && r.From.User.ID != "" }

// Page is a part of a list.
type Page[T any] struct {
	Value []T    `json:"value"`
	Next  string `json:"@odata.nextLink"` // "" on the last page
}
