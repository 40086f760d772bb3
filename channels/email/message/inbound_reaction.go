package message

import (
	"encoding/json"
	"regexp"
	"strings"
	"unicode"

	"parley/channels"
)

// Gmail and Outlook send an emoji that somebody puts on a mail as a mail that answers it. Gmail says so in a MIME part:
//
//	Content-Type: text/vnd.google.email-reaction+json
//	{"emoji": "👍", "version": 1}
//
// Outlook has only its words: "[like] Ann Lee reacted to your message:", above the mail that is answered. If the emoji
// was taken back, the name in brackets is 0.
// Source: https://developers.google.com/workspace/gmail/reactions/format

// gmailReaction is the content type of Gmail's part.
const gmailReaction = "text/vnd.google.email-reaction+json"

// automaticReaction is why a reaction is automatic mail if the mail that it answers isn't known.
const automaticReaction = "reaction"

// outlookText and outlookHTML match the beginning of Outlook's reactions, up to the colon. Only the name, which is the text of
// a picture, is the same in all languages.
var (
	outlookText = regexp.MustCompile(`^\s*\[(like|heart|celebrate|laugh|surprised|sad|0)\][ \t]+\S[^\r\n]*:[ \t]*(?:\r?\n|$)`)
	outlookHTML = regexp.MustCompile(`(?is)^(?:.*<body[^>]*>)?(?:\s|<(?:table|tbody|tr|td|div|p|span)\b[^>]*>)*` +
		`<img\b[^>]*\balt="(like|heart|celebrate|laugh|surprised|sad|0)"[^>]*>(?:[^<:]|<[^>]*>)+:\s*</`)
)

// outlookEmoji returns the emoji of a reaction in Outlook, and "" for one that was taken back.
func outlookEmoji(name string) string {
	return map[string]string{
		"like": "👍", "heart": "❤️", "celebrate": "🎉", "laugh": "😆", "surprised": "😲", "sad": "😥",
	}[name]
}

// mailReaction is an emoji that was put on another mail; "" if it was taken back.
type mailReaction struct{ emoji string }

// addReaction reads Gmail's part. It returns false for one that isn't valid, which is a file like any other.
func (c *content) addReaction(p *Part) bool {
	var said struct {
		Emoji   string `json:"emoji"`
		Version int    `json:"version"`
	}
	if json.Unmarshal(p.Bytes(), &said) != nil || said.Version != 1 || !isEmoji(said.Emoji) {
		return false
	}
	c.reaction = &mailReaction{emoji: said.Emoji}
	return true
}

// isEmoji reports whether a text may be a single emoji.
func isEmoji(text string) bool {
	const maxBytes = 64      // a family with skin tones has 41
	const firstPicture = '‼' // all emoji have a character from here on, be it the one that makes a picture of a digit
	isWord := strings.ContainsFunc(text, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsSpace(r) || unicode.IsControl(r) })
	return len(text) <= maxBytes && !isWord && strings.ContainsFunc(text, func(r rune) bool { return r >= firstPicture })
}

// findReaction returns the reaction that a mail is, or nil.
func (c *content) findReaction() *mailReaction {
	if c.reaction != nil {
		return c.reaction
	}
	if s := c.firstWithText(); s != nil {
		m := outlookText.FindStringSubmatch(s.Plain)
		if s.Plain == "" {
			m = outlookHTML.FindStringSubmatch(s.HTML[:min(len(s.HTML), maxEmptyHTML)])
		}
		if m != nil {
			return &mailReaction{emoji: outlookEmoji(m[1])}
		}
	}
	return nil
}

// recogniseReaction makes a person's mail a reaction to the mail that it answers, if it is one.
func (d *Decoder) recogniseReaction(in *channels.Inbound, c *content) {
	reaction := c.findReaction()
	if reaction == nil || len(in.Answers.References) == 0 || in.Kind != channels.InboundMessage || in.Automatic != "" {
		return
	}
	answered := in.Answers.References[0] // the other ones are of earlier mails
	in.Kind, in.Automatic = channels.InboundReaction, automaticReaction
	in.Change = channels.Change{Target: answered, Emoji: reaction.emoji}
	token, _ := Parse(d.keys, answered)
	in.Answers.Message = token.Message
}
