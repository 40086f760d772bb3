package teamsfake

import "errors"

// Errors of what a person tries.
var (
	ErrNoUser     = errors.New("no such person")
	ErrNoChannel  = errors.New("no such channel, or not a member")
	ErrNoThread   = errors.New("no such thread")
	ErrNoMessage  = errors.New("no such message")
	ErrNotYours   = errors.New("the message is somebody else's")
	ErrEmpty      = errors.New("nothing to send")
	ErrNoApp      = errors.New("the app is not there")
	ErrNoReaction = errors.New("no such reaction")
)

// NewFile is a file, or with Image a pasted picture, that a person posts.
type NewFile struct {
	Name  string `json:"name"`
	Type  string `json:"type,omitempty"` // media type; default from the content
	Data  []byte `json:"data,omitempty"` // base64 in JSON
	Image bool   `json:"image,omitempty"`
	// OneDrive is where the person keeps it, rather than in the channel's folder.
	OneDrive bool `json:"onedrive,omitempty"`
	// URL is the address that the message says instead, of whatever may lie there, as a program
	// in the person's name can.
	URL string `json:"url,omitempty"`
}

// Post is what a person writes. Text is typed Markdown; <@bot> and <@Entra object id> are
// mention chips, everything else in it is literal.
type Post struct {
	Channel string    `json:"channel"`        // empty means the personal chat with the bot
	Root    string    `json:"root,omitempty"` // of the thread; empty means a new one
	Subject string    `json:"subject,omitempty"`
	Text    string    `json:"text"`
	HTML    string    `json:"html,omitempty"` // instead of Text: what the editor made, with <@…> chips
	Files   []NewFile `json:"files,omitempty"`
	// WithoutHTML leaves the text/html attachment out, as some clients do for plain texts.
	WithoutHTML bool `json:"bare,omitempty"`
	// As posts it as somebody else: "connector" (an incoming webhook) or "nobody" (no from).
	As string `json:"as,omitempty"`
}
