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
	"parley/bot/verb"
	"parley/bot/view"
	"parley/bridge"
)

// Parley adds entries to two menus in Teams: to the menu of each message ("Note", "Undo" …), and to the menu below the
// message box, where people can also search conversations. When somebody picks an entry, Teams sends an invoke, which
// is a request that waits for what Teams is to show: a dialog, or search results. This file answers these invokes.

// openFromMenu returns the dialog for an entry that somebody picked. value.Message is the message in whose menu the
// entry was; nil for the menu below the message box.
func (in *invocation) openFromMenu(ctx context.Context) (any, error) {
	at := MessagePlace(in.activity, in.value.Message)
	if in.user.Kind != bridge.ActorPerson {
		return dialogAnswer(in.problemDialog(errForeign(), at)), nil
	}
	if in.value.CommandID == CommandNew {
		inChannel := bridge.Place{Channel: at.Channel}
		return dialogAnswer(in.verbDialog(ctx, bridge.VerbNew, bridge.Args{}, inChannel)), nil
	}

	name := VerbOf(in.value.CommandID)
	if name == "" {
		unknown := &bridge.Problem{
			Code: "unknown_command", Text: "I don't know that command.",
			Hint: "Ask an admin to bring the app in Teams up to date.",
		}
		return dialogAnswer(in.problemDialog(unknown, at)), nil
	}
	if in.value.Message == nil {
		return dialogAnswer(in.boxDialog(ctx, name, at)), nil
	}
	if name == bridge.VerbUndo {
		return in.undoFromMenu(ctx, at)
	}

	text := ""
	if verb.Of(name).Menus.Message.Prefilled {
		text = in.messageText()
	}

	f, zone, err := in.formMaker().Form(ctx, name, bridge.Args{}, at, in.user.ID, text)
	if name == bridge.VerbSend && errors.Is(err, bridge.ErrNoConversation) {
		return in.sendFromChannel(ctx, at)
	}
	if err != nil {
		return dialogAnswer(in.problemDialog(err, at)), nil
	}

	return dialogAnswer(in.formDialog(ctx, f, zone, at, view.Memory{})), nil
}

func (in *invocation) messageText() string {
	body := in.value.Message.Body
	if body.ContentType != "html" {
		return ""
	}
	return card.ReadText(card.Typed{HTML: body.Content, Bot: in.payload.Me}).Markdown
}

// formMaker returns a maker of forms. If the entry was picked on somebody else's message, forms name its author.
func (in *invocation) formMaker() forms.Maker {
	maker := in.door.formMaker()
	message := in.value.Message
	if message != nil && bridge.SurfaceUser(message.From.User.ID) != in.user.ID {
		maker.Author = message.From.User.Name
	}
	return maker
}

// boxDialog makes the dialog of a verb (an action such as "snooze") that was picked below the message box. In the
// thread of a conversation, it is the verb's form. Elsewhere, a form first asks which conversation is meant.
func (in *invocation) boxDialog(ctx context.Context, name bridge.Verb, at bridge.Place) card.Dialog {
	_, err := in.door.Desk.FactsAt(ctx, at, in.user.ID)
	if !errors.Is(err, bridge.ErrNoConversation) {
		return in.verbDialog(ctx, name, bridge.Args{}, at)
	}

	all, err := in.door.Desk.List(ctx, bridge.ListQuery{List: bridge.ListPick}, in.user.ID)
	if err != nil {
		return in.problemDialog(err, at)
	}

	form, err := view.Pick(name, bridge.Args{}, all.Rows)
	if err != nil {
		return in.problemDialog(err, at)
	}

	m := card.Remember(at, in.door.zone, in.door.Now(), in.makeNonce())
	m.Pick = true
	return card.Form(form, m, in.door.Home())
}

// undoFromMenu undoes at once. If it asked for confirmation, the reply might be sent in the meantime.
func (in *invocation) undoFromMenu(ctx context.Context, at bridge.Place) (any, error) {
	inOurThread, err := in.door.Threads.IsOurs(ctx, at)
	if err != nil {
		return nil, err
	}
	in.payload.Own = inOurThread
	return in.actAtOnce(ctx, at, "Undo", "Parley takes it back if it has not left yet. The thread says what became of it.")
}

// sendFromChannel handles "Send to customer" for a message that isn't in the thread of a known conversation. Parley
// then asks who should receive it. In a thread of ours whose conversation isn't recorded yet, it would be sent without
// asking, so sendFromChannel refuses it there.
func (in *invocation) sendFromChannel(ctx context.Context, at bridge.Place) (any, error) {
	inOurThread, err := in.door.Threads.IsOurs(ctx, at)
	if err != nil {
		return nil, err
	}
	if inOurThread {
		tooEarly := &bridge.Problem{Code: "not_recorded", Text: "I don't know this thread yet.", Hint: "Try again in a moment."}
		return dialogAnswer(in.problemDialog(tooEarly, at)), nil
	}
	return in.actAtOnce(ctx, at, "Send to customer", "If it is a text for a customer, Parley asks below it who is to get it.")
}

// actAtOnce stores the picked entry as a fact (one thing that happened); the engine then acts on it. Teams expects a
// dialog as the response: it has this title, and text says what happens next.
func (in *invocation) actAtOnce(ctx context.Context, at bridge.Place, title, text string) (any, error) {
	in.payload.Kind = KindMenu
	id := in.payload.InvokeID(in.activity, in.makeNonce(), in.activity.Value)
	if err := in.door.Desk.Accept(ctx, in.payload.Fact(id, KeyOf(at))); err != nil {
		return nil, err
	}
	line := view.Block{Kind: view.BlockLine, Pieces: []view.Piece{{Kind: view.PieceText, Text: text}}}
	answer := view.Card{Title: title, Blocks: []view.Block{line}}
	return dialogAnswer(card.Window(answer, at, in.door.Home(), in.makeNonce())), nil
}

// Teams asks for search results in portions of at most 25 rows, and for at most 100 rows in total.
// Source: github.com/MicrosoftDocs/msteams-docs, issue 865, read 2026-11.
const (
	maxRowsAtOnce = 25
	maxRowsInAll  = 100
)

// answerSearch answers a search below the message box with the matching conversations that the person may see. Before
// anything is typed, these are the conversations that have waited longest.
func (in *invocation) answerSearch(ctx context.Context) (any, error) {
	result := map[string]any{"type": "result", "attachmentLayout": "list", "attachments": []any{}}
	if in.user.Kind != bridge.ActorPerson || in.value.CommandID != CommandFind {
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

// findConversations returns the portion of a search's results that Teams asks for. "#12" finds only conversation 12;
// "12" finds that one first, and then others with these digits. Parley's lists have pages of another size than Teams'
// portions, so it reads as many pages as it needs.
func (in *invocation) findConversations(ctx context.Context, words string) ([]bridge.Facts, error) {
	named, err := in.findByNumber(ctx, words)
	if err != nil {
		return nil, err
	}
	hasNamed := len(named) > 0
	isNamed := func(f bridge.Facts) bool { return hasNamed && f.ID == named[0].ID }
	wantsOnlyNamed := hasNamed && strings.HasPrefix(words, "#")

	rows := named
	begin, end := in.askedRows()
	query := bridge.ListQuery{List: bridge.ListPick, Words: words}
	for more := !wantsOnlyNamed; more && len(rows) < end; query.Page++ { // of a search; the list has After
		list, err := in.door.Desk.List(ctx, query, in.user.ID)
		_, isRefused := errors.AsType[*bridge.Problem](err)
		if isRefused && hasNamed { // too few digits for a search
			break
		}
		if err != nil {
			return nil, err
		}
		rows = append(rows, slices.DeleteFunc(list.Rows, isNamed)...)
		more, query.After = list.More, list.Next
	}
	return rows[min(begin, len(rows)):min(end, len(rows))], nil
}

// askedRows returns the range of rows for which Teams asks, without end.
func (in *invocation) askedRows() (begin, end int) {
	count := in.value.Options.Count
	if count < 1 || count > maxRowsAtOnce {
		count = maxRowsAtOnce
	}
	begin = min(max(in.value.Options.Skip, 0), maxRowsInAll)
	return begin, min(begin+count, maxRowsInAll)
}

// findByNumber returns the conversation with the number "12" or "#12" as one row. It returns no row if words aren't a
// number, or if the person may not see the conversation.
func (in *invocation) findByNumber(ctx context.Context, words string) ([]bridge.Facts, error) {
	id, err := strconv.ParseInt(strings.TrimPrefix(words, "#"), 10, 64)
	if err != nil || id <= 0 {
		return nil, nil //nolint:nilerr // it isn't a number
	}

	f, err := in.door.Desk.Facts(ctx, bridge.ConversationID(id), in.user.ID)
	_, isForbidden := errors.AsType[*bridge.Problem](err)
	if isForbidden || errors.Is(err, bridge.ErrNoConversation) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return []bridge.Facts{f}, nil
}

// resultRow makes the row of a found conversation. Its preview is shown in the list of results. Its content is the card
// that Teams puts into the message if somebody picks the row. plain is the text of c.
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

// searchWords returns what was typed into the search; "" if the search was just opened.
func (in *invocation) searchWords() string {
	for _, p := range in.value.Parameters {
		var text string
		if p.Name != "initialRun" && json.Unmarshal(p.Value, &text) == nil {
			return text
		}
	}
	return ""
}

// errorText returns what people are told about a failed search. It logs errors that aren't about what they typed.
func (in *invocation) errorText(err error) string {
	if p, ok := errors.AsType[*bridge.Problem](err); ok {
		return strings.TrimSpace(p.Text + " " + p.Hint)
	}
	in.door.Log.Warn("teams search failed", "error", err)
	return "Internal error. Try again."
}
