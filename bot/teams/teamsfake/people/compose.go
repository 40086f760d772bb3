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

var chip = regexp.MustCompile(`<@([^<>\s]+)>`) //nolint:gochecknoglobals // constant

// typedBackslash stands for a backslash while a text is formatted. Like a client.Placeholder it is in no text.
const typedBackslash = "\uE002"

// composer makes messages of what people type and attach.
type composer struct {
	*tenant.Ground
	org   *tenant.Directory
	files *tenant.Library
}

// write puts what a person typed into a message: HTML, plain text and mentions. Chips of
// unknown people stay text. Caller holds the lock.
func (w *composer) write(m *tenant.Message, in tenant.Post) {
	text := cmp.Or(in.HTML, in.Text)
	m.Mentions = nil
	n := 0
	text = chip.ReplaceAllStringFunc(text, func(c string) string {
		who := chip.FindStringSubmatch(c)[1]
		switch u := w.org.Users[who]; {
		case slices.Contains([]string{"bot", w.Opt.AppID, w.Opt.BotID()}, who):
			m.Mentions = append(m.Mentions, tenant.Mention{ID: w.Opt.AppID, Name: w.Opt.BotName, Bot: true})
		case u != nil:
			m.Mentions = append(m.Mentions, tenant.Mention{ID: u.ID, Name: u.Name})
		default:
			return c
		}

		n++
		return client.Placeholder(n - 1)
	})
	if in.HTML == "" {
		// The editor formats what is typed between signs, and knows no escapes: a backslash stays in the message.
		text = strings.ReplaceAll(text, `\`, typedBackslash)
		text = strings.ReplaceAll(client.Markdown(text), typedBackslash, `\`)
	}

	for i, x := range m.Mentions {
		tag := fmt.Sprintf(`<at id="%d">%s</at>`, i, stdhtml.EscapeString(x.Name))
		// The editor puts a space after a chip that does not break.
		text = strings.Replace(text, client.Placeholder(i)+" ", tag+"&nbsp;", 1)
		text = strings.Replace(text, client.Placeholder(i), tag, 1)
	}

	m.HTML, m.Text = text, client.Plain(text)
	m.WithoutHTML = in.WithoutHTML
}
