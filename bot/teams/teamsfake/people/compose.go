package people

import (
	"cmp"
	"fmt"
	stdhtml "html"
	"regexp"
	"slices"
	"strings"

	"parley/bot/teams/teamsfake/client"
	"parley/bot/teams/teamsfake/tenant"
)

// typedMention is how a post of tests mentions somebody: "<@ann>", "<@bot>". In the editor of Teams it is a chip.
var typedMention = regexp.MustCompile(`<@([^<>\s]+)>`)

// composer makes messages of what people type and attach.
type composer struct {
	*tenant.Ground
	org   *tenant.Directory
	files *tenant.Library
}

// setText puts into a message what a person typed. The caller holds the lock.
func (w *composer) setText(m *tenant.Message, in tenant.Post) {
	text, mentions := w.cutMentions(cmp.Or(in.HTML, in.Text))
	if in.HTML == "" {
		text = formatTyped(text)
	}
	for i, mention := range mentions {
		tag := fmt.Sprintf(`<at id="%d">%s</at>`, i, stdhtml.EscapeString(mention.Name))
		// The editor puts a space after a chip that does not break.
		text = strings.Replace(text, client.Placeholder(i)+" ", tag+"&nbsp;", 1)
		text = strings.Replace(text, client.Placeholder(i), tag, 1)
	}

	m.HTML, m.Text = text, client.Plain(text)
	m.Mentions = mentions
	m.WithoutHTML = in.WithoutHTML
}

// cutMentions returns a text with a client.Placeholder for each mention, and the mentions. Those of unknown people stay text.
func (w *composer) cutMentions(text string) (string, []tenant.Mention) {
	var mentions []tenant.Mention
	text = typedMention.ReplaceAllStringFunc(text, func(typed string) string {
		m, ok := w.findMentioned(typedMention.FindStringSubmatch(typed)[1])
		if !ok {
			return typed
		}
		mentions = append(mentions, m)
		return client.Placeholder(len(mentions) - 1)
	})
	return text, mentions
}

// findMentioned returns the mention of the bot or of a person by an id. It returns false if nobody has it.
func (w *composer) findMentioned(id string) (tenant.Mention, bool) {
	if slices.Contains([]string{"bot", w.Opt.AppID, w.Opt.BotID()}, id) {
		return tenant.Mention{ID: w.Opt.AppID, Name: w.Opt.BotName, Bot: true}, true
	}
	if u := w.org.Users[id]; u != nil {
		return tenant.Mention{ID: u.ID, Name: u.Name}, true
	}
	return tenant.Mention{}, false
}

// formatTyped formats what is typed between signs, as the editor does. The editor knows no escapes: a backslash stays in the message.
func formatTyped(text string) string {
	const backslash = "\uE002" // like a client.Placeholder it is in no text
	formatted := client.Markdown(strings.ReplaceAll(text, `\`, backslash))
	return strings.ReplaceAll(formatted, backslash, `\`)
}
