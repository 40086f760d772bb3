package teams

import (
	"context"
	"encoding/json"
	"errors"
	"strings"

	"parley/bot/teams/card"
	"parley/bot/view"
	"parley/bridge"
)

// compose opens the dialog of an entry of a message's menu, or of the message box.
func (in *invocation) compose(ctx context.Context) (any, error) {
	at := in.messagePlace()
	if in.user.Kind != bridge.ActorPerson {
		return task(in.problem(&bridge.Problem{Code: "foreign", Text: "Only people of this organisation can do that."}, at)), nil
	}
	if in.value.CommandID == CommandNew {
		return task(in.form(ctx, bridge.VerbNew, bridge.Args{}, bridge.Place{Channel: at.Channel}, "")), nil
	}
	for _, entry := range MessageVerbs() {
		if entry.Command != in.value.CommandID {
			continue
		}
		text := ""
		if entry.Verb == bridge.VerbNote && in.value.Message != nil && in.value.Message.Body.ContentType == "html" {
			text = card.ReadText(card.Typed{HTML: in.value.Message.Body.Content, Bot: in.p.Me}).Markdown
		}
		return task(in.form(ctx, entry.Verb, bridge.Args{}, at, text)), nil
	}
	return task(in.problem(&bridge.Problem{Code: "unknown_command", Text: "I don't know that command.", Hint: "Ask an admin to bring the app in Teams up to date."}, at)), nil
}

// messagePlace is the message that an entry of its menu was chosen for.
func (in *invocation) messagePlace() bridge.Place {
	at := place(in.a)
	at.Message = ""
	m := in.value.Message
	if m == nil {
		return at
	}
	at.Message = m.ID
	if m.ReplyToID != "" {
		at.Thread = m.ReplyToID
	}
	if at.Thread == at.Message {
		at.Thread = ""
	}
	return at
}

// most is how many rows a search gives at once.
const most = 25

// query searches among the conversations that its asker may see, for the message box.
func (in *invocation) query(ctx context.Context) (any, error) {
	result := map[string]any{"type": "result", "attachmentLayout": "list", "attachments": []any{}}
	if in.user.Kind != bridge.ActorPerson || in.value.CommandID != CommandFind {
		return map[string]any{"composeExtension": result}, nil
	}
	rows, err := in.s.desk.List(ctx, "all", in.user.ID)
	if err != nil {
		return map[string]any{"composeExtension": map[string]any{"type": "message", "text": in.words(err)}}, nil
	}
	words := strings.Fields(strings.ToLower(in.searched()))
	found := []any{}
	for _, f := range rows {
		c := view.Root(f)
		c.Buttons = nil
		plain := card.Plain(c)
		if !containsAll(strings.ToLower(plain+" "+f.Subject+" "+f.Contact.Name+" "+f.Contact.Address), words) {
			continue
		}
		found = append(found, in.row(f, c, plain))
	}
	skip := min(max(in.value.Options.Skip, 0), len(found))
	count := in.value.Options.Count
	if count <= 0 || count > most {
		count = most
	}
	result["attachments"] = found[skip:min(skip+count, len(found))]
	return map[string]any{"composeExtension": result}, nil
}

// row is one found conversation: a line in the list, and the card that it becomes in a message.
func (in *invocation) row(f bridge.Facts, c view.Card, plain string) map[string]any {
	if f.Root.Message != "" {
		c.Blocks = append(c.Blocks, view.Block{Kind: view.BlockLine, Pieces: []view.Piece{{Kind: view.PieceThread, Text: "Open the thread", Place: f.Root}}})
	}
	title, rest, _ := strings.Cut(plain, "\n")
	return map[string]any{
		"contentType": card.ContentType, "content": card.Render(c, in.s.home(), in.nonce())[0].Card,
		"preview": map[string]any{"contentType": "application/vnd.microsoft.card.thumbnail", "content": map[string]any{"title": title, "text": rest}},
	}
}

func containsAll(text string, words []string) bool {
	for _, w := range words {
		if !strings.Contains(text, w) {
			return false
		}
	}
	return true
}

// searched is what was typed in the search; nothing at its first opening.
func (in *invocation) searched() string {
	for _, p := range in.value.Parameters {
		var text string
		if p.Name != "initialRun" && json.Unmarshal(p.Value, &text) == nil {
			return text
		}
	}
	return ""
}

func (in *invocation) words(err error) string {
	var p *bridge.Problem
	if errors.As(err, &p) {
		return strings.TrimSpace(p.Text + " " + p.Hint)
	}
	in.s.log.Warn("teams search failed", "error", err)
	return "Internal error. Try again."
}
