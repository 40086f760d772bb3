package bridge

import (
	"regexp"

	"parley/channels"
)

// A canned reply is a text with which agents begin a reply: "Hello {{first_name}}, your parcel is late." Agents find it by its keyword,
// its topic and its words, read and edit it in the form of a reply, and send it then. Admins write those for all, agents their own.

// MaxCannedRunes is the maximum length of a canned reply's text.
const MaxCannedRunes = 2500

var cannedKeyword = regexp.MustCompile(`^[\p{L}\p{N}_-]{1,40}$`)

// IsCannedKeyword reports whether a text can be the keyword of a canned reply: one word.
func IsCannedKeyword(s string) bool { return cannedKeyword.MatchString(s) }

// Canned is a canned reply as an agent sees it.
type Canned struct {
	Keyword string
	Topic   string
	Text    string // in a conversation, with the values of variables; those without a value stay {{like_this}}
	Own     bool   // the agent's own
}

// CannedArgs are the arguments of verbs about canned replies.
type CannedArgs struct {
	Find    string `json:"find,omitempty"`    // words, or the keyword of the one that the form begins with
	Keyword string `json:"keyword,omitempty"` // the one with which the form of a reply began; in VerbCannedEdit, that which is changed
	Step    int    `json:"step,omitempty"`    // how often another one was chosen
	New     string `json:"new,omitempty"`     // VerbCannedEdit: the keyword that was submitted
	Topic   string `json:"topic,omitempty"`   // VerbCannedEdit
}

// Unfilled returns the names of the variables in a text that have no value yet.
func Unfilled(text string) []string { return channels.Variables(text) }
