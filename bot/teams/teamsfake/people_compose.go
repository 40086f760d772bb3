package teamsfake

import (
	"cmp"
	"fmt"
	stdhtml "html"
	"regexp"
	"slices"
	"strings"
)

// typedMention is how a test types a mention: "<@bot>", or "<@…>" with a person's Entra object id.
var typedMention = regexp.MustCompile(`<@([^<>\s]+)>`)

// composer emulates the message editor of Teams. It turns the Markdown that people type into HTML:
//
//	Hi <@bot>, *look*   →   <p>Hi <at id="0">Parley</at>, <em>look</em></p>
type composer struct {
	*Ground
	org   *Directory
	files *Library
}

// setText sets the text and the mentions of a message. The caller holds the lock.
func (c *composer) setText(m *Message, in Post) {
	text, mentions := c.cutMentions(cmp.Or(in.HTML, in.Text))
	if in.HTML == "" {
		text = formatTyped(text)
	}
	for i, mention := range mentions {
		tag := fmt.Sprintf(`<at id="%d">%s</at>`, i, stdhtml.EscapeString(mention.Name))
		// Like Teams' editor, make a space after a mention non-breaking.
		text = strings.Replace(text, Placeholder(i)+" ", tag+"&nbsp;", 1)
		text = strings.Replace(text, Placeholder(i), tag, 1)
	}

	m.HTML, m.Text = text, Plain(text)
	m.Mentions = mentions
	m.WithoutHTML = in.WithoutHTML
}

// cutMentions replaces each mention in a text by a client.Placeholder. It returns the text and the mentions. Mentions of
// unknown people stay in the text.
func (c *composer) cutMentions(text string) (string, []Mention) {
	var mentions []Mention
	text = typedMention.ReplaceAllStringFunc(text, func(typed string) string {
		id := typedMention.FindStringSubmatch(typed)[1]
		mention, ok := c.findMentioned(id)
		if !ok {
			return typed
		}
		mentions = append(mentions, mention)
		return Placeholder(len(mentions) - 1)
	})
	return text, mentions
}

// findMentioned returns a mention of the bot or person with this id. ok is false if nobody has it.
func (c *composer) findMentioned(id string) (mention Mention, ok bool) {
	if slices.Contains([]string{"bot", c.Opt.AppID, c.Opt.BotID()}, id) {
		return Mention{ID: c.Opt.AppID, Name: c.Opt.BotName, Bot: true}, true
	}
	if u := c.org.Users[id]; u != nil {
		return Mention{ID: u.ID, Name: u.Name}, true
	}
	return Mention{}, false
}

// formatTyped renders typed Markdown as HTML. Unlike Markdown, Teams' editor has no escapes, so a backslash stays in the
// message.
func formatTyped(text string) string {
	const backslash = "\uE002" // for private use in Unicode, so it isn't in any text
	formatted := Markdown(strings.ReplaceAll(text, `\`, backslash))
	return strings.ReplaceAll(formatted, backslash, `\`)
}
