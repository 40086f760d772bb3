package teams

import (
	"strings"
	"time"
)

// These are the parts of Graph's JSON that Parley reads. Graph is Microsoft's API for all its products.

// Message is a message in a channel.
// Source: learn.microsoft.com/graph/api/resources/chatmessage, read 2026-11.
type Message struct {
	ID          string            `json:"id"`
	ReplyToID   string            `json:"replyToId"`       // the thread's first message; "" if this is the first
	Type        string            `json:"messageType"`     // "message"; others are events of the channel
	CreatedAt   time.Time         `json:"createdDateTime"` // in milliseconds
	ModifiedAt  time.Time         `json:"lastModifiedDateTime"`
	EditedAt    time.Time         `json:"lastEditedDateTime"` // zero if never
	DeletedAt   time.Time         `json:"deletedDateTime"`    // zero if it isn't deleted
	From        *From             `json:"from"`               // nil for events
	Body        Body              `json:"body"`
	Attachments []GraphAttachment `json:"attachments"`
	Mentions    []Mention         `json:"mentions"`
	Reactions   []GraphReaction   `json:"reactions"`
	Policy      *Policy           `json:"policyViolation"`        // nil if it breaks no rule
	Replies     []Message         `json:"replies"`                // at most 1000
	MoreReplies string            `json:"replies@odata.nextLink"` // next page for Client.Replies; "" if Replies has all
}

// IsBlank reports whether a message has no content. People can't write such a message. Graph returns it for a message
// that was deleted, if it doesn't say when, and for one that it can't show in full yet.
func (m *Message) IsBlank() bool {
	return strings.TrimSpace(m.Body.Content) == "" && len(m.Attachments) == 0
}

// Policy is the verdict of the organisation's data loss prevention on a message. Each field has one or several values,
// separated by commas.
// Source: learn.microsoft.com/graph/api/resources/chatmessagepolicyviolation, read 2026-11.
type Policy struct {
	Action     string `json:"dlpAction"`      // none, notifySender, blockAccess, blockAccessExternal
	UserAction string `json:"userAction"`     // none, override, reportFalsePositive
	Verdict    string `json:"verdictDetails"` // what the sender may do: allowFalsePositiveOverride, allowOverrideWithJustification, …
}

// Blocks reports whether the message is blocked, for everybody or for people outside the organisation, and its sender
// has not overridden that.
func (p *Policy) Blocks() bool {
	if p == nil {
		return false
	}
	has := func(list, value string) bool { return strings.Contains(strings.ToLower(list), value) }
	if !has(p.Action, "blockaccess") { // also blockAccessExternal
		return false
	}
	if has(p.UserAction, "override") {
		return false
	}
	isReportedAndAllowed := has(p.UserAction, "reportfalsepositive") && has(p.Verdict, "allowfalsepositiveoverride")
	return !isReportedAndAllowed
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

// GraphAttachment is a card, a file in SharePoint, or a quoted message; see its types below.
type GraphAttachment struct {
	ID          string `json:"id"`
	ContentType string `json:"contentType"`
	ContentURL  string `json:"contentUrl"`
	Content     string `json:"content"` // for a card, its JSON
	Name        string `json:"name"`
}

// Types of an Attachment.
// Source: learn.microsoft.com/graph/api/resources/chatmessageattachment, read 2026-11.
const (
	GraphContentFile = "reference"                 // a file
	ContentQuote     = "messageReference"          // another message; Attachment.ID is its id
	ContentForward   = "forwardedMessageReference" // a message that was forwarded from elsewhere
)

// Mention is a mention in a message's text: <at id="0">Name</at>.
type Mention struct {
	Text      string `json:"mentionText"`
	Mentioned From   `json:"mentioned"`
}

// GraphReaction is an emoji that somebody has put on a message.
// Source: learn.microsoft.com/graph/api/resources/chatmessagereaction, read 2026-11.
type GraphReaction struct {
	Type      string    `json:"reactionType"`    // a character such as "👀", or a name: like, angry, sad, laugh, heart, surprised, custom
	Name      string    `json:"displayName"`     // what people call it: "Eyes"
	CreatedAt time.Time `json:"createdDateTime"` // zero if unknown
	From      From      `json:"user"`
}

// IsByPerson reports whether a person reacted, and not an app such as ours, which marks replies with reactions.
func (r *GraphReaction) IsByPerson() bool { return r.From.User != nil && r.From.User.ID != "" }

// Page is one page of a list.
type Page[T any] struct {
	Value []T    `json:"value"`
	Next  string `json:"@odata.nextLink"` // "" on the last page
}
