package teams

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"

	"parley/bot/forms"
	"parley/bot/shape"
	"parley/bot/teams/card"
	"parley/bot/teams/fact"
	"parley/bot/teams/manifest"
	"parley/bot/view"
	"parley/bridge"
)

// Entries of menus in Teams: in the menu of a message ("Note", "Undo" …), and below the message box, where people can
// also search conversations. Teams sends an invoke when somebody picks an entry, and shows what we answer: a dialog,
// or the found conversations.

// openFromMenu answers when somebody picks an entry, in the menu of a message or below the message box. In the second
// case value.Message is nil. It returns the dialog that opens.
func (in *invocation) openFromMenu(ctx context.Context) (any, error) {
	at := fact.MessagePlace(in.activity, in.value.Message)
	if in.user.Kind != bridge.ActorPerson {
		return dialogAnswer(in.problemDialog(errForeign(), at)), nil
	}
	if in.value.CommandID == manifest.CommandNew {
		return dialogAnswer(in.verbDialog(ctx, bridge.VerbNew, bridge.Args{}, bridge.Place{Channel: at.Channel}, "")), nil
	}

	verb := manifest.VerbOf(in.value.CommandID)
	if verb == "" {
		unknown := &bridge.Problem{
			Code: "unknown_command",
			Text: "I don't know that command.",
			Hint: "Ask an admin to bring the app in Teams up to date.",
		}
		return dialogAnswer(in.problemDialog(unknown, at)), nil
	}
	if in.value.Message == nil {
		return dialogAnswer(in.boxDialog(ctx, verb, at)), nil
	}
	if verb == bridge.VerbUndo {
		return in.undoFromMenu(ctx, at)
	}

	text := ""
	if verb == bridge.VerbNote || verb == bridge.VerbSend {
		text = in.messageText()
	}

	f, zone, err := in.formMaker().Form(ctx, verb, bridge.Args{}, at, in.user.ID, text)
	if verb == bridge.VerbSend && errors.Is(err, bridge.ErrNoConversation) {
		return in.sendFromChannel(ctx, at)
	}
	if err != nil {
		return dialogAnswer(in.problemDialog(err, at)), nil
	}

	return dialogAnswer(in.formDialog(ctx, f, zone, at)), nil
}

func (in *invocation) messageText() string {
	body := in.value.Message.Body
	if body.ContentType != "html" {
		return ""
	}
	return card.ReadText(card.Typed{HTML: body.Content, Bot: in.payload.Me}).Markdown
}

// formMaker returns a maker of forms, which names the author of somebody else's message if it was picked there.
func (in *invocation) formMaker() forms.Maker {
	maker := in.door.formMaker()
	message := in.value.Message
	if message != nil && bridge.SurfaceUser(message.From.User.ID) != in.user.ID {
		maker.Author = message.From.User.Name
	}
	return maker
}

// boxDialog makes the dialog of a verb that was picked below the message box. In the thread of a conversation that is
// the verb's form. Elsewhere a form asks first which conversation is meant.
func (in *invocation) boxDialog(ctx context.Context, verb bridge.Verb, at bridge.Place) card.Dialog {
	_, err := in.door.desk.FactsAt(ctx, at, in.user.ID)
	if !errors.Is(err, bridge.ErrNoConversation) {
		return in.verbDialog(ctx, verb, bridge.Args{}, at, "")
	}

	all, err := in.door.desk.List(ctx, bridge.ListQuery{List: bridge.ListPick}, in.user.ID)
	if err != nil {
		return in.problemDialog(err, at)
	}

	form, err := view.Pick(verb, bridge.Args{}, all.Rows)
	if err != nil {
		return in.problemDialog(err, at)
	}

	m := card.Remember(at, in.door.zone, in.door.Now(), in.makeNonce())
	m.Pick = true
	return card.Form(form, m, in.door.Home())
}

// undoFromMenu undoes at once. If it asked first, the reply might leave in the meantime.
func (in *invocation) undoFromMenu(ctx context.Context, at bridge.Place) (any, error) {
	inOurThread, err := in.door.threads.isOurThread(ctx, at)
	if err != nil {
		return nil, err
	}
	in.payload.Own = inOurThread
	return in.actAtOnce(ctx, at, "Undo", "Parley takes it back if it has not left yet. The thread says what became of it.")
}

// sendFromChannel handles "Send to customer" for a message that isn't in the thread of a conversation. It refuses
// that in a thread that we began and whose conversation isn't recorded yet: there the text would be sent without
// asking who is to get it.
func (in *invocation) sendFromChannel(ctx context.Context, at bridge.Place) (any, error) {
	inOurThread, err := in.door.threads.isOurThread(ctx, at)
	if err != nil {
		return nil, err
	}
	if inOurThread {
		tooEarly := &bridge.Problem{Code: "not_recorded", Text: "I don't know this thread yet.", Hint: "Try again in a moment."}
		return dialogAnswer(in.problemDialog(tooEarly, at)), nil
	}
	return in.actAtOnce(ctx, at, "Send to customer", "If it is a text for a customer, Parley asks below it who is to get it.")
}

// actAtOnce stores the picked entry as a fact, by which the engine acts. Teams expects a dialog as the answer: it has
// this title, and the text says what happens next.
func (in *invocation) actAtOnce(ctx context.Context, at bridge.Place, title, text string) (any, error) {
	in.payload.Kind = fact.KindMenu
	id := in.payload.InvokeID(in.activity, in.makeNonce(), in.activity.Value)
	if err := in.door.desk.Accept(ctx, in.payload.Fact(id, fact.KeyOf(at))); err != nil {
		return nil, err
	}
	answer := view.Card{Title: title, Blocks: []view.Block{{Kind: view.BlockLine, Pieces: []view.Piece{{Kind: view.PieceText, Text: text}}}}}
	return dialogAnswer(card.Window(answer, at, in.door.Home(), in.makeNonce())), nil
}

// Teams asks for the results of a search in portions, of at most 25 rows, and for at most 100 rows in all.
// Source: github.com/MicrosoftDocs/msteams-docs, issue 865, read 2026-11.
const (
	maxRowsAtOnce = 25
	maxRowsInAll  = 100
)

// answerSearch answers a search below the message box with the conversations that the person may see and that match.
// Before anything is typed, these are the ones that wait longest.
func (in *invocation) answerSearch(ctx context.Context) (any, error) {
	result := map[string]any{"type": "result", "attachmentLayout": "list", "attachments": []any{}}
	if in.user.Kind != bridge.ActorPerson || in.value.CommandID != manifest.CommandFind {
		return map[string]any{"composeExtension": result}, nil
	}

	rows, err := in.findConversations(ctx, strings.TrimSpace(in.searchWords()))
	if err != nil {
		return map[string]any{"composeExtension": map[string]any{"type": "message", "text": in.errorText(err)}}, nil
	}

	found := []any{}
	for _, f := range rows {
		c := view.Root(f)
		c.Buttons = nil
		found = append(found, in.resultRow(f, c, card.Plain(c)))
	}

	result["attachments"] = found
	return map[string]any{"composeExtension": result}, nil
}

// findConversations returns the portion of a search's results that Teams asks for. "#12" finds only conversation 12.
// "12" finds that one first, and then others that have these digits. The desk's lists have pages of another size than
// Teams' portions, so it reads as many of them as it needs.
func (in *invocation) findConversations(ctx context.Context, words string) ([]bridge.Facts, error) {
	named, err := in.findByNumber(ctx, words)
	if err != nil {
		return nil, err
	}
	hasNamed := len(named) > 0
	isNamed := func(f bridge.Facts) bool { return hasNamed && f.ID == named[0].ID }
	isAlone := hasNamed && strings.HasPrefix(words, "#")

	rows := named
	begin, end := in.askedRows()
	q := bridge.ListQuery{List: bridge.ListPick, Words: words}
	for more := !isAlone; more && len(rows) < end; q.Page++ {
		l, err := in.door.desk.List(ctx, q, in.user.ID)
		_, isRefused := errors.AsType[*bridge.Problem](err)
		if isRefused && hasNamed { // the digits are too few to look for
			break
		}
		if err != nil {
			return nil, err
		}
		rows = append(rows, slices.DeleteFunc(l.Rows, isNamed)...)
		more = l.More
	}
	return rows[min(begin, len(rows)):min(end, len(rows))], nil
}

// askedRows returns the rows for which Teams asks now, as a half-open range: begin is included, end isn't.
func (in *invocation) askedRows() (begin, end int) {
	count := in.value.Options.Count
	if count < 1 || count > maxRowsAtOnce {
		count = maxRowsAtOnce
	}
	begin = min(max(in.value.Options.Skip, 0), maxRowsInAll)
	return begin, min(begin+count, maxRowsInAll)
}

// findByNumber returns the conversation whose number the words are, as one row. It returns none if the words are no
// number, or if the person may not see the conversation.
func (in *invocation) findByNumber(ctx context.Context, words string) ([]bridge.Facts, error) {
	id, err := strconv.ParseInt(strings.TrimPrefix(words, "#"), 10, 64)
	if err != nil || id <= 0 {
		return nil, nil //nolint:nilerr // it isn't a number
	}

	f, err := in.door.desk.Facts(ctx, bridge.ConversationID(id), in.user.ID)
	_, isClosed := errors.AsType[*bridge.Problem](err)
	if isClosed || errors.Is(err, bridge.ErrNoConversation) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return []bridge.Facts{f}, nil
}

// resultRow makes the row of a found conversation. preview is shown in the list of results, and content is the card
// that is put into the message if somebody picks the row.
func (in *invocation) resultRow(f bridge.Facts, c view.Card, plain string) map[string]any {
	if f.Thread.Root.Message != "" || f.Thread.Elsewhere != "" {
		c.Blocks = append(c.Blocks, shape.Line(shape.ThreadLink("Open the thread", f)...))
	}
	title, rest, _ := strings.Cut(plain, "\n")
	return map[string]any{
		"contentType": card.ContentType, "content": card.Render(c, in.door.Home(), in.makeNonce())[0].Card,
		"preview": map[string]any{
			"contentType": "application/vnd.microsoft.card.thumbnail",
			"content":     map[string]any{"title": title, "text": rest},
		},
	}
}

// searchWords returns what was typed into the search; "" if it was just opened.
func (in *invocation) searchWords() string {
	for _, p := range in.value.Parameters {
		var text string
		if p.Name != "initialRun" && json.Unmarshal(p.Value, &text) == nil {
			return text
		}
	}
	return ""
}

// errorText says to people why a search failed. It logs errors that aren't about what they typed.
func (in *invocation) errorText(err error) string {
	if p, ok := errors.AsType[*bridge.Problem](err); ok {
		return strings.TrimSpace(p.Text + " " + p.Hint)
	}
	in.door.Log.Warn("teams search failed", "error", err)
	return "Internal error. Try again."
}
