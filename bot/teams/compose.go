package teams

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"
	"strings"

	"parley/bot/forms"
	"parley/bot/teams/card"
	"parley/bot/teams/fact"
	"parley/bot/teams/manifest"
	"parley/bot/view"
	"parley/bridge"
)

// compose opens the dialog of an entry of a message's menu or of the message box.
func (in *invocation) compose(ctx context.Context) (any, error) {
	at := fact.MessagePlace(in.a, in.value.Message)
	if in.user.Kind != bridge.ActorPerson {
		return task(in.problem(&bridge.Problem{Code: "foreign", Text: "Only people of this organisation can do that."}, at)), nil
	}
	if in.value.CommandID == manifest.CommandNew {
		return task(in.form(ctx, bridge.VerbNew, bridge.Args{}, bridge.Place{Channel: at.Channel}, "")), nil
	}
	verb := manifest.VerbOf(in.value.CommandID)
	text := ""
	if m := in.value.Message; m != nil && m.Body.ContentType == "html" && (verb == bridge.VerbNote || verb == bridge.VerbSend) {
		text = card.ReadText(card.Typed{HTML: m.Body.Content, Bot: in.p.Me}).Markdown
	}
	switch {
	case verb == "":
		return task(in.problem(&bridge.Problem{Code: "unknown_command", Text: "I don't know that command.", Hint: "Ask an admin to bring the app in Teams up to date."}, at)), nil
	case in.value.Message == nil:
		return task(in.boxForm(ctx, verb, at)), nil
	case verb == bridge.VerbUndo:
		return in.undo(ctx, at)
	}
	f, zone, err := in.maker().Form(ctx, verb, bridge.Args{}, at, in.user.ID, text)
	if err != nil {
		return task(in.problem(err, at)), nil
	}
	return task(in.opened(ctx, f, zone, at)), nil
}

// maker gives the maker of forms. Its forms name the author of the message in whose menu they were
// opened, if that is somebody other than the reader.
func (in *invocation) maker() forms.Maker {
	maker := in.door.forms()
	if m := in.value.Message; m != nil && m.From.User.ID != in.user.ID {
		maker.Author = m.From.User.Name
	}
	return maker
}

// boxForm opens a verb's form from the message box. In a conversation's thread that is the form itself;
// elsewhere a form asks first which conversation is meant.
func (in *invocation) boxForm(ctx context.Context, verb bridge.Verb, at bridge.Place) card.Dialog {
	if _, err := in.door.desk.FactsAt(ctx, at, in.user.ID); !errors.Is(err, bridge.ErrNoConversation) {
		return in.form(ctx, verb, bridge.Args{}, at, "")
	}
	all, err := in.door.desk.List(ctx, bridge.ListQuery{List: bridge.ListPick}, in.user.ID)
	if err != nil {
		return in.problem(err, at)
	}
	form, err := view.Pick(verb, bridge.Args{}, all.Rows)
	if err != nil {
		return in.problem(err, at)
	}
	m := card.Remember(at, in.door.zone, in.door.Now(), in.nonce())
	m.Pick = true
	return card.Form(form, m, in.door.Home())
}

// undo takes the chosen reply back at once, without a dialog: the reply might leave before a second click.
func (in *invocation) undo(ctx context.Context, at bridge.Place) (any, error) {
	own, err := in.door.threads.ours(ctx, at)
	if err != nil {
		return nil, err
	}
	in.p.Kind, in.p.Own = fact.KindMenu, own
	if err := in.door.desk.Accept(ctx, in.p.Fact(in.p.InvokeID(in.a, in.nonce(), in.a.Value), fact.KeyOf(at))); err != nil {
		return nil, err
	}
	said := view.Card{Title: "Undo", Blocks: []view.Block{{Kind: view.BlockLine, Pieces: []view.Piece{{Kind: view.PieceText, Text: "Parley takes it back if it has not left yet. The thread says what became of it."}}}}}
	return task(card.Window(said, at, in.door.Home(), in.nonce())), nil
}

// query searches the conversations that a person may see, for the message box. Before anything is
// typed it shows those that wait longest. For a further page Teams names the number of rows to skip.
func (in *invocation) query(ctx context.Context) (any, error) {
	result := map[string]any{"type": "result", "attachmentLayout": "list", "attachments": []any{}}
	if in.user.Kind != bridge.ActorPerson || in.value.CommandID != manifest.CommandFind {
		return map[string]any{"composeExtension": result}, nil
	}
	q := bridge.ListQuery{List: bridge.ListPick, Words: strings.TrimSpace(in.searched())}
	if o := in.value.Options; o.Skip > 0 && o.Count > 0 {
		q.Page = o.Skip / o.Count
	}
	l, err := in.found(ctx, q)
	if err != nil {
		return map[string]any{"composeExtension": map[string]any{"type": "message", "text": in.words(err)}}, nil
	}
	found := []any{}
	for _, f := range l.Rows {
		c := view.Root(f)
		c.Buttons = nil
		found = append(found, in.row(f, c, card.Plain(c)))
	}
	result["attachments"] = found
	return map[string]any{"composeExtension": result}, nil
}

// found gives the conversations that match a search; "#12" finds that one conversation.
func (in *invocation) found(ctx context.Context, q bridge.ListQuery) (bridge.Listing, error) {
	id, err := strconv.ParseInt(strings.TrimPrefix(q.Words, "#"), 10, 64)
	if err != nil || id <= 0 || q.Page > 0 {
		return in.door.desk.List(ctx, q, in.user.ID)
	}
	f, err := in.door.desk.Facts(ctx, bridge.ConversationID(id), in.user.ID)
	if errors.Is(err, bridge.ErrNoConversation) { // perhaps digits of a telephone number
		return in.door.desk.List(ctx, q, in.user.ID)
	}
	return bridge.Listing{ListQuery: q, Rows: []bridge.Facts{f}}, err
}

// row is one found conversation: a line in the list, and the card that it becomes in a message.
func (in *invocation) row(f bridge.Facts, c view.Card, plain string) map[string]any {
	if f.Thread.Root.Message != "" {
		c.Blocks = append(c.Blocks, view.Block{Kind: view.BlockLine, Pieces: []view.Piece{{Kind: view.PieceThread, Text: "Open the thread", Place: f.Thread.Root}}})
	}
	title, rest, _ := strings.Cut(plain, "\n")
	return map[string]any{
		"contentType": card.ContentType, "content": card.Render(c, in.door.Home(), in.nonce())[0].Card,
		"preview": map[string]any{"contentType": "application/vnd.microsoft.card.thumbnail", "content": map[string]any{"title": title, "text": rest}},
	}
}

// searched is what was typed into the search; "" when it was just opened.
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
	in.door.Log.Warn("teams search failed", "error", err)
	return "Internal error. Try again."
}
